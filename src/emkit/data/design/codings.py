"""How factors are coded as columns of numbers, once data were seen: plain values, from which other rows are coded the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.errors import DataError, ParameterError


def name_of_number(number: float) -> str:
    """A number as the name of a level: the fewest digits that tell it from others, whole ones without a point."""
    return str(int(number)) if isfinite(number) and number == int(number) and abs(number) < 1e16 else repr(float(number))


@dataclass(frozen=True)
class Numbers:
    """One column of numbers, as they are."""

    spans_intercept: ClassVar[bool] = False

    def labels(self, name: str, reduced: bool) -> tuple[str, ...]:
        """What its columns are called, in the factor of this name."""
        return (name,)


@dataclass(frozen=True)
class Treatment:
    """A column for each level, 1 where a row has it; none for the one at `reference`, where they are told apart from it."""

    names: tuple[str, ...]
    reference: int = 0
    spans_intercept: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) < len(self.names):
            raise ParameterError(f"levels are names, each one once; {self.names!r:.80} are not.")
        if type(self.reference) is not int or self.reference not in range(len(self.names)):
            raise ParameterError(f"the reference is the place of one of {len(self.names)} levels, not {self.reference!r:.40}.")

    def labels(self, name: str, reduced: bool) -> tuple[str, ...]:
        """What its columns are called, in the factor of this name."""
        mark = "T." if reduced else ""
        return tuple(f"{name}[{mark}{self.names[i]}]" for i in self.shown(reduced))

    def columns_of(self, codes: Integers, reduced: bool) -> Array:
        """The columns (n, m) of rows whose levels have these codes."""
        return (codes[:, None] == np.array(self.shown(reduced), dtype=np.int64)).astype(np.float64)

    def shown(self, reduced: bool) -> list[int]:
        """The places of the levels that have columns."""
        return [i for i in range(len(self.names)) if not (reduced and i == self.reference)]


@dataclass(frozen=True)
class Powers:
    """Powers of numbers, from the first to the one of this degree."""

    degree: int
    spans_intercept: ClassVar[bool] = False

    def labels(self, name: str, reduced: bool) -> tuple[str, ...]:
        """What its columns are called, in the factor of this name."""
        return _of_degrees(name, self.degree)

    def columns_of(self, x: Array) -> Array:
        """The powers (n, degree) of the numbers (n,)."""
        return x[:, None] ** np.arange(1, self.degree + 1)


@dataclass(frozen=True)
class Recurrence:
    """Polynomials of u = (x - centre) / unit that were orthonormal over the rows they were learned of.

    p_0 = 1, p_{k+1} = (u - shifts[k]) p_k - (norms[k] / norms[k-1]) p_{k-1}, each divided by the root of norms[k], the sum of
    its squares (Forsythe 1957). `shifts` (degree,), `norms` (degree + 1,).
    """

    centre: float
    unit: float
    shifts: tuple[float, ...]
    norms: tuple[float, ...]
    spans_intercept: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not all(map(isfinite, (self.centre, self.unit, *self.shifts, *self.norms))) or not min(self.unit, *self.norms) > 0:
            raise ParameterError("a recurrence of polynomials has finite numbers, a unit and norms above 0.")
        if len(self.norms) != len(self.shifts) + 1 or not self.shifts:
            raise ParameterError(f"a recurrence with {len(self.shifts)} shifts has {len(self.norms)} norms, not one more.")

    @classmethod
    def over(cls, x: Array, degree: int, name: str) -> Recurrence:
        """The one of numbers (n,). Errors: DataError if they have too few different values for the degree."""
        different = len(np.unique(x))
        if different <= degree:
            raise DataError(
                f"{name} needs at least {degree + 1} different values and there are {different}; choose a lower degree."
            )
        centre = float(x.min() / 2 + x.max() / 2)
        unit = float(np.abs(x - centre).max())
        u = (x - centre) / unit
        before, here = np.zeros_like(u), np.ones_like(u)
        shifts: list[float] = []
        norms = [float(len(x))]
        for k in range(degree):
            shifts.append(float(u @ here**2) / norms[k])
            ratio = norms[k] / norms[k - 1] if k else 0.0
            before, here = here, (u - shifts[k]) * here - ratio * before
            norms.append(float(here @ here))
        return cls(centre, unit, tuple(shifts), tuple(norms))

    @property
    def degree(self) -> int:
        """The highest degree."""
        return len(self.shifts)

    def labels(self, name: str, reduced: bool) -> tuple[str, ...]:
        """What its columns are called, in the factor of this name."""
        return _of_degrees(name, self.degree)

    def columns_of(self, x: Array) -> Array:
        """The polynomials (n, degree) of the numbers (n,)."""
        u = (x - self.centre) / self.unit
        found = [np.ones_like(u)]
        for k, shift in enumerate(self.shifts):
            ratio = self.norms[k] / self.norms[k - 1] if k else 0.0
            found.append((u - shift) * found[k] - ratio * found[k - 1])  # found[-1] counts for nothing at k = 0
        return np.stack(found[1:], axis=1) / np.sqrt(self.norms[1:])


def _of_degrees(name: str, degree: int) -> tuple[str, ...]:
    return tuple(f"{name}[{k}]" for k in range(1, degree + 1))


Coding = Numbers | Treatment | Powers | Recurrence
CODINGS: tuple[type, ...] = (Numbers, Treatment, Powers, Recurrence)
