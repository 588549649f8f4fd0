"""Counts of which some are 0 for another reason: that a 0 has it is a latent state of every cell.

Given the parameters, all zeros of a column have it with the same probability. So the E-step of the family is one number for
each component and column, and what a family of counts makes of its rows it makes of the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.axes import COLUMN, Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, get_at, leaves, replace_at
from emkit.core.protocols import Update
from emkit.core.spaces import Probability
from emkit.core.statistics import Additive
from emkit.data.column import rows_with
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.combined.wrapped import Wrapped
from emkit.families.description import Description, Word
from emkit.families.family import Carry, for_rows, per_mass, repeat, safe_log, slope_of_log
from emkit.families.floor import Floor
from emkit.families.linear import LinearForm
from emkit.families.named import PREFIXES, Prefix
from emkit.families.spread import Spread

__all__ = ["ZeroInflated", "ZeroInflatedParams"]


@dataclass(frozen=True, eq=False)
class ZeroInflatedParams(Parameters):
    """`zeros` (K, d): the probability that a cell is 0 whatever is counted; `counts`: parameters of the family of counts.

    A mean of (1 - 0.4) * 5:

    >>> import emkit as ek
    >>> params = ek.ZeroInflatedParams(zeros=[[0.4]], counts=ek.PoissonParams([[5.0]]))
    >>> ((1 - params.zeros) * params.counts.rates).tolist()
    [[3.0]]
    """

    zeros: Annotated[Array, Probability(), Axes("component", "column")]
    counts: Any


@dataclass(frozen=True)
class ZeroInflatedStats(Additive):
    """`mass` (K, d) of the cells; `zeros` (K, d), the expected number of those that are 0 whatever is counted.

    `counts`: for each column, the statistics that the family of counts has of the other cells.
    """

    mass: Array
    zeros: Array
    counts: tuple[Any, ...]


@dataclass(frozen=True)
class ZeroInflated(Wrapped[Any, Any]):
    """Independent columns of counts with more zeros: p(x|k) = prod_j z_kj [x_j = 0] + (1 - z_kj) p_j(x_j|k).

    Data: x (n, d) of counts that are possible for the `family`, whose columns must be independent and alike: `Poisson`,
    `NegativeBinomial`, `Geometric`, ``Binomial(trials)``. Errors: ModelError for other families.
    Source: Lambert (1992), Technometrics 34, 1-14.

    Articles that 915 students of biochemistry had published (Long, 1990):

    >>> import emkit as ek
    >>> articles = [[number] for number in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 19)]
    >>> students = [275, 246, 178, 84, 67, 27, 17, 12, 1, 2, 1, 1, 2, 1, 1]
    >>> fit = ek.MixtureModel(ek.ZeroInflated(ek.Poisson()), 1).fit(articles, sample_weight=students)
    >>> print(fit.components_.zeros.round(4), fit.components_.counts.rates.round(4), round(fit.result_.log_likelihood, 3))
    [[0.2066]] [[2.1338]] -1679.391
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.family.support.counts_zeros:
            raise ModelError(
                f"{self.family!r} cannot be zero-inflated, which is for columns of counts that may be 0, as Poisson(). For "
                "other amounts of which some are exactly 0, use PerComponent(family, PointMass(0))."
            )

    @property
    def name(self) -> str:
        return f"zero-inflated {self.family.name}"

    @property
    def described(self) -> Description:
        counts = self.family.described
        words = {"zeros": Word("zero share", "z", 0.3)}
        return Description(words, counts.data, f"a probability of a zero for each column, and {counts.in_words}")

    @property
    def among_gaps(self) -> Self:
        """The same: a cell that was not seen counts for nothing."""
        return self

    @property
    def spread(self) -> Spread:
        return Spread()

    def pooled(self, profile: AnyProfile, n_components: int) -> ZeroInflatedParams:
        """The counts of all rows, and half of their zeros."""
        zeros = profile.average(lambda x: np.where(np.isnan(x), np.nan, x == 0)) / 2
        return ZeroInflatedParams(repeat(zeros, n_components), for_rows(self.family, profile).pooled(profile, n_components))

    def log_joint(self, params: ZeroInflatedParams, x: Array) -> Array:
        """Log p(x_ij, s | component k), shape (n, K, d, 2): of cells that are 0 whatever is counted (s = 1), and others."""
        found = np.empty((len(x), *params.zeros.shape, 2))
        for j, counts in enumerate(_by_column(params.counts)):
            z, cells = params.zeros[:, j], x[:, [j]]
            rows = rows_with(cells)
            found[:, :, j, 0] = safe_log(1 - z)
            found[rows, :, j, 0] += self.family.log_density(counts, cells[rows])
            found[:, :, j, 1] = safe_log(np.where((cells == 0) | np.isnan(cells), z, 0.0))
        return found

    def log_density(self, params: ZeroInflatedParams, x: Array) -> Array:
        return np.asarray(np.logaddexp.reduce(self.log_joint(params, x), axis=3).sum(axis=2))

    def statistics(self, params: ZeroInflatedParams, x: Array, weights: Array) -> ZeroInflatedStats:
        joint = self.log_joint(params, np.zeros((1, x.shape[1])))[0]
        shares = np.exp(joint - np.logaddexp.reduce(joint, axis=2)[:, :, None])
        mass, zeros, stats = np.empty(params.zeros.shape), np.empty(params.zeros.shape), []
        for j, counts in enumerate(_by_column(params.counts)):
            rows = rows_with(x[:, [j]])
            cells, own = x[rows][:, [j]], weights[rows]
            mass[:, j] = own.sum(axis=0)
            zeros[:, j] = (own * (cells == 0)).sum(axis=0) * shares[:, j, 1]
            stats.append(self.family.statistics(counts, cells, own * np.where(cells == 0, shares[:, j, 0], 1.0)))
        return ZeroInflatedStats(mass, zeros, tuple(stats))

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        counts = {f"counts.{path}".rstrip("."): partial(_each_column, path, u) for path, u in self.family.updates().items()}
        return {"zeros": self._zeros, **counts}

    def _zeros(self, stats: ZeroInflatedStats, before: ZeroInflatedParams, now: ZeroInflatedParams) -> Array:
        """Expected number of cells that are 0 whatever is counted / expected number of cells.

        Shapes: zeros (K, d), mass (K, d) -> (K, d).
        Source: set d/dz [zeros log z + (mass - zeros) log(1 - z)] = 0; Lambert (1992).
        """
        return np.minimum(per_mass(stats.zeros, stats.mass, before.zeros), 1.0)

    def expected(self, stats: ZeroInflatedStats, before: ZeroInflatedParams, now: ZeroInflatedParams) -> Expected:
        others, z = stats.mass - stats.zeros, now.zeros
        value = float((stats.zeros * safe_log(z) + others * safe_log(1 - z)).sum())
        of_zeros = slope_of_log(stats.zeros, z) - slope_of_log(others, 1 - z)
        columns = zip(stats.counts, _by_column(before.counts), _by_column(now.counts), strict=True)
        each = [self.family.expected(*column) for column in columns]
        axes = _column_axes(now.counts)
        paths = set.intersection(*(set(one.slopes) for one in each))
        slopes = {path: np.concatenate([one.slopes[path] for one in each], axis=axes[path]) for path in paths}
        return Expected(value, {"zeros": of_zeros}).plus(Expected(sum(one.value for one in each), slopes).inside("counts"))

    @property
    def carry(self) -> Carry[ZeroInflatedStats, ZeroInflatedParams] | None:
        own = self.family.carry
        return None if own is None else partial(self._carried, own)

    def _carried(
        self, own: Carry[Any, Any], stats: ZeroInflatedStats, before: ZeroInflatedParams, now: ZeroInflatedParams
    ) -> ZeroInflatedStats:
        columns = zip(stats.counts, _by_column(before.counts), _by_column(now.counts), strict=True)
        return replace(stats, counts=tuple(own(*column) for column in columns))

    def draw(self, params: ZeroInflatedParams, rng: np.random.Generator, components: Integers) -> Array:
        x = self.family.draw(params.counts, rng, components)
        return np.where(rng.random(x.shape) < params.zeros[components], 0.0, x)

    def scales(self, params: ZeroInflatedParams) -> Mapping[str, Scale]:
        return {f"counts.{path}": scale for path, scale in self.family.scales(params.counts).items()}

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return Floor()

    def linear(self, params: ZeroInflatedParams) -> LinearForm[Any] | None:
        return None


