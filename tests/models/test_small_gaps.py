"""A multivariate normal with missing cells in some fifty lines, on the contract alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.core.coordinates import Scale
from emkit.inference.differences import curvature_steps, hessian, jacobian

Array = np.ndarray
NAN = np.nan
# Murray (1977), discussion of Dempster, Laird & Rubin, J. R. Statist. Soc. B 39, 27: two maxima with a saddle between them
MURRAY = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1], *[[2, NAN]] * 2, *[[-2, NAN]] * 2, *[[NAN, 2]] * 2, *[[NAN, -2]] * 2])


@dataclass(frozen=True, eq=False)
class NormalParams(ek.Parameters):
    """`mean` (d,) and `covariance` (d, d), in the units of the data and their squares."""

    mean: Annotated[ek.Array, ek.Real(), ek.Axes("column", coupled=("column",))]
    covariance: Annotated[ek.Array, ek.PositiveDefinite(), ek.Axes("column", "column")]


@dataclass(frozen=True)
class Sums(ek.Additive):
    """Expected sums about the mean of the E-step: `mass`, `shift` (d,), `scatter` (d, d)."""

    mass: float
    shift: Array
    scatter: Array


class NormalWithGaps(ek.LatentModel[NormalParams, Sums]):
    """Rows from one normal distribution; a cell that is missing (NaN) is what is latent."""

    admits_gaps = True

    def e_step(self, params: NormalParams, chunk: ek.Chunk) -> ek.Expectation[Sums]:
        d, log_likelihood = len(params.mean), 0.0
        shift, scatter = np.zeros(d), np.zeros((d, d))
        gaps = np.isnan(chunk.x)
        for gap in np.unique(gaps, axis=0):
            rows, seen = (gaps == gap).all(axis=1), ~gap
            w, away = chunk.weights[rows], chunk.x[rows] - params.mean
            inverse = np.linalg.inv(params.covariance[np.ix_(seen, seen)])
            onto = params.covariance[:, seen] @ inverse  # the regression of all cells on those seen; these on themselves
            filled = away[:, seen] @ onto.T
            shift += w @ filled
            rest = params.covariance - onto @ params.covariance[seen]  # what is left of the covariance of those not seen
            scatter += (filled * w[:, None]).T @ filled + w.sum() * rest
            squares = np.einsum("ni,ij,nj->n", away[:, seen], inverse, away[:, seen])
            log_likelihood -= 0.5 * (w @ squares + w.sum() * (seen.sum() * np.log(2 * np.pi) - np.linalg.slogdet(inverse)[1]))
        return ek.Expectation(Sums(chunk.total_weight, shift, scatter), float(log_likelihood), chunk.total_weight)

    def updates(self) -> Mapping[str, Any]:
        return {
            "mean": lambda s, before, now: before.mean + s.shift / s.mass,
            "covariance": lambda s, before, now: _about(s, before, now) / s.mass,
        }

    def expected(self, stats: Sums, before: NormalParams, now: NormalParams) -> ek.Expected:
        precision, about = np.linalg.inv(now.covariance), _about(stats, before, now)
        value = -0.5 * (stats.mass * np.linalg.slogdet(now.covariance)[1] + np.trace(precision @ about))
        of_covariance = (precision @ about @ precision - stats.mass * precision) / 2
        of_mean = precision @ (stats.shift - stats.mass * (now.mean - before.mean))
        return ek.Expected(float(value), {"mean": of_mean, "covariance": (of_covariance + of_covariance.T) / 2})

    def starts(self, profile: Any, n_components: int, seeds: Iterable[int]) -> list[NormalParams]:
        """Midranges, and variances of a quarter of the ranges with correlations at random: gaps or not, these are known."""
        middle, spread = (profile.least + profile.highest) / 2, np.maximum(profile.highest - profile.least, 1e-9) / 4
        loadings = [np.random.default_rng(seed).uniform(-0.7, 0.7, len(middle)) for seed in seeds]
        shapes = [np.outer(r, r) + np.diag(1 - r**2) for r in loadings]
        return [NormalParams(middle, shape * np.outer(spread, spread)) for shape in shapes]

    def scales(self, params: NormalParams) -> Mapping[str, Scale]:
        """Means are counted in standard deviations, from where they are: a saddle is then one in every unit."""
        unit = np.sqrt(np.diag(params.covariance))
        return {"mean": Scale(params.mean, unit), "covariance": Scale(np.zeros(()), np.outer(unit, unit))}


def _about(s: Sums, before: NormalParams, now: NormalParams) -> Array:
    """The scatter (d, d) about the mean `now`."""
    move = now.mean - before.mean
    half = s.scatter / 2 - np.outer(move, s.shift - s.mass / 2 * move)
    return half + half.T


MODEL = NormalWithGaps()
SADDLE = NormalParams([0.0, 0.0], [[2.5, 0.0], [0.0, 2.5]])


def tilted(correlation: float) -> NormalParams:
    return NormalParams([0.0, 0.0], 2.5 * np.array([[1.0, correlation], [correlation, 1.0]]))


@pytest.mark.parametrize("side", [1, -1])
def test_both_maxima_are_those_of_the_reference(side):
    result = ek.fit(MODEL, MURRAY, tilted(0.1 * side), solver="anderson", tol=1e-13)
    assert result.log_likelihood == pytest.approx(-29.974286410465, abs=1e-9)
    np.testing.assert_allclose(result.params.covariance, [[8 / 3, side * 4 / 3], [side * 4 / 3, 8 / 3]], atol=1e-5)


@pytest.mark.parametrize("solver", ["plain", "squarem", "anderson"])
def test_the_point_between_them_is_called_a_saddle(solver):
    result = ek.fit(MODEL, MURRAY, SADDLE, solver=solver, max_evaluations=200, escape=False)
    assert result.outcome.name == "STATIONARY_SADDLE"
    assert result.log_likelihood == pytest.approx(-30.033342386268, abs=1e-9)
    assert "covariance[1, 0]" in result.outcome.sentence
    assert result.outcome.sentence.endswith("run away upwards. Start from another point.")  # it has no components


@pytest.mark.parametrize("solver", ["plain", "squarem", "anderson"])
def test_a_run_that_comes_to_it_goes_on_to_one_of_the_maxima(solver):
    result = ek.fit(MODEL, MURRAY, SADDLE, solver=solver)
    assert result.converged
    assert result.log_likelihood == pytest.approx(-29.974286410465, abs=1e-9)
    assert result.outcome.sentence.endswith("On the way it left a saddle (objective -30.03334239).")


def test_plain_em_is_still_on_it_after_200_steps():
    em = ek.EMMap(MODEL, ek.ArraySource(MURRAY), SADDLE)
    steps = ek.iterate(em, SADDLE, ek.solvers.Plain())
    last = [step.here for _, step in zip(range(201), steps, strict=False)][-1]
    assert last.log_likelihood == pytest.approx(-30.033342386268, abs=1e-9)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_it_is_a_saddle_in_every_unit(unit):
    start = NormalParams([0.0, 0.0], unit**2 * SADDLE.covariance)
    assert ek.fit(MODEL, unit * MURRAY, start, escape=False).outcome.name == "STATIONARY_SADDLE"


def direct(params: NormalParams, x: Array) -> float:
    """The log-likelihood of the cells that were seen, row by row, by SciPy."""
    rows = [(row[~np.isnan(row)], ~np.isnan(row)) for row in x]
    return sum(
        float(multivariate_normal.logpdf(row, params.mean[seen], params.covariance[np.ix_(seen, seen)])) for row, seen in rows
    )


@pytest.fixture(scope="module")
def table() -> Array:
    """60 rows of three columns, of which a fifth of the cells is missing at random."""
    rng = np.random.default_rng(0)
    x = rng.multivariate_normal([1, 2, 3], [[2, 1, 0], [1, 3, 1], [0, 1, 1]], 60)
    x[rng.random(x.shape) < 0.2] = np.nan
    return x[~np.isnan(x).all(axis=1)]


@pytest.fixture(scope="module")
def fitted(table):
    return ek.fit(MODEL, table, NormalParams([0.0] * 3, np.eye(3)), solver="anderson", tol=1e-12)


def by_differences(result: ek.Result, x: Array) -> Array:
    """Standard errors of all entries from second differences of `direct`."""
    coordinates = MODEL.coordinates(result.params)
    there = coordinates.pack(result.params)
    height = lambda v: direct(coordinates.unpack(v, result.params), x)  # noqa: E731
    entries = lambda v: coordinates.entries(coordinates.unpack(v, result.params))  # noqa: E731
    covariance = np.linalg.inv(-hessian(height, there, curvature_steps(height, there)))
    slope = jacobian(entries, there, np.full(len(there), 1e-3))
    return np.sqrt(np.diag(slope @ covariance @ slope.T))


def test_likelihood_and_standard_errors_are_those_of_the_cells_that_were_seen(table, fitted):
    assert fitted.log_likelihood == pytest.approx(direct(fitted.params, table), rel=1e-12)
    np.testing.assert_allclose(fitted.standard_errors().errors, by_differences(fitted, table), rtol=1e-5)


def test_standard_errors_at_a_maximum_of_murray_are_those_of_differences():
    result = ek.fit(MODEL, MURRAY, tilted(0.1), solver="anderson", tol=1e-13)
    np.testing.assert_allclose(result.standard_errors().errors, by_differences(result, MURRAY), rtol=1e-5)


def test_without_gaps_one_step_is_the_closed_form():
    x = np.random.default_rng(1).normal(size=(20, 2))
    step = ek.EMMap(MODEL, ek.ArraySource(x), SADDLE)(SADDLE).update
    np.testing.assert_allclose(step.mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(step.covariance, np.cov(x.T, bias=True), rtol=1e-12)


def test_a_row_of_weight_two_is_there_twice(table, fitted):
    weights = np.where(np.arange(len(table)) < 9, 2.0, 1.0)
    one = ek.EMMap(MODEL, ek.ArraySource(table, weights), fitted.params)(fitted.params)
    other = ek.EMMap(MODEL, ek.ArraySource(np.concatenate([table, table[:9]])), fitted.params)(fitted.params)
    assert one.objective == pytest.approx(other.objective, rel=1e-12)
    np.testing.assert_allclose(one.update.covariance, other.update.covariance, rtol=1e-12)


def test_a_mean_is_held_as_a_whole_or_not_at_all(table, fitted):
    held = ek.fit(ek.Frozen(MODEL, "mean"), table, NormalParams([1.0, 2.0, 3.0], np.eye(3)), solver="squarem")
    assert held.params.mean.tolist() == [1.0, 2.0, 3.0]
    assert held.free_parameters == 6
    assert held.log_likelihood < fitted.log_likelihood
    coordinates = held.model.coordinates(held.params)
    height = lambda v: np.array([direct(coordinates.unpack(v, held.params), table)])  # noqa: E731
    there = coordinates.pack(held.params)
    np.testing.assert_allclose(jacobian(height, there, np.full(len(there), 1e-2)), 0.0, atol=1e-3)
    with pytest.raises(ek.ModelError, match=r"mean\[0\] cannot be held alone: along the column axis"):
        ek.fit(ek.Frozen(MODEL, "mean[0]"), table, fitted.params)


@dataclass(frozen=True, eq=False)
class UncoupledParams(ek.Parameters):
    """`NormalParams` that do not say that the means depend on each other."""

    mean: Annotated[ek.Array, ek.Real(), ek.Axes("column")]
    covariance: Annotated[ek.Array, ek.PositiveDefinite(), ek.Axes("column", "column")]


def test_check_model_finds_an_axis_that_should_be_called_coupled(table, fitted):
    params = UncoupledParams(fitted.params.mean, fitted.params.covariance)
    with pytest.raises(ek.ModelError, match=r"updates\(\)\['mean'\] is wrong"):
        ek.check_model(ek.Frozen(MODEL, "mean[0]"), table, params)


class ForgetsTheSpread(NormalWithGaps):
    """Fills gaps in as if what stands there were certain, without the conditional covariance: the classic mistake."""

    def e_step(self, params, chunk):
        right = super().e_step(params, chunk)
        mass, shift, scatter = right.statistics.mass, right.statistics.shift, right.statistics.scatter
        for row, weight in zip(chunk.x, chunk.weights, strict=True):
            seen = ~np.isnan(row)
            onto = params.covariance[:, seen] @ np.linalg.inv(params.covariance[np.ix_(seen, seen)])
            scatter = scatter - weight * (params.covariance - onto @ params.covariance[seen])
        return ek.Expectation(Sums(mass, shift, scatter), right.log_likelihood, right.rows)


class Unbiased(NormalWithGaps):
    """Divides by one row less."""

    def updates(self):
        return {**super().updates(), "covariance": lambda s, before, now: _about(s, before, now) / (s.mass - 1)}


def test_check_model_passes_and_names_what_is_wrong(table, fitted):
    ek.check_model(MODEL, table, fitted.params)
    ek.check_model(ek.Frozen(MODEL, "covariance"), table, fitted.params)
    with pytest.raises(ek.ModelError, match=r"ForgetsTheSpread\.e_step is wrong"):
        ek.check_model(ForgetsTheSpread(), table, fitted.params)
    with pytest.raises(ek.ModelError, match=r"Unbiased\.updates\(\)\['covariance'\] is wrong"):
        ek.check_model(Unbiased(), table, fitted.params)


def test_a_model_that_admits_no_gaps_names_the_first():
    start = ek.MixtureParams([1.0], ek.MultinomialParams([[0.5, 0.5]]))
    with pytest.raises(ek.DataError, match="row 4, column 'x1' is nan; every value must be a finite number"):
        ek.fit(ek.Mixture(ek.Multinomial()), MURRAY, start)


def test_the_model_of_the_library_is_the_same(table, fitted):
    family = ek.FullGaussian()
    start = ek.MixtureParams([1.0], family.pooled(ek.ArraySource(np.nan_to_num(table)).profile, 1))
    found = ek.fit(ek.Mixture(family), table, start, solver="anderson", tol=1e-12)
    assert found.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(found.params.components.covariances[0], fitted.params.covariance, rtol=1e-4)


def test_starts_of_the_model_lead_to_both_maxima_and_never_to_the_saddle():
    starts = MODEL.starts(ek.ArraySource(MURRAY).profile, 1, range(6))
    result = ek.fit(MODEL, MURRAY, starts, solver="anderson")
    assert [run.objective for run in result.runs.runs] == pytest.approx([-29.974286410465] * 6, abs=1e-7)
    assert {np.sign(run.params.covariance[0, 1]) for run in result.runs.runs} == {-1.0, 1.0}
