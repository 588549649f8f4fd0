"""Where estimators start from (`start`, `warm_start`, `max_iter=0`), what is held (`frozen`), and what they refuse."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone

import emkit as ek

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(0, 1, (150, 2)), RNG.normal(2, 1.5, (150, 2))])
LABELS = np.repeat([1, 0], 150)


@pytest.mark.parametrize("form", ["full", "tied", "diag", "spherical"])
def test_labels_start_at_the_estimates_of_each_class(form):
    start = ek.GaussianMixture(2, covariance_type=form, start=LABELS, max_iter=0).fit(X)
    np.testing.assert_allclose(start.weights_, [0.5, 0.5], rtol=1e-12)
    np.testing.assert_allclose(start.means_, [X[150:].mean(axis=0), X[:150].mean(axis=0)], rtol=1e-10)
    if form == "full":
        np.testing.assert_allclose(start.covariances_[1], np.cov(X[:150].T, ddof=0), rtol=1e-9)


def test_responsibilities_start_at_their_weighted_estimates():
    shares = np.random.default_rng(1).dirichlet([1, 1], 300)
    start = ek.GaussianMixture(2, start=shares, max_iter=0).fit(X)
    np.testing.assert_allclose(start.weights_, shares.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(start.means_, shares.T @ X / shares.sum(axis=0)[:, None], rtol=1e-10)


def test_a_row_of_weight_zero_takes_its_label_with_it():
    weights = np.where(np.arange(300) % 3 == 0, 0.0, 1.0)
    one = ek.GaussianMixture(2, start=LABELS, max_iter=0).fit(X, sample_weight=weights)
    other = ek.GaussianMixture(2, start=LABELS[weights > 0], max_iter=0).fit(X[weights > 0])
    np.testing.assert_array_equal(one.means_, other.means_)


def test_parameters_are_followed_and_the_best_of_several_kept():
    params = ek.GaussianMixture(2, random_state=0).fit(X).params_
    again = ek.GaussianMixture(2, start=params).fit(X)
    assert again.n_iter_ <= 2
    several = ek.GaussianMixture(2, start=[ek.GaussianMixture(2, start=LABELS, max_iter=0).fit(X).params_, params]).fit(X)
    assert several.result_.log_likelihood == pytest.approx(again.result_.log_likelihood, abs=1e-6)


@pytest.mark.parametrize("max_iter", [0, 3])
def test_steps_begin_at_the_start_and_are_those_of_em(max_iter):
    params = ek.GaussianMixture(2, start=LABELS, max_iter=0).fit(X).params_
    model = ek.Mixture(ek.FullGaussian())
    em, theta = ek.EMMap(model, ek.ArraySource(X), params), params
    for _ in range(max_iter):
        theta = em(theta).update
    found = ek.GaussianMixture(2, start=LABELS, solver="plain", max_iter=max_iter).fit(X)
    assert found.n_iter_ == max_iter
    assert not found.converged_
    np.testing.assert_allclose(found.means_, theta.components.means, rtol=1e-12)


def test_two_warm_fits_of_one_step_are_one_fit_of_two_steps():
    two = ek.GaussianMixture(2, start=LABELS, solver="plain", max_iter=2).fit(X)
    ones = ek.GaussianMixture(2, start=LABELS, solver="plain", max_iter=1, warm_start=True).fit(X).fit(X)
    np.testing.assert_array_equal(two.means_, ones.means_)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ([0, 1], r"labels have shape \(2,\)"),
        ("kmeans", "labels are not numbers"),
        (np.zeros(300), "gives component 2 no rows"),
        (np.full(300, 2), "label of row 0 is 2"),
        (ek.PoissonParams([[1.0], [2.0]]), "start is PoissonParams"),
        (ek.MixtureParams([1.0], ek.FullGaussianParams([[0, 0]], [np.eye(2)])), "has 1 components, but n_components is 2"),
    ],
)
def test_starts_that_cannot_be_are_refused(start, said):
    with pytest.raises(ek.ParameterError, match=said):
        ek.GaussianMixture(2, start=start).fit(X)


def test_what_is_frozen_stays_and_the_rest_is_best_given_it():
    params = ek.GaussianMixture(2, start=LABELS, max_iter=0).fit(X).params_
    held = ek.GaussianMixture(2, start=params, frozen="components.means").fit(X)
    np.testing.assert_array_equal(held.means_, params.components.means)
    assert held.result_.free_parameters == 1 + 2 * 3
    direct = ek.fit(ek.Frozen(ek.Mixture(ek.FullGaussian()), "components.means"), X, params, solver="anderson")
    assert held.result_.log_likelihood == pytest.approx(direct.log_likelihood, abs=1e-8)
    one = ek.GaussianMixture(2, start=params, frozen=["components.means[1]", "proportions"]).fit(X)
    np.testing.assert_array_equal(one.means_[1], params.components.means[1])
    assert one.weights_.tolist() == [0.5, 0.5]


def test_weights_given_may_be_frozen_in_a_search():
    found = ek.GaussianMixture(2, weights_init=[0.3, 0.7], frozen="proportions", random_state=0).fit(X)
    assert sorted(found.weights_) == [0.3, 0.7]
    assert found.predict(X).shape == (300,)


@pytest.mark.parametrize(
    ("frozen", "said"),
    [
        ("proportions", "frozen holds 'proportions' at the start, so say where"),
        (3, "frozen is 3; it must be a path"),
        ([3], "it must be a path"),
    ],
)
def test_nothing_is_held_that_is_not_said(frozen, said):
    with pytest.raises(ek.ParameterError, match=said):
        ek.GaussianMixture(2, frozen=frozen).fit(X)
    with pytest.raises(ek.ModelError, match="no parameter 'rates' to freeze"):
        ek.GaussianMixture(2, frozen="rates", start=LABELS).fit(X)


@pytest.mark.parametrize(
    ("name", "instead"),
    [("reg_covar", "floor"), ("init_params", "start"), ("verbose", "history"), ("verbose_interval", "history")],
)
@pytest.mark.parametrize("estimator", [ek.GaussianMixture, ek.MixtureModel, ek.LatentClass])
def test_what_scikit_learn_has_and_emkit_has_not_is_refused_with_what_there_is(estimator, name, instead):
    with pytest.raises(TypeError, match=f"{estimator.__name__} has no parameter '{name}': .*{instead}"):
        estimator(**{name: 1})
    assert name not in estimator().get_params()


def test_estimators_with_a_start_are_cloned_copied_and_stored():
    estimator = ek.GaussianMixture(2, start=LABELS, frozen=("proportions",)).fit(X)
    for other in (clone(estimator), copy.deepcopy(estimator), pickle.loads(pickle.dumps(estimator))):
        np.testing.assert_array_equal(other.start, LABELS)
        assert other.frozen == ("proportions",)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(estimator)).predict(X), estimator.predict(X))


def test_weights_in_single_precision_sum_to_one_but_for_rounding():
    thirds = np.array([1, 2], dtype=np.float32) / 3
    assert ek.GaussianMixture(2, weights_init=thirds, max_iter=0, random_state=0).fit(X).weights_.sum() == 1.0
    with pytest.raises(ek.ParameterError, match="sum"):
        ek.GaussianMixture(2, weights_init=[0.3, 0.6], random_state=0).fit(X)
