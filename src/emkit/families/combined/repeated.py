"""A family seen several times in a row: the visits of a person, the repeats of a measurement, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.memo import once
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile, Bad, Levels, Profile
from emkit.data.source import ArraySource, RowSource
from emkit.data.subsample import SUBSAMPLE
from emkit.errors import DataError, ModelError
from emkit.families.combined.wrapped import Wrapped
from emkit.families.conditional import Conditional
from emkit.families.description import Description
from emkit.families.family import Carry
from emkit.families.floor import Floor
from emkit.families.linear import LinearForm
from emkit.families.named import PREFIXES, Prefix
from emkit.families.spread import SameSpread, Spread
from emkit.families.support import Support

__all__ = ["Repeated"]


@dataclass(frozen=True)
class Repeated(Wrapped[Any, Any]):
    """`family` seen `times` times in every row, with the same parameters: log p(x|k) = sum_t log p(x_t|k).

    Data: rows of `times` blocks of columns, one behind the other, each a row of the family. Blocks may be missing where the
    family admits gaps. All that is seen in a row is of one component, so that a person stays in one class.
    Errors: DataError if the number of columns is no multiple of `times`.

    Seizures of five patients in four visits each, of a trial (Thall & Vail, 1990), in two classes:

    >>> import emkit as ek
    >>> seizures = [[5, 3, 3, 3], [3, 5, 3, 3], [2, 4, 0, 5], [40, 20, 23, 12], [14, 14, 6, 0]]
    >>> fit = ek.MixtureModel(ek.Repeated(ek.Poisson(), 4), 2, random_state=0).fit(seizures).result_.in_order()
    >>> print(fit.params.components.rates.ravel().round(3), fit.params.proportions.round(3))
    [ 4.562 23.75 ] [0.8 0.2]
    """

    times: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.times
        if not isinstance(given, int | np.integer) or isinstance(given, bool) or given < 1:
            raise ModelError(f"times is {given!r}; it is how often the family is seen in a row, a whole number >= 1.")

    @property
    def name(self) -> str:
        return f"repeated {self.family.name}"

    @property
    def support(self) -> Support:
        inner = self.family.support
        shape = {name: getattr(inner, name) for name in ("width", "takes_names", "whole", "least", "most", "roles")}
        return RepeatedSupport((), **shape, inner=inner, times=self.times)

    @property
    def described(self) -> Description:
        inner = self.family.described
        return Description(inner.words, data=f"{self.times} blocks of {inner.data}")

    @property
    def conditional(self) -> Conditional | None:
        inner = self.family.conditional
        return None if inner is None else OfRepeats(self, inner)

    @property
    def spread(self) -> Spread:
        return _SpreadOfTimes(self.family.spread, self.times)

    def settled(self, profile: AnyProfile) -> Self:
        return super().settled(long(profile, self.times))

    def pooled(self, profile: AnyProfile, n_components: int) -> Any:
        return self.family.pooled(long(profile, self.times), n_components)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return self.family.lower_bound(long(profile, self.times))

    def log_density(self, params: Any, x: Array) -> Array:
        each = self.family.log_density(params, _below(x, self.times))
        return np.asarray(each.reshape(len(x), self.times, each.shape[1]).sum(axis=1))

    def statistics(self, params: Any, x: Array, weights: Array) -> Any:
        return self.family.statistics(params, _below(x, self.times), np.repeat(weights, self.times, axis=0))

    @property
    def carry(self) -> Carry[Any, Any] | None:
        return self.family.carry

    def draw(self, params: Any, rng: np.random.Generator, components: Integers) -> Array:
        return self.family.draw(params, rng, np.repeat(components, self.times)).reshape(len(components), -1)

    def linear(self, params: Any) -> LinearForm[Any] | None:
        return None  # features of a block are no features of a row


@dataclass(frozen=True)
class _SpreadOfTimes(SameSpread):
    """The `inner` spread, of rows that have so many times as much."""

    times: int

    def endless(self, params: Any, profile: AnyProfile) -> tuple[int, ...]:
        return self.inner.endless(params, long(profile, self.times))


@dataclass(frozen=True)
class OfRepeats(Conditional):
    """What a `repeated` family says of every block, of which the `inner` one is given some columns."""

    repeated: Repeated
    inner: Conditional

    def placed(self, profile: AnyProfile) -> Repeated:
        return replace(self.repeated, family=self.inner.placed(long(profile, self.repeated.times)))

    def laws(self, columns: int) -> Mapping[int, Support]:
        width = columns // self.repeated.times
        own = self.inner.laws(width).items()
        return {block * width + j: law for block in range(self.repeated.times) for j, law in own}

    @property
    def leaves_others(self) -> bool:
        return self.inner.leaves_others

    def drawn(self, params: Any, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        times = self.repeated.times
        return self.inner.drawn(params, rng, np.repeat(components, times), _below(rows, times)).reshape(rows.shape)


@dataclass(frozen=True)
class RepeatedSupport(Support):
    """What is possible in every block of columns."""

    inner: Support = field(default_factory=Support)
    times: int = 1

    def check(self, profile: AnyProfile) -> None:
        self.inner.check(long(profile, self.times))

    def refuse_empty(self, profile: AnyProfile) -> None:
        self.inner.refuse_empty(long(profile, self.times))

    def impossible(self, x: Array) -> Mask:
        within = self.inner.impossible(_below(x, self.times)).reshape(-1, self.times)
        return np.asarray(super().impossible(x) | within.any(axis=1))

    def untold(self, x: Array) -> Mask:
        return np.asarray(self.inner.untold(_below(x, self.times)).reshape(-1, self.times).any(axis=1))

    def known(self, x: Array, place: int) -> tuple[Array, Array]:
        width = x.shape[1] // self.times
        return self.inner.known(x[:, place // width * width :][:, :width], place % width)

    def seen(self, profile: AnyProfile) -> AnyProfile:
        return self.inner.seen(long(profile, self.times))

    def levels(self, profile: AnyProfile) -> Levels:
        return self.inner.levels(long(profile, self.times)) * self.times

    def declared_levels(self, profile: AnyProfile) -> Levels:
        return self.inner.declared_levels(long(profile, self.times)) * self.times

    def parameter_columns(self, columns: Sequence[str], path: str = "") -> tuple[str, ...]:
        return self.inner.parameter_columns(columns[: len(columns) // self.times], path)


@once
def long(profile: AnyProfile, times: int) -> AnyProfile:
    """The profile of the rows with their blocks one below the other. Errors: DataError if they do not have so many blocks."""
    number = len(profile.columns)
    if number % times:
        raise DataError(f"the data have {number} columns, which are not {times} blocks of the same columns.")
    return Profile(_Long(profile, times))


class _Long(RowSource):
    """The rows of a profile with their blocks one below the other."""

    def __init__(self, profile: AnyProfile, times: int) -> None:
        self._profile, self._times, self._width = profile, times, len(profile.columns) // times
        self.columns = profile.columns[: self._width]
        self.membership = None  # what is known of rows is known where they are assigned
        self.rows, self.total_weight = profile.rows * times, profile.total_weight * times

    @property
    def levels(self) -> Levels:
        """Those of all blocks of a column, in their order."""
        found = [self._profile.levels[j :: self._width] for j in range(self._width)]
        return tuple(tuple(dict.fromkeys(name for names in each for name in names or ())) or None for each in found)

    def chunks(self) -> Iterator[Chunk]:
        """Every chunk with its blocks one below the other."""
        for chunk in self._profile.source.chunks():
            weights = np.repeat(chunk.weights, self._times)
            yield Chunk(_below(chunk.x, self._times), weights, chunk.start * self._times)

    def sample(self, rows: int = SUBSAMPLE) -> Any:
        """Those of some rows."""
        some = self._profile.sample
        return ArraySource(_below(some.x, self._times), np.repeat(some.weights, self._times), self.columns, levels=self.levels)

    def refuse(self, bad: Bad, rule: str) -> None:
        """In the rows as they are, so that messages have their row and column."""
        self._profile.refuse(partial(_in_blocks, bad, self._times), rule)

    def place(self, row: int, column: int) -> str:
        """How messages call one cell."""
        block = row % self._times
        place: str = self._profile.source.place(row // self._times, block * self._width + column)
        return place


def _in_blocks(bad: Bad, times: int, x: Array) -> Any:
    return np.asarray(bad(_below(x, times))).reshape(x.shape)


def _below(x: Array, times: int) -> Array:
    """Rows (n, times d) with their blocks one below the other, (n times, d)."""
    return x.reshape(len(x) * times, x.shape[1] // times)


PREFIXES["repeated"] = Prefix(Repeated, "N blocks of columns, one behind the other, of the same parameters", counted=True)
