"""Normal columns in words. Sums are taken about each component's mean before the step, as the model itself takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import get_at
from emkit.families.description import Columns, Description, Estimate, Reason, Total, Word
from emkit.families.gaussian.normal import Moments
from emkit.formulas.expressions import TWO, Expression, Given, Less, Power, Product, Quotient, Sum
from emkit.formulas.numerals import plain, significant

SHOWN_COLUMNS = 2
MEANS = {"means": Word("mean", "mu", 0.0)}
VARIANCES = {"variances": Word("variance", "v", 1.0)}
HALF_SQUARE = "1/2 ({row} - mu_k)^T Sigma_k^(-1) ({row} - mu_k)"
MEAN = (
    Reason(
        "For the mean: the derivative of the squared distances. It is 0 where the deviations of the rows, each counted by its "
        "responsibility, cancel, whatever the covariance.",
        ("Sigma_k^(-1) sum_{i} {share} ({row} - mu_k) = 0",),
    ),
    Reason("Solved: the weighted mean of the rows.", ("mu_k = sum_{i} {share} {row} / (sum_{i} {share})",), "means"),
)
SPREAD = Reason(
    "For the covariance: with that mean in place, the derivative by the inverse of the covariance. It is 0 where the "
    "covariance is that of the rows.",
    ("sum_{i} {share} [Sigma_k - ({row} - mu_k) ({row} - mu_k)^T] = 0",),
)
SOLVED = (
    "Solved: the weighted mean of squares and products of deviations from the new mean.",
    ("Sigma_k = sum_{i} {share} ({row} - mu_k) ({row} - mu_k)^T / (sum_{i} {share})",),
)
WRITTEN_OUT = "{{s{entry}}} = {{u{entry}}} = {{v{entry}}}"  # by sums about the means before the step, as the table has them
ABOUT_OLD = " Sums are taken about the means before the step; what these move by is taken off."
OF_ONE_VARIANCE = (
    Reason(
        "The density of a row is normal, and there is no covariance between columns. Its logarithm is a sum over the columns. "
        "Of one of them: a constant, less half the logarithm of the variance, less half the squared deviation over it.",
        ("= argmax_theta sum_{i} sum_k {share} [-1/2 {log} v_k - ({row} - mu_k)^2 / (2 v_k)]",),
    ),
    Reason(
        "For the mean: the derivative of the squared deviations. It is 0 where the deviations of the rows, each counted by its "
        "responsibility, cancel, whatever the variance.",
        ("sum_{i} {share} ({row} - mu_k) / v_k = 0",),
    ),
    MEAN[1],
)
COLUMNS_SPREAD = (
    Reason(
        "For the variance: with that mean in place, the derivative by the inverse of the variance. It is 0 where the variance "
        "is that of the rows.",
        ("sum_{i} {share} [v_k - ({row} - mu_k)^2] = 0",),
    ),
    Reason(
        "Solved, column by column: the weighted mean of squared deviations from the new mean.",
        ("v_k = sum_{i} {share} ({row} - mu_k)^2 / (sum_{i} {share})",),
        "variances",
    ),
)
ROUND_SPREAD = (
    Reason(
        "For the variance: with that mean in place, the derivative by the inverse of the variance, which all d columns share. "
        "It is 0 where the variance is that of the rows in all columns together.",
        ("sum_{i} {share} [d v_k - ({row} - mu_k)^T ({row} - mu_k)] = 0",),
    ),
    Reason(
        "Solved: the weighted mean of squared deviations from the new mean, over rows and columns." + ABOUT_OLD,
        ("v_k = sum_{i} {share} ({row} - mu_k)^T ({row} - mu_k) / (d sum_{i} {share})",),
        "variances",
        WRITTEN_OUT,
    ),
)
SHARED_SPREAD = (
    Reason(
        "For the covariance, which all components share: with those means in place, the derivative by its inverse. It is a sum "
        "over the components, too, and 0 where the covariance is that of all rows about the means of their components.",
        ("sum_{i} sum_k {share} [Sigma - ({row} - mu_k) ({row} - mu_k)^T] = 0",),
    ),
    Reason(
        "Solved: every row counts once, in shares, so that the number of rows n is below the line." + ABOUT_OLD,
        ("Sigma = sum_{i} sum_k {share} ({row} - mu_k) ({row} - mu_k)^T / n",),
        "covariance",
        WRITTEN_OUT,
    ),
)
LOGARITHM = Reason(
    "The density of a row is normal. Its logarithm is a constant, less half the logarithm of the determinant of the "
    "covariance, less half the squared distance from the mean, measured in that covariance.",
    ("= argmax_theta sum_{i} sum_k {share} [-1/2 {log} det Sigma_k - " + HALF_SQUARE + "]",),
)


def _of_all(reason: Reason) -> Reason:
    """A reason with one covariance for all components."""
    return replace(reason, formulas=tuple(formula.replace("Sigma_k", "Sigma") for formula in reason.formulas))


Entry = tuple[tuple[int, ...], tuple[int, ...], Array]  # index without the component, columns, sums (K,), or (1,) for all


@dataclass(frozen=True)
class OwnMatrix(Description):
    """mean = old mean + deviations / rows; variance = squares / rows - (how far the mean moved)^2: a matrix for each component.

    `field` is where among the parameters the variances are.
    """

    field: str = "covariances"
    reasons: tuple[Reason, ...] = (LOGARITHM, *MEAN, SPREAD, Reason(*SOLVED, "covariances"))

    @property
    def formula(self) -> str:
        return f"N(x; mean, {self.field.rstrip('s')})"

    @property
    def by_hand(self) -> Columns:
        return Columns(field="means", parameter="mean", spread=self.field)

    def density(self, params: Any, k: int, x: Array, value: Callable[[], float]) -> str:
        means = params.means[k]
        if len(x) == 1:
            spread = float(np.resize(get_at(params, self.field), k + 1)[k])  # the same for all, or one for each
            return f"N({plain(x[0])}; {plain(means[0])}, {plain(spread)})"
        if len(x) > SHOWN_COLUMNS:
            return super().density(params, k, x, value)
        seen, covariance = ~np.isnan(x), self.covariances(params)[k]  # the density of a row is that of the cells seen
        if seen.sum() == 1:
            return f"N({plain(x[seen][0])}; {plain(means[seen][0])}, {plain(covariance[seen, seen][0])})"
        point, centre, *rows = (", ".join(map(plain, row)) for row in (x[seen], means[seen], *covariance[seen][:, seen]))
        return f"N([{point}]; [{centre}], [{'; '.join(rows)}])"

    def totals(self, stats: Moments, params: Any) -> Iterator[Total]:
        yield from (Total("deviations", shift, (j,)) for j, shift in enumerate(stats.shift.T))
        for _, columns, sums in self.entries(stats.scatter):
            yield Total(_called(columns), sums, columns, shared=self.shared)

    def estimates(self, stats: Moments, before: Any, after: Any) -> Iterator[Estimate]:
        present, move = np.flatnonzero(stats.mass > 0).tolist(), after.means - before.means
        for k in present:
            for j, old in enumerate(before.means[k]):
                shift = Quotient(Given("deviations", float(stats.shift[k, j])), _rows(stats.mass[k]))
                yield Estimate("means", (k, j), Sum((Given("old mean", float(old)), shift)))
        for k in (0,) if self.shared else present:
            for index, columns, sums in self.entries(stats.scatter):
                total = Given(_called(columns), float(sums[k]))
                entry = index if self.shared else (k, *index)
                yield Estimate(self.field, entry, self.variance(total, columns, k, stats.mass, move))

    def write(self, name: str, value: float) -> str:
        if name == "old mean":
            return f"{value:.5g}"
        first = name in ("squares", "products")  # these stand before any operator
        return significant(value, 5) if first else super().write(name, value)

    @property
    def shared(self) -> bool:
        """Whether all components have the same variances."""
        return False

    def entries(self, scatter: Array) -> Iterator[Entry]:
        """The entries of the variances."""
        for a, b in zip(*np.tril_indices(scatter.shape[-1]), strict=True):
            yield (int(a), int(b)), (int(a),) if a == b else (int(b), int(a)), scatter[..., a, b].reshape(-1)

    def variance(self, total: Given, columns: tuple[int, ...], k: int, mass: Array, move: Array) -> Expression:
        """The variance about the new mean, or the covariance of two columns, from a sum about the old mean."""
        moves = [Given("move", float(move[k, j])) for j in columns]
        away = Power(moves[0], TWO) if len(moves) == 1 else Product((("one", moves[1]), ("other", moves[0])))
        return Less(Quotient(total, _rows(mass[k])), away)

    def covariances(self, params: Any) -> Array:
        return np.asarray(params.covariances)


@dataclass(frozen=True)
class OwnColumns(OwnMatrix):
    """A variance for every component and column."""

    field: str = "variances"
    reasons: tuple[Reason, ...] = (*OF_ONE_VARIANCE, *COLUMNS_SPREAD)

    def entries(self, scatter: Array) -> Iterator[Entry]:
        yield from (((j,), (j,), sums) for j, sums in enumerate(scatter.T))

    def covariances(self, params: Any) -> Array:
        return np.stack([np.diag(row) for row in params.variances])


@dataclass(frozen=True)
class SharedMatrix(OwnMatrix):
    """One covariance matrix for all components: its sums run over them, too."""

    field: str = "covariance"
    reasons: tuple[Reason, ...] = (*map(_of_all, (LOGARITHM, *MEAN)), *SHARED_SPREAD)

    @property
    def shared(self) -> bool:
        return True

    @property
    def by_hand(self) -> Columns:
        return replace(super().by_hand, spread="")

    def variance(self, total: Given, columns: tuple[int, ...], k: int, mass: Array, move: Array) -> Expression:
        away = float(mass @ (move[:, columns[0]] * move[:, columns[-1]]))
        rows = _rows(mass.sum())
        return Less(Quotient(total, rows), Quotient(Given("sum of rows_k * move_k^2", away), rows))

    def covariances(self, params: Any) -> Array:
        return np.broadcast_to(params.covariance, (len(params.means), *params.covariance.shape))


@dataclass(frozen=True)
class Round(OwnMatrix):
    """One variance for all columns of a component."""

    field: str = "variances"
    reasons: tuple[Reason, ...] = (*OF_ONE_VARIANCE, *ROUND_SPREAD)

    @property
    def by_hand(self) -> Columns:
        return replace(super().by_hand, spread="")

    def entries(self, scatter: Array) -> Iterator[Entry]:
        yield (), (), scatter

    def variance(self, total: Given, columns: tuple[int, ...], k: int, mass: Array, move: Array) -> Expression:
        d, way = move.shape[1], float(np.sqrt((move[k] ** 2).mean()))
        rows = _rows(mass[k])
        by = rows if d == 1 else Product((("rows", rows), ("columns", Given("columns", d))))
        return Less(Quotient(total, by), Power(Given("move" if d == 1 else "mean move", way), TWO))

    def covariances(self, params: Any) -> Array:
        return np.asarray(params.variances[:, None, None] * np.eye(params.means.shape[1]))


def _rows(mass: Array) -> Given:
    return Given("rows", float(mass))


def _called(columns: tuple[int, ...]) -> str:
    return "products" if len(columns) == 2 else "squares"
