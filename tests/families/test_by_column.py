"""Independent columns among gaps: what was not seen counts for nothing, and every column is a problem of its own."""

from dataclasses import dataclass

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.families.combined.wrapped import Wrapped
from tests import cases
from tests.cases import estimate

NAN = np.nan
X = np.array([[1.0, 4.0], [3.0, NAN], [NAN, 2.0], [5.0, 0.0], [NAN, NAN]])
WEIGHTS = np.array([[0.5, 0.5], [1.0, 0.0], [0.25, 0.75], [0.0, 2.0], [1.0, 1.0]])
START = ek.PoissonParams([[2.0, 1.0], [4.0, 3.0]])


def test_rates_are_means_of_the_cells_seen():
    family = ek.Poisson().among_gaps
    rates = estimate(family, family.statistics(START, X, WEIGHTS), START).rates
    by_hand = [[(0.5 + 3.0) / 1.5, (2.0 + 0.5) / 0.75], [(0.5 + 10.0) / 2.5, (2.0 + 1.5 + 0.0) / (0.5 + 0.75 + 2.0)]]
    np.testing.assert_allclose(rates, by_hand)


def test_the_density_is_that_of_the_cells_seen():
    family = ek.Poisson().among_gaps
    alone = [ek.Poisson().log_density(ek.PoissonParams(START.rates[:, [j]]), X[:, [j]]) for j in (0, 1)]
    np.testing.assert_allclose(family.log_density(START, X), np.nan_to_num(alone[0]) + np.nan_to_num(alone[1]))


def test_a_column_that_no_row_of_the_sums_has_stays_what_it_is():
    family = ek.Gamma().among_gaps
    params = ek.GammaParams([[2.0, 5.0]], [[1.0, 4.0]])
    rows = np.array([[1.0, NAN], [2.0, NAN], [4.0, NAN]])
    after = estimate(family, family.statistics(params, rows, np.ones((3, 1))), params)
    assert (after.shapes[0, 1], after.means[0, 1]) == (5.0, 4.0)
    assert after.means[0, 0] == pytest.approx(7 / 3)


@pytest.mark.parametrize("case", cases.ADMIT_GAPS, ids=lambda case: case.name)
def test_complete_rows_never_meet_it(case):
    """Models are settled for rows with gaps where there are some, and are the same objects on the same road where not."""
    x = case.draw(np.random.default_rng(0), 60)
    settled = ek.Mixture(case.family).settled(ek.ArraySource(x).profile)
    assert type(settled.family) is type(case.family)
    holes = np.where(np.arange(60)[:, None] == 7, NAN, x)
    assert ek.Mixture(case.family).settled(ek.ArraySource(holes).profile).family.among_gaps is not None


def test_trials_and_successes_are_seen_together():
    params = ek.SuccessParams([[0.3], [0.8]])
    rows = np.array([[1.0, 4.0], [NAN, 4.0], [2.0, NAN]])
    density = ek.Binomial().among_gaps.log_density(params, rows)
    np.testing.assert_array_equal(density[1:], 0.0)
    np.testing.assert_allclose(density[0], ek.Binomial().log_density(params, rows[:1])[0])


@dataclass(frozen=True)
class Renamed(Wrapped):
    @property
    def name(self):
        return "renamed"


def test_a_family_made_of_another_hands_gaps_on():
    family = Renamed(ek.Poisson()).among_gaps
    assert (family.name, family.family) == ("renamed", ek.Poisson().among_gaps)
    assert Renamed(ek.Multinomial()).among_gaps is None
    rng = np.random.default_rng(1)
    x = np.where(rng.random((80, 2)) < 0.3, NAN, rng.poisson([[1.0, 2.0]] * 40 + [[8.0, 9.0]] * 40))
    one, other = (ek.MixtureModel(made, 2, random_state=0).fit(x) for made in (ek.Poisson(), Renamed(ek.Poisson())))
    np.testing.assert_allclose(one.components_.rates, other.components_.rates)


@pytest.mark.parametrize("case", cases.ADMIT_GAPS, ids=lambda case: case.name)
def test_starts_and_searches_go_through(case):
    x = cases.with_gaps(case.draw, 0.3)(np.random.default_rng(2), 150)
    found = ek.MixtureModel(case.family, 2, random_state=0, n_init=4).fit(x)
    assert np.isfinite(found.score_samples(x)).all()
    assert type(found.components_) is type(case.params)
    assert [leaf.value.shape[1:] for leaf in leaves(found.components_)] == [
        leaf.value.shape[1:] for leaf in leaves(case.params)
    ]
    assert "log-likelihood" in found.result_.summary()
    assert found.result_.explain(step=1).text()


def test_repeated_rows_collapse_gaps_and_all():
    rng = np.random.default_rng(3)
    codes = np.where(rng.random((3_000, 3)) < 0.2, NAN, rng.integers(0, 2, (3_000, 3)).astype(float))
    model = ek.Mixture(ek.Categorical())
    passes = model.prepare(ek.ArraySource(codes))
    assert passes.rows == 27  # 0, 1 or missing, three times
    start = ek.MixtureParams([0.5, 0.5], ek.CategoricalParams([[[0.2, 0.8], [0.6, 0.4]]] * 3))
    whole, few = (ek.EMMap(model, source, start)(start) for source in (ek.ArraySource(codes), passes))
    assert few.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)


def test_gaps_of_a_profile_are_left_out():
    x = np.array([[1.0, NAN], [4.0, 2.0], [NAN, 6.0], [1.0, 1.5]])
    profile = ek.ArraySource(x, [1, 2, 1, 1]).profile
    np.testing.assert_allclose(profile.mean, [(1 + 8 + 1) / 4, (4 + 6 + 1.5) / 4])
    np.testing.assert_allclose(profile.variance[0], (1 + 32 + 1) / 4 - 2.5**2)
    assert profile.missing.tolist() == [1, 1]
    assert (profile.least.tolist(), profile.highest.tolist(), profile.whole.tolist()) == ([1, 1.5], [4, 6], [True, False])
    np.testing.assert_allclose(profile.average(lambda rows: rows**2), [(1 + 32 + 1) / 4, (8 + 36 + 2.25) / 4])
