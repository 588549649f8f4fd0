"""Which class writes a method, where one that was written for a class does not hold for those that derive from it."""

from __future__ import annotations


def writer(own: type, method: str) -> type:
    """The class in which `own` finds a method or property."""
    return next(cls for cls in own.__mro__ if method in vars(cls))
