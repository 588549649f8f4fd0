"""GaussianMixture against scikit-learn's, and what a user of scikit-learn expects of it."""

import warnings

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.exceptions import ConvergenceWarning as SklearnConvergenceWarning
from sklearn.mixture import GaussianMixture as Reference

import emkit as ek
from emkit.core.solvers.extrapolation import ROUNDING
from tests import cases

FORMS = ("full", "tied", "diag", "spherical")
K, D = 3, 2


@pytest.fixture(scope="module")
def X():  # noqa: N802
    rng = np.random.default_rng(11)
    means = np.array([[0.0, 0.0], [4.0, 1.0], [1.0, 5.0]])
    stretch = np.array([[1.0, 0.3], [0.0, 0.8]])
    return np.concatenate([rng.normal(size=(n, D)) @ stretch + m for n, m in zip((150, 100, 50), means, strict=True)])


def start(form, X):
    """The same start for both: weights, means and precisions."""
    precision = np.linalg.inv(np.cov(X.T))
    precisions = {
        "full": np.repeat(precision[None], K, axis=0),
        "tied": precision,
        "diag": np.repeat(np.diag(precision)[None], K, axis=0),
        "spherical": np.full(K, precision.trace() / D),
    }
    return {"weights_init": [0.5, 0.3, 0.2], "means_init": X[[3, 160, 270]], "precisions_init": precisions[form]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_as_scikit_learn_from_the_same_start_with_as_many_iterations(form, X):
    steps = 7
    options = {"covariance_type": form, "max_iter": steps, "tol": 0.0, **start(form, X)}
    ours = ek.GaussianMixture(K, solver="plain", floor=0.0, **options).fit(X)
    theirs = Reference(K, reg_covar=0.0, **options).fit(X)
    assert ours.n_iter_ == theirs.n_iter_ == steps
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        assert getattr(ours, name).shape == getattr(theirs, name).shape
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-8, atol=1e-10, err_msg=name)
    assert ours.lower_bound_ == pytest.approx(theirs.score(X), rel=1e-12)  # that of the parameters returned
    assert ours.lower_bounds_[-2] == pytest.approx(theirs.lower_bound_, rel=1e-12)  # theirs is one step behind
    new = X[::7] + 0.1
    np.testing.assert_allclose(ours.predict_proba(new), theirs.predict_proba(new), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(ours.score_samples(new), theirs.score_samples(new), rtol=1e-10)
    np.testing.assert_array_equal(ours.predict(new), theirs.predict(new))
    assert ours.score(new) == pytest.approx(theirs.score(new), rel=1e-10)
    assert ours.bic(new) == pytest.approx(theirs.bic(new), rel=1e-10)
    assert ours.aic(new) == pytest.approx(theirs.aic(new), rel=1e-10)


@pytest.mark.parametrize("form", ["full", "tied"])
def test_precisions_keep_their_digits_in_columns_of_unlike_units(form, X):
    unit = 10.0 ** np.linspace(-8, 8, X.shape[1])
    one, other = (
        ek.GaussianMixture(K, covariance_type=form, means_init=X[[3, 160, 270]] * u, tol=1e-12).fit(X * u) for u in (1.0, unit)
    )
    np.testing.assert_allclose(other.precisions_cholesky_ * unit[:, None], one.precisions_cholesky_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.precisions_ * np.outer(unit, unit), one.precisions_, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_defaults_reach_at_least_what_scikit_learn_reaches(form, X):
    ours = ek.GaussianMixture(K, covariance_type=form, random_state=0).fit(X)
    theirs = Reference(K, covariance_type=form, reg_covar=0.0, tol=1e-10, max_iter=2000, n_init=10, random_state=0).fit(X)
    assert ours.converged_
    assert ours.score(X) >= theirs.score(X) - 1e-9


def test_the_bound_is_the_log_likelihood_of_the_parameters_returned(X):
    gm = ek.GaussianMixture(K, random_state=0).fit(X)
    assert gm.lower_bound_ == pytest.approx(gm.score(X), rel=1e-12)
    assert gm.lower_bounds_[-1] == pytest.approx(gm.lower_bound_, rel=1e-12)
    assert gm.result_.bic == pytest.approx(gm.bic(X), rel=1e-12)
    assert np.all(np.diff(gm.lower_bounds_) >= -ROUNDING * (1 + np.abs(gm.lower_bound_)))
    assert gm.degenerate_ == ()


@pytest.mark.parametrize("form", FORMS)
def test_single_precision_is_kept_and_agrees(form, X):
    double = ek.GaussianMixture(K, covariance_type=form, random_state=0).fit(X)
    single = ek.GaussianMixture(K, covariance_type=form, random_state=0).fit(X.astype(np.float32))
    assert single.result_.source.x.dtype == np.float32
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(single, name), getattr(double, name), rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_data_are_not_copied(order, dtype, X):
    given = np.asarray(X, order=order, dtype=dtype)
    gm = ek.GaussianMixture(K, random_state=0).fit(given)
    assert np.shares_memory(gm.result_.source.x, given)


def test_memory_layout_does_not_matter(X):
    c, f = (ek.GaussianMixture(K, random_state=0).fit(np.asarray(X, order=order)) for order in "CF")
    np.testing.assert_allclose(c.means_, f.means_, rtol=1e-10)


def test_components_come_in_ascending_order_of_their_means(X):
    for seed in range(3):
        assert (np.diff(ek.GaussianMixture(K, random_state=seed).fit(X).means_[:, 0]) > 0).all()


def test_components_keep_the_order_of_the_given_means(X):
    gm = ek.GaussianMixture(K, means_init=[[4, 1], [1, 5], [0, 0]]).fit(X)
    np.testing.assert_allclose(gm.means_, [[4, 1], [1, 5], [0, 0]], atol=0.5)
    assert len(gm.result_.starts().runs) == 1


def test_given_weights_or_precisions_go_into_every_start(X):
    gm = ek.GaussianMixture(K, weights_init=[0.98, 0.01, 0.01], n_init=1, random_state=0).fit(X)
    assert sorted(gm.result_.starts().runs[0].start.proportions) == [0.01, 0.01, 0.98]
    gm = ek.GaussianMixture(K, covariance_type="diag", precisions_init=np.full((K, D), 4.0), n_init=1, random_state=0).fit(X)
    np.testing.assert_allclose(gm.result_.starts().runs[0].start.components.variances, 0.25)


def test_warm_start_goes_on_where_the_last_fit_ended(X):
    gm = ek.GaussianMixture(K, solver="plain", warm_start=True, max_iter=5, **start("full", X))
    whole = ek.GaussianMixture(K, solver="plain", max_iter=10, **start("full", X))
    with pytest.warns(ek.ConvergenceWarning):
        gm.fit(X).fit(X)
    with pytest.warns(ek.ConvergenceWarning):
        whole.fit(X)
    np.testing.assert_allclose(gm.means_, whole.means_, rtol=1e-12)
    gm.set_params(n_components=2, weights_init=None, means_init=None, precisions_init=None)
    with pytest.raises(ek.ParameterError, match="which had 3 components and not 2; set warm_start=False"):
        gm.fit(X)


def test_running_out_of_iterations_is_a_warning_of_both_kinds(X):
    with pytest.warns(ek.ConvergenceWarning, match="not converged: stopped after 2 iterations. Raise max_iter.") as caught:
        gm = ek.GaussianMixture(K, max_iter=2, random_state=0).fit(X)
    assert not gm.converged_
    assert gm.n_iter_ <= 2
    assert isinstance(caught[0].message, SklearnConvergenceWarning)
    assert isinstance(caught[0].message, ek.EmkitWarning)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("form", FORMS)
def test_sampled_rows_have_the_moments_of_the_mixture(form, X):
    gm = ek.GaussianMixture(K, covariance_type=form, random_state=0).fit(X)
    rows, labels = gm.sample(40_000)
    assert rows.shape == (40_000, D)
    np.testing.assert_allclose(np.bincount(labels) / 40_000, gm.weights_, atol=0.01)
    for k in range(K):
        each = {"full": lambda k: gm.covariances_[k], "tied": lambda k: gm.covariances_}.get(
            form, lambda k: np.diag(np.broadcast_to(gm.covariances_[k], D))
        )(k)
        np.testing.assert_allclose(rows[labels == k].mean(axis=0), gm.means_[k], atol=0.06)
        np.testing.assert_allclose(np.cov(rows[labels == k].T), each, atol=0.08)
    np.testing.assert_array_equal(rows, gm.sample(40_000)[0])  # the same seed, the same rows


def test_no_floor_and_a_collapse_is_an_error(X):
    spike = np.concatenate([X, np.repeat([[40.0, 40.0]], 3, axis=0)])
    with pytest.raises(ek.DegenerateFitError, match="component 2 collapsed"):
        ek.GaussianMixture(2, floor=0.0, means_init=[[1, 1], [40, 40]]).fit(spike)
    named = r"component 2 collapsed onto 3 rows \(row 300, row 301, row 302\)"
    with pytest.warns(ek.DegenerateFitWarning, match=named) as caught:
        held = ek.GaussianMixture(2, means_init=[[1, 1], [40, 40]]).fit(spike)
    assert caught[0].filename == __file__
    assert held.degenerate_ == (1,)


def test_data_that_do_not_vary_are_no_fault_of_the_components(X):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ek.GaussianMixture(2, random_state=0).fit(np.c_[X, np.ones(len(X))])
    kinds = [warning.category for warning in caught]
    assert ek.DegenerateDataWarning in kinds
    assert ek.DegenerateFitWarning not in kinds


@pytest.mark.parametrize("scale", [1e-60, 1e-12, 1e12, 1e60])
def test_the_unit_of_the_data_does_not_matter(scale, X):
    here, there = (ek.GaussianMixture(K, random_state=0).fit(x) for x in (X, X * scale))
    np.testing.assert_allclose(there.means_, here.means_ * scale, rtol=1e-5)
    assert there.lower_bound_ == pytest.approx(here.lower_bound_ - D * np.log(scale), rel=1e-9)


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (1e160, r"row 0, column 'x0' is .*; squares beyond 1e\+75 overflow. Divide the column by a constant"),
        (1e-160, r"column 'x0' holds no number above .*; the squares of such numbers underflow. Multiply the column"),
    ],
)
def test_units_beyond_what_can_be_squared(scale, message, X):
    with pytest.raises(ek.DataError, match=message):
        ek.GaussianMixture(2).fit(X * scale)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": 0}, r"the number of components is 0; it must be a whole number >= 1"),
        ({"n_components": "two"}, r"the number of components is 'two'"),
        ({"n_components": 2.5}, r"the number of components is 2.5"),
        ({"n_components": 301}, r"301 components were asked for but there are only 300 different rows; use at most 300"),
        ({"covariance_type": "round"}, r"covariance_type is 'round'; it must be one of full, tied, diag, spherical"),
        ({"tol": -1}, r"tol is -1; it must be a number >= 0"),
        ({"tol": "small"}, r"tol is 'small'"),
        ({"tol": float("nan")}, r"tol is nan"),
        ({"max_iter": -1}, r"max_iter is -1; it must be a whole number >= 0"),
        ({"n_init": 0}, r"n_init is 0"),
        ({"n_jobs": 0}, r"n_jobs is 0; it must be a whole number >= 1, -1 for all cores, or an executor"),
        ({"n_init": "many"}, r"n_init is 'many'"),
        ({"solver": "newton"}, r"solver is 'newton'; it must be 'anderson', 'squarem', 'plain' or a solver"),
        ({"floor": 2}, r"floor is 2; it is a fraction"),
        ({"means_init": [[1.0, 2.0]]}, r"means_init has shape \(1, 2\); it must have shape \(2, 2\)"),
        ({"means_init": [[1.0, 2.0], ["a", 3]]}, r"means_init"),
        ({"weights_init": [0.5, 0.6]}, r"proportions"),
        ({"precisions_init": [np.eye(2), -np.eye(2)]}, r"precisions_init is not positive definite"),
    ],
)
def test_wrong_parameters_are_named(options, message, X):
    with pytest.raises(ValueError, match=message) as caught:
        ek.GaussianMixture(**{"n_components": 2, **options}).fit(X)
    assert isinstance(caught.value, ek.EmkitError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["full", "tied", "diag", "spherical"])
