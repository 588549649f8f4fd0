"""A fit as columns, and what its components are called in them and everywhere else that is read: by name, else from 1."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit import lessons
from emkit.core.axes import component_name
from emkit.models.assignment import Posterior
from emkit.persistence.not_stored import NotStoredSource
from emkit.report.frames import assigned, estimates, in_one_line, of_rows
from emkit.report.labels import labels, names_of

X = np.random.default_rng(0).normal(np.repeat([[0.0], [4.0]], 60, axis=0), size=(120, 2))
WHO = np.array(["quiet"] * 10 + [""] * 50 + ["busy"] * 10 + [""] * 50)  # sorted: busy is the first component


@pytest.fixture(scope="module")
def numbered():
    return ek.MixtureModel("gaussian-diag", 2, random_state=0).fit(X).result_


@pytest.fixture(scope="module")
def named():
    return ek.MixtureModel("gaussian-diag", 2, random_state=0).fit(X, labels=WHO).result_


def test_a_component_is_called_by_name_or_counted_from_1():
    assert [component_name(k, ("busy",)) for k in range(3)] == ["busy", "2", "3"]


def test_no_two_components_are_called_the_same():
    assert [component_name(k, ("1", "3")) for k in range(3)] == ["1", "3", "3 (unnamed)"]
    assert [component_name(k, ("3", "3 (unnamed)")) for k in range(3)] == ["3", "3 (unnamed)", "3 (unnamed) (unnamed)"]
    labels = ["1", "1", "3", "3", None, None]
    told = ek.MixtureModel("poisson", 3, random_state=0).fit([[1], [0], [5], [6], [15], [16]], labels=labels).result_
    assert list(told.augment()) == ["x0", "component", "probability_1", "probability_3", "probability_3 (unnamed)"]
    assert told.tidy()["component"][:3] == ["1", "3", "3 (unnamed)"]


def test_estimates_have_a_row_for_each_number(numbered):
    found = estimates(numbered)
    assert found["component"] == [1, 2, 1, 1, 2, 2, 1, 1, 2, 2]
    assert found["column"] == [None, None, *("x0", "x1") * 4]
    assert found["parameter"] == ["proportion"] * 2 + ["mean"] * 4 + ["variance"] * 4
    components = numbered.params.components
    np.testing.assert_array_equal(found["estimate"][2:6], components.means.ravel())
    np.testing.assert_array_equal(found["estimate"][6:], components.variances.ravel())
    assert found["path"][5] == "components.means[1, 1]"


def test_errors_stand_beside_their_estimates(numbered):
    errors = numbered.standard_errors()
    found = estimates(numbered, errors)
    assert dict(zip(found["path"], found["std_error"].tolist(), strict=True)) == pytest.approx(
        dict(zip(errors.names, errors.errors.tolist(), strict=True))
    )


def test_names_that_labels_give_are_those_of_the_components(named):
    busy = X[WHO == "busy"].mean()
    assert named.params.components.means[0].mean() == pytest.approx(busy, abs=1)
    assert estimates(named)["component"][:4] == ["busy", "quiet", "busy", "busy"]
    said = [str(label) for label in labels(named.params, names_of(named)).values()]
    assert said[:3] == ["proportion, component busy", "proportion, component quiet", "mean of x0, component busy"]
    heading = next(line for line in named.summary().splitlines() if line.strip().startswith("component"))
    assert heading.split() == ["component", "busy", "quiet"]
    assert "busy" in named.summary(standard_errors=True)
    told = named.augment(X)
    assert {*told["component"]} == {"busy", "quiet"}
    assert [told["component"][row] for row in (0, 60)] == ["quiet", "busy"]
    assert {"probability_busy", "probability_quiet"} <= set(told)


def test_names_outlive_the_data(named, tmp_path):
    for known in (named.without_data(), ek.load(named.save(tmp_path / "named.emk"))):
        assert isinstance(known.source, NotStoredSource)
        assert known.source.component_names == ("busy", "quiet")
        assert estimates(known)["component"] == estimates(named)["component"]


def test_shares_in_a_dictionary_name_the_components():
    shares = {"low": [1.0] + [np.nan] * 119, "high": [0.0] + [np.nan] * 119}
    model = ek.MixtureModel("gaussian-diag", 2, random_state=0).fit(X, labels=shares)
    assert model.result_.source.component_names == ("low", "high")
    assert model.components_.means[0].mean() < model.components_.means[1].mean()
    with pytest.raises(ek.DataError, match="the labels are of high, low, and the components of the fit are low, high"):
        model.predict(X, labels={"high": shares["high"], "low": shares["low"]})


def test_classes_name_the_components_of_a_discriminant():
    known = np.where(np.arange(120) < 60, "a", "b")
    lda = ek.Discriminant("gaussian-tied", n_components={"a": 1, "b": 2}, random_state=0).fit(X, known)
    assert lda.result_.source.component_names == ("a", "b (1)", "b (2)")


def test_rows_with_and_without_a_component():
    found = Posterior(np.array([[0.25, 0.75], [np.nan, np.nan]]), np.array([-1.0, -np.inf]))
    assert assigned(found)["component"].tolist() == [2, 0]
    assert assigned(found, ("one", "other"))["component"] == ["other", None]
    assert list(assigned(found, ("one",))) == ["component", "probability_one", "probability_2"]


def test_a_fit_in_one_line(numbered):
    line = in_one_line(numbered, numbered.classification())
    assert {len(values) for values in line.values()} == {1}
    assert line["components"] == [2]
    assert line["bic"] == [numbered.bic]
    assert line["icl"][0] >= line["bic"][0]
    assert "icl" not in in_one_line(numbered, None)


def test_rows_come_back_as_they_were_given():
    given = {"ward": ["b", None, "a"], "visits": [1.0, 2.0, np.nan]}
    codes = np.array([[1.0, 1.0], [np.nan, 2.0], [0.0, np.nan]])
    back = of_rows(ek.ArraySource(codes, columns=list(given), levels=(("a", "b"), None)))
    assert back["ward"] == given["ward"]
    np.testing.assert_array_equal(back["visits"], given["visits"])


def test_components_are_named_in_plain_values():
    x = np.concatenate([np.full(20, 1.0), np.full(20, 9.0)])[:, None] + np.linspace(0, 1, 40)[:, None]
    mixture = ek.GaussianMixture(2, n_init=1, random_state=0)
    labels = ["small", None] * 10 + ["large", None] * 10
    assert mixture.fit(x, labels=labels).result_.to_dict()["component_names"] == ["large", "small"]
    assert mixture.fit(x).result_.to_dict()["component_names"] == ["1", "2"]
    assert "component_names" not in lessons.blood_groups().fit().to_dict()


@pytest.mark.filterwarnings("ignore::emkit.SeparationWarning")
def test_coefficients_go_by_their_covariates_and_levels():
    frame = {"way": ["bus", "car", "walk", "car"] * 10, "rain": list(range(40)), "wind": [1.0, 2.0, 0.0, 5.0, 4.0] * 8}
    fit = ek.MixtureRegression("way ~ rain | wind", 2, family="multinomial", n_init=1, random_state=0).fit(frame)
    told = fit.result_.tidy(standard_errors=False)
    assert list(zip(told["parameter"], told["column"], told["level"], strict=True))[:4] == [
        ("gate", "intercept", None),
        ("gate", "wind", None),
        ("coefficient", "intercept", "car"),
        ("coefficient", "rain", "car"),
    ]


def test_an_estimate_that_there_is_not_is_named(numbered):
    for found in (numbered.standard_errors(), numbered.confidence_intervals()):
        with pytest.raises(ek.ModelError, match=r"no free parameter 'mean'; there are proportions\[0\]"):
            found["mean"]
