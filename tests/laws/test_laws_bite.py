"""Laws are tested, too: for each there is something broken that must fail it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import trusted
from emkit.core.spaces import Positive
from emkit.families.categorical import LevelShares
from tests import cases
from tests.laws import chains, contract, densities, draws, floors, maxima, streams, sums, together

CASE = {case.name: case for case in cases.FAMILIES}
POISSON, NORMAL = CASE["poisson"], CASE["gaussian-diag"]
RNG = np.random.default_rng(1)
COUNTS, POINTS = POISSON.draw(RNG, 90), NORMAL.draw(RNG, 90)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


class ForgetsTheMass(ek.Poisson):
    def updates(self):
        return {"rates": lambda stats, before, now: stats.sums[:, 1:] / stats.mass.sum()}


def test_a_biased_estimate(rng):
    with pytest.raises(AssertionError, match="a neighbour is better"):
        maxima.assert_estimate_beats_neighbours(ek.Mixture(ForgetsTheMass()), POISSON.mixture, COUNTS, rng)


class NeverMoves(ek.Poisson):
    def updates(self):
        return {"rates": lambda stats, before, now: before.rates}


def test_no_estimate_at_all(rng):
    with pytest.raises(AssertionError, match="a neighbour is better"):
        maxima.assert_estimate_beats_neighbours(ek.Mixture(NeverMoves()), POISSON.mixture, COUNTS, rng)


class RestsOnItsRows(ek.DiagonalGaussian):
    """The floor is a share of the spread of what the components have at this step, as if that were the whole data."""

    def updates(self):
        return {**super().updates(), "variances": self._by_their_spread}

    def _by_their_spread(self, stats, before, now):
        away = before.means + stats.shift / stats.mass[:, None]
        spread = np.cov(away.T, aweights=stats.mass, ddof=0)
        return np.maximum(stats.scatter / stats.mass[:, None] - (now.means - before.means) ** 2, 1e-6 * np.diag(spread))


def test_a_floor_that_moves_with_the_step(rng):
    with pytest.raises(AssertionError, match=r"the floor moves|nothing holds"):
        floors.assert_floor_is_a_constant(RestsOnItsRows(), NORMAL.params, POINTS, 3, rng)


class NothingHolds(ek.Gamma):
    def settled(self, profile):
        return self


def test_a_floor_that_is_said_and_not_kept(rng):
    case = CASE["gamma"]
    with pytest.raises(ek.DegenerateFitError, match="its rows are all equal"):
        floors.assert_floor_is_a_constant(NothingHolds(), case.params, case.draw(RNG, 60), case.n_components, rng)


class SaysTooMuch(ek.Categorical):
    def __init__(self, shares):
        object.__setattr__(self, "shares", shares)
        super().__init__()

    def updates(self):
        return {"columns": lambda stats, before, now: (trusted(LevelShares, probabilities=self.shares), *before.columns[1:])}


def test_updates_that_only_say_that_they_are_admissible():
    case = CASE["categorical"]
    x, shares = case.draw(RNG, 20), np.full((2, 3), 0.5)
    with pytest.raises(AssertionError, match=r"columns.0.probabilities can be written to"):
        contract.assert_updates_are_admissible(ek.Mixture(SaysTooMuch(shares / 1.5)), case.mixture, x, np.ones(20))
    shares.flags.writeable = False
    with pytest.raises(ek.ParameterError, match=r"columns.0.probabilities\[0\] sums to 1.5"):
        contract.assert_updates_are_admissible(ek.Mixture(SaysTooMuch(shares)), case.mixture, x, np.ones(20))


class Averages(ek.Poisson):
    def statistics(self, params, x, weights):
        return super().statistics(params, x, weights / len(x))


def test_statistics_that_are_means_of_a_chunk():
    with pytest.raises(AssertionError, match="do not add up in chunks of 1"):
        sums.assert_adds_up(ek.Mixture(Averages()), POISSON.mixture, COUNTS)


class MixesUp(ek.Mixture):
    def _e_steps(self, runs, components, chunk, form):
        found = super()._e_steps(runs, components, chunk, form)
        return replace(found, belonging=found.belonging[::-1])

    def e_step(self, params, chunk):
        return super().e_step(params, chunk)


def test_runs_that_take_each_other_s_rows(rng):
    with pytest.raises(AssertionError, match="another height"):
        together.assert_runs_go_together(MixesUp(POISSON.family), POISSON.mixture, COUNTS, rng)


class CountsItsCalls(ek.Poisson):
    calls: ClassVar[list[int]] = []

    def statistics(self, params, x, weights):
        self.calls.append(1)
        return super().statistics(params, x, weights) * (1 + 1e-12 * len(self.calls))


def test_a_step_that_is_no_pure_function():
    with pytest.raises(AssertionError, match="threads give other bits"):
        sums.assert_executors_agree(ek.Mixture(CountsItsCalls()), POISSON.mixture, COUNTS)


class EveryRowOnce(ek.Mixture):
    def e_step(self, params, chunk):
        return super().e_step(params, ek.Chunk(chunk.x, np.ones(len(chunk.x)), chunk.start))


def test_weights_that_are_ignored(rng):
    with pytest.raises(AssertionError, match="a weight of 2 is not two copies"):
        sums.assert_weights_are_copies(EveryRowOnce(ek.Poisson()), POISSON.mixture, COUNTS, rng)


class KeepsAGhost(ek.ArraySource):
    def __init__(self, x, weights=None, **options):
        ghost = None if weights is None else np.where(weights == 0, 1e-15, weights)
        super().__init__(x, ghost, **options)


def test_rows_of_weight_zero_that_haunt():
    with pytest.raises(AssertionError, match="a row of weight 0 leaves a trace"):
        sums.assert_weight_zero_is_absence(
            ek.Mixture(ek.Poisson()), POISSON.mixture, COUNTS[:-1], COUNTS[-1], source=KeepsAGhost
        )


class LovesTheFirstRows(ek.Poisson):
    def statistics(self, params, x, weights):
        return super().statistics(params, x, weights * np.linspace(1, 0.5, len(x))[:, None])


def test_sums_that_depend_on_the_order_of_rows(rng):
    with pytest.raises(AssertionError, match="the order of the rows"):
        sums.assert_rows_permute(ek.Mixture(LovesTheFirstRows()), POISSON.mixture, COUNTS, rng)


class MixesUpColumns(ek.Poisson):
    def log_density(self, params, x):
        return super().log_density(params, np.sort(x, axis=1))


def test_sums_that_depend_on_the_order_of_columns():
    with pytest.raises(AssertionError, match="the order of the columns"):
        sums.assert_columns_permute(POISSON, MixesUpColumns(), COUNTS, np.array([1, 0]))


class LovesTheFirstComponent(ek.Poisson):
    def updates(self):
        best = super().updates()["rates"]
        return {"rates": lambda stats, before, now: best(stats, before, now) * np.array([[1.1], [1.0], [1.0]])}


def test_estimates_that_depend_on_the_order_of_components():
    model = ek.Mixture(LovesTheFirstComponent())
    with pytest.raises(AssertionError, match="the order of the components"):
        sums.assert_components_permute(model, POISSON.mixture, (), COUNTS, np.array([2, 0, 1]))


class ReportsTheBound(ek.Mixture):
    def e_step(self, params, chunk):
        total = super().e_step(params, chunk)
        return replace(total, log_likelihood=total.log_likelihood - total.gap, gap=0.0)


def test_a_log_likelihood_that_is_only_a_bound():
    model = ReportsTheBound(ek.Poisson(), ek.Hard())
    with pytest.raises(AssertionError, match="is not the direct sum"):
        sums.assert_log_likelihood_is_direct(model, POISSON.mixture, COUNTS, np.ones(90))


class AnotherFastRoad(ek.Poisson):
    def linear(self, params):
        form = super().linear(params)
        return replace(form, coefficients=form.coefficients * 1.001)


def test_a_compiled_road_that_leads_elsewhere(rng):
    with pytest.raises(AssertionError, match="other log-likelihood"):
        sums.assert_roads_agree(ek.Mixture(AnotherFastRoad()), POISSON.mixture, POISSON.draw(rng, 16_000))


@dataclass(frozen=True)
class LeapsBlindly:
    """Three times the EM step, whatever comes of it."""

    def init(self, first):
        return None

    def step(self, em, here, state):
        at = em.coordinates
        a, b = at.pack(here.params), at.pack(here.update)
        return em(at.unpack(a + 3 * (b - a), here.update)), None


def test_a_solver_that_steps_down():
    source = ek.ArraySource(COUNTS)
    with pytest.raises(AssertionError, match="the objective fell"):
        maxima.assert_ascends(ek.Mixture(ek.Poisson()), source, POISSON.mixture, LeapsBlindly(), 5)


def test_an_m_step_that_steps_down():
    source = ek.ArraySource(COUNTS)
    with pytest.raises(AssertionError, match="the objective fell"):
        maxima.assert_ascends(ek.Mixture(ForgetsTheMass()), source, POISSON.mixture, ek.solvers.Plain(), 30)


@dataclass(frozen=True)
class StandsStill:
    def init(self, first):
        return None

    def step(self, em, here, state):
        return em(here.params), None


@dataclass(frozen=True)
class EndsAtTheMean:
    """Sends all components to one place first, where EM leaves them."""

    def init(self, first):
        return None

    def step(self, em, here, state):
        rates = np.broadcast_to(COUNTS.mean(axis=0), here.params.components.rates.shape)
        return em(em(ek.MixtureParams(here.params.proportions, ek.PoissonParams(rates))).update), None


@pytest.mark.slow
@pytest.mark.parametrize("broken", [StandsStill(), EndsAtTheMean()])
def test_a_solver_that_does_not_get_there(broken):
    solvers = {"plain": ek.solvers.Plain(), "broken": broken}
    with pytest.raises(AssertionError, match=r"broken: (not converged|stopped)"):
        maxima.assert_solvers_agree(ek.Mixture(ek.Poisson()), COUNTS, POISSON.mixture, solvers)


def test_a_solver_that_ends_at_another_optimum():
    @dataclass(frozen=True)
    class FromElsewhere(ek.solvers.Plain):
        def step(self, em, here, state):
            if here.params is start:
                here = em(ek.MixtureParams([0.9, 0.1], ek.TiedGaussianParams([[0.0], [12.0]], [[1.0]])))
            return super().step(em, here, state)

    x = np.concatenate([np.random.default_rng(0).normal(m, 1, n) for m, n in ((-4, 50), (4, 40), (12, 9))])
    start = ek.MixtureParams([0.5, 0.5], ek.TiedGaussianParams([[-4.0], [6.0]], [[1.0]]))
    solvers = {"plain": ek.solvers.Plain(), "elsewhere": FromElsewhere()}
    with pytest.raises(AssertionError, match="solvers end at different optima"):
        maxima.assert_solvers_agree(ek.Mixture(ek.TiedGaussian()), x, start, solvers)


class DividesByRowsLessOne(ek.DiagonalGaussian):
    def updates(self):
        best = super().updates()

        def variances(stats, before, now):
            return best["variances"](stats, before, now) * (stats.mass / (stats.mass - 1))[:, None]

        return {**best, "variances": variances}


def test_an_unbiased_variance_is_not_the_maximum():
    weights = np.ones(90)
    start = NORMAL.family.pooled(ek.ArraySource(POINTS).profile, 1)
    wanted = NORMAL.closed_form(POINTS, weights)
    with pytest.raises(AssertionError, match="variances is not the closed form"):
        maxima.assert_k1_is_closed_form(DividesByRowsLessOne(), POINTS, weights, wanted, start)


class Bare(ek.LatentModel):
    """Parameters, and nothing to fit them to."""

    def e_step(self, params, chunk):
        raise NotImplementedError


class RoundsItsLogarithm(Positive):
    def unpack(self, coordinates, shape):
        return np.exp(np.round(coordinates, 6)).reshape(shape)


class SizedWrongly(Positive):
    def size(self, shape):
        return super().size(shape) + 1


@pytest.mark.parametrize(
    ("space", "complaint"),
    [(RoundsItsLogarithm(), "rates does not survive packing"), (SizedWrongly(), "is not that of free parameters")],
)
def test_a_space_that_does_not_come_back(space, complaint, rng):
    @dataclass(frozen=True, eq=False)
    class Params(ek.Parameters):
        rates: Annotated[np.ndarray, space]

    Params.__annotations__["rates"] = Annotated[np.ndarray, space]  # the space of the parameter, not its name
    with pytest.raises(AssertionError, match=complaint):
        maxima.assert_round_trip(Bare(), Params(np.array([1.0, 3.0])), rng)


class ForgetsTheFactorial(ek.Poisson):
    def log_base(self, x):
        return np.zeros(len(x))


def test_a_density_without_its_constant():
    with pytest.raises(AssertionError, match="does not sum to 1"):
        densities.assert_normalises(ForgetsTheFactorial(), POISSON.params, POISSON.grid())


def test_rows_of_another_distribution(rng):
    sample = rng.poisson(cases.RATES[0] * 1.1, (20_000, 2)).astype(float)
    with pytest.raises(AssertionError, match="do not follow its density"):
        densities.assert_sample_follows(POISSON.family, POISSON.params, 0, sample, POISSON.grid())


class AddsAMillionth(ek.DiagonalGaussian):
    def updates(self):
        best = super().updates()
        return {**best, "variances": lambda stats, before, now: best["variances"](stats, before, now) + 1e-6}


class SubtractsSquares(ek.DiagonalGaussian):
    """The mean of the squares less the square of the mean."""

    def updates(self):
        best = super().updates()

        def variances(stats, before, now):
            squares = stats.scatter + 2 * before.means * stats.shift + stats.mass[:, None] * before.means**2
            return np.maximum(squares / stats.mass[:, None] - now.means**2, 1e-3)

        return {**best, "variances": variances}


@pytest.mark.parametrize(
    ("family", "shift", "scale"), [(AddsAMillionth(), 0, 1e-3), (AddsAMillionth(), 0, 1e-12), (SubtractsSquares(), 1e8, 1)]
)
def test_a_family_that_lives_in_one_unit(family, shift, scale):
    model = ek.Mixture(family)
    with pytest.raises(AssertionError, match=r"depends on the unit|against converged"):
        densities.assert_units_do_not_matter(model, NORMAL.mixture, POINTS, shift, scale, ek.solvers.Plain(), 1e-8)


class ThawsEverything(ek.Frozen):
    def updates(self):
        return self.model.updates()


class CountsEverything(ek.Frozen):
    def coordinates(self, params):
        return self.model.coordinates(params)


@pytest.mark.parametrize(
    ("wrapper", "complaint"),
    [(ThawsEverything, "components.rates is held but moved"), (CountsEverything, "held parameter is counted as free")],
)
def test_a_frozen_model_that_is_not(wrapper, complaint):
    model = wrapper(ek.Mixture(ek.Poisson()), "components.rates")
    with pytest.raises(AssertionError, match=complaint):
        maxima.assert_held_stay(model, POISSON.mixture, ("components.rates",), COUNTS, ek.solvers.Plain())


@dataclass(frozen=True)
class ForgetsTheNext(ek.HiddenMarkovChain):
    """Moves as if neighbouring states were independent, given the rows."""

    def assign(self, params, log_density, chunk):
        found = super().assign(params, log_density, chunk)
        later = np.setdiff1d(np.arange(len(chunk.x)), chunk.bounds)
        moves = (found.responsibilities[later - 1] * chunk.weights[later, None]).T @ found.responsibilities[later]
        return found._replace(latent=replace(found.latent, moves=moves))


def test_a_chain_that_forgets_how_states_follow_each_other(rng):
    params = ek.HiddenMarkovParams(POISSON.proportions, cases.TURNS[3], POISSON.params)
    x = COUNTS[: sum(chains.LENGTHS)]
    with pytest.raises(AssertionError, match="from all paths"):
        chains.assert_agrees_with_all_paths(ForgetsTheNext(ek.Poisson()), params, x, rng)


@dataclass(frozen=True)
class CutsSequences(ek.HiddenMarkovChain):
    """Rows of one group as if each stood for itself."""

    def assign(self, params, log_density, chunk):
        found = super().assign(params, log_density, ek.Chunk(chunk.x, chunk.weights))
        return found._replace(log_likelihood=np.add.reduceat(found.log_likelihood, chunk.bounds[:-1]))


def test_a_chain_whose_sequences_have_no_order(rng):
    params = ek.HiddenMarkovParams(POISSON.proportions, cases.TURNS[3], POISSON.params)
    with pytest.raises(AssertionError, match="from all paths"):
        chains.assert_agrees_with_all_paths(CutsSequences(ek.Poisson()), params, COUNTS[: sum(chains.LENGTHS)], rng)


class CarriesAsTheyAre(ek.DiagonalGaussian):
    @property
    def carry(self):
        return lambda stats, before, now: stats


def test_moments_about_means_that_have_moved():
    with pytest.raises(AssertionError, match="another expected log-likelihood"):
        streams.assert_carried_statistics_tell_the_same(ek.Mixture(CarriesAsTheyAre()), NORMAL.mixture, POINTS)


def test_an_m_step_that_lowers_the_free_energy():
    with pytest.raises(AssertionError, match="the free energy fell"):
        streams.assert_free_energy_rises(ek.Mixture(ForgetsTheMass()), POISSON.mixture, COUNTS)


class ForgetsTheNoise(ek.FactorModel):
    def redrawn(self, params, rng, rows, lengths=None):
        return params.means + rng.standard_normal((len(rows), self.n_factors)) @ params.loadings.T


def test_rows_drawn_without_noise(rng):
    model = ForgetsTheNoise(1)
    params = model.params([0.0, 1.0, 2.0], [[0.5], [0.4], [0.3]], [1.0, 1.0, 1.0])
    with pytest.raises(AssertionError, match="rows are drawn as for other parameters"):
        draws.assert_redrawn_rows_lean_nowhere(model, params, np.zeros((40, 3)), np.ones(40, dtype=int), rng)
