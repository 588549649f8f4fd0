"""Marking: what is right, what is carried, what is refused, and the numbers that the two sources print."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

import emkit as ek
from emkit.explain.worksheet import Mistake, Role, worksheet
from emkit.lessons import earthquakes, umbrella
from emkit.teach.check import Verdict, check_printed
from tests.cases import LESSONS, death_notices, heights, three_coins, two_coins

RIGHT, WRONG, CARRIED = Verdict.RIGHT, Verdict.WRONG, Verdict.CARRIED


def verdicts(marking):
    return [mark.verdict for mark in marking.lines]


# --- the sources ---------------------------------------------------------------------------------------------------------


def test_the_two_coins_paper_is_right_throughout():
    marking = check_printed(two_coins())
    assert marking.ok
    assert len(marking.lines) == 11
    assert marking.first_mistake is None
    assert marking.remarks == ()


def test_the_three_coins_slides_have_one_slip_and_three_numbers_that_follow():
    marking = check_printed(three_coins())
    assert not marking.ok
    assert verdicts(marking) == [RIGHT, WRONG, CARRIED, CARRIED, CARRIED]
    first = marking.first_mistake
    assert (first.name, first.claimed, first.exact) == ("mu[x=0]", "0.82", Fraction(27, 31))
    assert first.right == pytest.approx(27 / 31, abs=1e-15)
    assert first.slip.kind is Mistake.WRONG_FACTOR
    assert first.slip.what == "0.6 (pi) taken for 0.4 (1 - pi) in the denominator"
    assert first.slip.wrong == "joint_b[x=0] = 0.6 * 0.2 = 0.12, so mu[x=0] = 0.54 / (0.54 + 0.12) = 0.81818"
    assert first.slip.right == "joint_b[x=0] = 0.4 * 0.2 = 0.08, so mu[x=0] = 0.54 / (0.54 + 0.08) = 0.87097"
    assert first.slip.value == pytest.approx(9 / 11)
    right = [marking[name].right for name in ("pi", "alpha", "beta")]
    assert right == pytest.approx([0.4431239388794567, 0.21379310344827587, 0.9073170731707317], abs=1e-15)
    assert [mark.explanation for mark in marking.lines[2:]] == ["Carried from mu[x=0]."] * 3
    assert first.explanation == f"a factor taken from the wrong line: {first.slip.what}"
    assert "cannot be seen in the likelihood" in marking.remarks[0]
    assert "-6.7301" in marking.remarks[0]


def test_what_follows_from_the_slides_slip_without_rounding_is_carried_too():
    unrounded = {"pi": "0.42200956937799045", "alpha": 0.22448979591836735, "beta": 0.8741721854304636}
    assert verdicts(ek.check_work(three_coins(), {"mu[x=0]": "0.82", **unrounded})) == [WRONG, CARRIED, CARRIED, CARRIED]
    exact = ek.check_work(three_coins(), {"mu[x=0]": "9/11", **unrounded})
    assert verdicts(exact) == [WRONG, CARRIED, CARRIED, CARRIED]
    assert len(exact.remarks) == 1


def test_the_remark_is_made_only_where_it_is_true():
    wrong = 0.5 * 0.6**9 * 0.4  # a forgotten normalisation in the two coins moves the likelihood
    assert ek.check_work(two_coins(), {"r[2]": f"{wrong:.6f}"}).remarks == ()
    assert ek.check_work(three_coins(), {"pi": "0.6"}).remarks == ()  # not a slip of the E-step


# --- right numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", [*LESSONS, umbrella(), earthquakes()], ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("step", [1, 3])
def test_right_numbers_are_right_at_any_precision(lesson, step):
    sheet = worksheet(lesson, step)
    values = sheet.values()
    at = {line.name: values[line.name] for line in sheet}
    assert ek.check_work(lesson, at, step).ok
    for decimals in (3, 5, 8):
        rounded = {name: f"{value:.{decimals}f}" for name, value in at.items() if abs(value) > 10.0 ** (1 - decimals)}
        assert ek.check_work(lesson, rounded, step).ok, decimals


@pytest.mark.parametrize(
    ("name", "right"),
    [("r[2]", ["0.8", "0.80", "0.805", "0.8050", "0.804985517232276", 0.8, 0.805]), ("heads_A", ["21.3", "21", 21, 21.3])],
)
def test_digits_say_how_exactly_a_number_is_meant(name, right):
    for claim in right:
        assert ek.check_work(two_coins(), {name: claim}).ok, claim


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("r[2]", ["0.81", "0.804", "1", 1, "0.8051"]), ("heads_A", ["21.2", "22", 21.298]), ("joint_A[1]", ["0.001", "0.1"])],
)
def test_a_digit_too_many_is_wrong(name, wrong):
    for claim in wrong:
        assert not ek.check_work(two_coins(), {name: claim}).ok, claim


def test_fractions_and_powers_of_ten_are_numbers():
    claims = {
        "mu[x=0]": "27/31",
        "pi": "261/589",
        "mu[x=1]": Fraction(3, 19),
        "joint_a[x=1]": "6.0e-2",
        "beta": np.float64(186 / 205),
    }
    assert ek.check_work(three_coins(), claims).ok
    assert not ek.check_work(three_coins(), {"mu[x=0]": "27/32"}).ok


def test_rounded_numbers_above_may_shift_the_last_digit():
    sums = {"heads_A": "21.3", "tails_A": "8.6"}  # 21.3 / 29.9 = 0.712, where 0.713 is right
    marking = ek.check_work(two_coins(), {**sums, "theta_A": "0.712"})
    assert marking.ok
    assert marking["theta_A"].explanation == "The last digit comes from the rounded numbers above."
    assert not ek.check_work(two_coins(), {"theta_A": "0.712"}).ok
    far = ek.check_work(two_coins(), {**sums, "theta_A": "0.71237"})
    assert far.first_mistake.slip.kind is Mistake.ROUNDED


# --- what follows from a mistake -----------------------------------------------------------------------------------------


def test_a_mistake_is_followed_through_the_lines_that_were_not_written_down():
    r = [0.449149, 0.804986, 0.5, 0.352156, 0.647215]  # the third is wrong
    heads, tails = [5, 9, 8, 4, 7], [5, 1, 2, 6, 3]
    claims = {f"r[{i + 1}]": f"{v:.6f}" for i, v in enumerate(r)}
    claims["heads_A"] = f"{np.dot(r, heads):.5f}"
    claims["theta_A"] = f"{np.dot(r, heads) / (np.dot(r, heads) + np.dot(r, tails)):.5f}"
    marking = ek.check_work(two_coins(), claims)
    assert verdicts(marking) == [RIGHT, RIGHT, WRONG, RIGHT, RIGHT, CARRIED, CARRIED]
    assert marking["theta_A"].explanation == "Carried from r[3]."


def test_the_other_component_gets_what_a_wrong_share_leaves():
    marking = ek.check_work(three_coins(), {"mu_b[x=1]": "0.84", "mu[x=0]": "0.82", "mu_b[x=0]": "0.18", "n_b": "5.76"})
    assert verdicts(marking) == [RIGHT, WRONG, CARRIED, CARRIED]


def test_a_second_mistake_is_examined_in_its_own_right_given_the_first():
    mu0 = 9 / 11
    tails = 4 * (1 - mu0)  # of coin b, with the slip
    heads = 6 * 16 / 19
    marking = ek.check_work(three_coins(), {"mu[x=0]": f"{mu0:.6f}", "beta": f"{tails / (heads + tails):.6f}"})
    assert verdicts(marking) == [WRONG, WRONG]
    assert marking["beta"].slip.kind is Mistake.SWAPPED_OUTCOMES


def test_a_right_number_below_a_wrong_one_is_right():
    assert verdicts(ek.check_work(three_coins(), {"mu[x=0]": "0.82", "pi": "0.4431"})) == [WRONG, RIGHT]


def test_a_number_that_no_slip_gives_is_wrong_and_still_followed():
    marking = ek.check_work(three_coins(), {"mu[x=0]": "0.7373", "pi": f"{(6 * 3 / 19 + 4 * 0.7373) / 10:.5f}"})
    assert verdicts(marking) == [WRONG, CARRIED]
    assert marking.first_mistake.slip is None
    assert marking.first_mistake.explanation == "No usual slip gives this number."


def test_claims_are_marked_in_the_order_of_the_step():
    marking = ek.check_work(two_coins(), {"theta_A": 0.713, "r[1]": 0.449, "heads_A": 21.3})
    assert [mark.name for mark in marking.lines] == ["r[1]", "heads_A", "theta_A"]


# --- what cannot be ------------------------------------------------------------------------------------------------------


def test_a_probability_beyond_1_is_wrong_and_said_to_be_impossible():
    mark = ek.check_work(three_coins(), {"pi": "1.3"}).first_mistake
    assert mark.explanation.startswith("A probability cannot be 1.3: it lies between 0 and 1.")
    assert "heads_A cannot be negative" in str(ek.check_work(two_coins(), {"heads_A": "-21.3"}))


@pytest.mark.parametrize(
    ("claims", "error", "message"),
    [
        ({"gamma": 0.5}, ek.ModelError, r"there is no line 'gamma' on this worksheet; the lines are .*pi.*alpha.*beta"),
        ({}, ek.ModelError, "no claims to check"),
        ([("pi", 0.5)], ek.ModelError, "claims are a mapping of names to numbers"),
        ({"pi": "half"}, ek.ParameterError, "the claim for 'pi' is 'half'; it must be a number, such as 0.82 or 27/31"),
        ({"pi": "1/0"}, ek.ParameterError, "the claim for 'pi' is '1/0'"),
        ({"pi": None}, ek.ParameterError, "the claim for 'pi' is None; it must be a number"),
        ({"pi": True}, ek.ParameterError, "the claim for 'pi' is True"),
        ({"pi": [0.4]}, ek.ParameterError, r"the claim for 'pi' is \[0.4\]"),
        ({"pi": float("nan")}, ek.ParameterError, "the claim for 'pi' is 'nan'; it must be a finite number"),
        ({"pi": "-inf"}, ek.ParameterError, "it must be a finite number"),
        ({"mu[x=0]": 0.87, "r[3]": 0.87}, ek.ModelError, r"'mu\[x=0\]' and 'r\[3\]' are the same line"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_sentence(claims, error, message):
    with pytest.raises(error, match=message):
        ek.check_work(three_coins(), claims)


@pytest.mark.parametrize("step", [0, -1, 1.5])
def test_a_step_is_a_whole_number_from_1(step):
    with pytest.raises(ek.ModelError, match="it must be a whole number >= 1"):
        ek.check_work(three_coins(), {"pi": 0.4}, step)


# --- the value -----------------------------------------------------------------------------------------------------------


def test_a_marking_reads_well():
    lines = str(check_printed(three_coins())).splitlines()
    assert lines[0] == "three-coins, step 1: 1 of 5 numbers right. The first mistake is mu[x=0]."
    assert lines[1] == "ok  mu[x=1]: printed 0.16 (Concrete Example, P(z=1 | x=1)), right 0.1579 (3/19)."
    assert " x  pi: printed 0.424 (Concrete Example /2, pi), right 0.4431 (261/589).  Carried from mu[x=0]." in lines
    assert lines[-2].startswith(" !  This slip cannot be seen in the likelihood")
    assert max(map(len, lines)) <= 100
    assert (
        str(ek.check_work(three_coins(), {"pi": 0.4431})).splitlines()[1] == "ok  pi: claimed 0.4431, right 0.44312 (261/589)."
    )


def test_a_marking_knows_what_was_claimed():
    with pytest.raises(KeyError, match="nothing was claimed about 'beta', only about pi"):
        ek.check_work(three_coins(), {"pi": 0.4431})["beta"]


def test_a_marking_is_plain_values_for_json():
    marking = check_printed(three_coins())
    plain = json.loads(json.dumps(marking.to_dict()))
    assert plain["ok"] is False
    assert plain["first_mistake"] == "mu[x=0]"
    assert [line["verdict"] for line in plain["lines"]] == ["right", "wrong", "carried", "carried", "carried"]
    assert plain["lines"][1]["slip"]["kind"] == "wrong_factor"
    assert plain["lines"][1]["exact"] == "27/31"
    assert plain["lines"][1]["right"] == pytest.approx(0.8709677419354839, abs=1e-15)
    assert plain["lines"][0]["slip"] is None


def test_later_steps_start_from_the_step_before():
    first = worksheet(two_coins()).values()
    assert ek.check_work(two_coins(), {"theta_A": "0.7453", "log_likelihood": "-31.8593"}, step=2).ok
    again = ek.check_work(two_coins(), {"theta_A": f"{first['theta_A']:.6f}"}, step=2).first_mistake
    assert again.slip.kind is Mistake.STEP


@pytest.mark.slow
def test_long_lessons_are_checked_in_reasonable_time():
    x = np.random.default_rng(0).normal(np.repeat([54.0, 80.0], 136), 6.0)
    lesson = heights()
    long = type(lesson)(**{**vars(lesson), "source": ek.ArraySource(x)})
    sheet = worksheet(long)
    mean = sheet.values()["mean_tall"]
    assert ek.check_work(long, {"mean_tall": f"{mean:.6f}"}).ok
    assert ek.check_work(long, {"mean_tall": f"{mean + 0.123:.6f}"}).first_mistake.slip is None
    assert len([line for line in sheet if line.role is Role.SHARE]) == 2 * 272


def test_death_notices_name_their_rows_by_value():
    assert ek.check_work(death_notices(), {"r[deaths=0]": "0.556"}).lines[0].right == pytest.approx(
        0.3 * np.exp(-1) / (0.3 * np.exp(-1) + 0.7 * np.exp(-2.5)), rel=1e-12
    )
