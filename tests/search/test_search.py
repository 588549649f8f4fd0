"""Starts that race, moves that lead on from the best, and long runs of the best."""

import re
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris

import emkit as ek
from emkit.core.restarts import Fate
from emkit.core.stopping import Decreased, Iterations, Settled
from emkit.fitting import default_rules
from emkit.search.plan import PLAN
from emkit.search.search import Long, search
from emkit.search.seeding import Begin, begin, spread_starts, start_near


def until(tol=1e-8, max_iter=1000):
    """Long runs that settle within `tol`, or have made so many steps."""
    return Long(
        ek.solvers.Squarem(), lambda steps, passes: (Decreased(), Settled.within(tol), Iterations(max_iter, steps)), max_iter
    )


def clusters(rows, centres, seed=0):
    rng = np.random.default_rng(seed)
    centres = np.asarray(centres, dtype=float)
    return centres[rng.integers(len(centres), size=rows)] + rng.normal(size=(rows, centres.shape[1]))


class Still(ek.Mixture):
    """A mixture that knows of no moves."""

    def moves(self, params, profile):
        return iter(())

    def relocations(self, params, profile, seed):
        return iter(())


def found(family, x, n_components, seeds, kind=ek.Mixture, **options):
    model, source = kind(family), ek.ArraySource(x)
    return search(model, source, Begin(spread_starts(model, source, n_components, seeds)), until(**options))


@pytest.fixture(scope="module")
def hard():
    """Seven clusters in a plane: most starts end in the wrong maximum."""
    return clusters(700, [[0, 0], [4, 0], [0, 4], [4, 4], [12, 12], [16, 12], [12, 17]])


def test_the_best_maximum_of_all_long_runs_is_found(hard):
    model, source = ek.Mixture(ek.SphericalGaussian()), ek.ArraySource(hard)
    starts = spread_starts(model, source, 7, range(20))
    long = ek.fit(model, source, starts, solver=ek.solvers.Squarem())
    short = search(model, source, Begin(starts), until())
    assert len(long.runs.maxima()) > 1
    assert short.log_likelihood == pytest.approx(long.log_likelihood, abs=1e-6)
    assert short.converged
    every = [*short.runs.runs, *(left.run for left in short.runs.left)]
    assert sum(run.evaluations for run in every) < 0.8 * sum(run.evaluations for run in long.runs.runs)


def test_every_start_is_accounted_for(hard):
    result = found(ek.SphericalGaussian(), hard, 7, range(20))
    runs = result.runs
    assert runs.starts == 20
    assert len(runs.runs) + len(runs.left) == 20 + runs.moved  # those that moves led to are no starts
    assert runs.runs[0] is result.record
    assert all(run.outcome.converged for run in runs.runs)
    assert sum(times for _, times in runs.maxima()) == len(runs.runs)
    assert runs.maxima()[0] == (pytest.approx(result.log_likelihood), runs.reached_best())
    assert {left.fate for left in runs.left} <= {Fate.NEAR, Fate.LOWER, Fate.SPIKE}
    first, best, *others = str(runs).splitlines()
    assert first == f"20 starts{f' and {runs.moved} move' if runs.moved else ''}, {len(runs.runs)} followed"
    assert best.split() == [f"{result.log_likelihood:.10g}", "reached", "by", f"{runs.reached_best()}", "run"]
    assert sum(int(line.split()[0]) for line in others) == len(runs.left)


def test_what_was_left_did_not_run_to_its_end_and_is_not_counted(hard):
    """Each number of a start that was left is one that was worked out where it was left."""
    result = found(ek.SphericalGaussian(), hard, 7, range(12))
    model, source = result.model, result.source
    for left in result.runs.left:
        evaluated = ek.EMMap(model, source, left.run.params).objective(left.run.params)
        assert left.run.objective == pytest.approx(evaluated, rel=1e-12)
        assert left.run.objective <= result.objective + 1e-6
        assert (left.fate is Fate.NEAR) == (result.objective - left.run.objective < 0.05)
        assert "converged" not in left.run.outcome.sentence.replace("not converged", "")
    assert result.runs.reached_best() == len(result.runs.runs) == 1
    assert "reached by 1 run\n" in f"{result.runs}\n"


