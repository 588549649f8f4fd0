"""Joined normal columns among gaps: both roads, the floor, starts, units, and Murray's twelve rows."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.core.parameters import leaves
from emkit.families.gaussian.regressions import regressions
from tests import cases
from tests.laws.densities import moved

JOINED = [cases.CASE[name] for name in ("gaussian", "gaussian-tied", "gaussian-spherical")]
forms = pytest.mark.parametrize("case", JOINED, ids=lambda case: case.name)


def holes(x, share=0.3, seed=0):
    return np.where(np.random.default_rng(seed).random(x.shape) < share, np.nan, x)


def test_regressions_are_the_textbooks():
    root = np.random.default_rng(0).normal(size=(2, 4, 4))
    covariances, seen = root @ root.swapaxes(1, 2), np.array([[True, False, True, True], [False, False, True, False]])
    found = regressions(covariances, seen)
    for p, o in enumerate(seen):
        for k, c in enumerate(covariances):
            inverse = np.linalg.inv(c[np.ix_(o, o)])
            slope = c[np.ix_(~o, o)] @ inverse
            np.testing.assert_allclose(found.precision[p, k][np.ix_(o, o)], inverse, rtol=1e-8)
            np.testing.assert_allclose(found.onto[p, k][np.ix_(~o, o)], slope, rtol=1e-8)
            np.testing.assert_allclose(
                found.rest[p, k][np.ix_(~o, ~o)], c[np.ix_(~o, ~o)] - slope @ c[np.ix_(o, ~o)], rtol=1e-7
            )
            assert found.log_determinant[p, k] == pytest.approx(np.linalg.slogdet(c[np.ix_(o, o)])[1])


@pytest.mark.parametrize("columns", [2, 5, 9, 70])
def test_both_roads_lead_to_the_same_place(columns):
    rng = np.random.default_rng(columns)
    root = np.eye(columns) + 0.3 / np.sqrt(columns) * rng.normal(size=(3, columns, columns))
    params = ek.FullGaussianParams(3 + rng.normal(size=(3, columns)), root @ root.swapaxes(1, 2))
    x = params.means[rng.integers(3, size=1_200)] + rng.normal(size=(1_200, columns))
    gaps = np.zeros(x.shape, dtype=bool)
    gaps[:, :3] = rng.random((1_200, min(columns, 3))) < 0.3  # up to eight patterns
    x[gaps] = np.nan
    source = ek.ArraySource(x, rng.integers(1, 4, 1_200), chunk_rows=1_200)
    model = ek.Mixture(ek.FullGaussian()).settled(source.profile)
    start = ek.MixtureParams([0.2, 0.3, 0.5], params)
    assert model.family.linear(params) is not None
    (chunk,) = source.chunks()
    plain, fast = model.plain_e_step(start, chunk), model.e_step(start, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    for a, b in zip(*(leaves(model.m_step(each.statistics, start)) for each in (plain, fast)), strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=1e-8, atol=1e-11, err_msg=a.path)
    rows = model.posterior(start, chunk).log_likelihood
    np.testing.assert_allclose(rows, model.plain_posterior(start, chunk).log_likelihood, rtol=1e-10)


def test_rows_that_lack_other_cells_than_those_fitted_are_no_trouble():
    case = cases.CASE["gaussian"]
    x = case.draw(np.random.default_rng(1), 16_000)
    some = x.copy()
    some[::3, 0] = np.nan
    fitted = ek.fit(ek.Mixture(case.family), some, case.mixture)
    assert len(fitted.model.family.patterns) == 2
    x[::4, 1] = np.nan
    (chunk,) = ek.ArraySource(x, chunk_rows=16_000).chunks()
    found = fitted.model.posterior(fitted.params, chunk).log_likelihood
    np.testing.assert_allclose(found, fitted.model.plain_posterior(fitted.params, chunk).log_likelihood, rtol=1e-12)
    with pytest.raises(ek.ModelError, match="rows lack cells that no row lacked for which the model was settled"):
        fitted.model.e_step(fitted.params, chunk)


@forms
def test_the_floor_holds_what_collapses_and_says_so(case):
    """The floor of the M-step is the one that is looked up in the data: a component on four equal rows rests on it."""
    x = holes(case.draw(np.random.default_rng(3), 120), 0.2)
    x[:4] = 30.0
    family, profile = case.family, ek.ArraySource(x).profile
    pooled = family.among_gaps.pooled(profile, 2)
    spread = next(leaf for leaf in leaves(pooled) if "varianc" in leaf.path)
    means = np.stack([pooled.means[0], [30.0, 30.0]])
    narrow = spread.value if spread.path == "covariance" else np.stack([spread.value[0], 1e-3 * spread.value[1]])
    start = ek.MixtureParams([0.9, 0.1], type(pooled)(means, narrow))
    if case.shared:
        assert ek.fit(ek.Mixture(family), x, start).converged
        return
    with pytest.warns(ek.DegenerateFitWarning, match="component 2 collapsed"):
        found = ek.fit(ek.Mixture(family), x, start)
    assert found.degenerate == (1,)


@forms
@pytest.mark.parametrize(("shift", "scale"), [(0, 1e-6), (1e5, 1), (-3, 1e6)])
def test_units_and_origins_do_not_matter(case, shift, scale):
    x = holes(case.draw(np.random.default_rng(4), 200))
    plain = ek.fit(ek.Mixture(case.family), x, case.mixture, solver="anderson")
    other = ek.fit(ek.Mixture(case.family), shift + scale * x, moved(case.mixture, shift, scale), solver="anderson")
    jacobian = np.isfinite(x).sum() * np.log(scale)
    assert other.log_likelihood + jacobian == pytest.approx(plain.log_likelihood, rel=1e-8)
    searched = [ek.MixtureModel(case.family, 2, random_state=0).fit(y) for y in (x, shift + scale * x)]
    heights = [each.result_.log_likelihood for each in searched]
    assert heights[1] + jacobian == pytest.approx(heights[0], rel=1e-6)


def test_observed_information_is_that_of_the_cells_seen():
    """Standard errors from scores by Fisher's identity, against second differences of the likelihood of SciPy."""
    rng = np.random.default_rng(5)
    x = holes(rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 2]], 80))
    found = ek.fit(
        ek.Mixture(ek.FullGaussian()), x, ek.MixtureParams([1.0], ek.FullGaussianParams([[0, 0]], [np.eye(2)])), tol=1e-12
    )
    covariance = found.params.components.covariances[0]

    def height(mean):
        rows = [(row[there], there) for row, there in zip(x, ~np.isnan(x), strict=True) if there.any()]
        return sum(multivariate_normal(mean[o], covariance[np.ix_(o, o)]).logpdf(row) for row, o in rows)

    at, h = found.params.components.means[0], 1e-4
    assert height(at) == pytest.approx(found.log_likelihood, rel=1e-10)
    steps = h * np.eye(2)
    curved = [
        [(height(at + a + b) - height(at + a - b) - height(at - a + b) + height(at - a - b)) / (4 * h * h) for b in steps]
        for a in steps
    ]
    errors = found.standard_errors()
    means = [i for i, name in enumerate(errors.names) if "means" in name]
    with_known_covariance = np.linalg.inv(-np.array(curved))
    assert (np.diag(errors.covariance)[means] >= 0.999 * np.diag(with_known_covariance)).all()
    np.testing.assert_allclose(np.diag(errors.covariance)[means], np.diag(with_known_covariance), rtol=0.1)
