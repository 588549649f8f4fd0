"""The step table: its numbers are the model's, add up, and lead to the update; and they are those of the reference."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import emkit as ek
from emkit.explain import explain, subject_of_fit
from emkit.explain.steps import work_out
from emkit.explain.symbols import Symbols
from emkit.families.description import Description
from tests import cases
from tests.explained import ALONE, SUBJECTS, path, random_mixture

EVERY = 10_000
UNDESCRIBED = [case.name for case in cases.FAMILIES if type(case.family.described) is Description]
IN_WORDS_ONLY = {f"{kind} of {name}" for kind in ("mixture", "chain") for name in UNDESCRIBED}
WRITTEN_OUT = [name for name in SUBJECTS if name not in IN_WORDS_ONLY]


@pytest.mark.parametrize("name", ALONE)
def test_rows_add_up_to_the_sums(name):
    step = work_out(SUBJECTS[name], 1, EVERY)
    assert len(step.rows) == step.distinct
    for t, total in enumerate(step.tallies):
        summed = np.sum([row.tallies[t].values for row in step.rows], axis=0)
        scale = np.sum([np.abs(row.tallies[t].values) for row in step.rows], axis=0)
        assert np.all(np.abs(summed - total.values) <= 1e-12 * (1 + scale))


@pytest.mark.parametrize("name", ALONE)
def test_responsibilities_are_the_joint_over_its_sum(name):
    for row in work_out(SUBJECTS[name], 2, EVERY).rows:
        joint = np.exp(row.log_joint - row.log_joint.max())
        assert row.responsibilities == pytest.approx(joint / joint.sum(), rel=1e-12, abs=1e-300)
        assert row.responsibilities.sum() == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize("number", [1, 2, 5])
@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_every_update_is_the_value_of_its_ratio(name, number):
    step = work_out(SUBJECTS[name], number)
    assert {update.symbol for update in step.updates} == set(step.after) - set(step.held)
    for update in step.updates:
        assert update.agrees
        assert update.computed == pytest.approx(update.value, rel=1e-11, abs=1e-13), update.symbol
        assert step.after[update.symbol] == update.value


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_step_leads_from_one_iterate_to_the_next(name):
    subject = SUBJECTS[name]
    before, after = path(subject, 3)[2:]
    step = work_out(subject, 3)
    symbols = Symbols.of(subject)
    assert step.before == symbols.values(before)
    assert step.after == symbols.values(after)


# Densities of normals are not written out in a row; to the powers of large counts, four digits are too few.
NORMAL = ("gauss", "faithful", "lines", "plots", "normal-regression")
SUBSTITUTED = [name for name in ALONE if not any(word in name for word in (*NORMAL, "large"))]


@pytest.mark.parametrize("name", SUBSTITUTED)
def test_the_substituted_joint_has_the_value_of_the_joint(name):
    step = work_out(SUBJECTS[name], 1)
    for row in step.rows:
        for k in row.states:
            assert worth(row.formulas[k]) == pytest.approx(math.exp(row.log_joint[k]), rel=5e-3)


def worth(formula):
    """What a substituted formula amounts to, read as arithmetic."""
    assert re.fullmatch(r"[\d.e+\-*^!/() ,C]|[\d.e+\-*^!/() ,Cexp]*", formula)
    text = re.sub(r"C\((\d+),(\d+)\)", r"comb(\1,\2)", formula).replace("^", "**")
    text = re.sub(r"(\d+)!", r"factorial(\1)", text)
    return eval(text, {"exp": math.exp, "comb": math.comb, "factorial": math.factorial})  # noqa: S307


def test_two_coins_of_the_reference():
    step = work_out(ek.lessons.two_coins())
    responsibilities = [row.responsibilities[0] for row in step.rows]
    assert responsibilities == pytest.approx(
        [0.44914892610093643, 0.804985517232276, 0.7334671580091432, 0.35215613384625927, 0.6472151158991254], rel=1e-12
    )
    counted = np.array([[*row.tallies[1].values, *row.tallies[2].values] for row in step.rows])[:, [0, 2, 1, 3]]
    assert counted == pytest.approx(
        np.array(
            [
                [2.245744630504682, 2.245744630504682, 2.7542553694953176, 2.7542553694953176],
                [7.244869655090484, 0.804985517232276, 1.7551303449095164, 0.19501448276772404],
                [5.8677372640731456, 1.4669343160182864, 2.1322627359268544, 0.5330656839817136],
                [1.4086245353850375, 2.1129368030775564, 2.5913754646149627, 3.887063196922444],
                [4.530505811293877, 1.9416453476973758, 2.469494188706123, 1.0583546523026242],
            ]
        ),
        rel=1e-12,
    )
    sums = {tally.key(k): value for tally in step.tallies for k, value in zip("AB", tally.values, strict=True)}
    assert sums["n_A"] == pytest.approx(2.98697285108774, rel=1e-12)
    assert sums["heads_A"] == pytest.approx(21.29748189634723, rel=1e-12)
    assert sums["tails_A"] == pytest.approx(8.572246614530176, rel=1e-12)
    assert sums["heads_B"] == pytest.approx(11.702518103652775, rel=1e-12)
    assert sums["tails_B"] == pytest.approx(8.427753385469824, rel=1e-12)
    assert step.after["theta_A"] == pytest.approx(0.7130122354005162, rel=1e-12)
    assert step.after["theta_B"] == pytest.approx(0.5813393083136627, rel=1e-12)
    assert step.held == ("proportion_A", "proportion_B")
    assert [update.substituted for update in step.updates] == ["21.30 / (21.30 + 8.57)", "11.70 / (11.70 + 8.43)"]


def test_three_coins_of_the_reference_in_two_distinct_rows():
    step = work_out(ek.lessons.three_coins())
    assert [(row.label, row.weight) for row in step.rows] == [("x=1", 6), ("x=0", 4)]
    assert [row.responsibilities[0] for row in step.rows] == pytest.approx([3 / 19, 27 / 31], rel=1e-13)
    assert step.after["pi"] == pytest.approx(261 / 589, rel=1e-13)
    assert step.after["alpha"] == pytest.approx(31 / 145, rel=1e-13)
    assert step.after["beta"] == pytest.approx(186 / 205, rel=1e-13)


def test_linkage_expects_25_animals_in_the_hidden_cell():
    step = work_out(ek.lessons.linkage())
    assert step.rows[0].tallies[0].values.tolist() == pytest.approx([100, 25, 0, 0, 0], rel=1e-14)
    assert step.after["theta"] == pytest.approx(59 / 97, rel=1e-14)
    assert step.updates[0].substituted == "59.00 / (59.00 + 38.00)"


def test_drawn_rows_are_shown_as_they_were_drawn():
    subject = random_mixture("bernoulli", ek.Sampled(seed=2))
    step = work_out(subject, 1, EVERY)
    assert len(step.rows) == step.distinct == subject.source.rows
    assert np.sum([row.tallies[0].values for row in step.rows], axis=0) == pytest.approx(step.tallies[0].values, rel=1e-13)


def test_large_data_are_shown_in_part_and_summed_in_full():
    x = np.random.default_rng(3).normal(size=30_000)
    start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[-1.0], [1.0]], [[1.0], [1.0]]))
    subject = subject_of_fit(ek.Mixture(ek.DiagonalGaussian()), ek.ArraySource(x), start)
    step = work_out(subject, 2, 7)
    assert (len(step.rows), step.distinct) == (7, 30_000)
    assert step.tallies[0].values.sum() == pytest.approx(30_000, rel=1e-12)
    assert "the first 7 of 30,000 rows; sums are of all" in str(explain(subject, 2, rows=7))


def test_a_floor_that_decides_is_named():
    x = [0.0, 0.0, 0.0, 5.0, 6.0, 7.0, 9.0]
    start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[0.0], [7.0]], [[1e-4], [4.0]]))
    step = explain(subject_of_fit(ek.Mixture(ek.DiagonalGaussian()), ek.ArraySource(x), start))
    assert not step.step.updates[4].agrees
    assert "raised to the floor under the variances" in str(step)


def test_held_means_leave_variances_about_them():
    subject = random_mixture("gaussian-diag")
    held = subject_of_fit(ek.Frozen(subject.model, "components.means"), subject.source, subject.start)
    step = work_out(held)
    assert {symbol.split("_")[0] for symbol in step.held} == {"mean"}
    assert all(update.computed == pytest.approx(update.value, rel=1e-12) for update in step.updates)
    assert not any("^2" in update.substituted for update in step.updates)


def test_a_result_explains_itself():
    x = np.random.default_rng(8).poisson([[2.0, 9.0]], (400, 2)).reshape(-1, 1)
    start = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[1.5], [8.0]]))
    result = ek.fit(ek.Mixture(ek.Poisson()), x, start)
    explanation = result.explain(step=2, notation="cs229", rows=3)
    em = ek.EMMap(result.model, result.source, start)
    second = em(em(start).update)
    assert explanation.step.ledger[0].account.log_likelihood == pytest.approx(second.log_likelihood, rel=1e-12)
    assert explanation.step.after["rate_1"] == pytest.approx(second.update.components.rates[0, 0], rel=1e-12)
    assert len(explanation.step.rows) == 3
    assert "Q_i(z=1)" in str(explanation)


@pytest.mark.parametrize(("argument", "message"), [("step", "step is 0"), ("rows", "rows is 0")])
def test_steps_and_rows_are_counted_from_1(argument, message):
    with pytest.raises(ek.ModelError, match=message):
        explain(ek.lessons.two_coins(), **{argument: 0})


def test_symbols_fall_back_to_systematic_names():
    names = list(work_out(ek.lessons.old_faithful()).before)
    assert names[:3] == ["pi", "proportion_long", "mean_short_eruptions"]
    assert "covariance_short_eruptions_waiting" in names
    assert len(set(names)) == 2 + 4 + 6
