"""What estimators are told of who belongs where: labels and groups, also through scikit-learn's metadata routing."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import emkit as ek

RNG = np.random.default_rng(0)
COMPONENT = RNG.integers(0, 2, 200)
X = RNG.normal(size=(200, 2)) + 2.0 * COMPONENT[:, None]
LABELS = np.where(np.arange(200) % 10 == 0, 1 - COMPONENT, -1)  # the higher component is called 0


def test_labels_go_through_a_pipeline():
    with config_context(enable_metadata_routing=True):
        mixture = ek.GaussianMixture(2, random_state=0).set_fit_request(labels=True)
        pipeline = make_pipeline(StandardScaler(), mixture).fit(X, labels=LABELS)
    assert pipeline[-1].means_[0, 0] > pipeline[-1].means_[1, 0]


def test_y_is_ignored_as_in_scikit_learn():
    one, other = (ek.GaussianMixture(2, random_state=0).fit(X, y) for y in (None, LABELS))
    np.testing.assert_array_equal(one.means_, other.means_)


def test_fit_predict_keeps_to_the_labels():
    found = ek.GaussianMixture(2, random_state=0).fit_predict(X, labels=LABELS)
    assert (found == LABELS)[LABELS >= 0].all()


def test_rows_of_weight_zero_take_their_labels_with_them():
    weights = np.where(np.arange(200) % 20 == 0, 0.0, 1.0)
    one = ek.GaussianMixture(2, random_state=0).fit(X, sample_weight=weights, labels=LABELS)
    other = ek.GaussianMixture(2, random_state=0).fit(X[weights > 0], labels=LABELS[weights > 0])
    np.testing.assert_allclose(one.means_, other.means_, rtol=1e-12)


def test_large_data_are_searched_on_a_sample_that_knows_its_labels():
    rng = np.random.default_rng(1)
    component = rng.integers(0, 3, 30_000)
    x = rng.normal(size=(30_000, 2)) + 2.5 * component[:, None]
    labels = np.where(rng.random(30_000) < 0.02, (component + 1) % 3, -1)
    fitted = ek.GaussianMixture(3, random_state=0).fit(x, labels=labels)
    assert np.argsort(fitted.means_[:, 0]).tolist() == [1, 2, 0]
    assert fitted.converged_


def test_wrong_labels_are_refused():
    with pytest.raises(ek.DataError, match="label of row 0 is 5; it must be a component, 0 to 1"):
        ek.GaussianMixture(2).fit(X, labels=np.full(200, 5))
    with pytest.raises(ek.DataError, match="number of components is 0"):
        ek.GaussianMixture(0).fit(X, labels=LABELS)


def test_names_are_those_of_the_fit_for_other_rows():
    x = np.concatenate([np.arange(10.0), 100 + np.arange(10.0)])
    labels = ["far"] + 8 * [None] + ["far"] + 9 * [""] + ["near"]
    model = ek.GaussianMixture(2, random_state=0, n_init=1).fit(x[:, None], labels=labels)
    assert model.means_.ravel().round(1).tolist() == [4.5, 104.5]
    assert model.predict([[50.0], [50.0]], labels=["near", None])[0] == 1
    with pytest.raises(ek.DataError, match="'nowhere' is no name of a component that the fit was given; it knows far, near"):
        model.predict([[50.0]], labels=["nowhere"])
    assert model.result_.augment([[50.0]], labels=["near"])["component"] == ["near"]
    with pytest.raises(ek.DataError, match="it knows none: give the component"):
        ek.GaussianMixture(2, random_state=0, n_init=1).fit(x[:, None]).predict([[50.0]], labels=["near"])
