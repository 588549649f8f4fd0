"""The bootstrap likelihood-ratio test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit.selection.bootstrap_test import BootstrapTest
from emkit.selection.resampling import as_rows, parametric, rows_in_memory

ONE = ek.MixtureModel("poisson", random_state=0)


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.poisson(2, 60), rng.poisson(9, 40)])[:, None]


def test_two_clear_components_are_found_and_no_third(counts):
    found = ek.select(ONE, counts, range(1, 4))
    assert found.best.n_components == 2
    first, second = (found.test(k, number=39, random_state=1) for k in (1, 2))
    assert (first.components, second.components) == ((1, 2), (2, 3))
    assert first.p_value == 1 / 40
    assert second.p_value > 0.1
    assert first.statistic == 2 * (found[2].result_.log_likelihood - found[1].result_.log_likelihood)


def test_the_p_value_has_a_monte_carlo_interval(counts):
    found = ek.bootstrap_lrt(ONE, counts, 2, number=19, random_state=1)
    low, high = found.p_interval
    above, number = found.as_high, len(found.replicates)
    assert low <= above / number <= high
    assert stats.binom.cdf(above, number, high) == pytest.approx(0.025)
    assert f"p = {found.p_value:.3g} from 19 replicates" in found.sentence
    assert repr(found) == f"BootstrapTest({found.sentence})"
    assert found.to_dict()["p_interval"] == [low, high]


def test_statistics_of_single_normals_are_those_of_searches_written_out():
    """Under one component, twice the difference is of the right size: a chi-square lies between those of 1 and 6 parameters."""
    x = np.random.default_rng(2).exponential(size=(80, 1))
    found = ek.bootstrap_lrt(ek.MixtureModel("exponential", random_state=0), x, 1, number=39, random_state=0)
    assert (found.replicates >= 0).all()
    assert 0.0 < found.replicates.mean() < 4.0


def test_going_on_is_the_same_as_going_at_once(counts):
    at_once = ek.bootstrap_lrt(ONE, counts, 1, number=9, random_state=3)
    in_parts = ek.bootstrap_lrt(ONE, counts, 1, number=4, random_state=3).more(5)
    assert at_once.made == in_parts.made


@pytest.mark.slow
def test_any_number_of_processes_gives_the_same_statistics(counts):
    alone, shared = (ek.bootstrap_lrt(ONE, counts, 1, number=9, random_state=3, n_jobs=jobs) for jobs in (1, 2))
    assert alone.made == shared.made


def test_data_for_which_a_model_could_not_be_fitted_are_counted(counts):
    found = ek.bootstrap_lrt(ONE, counts, 1, number=3, random_state=3)
    gone = BootstrapTest(found.smaller, found.larger, 0, (*found.made, float("nan")))
    assert (gone.failed, len(gone.replicates)) == (1, 3)
    assert gone.sentence.endswith("1 more failed.")


def test_the_test_whose_proof_does_not_hold_is_refused_with_the_reason(counts):
    with pytest.raises(ek.ModelError, match=r"Vuong, Lo, Mendell and Rubin is not offered: its proof"):
        ek.bootstrap_lrt(ONE, counts, 1, method="vlmr")
    with pytest.raises(ek.ModelError, match="method is 'chi2'; there is only 'bootstrap'"):
        ek.bootstrap_lrt(ONE, counts, 1, method="chi2")


def test_without_replicates_the_p_value_may_be_anything():
    x = np.array([0.0, 1.0, 2.0, 7.0])
    fits = [ek.MixtureModel("poisson", k, n_init=1, random_state=0).fit(x[:, None]).result_ for k in (1, 2)]
    assert BootstrapTest(*fits, 0, (np.nan,)).p_interval == (0.0, 1.0)


def people(n=25, slopes=0.0):
    rng, who, time = np.random.default_rng(0), np.repeat(np.arange(n), 5), np.tile(np.arange(5.0), n)
    y = rng.standard_normal(n)[who] + slopes * rng.standard_normal(n)[who] * time + rng.standard_normal(5 * n)
    return ek.ArraySource(np.column_stack([y, time]), groups=who)


def fitted(model, source):
    return ek.fit(model, source, model.start(source.profile), solver="anderson")


def test_a_variance_that_may_be_0():
    """The statistic is 0 in about half of the data sets, which no chi-square is: a mixture of those of 0 and 1 parameters."""
    rng = np.random.default_rng(1)
    source = ek.ArraySource(rng.standard_normal((150, 1)), groups=np.repeat(np.arange(30), 5))
    start = ek.MixedModelParams([0.0], ek.models.AnyCovariance([[0.0]]), 1.0)
    nothing = ek.fit(ek.Frozen(ek.MixedModel(0), "between"), source, start)
    found = nothing.test(fitted(ek.MixedModel(0), source), 60, random_state=0)
    assert 0.3 < (found.replicates < 1e-6).mean() < 0.8
    assert found.replicates.mean() == pytest.approx(0.5, abs=0.3)  # of half a chi-square of one parameter
    assert "2 against 3 free parameters" in found.sentence


def test_formulas_whose_models_have_different_columns():
    """As a covariate more, and groups within groups; the larger model is fitted to its own columns beside those drawn."""
    rng, n = np.random.default_rng(4), 120
    school, half = np.repeat(np.arange(12), 10), np.tile([0, 1], n // 2)
    x = rng.standard_normal(n)
    frame = {
        "y": x + rng.standard_normal(12)[school] + rng.standard_normal(24)[2 * school + half] + rng.standard_normal(n),
        "x": x, "school": [f"s{g}" for g in school], "half": [f"h{k}" for k in half],
    }  # fmt: skip
    plain, slope, nested = (
        ek.MixedRegression(formula, method="ml").fit(frame).result_
        for formula in ("y ~ 1 + (1 | school)", "y ~ x + (1 | school)", "y ~ x + (1 | school/half)")
    )
    first = plain.test(slope, 19, random_state=0)
    assert first.p_value == 1 / 20
    assert first.statistic == pytest.approx(2 * (slope.log_likelihood - plain.log_likelihood))
    assert first.replicates.mean() == pytest.approx(1.0, abs=0.8)  # of a chi-square of one parameter
    assert slope.test(nested, 9, random_state=0).p_value <= 0.3
    with pytest.raises(ek.ModelError, match="knows nothing of x, which the smaller one has"):
        slope.test(ek.MixedRegression("y ~ half + (half | school)", method="ml").fit(frame).result_, 2)


def test_what_cannot_be_compared():
    few, many = ek.MixedModel(0, (1,)), ek.MixedModel(0, (1,), (1,))
    one, two, other = fitted(few, people()), fitted(many, people()), fitted(many, people(20))
    with pytest.raises(ek.ModelError, match="the larger model has 4 free parameters and the smaller one 6"):
        two.test(one, 2)
    for no_fit, told in (
        ("x", "'x' is no fit"),
        (None, "None is no fit"),
        (ek.MixedRegression("y ~ 1 + (1 | g)"), "is no fit: give"),
    ):
        with pytest.raises(ek.ModelError, match=told):
            one.test(no_fit, 2)
    with pytest.raises(ek.ModelError, match="the two fits have not the same rows"):
        one.test(other, 2)
    with pytest.raises(ek.ModelError, match="give both models the same fixed effects"):
        fitted(ek.RestrictedMixedModel(0), people()).test(fitted(ek.RestrictedMixedModel(0, (1,), (1,)), people()), 2)
    with pytest.raises(ek.ModelError, match="give both models the same fixed effects"):
        fitted(ek.RestrictedMixedModel(0, (1,)), people()).test(two, 2)
    with pytest.raises(ek.ModelError, match="this is no case of that"):
        one.test(ek.fit(many, people(), many.starts(people().profile, 1, [3])[0], max_evaluations=1), 2)


def test_a_larger_family_is_told_from_a_smaller_one():
    """Exponential times are Weibull times of shape 1: the statistic is a chi-square of one degree of freedom."""
    rng = np.random.default_rng(0)
    for shape, sure in ((1.0, False), (1.6, True)):
        x = 4 * rng.weibull(shape, (200, 1))
        one, two = (ek.MixtureModel(law, 1).fit(x).result_ for law in ("exponential", "weibull"))
        found = one.test(two, 99, random_state=0)
        assert found.failed == 0
        assert (found.p_value == 0.01) == sure
        assert stats.kstest(found.replicates, stats.chi2(1).cdf).pvalue > 0.01


def test_statistics_of_mixed_models_are_those_of_fits_to_the_end_in_fewer_passes(monkeypatch):
    rng, who, time = np.random.default_rng(0), np.repeat(np.arange(20), 5), np.tile(np.arange(5.0), 20)
    y = rng.standard_normal(20)[who] + 0.3 * rng.standard_normal(20)[who] * time + rng.standard_normal(100)
    people = ek.ArraySource(np.column_stack([y, time]), groups=who)
    levels, slopes = (
        ek.fit(each, people, each.start(people.profile), solver="anderson")
        for each in (ek.MixedModel(0, (1,)), ek.MixedModel(0, (1,), (1,)))
    )
    passes, e_step = [], ek.MixedModel.e_step
    with monkeypatch.context() as counted:
        counted.setattr(ek.MixedModel, "e_step", lambda *given: passes.append(1) or e_step(*given))
        test = levels.test(slopes, 4, random_state=0)
    assert len(passes) < 4 * 300
    assert test.smaller.params is levels.params
    for at, found in enumerate(test.made):
        drawn = np.random.default_rng(np.random.SeedSequence(test.seed, spawn_key=(at,)))
        rows = as_rows(levels.occurring, parametric(levels, rows_in_memory(levels.occurring), drawn))
        heights = [
            ek.fit(fit.model, rows, [fit.model.start(rows.profile), fit.params], solver="anderson").log_likelihood
            for fit in (levels, slopes)
        ]
        assert found == pytest.approx(2 * (heights[1] - heights[0]), abs=1e-4)