def test_cells_may_be_missing(X, form):
    """What is predicted of a row is the posterior given the cells seen, under the normal distribution of these."""
    holes = X.copy()
    holes[::5, 0] = np.nan
    holes[3::7, 1] = np.nan
    gm = ek.GaussianMixture(2, covariance_type=form, random_state=0).fit(holes)
    assert gm.converged_
    complete = ek.GaussianMixture(2, covariance_type=form, random_state=0).fit(X)
    np.testing.assert_allclose(gm.means_, complete.means_, atol=0.5 * X.std())
    covariances = gm.result_.model.family.described.covariances(gm.params_.components)
    for row in (0, 3, 5, 10):
        there = ~np.isnan(holes[row])
        density = (
            gm.weights_
            * [
                multivariate_normal(m[there], c[np.ix_(there, there)]).pdf(holes[row, there])
                for m, c in zip(gm.means_, covariances, strict=True)
            ]
            if there.any()
            else gm.weights_
        )
        np.testing.assert_allclose(gm.predict_proba(holes[row : row + 1])[0], density / density.sum(), rtol=1e-9)
        assert gm.score_samples(holes[row : row + 1])[0] == pytest.approx(np.log(density.sum()), rel=1e-9, abs=1e-12)


def test_wrong_data_name_row_and_column(X):
    broken = X.copy()
    broken[7, 1] = np.inf
    with pytest.raises(ValueError, match=r"row 7, column 'x1' is inf; every value must be a finite number\. Correct it"):
        ek.GaussianMixture(2).fit(broken)
    gm = ek.GaussianMixture(2, random_state=0).fit(X)
    with pytest.raises(ValueError, match="row 7, column 'x1' is inf"):
        gm.predict(broken)
    with pytest.raises(ValueError, match="the weight of row 1 is -1"):
        ek.GaussianMixture(2).fit(X, sample_weight=[1, -1] + [1] * 298)
    with pytest.raises(ValueError, match="n_samples is 0; it must be a whole number >= 1"):
        gm.sample(0)


