"""Confirmatory factor analysis: which columns a factor has is known beforehand, and factors may correlate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.climb import climb
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.protocols import Update
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.families.gaussian.best_factors import LEAST_SHARED, LEAST_UNIQUE, MOST_UNIQUE
from emkit.families.gaussian.factor_counts import warn_of_unknowns
from emkit.models.confirmatory_params import ConfirmatoryFactorParams, Standardised, UnitFactorParams
from emkit.models.factor_data import correlations, refuse
from emkit.models.factor_pattern import FactorPattern
from emkit.models.factor_sums import FactorSums, left_about
from emkit.models.known_factors import Moved, slope_of_turn
from emkit.models.of_factors import Independent, OfFactors
from emkit.models.ties import mean_of, plain, shared


class ConfirmatoryFactorModel(OfFactors[ConfirmatoryFactorParams]):
    """x = means + loadings f + e: f ~ N(0, factors), e ~ N(0, diag(uniquenesses)), with loadings that are known in part.

    `loadings` (d, m) and `uniquenesses` (d,), by default one for each column: each entry a number, or a name as text where it
    is estimated; entries of one name are one parameter. `letters` has the names, in the order of the parameters. `correlated`:
    the covariance of factors is estimated. Either each factor has a loading that is a number, usually 1, which gives it a unit,
    or none has, and all have variance 1. With correlated=False factors are independent with variance 1.
    Cells may be missing. The zeros say how factors are turned; where they leave a turn, some letters are 0 (`held`), so that
    free parameters are those that the covariance tells. A uniqueness of 0 (a Heywood case) is an estimate on the edge.
    Errors: ModelError for what is neither number nor name, and for a factor without a unit where others have one.
    Source: Joreskog (1969), Psychometrika 34, 183-202; for EM, Rubin & Thayer (1982), Psychometrika 47, 69-76.

    Two factors with two tests each, of which only the covariance is known:

    >>> import emkit as ek
    >>> tests = ek.rows_of_covariance(
    ...     [[1.0, 0.56, 0.24, 0.2], [0.56, 1.0, 0.21, 0.175], [0.24, 0.21, 1.0, 0.3], [0.2, 0.175, 0.3, 1.0]], 200
    ... )
    >>> model = ek.ConfirmatoryFactorModel([[1, 0], ["a", 0], [0, 1], [0, "b"]])
    >>> found = ek.fit(model, tests, model.start(tests.profile), solver="anderson")
    >>> shown = model.standardised(found.params)
    >>> shown.loadings.round(2).tolist(), round(float(shown.correlations[0, 1]), 2), found.free_parameters
    ([[0.8, 0.0], [0.7, 0.0], [0.0, 0.6], [0.0, 0.5]], 0.5, 13)
    """

    def __init__(self, loadings: Any, uniquenesses: Any = None, *, correlated: bool = True) -> None:
        self.loadings, self.uniquenesses, self.correlated = plain(loadings), plain(uniquenesses), correlated
        self.pattern = FactorPattern(self.loadings, self.uniquenesses, correlated)
        self.n_factors, self.letters = self.pattern.numbers.shape[1], self.pattern.letters

    def params(
        self, means: ArrayLike, loadings: ArrayLike, uniquenesses: ArrayLike, factors: ArrayLike
    ) -> ConfirmatoryFactorParams:
        """Parameters of these values."""
        made = UnitFactorParams if self.pattern.unit else ConfirmatoryFactorParams
        first, second, third, fourth = (np.array(each, dtype=np.float64) for each in (means, loadings, uniquenesses, factors))
        return made(first, second, third, fourth)

    @property
    def axis_names(self) -> Mapping[str, Sequence[str]]:
        return {f"letter of {name}": letters for name, letters in self.letters.items()}

    def whole(self, params: ConfirmatoryFactorParams) -> tuple[Array, Array]:
        """All loadings (d, m) and uniquenesses (d,)."""
        return self.pattern.loadings(params.loadings), self.pattern.noise(params.uniquenesses)

    def covariance(self, params: ConfirmatoryFactorParams) -> Array:
        """Of the columns, (d, d)."""
        loadings, noise = self.whole(params)
        return np.asarray(loadings @ params.factors @ loadings.T + np.diag(noise))

    def standardised(self, params: ConfirmatoryFactorParams) -> Standardised:
        """The same where columns and factors have variance 1."""
        (loadings, noise), unit = self.whole(params), np.sqrt(np.diag(params.factors))
        own = np.sqrt(np.diag(self.covariance(params)))
        return Standardised(loadings * unit / own[:, None], noise / own**2, params.factors / np.outer(unit, unit))

    def independent(self, params: ConfirmatoryFactorParams) -> Independent:
        (loadings, noise), root = self.whole(params), _root(params)
        return Independent(params.means, loadings @ root, noise, root)

    def m_step(self, stats: FactorSums, params: ConfirmatoryFactorParams) -> ConfirmatoryFactorParams:
        """All columns regressed on the expected factors at once, each by the precision of its errors; then the rest.

        Names that stand in columns of several precisions are best given these; all else is best altogether. Where there are
        columns without uniqueness (`known_factors.py`), Newton's method goes on from there.
        """
        sums, noise, pattern = _of_these_factors(stats, params), self.whole(params)[1], self.pattern
        known = noise == 0
        letters = self._regressed(sums, params, known)
        loadings = pattern.loadings(letters)
        shift = np.where(known, 0.0, (sums.cross[:, 0] - np.einsum("ja,ja->j", sums.gram[:, 0, 1:], loadings)) / sums.mass)
        squares = np.where(known, 0.0, np.maximum(left_about(sums, np.column_stack([shift, loadings])), 0.0))
        rows = shared(pattern.noise_ties, sums.mass)
        own = np.where(rows > 0, shared(pattern.noise_ties, squares) / np.where(rows > 0, rows, 1.0), params.uniquenesses)
        found = self.params(params.means + shift, letters, own, self._spread(sums, params))
        if not known.any():
            return found
        return climb(lambda now: self.expected(stats, params, now), found, ("",), self.scales(params), self.held(params))

    def _spread(self, sums: FactorSums, params: ConfirmatoryFactorParams) -> Array:
        """The covariance (m, m) of factors, or their correlations, of which no formula tells those of most likelihood."""
        spread, n = sums.total[1:, 1:] / sums.total[0, 0], sums.total[0, 0]
        if not self.correlated:
            return params.factors
        if not self.pattern.unit:
            return np.asarray(spread + spread.T) / 2
        unit = np.sqrt(np.diag(spread))
        start = replace(params, factors=_symmetric(spread / np.outer(unit, unit)))
        return climb(lambda now: _normal(n, n * spread, now.factors), start, ("factors",)).factors

    def _regressed(self, sums: FactorSums, params: ConfirmatoryFactorParams, known: Array) -> Array:
        """Letters (k,) by regression of all columns but those `known` (d,) from their factors, whose letters stay."""
        noise, ties, mass = self.whole(params)[1], self.pattern.ties, sums.mass
        centred = sums.gram[:, 1:, 1:] - sums.gram[:, 1:, :1] * sums.gram[:, :1, 1:] / mass[:, None, None]
        apart = sums.cross[:, 1:] - sums.cross[:, :1] * sums.gram[:, 0, 1:] / mass[:, None]
        free = ~self.pattern.turning & ~ties[known].any(axis=(0, 1))
        letters = params.loadings.copy()
        side = apart - np.einsum("jab,jb->ja", centred, self.pattern.loadings(np.where(free, 0.0, letters)))
        weights = np.where(known, 0.0, 1 / np.where(known, 1.0, noise))
        table = np.einsum("j,jak,jab,jbl->kl", weights, ties[..., free], centred, ties[..., free])
        letters[free] = np.linalg.solve(table, np.einsum("j,jak,ja->k", weights, ties[..., free], side))
        return letters

    def updates(self) -> Mapping[str, Update[FactorSums, ConfirmatoryFactorParams]]:
        raise NotImplementedError("means and loadings are estimated by one regression, so no part of them can be held.")

    def expected(self, stats: FactorSums, before: ConfirmatoryFactorParams, now: ConfirmatoryFactorParams) -> Expected:
        """Columns without uniqueness move the factors along: see `known_factors.py`."""
        given, (old, _), (loadings, noise) = _of_these_factors(stats, before), self.whole(before), self.whole(now)
        known, move, pattern = noise == 0, now.means - before.means, self.pattern
        moved = Moved.along(old[known], loadings[known], before.factors, move[known])
        sums, lines = moved.of(given), np.column_stack([move, loadings])
        weights = np.where(known, 0.0, 1 / np.where(known, 1.0, noise))
        squares, rows = left_about(sums, lines), sums.total[0, 0]
        of_factors = _normal(rows, sums.total[1:, 1:], now.factors)
        value = -0.5 * (sums.mass * np.log(2 * np.pi * noise, where=~known, out=np.zeros_like(noise)) + squares * weights).sum()
        value += of_factors.value + rows * moved.stretch
        along = (sums.cross - np.einsum("jab,jb->ja", sums.gram, lines)) * weights[:, None]
        of_turn = slope_of_turn(given, moved.whole, lines, weights, np.asarray(np.linalg.inv(now.factors), dtype=np.float64))
        along[known, 1:], along[known, 0] = moved.slopes(of_turn, rows)
        slopes = {
            "means": along[:, 0],
            "loadings": shared(pattern.ties, along[:, 1:]),
            "uniquenesses": shared(pattern.noise_ties, np.where(known, 0.0, (squares * weights - sums.mass) * weights / 2)),
            **of_factors.slopes,
        }
        return Expected(float(value), {path: np.asarray(slope) for path, slope in slopes.items()})

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of more free parameters than there are variances and covariances."""
        m, turning = self.n_factors, int(self.pattern.turning.sum())
        spreads = m * (m - 1) // 2 + (0 if self.pattern.unit else m) if self.correlated else 0
        free = sum(map(len, self.letters.values())) - turning + spreads
        warn_of_unknowns(f"{m} factor{'s' * (m != 1)} with these loadings", free, len(profile.columns), "Fix more of them.")
        return self

    def held(self, params: ConfirmatoryFactorParams) -> tuple[str, ...]:
        """Letters that say how factors are turned, where zeros do not; and the covariance of independent factors."""
        turning = tuple(f"loadings[{k}]" for k in np.flatnonzero(self.pattern.turning))
        return turning if self.correlated else (*turning, "factors")

    def scales(self, params: ConfirmatoryFactorParams) -> Mapping[str, Scale]:
        unit = np.sqrt(np.diag(self.covariance(params)))
        each = unit[:, None] / np.sqrt(np.diag(params.factors))
        return {
            "means": Scale(params.means, unit),
            "loadings": Scale(np.zeros(len(params.loadings)), mean_of(self.pattern.ties, each)),
        }

    def start(self, profile: AnyProfile) -> ConfirmatoryFactorParams:
        """Each factor the principal component of what those before leave of its columns; names have the mean of their places.

        Errors: DataError if the data cannot carry the factors.
        """
        return self._started(profile, np.ones_like(self.pattern.numbers))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[ConfirmatoryFactorParams]:
        """The same with each loading shortened at random, for each seed."""
        shape = self.pattern.numbers.shape
        return [self._started(profile, np.random.default_rng(seed).uniform(0.1, 1.0, shape)) for seed in seeds]

    def _started(self, profile: AnyProfile, shares: Array) -> ConfirmatoryFactorParams:
        refuse(profile, self.n_factors, False)
        self._refuse_other_columns(len(profile.columns), "data")
        pattern = self.pattern
        means, variances, left = correlations(profile)
        found, spread = np.zeros_like(pattern.numbers), np.ones(self.n_factors)
        for k, column in enumerate(pattern.numbers.T):
            own = np.flatnonzero(column != 0)
            if not len(own):
                continue
            values, vectors = np.linalg.eigh(left[np.ix_(own, own)])
            main = vectors[:, -1] * np.sqrt(max(values[-1], LEAST_SHARED))
            left[np.ix_(own, own)] -= np.outer(main, main)
            marked = np.flatnonzero(np.nan_to_num(column[own]) != 0)
            best = main * np.sqrt(variances[own]) * shares[own, k]
            given = float(best[marked[0]] / column[own][marked[0]]) if len(marked) and self.correlated else 0.0
            size = given if abs(given) > 0 else np.copysign(1.0, best.sum())
            found[own, k] = best / size
            spread[k] = size**2
        letters, factors = pattern.turned(found, np.diag(spread))
        known = pattern.loadings(letters)
        rest = variances - np.einsum("jk,kl,jl->j", known, factors, known)
        noise = np.clip(rest, LEAST_UNIQUE * variances, MOST_UNIQUE * variances)
        return self.params(means, letters, mean_of(pattern.noise_ties, noise), factors)

    def check(self, params: ConfirmatoryFactorParams, profile: AnyProfile) -> None:
        self._refuse_other_columns(len(profile.columns), "data")
        self._refuse_other_columns(len(params.means), "parameters")
        refuse(profile, self.n_factors, False)
        m = self.n_factors
        wanted = {"loadings": (len(self.letters["loadings"]),), "uniquenesses": (len(self.letters["uniquenesses"]),)}
        for name, shape in {**wanted, "factors": (m, m)}.items():
            if getattr(params, name).shape != shape:
                raise ParameterError(f"{name} have shape {getattr(params, name).shape}; of these letters and factors, {shape}.")
        if not self.correlated and (params.factors != np.eye(m)).any():
            raise ParameterError("factors are independent with variance 1 (correlated=False), so their covariance is 1.")

    def _refuse_other_columns(self, given: int, what: str) -> None:
        if given != len(self.pattern.numbers):
            raise ParameterError(f"the loadings are of {len(self.pattern.numbers)} columns, but the {what} have {given}.")


def _root(params: ConfirmatoryFactorParams) -> Array:
    """The lower triangle R with covariance of factors R R'."""
    return np.asarray(np.linalg.cholesky(params.factors), dtype=np.float64)


def _symmetric(spread: Array) -> Array:
    """The correlations (m, m) but for rounding."""
    found = (spread + spread.T) / 2
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def _normal(rows: float, products: Array, factors: Array) -> Expected:
    """What `products` (m, m) of the factors of so many rows tell of their covariance, without a constant."""
    inverse = np.linalg.inv(factors)
    value = -0.5 * (rows * np.linalg.slogdet(factors)[1] + np.einsum("ab,ab->", inverse, products))
    return Expected(float(value), {"factors": np.asarray(inverse @ products @ inverse - rows * inverse) / 2})


def _of_these_factors(stats: FactorSums, params: ConfirmatoryFactorParams) -> FactorSums:
    """Sums over factors with the covariance of the parameters, from those of independent ones."""
    turn = np.eye(len(stats.total))
    turn[1:, 1:] = _root(params)
    return FactorSums(
        stats.mass, stats.squares, stats.cross @ turn.T, turn @ stats.gram @ turn.T, turn @ stats.total @ turn.T, stats.slopes
    )
