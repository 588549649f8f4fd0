"""What pickles of estimators hold: everything but the data."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import emkit as ek
from emkit.persistence.not_stored import NotStoredSource

X = np.random.default_rng(0).normal(np.repeat([[0.0], [5.0]], 40, axis=0), size=(80, 2))
WHO = np.repeat(["a", "b"], 40)
ESTIMATORS = [
    ek.GaussianMixture(2, random_state=0),
    ek.MixtureModel("gaussian-diag", 2, random_state=0),
    ek.HiddenMarkov("gaussian", 2, random_state=0),
    ek.NormalMissing(),
    ek.FactorAnalysis(uniquenesses="equal"),
    ek.Discriminant(random_state=0),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_an_estimator_is_stored_without_its_data(estimator):
    fitted = estimator.fit(X, WHO) if isinstance(estimator, ek.Discriminant) else estimator.fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    assert isinstance(again.result_.source, NotStoredSource)
    assert fitted.result_.source.is_here
    assert again.result_.log_likelihood == fitted.result_.log_likelihood
    ask = "predict" if hasattr(fitted, "predict") else "transform"
    np.testing.assert_array_equal(getattr(again, ask)(X), getattr(fitted, ask)(X))
