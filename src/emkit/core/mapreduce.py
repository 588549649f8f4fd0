"""Executors: apply a function to every chunk of a source and add up the results, always along the same tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from emkit.core.protocols import Source
from emkit.core.statistics import Additive, add_up

A = TypeVar("A", bound=Additive)
C = TypeVar("C")


def serial(function: Callable[[C], A], source: Source[C]) -> A:
    """One chunk after the other, in this thread."""
    return add_up(function(chunk) for chunk in source.chunks())
