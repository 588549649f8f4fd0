"""Every law, over every family, model and solver of the list."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.models.order import kinds
from tests import cases
from tests.laws import chains, contract, densities, floors, gaps, maxima, streams, sums, together

QUICK = (  # of those with gaps, and of chains; the others are slow
    "poisson-gaps", "categorical-gaps", "gaussian-gaps", "poisson-chain", "gaussian-chain",
    "poisson-stationary",
)  # fmt: skip


def over(models):
    """Over models: those that repeat a law for a family, with hard or drawn labels, held parameters or gaps, are slow.

    All but every fourth of those with other labels or held parameters are long, too: what wraps a family is the same for all.
    """
    plain = [
        *cases.MIXTURES,
        *[case for case in [*cases.GAPS, *cases.CHAINS] if case.name in QUICK],
        *cases.CELLS,
        *cases.PRIORS,
        *cases.GATED,
    ]
    wrapped = [case for kind in (cases.HARD, cases.FROZEN, cases.SAMPLED) for n, case in enumerate(kind) if n % 4]
    wrapped += [case for case in models if case.name.startswith(cases.OF_OTHERS)]
    slow, long = pytest.mark.slow, [pytest.mark.slow, pytest.mark.long]
    marked = [
        pytest.param(case, id=case.name, marks=long if case in wrapped else [] if case in plain else slow) for case in models
    ]
    return pytest.mark.parametrize("case", marked)


NOT_CARRIED = (  # what a family keeps latent, or sums at places near its parameters, is about these, and stays there
    "negative-binomial", "weibull", "censored-weibull", "censored-in-windows",
    "censored-truncated", "beta", "nested", "density", "scipy-geom", "tied-wear",
    "skew-normal", "laplace", "student-t", "stays", "gated",
)  # fmt: skip


def is_carried(case):
    return not case.name.startswith(NOT_CARRIED) and "regression" not in case.name


to_carry = [*cases.MIXTURES, *cases.GAPS, *cases.CELLS, *cases.PRIORS, *cases.CHAINS, *cases.GATED]
carried = pytest.mark.parametrize("case", [case for case in to_carry if is_carried(case)], ids=lambda case: case.name)
not_carried = pytest.mark.parametrize("case", [case for case in to_carry if not is_carried(case)], ids=lambda case: case.name)
family_cases = pytest.mark.parametrize("case", cases.FAMILIES, ids=lambda case: case.name)
model_cases = over(cases.MODELS)
to_rounding = over(  # sequences of one row tell nothing of how long states last: there, rounding leads
    [case for case in cases.MODELS if case not in [*cases.STATIONARY, *cases.STAYS]]
)
of_rows_as_they_are = over([case for case in cases.MODELS if case not in cases.LATENT_CELLS])  # cells that are latent, too
every_case = over([*cases.MODELS, *cases.SAMPLED, *cases.DRAWN_CHAINS])
solvers = pytest.mark.parametrize("solver", cases.SOLVERS.values(), ids=cases.SOLVERS)


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


def test_every_family_is_on_the_list():
    assert {type(factory()) for factory in ek.FAMILIES.values()} <= {type(case.family) for case in cases.FAMILIES}


@family_cases
def test_density_normalises(case):
    densities.assert_normalises(case.family, case.params, case.grid())


@family_cases
def test_rows_drawn_independently_follow_the_density(case, rng):
    for k in range(case.n_components):
        sample = np.asarray(case.sample(rng, k, 20_000), dtype=float)
        densities.assert_sample_follows(case.family, case.params, k, sample, case.grid())


@of_rows_as_they_are
def test_estimate_beats_its_neighbours(case, rng):
    weights = rng.integers(1, 4, 80).astype(float)
    if case.name.startswith(cases.STEPPING):
        maxima.assert_estimate_is_on_the_way(case.model, case.params, case.draw(rng, 80), rng, weights)
        return
    inside = case.name.startswith(cases.BOUNDED)
    if case.name.startswith(cases.IN_TURN):
        maxima.assert_each_link_beats_its_neighbours(case.model, case.params, case.draw(rng, 80), weights, inside)
        return
    maxima.assert_estimate_beats_neighbours(case.model, case.params, case.draw(rng, 80), rng, weights, inside)


@pytest.mark.parametrize("case", [c for c in cases.FAMILIES if c.closed_form is not None], ids=lambda case: case.name)
def test_one_component_is_the_closed_form(case, rng):
    x, weights = case.draw(rng, 120), rng.integers(1, 4, 120).astype(float)
    pooled = case.family.pooled(ek.ArraySource(case.draw(rng, 30)).profile, 1)
    maxima.assert_k1_is_closed_form(case.family, x, weights, case.closed_form(x, weights), pooled)


FLOORED = [
    pytest.param(
        case, id=case.name, marks=pytest.mark.slow if case.name in ("censored-in-windows", "censored-truncated") else []
    )
    for case in cases.FAMILIES
    if case.family.lower_bound(ek.ArraySource(case.draw(np.random.default_rng(0), 60)).profile).resting(case.params)
    and case.name != "repeated-normal"  # of which a row alone varies
]


@pytest.mark.parametrize("case", FLOORED)
def test_the_floor_is_a_constant_of_the_data(case, rng):
    floors.assert_floor_is_a_constant(case.family, case.params, case.draw(rng, 60), case.n_components, rng)


@model_cases
@pytest.mark.parametrize("rows", [1, 40, 1_100])
def test_updates_are_admissible(case, rows, rng):
    model = floors.settled(case.model, ek.ArraySource(case.draw(rng, 60)))  # by other rows: one alone tells next to nothing
    contract.assert_updates_are_admissible(model, case.params, case.draw(rng, rows), rng.random(rows) + 0.1)


@model_cases
def test_statistics_add_up(case, rng):
    sums.assert_adds_up(case.model, case.params, case.draw(rng, 1203))


@carried
def test_carried_statistics_tell_the_same(case, rng):
    streams.assert_carried_statistics_tell_the_same(case.model, case.params, case.draw(rng, 60))


@carried
def test_the_free_energy_rises(case, rng):
    streams.assert_free_energy_rises(case.model, case.params, case.draw(rng, 60))


@not_carried
def test_statistics_that_cannot_be_carried_are_refused(case):
    em = ek.EMMap(case.model, ek.ArraySource(case.draw(np.random.default_rng(1), 20)), case.params)
    stats = em.expectation(case.params).statistics
    with pytest.raises(ek.ModelError, match="cannot be fitted block by block"):
        case.model.carried(stats, case.params, case.params)


@to_rounding
@pytest.mark.parametrize("rows", [40, pytest.param(1_100, marks=pytest.mark.slow)], ids=["plain", "compiled"])
def test_runs_go_together_as_each_goes_alone(case, rows, rng):
    together.assert_runs_go_together(case.model, case.params, case.draw(rng, rows), rng)


@to_rounding
@pytest.mark.parametrize("rows", [90, pytest.param(3_300, marks=pytest.mark.slow)], ids=["plain", "compiled"])
def test_runs_over_rows_of_their_own_go_as_each_goes_alone(case, rows, rng):
    together.assert_runs_go_over_rows_of_their_own(case.model, case.params, case.draw(rng, rows), rng)


@every_case
def test_any_number_of_threads_gives_the_same_bits(case, rng):
    sums.assert_executors_agree(case.model, case.params, case.draw(rng, 61))


@model_cases
def test_weight_two_is_two_copies(case, rng):
    sums.assert_weights_are_copies(case.model, case.params, case.draw(rng, 150), rng)


@model_cases
def test_weight_zero_is_absence(case, rng):
    x = case.draw(rng, 60)
    sums.assert_weight_zero_is_absence(case.model, case.params, x[:-1], x[-1])


@model_cases
def test_rows_permute(case, rng):
    sums.assert_rows_permute(case.model, case.params, case.draw(rng, 150), rng)


@pytest.mark.parametrize("case", [c for c in cases.FAMILIES if c.exchange_columns], ids=lambda case: case.name)
def test_columns_permute(case, rng):
    x = case.draw(rng, 150)
    sums.assert_columns_permute(case, case.family, x, np.arange(x.shape[1])[::-1])


@family_cases
def test_components_permute(case, rng):
    order = np.concatenate(
        [np.roll(group, 1) for group in kinds(case.params) or [np.arange(case.n_components)]]
    )  # those of one family change places
    sums.assert_components_permute(ek.Mixture(case.family), case.mixture, case.shared, case.draw(rng, 150), order)


@every_case
def test_log_likelihood_is_the_direct_sum(case, rng):
    sums.assert_log_likelihood_is_direct(case.model, case.params, case.draw(rng, 150), rng.random(150) + 0.1)


@over([*cases.MIXTURES, *cases.GAPS])
def test_the_compiled_road_leads_to_the_same_place(case, rng):
    sums.assert_roads_agree(case.model, case.params, case.draw(rng, 16_000))


@model_cases
def test_packing_is_undone_by_unpacking(case, rng):
    maxima.assert_round_trip(case.model, case.params, rng)


@solvers
@model_cases
def test_objective_never_falls(case, solver, rng):
    for size in (20, 120):
        source = ek.ArraySource(case.draw(rng, size))
        start = maxima.random_point(case.model, case.params, rng, 0.7)
        maxima.assert_ascends(case.model, source, start, solver, 40)


@over([*cases.MIXTURES, *cases.FROZEN, *cases.GAPS, *cases.CELLS, *cases.PRIORS])
def test_solvers_reach_the_same_optimum(case, rng):
    maxima.assert_solvers_agree(case.model, case.draw(rng, 300), case.params, cases.SOLVERS)


@solvers
@pytest.mark.parametrize("case", cases.FROZEN, ids=lambda case: case.name)
def test_held_parameters_keep_their_bits(case, solver, rng):
    maxima.assert_held_stay(case.model, case.params, case.held, case.draw(rng, 80), solver)


@solvers
@pytest.mark.parametrize("case", cases.GAUSSIANS, ids=lambda case: case.name)
@pytest.mark.parametrize(
    ("shift", "scale", "tolerance"),
    [(0, 1e-12, 1e-8), (0, 1e-3, 1e-8), (0, 1e12, 1e-8), (1e6, 1, 1e-8), (1e8, 1, 1e-6)],
    ids=lambda value: f"{value:g}",
)
def test_units_and_origins_do_not_matter(case, solver, shift, scale, tolerance, rng):
    x = case.draw(rng, 200)
    densities.assert_units_do_not_matter(ek.Mixture(case.family), case.mixture, x, shift, scale, solver, tolerance)


@of_rows_as_they_are
def test_expected_is_q(case, rng):
    if case.model.coordinates(case.params).size:
        inside = case.name.startswith(cases.BOUNDED)
        if case.name.startswith(cases.KINKED):
            pytest.skip("a bound in pieces of lines has no slope that differences could be held against")
        apart = 1e-4 if case.name.startswith(cases.STEPPING) else 1e-2  # the third derivative of such a bound jumps
        contract.assert_expected_is_q(case.model, case.params, case.draw(rng, 60), rng, inside, apart)


@over([c for c in [*cases.MIXTURES, *cases.FROZEN] if c.name.startswith(cases.BOUNDED) and not c.name.startswith(cases.KINKED)])
def test_a_bound_touches_what_it_bounds(case, rng):
    contract.assert_expected_touches_q(case.model, case.params, case.draw(rng, 60))


@every_case
def test_an_empty_chunk_is_neutral(case, rng):
    contract.assert_an_empty_chunk_is_neutral(case.model, case.params, case.draw(rng, 20))


@over([case for case in [*cases.MODELS, *cases.SAMPLED] if case not in cases.CHAINS])  # which join rows: see below
@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
def test_chunks_and_profile_are_enough(case, rng):
    contract.assert_chunks_are_enough(case.model, case.params, case.draw(rng, 60))


@every_case
def test_a_pass_can_be_sent_elsewhere(case, rng):
    contract.assert_travels(case.model, case.params, case.draw(rng, 40))


@over([case for case in cases.MODELS if not case.name.startswith(cases.KINKED)])
def test_check_model_passes(case, rng):
    exact = not case.name.startswith(cases.STEPPING)
    assert "coordinates: " in str(ek.check_model(case.model, case.draw(rng, 80), case.params, exact=exact))


gap_cases = pytest.mark.parametrize("case", cases.ADMIT_GAPS, ids=lambda case: case.name)


@gap_cases
def test_gaps_are_integrated_out(case):
    gaps.assert_gaps_are_integrated_out(case.family, case.params, case.grid())


@gap_cases
def test_complete_rows_are_as_without_gaps(case, rng, request):
    if case.name in cases.ENDLESS:
        request.applymarker(pytest.mark.xfail(reason=cases.ENDLESS[case.name], strict=False))
    weights = rng.dirichlet(np.ones(case.n_components), 60)
    gaps.assert_complete_rows_are_as_without(case.family, case.params, case.draw(rng, 60), weights)


@over(cases.LATENT_CELLS)
def test_estimate_beats_its_neighbours_where_cells_are_latent(case, rng):
    gaps.assert_expected_is_maximised(case.model, case.params, case.draw(rng, 80), rng)


@pytest.mark.parametrize("case", [c for c in cases.FAMILIES if c.name not in cases.DRAWN_WHOLE], ids=lambda case: case.name)
def test_rows_drawn_by_the_family_follow_its_density(case, rng):
    if case.family.conditional is not None:
        with pytest.raises(ek.ModelError, match="covariates are data"):
            case.family.draw(case.params, rng, np.zeros(3, dtype=int))
    if getattr(case.family, "trials", 0) is None:
        with pytest.raises(ek.ModelError, match="numbers of trials are data"):
            case.family.draw(case.params, rng, np.zeros(3, dtype=int))
        return
    for k in range(case.n_components):
        contract.assert_drawn_follow(case.family, case.params, np.asarray(case.sample(rng, k, 20_000), dtype=float), k, rng)


def as_chain(case):
    """The components of a family as the states of a chain."""
    return ek.HiddenMarkovChain(case.family), ek.HiddenMarkovParams(
        case.proportions, cases.TURNS[case.n_components], case.params
    )


@family_cases
def test_a_chain_agrees_with_all_its_paths(case, rng):
    chains.assert_agrees_with_all_paths(*as_chain(case), case.draw(rng, sum(chains.LENGTHS)), rng)


chain_cases = over(cases.CHAINS)
few_or_many = pytest.mark.parametrize("rows", [60, pytest.param(4_000, marks=pytest.mark.slow)], ids=["plain", "compiled"])


@chain_cases
@few_or_many
def test_sequences_add_up(case, rows, rng):
    lengths = rng.multinomial(rows - 12, np.ones(12) / 12) + 1
    chains.assert_sequences_add_up(case.model, case.params, case.draw(rng, rows), lengths, rng)


@over([*cases.CHAINS, *cases.DRAWN_CHAINS])
def test_chunks_of_sequences_and_profile_are_enough(case, rng):
    chains.assert_sequences_in_chunks_are_enough(case.model, case.params, case.draw(rng, 60), np.full(12, 5))


@over(cases.CHAINS)
def test_states_permute(case, rng):
    order = np.roll(np.arange(len(case.params.initial)), 1)
    chains.assert_states_permute(case.model, case.params, case.draw(rng, 60), np.full(12, 5), order)
