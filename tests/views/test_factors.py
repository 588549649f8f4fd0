"""Loadings as an estimator has them, and eigenvalues beside those of chance."""

import numpy as np
import pytest

import emkit as ek
from emkit import views

LOADINGS = np.array([[0.9, 0.8, 0.7, 0, 0, 0], [0, 0, 0, 0.8, 0.7, 0.9]])


def rows(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, 2)) @ LOADINGS + 0.5 * rng.standard_normal((n, 6))


@pytest.mark.parametrize("rotation", [None, "varimax", "promax"])
def test_loadings_are_those_of_the_estimator(rotation):
    two = ek.FactorAnalysis(2, rotation=rotation).fit(rows())
    view = views.factor_loadings(two.result_, rotation)
    np.testing.assert_allclose(view.loadings, two.loadings_ / np.sqrt(np.diag(two.get_covariance()))[:, None])
    np.testing.assert_allclose(view.correlations, two.factor_correlation_)
    assert view.to_dict()["columns"] == [f"x{j}" for j in range(6)]
    drawn = two.result_.plot("loadings", rotation=rotation).texts
    assert [text.get_text() for text in drawn] == [f"{value:.2f}" for value in view.loadings.ravel()]


def test_factors_that_are_known_are_not_turned():
    model = ek.ConfirmatoryFactorModel([[1, 0], ["a", 0], ["b", 0], [0, 1], [0, "c"], [0, "d"]])
    source = ek.ArraySource(rows())
    found = ek.fit(model, source, model.start(source.profile), solver="anderson")
    view = views.factor_loadings(found)
    assert (view.loadings[3:, 0] == 0).all()
    np.testing.assert_allclose(view.loadings, model.standardised(found.params).loadings)
    assert "correlations: 1 and 2: " in found.plot("loadings").get_xlabel()
    with pytest.raises(ek.ModelError, match="not free to turn"):
        found.plot("loadings", rotation="varimax")


def test_eigenvalues_are_those_of_the_correlations_and_two_are_larger_than_by_chance():
    x = rows()
    found = ek.FactorAnalysis(1).fit(x).result_
    view = views.scree(found)
    np.testing.assert_allclose(view.eigenvalues, np.linalg.eigvalsh(np.corrcoef(x.T))[::-1])
    assert view.factors == view.to_dict()["factors"] == 2
    assert views.scree(found).by_chance.tolist() == view.by_chance.tolist()
    assert found.plot("scree").get_title(loc="left").endswith("2 are larger than by chance")


@pytest.mark.parametrize("n", [8, 60])
def test_chance_is_that_of_tables_of_independent_columns(n):
    """The same quantiles from rows that are drawn, of fewer rows than columns and of more."""
    d, rng = 10, np.random.default_rng(5)
    model, source = ek.FactorModel(0), ek.ArraySource(rng.standard_normal((n, d)))
    view = views.scree(ek.fit(model, source, model.start(source.profile)))
    tables = [np.linalg.eigvalsh(np.corrcoef(rng.standard_normal((n, d)).T))[::-1] for _ in range(2000)]
    np.testing.assert_allclose(view.by_chance, np.quantile(tables, 0.95, axis=0), atol=0.12)
    assert view.factors == 0


def test_gaps_do_not_make_columns_look_independent():
    x = rows(600)
    whole = np.linalg.eigvalsh(np.corrcoef(x.T))[::-1]
    x[np.random.default_rng(1).random(x.shape) < 0.2] = np.nan
    np.testing.assert_allclose(views.scree(ek.FactorAnalysis(2).fit(x).result_).eigenvalues, whole, atol=0.15)


@pytest.mark.parametrize(
    ("options", "error", "said"), [({"rotation": "varimx"}, ek.ParameterError, "rotation is 'varimx'.*Did you mean 'varimax'")]
)
def test_what_is_refused(options, error, said):
    with pytest.raises(error, match=said):
        views.factor_loadings(ek.FactorAnalysis(1).fit(rows()).result_, **options)
    with pytest.raises(ek.ModelError, match="has no factors"):
        views.factor_loadings(ek.GaussianMixture(1).fit(rows()).result_)
