"""Factor analysis and probabilistic principal components: columns that hang together by a few latent factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.checks import check_count
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Real
from emkit.core.spaces.uniqueness import Uniqueness
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.families.gaussian.best_factors import LEAST_SHARED, LEAST_UNIQUE, MOST_UNIQUE, first_uniquenesses
from emkit.families.gaussian.factor_counts import warn_of_too_many
from emkit.models.factor_data import correlations, refuse
from emkit.models.factor_sums import FactorSums, left_about
from emkit.models.of_factors import Independent, OfFactors
from emkit.models.pivots import held_by_pivots, turned_to_pivots


@dataclass(frozen=True, eq=False)
class FactorModelParams(Parameters):
    """Parameters of `FactorModel`, of d columns and m factors.

    `means` (d,); `loadings` (d, m), how far a column moves with each factor; `uniquenesses` (d,) >= 0, the variances of what is
    left, or one number for all columns. Factors can be turned: `pivots` (m,) are the columns that say how they are, the first
    of which has a loading on the first factor alone, the second on the first two, and so on.

    >>> import emkit as ek
    >>> params = ek.FactorModelParams(means=[0.0, 0.0], loadings=[[0.8], [0.6]], uniquenesses=[0.36, 0.64])
    >>> params.covariance.round(2).tolist()
    [[1.0, 0.48], [0.48, 1.0]]
    """

    means: Annotated[Array, Real(), Axes("column")]
    loadings: Annotated[Array, Real(), Axes("column", "factor")]
    uniquenesses: Annotated[Array, Uniqueness(), Axes("column")]
    pivots: tuple[int, ...] = ()

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, means: ArrayLike, loadings: ArrayLike, uniquenesses: ArrayLike, pivots: tuple[int, ...] = ()
        ) -> None: ...

    @property
    def covariance(self) -> Array:
        """Of the columns, (d, d)."""
        noise = np.broadcast_to(self.uniquenesses, self.means.shape)
        return np.asarray(self.loadings @ self.loadings.T + np.diag(noise))


@dataclass(frozen=True, eq=False)
class EqualFactorModelParams(FactorModelParams):
    """The same with one uniqueness () for all columns."""

    uniquenesses: Annotated[Array, Uniqueness(), Axes()]


class FactorModel(OfFactors[FactorModelParams]):
    """x = means + loadings f + e: `n_factors` factors f ~ N(0, I), and e ~ N(0, diag(uniquenesses)).

    `equal`: all columns have the same uniqueness, which makes it probabilistic principal components. Cells may be missing.
    Loadings are one of many that turn into each other, of which the count of free parameters knows: see `FactorModelParams`.
    A uniqueness of 0 (a Heywood case) is an estimate on the edge. No part of the parameters can be held.
    Source: Rubin & Thayer (1982), Psychometrika 47, 69-76; Tipping & Bishop (1999), J. R. Statist. Soc. B 61, 611-622.

    >>> import emkit as ek
    >>> tests = ek.rows_of_covariance([[1.0, 0.56, 0.4], [0.56, 1.0, 0.35], [0.4, 0.35, 1.0]], 100)
    >>> model = ek.FactorModel(1)
    >>> found = ek.fit(model, tests, model.start(tests.profile), solver="anderson").params
    >>> found.loadings.round(3).ravel().tolist(), found.uniquenesses.round(3).tolist()
    ([0.8, 0.7, 0.5], [0.36, 0.51, 0.75])
    """

    def __init__(self, n_factors: int, equal: bool = False) -> None:
        check_count("n_factors", n_factors, ModelError, 0)
        self.n_factors = int(n_factors)
        self.equal = equal

    def params(self, means: ArrayLike, loadings: ArrayLike, uniquenesses: ArrayLike) -> FactorModelParams:
        """Parameters of any loadings (d, m), turned so that `pivots` say how. Errors: ParameterError if shapes do not fit."""
        made = EqualFactorModelParams if self.equal else FactorModelParams
        given = np.array(loadings, dtype=np.float64)
        centre, noise = np.asarray(means, dtype=np.float64), np.asarray(uniquenesses, dtype=np.float64)
        shapes = {"means": centre.shape, "loadings": given.shape, "uniquenesses": noise.shape}
        d = len(centre) if centre.ndim else 0
        wanted = {"means": (d,), "loadings": (d, self.n_factors), "uniquenesses": () if self.equal else (d,)}
        for name, shape in shapes.items():
            if shape != wanted[name] or self.n_factors > d:
                raise ParameterError(f"{name} have shape {shape}; of {d} columns and {self.n_factors} factors, {wanted[name]}.")
        if not self.n_factors:
            return made(centre, given, noise)
        unit = np.sqrt((given**2).sum(axis=1) + noise)
        turned, pivots = turned_to_pivots(given, unit)
        return made(centre, turned, noise, pivots)

    def independent(self, params: FactorModelParams) -> Independent:
        noise = np.broadcast_to(params.uniquenesses, params.means.shape)
        return Independent(params.means, params.loadings, noise, np.eye(self.n_factors))

    def regression(self, params: FactorModelParams, chunk: Chunk) -> tuple[Array, Array]:
        """Means (d,) of the columns, and slopes (n, m, d) of the mean of each factor of a row along its cells."""
        one = self._told(params, chunk)
        return params.means, one.reach[one.which].swapaxes(1, 2)

    def m_step(self, stats: FactorSums, params: FactorModelParams) -> FactorModelParams:
        """Each column regressed on the expected factors of the rows that have it.

        Given a column without uniqueness, a factor is known, and its loading would stay for ever where it is. Then the
        covariance of factors is estimated, too, and taken up by the loadings.
        Source: for that, Liu, Rubin & Wu (1998), Biometrika 85, 755-770.
        """
        lines = _regressions(stats, params)
        squares = np.maximum(left_about(stats, lines), 0.0)
        known = np.broadcast_to(params.uniquenesses, params.means.shape) == 0
        noise = squares.sum() / stats.mass.sum() if self.equal else np.where(known, 0.0, squares / stats.mass)
        if known.any():
            shift, root = _centred(stats.total)
            lines = np.column_stack([lines[:, 0] + lines[:, 1:] @ shift, lines[:, 1:] @ root])
        return type(params)(params.means + lines[:, 0], lines[:, 1:], noise, params.pivots)

    def updates(self) -> Mapping[str, Update[FactorSums, FactorModelParams]]:
        raise NotImplementedError("means and loadings are estimated by one regression, so no part of them can be held.")

    def expected(self, stats: FactorSums, before: FactorModelParams, now: FactorModelParams) -> Expected:
        """Without the factors' own density, which no parameter enters.

        Of columns without uniqueness, whose joint density has none either, a parabola with the slope of the log-likelihood.
        """
        lines = np.column_stack([now.means - before.means, now.loadings])
        noise = np.broadcast_to(now.uniquenesses, now.means.shape)
        inside = noise > 0
        safe, squares = np.where(inside, noise, 1.0), left_about(stats, lines)
        value = -0.5 * (stats.mass * np.log(2 * np.pi * safe) + squares / safe)[inside].sum()
        along = (stats.cross - np.einsum("jab,jb->ja", stats.gram, lines)) / safe[:, None]
        if not inside.all():
            moved = lines - np.column_stack([np.zeros(len(lines)), before.loadings])
            bent = np.einsum("jab,jb->ja", stats.gram, moved) * np.diag(np.linalg.inv(before.covariance))[:, None]
            value += (moved * (stats.slopes - bent / 2))[~inside].sum()
            along = np.where(inside[:, None], along, stats.slopes - bent)
        of_noise = np.where(inside, (squares / safe - stats.mass) / (2 * safe), 0.0)
        slopes = {"means": along[:, 0], "loadings": along[:, 1:], "uniquenesses": of_noise.sum() if self.equal else of_noise}
        return Expected(float(value), {path: np.asarray(slope) for path, slope in slopes.items()})

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of more factors than the columns can tell apart."""
        warn_of_too_many(len(profile.columns), self.n_factors, self.equal)
        return self

    def held(self, params: FactorModelParams) -> tuple[str, ...]:
        """The loadings that are 0 because of how the factors are turned."""
        return tuple(f"loadings[{j}, {k}]" for j, k in held_by_pivots(params.pivots))

    def scales(self, params: FactorModelParams) -> Mapping[str, Scale]:
        unit = np.sqrt(np.diag(params.covariance))
        units = np.repeat(unit[:, None], self.n_factors, axis=1)
        return {"means": Scale(params.means, unit), "loadings": Scale(np.zeros_like(units), units)}

    def start(self, profile: AnyProfile) -> FactorModelParams:
        """Principal factors of the correlations, or components of the covariance; gaps are taken for means.

        Errors: DataError if the data cannot carry the factors.
        """
        refuse(profile, self.n_factors, self.equal)
        means, variances, correlation = correlations(profile)
        unit, d, m = np.sqrt(variances), len(means), self.n_factors
        if self.equal:
            values, vectors = np.linalg.eigh(unit[:, None] * correlation * unit)
            noise = float(
                np.clip(values[: max(d - m, 1)].mean(), LEAST_UNIQUE * variances.mean(), MOST_UNIQUE * variances.mean())
            )
            lengths = np.sqrt(np.maximum(values[d - m :] - noise, LEAST_SHARED * noise))
            return self.params(means, (vectors[:, d - m :] * lengths)[:, ::-1], noise)
        own = first_uniquenesses(correlation, m)
        return self.params(means, unit[:, None] * _principal(correlation, own, m), variances * own)

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[FactorModelParams]:
        """Uniquenesses at random, for each seed, and principal factors given these."""
        refuse(profile, self.n_factors, self.equal)
        means, variances, correlation = correlations(profile)
        made = []
        for seed in seeds:
            shares = np.random.default_rng(seed).uniform(LEAST_UNIQUE, MOST_UNIQUE, len(means))
            loadings = np.sqrt(variances)[:, None] * _principal(correlation, shares, self.n_factors)
            noise = shares * variances
            made.append(self.params(means, loadings, noise.mean() if self.equal else noise))
        return made

    def check(self, params: FactorModelParams, profile: AnyProfile) -> None:
        given, asked = len(profile.columns), len(params.means)
        if given != asked:
            raise ParameterError(f"the parameters are of {asked} columns, but the data have {given}.")
        refuse(profile, self.n_factors, self.equal)
        self.params(params.means, params.loadings, params.uniquenesses)
        if len(params.pivots) != self.n_factors or np.triu(params.loadings[list(params.pivots)], 1).any():
            raise ParameterError("loadings are not turned as pivots say: make parameters with `FactorModel.params`.")


