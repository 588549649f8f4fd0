"""Which rows are possible for a family: checked cell by cell, in words that name the first that is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import gt, le, lt

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.data.frames import TRUTHS
from emkit.data.profile import AnyProfile, Bad, Levels
from emkit.errors import DataError

LARGEST_AMOUNT = np.float64(1e150)  # squares of larger numbers, and sums of these, overflow
LARGEST_COUNT = np.float64(2**53)
Rule = tuple[Bad, str]


@dataclass(frozen=True)
class Support:
    """Rows whose cells break none of the `rules`: each a test that is true of bad cells, and a sentence.

    `width`: how many columns of data belong to one column of parameters; if these differ in what they are, `roles` names them.
    `takes_names`: whether levels may have names. The numbers lie from `least` to `most`, and are whole or any; `circular`: they
    go round, so that none lies beyond another.
    """

    rules: tuple[Rule, ...] = ()
    width: int = 1
    takes_names: bool = False
    whole: bool = False
    least: float = -np.inf
    most: float = np.inf
    roles: tuple[str, ...] = ()
    circular: bool = False

    def values(self, highest: float, lowest: float = 0.0) -> Array:
        """The whole numbers that are possible, up to the `highest` that occurs where there is no largest; likewise down."""
        least, most = (end if np.isfinite(end) else seen for end, seen in ((self.least, lowest), (self.most, highest)))
        return np.arange(least, most + 1.0)

    def check(self, profile: AnyProfile) -> None:
        """Raise DataError naming row, column and value unless every row is possible."""
        for column, names in zip(profile.columns, profile.levels, strict=True):
            if names is not None and names != TRUTHS and not self.takes_names:
                some = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
                raise DataError(
                    f"column {column!r} holds names ({some}), and this family needs numbers. Leave the column out, or choose "
                    "the categorical family."
                )
        for bad, sentence in self.rules:
            profile.refuse(bad, sentence)

    def refuse_empty(self, profile: AnyProfile) -> None:
        """Raise DataError for a column that is missing in every row, where nothing can be learned then."""
        profile.refuse_empty_columns()

    def impossible(self, x: Array) -> Mask:
        """Which rows of x (n, d) have a cell that is not possible, shape (n,); gaps are."""
        found = np.zeros(len(x), dtype=bool)
        for bad, _ in self.rules:
            found |= (bad(x) & ~np.isnan(x)).any(axis=1)
        return found

    def untold(self, x: Array) -> Mask:
        """Which rows of x (n, d) have a value that is known only up to an interval, shape (n,)."""
        return np.zeros(len(x), dtype=bool)

    def known(self, x: Array, place: int) -> tuple[Array, Array]:
        """What rows x (n, d) tell of the value in the column at a `place`: its ends (n,) and (n,), equal where it is known."""
        return x[:, place], x[:, place]

    def no_density(self, name: str) -> str | None:
        """Why no density of rows of the family of that `name` can be drawn; None where one can."""
        if not self.roles:
            return None
        own = self.roles[-1]
        return f"rows with different numbers of {own} have no common density: give {name}({own}=...)."

    @property
    def counts_zeros(self) -> bool:
        """Whether each column is one of counts that may be 0."""
        return self.whole and not self.takes_names and self.width == 1 and not self.impossible(np.zeros((1, 1))).any()

    def levels(self, profile: AnyProfile) -> Levels:
        """The names of the levels of each column; None for numbers, and truths are numbers."""
        return (None,) * len(profile.columns)

    def declared_levels(self, profile: AnyProfile) -> Levels:
        """The same without what is not known before the data are seen: the levels as they were declared, or as they came."""
        return (None,) * len(profile.columns)

    def seen(self, profile: AnyProfile) -> AnyProfile:
        """The profile of what parameters are of: of the rows, or of the several that each of them holds."""
        return profile

    def parameter_columns(self, columns: Sequence[str], path: str = "") -> tuple[str, ...]:
        """The names of the columns that parameters are of, or those at a `path` in them."""
        return tuple(columns[:: self.width])


@dataclass(frozen=True)
class Where:
    """Which cells compare so with an `edge`: a rule that is equal by value, and can be sent elsewhere with rows."""

    compare: Callable[[Array, float], Mask]
    edge: float

    def __call__(self, x: Array) -> Mask:
        return self.compare(x, self.edge)


def _wider(x: Array, largest: float) -> Mask:
    return np.abs(np.asarray(x, np.float64)) > largest


def _from(edges: Array, x: Array) -> Mask:
    return x >= edges


def _no_count(x: Array) -> Mask:
    return (x < 0) | (x != np.floor(x))


def _no_truth(x: Array) -> Mask:
    return (x != 0) & (x != 1)


def reals(largest: float) -> Support:
    """Numbers whose size is at most `largest`."""
    rule = f"squares beyond {largest:g} overflow. Divide the column by a constant."
    return Support(((Where(_wider, largest), rule),))


def at_least_zero(noun: str, largest: float = np.inf) -> Support:
    """Numbers >= 0, up to `largest`; `noun` is what they are, in the plural."""
    return Support(((Where(lt, 0.0), f"{noun} must be numbers >= 0."), *_no_larger(noun, largest)), least=0.0)


def positive(noun: str, largest: float = np.inf) -> Support:
    """Numbers > 0, up to `largest`; `noun` is what they are, in the plural."""
    return Support(((Where(le, 0.0), f"{noun} must be numbers > 0."), *_no_larger(noun, largest)), least=0.0)


def _no_larger(noun: str, largest: float) -> tuple[Rule, ...]:
    if largest == np.inf:
        return ()
    what = noun.split()[-1]
    return ((Where(gt, largest), f"{what} beyond {largest:g} overflow. Divide the column by a constant."),)


def counts(noun: str, most: float = np.inf, beyond: str = "") -> Support:
    """Whole numbers >= 0; where there is a `most`, `beyond` says why no count can be larger."""
    rules: list[Rule] = [(_no_count, f"{noun} must be whole numbers >= 0.")]
    too_many = (
        f"beyond {LARGEST_COUNT:,.0f}, floating-point numbers leave out counts. Choose a family of measurements, as gamma."
    )
    rules.append((Where(gt, most), beyond) if most < np.inf else (Where(gt, LARGEST_COUNT), too_many))
    return Support(tuple(rules), whole=True, least=0.0, most=most)


def codes_below(levels: Sequence[int]) -> Rule:
    """The rule for columns of codes 0, 1, 2 ..., of so many levels each."""
    most = np.array(levels)
    return (
        partial(_from, most),
        f"the columns have {', '.join(map(str, levels))} levels (levels are coded from 0). Where there are more, say so when "
        "fitting: Categorical(levels=...).",
    )


def yes_or_no() -> Support:
    """0 and 1."""
    rule = (_no_truth, "a Bernoulli column holds only 0 and 1.")
    return Support((rule,), whole=True, least=0.0, most=1.0)
