"""Hidden Markov chains whose moves and first states depend on covariates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

import emkit as ek
from emkit import views
from emkit.models import chains
from emkit.models.messages import filtered
from emkit.models.prediction import filtered_by
from tests import cases
from tests.laws.chains import LENGTHS, labels, listed

Array = np.ndarray
(CASE,) = cases.GATED_CHAINS
LONG = np.full(60, 12)
COUNTS = {"count": "poisson", ("x", "z"): ek.Covariates()}


def drawn(rng: np.random.Generator, lengths: Array = LONG) -> ek.ArraySource:
    """Counts of two states; x pushes to the second one, and z says where sequences begin."""
    x, counts = rng.normal(size=lengths.sum()), []
    z = np.repeat(rng.normal(size=len(lengths)), lengths)
    first = np.isin(np.arange(len(x)), np.cumsum(lengths) - lengths)
    state = 0
    for t, begins in enumerate(first):
        chance = expit(0.3 + 1.5 * z[t]) if begins else expit([-1.5 + 1.2 * x[t], 1.0 - 0.8 * x[t]][state])
        state = int(rng.random() < chance)
        counts.append(rng.poisson([1.0, 7.0][state]))
    return ek.ArraySource(np.column_stack([counts, x, z]), columns=["count", "x", "z"], groups=labels(lengths))


def params_of(model: ek.GatedHiddenMarkovChain, transitions: Array, initial: Array | None = None):
    parts = model.family.params(ek.PoissonParams([[1.0], [7.0]]), ek.CovariatesParams())
    if initial is None:
        return ek.GatedHiddenMarkovParams([0.5, 0.5], transitions, parts)
    return ek.GatedInitialHiddenMarkovParams(initial, transitions, parts)


@pytest.fixture(scope="module")
def source() -> ek.ArraySource:
    return drawn(np.random.default_rng(3))


@pytest.fixture(scope="module")
def fitted(source):
    model = ek.GatedHiddenMarkovChain(COUNTS, transitions="x", initial="z")
    return ek.fit(model, source, model.starts(source.profile, 2, [0]), solver="anderson", tol=1e-11).in_order()


@pytest.mark.parametrize("road", [chains.plainly_smoothed, chains.compiled], ids=["plain", "compiled"])
def test_it_agrees_with_all_paths(road):
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 4, len(LENGTHS)).astype(float)
    (chunk,) = ek.ArraySource(CASE.draw(rng, sum(LENGTHS)), weights, groups=labels(LENGTHS)).chunks()
    chain, density = CASE.model.chain_over(CASE.params, chunk), CASE.model.log_density(CASE.params, chunk)
    assert np.ptp(chain.transitions, axis=0).min() > 0.01
    wanted, found = listed(*chain, density, LENGTHS, weights), road(*chain, density, chunk)
    for ours, theirs in zip((found.shares, found.log_likelihood, found.pairs.sum(axis=0)), wanted, strict=False):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    for decode in (chains.plainly_likeliest, chains.decoded):
        np.testing.assert_allclose(decode(*chain, density, chunk).log_joint, wanted.best, atol=1e-12)


def test_what_others_say_of_a_row_agrees_with_its_posterior():
    source = ek.ArraySource(CASE.draw(np.random.default_rng(0), sum(LENGTHS)), groups=labels(LENGTHS))
    (chunk,) = source.chunks()
    density, shares = CASE.model.log_density(CASE.params, chunk), CASE.model.posterior(CASE.params, chunk).responsibilities
    joint = CASE.model.outlook(CASE.params, chunk, by_others=True) * np.exp(density)
    np.testing.assert_allclose(joint / joint.sum(axis=1, keepdims=True), shares, atol=1e-12)
    seen = filtered_by(CASE.model, CASE.params, source)
    ends = np.cumsum(LENGTHS) - 1
    np.testing.assert_allclose(seen[ends], shares[ends], atol=1e-12)
    (rest,) = ek.ArraySource(chunk.x[1:4]).as_one_group().chunks()
    again = filtered(CASE.model.chain_over(CASE.params, rest), density[1:4], rest, seen[:1])
    np.testing.assert_allclose(again, seen[1:4], atol=1e-12)


def test_with_an_intercept_alone_it_is_the_plain_chain(source):
    rows = ek.ArraySource(source.x[:240, :1], groups=labels(LONG[:20]))
    gated, plain = ek.GatedHiddenMarkovChain("poisson"), ek.HiddenMarkovChain("poisson")
    one, other = (
        ek.fit(model, rows, model.starts(rows.profile, 2, [0]), solver="anderson", tol=1e-13).in_order()
        for model in (gated, plain)
    )
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)
    assert one.free_parameters == other.free_parameters
    matrix = one.model.transition_matrices(one.params, rows.x[:1])[0]
    np.testing.assert_allclose(matrix, other.params.transitions, atol=1e-7)
    np.testing.assert_allclose(one.params.components.rates, other.params.components.rates, rtol=1e-7)


def test_the_estimate_is_that_of_a_direct_maximisation(source, fitted):
    """Likelihoods by a forward pass that is written down independently, and their curvature for the standard errors."""
    y, x, z = source.x.T
    first = np.cumsum(LONG) - LONG

    def height(v: Array) -> float:
        rates, lines, begin = np.exp(v[:2]), v[2:6].reshape(2, 2), v[6:8]
        like = np.exp(y[:, None] * np.log(rates) - rates)
        there = expit(begin[0] + begin[1] * z[first])
        shares, total = np.stack([1 - there, there], axis=1) * like[first], 0.0
        for t in range(1, LONG[0]):
            go = expit(lines[:, 0] + lines[:, 1] * x[first + t, None])
            ahead = (shares * go).sum(axis=1)
            shares = np.stack([shares.sum(axis=1) - ahead, ahead], axis=1) * like[first + t]
        total += float(np.log(shares.sum(axis=1)).sum())
        return -total

    params = fitted.params
    rates = params.components.parts[0].rates[:, 0]
    mine = np.concatenate([np.log(rates), params.transitions[:, 1].ravel(), params.initial[1]])
    there = minimize(height, mine + 0.02, method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(mine, there.x, atol=1e-4)
    errors = fitted.standard_errors()
    found = [errors["transitions[0, 1, 1]"], errors["transitions[1, 1, 0]"], errors["initial[1, 1]"]]
    signs = ((1, 1, 1), (-1, 1, -1), (-1, -1, 1), (1, -1, -1))
    steps = 1e-3 * np.eye(8)
    curvature = [[sum(sign * height(mine + i * a + k * b) for sign, i, k in signs) / 4e-6 for b in steps] for a in steps]
    np.testing.assert_allclose(found, np.sqrt(np.diag(np.linalg.inv(curvature)))[[3, 4, 7]], rtol=2e-3)


def test_what_was_put_in_is_found(fitted):
    wanted = {"initial": [[0, 0], [0.3, 1.5]], "transitions": [[[0, 0], [-1.5, 1.2]], [[0, 0], [1.0, -0.8]]]}
    errors = fitted.standard_errors()
    for path, values in wanted.items():
        for index in np.argwhere(np.array(values)):
            name = f"{path}[{', '.join(map(str, index))}]"
            off = getattr(fitted.params, path)[tuple(index)] - np.array(values)[tuple(index)]
            assert abs(off) < 3.5 * errors[name]
    assert fitted.free_parameters == 2 + 4 + 2


def test_a_unit_and_an_origin_of_a_covariate_change_its_coefficients_alone(source, fitted):
    moved = ek.ArraySource(source.x * [1, 0.01, 1] + [0, 1990, 0], columns=source.columns, groups=labels(LONG))
    model = ek.GatedHiddenMarkovChain(COUNTS, transitions="x", initial="z")
    again = ek.fit(model, moved, model.starts(moved.profile, 2, [0]), solver="anderson", tol=1e-11).in_order()
    assert again.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(again.params.transitions[..., 1], 100 * fitted.params.transitions[..., 1], rtol=1e-3, atol=1e-9)
    np.testing.assert_allclose(again.params.initial, fitted.params.initial, rtol=1e-3)


def test_a_covariate_of_two_values_has_a_matrix_for_each(source):
    """Then the best log-odds are those of the shares of the moves into rows of each value."""
    rows = ek.ArraySource(np.column_stack([source.x[:, 0], source.x[:, 1] > 0]), groups=labels(LONG))
    model = ek.GatedHiddenMarkovChain({0: "poisson", 1: ek.Covariates()}, transitions=1)
    fit = ek.fit(model, rows, model.starts(rows.profile, 2, [0]), solver="anderson", tol=1e-12)
    (chunk,) = fit.source.chunks()
    pairs = fit.model.posterior(fit.params, chunk).latent.moves.moves
    for value, matrix in enumerate(fit.model.transition_matrices(fit.params, [[0, 0], [0, 1]])):
        counts = pairs[chunk.x[:, 1] == value].sum(axis=0)
        np.testing.assert_allclose(matrix, counts / counts.sum(axis=1, keepdims=True), atol=1e-5)


def test_every_assignment_takes_chains_that_rows_tell(source):
    params = params_of(ek.GatedHiddenMarkovChain({0: "poisson", (1, 2): ek.Covariates()}, transitions=1), np.zeros((2, 2, 2)))
    for assignment in (ek.Hard(), ek.Sampled(1)):
        model = ek.GatedHiddenMarkovChain({0: "poisson", (1, 2): ek.Covariates()}, assignment, transitions=1)
        fit = ek.fit(model, source.x, params, groups=labels(LONG), max_evaluations=8)
        slopes = fit.params.transitions[:, 1, 1]
        assert slopes[0] > 0.3
        assert slopes[1] < 0


def test_gaps_are_steps_and_covariates_have_none(source):
    model = ek.GatedHiddenMarkovChain({0: "poisson", (1, 2): ek.Covariates()}, transitions=1, initial=2)
    params = params_of(model, [[[0, 0], [-1, 1]], [[0, 0], [1, -1]]], [[0, 0], [0, 1]])
    rows = source.x.copy()
    rows[5:8, 0] = np.nan
    fit = ek.fit(model, rows, params, groups=labels(LONG), max_evaluations=3)
    (chunk,) = fit.source.chunks()
    shares, chain = fit.model.posterior(params, chunk).responsibilities, fit.model.chain_over(params, chunk)
    assert np.isfinite(shares).all()
    assert fit.model.log_density(params, chunk)[5:8].tolist() == [[0.0, 0.0]] * 3
    assert np.isfinite(chain.transitions).all()
    for column in (1, 2):
        rows[7, column] = np.nan
        with pytest.raises(ek.DataError, match="row 7"):
            ek.fit(model, rows, params, groups=labels(LONG), max_evaluations=3)
        rows[7, column] = 0.0


def test_a_fit_is_told_saved_read_and_drawn(source, fitted, tmp_path):
    text = fitted.summary(standard_errors=True)
    assert "transitions by x, first" in text
    assert "transition: to component 2, x" in text
    (chunk,) = source.chunks()
    seen = views.state_sequence(fitted, "count")
    np.testing.assert_array_equal(seen.states, fitted.model.decode(fitted.params, chunk).states)
    again = ek.load(fitted.save(tmp_path / "gated.emk"))
    np.testing.assert_array_equal(again.params.transitions, fitted.params.transitions)
    np.testing.assert_allclose(again.predict_proba(source), fitted.predict_proba(source))
    rows, states = fitted.model.draw_given(fitted.params, np.random.default_rng(0), source.x, LONG)
    np.testing.assert_array_equal(rows[:, 1:], source.x[:, 1:])
    begins = np.cumsum(LONG) - LONG
    assert states[begins][source.x[begins, 2] > 0.5].mean() > states[begins][source.x[begins, 2] < -0.5].mean()


def test_what_cannot_be_is_refused_in_words(fitted):
    with pytest.raises(ek.ModelError, match=r"describes whole rows.*GatedHiddenMarkovChain"):
        ek.GatedHiddenMarkovChain("poisson", transitions=1)
    with pytest.raises(ek.DataError, match="no column 'q' for the gate"):
        ek.fit(ek.GatedHiddenMarkovChain(ek.PoissonRegression(0, 1), transitions="q"), [[1.0, 2.0], [2.0, 1.0]], CASE.params)
    with pytest.raises(ek.ModelError, match="no one matrix"):
        fitted.dwell_times()
    with pytest.raises(ek.ModelError, match="not known of rows to come"):
        fitted.model.forecast(fitted.params, None, 1)
    with pytest.raises(ek.ModelError, match="covariates are data"):
        fitted.sample(3)
