"""The lines of a worksheet are the numbers of the model's own functions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import get_at
from emkit.explain.worksheet import Role, worksheet
from emkit.models.around import bare
from emkit.models.assignment import normalise
from tests.cases import LESSONS, death_notices, heights, linkage, three_coins, two_coins

by_name = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
steps = pytest.mark.parametrize("step", [1, 2, 5])


def evaluation(lesson, step):
    em = ek.EMMap(lesson.model, lesson.source, lesson.start)
    here = em(lesson.start)
    for _ in range(step - 1):
        here = em(here.update)
    return here


@by_name
@steps
def test_updates_and_likelihood_are_those_of_the_model(lesson, step):
    here, sheet = evaluation(lesson, step), worksheet(lesson, step)
    at = sheet.values()
    assert at["log_likelihood"] == pytest.approx(here.log_likelihood, rel=1e-12)
    updates = [line for line in sheet if line.role is Role.UPDATE]
    for line in updates:
        path, index = line.entry
        assert at[line.name] == pytest.approx(get_at(here.update, path)[index], rel=1e-12), line.name
    written = {line.entry[0] for line in updates}
    assert written == set(lesson.model.updates()), "a parameter that the model updates has no line"


@by_name
@steps
def test_responsibilities_are_those_of_the_model(lesson, step):
    here, sheet = evaluation(lesson, step), worksheet(lesson, step)
    at = sheet.values()
    shares = [line for line in sheet if line.role is Role.SHARE]
    chunk = next(iter(lesson.source.chunks()))
    right, _ = normalise(bare(lesson.model).complete(here.params, chunk).log_joint)
    if isinstance(bare(lesson.model), ek.Cells):
        assert np.array([at[line.name] for line in shares]) == pytest.approx(right[right > 0], abs=1e-12)
        return
    for k, name in enumerate(lesson.components):
        for i, row in enumerate(right):
            line = sheet[f"r_{name}[{i + 1}]"]
            assert at[line.name] == pytest.approx(row[k], abs=1e-12)


@by_name
def test_every_line_uses_only_lines_above_it_and_shows_its_numbers(lesson):
    sheet = worksheet(lesson)
    seen = set()
    for line in sheet:
        assert set(line.uses) <= seen, line.name
        assert line.expression.text(sheet.values())
        seen.add(line.name)
    assert len(str(sheet).splitlines()) == len(seen)


def test_two_coins_in_the_words_of_the_paper():
    sheet = worksheet(two_coins())
    at = sheet.values()
    assert sheet["joint_A[2]"].expression.text(at) == "0.5 * 0.6^9 * 0.4"
    assert sheet["theta_A"].expression.text(at) == "21.3 / (21.3 + 8.572)"
    counts = [at[f"{side}_{coin}"] for coin in "AB" for side in ("heads", "tails")]
    assert counts == pytest.approx([21.29748189634723, 8.572246614530176, 11.702518103652775, 8.427753385469824], rel=1e-14)


def test_fractions_are_exact_where_they_are_short():
    fractions = worksheet(three_coins()).fractions()
    assert fractions["mu[x=0]"] == Fraction(27, 31)
    assert [fractions[name] for name in ("pi", "alpha", "beta")] == [Fraction(261, 589), Fraction(31, 145), Fraction(186, 205)]
    assert "log_likelihood" not in fractions
    assert not worksheet(death_notices()).fractions()  # there is an exponential on every line


def test_names_that_people_use_lead_to_the_same_line():
    sheet = worksheet(three_coins())
    names = ["mu[x=0]", "r[x=0]", "mu_a[x=0]", "r[3]", "mu[8]"]
    assert {sheet[name].name for name in names} == {"mu[x=0]"}
    assert sheet["ones_a"].name == "heads_a"
    assert sheet["mass_b"].name == "n_b"
    assert sheet["probability_a"].name == "alpha"
    assert sheet["proportion_a"].name == "pi"


def test_fixing_responsibilities_fixes_what_they_leave():
    sheet = worksheet(three_coins())
    assert sheet.completed({"mu[x=0]": 0.82}) == pytest.approx({"mu[x=0]": 0.82, "mu_b[x=0]": 0.18})
    assert sheet.completed({"pi": 0.4}) == {"pi": 0.4}


def test_what_cannot_be_a_worksheet_is_refused():
    with pytest.raises(ek.ModelError, match=r"there is no line 'theta_C'.*; the lines are .*theta_A, theta_B, log_likelihood"):
        worksheet(two_coins())["theta_C"]
    with pytest.raises(ek.ModelError, match="step is 0; it must be a whole number >= 1"):
        worksheet(two_coins(), 0)
    lesson = two_coins()
    hard = type(lesson)(**{**vars(lesson), "model": ek.Mixture(ek.Binomial(10), ek.Hard())})
    with pytest.raises(ek.ModelError, match="soft responsibilities, not hard ones"):
        worksheet(hard)


def test_held_parameters_have_no_line():
    names = worksheet(heights(held=("components.means",))).lines
    assert not any(name.startswith("mean") for name in names)
    assert "pi" not in worksheet(two_coins()).lines
    assert {"t", "u", "count_rest"} <= worksheet(linkage()).lines.keys()


def waiting_lesson(family, start):
    lesson, source = heights(), ek.ArraySource([0.2, 1.5, 3.0])
    given = {"model": ek.Mixture(family), "source": source, "start": ek.MixtureParams([0.5, 0.5], start)}
    return type(lesson)(**{**vars(lesson), **given})


def test_a_family_that_nobody_wrote_out_ends_with_the_proportions():
    other = waiting_lesson(ek.Gamma(), ek.GammaParams([[1.0], [2.0]], [[1.0], [2.0]]))
    sheet = worksheet(other)
    here = evaluation(other, 1)
    assert sheet.values()["proportion_short"] == pytest.approx(here.update.proportions[0], rel=1e-12)
    assert sheet.values()["log_likelihood"] == pytest.approx(here.log_likelihood, rel=1e-12)
    assert not any(name.startswith(("mean", "shape")) for name in sheet.lines)


def test_a_family_that_describes_itself_is_worked_out_to_the_end():
    other = waiting_lesson(ek.Exponential(), ek.ExponentialParams([[1.0], [3.0]]))
    sheet, here = worksheet(other), evaluation(other, 1)
    at = sheet.values()
    assert sheet["joint_short[1]"].expression.text(at) == "0.5 * exp(-1 * 0.2)"
    assert at["log_likelihood"] == pytest.approx(here.log_likelihood, rel=1e-12)
    for k, name in enumerate(other.components):
        assert at[f"rate_{name}"] == pytest.approx(here.update.components.rates[k, 0], rel=1e-12)
