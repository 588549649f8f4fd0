"""Several runs of components that share fields stand side by side: what each run shares is written out for its components."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

P = TypeVar("P", bound=Any)


class InGroups(NamedTuple, Generic[P]):
    """A family of components that share fields, as one of components that have their own of everything.

    `family`: given how many components in a row are a group that shares; its parameters are those of all groups.
    `apiece`: parameters of one group, written out for each component; `shared`: the other way.
    """

    family: Callable[[int], Any]
    apiece: Callable[[P], Any]
    shared: Callable[[Any], P]


def _same(params: Any) -> Any:
    return params


def as_they_are(family: Any) -> InGroups[Any]:
    """Of a family whose components share nothing."""
    return InGroups(lambda number: family, _same, _same)
