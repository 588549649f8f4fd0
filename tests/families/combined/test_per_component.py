"""A family for each component."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import softmax

import emkit as ek
from emkit.models.order import component_count, component_order, each_its_own, kinds, reordered
from emkit.report.labels import Names, labels
from tests import cases

NOISY = cases.CASE["normals-and-noise"]


def test_components_of_one_family_stand_together():
    family = ek.PerComponent(ek.Poisson(), ek.PointMass(0), ek.Poisson(), (ek.Geometric(), 2))
    assert family.families == (ek.Poisson(), ek.PointMass(0), ek.Geometric())
    assert family.places == ((0, 1), (2,), (3, 4))
    assert family == ek.PerComponent((ek.Poisson(), 2), ek.PointMass(0), (ek.Geometric(), 2))
    assert family.name == "poisson + point-mass + geometric"


@pytest.mark.parametrize("given", [(), (ek.Poisson,), ("possion",), ((ek.Poisson(), 0),), ((ek.Poisson(), 1.5),), (3,)])
def test_what_is_no_family_is_refused(given):
    with pytest.raises(ek.ModelError, match=r"PerComponent needs a family|is no family; give a family|there is no family"):
        ek.PerComponent(*given)


def test_a_list_of_families_is_one_for_each_component():
    family = ek.PerComponent(ek.Poisson(), ek.Poisson())
    assert ek.Mixture([ek.Poisson(), "poisson"]).family == family
    assert ek.Mixture("poisson").family == ek.Poisson()
    assert ek.Mixture({"a": "poisson"}).family == ek.Product({"a": ek.Poisson()})
    with pytest.raises(ek.ModelError, match="is no family"):
        ek.Mixture([ek.Poisson, ek.Poisson()])
    counts = np.random.default_rng(0).poisson([[2.0]] * 60 + [[12.0]] * 60)
    alike = ek.MixtureModel("poisson", 2, random_state=0).fit(counts)
    listed = ek.MixtureModel(["poisson", "poisson"], 2, random_state=0).fit(counts)
    assert listed.result_.log_likelihood == pytest.approx(alike.result_.log_likelihood, abs=1e-8)


def test_as_many_components_as_families():
    with pytest.raises(ek.ModelError, match=r"families for 2 components \(poisson \+ point-mass\), and 3 components are asked"):
        ek.MixtureModel([ek.Poisson(), ek.PointMass()], 3).fit(np.arange(10)[:, None])


def test_only_components_of_one_family_change_places():
    params = ek.MixtureParams(
        [0.2, 0.5, 0.3],
        NOISY.family.params(ek.DiagonalGaussianParams([[5.0], [0.0]], [[1.0], [2.0]]), ek.UniformParams([[-10.0]], [[14.0]])),
    )
    assert (component_count(params), component_count(params.components)) == (3, 3)
    assert kinds(params) == [[0, 1], [2]]
    assert not each_its_own(params.components)
    assert component_order(params) == [1, 0, 2]
    found = reordered(params, [1, 0, 2])
    assert found.proportions.tolist() == [0.5, 0.2, 0.3]
    assert found.components.parts[0].means.ravel().tolist() == [0.0, 5.0]


def test_labels_and_tables_name_the_component_of_the_whole():
    said = {str(label) for label in labels(NOISY.mixture, Names(("cm",))).values()}
    assert {"mean of cm, component 2", "highest of cm, component 3"} <= said
    fit = ek.fit(ek.Mixture(NOISY.family), NOISY.draw(np.random.default_rng(3), 300), NOISY.mixture)
    lines = {line.split()[0]: line for line in fit.summary().splitlines() if line.startswith("  ")}
    assert len(lines["proportion"].split()) == 4
    assert len(lines["mean"].split()) == 4  # of two components
    assert len(lines["least"].split()) == 3  # of one
    assert lines["least"].rindex("-10.000") > lines["mean"].rindex(".")
    assert fit.free_parameters == 2 + 4
    assert not any("least" in name for name in fit.standard_errors().names)


def test_parameters_for_other_numbers_of_components_are_refused():
    wrong = ek.PerComponentParams((ek.PoissonParams([[1.0], [2.0], [3.0]]), ek.PointMassParams([[0.0]])), ((0, 1), (2,)))
    with pytest.raises(ek.ParameterError, match="rates are for 3 components, and that part is said to be of 2"):
        ek.fit(ek.Mixture(cases.MORE_ZEROS), [0, 1, 2], ek.MixtureParams([0.2, 0.3, 0.5], wrong))
    with pytest.raises(ek.ParameterError, match="parameters for 1 families, and 2 families"):
        cases.MORE_ZEROS.params(ek.PoissonParams([[1.0], [2.0]]))


def test_normals_and_noise_have_the_likelihood_that_scipy_maximises():
    """Two normals with uniform noise over the range of the data: Nelder-Mead and BFGS on the log-likelihood as written."""
    x = NOISY.draw(np.random.default_rng(8), 250)
    width = float(np.ptp(x))

    def minus(theta):
        q = softmax(np.append(theta[:2], 0.0))
        density = q[0] * stats.norm.pdf(x, theta[2], np.exp(theta[4])) + q[1] * stats.norm.pdf(x, theta[3], np.exp(theta[5]))
        return -np.log(density + q[2] / width).sum()

    near = [
        minimize(minus, [0, 0, a, b, 0, 0], method="Nelder-Mead", options={"maxiter": 4000}).x
        for a, b in ((0.0, 5.0), (5.0, -5.0), (10.0, 0.0))
    ]
    best = min(minimize(minus, theta).fun for theta in near)
    fit = ek.MixtureModel(ek.PerComponent((ek.DiagonalGaussian(), 2), ek.Uniform()), 3, random_state=0).fit(x)
    assert fit.result_.log_likelihood == pytest.approx(-best, abs=1e-5)
    assert fit.components_.parts[1].least.item() == x.min()


def test_counts_and_exact_zeros_have_the_likelihood_that_scipy_maximises():
    x = cases.CASE["counts-and-zero"].draw(np.random.default_rng(2), 300)

    def minus(theta):
        q = softmax(np.append(theta[:2], 0.0))
        density = q[0] * stats.poisson.pmf(x, np.exp(theta[2])) + q[1] * stats.poisson.pmf(x, np.exp(theta[3]))
        return -np.log(density + q[2] * (x == 0)).sum()

    best = minimize(minus, [0.0, 0.0, 0.5, 2.0], options={"gtol": 1e-8}).fun
    fit = ek.MixtureModel([ek.PointMass(0), "poisson", "poisson"], 3, random_state=0).fit(x)
    assert fit.result_.log_likelihood == pytest.approx(-best, abs=1e-6)
    assert fit.predict([[0.0], [30.0]]).tolist() in ([0, 2], [1, 2])  # a point mass comes first, as it is named first


def test_amounts_of_which_some_are_exactly_zero():
    """A gamma beside a point mass: the share of zeros, and the gamma of the rest."""
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.gamma(2.0, 3.0, 80), np.zeros(20)])[:, None]
    fit = ek.MixtureModel([ek.Gamma(), ek.PointMass(0)], 2, random_state=0).fit(x)
    shape, _, scale = stats.gamma.fit(x[:80], floc=0)
    np.testing.assert_allclose(fit.weights_, [0.8, 0.2], atol=1e-8)
    assert fit.components_.parts[0].shapes.item() == pytest.approx(shape, rel=1e-6)
    wanted = stats.gamma.logpdf(x[:80], shape, scale=scale).sum() + 80 * np.log(0.8) + 20 * np.log(0.2)
    assert fit.result_.log_likelihood == pytest.approx(wanted, abs=1e-7)
    with pytest.raises(ek.DataError, match=r"row 2, column 'x0' is -1; gamma amounts must be numbers > 0"):
        ek.MixtureModel([ek.Gamma(), ek.PointMass(0)], 2).fit([[0.0], [2.0], [-1.0], [3.0]])
    with pytest.raises(ek.DataError, match="no row is possible for the point-mass components; leave them out"):
        ek.MixtureModel([ek.Gamma(), ek.PointMass(1)], 2).fit(x[:80])


def test_the_floor_under_a_lone_component_goes_by_all_rows():
    """What collapses onto equal rows is held at a fraction of the variance of all rows, not of its own."""
    x = np.concatenate([np.full((30, 1), 2.0), np.random.default_rng(0).uniform(-5, 5, (40, 1))])
    family = ek.PerComponent(ek.Uniform(), ek.DiagonalGaussian())
    parts = ek.UniformParams([[-5.0]], [[5.0]]), ek.DiagonalGaussianParams([[2.0]], [[0.1]])
    with pytest.warns(ek.DegenerateFitWarning, match=r"component 2 collapsed onto 30 rows \(row 0"):
        fit = ek.fit(ek.Mixture(family), x, ek.MixtureParams([0.5, 0.5], family.params(*parts)))
    assert fit.degenerate == (1,)
    assert fit.params.components.parts[1].variances.item() == pytest.approx(1e-6 * x.var(), rel=1e-6)


def test_rows_that_nothing_but_noise_reaches_are_noise():
    fit = ek.fit(ek.Mixture(NOISY.family), NOISY.draw(np.random.default_rng(4), 400), NOISY.mixture)
    (chunk,) = fit.source.chunks()
    shares = fit.model.posterior(fit.params, chunk).responsibilities
    assert shares[np.abs(chunk.x[:, 0]) > 9, 2].min() > 0.999


def test_blocks_of_columns_beside_a_point_mass():
    rng = np.random.default_rng(0)
    x = np.concatenate([np.zeros((40, 2)), rng.gamma(3, 1, (60, 2))])
    family = ek.PerComponent(ek.Product({0: ek.Gamma(), 1: ek.Gamma()}), ek.PointMass(0))
    assert ek.MixtureModel(family, 2, n_init=1, random_state=0).fit(x).weights_ == pytest.approx([0.6, 0.4])
    x[70, 1] = -1
    with pytest.raises(ek.DataError, match="row 70, column 'x1' is -1; gamma amounts must be numbers > 0"):
        ek.MixtureModel(family, 2, random_state=0).fit(x)