def _principal(correlation: Array, own: Array, factors: int) -> Array:
    """Loadings (d, m) of standardised columns that are best given uniquenesses `own` (d,)."""
    first = len(own) - factors
    values, vectors = np.linalg.eigh(correlation / np.sqrt(np.outer(own, own)))
    lengths = np.sqrt(np.maximum(values[first:] - 1, LEAST_SHARED))
    return np.asarray((np.sqrt(own)[:, None] * vectors[:, first:] * lengths)[:, ::-1])


def _regressions(stats: FactorSums, params: FactorModelParams) -> Array:
    """The coefficients (d, m + 1) of each column on (1, factors); 0 for those that the turn of the factors holds."""
    lines = np.asarray(np.linalg.solve(stats.gram, stats.cross[:, :, None])[:, :, 0], dtype=np.float64)
    for i, j in enumerate(params.pivots):
        free = i + 2
        lines[j] = 0.0
        lines[j, :free] = np.linalg.solve(stats.gram[j, :free, :free], stats.cross[j, :free])
    return lines


def _centred(total: Array) -> tuple[Array, Array]:
    """The mean (m,) of factors, and a lower triangle (m, m) that makes unit ones of their covariance."""
    mean = total[0, 1:] / total[0, 0]
    return mean, np.linalg.cholesky(total[1:, 1:] / total[0, 0] - np.outer(mean, mean))
