"""Forward-backward tables: held against all paths, against the model's own E-step, and against the books."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.special import logsumexp

import emkit as ek
from emkit.core.mapreduce import serial
from emkit.core.parameters import get_at
from emkit.derivations import derivation
from emkit.explain import account, explain, subject_of_fit
from emkit.explain.exact import exact_step
from emkit.explain.notation import NOTATIONS
from emkit.explain.steps import work_out
from emkit.explain.worksheet import Role, worksheet
from emkit.explain.written_row import written
from emkit.models.around import bare
from tests.explained import IN_SEQUENCE, SUBJECTS, path, random_chain

SHORT = ["bernoulli", "poisson", "gaussian", "categorical", "product"]
WORKED = ["umbrella", "earthquakes", *(f"chain of {name}" for name in SHORT)]


def every_path(found):
    """log p(rows, path) of every path through the states of a sequence, and the paths, (P, T)."""
    paths = np.array(list(product(range(found.states), repeat=found.length)))
    with np.errstate(divide="ignore"):
        start, move = np.log(found.initial), np.log(found.transitions)
    heights = start[paths[:, 0]] + move[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    return heights + found.log_density[np.arange(found.length), paths].sum(axis=1), paths


@pytest.mark.parametrize("sequence", [1, 2, 3])
@pytest.mark.parametrize("name", SHORT)
def test_the_tables_are_sums_over_all_paths(name, sequence):
    found = work_out(random_chain(name, (5, 1, 6)), 2, sequence=sequence).e_step
    heights, paths = every_path(found)
    posterior = np.exp(heights - logsumexp(heights))
    assert found.log_scale.sum() == pytest.approx(logsumexp(heights), rel=1e-13)
    for t in range(found.length):
        for k in range(found.states):
            assert found.shares[t, k] == pytest.approx(posterior[paths[:, t] == k].sum(), rel=1e-12)
            if t + 1 < found.length:
                then = [posterior[(paths[:, t] == k) & (paths[:, t + 1] == m)].sum() for m in range(found.states)]
                assert found.pairs[t, k] == pytest.approx(then, rel=1e-12)


@pytest.mark.parametrize("name", SHORT)
def test_forward_knows_the_rows_so_far_and_backward_what_comes(name):
    subject = random_chain(name, (6,))
    whole = work_out(subject).e_step
    for t in range(1, whole.length):
        x = subject.source.x
        first = ek.ArraySource(x[:t], columns=subject.source.columns).as_one_group()
        so_far = subject.model.posterior(subject.start, next(first.chunks()))
        assert whole.forward[t - 1] == pytest.approx(so_far.responsibilities[-1], rel=1e-12)
        assert whole.log_scale[:t].sum() == pytest.approx(so_far.log_likelihood[0], rel=1e-12)
        later = whole.transitions @ (np.exp(whole.log_density[t]) * whole.backward[t])
        assert whole.backward[t - 1] == pytest.approx(later / whole.scale[t], rel=1e-12)
    assert whole.backward[-1].tolist() == [1.0] * whole.states


@pytest.mark.parametrize("name", IN_SEQUENCE)
def test_the_tables_are_those_of_the_models_e_step(name):
    subject = SUBJECTS[name]
    chunk = next(subject.source.chunks())
    right = subject.model.posterior(subject.start, chunk)
    starts, moves = np.zeros_like(subject.start.initial), np.zeros_like(subject.start.transitions)
    for g, (first, end) in enumerate(zip(chunk.bounds[:-1], chunk.bounds[1:], strict=True)):
        found = work_out(subject, sequence=g + 1).e_step
        assert (found.first, found.length, found.of) == (first + 1, end - first, len(chunk.bounds) - 1)
        assert found.shares == pytest.approx(right.responsibilities[first:end], abs=1e-12)
        assert found.forward.sum(axis=1) == pytest.approx(np.ones(found.length), rel=1e-12)
        assert found.log_scale.sum() == pytest.approx(right.log_likelihood[g], rel=1e-12)
        starts += found.weight * found.shares[0]
        moves += found.weight * found.pairs.sum(axis=0)
    assert starts == pytest.approx(right.latent.starts, abs=1e-12)
    assert moves == pytest.approx(right.latent.moves, abs=1e-12)


@pytest.mark.parametrize("name", SHORT)
def test_the_entropy_is_that_of_the_paths(name):
    subject = random_chain(name, (5, 1, 6))
    before, after = path(subject, 1)
    found = account(subject.model, subject.source, before, after)
    entropy = expected = gap = 0.0
    for sequence in (1, 2, 3):
        old, new = (work_out(subject, number, sequence=sequence).e_step for number in (1, 2))
        (heights, _), (later, _) = every_path(old), every_path(new)
        q, then = heights - logsumexp(heights), later - logsumexp(later)
        entropy -= old.weight * np.exp(q) @ q
        expected += old.weight * np.exp(q) @ later
        gap += old.weight * np.exp(q) @ (q - then)
    assert found.entropy == pytest.approx(entropy, rel=1e-11)
    assert found.expected == pytest.approx(expected, rel=1e-12)
    assert found.gap == pytest.approx(gap, rel=1e-8, abs=1e-11)


def test_viterbi_training_has_a_ledger_without_entropy_and_no_tables():
    subject = random_chain("poisson", assignment=ek.Hard())
    before, after = path(subject, 1)
    total = serial(lambda chunk: subject.model.e_step(before, chunk), subject.source)
    first, raised = (account(subject.model, subject.source, before, at) for at in (before, after))
    assert first.entropy == pytest.approx(0, abs=1e-10)
    assert first.gap == pytest.approx(total.gap, rel=1e-10)
    assert raised.bound > first.bound
    with pytest.raises(ek.ModelError, match=r"forward-backward tables are of the posterior .* Explain the model with Soft\(\)"):
        explain(subject)


def worth(arithmetic):
    assert re.fullmatch(r"[\d.e+\-* /()]+", arithmetic)
    return eval(arithmetic)  # noqa: S307


@pytest.mark.parametrize("name", WORKED)
def test_the_written_arithmetic_has_the_value_of_the_table(name):
    found = work_out(SUBJECTS[name], 1).e_step
    for t in {0, 1, found.length // 2, found.length - 1}:
        lines = list(written(found, t))
        tables = {"alpha": found.forward[t], "beta": found.backward[t], "gamma": found.shares[t], "c": found.scale[t]}
        for line in lines:
            right = found.pairs[t][line.states] if line.letter == "xi" else tables[line.letter][line.states or ...]
            assert line.value == pytest.approx(right, rel=1e-12)
            assert worth(line.arithmetic) == pytest.approx(right, rel=2e-3, abs=2e-4)
        K = found.states
        assert len(lines) == 1 + 3 * K + (K * K if t + 1 < found.length else 0)


@pytest.mark.parametrize("step", [1, 2, 4])
@pytest.mark.parametrize("name", WORKED)
def test_the_worksheet_has_the_numbers_of_the_tables_and_of_the_m_step(name, step):
    subject = SUBJECTS[name]
    sheet, states = worksheet(subject, step), subject.components
    at, seen = sheet.values(), set()
    for line in sheet:
        assert set(line.uses) <= seen, line.name
        seen.add(line.name)
    for sequence in range(1, work_out(subject).e_step.of + 1):
        found = work_out(subject, step, sequence=sequence).e_step
        for t in range(found.length):
            label = found.label(t)
            assert at[f"c[{label}]"] == pytest.approx(found.scale[t], rel=1e-10)
            for k, state in enumerate(states):
                for letter, table in (("alpha", found.forward), ("beta", found.backward), ("gamma", found.shares)):
                    assert at[f"{letter}_{state}[{label}]"] == pytest.approx(table[t, k], rel=1e-9)
                for m, other in enumerate(states if t + 1 < found.length else ()):
                    assert at[f"xi_{state}_{other}[{label}]"] == pytest.approx(found.pairs[t, k, m], rel=1e-9)
    here = path(subject, step)
    assert at["log_likelihood"] == pytest.approx(account(subject.model, subject.source, here[-2], here[-2]).log_likelihood)
    for line in sheet:
        if line.role is Role.UPDATE:
            entry, index = line.entry
            assert at[line.name] == pytest.approx(get_at(here[-1], entry)[index], rel=1e-9), line.name


def test_the_umbrella_in_exact_fractions():
    exact, rounded = exact_step(ek.lessons.umbrella()), work_out(ek.lessons.umbrella())
    assert exact.rows[0].responsibilities == (Fraction(621, 703), Fraction(82, 703))
    assert exact.rows[1].responsibilities == (Fraction(621, 703), Fraction(82, 703))
    assert {symbol: float(value) for symbol, value in exact.after.items()} == pytest.approx(rounded.after, rel=1e-13)
    text = ek.lessons.umbrella().explain(exact=True).text()
    assert "gamma_rain" in text.partition("EXACTLY")[2]
    assert "621/703" in text


@pytest.mark.parametrize("notation", ["coin", "cs229", "slides"])
def test_the_text_tells_the_letters_of_every_author(notation):
    text = " ".join(ek.lessons.umbrella().explain(notation=notation).text().split())
    meaning = {"coin": "P(Z_t=k|E)", "cs229": "Q_t(z=k)", "slides": "mu_t(k)"}[notation]
    assert f"gamma_t(k) = {meaning} = alpha_t(k) beta_t(k)" in text
    assert "alpha_rain[1.2] = (0.8182 * 0.7 + 0.1818 * 0.3) * 0.9 / 0.6391 = 0.8834" in text
    assert "transition_rain_dry = 0.81 / (2.89 + 0.81) = 0.2196" in text
    assert "entropy of the paths" in text


@pytest.mark.parametrize("notation", sorted(NOTATIONS))
def test_a_chain_counts_in_the_words_of_its_lesson(notation):
    text = ek.lessons.umbrella().explain(notation=notation).text()
    assert re.search(r"state +umbrella +none", text)
    assert not re.search(r"heads|tails", text)


def test_the_book_of_the_umbrella_backward():
    """Its message is not scaled: P(u_2 | R_1) = .69 and .41."""
    found = work_out(ek.lessons.umbrella()).e_step
    assert found.backward[0] * found.scale[1] == pytest.approx([0.69, 0.41], rel=1e-13)


def test_gaps_are_steps_at_which_nothing_was_seen():
    x = np.random.default_rng(6).poisson(4, 30).astype(float)
    x[[3, 29]] = np.nan
    start = ek.HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], ek.PoissonParams([[2.0], [6.0]]))
    result = ek.fit(ek.HiddenMarkovChain("poisson"), x[:, None], start, max_evaluations=4)
    step = result.explain(step=2, row=4).step
    found = step.e_step
    assert found.log_density[3].tolist() == [0.0, 0.0]
    assert found.forward[3] == pytest.approx(found.forward[2] @ found.transitions, rel=1e-12)
    assert "b_1[4] = 1" in str(result.explain(step=2, row=4))
    record = result.explain(row=4, rows=1).to_dict()
    assert record["rows"][0]["values"] == {"x0": None}
    json.dumps(record, allow_nan=False)


def test_many_states_and_densities_beyond_floats_are_shown_in_short():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 6)) * 1e-60
    x[10:20] += 5e-60
    means, variances = np.stack([np.zeros(6), np.full(6, 5e-60)]), np.full((2, 6), 1e-120)
    start = ek.HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], ek.DiagonalGaussianParams(means, variances))
    text = str(explain(subject_of_fit(ek.HiddenMarkovChain(ek.DiagonalGaussian()), ek.ArraySource(x).as_one_group(), start)))
    assert "log b_1" in text
    assert "worked out" not in text
    five = ek.HiddenMarkov("gaussian", 5, random_state=0).fit(rng.normal(size=(40, 2))).result_
    text = five.explain(row=30, rows=5).text(90)
    assert "xi_30" in text
    assert "rows 28 to 32 of 40; sums are of all" in text
    assert "/ (" not in text.partition("M-STEP")[2].partition("mean")[0]
    for line in text.splitlines():
        assert len(line) <= 90


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sequence": 3}, "there is no sequence 3; there are 2"),
        ({"sequence": 0}, "sequence is 0"),
        ({"row": 3}, "there is no row 3 in sequence 1, which has 2"),
        ({"row": 0}, "row is 0"),
        ({"step": 0}, "step is 0"),
    ],
)
def test_places_that_there_are_not_are_refused(options, message):
    with pytest.raises(ek.ModelError, match=message):
        ek.lessons.umbrella().explain(**options)


def test_the_only_sequence_is_one():
    with pytest.raises(ek.ModelError, match="there is no sequence 2; there is 1"):
        ek.lessons.earthquakes().explain(sequence=2)


def test_rows_in_sequence_are_not_told_one_by_one():
    with pytest.raises(ek.ModelError, match="rows in sequence are explained by forward-backward tables"):
        work_out(ek.lessons.umbrella()).rows  # noqa: B018


def test_the_record_holds_every_table():
    record = ek.lessons.umbrella().explain(sequence=2, row=3).to_dict()
    found = work_out(ek.lessons.umbrella(), sequence=2).e_step
    assert [row["gamma"] for row in record["rows"]] == found.shares.tolist()
    assert [row["xi"] for row in record["rows"]] == [*found.pairs.tolist(), None]
    assert record["sequence"] == {"number": 2, "of": 2, "weight": 1.0, "first_row": 3}
    assert record["worked"][1]["arithmetic"] == "(0.8834 * 0.7 + 0.1166 * 0.3) * 0.1 / 0.3427"
    assert record["expected_counts"]["moves_rain_to_dry"] == pytest.approx(0.812288, abs=1e-6)


def test_held_transitions_have_no_line():
    lesson = ek.lessons.umbrella()
    held = subject_of_fit(ek.Frozen(bare(lesson.model), "transitions", "initial"), lesson.source, lesson.start)
    step = work_out(held)
    assert [update.symbol for update in step.updates] == ["probability_1", "probability_2"]
    assert {"transition_1_2", "initial_1"} <= set(step.held)


RATES = ek.PoissonParams([[1.0], [6.0]])
OTHER_CHAINS = [
    (ek.StationaryHiddenMarkovChain("poisson"), ek.StationaryHiddenMarkovParams([[0.9, 0.1], [0.1, 0.9]], RATES)),
    (
        ek.HiddenSemiMarkovChain("poisson", durations="poisson", longest=5),
        ek.HiddenSemiMarkovParams([0.5, 0.5], [[0, 1], [1, 0]], ek.PoissonParams([[3.0], [3.0]]), RATES),
    ),
    (ek.GatedHiddenMarkovChain("poisson"), ek.GatedHiddenMarkovParams([0.5, 0.5], [[[0], [-2]], [[0], [2]]], RATES)),
]


@pytest.mark.parametrize("work", [explain, work_out, worksheet, derivation])
@pytest.mark.parametrize(("model", "start"), OTHER_CHAINS)
def test_chains_whose_m_step_does_not_just_divide_counts_are_refused(model, start, work):
    source = ek.ArraySource([0, 1, 0, 6, 7, 5, 1]).as_one_group()
    with pytest.raises(ek.ModelError, match=f"the M-step of a {model.name} is not worked out by hand"):
        work(subject_of_fit(model, source, start))