def test_the_history_is_that_of_one_run(hard):
    record = found(ek.SphericalGaussian(), hard, 7, range(6)).record
    assert [moment.iteration for moment in record.history] == list(range(record.iterations + 1))
    gains = np.diff([moment.objective for moment in record.history])
    assert (gains >= -1e-9 * abs(record.objective)).all()
    assert record.history[-1].objective == pytest.approx(record.objective)
    assert record.evaluations >= record.history[-1].evaluations


@pytest.mark.parametrize("exchanging", [False, True])
@pytest.mark.parametrize("most", [1, 3, 6, 7, 20, 62])
def test_no_run_takes_more_steps_than_allowed(most, exchanging, hard):
    kind = ek.Mixture if exchanging else Still
    result = found(ek.SphericalGaussian(), hard, 7, range(6), kind=kind, max_iter=most, tol=1e-300)
    assert all(run.iterations <= most for run in result.runs.runs)
    assert all(left.run.iterations <= most for left in result.runs.left)
    assert result.iterations == most or result.converged
    assert result.converged or result.outcome.sentence.startswith(f"not converged: stopped after {most} iteration")


def test_large_data_are_searched_on_a_sample():
    x = clusters(60_000, [[0, 0], [5, 0], [0, 5]])
    result = found(ek.FullGaussian(), x, 3, range(6))
    assert result.converged
    assert result.rows == 60_000
    exact = ek.fit(ek.Mixture(ek.FullGaussian()), x, result.params).log_likelihood
    assert result.log_likelihood == pytest.approx(exact, rel=1e-12)
    assert result.runs.left
    for left in result.runs.left:
        assert left.rows == 4_000
        assert left.run.objective == pytest.approx(result.objective / 15, rel=0.2)
    assert "passes over 4,000 of the rows" in str(result.runs)


def rare_level(rows):
    """Two classes of thirty yes-no items, of which the first is a yes for one row only."""
    rng = np.random.default_rng(0)
    classes = rng.integers(2, size=rows)
    x = (rng.random((rows, 30)) < np.where(classes, 0.8, 0.2)[:, None]).astype(float)
    x[:, 0] = 0
    x[17, 0] = 1
    return x


@pytest.mark.parametrize("family", [ek.Bernoulli(), ek.Categorical(), ek.Poisson()], ids=lambda family: family.name)
def test_rare_values_are_in_every_sample(family):
    result = found(family, rare_level(30_000), 2, range(4))
    assert result.converged
    assert np.isfinite(result.log_likelihood)


def test_where_a_sample_leads_to_the_impossible_all_rows_are_searched():
    x = rare_level(30_000)
    impossible = ek.MixtureParams([0.5, 0.5], ek.SuccessParams(np.c_[[0.0, 0.0], np.tile([[0.3], [0.7]], 29)]))
    possible = ek.MixtureParams([0.5, 0.5], ek.SuccessParams(np.tile([[0.3], [0.7]], 30)))
    result = search(ek.Mixture(ek.Bernoulli()), ek.ArraySource(x), Begin([impossible, possible]), until())
    assert result.converged


@pytest.mark.parametrize(("centres", "tried"), [([[0, 0], [9, 9]], 8), ([[0, 0], [1, 1]], 20)], ids=["agree", "disagree"])
def test_starts_that_agree_at_once_spare_the_others(centres, tried):
    x = clusters(300, centres)
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(x)
    more = Begin(spread_starts(model, source, 2, range(8)), lambda: spread_starts(model, source, 2, range(8, 20)))
    result = search(model, source, more, until())
    assert result.runs.starts == tried


def test_the_estimator_makes_more_starts_unless_all_of_the_first_agree(faithful):
    assert ek.GaussianMixture(2, random_state=0).fit(faithful).result_.runs.starts == PLAN.first
    assert ek.GaussianMixture(3, random_state=0).fit(load_iris().data).result_.runs.starts >= PLAN.most  # half agree, soon
    assert ek.GaussianMixture(4, random_state=0).fit(faithful).result_.runs.starts >= PLAN.most
    assert ek.GaussianMixture(2, random_state=0, n_init=11).fit(faithful).result_.runs.starts == 11


def test_sound_maxima_are_preferred_to_spikes():
    x = np.concatenate([clusters(200, [[0, 0], [6, 6]]), np.full((4, 2), 3.0)])
    result = found(ek.FullGaussian(), x, 3, range(20))
    assert result.model.degenerate(result.params, result.source.profile) == ()
    spikes = [left.run for left in result.runs.left if left.fate is Fate.SPIKE]
    assert max(run.objective for run in spikes) > result.objective
    assert "with a component of few rows or on a floor" in str(result.runs)