@pytest.mark.parametrize("form", cases.FORMS)
def test_every_form_of_mclust_by_its_letters(form, X):
    gm = ek.GaussianMixture(2, covariance_type=form, n_init=1, random_state=0).fit(X)
    again = ek.MixtureModel(cases.FORMS[form](), 2, n_init=1, random_state=0).fit(X)
    assert gm.lower_bound_ == pytest.approx(again.lower_bound_, rel=1e-9)
    assert gm.aic(X) == pytest.approx(-2 * len(X) * gm.lower_bound_ + 2 * gm.result_.free_parameters)
    there = {"weights_init": gm.weights_, "means_init": gm.means_, "precisions_init": gm.precisions_}
    from_there = ek.GaussianMixture(2, covariance_type=form, max_iter=50, **there).fit(X)
    assert from_there.lower_bounds_[0] == pytest.approx(gm.lower_bound_, rel=1e-9)
    if form in cases.PARSIMONIOUS:
        np.testing.assert_allclose(gm.covariances_ @ gm.precisions_, [np.eye(D)] * 2, atol=1e-9)
    assert gm.sample(20)[0].shape == (20, D)


def test_a_form_that_there_is_not_is_refused_with_those_that_there_are(X):
    with pytest.raises(ek.ParameterError, match=r"covariance_type is 'VXV'; it must be one of full, tied, .*VVV.*VEV"):
        ek.GaussianMixture(2, covariance_type="VXV").fit(X)
