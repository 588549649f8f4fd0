"""The bootstrap: right in the large, the same bits however it is made, and honest about what fails."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from scipy.sparse import csr_array

import emkit as ek
from emkit.selection.bootstrap import Bootstrap

REPLICATES = 400


@pytest.fixture(scope="module")
def counts() -> ek.Result:
    """A large regular problem: 1,500 counts from two clear Poisson components."""
    rng = np.random.default_rng(3)
    x = rng.poisson(np.where(rng.random(1_500) < 0.4, 1.5, 8.0))
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[2.0], [7.0]]))
    return ek.fit(ek.Mixture(ek.Poisson()), x, start)


@pytest.fixture(scope="module")
def clusters() -> ek.Result:
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(0, 1, (60, 2)), rng.normal(5, 1, (40, 2))])
    start = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0.0, 0.0], [5.0, 5.0]], [np.eye(2)] * 2))
    return ek.fit(ek.Mixture(ek.FullGaussian()), x, start)


@pytest.mark.parametrize("kind", ["parametric", "case", "bayesian"])
def test_standard_errors_agree_with_the_observed_information(counts, kind):
    found = counts.bootstrap(REPLICATES, kind=kind, random_state=1)
    ratio = found.standard_errors().errors / counts.standard_errors().errors
    np.testing.assert_allclose(ratio, 1.0, atol=4 / np.sqrt(2 * REPLICATES))  # four times the Monte Carlo error
    assert (len(found.replicates), found.failed, found.doubtful) == (REPLICATES, 0, 0)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_intervals_agree_with_those_of_the_information(counts, method):
    found = counts.bootstrap(REPLICATES, kind="case", random_state=1)
    errors = counts.standard_errors()
    expected = errors.estimates[:, None] + 1.96 * np.array([-1.0, 1.0]) * errors.errors[:, None]
    bounds = found.intervals(0.95, method)
    np.testing.assert_allclose((bounds - expected) / errors.errors[:, None], 0.0, atol=0.45)
    assert (np.diff(found.intervals(0.8, method)) < np.diff(bounds)).all()


def test_the_acceleration_of_a_mean_is_a_sixth_of_its_skewness():
    x = np.random.default_rng(8).exponential(size=150)
    fit = ek.fit(ek.Mixture(ek.Exponential()), x, ek.MixtureParams([1.0], ek.ExponentialParams([[1.0]])))
    found = fit.bootstrap(10, kind="case", random_state=0).acceleration[1]
    away = x - x.mean()
    skewness = (away**3).sum() / (away**2).sum() ** 1.5 / 6
    assert found == pytest.approx(-skewness, abs=0.01)  # of a rate, which falls as the mean rises, and is curved


@pytest.mark.parametrize("kind", ["parametric", "case", "bayesian"])
def test_going_on_is_the_same_as_going_at_once(clusters, kind):
    at_once = clusters.bootstrap(130, kind=kind, random_state=7)
    in_parts = clusters.bootstrap(60, kind=kind, random_state=7).more(70)
    assert (in_parts.replicates == at_once.replicates).all()
    assert (in_parts.log_likelihoods == at_once.log_likelihoods).all()


@pytest.mark.slow
def test_any_number_of_processes_gives_the_same_bits(clusters):
    alone = clusters.bootstrap(120, random_state=2, n_jobs=1)
    shared = clusters.bootstrap(120, random_state=2, n_jobs=2)
    assert (alone.replicates == shared.replicates).all()


def test_other_seeds_give_other_replicates_and_generators_are_seeds(clusters):
    first, second = (clusters.bootstrap(5, random_state=seed) for seed in (0, 1))
    assert not (first.replicates == second.replicates).any()
    again = clusters.bootstrap(5, random_state=np.random.default_rng(0))
    assert (first.replicates == again.replicates).all()
    assert len(clusters.bootstrap(5, random_state=np.random.RandomState(0))) == 5


@pytest.mark.parametrize("kind", ["case", "bayesian"])
def test_frequency_weights_count_rows(kind):
    values, times = np.arange(8), np.array([40, 60, 45, 25, 30, 28, 20, 12])
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [5.0]]))
    weighted = ek.fit(ek.Mixture(ek.Poisson()), values, start, weights=times)
    written_out = ek.fit(ek.Mixture(ek.Poisson()), np.repeat(values, times), start)
    errors = [fit.bootstrap(REPLICATES, kind=kind, random_state=4).standard_errors().errors for fit in (weighted, written_out)]
    np.testing.assert_allclose(errors[0] / errors[1], 1.0, atol=0.25)


def test_a_parametric_replicate_has_as_many_rows_as_weights_count(counts):
    assert counts.bootstrap(20, random_state=0).log_likelihoods.mean() == pytest.approx(counts.log_likelihood, rel=0.02)


@pytest.mark.parametrize("form", [ek.TiedGaussian, ek.DiagonalGaussian])
def test_components_that_share_a_field_and_parameters_that_are_held_go_alone(form):
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(0, 1, 40), rng.normal(6, 1, 40)])[:, None]
    model = ek.Mixture(form())
    family = model.even(ek.ArraySource(x).profile, 2).components
    start = ek.MixtureParams([0.5, 0.5], type(family)([[0.0], [6.0]], *list(vars(family).values())[1:]))
    held = ek.Frozen(model, "proportions")
    for each in model, held:
        fit = ek.fit(each, x, start)
        found = fit.bootstrap(30, random_state=0).standard_errors()
        assert found.names == tuple(fit.standard_errors().names)
        np.testing.assert_allclose(found.errors / fit.standard_errors().errors, 1.0, atol=0.6)


@pytest.mark.parametrize("kind", ["case", "bayesian"])
def test_what_is_known_of_rows_is_known_of_them_when_they_are_drawn_anew(kind):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, 60), rng.normal(2, 1, 60)])[:, None]
    labels = np.repeat([0, -1, 1, -1], [40, 20, 40, 20])
    fit = ek.GaussianMixture(2, random_state=0).fit(x, labels=labels).result_
    found = fit.bootstrap(100, kind=kind, random_state=0)
    np.testing.assert_allclose(found.standard_errors().errors / fit.standard_errors().errors, 1.0, atol=0.4)
    assert found.doubtful == 0
    with pytest.raises(ek.ModelError, match="which component rows belong to is known of some"):
        fit.bootstrap(3)


def test_sparse_rows_are_resampled_as_others_are():
    x = np.random.default_rng(0).poisson(np.repeat([[0.2, 3.0, 0.1], [3.0, 0.1, 0.3]], 50, axis=0))
    dense, sparse = (ek.MixtureModel("poisson", 2, random_state=0).fit(rows).result_ for rows in (x, csr_array(x)))
    one, other = (fit.bootstrap(20, kind="bayesian", random_state=0) for fit in (dense, sparse))
    np.testing.assert_allclose(one.replicates, other.replicates, atol=2e-3)


def test_an_estimate_on_an_edge_has_no_standard_error():
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[0.0], [5.0]]))
    fit = ek.fit(ek.Mixture(ek.Poisson()), [0] * 20 + [4, 5, 6, 7, 5, 3, 6] * 4, start)
    found = fit.bootstrap(30, kind="case", random_state=0)
    at = found.names.index("components.rates[0, 0]")
    assert np.isnan(found.standard_errors().errors[at])
    assert np.isnan(found.intervals()[at]).all()
    assert "boundary" in found.reasons[found.names[at]]
    assert np.isfinite(found.standard_errors()["components.rates[1, 0]"])


def test_replicates_that_fail_are_counted_with_their_reason_and_left_out():
    """Five equal rows make a component whose replicates often have no maximum without a floor."""
    x = np.concatenate([np.random.default_rng(0).normal(0, 1, 12), [9.0, 9.0, 9.001]])
    start = ek.MixtureParams([0.8, 0.2], ek.DiagonalGaussianParams([[0.0], [9.0]], [[1.0], [0.1]]))
    fit = ek.fit(ek.Mixture(ek.DiagonalGaussian(floor=0)), x, start)
    found = fit.bootstrap(60, kind="case", random_state=0)
    assert 0 < found.failed < 60
    assert len(found.replicates) == 60 - found.failed
    assert sum(found.troubles.values()) >= found.failed
    assert f"{found.failed} more failed" in found.sentence
    assert np.isfinite(found.standard_errors().errors).all()


def test_whoever_watches_sees_every_replicate_and_may_stop(clusters):
    seen = []

    def watch(replicates):
        for each in replicates:
            seen.append(each)
            yield each

    found = clusters.bootstrap(12, random_state=0, watch=watch)
    assert len(seen) == len(found) == 12
    stopped = clusters.bootstrap(12, random_state=0, watch=lambda replicates: islice(replicates, 4))
    assert len(stopped) == 4
    assert (stopped.more(8).replicates == found.replicates).all()


def test_plain_values_have_every_number(counts):
    told = counts.bootstrap(50, random_state=0).to_dict(level=0.9)
    assert (told["kind"], told["replicates"], told["failed"], told["level"]) == ("parametric", 50, 0, 0.9)
    first = told["parameters"][0]
    assert first["name"] == "proportions[0]"
    assert first["interval"][0] < first["estimate"] < first["interval"][1]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"number": 0}, "the number of replicates is 0; it must be a whole number >= 1."),
        ({"number": 5, "kind": "jackknife"}, "kind is 'jackknife'; it must be one of parametric, case, bayesian."),
        ({"number": 5, "random_state": -1}, "random_state is -1; it must be None, a whole number >= 0, or a generator."),
        ({"number": 5, "n_jobs": 0}, "n_jobs is 0; it must be a whole number >= 1, or -1 for all cores."),
    ],
)
def test_what_cannot_be_is_refused(clusters, settings, sentence):
    with pytest.raises(ek.ModelError) as error:
        clusters.bootstrap(**settings)
    assert str(error.value) == sentence


def test_intervals_that_cannot_be_are_refused(clusters):
    found = clusters.bootstrap(3, random_state=0)
    with pytest.raises(ek.ModelError, match="level is 95; it must lie between 0 and 1"):
        found.intervals(95)
    with pytest.raises(ek.ModelError, match="method is 'bc'; it must be one of percentile, bca"):
        found.intervals(method="bc")
    with pytest.raises(ek.ModelError, match="1 of 1 replicates have estimates; 2 are needed"):
        clusters.bootstrap(1, random_state=0).standard_errors()


def test_models_without_an_estimate_to_return_to_are_refused(clusters):
    sampled = ek.fit(ek.Mixture(ek.FullGaussian(), ek.Sampled(seed=0)), clusters.source.x, clusters.params, max_evaluations=5)
    with pytest.raises(ek.ModelError, match="draws at random"):
        sampled.bootstrap(3)


def test_data_that_are_not_there_are_refused(clusters):
    alone = clusters.without_data()
    with pytest.raises(ek.ModelError, match=r"not stored with the fit.*give it the data again, with_data\(X\)"):
        alone.bootstrap(3)
    again = alone.with_data(clusters.source.x)
    assert len(again.bootstrap(3, random_state=0).replicates) == 3


def test_a_test_against_a_larger_fit_needs_the_data(clusters):
    x = clusters.source.x
    one, two = (ek.GaussianMixture(k, random_state=0).fit(x).result_ for k in (1, 2))
    with pytest.raises(ek.ModelError, match=r"give it the data again, with_data\(X\)"):
        one.without_data().test(two, number=3)


def test_weights_that_count_no_rows_are_refused():
    with pytest.warns(ek.WeightsWarning):
        fit = ek.fit(
            ek.Mixture(ek.Poisson()), [1, 2, 9], ek.MixtureParams([1.0], ek.PoissonParams([[1.0]])), weights=[0.2, 0.3, 0.5]
        )
    with pytest.raises(ek.ModelError, match="the weights sum to 1 over 3 rows"):
        fit.bootstrap(3)


def test_it_says_what_it_is(clusters):
    assert repr(clusters.bootstrap(3, random_state=0)) == "Bootstrap(3 replicates of the parametric bootstrap.)"
    assert isinstance(clusters.bootstrap(3, kind="bayesian", random_state=0), Bootstrap)


def test_the_acceleration_of_many_weighted_rows_is_that_of_rows_one_by_one():
    rng = np.random.default_rng(1)
    x, weights = rng.exponential(size=260), rng.integers(1, 9, 260)
    start = ek.MixtureParams([1.0], ek.ExponentialParams([[1.0]]))
    fits = (
        ek.fit(ek.Mixture(ek.Exponential()), x, start, weights=weights),
        ek.fit(ek.Mixture(ek.Exponential()), np.repeat(x, weights), start),
    )
    counted, repeated = (fit.bootstrap(2, kind="case", random_state=0).acceleration[1] for fit in fits)
    assert abs(counted) < 0.02
    assert abs(counted - repeated) < 0.02