def test_one_start_is_simply_followed():
    x = clusters(300, [[0, 0], [3, 3]])
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(x)
    start = spread_starts(model, source, 2, [0])
    long = ek.fit(model, x, start, solver=ek.solvers.Squarem())
    assert search(model, source, Begin(start), until()).log_likelihood == long.log_likelihood


def test_enough_starts():
    assert PLAN.starts(100, 17) == PLAN.most
    assert PLAN.starts(30_000, 40_000) == PLAN.fewest
    assert PLAN.fewest < PLAN.starts(30_000, 5_000) < PLAN.most


@pytest.mark.slow
def test_old_faithful_from_twenty_seeds(faithful):
    for seed in range(20):
        gm = ek.GaussianMixture(2, random_state=seed).fit(faithful)
        assert gm.result_.log_likelihood == pytest.approx(-1130.263960, abs=1e-5)


@pytest.mark.slow
def test_a_maximum_that_few_starts_find_is_mostly_found(faithful):
    fits = [ek.GaussianMixture(3, random_state=seed).fit(faithful) for seed in range(12)]
    assert sum(gm.result_.log_likelihood > -1114.45 for gm in fits) >= 8  # others end at -1119.21


@pytest.fixture(scope="module")
def faithful():
    from importlib.resources import files

    return np.loadtxt(str(files("emkit.lessons") / "data" / "faithful.csv"), delimiter=",", skiprows=1)


def test_starts_that_are_found_on_the_way_lead_higher(hard):
    """Three of the centres lie in one cluster, and two clusters share one."""
    centres = np.array([[0, 0], [0.5, 0], [0, 0.5], [4, 2], [0, 4], [14, 12], [12, 17]], float)
    model, source = ek.Mixture(ek.SphericalGaussian()), ek.ArraySource(hard)
    starts = [start_near(model, source, centres), start_near(model, source, centres + 0.1)]
    without = search(Still(ek.SphericalGaussian()), source, Begin(starts), until())
    with_it = search(model, source, Begin(starts), until())
    best = found(ek.SphericalGaussian(), hard, 7, range(20))
    assert without.log_likelihood < best.log_likelihood - 1
    assert with_it.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-6)
    assert with_it.runs.moved > 0
    assert with_it.runs.starts == len(starts)


def test_close_maxima_of_a_sample_are_compared_on_all_rows():
    """Three components for the four corners of a square: which two corners share one hardly matters."""
    x = clusters(40_000, [[0, 0], [6, 0], [0, 6], [6, 6]])
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(x)
    starts = spread_starts(model, source, 3, range(12))
    long = ek.fit(model, source, starts, solver=ek.solvers.Squarem())
    result = search(model, source, Begin(starts), until())
    assert result.converged
    assert result.log_likelihood == pytest.approx(long.log_likelihood, abs=1e-6)
    left = [left.run for left in result.runs.left if left.rows is None]
    assert left
    assert all(run.objective <= result.objective for run in left)


def test_of_two_nearly_equal_maxima_the_higher_one_is_followed_to_its_end():
    """Four clusters, two components: one upright and one level division, less than 0.01 of log-likelihood apart."""
    rng = np.random.default_rng(0)
    quarter = np.abs(rng.normal(size=(5_000, 2))) + 1.5
    x = np.concatenate([quarter * sign for sign in ([1, 1], [-1, -1], [1, -1], [-1, 1])])
    model = ek.Mixture(ek.FullGaussian())
    centres = [[[2.5, 0.0], [-2.5, 0.0]], [[0.0, 2.5], [0.0, -2.5]]]
    covariances = [np.diag([1.0, 7.0]), np.diag([7.0, 1.0])]
    for moved in np.linspace(-0.01, 0.01, 9):
        shifted = x.copy()
        shifted[0] += [moved, -moved]
        source = ek.ArraySource(shifted)
        starts = [
            ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams(means, np.stack([covariance] * 2)))
            for means, covariance in zip(centres, covariances, strict=True)
        ]
        long = ek.fit(model, source, starts, solver=ek.solvers.Squarem())
        result = search(model, source, Begin(starts), until())
        assert result.converged, result.outcome
        assert result.log_likelihood >= long.log_likelihood - 1e-6


