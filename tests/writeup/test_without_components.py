"""Reports of models without components say nothing of components, and how such a model fits."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(2)
X = RNG.standard_normal((200, 1)) @ np.array([[1.0, 0.9, 0.8, 0.7, 0.6]]) + RNG.standard_normal((200, 5))
WHO, TIME = np.repeat(np.arange(30), 4), np.tile(np.arange(4.0), 30)
PEOPLE = {"y": RNG.standard_normal(30)[WHO] + TIME * (1 + 2 * (WHO % 2)) + RNG.standard_normal(120) / 2, "t": TIME, "who": WHO}
FITS = {
    "factors": lambda: ek.FactorAnalysis(1).fit(X),
    "confirmed": lambda: ek.ConfirmatoryFactorAnalysis("f =~ x0 + x1 + x2 + x3").fit(X[:, :4]),
    "items": lambda: ek.ItemResponse().fit((X > 0).astype(float)),
    "mixed": lambda: ek.MixedRegression("y ~ t + (1 | who)", method="ml").fit(PEOPLE),
    "restricted": lambda: ek.MixedRegression("y ~ t + (1 | who)").fit(PEOPLE),
    "states": lambda: ek.StateSpaceModel(ek.local_level()).fit(X[:, :1]),
}


@pytest.fixture(scope="module")
def fits():
    return {name: make() for name, make in FITS.items()}


def written(fit, tmp_path, ending="md"):
    path = tmp_path / f"report.{ending}"
    fit.result_.report(path)
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", ["md", "html"])
@pytest.mark.parametrize("name", FITS)
def test_no_word_is_of_components(fits, name, ending, tmp_path):
    body = written(fits[name], tmp_path, ending).rpartition("</style>")[2].lower()
    assert "component" not in body
    assert "an edge of its space" in body or "boundary of its space" in body


@pytest.mark.parametrize(("name", "word"), [("mixed", "| groups | 30 |"), ("states", "| series | 1 |")])
def test_groups_are_called_what_they_are(fits, name, word, tmp_path):
    assert word in written(fits[name], tmp_path)


def test_a_restricted_likelihood_is_called_one(fits, tmp_path):
    assert "| restricted log-likelihood |" in written(fits["restricted"], tmp_path)
    assert "maximise the restricted likelihood" in written(fits["restricted"], tmp_path)
    assert "restricted" not in written(fits["mixed"], tmp_path)


def cells(text, first):
    return next(line.split("|")[2].strip() for line in text.splitlines() if line.startswith(f"| {first} |"))


def test_fit_indices_stand_where_the_model_has_them(fits, tmp_path):
    text, found = written(fits["confirmed"], tmp_path), fits["confirmed"].fit_indices()
    told = {
        "chi-squared against any covariance": found.chi_squared, "degrees of freedom": found.degrees_of_freedom,
        "p-value": found.p_value, "CFI": found.cfi, "TLI": found.tli, "RMSEA": found.rmsea, "SRMR": found.srmr,
        "RMSEA, 90 % from": found.rmsea_interval[0], "RMSEA, to": found.rmsea_interval[1],
    }  # fmt: skip
    for name, value in told.items():
        assert float(cells(text, name)) == pytest.approx(value, abs=6e-4), name
    free, test = written(fits["factors"], tmp_path), fits["factors"].test()
    assert int(cells(free, "degrees of freedom")) == test.degrees_of_freedom
    assert float(cells(free, "chi-squared against any covariance")) == pytest.approx(200 * test.discrepancy, abs=6e-4)
    for name in ("items", "mixed", "states"):
        assert "CFI" not in written(fits[name], tmp_path)


def test_why_there_are_no_fit_indices_is_said(tmp_path):
    gappy = X[:, :4].copy()
    gappy[0, 0] = np.nan
    assert "Fit indices of rows with gaps" in written(ek.FactorAnalysis(1).fit(gappy), tmp_path)
    fit = ek.FactorAnalysis(1).fit(X)
    fit.result_ = fit.result_.without_data()
    assert "fit indices cannot be told" in written(fit, tmp_path)
    flat = np.column_stack([X[:, :3], X[:, 0] + X[:, 1]])
    with pytest.warns(ek.EmkitWarning):
        assert "the rows lie in a plane" in written(ek.FactorAnalysis(1).fit(flat), tmp_path)


def test_more_parameters_than_covariances_are_told_and_not_tested(tmp_path):
    with pytest.warns(ek.EmkitWarning, match=r"1 factor of 2 columns has 4 .* Give more columns\."):
        two = ek.FactorAnalysis(1).fit(X[:, :2])
    assert two.test().degrees_of_freedom == -1
    said = "nothing to test: there is 1 parameter more than means and covariances, so that other estimates fit as well"
    assert str(two.test()) == said
    assert said[1:] in written(two, tmp_path)
    assert "p-value" not in written(two, tmp_path)


def test_classes_of_groups_are_written_up_as_components(tmp_path):
    classes = ek.GrowthMixtureModel("y ~ t + (1 | who)", 2, n_init=3, random_state=0).fit(PEOPLE)
    text = written(classes, tmp_path)
    assert "| relative entropy |" in text
    assert float(cells(text, "ICL")) == pytest.approx(classes.result_.icl, abs=1e-3)
    assert cells(text, "independent groups, which BIC and its kin count") == "30"
