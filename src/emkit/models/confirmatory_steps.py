"""The EM step of confirmatory factor analysis: columns regressed on factors, and how the factors vary with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from emkit.core.arrays import Array
from emkit.core.climb import climb
from emkit.core.expected import Expected
from emkit.core.protocols import Update
from emkit.core.spaces.semidefinite import slope_of
from emkit.models.confirmatory_params import ConfirmatoryFactorParams
from emkit.models.factor_pattern import FactorPattern
from emkit.models.factor_sums import FactorSums, left_about
from emkit.models.known_factors import Moved, slope_of_turn
from emkit.models.of_factors import Independent, OfFactors
from emkit.models.ties import shared

SINGULAR = 1e-10  # of the largest singular value: a direction along which regressions tell nothing


class ConfirmatorySteps(OfFactors[ConfirmatoryFactorParams]):
    """Links of the M-step, and the expected log-likelihood, of factors whose `pattern` is known.

    Sums are over independent factors g, of which the factors are a root times g. As long as factors have a covariance with an
    inverse, they are what is hidden, and that covariance is estimated from what is expected of them. Where one is a sum of
    others, that would never change which; so there g are what is hidden, and the root says what factors are: what it does to
    the columns is told by these (`tilts`).
    """

    pattern: FactorPattern
    correlated: bool

    def whole(self, params: ConfirmatoryFactorParams) -> tuple[Array, Array]:
        """All loadings (d, m) and uniquenesses (d,)."""
        return self.pattern.loadings(params.loadings), self.pattern.noise(params.uniquenesses)

    def independent(self, params: ConfirmatoryFactorParams) -> Independent:
        loadings, noise = self.whole(params)
        return Independent(params.means, loadings @ params.root, noise, params.root)

    def m_step(self, stats: FactorSums, params: ConfirmatoryFactorParams) -> ConfirmatoryFactorParams:
        """All columns regressed on the expected factors at once, each by the precision of its errors; then the rest.

        Names that stand in columns of several precisions are best given these; all else is best altogether. Where there are
        columns without uniqueness (`known_factors.py`), or factors that are sums of others, Newton's method goes on from there.
        """
        sums, known = _of_these_factors(stats, params), self.whole(params)[1] == 0
        letters, factors = self._regressed(sums, params, known), self._spread(sums, params)
        found = self._completed(stats, params, replace(params, loadings=letters, factors=factors))
        if known.any():
            return climb(lambda now: self.expected(stats, params, now), found, ("",), self.scales(params), self.held(params))
        if not params.tilts or not self._leans(params):
            return found

        def height(now: ConfirmatoryFactorParams) -> Expected:
            return self.expected(stats, params, self._completed(stats, params, now))

        found = climb(height, found, ("loadings", "factors"), self.scales(params), self.held(params))
        return self._completed(stats, params, found)

    def _root(self, before: ConfirmatoryFactorParams, now: ConfirmatoryFactorParams) -> Array:
        """What makes factors (m, m) of independent ones that are hidden."""
        return now.root if before.tilts else before.root

    def _completed(
        self, stats: FactorSums, before: ConfirmatoryFactorParams, now: ConfirmatoryFactorParams
    ) -> ConfirmatoryFactorParams:
        """The parameters `now` with the best means and uniquenesses given the rest; those of columns without any stay."""
        known, slopes, ties = self.whole(before)[1] == 0, self.whole(now)[0] @ self._root(before, now), self.pattern.noise_ties
        shift = np.where(known, 0.0, (stats.cross[:, 0] - np.einsum("ja,ja->j", stats.gram[:, 0, 1:], slopes)) / stats.mass)
        squares = np.where(known, 0.0, np.maximum(left_about(stats, np.column_stack([shift, slopes])), 0.0))
        rows = shared(ties, stats.mass)
        own = np.where(rows > 0, shared(ties, squares) / np.where(rows > 0, rows, 1.0), before.uniquenesses)
        return replace(now, means=before.means + shift, uniquenesses=own)

    def _leans(self, params: ConfirmatoryFactorParams) -> bool:
        """Whether any factor is a sum that may change: of variance 1, one is not that is one and the same as another."""
        return not self.pattern.unit or not np.isin(np.abs(params.root), (0.0, 1.0)).all()

    def _spread(self, sums: FactorSums, params: ConfirmatoryFactorParams) -> Array:
        """The covariance (m, m) of factors, or their correlations, of which no formula tells those of most likelihood."""
        n = sums.total[0, 0]
        spread = np.where(self.pattern.apart, 0.0, sums.total[1:, 1:] / n)
        if not self.correlated or params.tilts:
            return params.factors
        if not self.pattern.unit:
            return _symmetric(spread)
        unit = np.sqrt(np.diag(spread))
        start = _symmetric(spread / np.outer(unit, unit))
        np.fill_diagonal(start, 1.0)
        begun = replace(params, factors=start)
        return climb(lambda now: _normal(n, n * spread, now.factors), begun, ("factors",), still=self.apart).factors

    @property
    def apart(self) -> tuple[str, ...]:
        """The places of covariances that are 0 for certain."""
        return tuple(f"factors[{i}, {j}]" for i, j in np.argwhere(self.pattern.apart).tolist())

    def _regressed(self, sums: FactorSums, params: ConfirmatoryFactorParams, known: Array) -> Array:
        """Letters (k,) by regression of all columns but those `known` (d,) from their factors, whose letters stay.

        Of letters that no regression tells apart, since factors are sums of others, the change is as small as can be.
        """
        noise, ties, mass = self.whole(params)[1], self.pattern.ties, sums.mass
        centred = sums.gram[:, 1:, 1:] - sums.gram[:, 1:, :1] * sums.gram[:, :1, 1:] / mass[:, None, None]
        apart = sums.cross[:, 1:] - sums.cross[:, :1] * sums.gram[:, 0, 1:] / mass[:, None]
        free = ~self.pattern.turning & ~ties[known].any(axis=(0, 1))
        letters = params.loadings.copy()
        left = letters if params.tilts else np.where(free, 0.0, letters)
        side = apart - np.einsum("jab,jb->ja", centred, self.pattern.loadings(left))
        weights = np.where(known, 0.0, 1 / np.where(known, 1.0, noise))
        table = np.einsum("j,jak,jab,jbl->kl", weights, ties[..., free], centred, ties[..., free])
        wanted = np.einsum("j,jak,ja->k", weights, ties[..., free], side)
        letters[free] = letters[free] + _least(table, wanted) if params.tilts else np.linalg.solve(table, wanted)
        return letters

    def updates(self) -> Mapping[str, Update[FactorSums, ConfirmatoryFactorParams]]:
        raise NotImplementedError("means and loadings are estimated by one regression, so no part of them can be held.")

    def expected(self, stats: FactorSums, before: ConfirmatoryFactorParams, now: ConfirmatoryFactorParams) -> Expected:
        """Columns without uniqueness move the factors along: see `known_factors.py`."""
        (old, _), (loadings, noise) = self.whole(before), self.whole(now)
        root = self._root(before, now)
        known, move, rows = noise == 0, now.means - before.means, stats.total[0, 0]
        lines = np.column_stack([move, loadings @ root])
        moved = Moved.along(old[known] @ before.root, lines[known, 1:], move[known])
        sums = moved.of(stats)
        weights = np.where(known, 0.0, 1 / np.where(known, 1.0, noise))
        squares = left_about(sums, lines)
        hidden, covariance = (np.eye(len(root)), np.eye(len(root))) if before.tilts else (root, now.factors)
        of_factors = _normal(rows, hidden @ sums.total[1:, 1:] @ hidden.T, covariance)
        value = -0.5 * (sums.mass * np.log(2 * np.pi * noise, where=~known, out=np.zeros_like(noise)) + squares * weights).sum()
        value += of_factors.value + rows * moved.stretch
        along = (sums.cross - np.einsum("jab,jb->ja", sums.gram, lines)) * weights[:, None]
        inverse = np.asarray(hidden.T @ np.linalg.solve(covariance, hidden))
        of_turn = slope_of_turn(stats, moved.whole, lines, weights, inverse)
        along[known, 1:], along[known, 0] = moved.slopes(of_turn, rows)
        of_noise = np.where(known, 0.0, (squares * weights - sums.mass) * weights / 2)
        slopes = {
            "means": along[:, 0],
            "loadings": shared(self.pattern.ties, along[:, 1:] @ root.T),
            "uniquenesses": shared(self.pattern.noise_ties, of_noise),
            "factors": slope_of(root, loadings.T @ along[:, 1:]) if before.tilts else of_factors.slopes["factors"],
        }
        return Expected(float(value), {path: np.asarray(slope) for path, slope in slopes.items()})


def _least(table: Array, wanted: Array) -> Array:
    """The least solution (k,) of table (k, k) x = wanted, in units in which the diagonal is 1."""
    unit = np.sqrt(np.diag(table))
    unit = np.where(unit > 0, unit, 1.0)
    found = np.linalg.lstsq(table / np.outer(unit, unit), wanted / unit, rcond=SINGULAR)[0]
    return np.asarray(found / unit)


def _symmetric(matrix: Array) -> Array:
    return np.asarray((matrix + matrix.T) / 2)


def _normal(rows: float, products: Array, factors: Array) -> Expected:
    """What `products` (m, m) of the factors of so many rows tell of their covariance, without a constant."""
    inverse = np.linalg.inv(factors)
    value = -0.5 * (rows * np.linalg.slogdet(factors)[1] + np.einsum("ab,ab->", inverse, products))
    return Expected(float(value), {"factors": np.asarray(inverse @ products @ inverse - rows * inverse) / 2})


def _of_these_factors(stats: FactorSums, params: ConfirmatoryFactorParams) -> FactorSums:
    """Sums over factors with the covariance of the parameters, from those of independent ones."""
    turn = np.eye(len(stats.total))
    turn[1:, 1:] = params.root
    return replace(stats, cross=stats.cross @ turn.T, gram=turn @ stats.gram @ turn.T, total=turn @ stats.total @ turn.T)