def test_a_run_that_ends_on_a_spike_after_all_makes_way_for_the_next_best():
    rng = np.random.default_rng(0)
    x = np.c_[rng.normal(size=(200, 2)), (np.arange(200) == 7) * 1.0, rng.integers(0, 2, 200)]
    result = ek.GaussianMixture(2, covariance_type="diag", floor=1e-8, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = result.fit(x).result_
    assert found.record is found.runs.runs[0]
    assert found.converged


@pytest.mark.filterwarnings("ignore::emkit.errors.WeightsWarning")
@pytest.mark.parametrize("scale", [0.1, 1 / 500, 1e-4])
def test_the_scale_of_the_weights_does_not_matter(scale):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 2)) + rng.integers(0, 4, (500, 1)) * 1.7
    whole, part = (ek.GaussianMixture(4, random_state=0).fit(x, sample_weight=np.full(500, w)) for w in (1.0, scale))
    assert part.lower_bound_ * 500 == pytest.approx(whole.lower_bound_ * 500, abs=1e-3)


def test_models_that_wander_lose_no_start():
    x = clusters(150, [[0, 0], [3, 3], [0, 4]])
    model, source = ek.Mixture(ek.FullGaussian(), ek.Sampled(0)), ek.ArraySource(x)
    long = Long(ek.solvers.Plain(), lambda steps, passes: default_rules(model, max_evaluations=40), 40)
    result = search(model, source, begin(model, source, 3, 0), long)
    assert Fate.FAILED not in {left.fate for left in result.runs.left}
    assert not result.outcome.failed
    soft = found(ek.FullGaussian(), x, 3, range(8))
    assert soft.log_likelihood - 15 < result.log_likelihood < soft.log_likelihood + 1e-6


def test_a_start_that_cannot_be_evaluated_is_told_of_and_warns_of_nothing():
    x = rare_level(500)
    impossible = ek.MixtureParams([0.5, 0.5], ek.SuccessParams(np.c_[[0.0, 0.0], np.tile([[0.3], [0.7]], 29)]))
    model, source = ek.Mixture(ek.Bernoulli()), ek.ArraySource(x)
    starts = [*spread_starts(model, source, 2, range(4)), impossible]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = search(model, source, Begin(starts), until())
    assert result.converged
    assert [left.fate for left in result.runs.left][-1] is Fate.FAILED
    assert re.search(r" 1  left after \d+ passes, failed$", str(result.runs))


@pytest.mark.filterwarnings("ignore::emkit.errors.WeightsWarning")
@pytest.mark.parametrize("weight", [1.0, 0.01])
def test_how_close_maxima_of_a_sample_are_does_not_depend_on_the_scale_of_the_weights(weight):
    x = clusters(40_000, [[0, 0], [6, 0], [0, 6], [6, 6]])
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(x, np.full(len(x), weight))
    result = search(model, source, Begin(spread_starts(model, source, 3, range(12))), until())
    assert result.log_likelihood / weight == pytest.approx(-177746.3694, abs=1e-2)
    assert sum(left.rows is None for left in result.runs.left) + len(result.runs.runs) == 3


def test_a_handful_of_rows_may_have_small_components():
    """Five rows: a component of two is no sliver, and all starts come to the same maximum."""
    result = ek.GaussianMixture(2, random_state=0).fit(np.array([1, 2, 2.5, 9, 10])[:, None]).result_
    assert result.log_likelihood == pytest.approx(-7.656764227, abs=1e-8)
    assert {left.fate for left in result.runs.left} == {Fate.NEAR}


def test_another_seed_has_other_starts_however_many():
    model, source = ek.Mixture(ek.SphericalGaussian()), ek.ArraySource(np.random.default_rng(0).normal(size=(900, 4)))
    one, other = (begin(model, source, 9, seed, starts=30) for seed in (0, 1))
    means = [{start.components.means.tobytes() for start in each.first} for each in (one, other)]
    assert not means[0] & means[1]


def test_iterations_and_passes_are_those_that_the_sentence_tells():
    x = clusters(300, [[0, 0], [2, 2]])
    result = found(ek.FullGaussian(), x, 2, range(12))
    own = re.match(r"converged after (\d+) iterations? \((\d+) passes", result.outcome.sentence)
    before = re.search(r"made ([\d,]+) iterations of this run before, in ([\d,]+) passes", result.outcome.sentence)
    assert int(own[1]) + int(before[1]) == result.iterations
    assert result.history[-1].evaluations == int(own[2]) + int(before[2])
