"""A mixture as a component: its marginal density is that of the component, and its E-step is part of the statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.checks import check_count
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, maximise_in_turn
from emkit.core.protocols import Update
from emkit.core.spaces import Simplex
from emkit.core.statistics import Additive
from emkit.data.chunk import as_float64
from emkit.data.profile import AnyProfile
from emkit.data.subsample import in_standard_units
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.families.combined.parts import AnyFamily, FloorOfParts, InParts, union
from emkit.families.conditional import Conditional
from emkit.families.description import Description
from emkit.families.family import per_mass, safe_log, slope_of_log
from emkit.families.floor import Floor
from emkit.families.named import PREFIXES, Prefix, one_family
from emkit.families.spread import Spread
from emkit.families.support import Support

__all__ = ["MixtureOf", "MixtureOfParams"]

MOST_PARTS = 10_000  # each has a family and parameters of its own
BLUR = 0.2  # share of every row that is spread evenly over all parts where these begin


@dataclass(frozen=True, eq=False)
class MixtureOfParams(Parameters):
    """`proportions` (K, L) of the parts of each component; `parts`: L times the parameters of K components of the family.

    One component that is itself made of two Poisson parts:

    >>> import emkit as ek
    >>> params = ek.MixtureOfParams([[0.25, 0.75]], (ek.PoissonParams([[1.0]]), ek.PoissonParams([[5.0]])))
    >>> params.proportions.tolist(), [part.rates.item() for part in params.parts]
    ([[0.25, 0.75]], [1.0, 5.0])
    """

    proportions: Annotated[Array, Simplex(), Axes("component", "part")]
    parts: Annotated[tuple[Any, ...], Axes("part")]


@dataclass(frozen=True)
class MixtureOfStats(Additive):
    """`mass` (K, L): the expected number of rows of each part; `parts`: the statistics of each."""

    mass: Array
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class MixtureOf(InParts):
    """Each component is itself a mixture of `number` parts of one `family`: log p(x|k) = log sum_l q_kl p(x|k, l).

    A class of rows that no single member of the family describes: ``Product({"age": MixtureOf(DiagonalGaussian(), 2), ...})``.
    Of one family alone, which part belongs to which component is not told by the likelihood: labels or other columns tell it.
    Errors: ModelError unless the number is a whole number from 1 to 10,000.

    >>> import emkit as ek
    >>> x = [[1.0], [1.2], [0.8], [1.1], [5.0], [5.3], [4.9], [5.1], [9.0], [9.2], [8.8]]
    >>> fit = ek.MixtureModel(ek.MixtureOf(ek.SphericalGaussian(), 3), 1, random_state=0).fit(x).result_
    >>> print(sorted(round(float(part.means.item()), 3) for part in fit.params.components.parts))
    [1.025, 5.075, 9.0]
    """

    family: AnyFamily
    number: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", one_family(self.family))
        number: Any = self.number
        check_count("the number of parts", number, ModelError, most=MOST_PARTS)

    @property
    def families(self) -> tuple[AnyFamily, ...]:
        return (self.family,) * self.number

    @property
    def name(self) -> str:
        return f"mixture-of-{self.number} {self.family.name}"

    @property
    def support(self) -> Support:
        return self.family.support

    @property
    def described(self) -> Description:
        said = f"for each of {self.number} parts a proportion, and {self.family.described.in_words}"
        return Description(data=self.family.described.data, parameters=said)

    @property
    def spread(self) -> Spread:
        return SpreadOfMixture(self.family.spread)

    @property
    def among_gaps(self) -> AnyFamily | None:
        inner = self.family.among_gaps
        return None if inner is None else self if inner == self.family else replace(self, family=inner)

    @property
    def conditional(self) -> Conditional | None:
        inner = self.family.conditional
        return None if inner is None else OfMixture(self, inner)

    def settled(self, profile: AnyProfile) -> Self:
        settled = self.family.settled(profile)
        return self if settled is self.family else replace(self, family=settled)

    def pooled(self, profile: AnyProfile, n_components: int) -> MixtureOfParams:
        """Parts that differ: those of slices of a sample across the direction in which it varies most."""
        even = np.full((n_components, self.number), 1 / self.number)
        whole = self.family.pooled(profile, n_components)
        if self.number == 1:
            return MixtureOfParams(even, (whole,))
        x, weights = _rows(profile.sample)
        parts = []
        for share in _slices(x, weights, self.number).T:
            stats = self.family.statistics(whole, x, np.repeat((share * weights)[:, None], n_components, axis=1))
            part = whole
            with suppress(DegenerateFitError, ParameterError):  # a slice may have no maximum of its own
                part = maximise_in_turn(self.family.updates(), stats, whole)
            parts.append(part)
        return MixtureOfParams(even, tuple(parts))

    def log_joint(self, params: MixtureOfParams, x: Array) -> Array:
        """Log p(x_i, part l | component k), shape (n, K, L)."""
        each = [self.family.log_density(part, x) for part in params.parts]
        return np.asarray(safe_log(params.proportions) + np.stack(each, axis=2))

    def log_density(self, params: MixtureOfParams, x: Array) -> Array:
        return np.asarray(np.logaddexp.reduce(self.log_joint(params, x), axis=2))

    def statistics(self, params: MixtureOfParams, x: Array, weights: Array) -> MixtureOfStats:
        joint = self.log_joint(params, x)
        shares = np.exp(joint - np.logaddexp.reduce(joint, axis=2)[:, :, None]) * weights[:, :, None]
        each = tuple(self.family.statistics(part, x, shares[:, :, i]) for i, part in enumerate(params.parts))
        return MixtureOfStats(shares.sum(axis=0), each)

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        return {"proportions": self._proportions, **super().updates()}

    def _proportions(self, stats: MixtureOfStats, before: MixtureOfParams, now: MixtureOfParams) -> Array:
        """Expected number of rows of each part / expected number of rows of the component.

        Shapes: mass (K, L) -> (K, L).
        Source: maximise sum_l mass_l log q_l with a Lagrange multiplier for their sum.
        """
        return per_mass(stats.mass, stats.mass.sum(axis=1), before.proportions)

    def expected(self, stats: MixtureOfStats, before: MixtureOfParams, now: MixtureOfParams) -> Expected:
        value = float((stats.mass * safe_log(now.proportions)).sum())
        own = Expected(value, {"proportions": slope_of_log(stats.mass, now.proportions)})
        return own.plus(super().expected(stats, before, now))

    def draw(self, params: MixtureOfParams, rng: np.random.Generator, components: Integers) -> Array:
        part = _parts_drawn(params, rng, components)
        drawn = np.stack([self.family.draw(own, rng, components) for own in params.parts])
        return np.asarray(drawn[part, np.arange(len(components))])

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return FloorOfParts((self.family.lower_bound(profile),) * self.number, _rows_of_part)


@dataclass(frozen=True)
class OfMixture(Conditional):
    """What a `mixture` says whose parts are of one family that says `inner` of some columns given others."""

    mixture: MixtureOf
    inner: Conditional

    def placed(self, profile: AnyProfile) -> MixtureOf:
        return replace(self.mixture, family=self.inner.placed(profile))

    def laws(self, columns: int) -> Mapping[int, Support]:
        return self.inner.laws(columns)

    @property
    def leaves_others(self) -> bool:
        return self.inner.leaves_others

    def means(self, params: MixtureOfParams, x: Array) -> Array | None:
        return _by_share(params, [self.inner.means(part, x) for part in params.parts])

    def up_to(self, params: MixtureOfParams, x: Array) -> Array | None:
        return _by_share(params, [self.inner.up_to(part, x) for part in params.parts])

    def drawn(self, params: MixtureOfParams, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        found, part = np.array(rows, dtype=np.float64), _parts_drawn(params, rng, components)
        for i, own in enumerate(params.parts):
            mine = part == i
            found[mine] = self.inner.drawn(own, rng, components[mine], rows[mine])
        return found


def _by_share(params: MixtureOfParams, each: Sequence[Array | None]) -> Array | None:
    """The mean (n, K) of what the parts say, (n, K) each, by their proportions; None unless all say it."""
    told = [own for own in each if own is not None]
    return np.einsum("kl,lnk->nk", params.proportions, np.stack(told)) if len(told) == len(each) else None


def _parts_drawn(params: MixtureOfParams, rng: np.random.Generator, components: Integers) -> Integers:
    """The part (n,) of each of the components (n,)."""
    bounds = np.cumsum(params.proportions, axis=1)[components, :-1]
    return np.asarray((bounds < rng.random((len(components), 1))).sum(axis=1))


def _rows_of_part(params: MixtureOfParams, part: int, rows: Array) -> Array:
    share = params.proportions[:, part]
    return np.where(share > 0, rows * np.where(share > 0, share, 1.0), 0.0)  # of any number of rows, none


@dataclass(frozen=True)
class SpreadOfMixture(Spread):
    """A component is a sliver if one of its parts is, beside those parts of other components."""

    part: Spread

    def slivers(self, params: MixtureOfParams, rows: Array) -> Mask:
        shares = params.proportions.reshape(*rows.shape, -1)
        found = [self.part.slivers(own, rows * shares[..., i]) for i, own in enumerate(params.parts)]
        return np.asarray(np.logical_or.reduce(found))

    def endless(self, params: MixtureOfParams, profile: AnyProfile) -> tuple[int, ...]:
        return union(self.part.endless(part, profile) for part in params.parts)


def _rows(source: Any) -> tuple[Array, Array]:
    chunks = list(source.chunks())
    return np.concatenate([as_float64(chunk.x) for chunk in chunks]), np.concatenate([chunk.weights for chunk in chunks])


def _slices(x: Array, weights: Array, number: int) -> Array:
    """The share (n, L) that each of so many slices has of every row, all with about the same weight."""
    filled = np.where(np.isnan(x), np.nanmean(x, axis=0), x) if np.isnan(x).any() else x
    scaled = in_standard_units(filled, weights, filled)
    direction = np.linalg.eigh((scaled * weights[:, None]).T @ scaled)[1][:, -1]
    order = np.argsort(scaled @ direction, kind="stable")
    below = np.cumsum(weights[order]) - weights[order] / 2
    shares = np.full((len(x), number), BLUR / number)
    shares[order, np.minimum((below * number / weights.sum()).astype(int), number - 1)] += 1 - BLUR
    return shares


PREFIXES["mixture-of"] = Prefix(MixtureOf, "each component a mixture of N parts", counted=True)
