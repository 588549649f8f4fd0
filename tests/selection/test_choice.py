"""Choice among models: every model of the grid, none lower than a search of its own, none chosen that is no maximum."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

import emkit as ek
from emkit.core.mapreduce import threads
from emkit.selection.choice import Cell, Choice, Line

CENTRES = np.array([[0.0, 0.0], [7.0, 0.0], [0.0, 7.0]])
FORMS = ["full", "spherical"]


@pytest.fixture(scope="module")
def three() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(centre, 1.0, (60, 2)) for centre in CENTRES])


@pytest.fixture(scope="module")
def chosen(three):
    return ek.select(ek.GaussianMixture(n_init=8, random_state=0), three, [2, 3, 4], grid={"covariance_type": FORMS})


def test_the_number_of_clusters_is_found_and_one_is_always_tried(chosen):
    assert [(line.label, line.cell.components) for line in chosen.lines] == [(form, k) for form in FORMS for k in (1, 2, 3, 4)]
    assert (chosen.best.n_components, chosen.best.covariance_type) == (3, "spherical")
    assert chosen.best is chosen["spherical", 3]
    assert chosen["full", 3].result_.converged


def test_no_fit_is_lower_than_a_search_of_its_own(chosen, three):
    for line in chosen.lines:
        alone = ek.GaussianMixture(line.cell.components, covariance_type=line.label, n_init=8, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ek.EmkitWarning)
            assert line.record.objective >= alone.fit(three).result_.objective - 1e-6


def test_estimators_predict_with_what_was_found(chosen, three):
    assert np.bincount(chosen.best.predict(three)).tolist() == [60, 60, 60]
    assert chosen.best.get_params()["covariance_type"] == "spherical"


@pytest.mark.parametrize("criterion", ["aic", "aicc", "bic", "sabic", "caic", "icl"])
def test_criteria_are_those_of_the_result(chosen, criterion):
    line = chosen.choice["full", 2]
    assert line.value(criterion) == getattr(line.record, criterion)


def test_the_formulas_of_the_criteria(chosen):
    fit = chosen["full", 3].result_
    p, n, height = fit.free_parameters, 180, fit.log_likelihood
    assert fit.aicc == pytest.approx(fit.aic + 2 * p * (p + 1) / (n - p - 1))
    assert fit.sabic == pytest.approx(-2 * height + p * np.log((n + 2) / 24))
    assert fit.caic == pytest.approx(fit.bic + p)
    shares = chosen["full", 3].predict_proba(fit.source.x)
    assert fit.entropy == pytest.approx(-(shares * np.log(np.maximum(shares, 1e-300))).sum(), abs=1e-10)
    assert fit.icl == pytest.approx(fit.bic - 2 * np.log(shares.max(axis=1)).sum())
    assert ek.fit(fit.model, fit.source.x[:8], fit.params, max_evaluations=1).aicc == np.inf
    assert chosen["full", 1].result_.entropy == 0


def test_a_spike_is_never_chosen():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (12, 1)), [[9.0], [9.0], [9.0]]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ek.EmkitWarning)
        found = ek.select(ek.GaussianMixture(random_state=0), x, [2])
    assert found.best.n_components == 1
    assert found.lines[1].trouble.startswith(f"component {1 + found[2].degenerate_[0]} has collapsed")
    assert "!" in found.table()


def test_left_out_rows_tell_the_number_of_clusters(three):
    found = ek.select(
        ek.GaussianMixture(covariance_type="spherical", n_init=4, random_state=0), three, range(1, 5), criterion="cv"
    )
    values = {line.cell.components: line.value("cv") for line in found.lines}
    assert found.best.n_components == 3
    assert values[1] > values[2] > values[3]
    assert values[3] == pytest.approx(found[3].result_.aic, rel=0.01)


def told(found: Any) -> list[tuple[Any, ...]]:
    return [(line.cell, line.record.log_likelihood, line.deviance, line.trouble) for line in found.lines]


@pytest.mark.parametrize("n_jobs", [partial(threads, 2), pytest.param(2, marks=pytest.mark.slow)])
def test_fits_and_those_without_some_rows_may_be_made_elsewhere(three, n_jobs):
    asked = (ek.GaussianMixture(n_init=2, random_state=0), three[::3], [1, 2])
    here, there = (ek.select(*asked, criterion="cv", n_jobs=jobs) for jobs in (None, n_jobs))
    assert told(here) == told(there)
    np.testing.assert_array_equal(there[2].means_, here[2].means_)
    assert there[2].result_.standard_errors().errors == pytest.approx(here[2].result_.standard_errors().errors)
    assert there[2].result_.source.rows == len(three[::3])  # the rows came back with it


@pytest.mark.slow
def test_fits_made_elsewhere_warn_of_the_data_once_and_cannot_lose_a_last_step(three):
    with pytest.warns(ek.WeightsWarning) as seen:
        ek.select(
            ek.GaussianMixture(n_init=1, random_state=0),
            three,
            [1, 2],
            n_jobs=2,
            sample_weight=np.full(len(three), 1 / len(three)),
        )
    assert len(seen) == 1
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 2, (60, 3)).astype(str), columns=list("abc")).assign(z=rng.normal(size=60))
    with pytest.raises(ek.ModelError, match="select without n_jobs"):
        ek.select(ek.LatentClass(predictors="z", random_state=0, n_init=1), frame, [1], n_jobs=2)


def test_a_checkpoint_of_one_fit_is_none_of_several(three, tmp_path):
    estimator = ek.GaussianMixture(random_state=0, checkpoint=tmp_path / "one.ckpt")
    for asked in (lambda: ek.select(estimator, three, [1, 2]), lambda: ek.bootstrap_lrt(estimator, three, 1, number=2)):
        with pytest.raises(ek.ModelError, match="leave out the estimator's checkpoint"):
            asked()


def test_rows_elsewhere_are_not_left_out_and_that_is_said_before_a_fit(three):
    with pytest.raises(ek.ModelError, match="left out where they are in memory"):
        ek.select(ek.GaussianMixture(n_components="none"), [three[:90], three[90:]], [1, 2], criterion="cv")


def test_either_fits_or_passes_are_spread(three):
    with pytest.raises(ek.ModelError, match="give one of the two"):
        ek.select(ek.GaussianMixture(n_jobs=partial(threads, 2)), three, [1, 2], n_jobs=2)


def test_the_table_says_what_was_chosen(chosen):
    table = chosen.table()
    assert str(chosen) == table
    assert max(map(len, table.splitlines())) <= 80
    starred = [line for line in table.splitlines() if line.endswith("*")]
    assert len(starred) == 1
    assert starred[0].split()[:2] == ["spherical", "3"]
    assert f"Lowest BIC: spherical with 3 components, {chosen.best.result_.bic:.4f}." in table


def test_a_key_that_there_is_not_names_those_there_are(chosen):
    with pytest.raises(KeyError, match=r"there is no \('VVV', 3\); there are \('full', 1\)"):
        chosen["VVV", 3]


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"n_components": [0]}, ek.ModelError, "a number of components is 0; each must be a whole number >= 1"),
        ({"criterion": "entropy"}, ek.ModelError, "criterion is 'entropy'; it must be one of aic, aicc, bic"),
        ({"grid": {"family": ["poisson"]}}, ek.ParameterError, "the grid has 'family', which is no setting of GaussianMixture"),
        ({"grid": {"covariance_type": []}}, ek.ParameterError, "the grid has a setting without values"),
    ],
)
def test_what_cannot_be_is_refused(three, settings, error, sentence):
    with pytest.raises(error, match=sentence):
        ek.select(ek.GaussianMixture(), three, **settings)


def test_only_estimators_of_this_package_are_fitted(three):
    with pytest.raises(ek.ModelError, match=r"it must be one of emkit's, such as ek\.GaussianMixture"):
        ek.select(object(), three)


@pytest.mark.parametrize(
    "estimator",
    [
        ek.StateSpaceModel(),
        ek.ItemResponse(),
        ek.NormalMissing(),
        ek.MixedRegression("y ~ (1 | g)"),
        ek.ConfirmatoryFactorAnalysis("f =~ a + b + c"),
    ],
)
def test_what_has_no_number_of_components_says_what_to_compare(three, estimator):
    for choose in (lambda: ek.select(estimator, three), lambda: ek.bootstrap_lrt(estimator, three, 1)):
        with pytest.raises(
            ek.ModelError, match=r"has no number of components to choose.*result_\.bic.*result_\.test\(larger\)"
        ):
            choose()


def test_families_are_compared_with_weights():
    values, times = np.arange(6)[:, None], np.array([30, 25, 20, 20, 18, 12])
    found = ek.select(
        ek.MixtureModel(random_state=0), values, [1, 2], grid={"family": ["poisson", "geometric"]}, sample_weight=times
    )
    assert found["poisson", 1].result_.rows == 125
    assert {line.label for line in found.lines} == {"poisson", "geometric"}


def test_a_choice_is_of_lines_and_a_criterion():
    line = Line(Cell((), 1), None, None, "no")
    assert np.isnan(line.value("bic"))
    assert Choice((line,), "bic")[1] is line
