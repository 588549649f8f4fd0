"""What a bridge is written in: the letters of a notation for the states, rows and parameters of a subject."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emkit.core.parameters import leaves
from emkit.core.spaces import PositiveDefinite
from emkit.data.source import ArraySource
from emkit.explain.notation import Notation
from emkit.explain.steps import Step
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols

MOST_LINES = 4  # of one kind in a link; what is done to the others is the same
MOST_ADDED = 8  # rows whose contributions are written out


@dataclass(frozen=True)
class Letters:
    """The letters of one notation for one step, whose rows are independent of each other."""

    subject: Subject
    step: Step
    notation: Notation

    @property
    def i(self) -> str:
        """What rows are called."""
        return self.notation.any_row

    @property
    def log(self) -> str:
        """The logarithm."""
        return self.notation.in_general.logarithm

    @property
    def count(self) -> int:
        """K, the number of components."""
        return len(self.step.components)

    def general(self, form: str) -> str:
        """A form of `InGeneral`, such as the joint of a row and any state."""
        return str(getattr(self.notation.in_general, form)).format(i=self.i)

    @cached_property
    def shares(self) -> tuple[str, ...]:
        """The responsibility of each component for a row, as a factor."""
        names = tuple(f"{{k{k}}}" for k in range(self.count))
        found = self.notation.responsibilities(names) if self.count != 2 else self._of_two()
        return tuple(f"({share})" if "-" in share else share for share in found)

    def _of_two(self) -> tuple[str, ...]:
        own = self.notation
        if own.first_of_two:
            return own.first_of_two.format(i=self.i), own.second_of_two.format(i=self.i)
        return tuple(own.responsibility.format(i=self.i, k=f"{{k{k}}}") for k in (0, 1))

    @property
    def share(self) -> str:
        """The responsibility of component k for a row, whatever k."""
        return self.notation.responsibility.format(i=self.i, k="k")

    @property
    def row(self) -> str:
        """A row."""
        return self.notation.row.format(i=self.i)

    @cached_property
    def symbols(self) -> Symbols:
        """The names of parameters."""
        return Symbols.of(self.subject)

    @cached_property
    def updated(self) -> tuple[str, ...]:
        """The parameters whose update is written out."""
        return tuple(update.symbol for update in self.step.updates)

    def entry(self, path: str, *index: int) -> int | None:
        """The number of a parameter among all, if its update is written out."""
        symbol = self.symbols(path, *index)
        return list(self.step.after).index(symbol) if symbol in self.updated and symbol in self.step.after else None

    def entries(self, path: str, last: Iterable[int], *before: int) -> dict[int, int]:
        """The numbers of some parameters, by the `last` index of each, of those whose update is written out."""
        found = ((at, self.entry(path, *before, at)) for at in last)
        return {at: entry for at, entry in found if entry is not None}

    def first_tally(self, what: str) -> int:
        """The number of the first expected count of a kind."""
        return next(n for n, tally in enumerate(self.step.tallies) if tally.what == what)

    def tally(self, what: str, column: int | None = None) -> int:
        """The number of an expected count among all."""
        mark = "" if column is None else self.symbols.mark(column)
        return next(n for n, tally in enumerate(self.step.tallies) if (tally.what, tally.mark) == (what, mark))

    def indices(self, field: str) -> list[tuple[int, ...]]:
        """The entries of a field of the components whose update is written out."""
        leaf = next((leaf for leaf in leaves(self.subject.start.components) if leaf.path == field), None)
        places = _places(leaf.value.shape, isinstance(leaf.space, PositiveDefinite)) if leaf else []
        return [place for place in places if self.entry(f"components.{field}", *place) is not None]

    @property
    def writes_rows(self) -> bool:
        """Whether rows are so few that what each adds to an expected count is written out."""
        return len(self.step.rows) == self.step.distinct <= MOST_ADDED

    @property
    def in_memory(self) -> ArraySource | None:
        """The rows, where they are in memory and their cells are of one kind."""
        source = self.subject.source
        return source if isinstance(source, ArraySource) and not source.profile.has_gaps else None


@dataclass(frozen=True)
class LettersInSequence(Letters):
    """The letters of one notation for one step of a chain: rows are called t, and shared out among states."""

    @property
    def i(self) -> str:
        return "t"

    @cached_property
    def shares(self) -> tuple[str, ...]:
        return self.shares_at("t")

    def shares_at(self, t: str) -> tuple[str, ...]:
        """The share of each state in the row at place `t`."""
        return tuple(self.notation.in_sequence.share.format(t=t, k=f"{{k{k}}}") for k in range(self.count))

    @property
    def share(self) -> str:
        return self.notation.in_sequence.share.format(t="t", k="k")

    def pair(self, j: str, k: str) -> str:
        """The share of two states in a row and the next."""
        return self.notation.in_sequence.pair.format(j=j, k=k)

    @property
    def writes_rows(self) -> bool:
        return False


def _places(shape: tuple[int, ...], symmetric: bool) -> list[tuple[int, ...]]:
    """The places of an array in order; of symmetric matrices, those on and below the diagonal."""
    return [place for place in np.ndindex(shape) if not symmetric or place[-1] <= place[-2]]


def some(lines: list[str]) -> tuple[tuple[str, ...], str]:
    """As many lines as are shown, and the words for the others."""
    shown = len(lines) if len(lines) <= MOST_LINES + 1 else MOST_LINES
    left = len(lines) - shown
    return tuple(lines[:shown]), f" The other {left} are made alike." if left else ""
