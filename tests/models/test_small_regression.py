"""A mixture of two regression lines, and one with a slope in common: a family in some forty lines, on the contract alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from scipy.optimize import minimize

import emkit as ek
from emkit.families import Family
from emkit.inference.differences import curvature_steps, hessian

Array = np.ndarray
DATA = Path(__file__).parents[1] / "oracles" / "data" / "nodata.csv"


@dataclass(frozen=True, eq=False)
class LineParams(ek.Parameters):
    """`coefficients` (K, p): intercept and slopes; `variances` (K,) about the lines."""

    coefficients: Annotated[ek.Array, ek.Real(), ek.Axes("component", "covariate", coupled=("covariate",))]
    variances: Annotated[ek.Array, ek.Positive(), ek.Axes("component")]


@dataclass(frozen=True)
class LineSums(ek.Additive):
    """Weighted sums over the rows of each component: `mass` (K,), `zz` (K, p, p), `zy` (K, p), `yy` (K,), with z = (1, x)."""

    mass: Array
    zz: Array
    zy: Array
    yy: Array


@dataclass(frozen=True)
class Lines(Family[LineParams, LineSums]):
    """The last column is normal about a line in the others: y = z' b_k + noise, z = (1, x)."""

    name = "lines"

    def log_density(self, params: LineParams, x: Array) -> Array:
        z, y = _split(x)
        away = y[:, None] - z @ params.coefficients.T
        return -0.5 * (away**2 / params.variances + np.log(2 * np.pi * params.variances))

    def statistics(self, params: LineParams, x: Array, weights: Array) -> LineSums:
        z, y = _split(x)
        zz = np.einsum("nk,ni,nj->kij", weights, z, z)
        return LineSums(weights.sum(axis=0), zz, weights.T @ (z * y[:, None]), weights.T @ y**2)

    def updates(self) -> dict[str, Any]:
        return {"coefficients": self._coefficients, "variances": self._variances}

    def _coefficients(self, s: LineSums, before: LineParams, now: LineParams) -> Array:
        """Weighted least squares, component by component."""
        return np.linalg.solve(s.zz, s.zy[:, :, None])[:, :, 0]

    def _variances(self, s: LineSums, before: LineParams, now: LineParams) -> Array:
        """The weighted mean of the squares about the lines `now`."""
        return _squares(s, now.coefficients) / s.mass

    def expected(self, s: LineSums, before: LineParams, now: LineParams) -> ek.Expected:
        squares, v = _squares(s, now.coefficients), now.variances
        of_coefficients = (s.zy - np.einsum("kij,kj->ki", s.zz, now.coefficients)) / v[:, None]
        slopes = {"coefficients": of_coefficients, "variances": (squares / v - s.mass) / (2 * v)}
        return ek.Expected(float(-0.5 * (squares / v + s.mass * np.log(v)).sum()), slopes)

    def pooled(self, profile: Any, n_components: int) -> LineParams:
        mean, covariance = profile.mean, profile.covariance
        slopes = np.linalg.solve(covariance[:-1, :-1], covariance[:-1, -1])
        line = np.append(mean[-1] - slopes @ mean[:-1], slopes)
        return LineParams([line] * n_components, [covariance[-1, -1] - slopes @ covariance[:-1, -1]] * n_components)


@dataclass(frozen=True, eq=False)
class TiedParams(ek.Parameters):
    """`intercepts` (K,), `slopes` (p - 1,) that all components share, and `variances` (K,)."""

    intercepts: Annotated[ek.Array, ek.Real(), ek.Axes("component")]
    slopes: Annotated[ek.Array, ek.Real(), ek.Axes("covariate", coupled=("covariate",))]
    variances: Annotated[ek.Array, ek.Positive(), ek.Axes("component")]

    def apart(self) -> LineParams:
        """The same lines, each with the slopes of its own."""
        return LineParams([[a, *self.slopes] for a in self.intercepts], self.variances)


