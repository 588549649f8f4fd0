"""The estimators among the tools of scikit-learn: frames, pipelines, searches, files, callbacks."""

import copy
import pickle
from importlib.util import find_spec

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import _get_feature_names

import emkit as ek

ESTIMATORS = [ek.GaussianMixture(2, random_state=0), ek.MixtureModel("gaussian-diag", 2, random_state=0)]


@pytest.fixture(scope="module")
def X():  # noqa: N802
    return load_iris().data


@pytest.fixture(params=ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def estimator(request):
    return clone(request.param)


@pytest.mark.parametrize("frame", [pd.DataFrame, lambda x, columns: pl.DataFrame(x, schema=columns)], ids=["pandas", "polars"])
def test_names_of_columns_are_kept_and_checked(frame, estimator, X):
    names = ["sl", "sw", "pl", "pw"]
    if _get_feature_names(frame(X, columns=names)) is None:
        pytest.skip("this scikit-learn does not know these frames")
    estimator.fit(frame(X, columns=names))
    np.testing.assert_array_equal(estimator.feature_names_in_, names)
    assert estimator.n_features_in_ == 4
    assert estimator.result_.source.columns == tuple(names)
    assert estimator.score(frame(X, columns=names)) == pytest.approx(estimator.lower_bound_)
    with pytest.raises(ValueError, match="feature names"):
        estimator.predict(frame(X[:, ::-1].copy(), columns=names[::-1]))


@pytest.mark.parametrize("wrapper", ["pandas", "polars"])
def test_responsibilities_as_features(wrapper, estimator, X):
    features = estimator.set_output(transform=wrapper).fit_transform(X)
    prefix = type(estimator).__name__.lower()
    assert list(features.columns) == [f"{prefix}0", f"{prefix}1"]
    np.testing.assert_array_equal(features.to_numpy(), estimator.predict_proba(X))


def test_in_a_pipeline(X):
    pipeline = make_pipeline(StandardScaler(), ek.GaussianMixture(3, random_state=0)).fit(X)
    assert np.bincount(pipeline.predict(X)).min() > 30
    raw = ek.GaussianMixture(3, random_state=0).fit(X)
    jacobian = np.log(X.std(axis=0)).sum()
    assert pipeline.score(X) == pytest.approx(raw.score(X) + jacobian, rel=1e-9)


@pytest.mark.slow
def test_in_a_grid_search(estimator, X):
    search = GridSearchCV(estimator, {"n_components": [1, 2, 3]}, cv=3).fit(
        X[::-1].copy()[np.random.default_rng(0).permutation(150)]
    )
    assert search.best_params_["n_components"] > 1
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def pickled(estimator):
    return pickle.loads(pickle.dumps(estimator))


@pytest.mark.slow
@pytest.mark.parametrize("copied", [pickled, copy.deepcopy, copy.copy], ids=["pickle", "deepcopy", "copy"])
def test_a_copy_predicts_the_same_and_holds_no_data(copied, estimator, X):
    again = copied(estimator.fit(X))
    np.testing.assert_array_equal(again.predict_proba(X), estimator.predict_proba(X))
    assert again.result_.log_likelihood == estimator.result_.log_likelihood
    assert again.result_.source.columns == estimator.result_.source.columns
    with pytest.raises(ek.DataError, match="the data are not stored with the fit"):
        again.result_.standard_errors()
    assert estimator.result_.standard_errors()  # the original still has them


def test_files(tmp_path, estimator):
    X = np.random.default_rng(0).normal(size=(20_000, 4))
    X[::2] += 3
    joblib.dump(estimator.fit(X), tmp_path / "fit.joblib")
    assert (tmp_path / "fit.joblib").stat().st_size < 100_000
    again = joblib.load(tmp_path / "fit.joblib")
    np.testing.assert_array_equal(again.predict(X[:50]), estimator.predict(X[:50]))
    assert again.set_params(warm_start=True).fit(X).n_iter_ <= 2


def test_a_clone_is_unfitted(estimator, X):
    fresh = clone(estimator.fit(X))
    assert fresh.get_params() == estimator.get_params()
    assert not hasattr(fresh, "weights_")


def test_the_same_seed_gives_the_same_bits_for_any_number_of_threads():
    X = np.random.default_rng(0).normal(size=(40_000, 3))
    X[::3] += 4
    fits = [ek.GaussianMixture(2, random_state=5, n_init=2, n_jobs=n).fit(X) for n in (1, 2, None)]
    for fit in fits[1:]:
        np.testing.assert_array_equal(fit.means_, fits[0].means_)


def test_weights_everywhere(estimator, X):
    weights = np.random.default_rng(0).integers(0, 3, size=len(X))
    repeated = np.repeat(X, weights, axis=0)
    estimator.fit(X, sample_weight=weights)
    assert estimator.lower_bound_ == pytest.approx(estimator.score(repeated), rel=1e-12)
    assert estimator.score(X, sample_weight=weights) == pytest.approx(estimator.score(repeated), rel=1e-12)
    assert estimator.bic(X, sample_weight=weights) == pytest.approx(estimator.bic(repeated), rel=1e-12)
    assert estimator.aic(X, sample_weight=weights) == pytest.approx(estimator.aic(repeated), rel=1e-12)
    labels = clone(estimator).fit_predict(X, sample_weight=weights)
    np.testing.assert_array_equal(labels, estimator.predict(X))


def test_rows_of_weight_zero_have_no_influence(estimator, X):
    absurd = np.concatenate([X, [[1e9, -1e9, 0, 0]]])
    weighted = clone(estimator).fit(absurd, sample_weight=[1.0] * 150 + [0.0])
    np.testing.assert_array_equal(weighted.fit(absurd, sample_weight=[1.0] * 150 + [0.0]).weights_, estimator.fit(X).weights_)


class Listener:
    """Keeps what a callback is told, and may ask to stop."""

    def __init__(self, stop_after=None):
        self.scores = []
        self.tasks = []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        self.tasks.append("setup")

    def teardown(self, estimator, context):
        self.tasks.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.tasks.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        if context.task_name == "iteration":
            self.scores.append(fitted_estimator.score(X))
        return len(self.scores) == self.stop_after


@pytest.mark.skipif(find_spec("sklearn.callback") is None, reason="callbacks came with scikit-learn 1.9")
def test_callbacks_see_every_iteration_and_may_stop(estimator, X):
    listener = Listener()
    estimator.set_params(n_components=3, n_init=1).set_callbacks(listener).fit(X)
    assert listener.tasks[:2] == ["setup", "fit"]
    assert listener.tasks[-1] == "teardown"
    assert len(listener.scores) == estimator.n_iter_ + 1
    np.testing.assert_allclose(listener.scores, estimator.lower_bounds_, rtol=1e-12)
    with pytest.warns(ek.ConvergenceWarning, match="a callback stopped the fit after iteration 1"):
        estimator.set_callbacks(Listener(stop_after=2)).fit(X)
    assert estimator.n_iter_ == 1


def test_importing_emkit_does_not_import_scikit_learn():
    import subprocess
    import sys

    code = "import sys, emkit; sys.exit(any(m in sys.modules for m in ('sklearn', 'numba', 'joblib')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_names_are_found_by_attribute_and_by_star():
    assert {"GaussianMixture", "MixtureModel", "ConvergenceWarning"} <= set(ek.__all__)
    assert ek.GaussianMixture is ek.estimators.GaussianMixture


def test_a_warm_start_of_another_form_is_refused(X):
    gm = ek.GaussianMixture(2, warm_start=True, random_state=0).fit(X)
    with pytest.raises(ValueError, match="whose components are FullGaussianParams and not DiagonalGaussianParams"):
        gm.set_params(covariance_type="diag").fit(X)


def test_a_summary_outlives_the_data(X):
    gm = ek.GaussianMixture(2, random_state=0).fit(X)
    stored = pickled(pickled(gm)).result_
    assert stored.summary() == gm.result_.summary()
    assert stored.to_dict() == gm.result_.to_dict()
    with pytest.raises(ek.DataError, match="the data are not stored with the fit"):
        stored.summary(standard_errors=True)