def _column_axes(params: Parameters) -> dict[str, int]:
    """Which axis of every field is that of the columns. Errors: ModelError if a field has none."""
    found = {}
    for leaf in leaves(params):
        if leaf.axes is None or COLUMN not in leaf.axes.names:
            raise ModelError(f"zero inflation needs a family whose columns are alike, and {leaf.path} is not by column.")
        found[leaf.path] = leaf.axes.names.index(COLUMN)
    return found


def _by_column(params: Any) -> list[Any]:
    """The parameters of each column by itself."""
    axes = _column_axes(params)
    path, axis = next(iter(axes.items()))
    number = get_at(params, path).shape[axis]
    if number == 1:
        return [params]
    return [replace_at(params, {p: np.take(get_at(params, p), [j], axis=a) for p, a in axes.items()}) for j in range(number)]


def _each_column(path: str, update: Update[Any, Any], stats: Any, before: Any, now: Any) -> Any:
    """What a link of the family of counts makes of each column, side by side."""
    columns = zip(stats.counts, _by_column(before.counts), _by_column(now.counts), strict=True)
    moved = [replace_at(own, {path: update(sums, old, own)}) for sums, old, own in columns]
    whole = {p: np.concatenate([get_at(one, p) for one in moved], axis=a) for p, a in _column_axes(now.counts).items()}
    joined = replace_at(now.counts, whole)
    return get_at(joined, path) if path else joined


PREFIXES["zero-inflated"] = Prefix(ZeroInflated, "columns of counts with more zeros")