@dataclass(frozen=True)
class TiedLines(Family[TiedParams, LineSums]):
    """Lines that differ in their intercepts alone."""

    name = "parallel lines"

    def log_density(self, params: TiedParams, x: Array) -> Array:
        return Lines().log_density(params.apart(), x)

    def statistics(self, params: TiedParams, x: Array, weights: Array) -> LineSums:
        return Lines().statistics(params.apart(), x, weights)

    def updates(self) -> dict[str, Any]:
        return {"slopes": self._slopes, "intercepts": self._intercepts, "variances": self._variances}

    def _slopes(self, s: LineSums, before: TiedParams, now: TiedParams) -> Array:
        """Least squares over all components, each row weighted by one over its component's variance."""
        cross = s.zy[:, 1:] - s.zz[:, 1:, 0] * now.intercepts[:, None]
        return np.linalg.solve((s.zz[:, 1:, 1:].T / now.variances).sum(axis=-1).T, (cross.T / now.variances).sum(axis=-1))

    def _intercepts(self, s: LineSums, before: TiedParams, now: TiedParams) -> Array:
        return (s.zy[:, 0] - s.zz[:, 0, 1:] @ now.slopes) / s.mass

    def _variances(self, s: LineSums, before: TiedParams, now: TiedParams) -> Array:
        return _squares(s, now.apart().coefficients) / s.mass

    def expected(self, s: LineSums, before: TiedParams, now: TiedParams) -> ek.Expected:
        value, apart = Lines().expected(s, before.apart(), now.apart())
        by_line = apart["coefficients"]
        slopes = {"intercepts": by_line[:, 0], "slopes": by_line[:, 1:].sum(axis=0), "variances": apart["variances"]}
        return ek.Expected(value, slopes)

    def pooled(self, profile: Any, n_components: int) -> TiedParams:
        lines = Lines().pooled(profile, n_components)
        return TiedParams(lines.coefficients[:, 0], lines.coefficients[0, 1:], lines.variances)


def _split(x: Array) -> tuple[Array, Array]:
    return np.column_stack([np.ones(len(x)), x[:, :-1]]), x[:, -1]


def _squares(s: LineSums, b: Array) -> Array:
    return s.yy - 2 * (s.zy * b).sum(axis=1) + np.einsum("ki,kij,kj->k", b, s.zz, b)


@pytest.fixture(scope="module")
def table() -> Array:
    """NO and the equivalence ratio of an engine (Brinkman 1981), 88 rows."""
    return np.loadtxt(DATA, delimiter=",", skiprows=1)


@pytest.fixture(scope="module")
def fitted(table):
    model = ek.Mixture(Lines())
    starts = model.starts(ek.ArraySource(table).profile, 2, range(8))
    return ek.fit(model, table, starts, solver="anderson", tol=1e-12).in_order()


def test_the_reference_is_reached_from_starts_of_the_model(fitted):
    """Numbers: mixtools 2.0.0 and an independent EM (see tests/oracles)."""
    assert fitted.log_likelihood == pytest.approx(122.0383557854741, abs=1e-6)
    lines = fitted.params.components
    wanted = [[0.5649859044931946, 0.08502293693915598], [1.2470811500960022, -0.0829994900909372]]
    np.testing.assert_allclose(lines.coefficients, wanted, atol=1e-5)
    np.testing.assert_allclose(np.sqrt(lines.variances), [0.043313196339367054, 0.024141167236804827], atol=1e-6)
    np.testing.assert_allclose(fitted.params.proportions, [0.48972447741115027, 0.5102755225888499], atol=1e-5)


def test_standard_errors_are_those_of_the_reference(fitted):
    errors = fitted.standard_errors()
    names = [f"components.coefficients[{k}, {j}]" for k in range(2) for j in range(2)]
    wanted = [0.014284224961092053, 0.0062916155259128805, 0.008070108170801284, 0.004729185707519669]
    np.testing.assert_allclose([errors[name] for name in names], wanted, rtol=1e-3)
    assert errors["proportions[0]"] == pytest.approx(0.05640688023607359, rel=1e-3)
    for k, sigma in enumerate([0.004993183321125981, 0.002865439113485215]):
        deviation = np.sqrt(fitted.params.components.variances[k])
        assert errors[f"components.variances[{k}]"] / (2 * deviation) == pytest.approx(sigma, rel=1e-3)


