"""Known classes of one or several components, against densities of each class worked out by themselves, and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import cross_val_score

import emkit as ek

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]


def test_one_normal_component_is_quadratic_discriminant_analysis():
    found = ek.Discriminant("gaussian").fit(X, NAMES)
    joint = np.stack(
        [multivariate_normal.logpdf(X, X[c == Y].mean(axis=0), np.cov(X[c == Y].T, ddof=0)) for c in range(3)], axis=1
    ) + np.log(1 / 3)
    shares = np.exp(joint - joint.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found.predict_proba(X), shares / shares.sum(axis=1, keepdims=True), atol=1e-8)
    assert found.result_.log_likelihood == pytest.approx(joint[np.arange(150), Y].sum(), rel=1e-10)
    assert found.predict(X[:2]).tolist() == ["setosa", "setosa"]
    np.testing.assert_allclose(found.class_priors_, 1 / 3, rtol=1e-12)


def test_one_covariance_for_all_is_linear_discriminant_analysis():
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(X, Y)
    np.testing.assert_allclose(ek.Discriminant("gaussian-tied").fit(X, Y).predict_proba(X), theirs.predict_proba(X), atol=1e-7)


def test_several_components_are_the_mixtures_of_each_class():
    """MclustDA: the log-likelihood of rows and classes is that of the mixtures of all classes, and of their shares."""
    found = ek.Discriminant("gaussian-diag", n_components={"setosa": 1, "versicolor": 2, "virginica": 2}, random_state=0)
    found.fit(X, NAMES)
    numbers = {"setosa": 1, "versicolor": 2, "virginica": 2}
    each = {
        name: ek.MixtureModel("gaussian-diag", number, random_state=0).fit(X[name == NAMES]) for name, number in numbers.items()
    }
    height = sum(fit.result_.log_likelihood for fit in each.values()) + 150 * np.log(1 / 3)
    assert found.result_.log_likelihood == pytest.approx(height, abs=1e-5)
    joint = np.stack([each[name].score_samples(X) for name in found.classes_], axis=1)
    shares = np.exp(joint - joint.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found.predict_proba(X), shares / shares.sum(axis=1, keepdims=True), atol=1e-4)
    assert found.class_of_component_.tolist() == [0, 1, 1, 2, 2]


def test_weights_are_repetitions():
    weights = np.random.default_rng(0).integers(0, 3, 150)
    one = ek.Discriminant(n_components=1).fit(X, Y, sample_weight=weights)
    other = ek.Discriminant(n_components=1).fit(np.repeat(X, weights, axis=0), np.repeat(Y, weights))
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), atol=1e-9)


def test_frames_and_searches():
    frame = pd.DataFrame(X, columns=list("abcd"))
    found = ek.Discriminant(n_components=2, random_state=0).fit(frame, NAMES)
    assert found.feature_names_in_.tolist() == list("abcd")
    assert found.score(frame, NAMES) > 0.97
    assert cross_val_score(ek.Discriminant("gaussian-tied"), X, NAMES, cv=3).mean() > 0.9


def test_what_cannot_be_is_named():
    with pytest.raises(ek.ParameterError, match="n_components says nothing of class 'virginica'"):
        ek.Discriminant(n_components={"setosa": 1, "versicolor": 1}).fit(X, NAMES)
    with pytest.raises(ek.ParameterError, match="n_components is 0"):
        ek.Discriminant(n_components=0).fit(X, NAMES)
    with pytest.raises(ek.DataError, match="the weights of all rows of class 0 are zero"):
        ek.Discriminant().fit(X, Y, sample_weight=(Y > 0).astype(float))
    with pytest.raises(ek.DataError, match="the target y is None"):
        ek.Discriminant().fit(X, None)
