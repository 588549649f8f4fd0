"""Fits of which a covariance is known and not the rows: what is drawn from the model, and rows that nobody may ask for."""

import pickle

import numpy as np
import pytest

import emkit as ek
from emkit.plots.kinds import drawable

LOADINGS = np.array([0.8, 0.7, 0.6, 0.5])
TESTS = np.outer(LOADINGS, LOADINGS) + np.diag(1 - LOADINGS**2)
COLUMNS = [*"abcd"]


def rows():
    """200 rows whose covariance is that of the tests."""
    x = np.random.default_rng(0).standard_normal((200, 4))
    x = x - x.mean(axis=0)
    return x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T, ddof=0))).T @ np.linalg.cholesky(TESTS).T


@pytest.fixture(scope="module")
def fits():
    """Exploratory, confirmatory of some of the columns, and the one of a mixture that sees means and covariance alone."""
    source = ek.rows_of_covariance(TESTS, 200)
    mixture = ek.Mixture(ek.FactorNormal(1))
    return {
        "exploratory": ek.FactorAnalysis(1).fit_covariance(TESTS, 200).result_,
        "confirmatory": ek.ConfirmatoryFactorAnalysis({"f": [*"abc"]}).fit_covariance(TESTS, 200, columns=COLUMNS).result_,
        "mixture": ek.fit(mixture, source, mixture.starts(source.profile, 1, [0])[0], solver="anderson"),
    }


NEEDS_ROWS = {
    "case": (lambda fit: fit.bootstrap(3, kind="case", random_state=0), "use kind='parametric'"),
    "bayesian": (lambda fit: fit.bootstrap(3, kind="bayesian", random_state=0), "use kind='parametric'"),
    "bca": (lambda fit: fit.bootstrap(3, random_state=0).intervals(method="bca"), "use method='percentile'"),
    "opg": (lambda fit: fit.standard_errors("opg"), 'kind="information"'),
    "robust": (lambda fit: fit.standard_errors("robust"), 'kind="information"'),
    "cluster": (lambda fit: fit.standard_errors("cluster", clusters=[*"aabbccdd"]), 'kind="information"'),
    "influence": (lambda fit: fit.influence(), "no row has a score"),
    "residuals": (lambda fit: fit.quantile_residuals(), "no row has a residual"),
    "qq": (lambda fit: fit.plot("qq"), "no row has a residual"),
    "explanation": (lambda fit: fit.explain(), "no row can be shown"),
    "page": (lambda fit: fit.to_html("rows.html"), "no row can be shown"),
}


@pytest.mark.parametrize("asked", NEEDS_ROWS)
@pytest.mark.parametrize("kind", ["exploratory", "confirmatory", "mixture"])
def test_what_asks_for_rows_that_never_occurred_is_refused(fits, kind, asked):
    if asked == "qq":
        pytest.importorskip("matplotlib")
    ask, said = NEEDS_ROWS[asked]
    with pytest.raises(ek.ModelError, match=f"a covariance is known and not the rows.*{said}"):
        ask(fits[kind])


def test_neither_are_rows_of_components_shown_counted_or_left_out(fits):
    from emkit.selection.held_out import held_out_deviance

    asks = [
        lambda fit: fit.augment(),
        lambda fit: fit.plot("density", column=0),
        lambda fit: fit.plot("responsibilities"),
        held_out_deviance,
    ]
    for ask in asks:
        with pytest.raises(ek.ModelError, match="a covariance is known and not the rows"):
            ask(fits["mixture"])


def test_what_does_without_rows_is_there(fits):
    assert {"trace", "loadings", "scree"} <= set(drawable(fits["exploratory"]))
    assert not {"qq", "residuals"} & set(drawable(fits["exploratory"]))
    assert np.isfinite(fits["exploratory"].standard_errors().errors).all()
    assert "the covariance of 200 rows" in str(fits["confirmatory"].report(include_data=True).to_dict())
    again = pickle.loads(pickle.dumps(fits["exploratory"]))
    with pytest.raises(ek.ModelError, match="a covariance is known"):
        again.influence()


def test_rows_drawn_from_the_model_are_as_many_as_were_told_of(fits):
    """They are those drawn from the fit to rows with that covariance, which spread as the information says."""
    found = fits["exploratory"].bootstrap(200, random_state=0).standard_errors()
    other = ek.FactorAnalysis(1).fit(rows()).result_.bootstrap(200, random_state=0).standard_errors()
    np.testing.assert_allclose(found.errors, other.errors, rtol=1e-4)
    told = fits["exploratory"].standard_errors()
    np.testing.assert_allclose(found.errors, told.errors, rtol=0.25)


def test_rows_that_were_given_may_be_asked_for(fits):
    """A fit goes over stand-ins of many rows, and knows that the rows themselves occurred."""
    found = ek.FactorAnalysis(1).fit(rows()).result_
    assert found.passes.rows < found.source.rows
    usual = found.standard_errors().errors
    np.testing.assert_allclose(found.standard_errors("robust").errors, usual, rtol=0.35)
    np.testing.assert_allclose(found.bootstrap(200, kind="case", random_state=0).standard_errors().errors, usual, rtol=0.35)
    assert len(found.influence().distances) == 200
    assert found.explain().to_dict()


def test_columns_of_rows_are_rows_by_the_same_names():
    source = ek.ArraySource([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0, 2], ["a", "b", "c"], row_name="person {}".format)
    found = source.of_columns([2, 0])
    assert found.columns == ("c", "a")
    assert found.x.tolist() == [[6.0, 4.0]]
    assert found.place(0, 1) == "person 1, column 'a'"
    assert found.profile.mean.tolist() == [6.0, 4.0]


@pytest.mark.parametrize("estimator", [ek.FactorAnalysis(), ek.ConfirmatoryFactorAnalysis({"f": [*"abc"]})])
def test_columns_of_one_name_are_refused(estimator):
    with pytest.raises(ek.DataError, match="columns have the same name, 'a'; give each its own"):
        estimator.fit_covariance(TESTS, 200, columns=["a", "a", "b", "c"])
    with pytest.raises(ek.DataError, match="columns have the same name, 'a'"):
        ek.ArraySource(TESTS, columns=["a", "a", "b", "c"])


@pytest.mark.parametrize("number", [1, 2])
def test_a_covariance_of_so_few_rows_is_refused_as_they_are(number, recwarn):
    with pytest.raises(ek.DataError, match=rf"1 factors explain {number} rows without error; at least 3 are needed"):
        ek.FactorAnalysis().fit_covariance(TESTS, number)
    with pytest.raises(ek.DataError, match=rf"1 factors explain {number} rows without error; at least 3 are needed"):
        ek.ConfirmatoryFactorAnalysis({"f": [*"abcd"]}).fit_covariance(TESTS, number, columns=COLUMNS)
    assert not recwarn.list


def test_weights_that_nobody_gave_are_not_warned_of(recwarn):
    assert ek.FactorAnalysis().fit_covariance(TESTS, 3).converged_
    assert not recwarn.list