def negative_log_likelihood(v: Array, table: Array) -> float:
    """Of two lines with one slope, written down independently: log-odds, intercepts, slope, log variances."""
    p = 1 / (1 + np.exp(-v[0]))
    away = table[:, 1, None] - v[1:3] - v[3] * table[:, [0]]
    density = np.exp(-0.5 * away**2 / np.exp(v[4:])) / np.sqrt(2 * np.pi * np.exp(v[4:]))
    return -float(np.log(density @ [p, 1 - p]).sum())


def test_a_slope_in_common_is_that_of_a_direct_maximisation(table):
    model = ek.Mixture(TiedLines())
    starts = model.starts(ek.ArraySource(table).profile, 2, range(8))
    result = ek.fit(model, table, starts, solver="anderson", tol=1e-12)
    lines, (p, _) = result.params.components, result.params.proportions
    mine = np.concatenate([[np.log(p / (1 - p))], lines.intercepts, lines.slopes, np.log(lines.variances)])
    there = minimize(negative_log_likelihood, mine + 0.01, (table,), "BFGS", options={"gtol": 1e-9})
    assert result.log_likelihood == pytest.approx(-there.fun, abs=1e-7)
    np.testing.assert_allclose(mine, there.x, atol=1e-4)
    height = lambda v: -negative_log_likelihood(v, table)  # noqa: E731
    covariance = np.linalg.inv(-hessian(height, mine, curvature_steps(height, mine)))
    errors = result.standard_errors()
    assert errors["components.slopes[0]"] == pytest.approx(np.sqrt(covariance[3, 3]), rel=1e-5)
    assert errors["components.intercepts[1]"] == pytest.approx(np.sqrt(covariance[2, 2]), rel=1e-5)


@pytest.mark.parametrize("family", [Lines(), TiedLines()], ids=lambda family: family.name)
def test_steps_belong_together(family, table):
    model = ek.Mixture(family)
    (start,) = model.starts(ek.ArraySource(table).profile, 2, [1])
    ek.check_model(model, table, start)


def test_a_variance_that_forgets_the_mass_is_found(table):
    class Forgetful(Lines):
        def _variances(self, s, before, now):
            return super()._variances(s, before, now) * s.mass / s.mass.sum()

    model = ek.Mixture(Forgetful())
    (start,) = model.starts(ek.ArraySource(table).profile, 2, [1])
    with pytest.raises(ek.ModelError, match=r"components\.variances'\] is wrong|m_step is wrong"):
        ek.check_model(model, table, start)


def test_a_line_is_held_as_a_whole_or_not_at_all(table, fitted):
    model = ek.Mixture(Lines())
    held = ek.fit(ek.Frozen(model, "components.coefficients[0]"), table, fitted.params, solver="anderson")
    assert held.free_parameters == fitted.free_parameters - 2
    np.testing.assert_array_equal(held.params.components.coefficients[0], fitted.params.components.coefficients[0])
    with pytest.raises(ek.ModelError, match=r"along the covariate axis .* Hold components.coefficients\[0\]"):
        ek.fit(ek.Frozen(model, "components.coefficients[0, 1]"), table, fitted.params)


def test_a_slope_that_all_share_is_not_turned_with_the_components(table):
    start = ek.MixtureParams([0.5, 0.5], TiedParams([1.0, 0.6], [0.02], [0.01, 0.02]))
    turned = ek.fit(ek.Mixture(TiedLines()), table, start, max_evaluations=3).in_order()
    assert turned.params.components.slopes.shape == (1,)
    again = ek.EMMap(turned.model, turned.source, turned.params).objective(turned.params)
    assert again == pytest.approx(turned.log_likelihood, rel=1e-12)


def test_the_summary_speaks_of_covariates_and_not_of_columns(fitted):
    text = fitted.summary(standard_errors=True)
    assert "coefficient" in text
    assert "coefficients yn" not in text
