"""scikit-learn's own checks of an estimator, in full."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import emkit as ek

FORMS = ("full", "tied", "diag", "spherical")
# MixtureRegression is none of them: it is fitted to data frames by the names of their columns, and the checks give arrays.
ESTIMATORS = [ek.GaussianMixture(), ek.MixtureModel(), ek.LatentClass(), ek.HiddenMarkov(), ek.Discriminant()]
OTHER_SETTINGS = [
    *(ek.GaussianMixture(2, covariance_type=form, n_init=3, floor=1e-3) for form in FORMS),
    ek.GaussianMixture(2, solver="plain", n_init=2, n_jobs=1, floor=1e-3),
    ek.MixtureModel("gaussian-diag", n_components=2),
    ek.MixtureModel(ek.TiedGaussian(floor=1e-3), n_components=2),
]
AS_EXPECTED = [  # of data with more columns than rows, or a handful of rows: said as a warning
    "ignore::emkit.errors.DegenerateDataWarning",
    "ignore::emkit.errors.DegenerateFitWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::sklearn.exceptions.SkipTestWarning",
]


FRACTIONS = "it fits fractions, whatever the tags of an estimator say"
CLASSIFIER = "it takes whatever has predict_proba for a classifier, and asks how many classes its tags allow"
IN_SEQUENCE = {  # what is not meant for rows in sequence
    "check_methods_sample_order_invariance": "the order of rows in sequence tells",
    "check_methods_subset_invariance": "rows in sequence are told by each other",
    "check_sample_weight_equivalence_on_dense_data": "a weight is of a sequence, and a row is none",
    "check_sample_weight_equivalence_on_sparse_data": "a weight is of a sequence, and a row is none",
    "check_sample_weights_not_overwritten": "a weight is of a sequence, and a row is none",
    "check_fit_score_takes_y": "score(X, lengths), as in hmmlearn, has no y",
    "check_n_features_in_after_fitting": "score(X, lengths), as in hmmlearn, has no y",
    "check_pipeline_consistency": "score(X, lengths), as in hmmlearn, has no y",
}


def expected_to_fail(estimator):
    """Checks by name that an estimator cannot pass, and why."""
    if isinstance(estimator, ek.Discriminant):
        return {}
    found = {"check_estimator_sparse_array": CLASSIFIER, "check_estimator_sparse_matrix": CLASSIFIER}
    if isinstance(estimator, ek.HiddenMarkov):
        return found | IN_SEQUENCE
    if isinstance(estimator, ek.LatentClass):
        found["check_sample_weight_equivalence_on_dense_data"] = FRACTIONS
        found["check_sample_weight_equivalence_on_sparse_data"] = FRACTIONS
    return found


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_to_fail)
@pytest.mark.filterwarnings(*AS_EXPECTED)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(OTHER_SETTINGS, expected_failed_checks=expected_to_fail)
@pytest.mark.filterwarnings(*AS_EXPECTED)
def test_scikit_learn_checks_with_other_settings(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings(*AS_EXPECTED)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n_components", [2, 3])
def test_weights_are_repetitions_whatever_the_order_of_rows(form, n_components):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(120, 3)) + 4 * rng.integers(0, n_components, size=(120, 1))
    weights = rng.integers(0, 4, size=120)
    shuffled = rng.permutation(120)
    estimator = ek.GaussianMixture(n_components, covariance_type=form, random_state=0)
    repeated = estimator.fit(np.repeat(X, weights, axis=0)).predict_proba(X)
    weighted = estimator.fit(X[shuffled], sample_weight=weights[shuffled]).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-7, atol=1e-12)
