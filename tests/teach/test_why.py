"""Why EM works: Jensen, bound + KL, the bound along the step, soft, hard and drawn E-steps, known labels."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group
from emkit.explain import account, subject_of_fit
from emkit.lessons import LESSONS, old_faithful, three_coins, two_coins
from emkit.models.assignment import normalise
from emkit.teach.why import Even, Known, bound_curve, known_labels, why
from tests.cases import LESSONS as WORKED

IN_SEQUENCE = ("umbrella", "earthquakes")  # whose rows have their states together
CELLS = "eight-plots"  # whose latent values are no labels: it is refused, see tests/explain/test_unseen.py
QUICK = [name for name in LESSONS if name not in ("death-notices", CELLS, *IN_SEQUENCE)]  # of the first: thousands of steps


def lesson(name):
    return LESSONS[name]()


@pytest.mark.parametrize("name", IN_SEQUENCE)
def test_rows_in_sequence_are_referred_to_what_tells_of_them(name):
    with pytest.raises(ek.ModelError, match=r"the rows of a sequence have theirs together. `explain` shows the ledger"):
        why(lesson(name))


# --- Jensen --------------------------------------------------------------------------------------------------------------


def test_jensen_at_the_second_draw_of_the_two_coins():
    """h = 9: p(x, A) = .5 * .6^9 * .4 and p(x, B) = .5 * .5^10; the points are these over q."""
    even, posterior, later = why(two_coins()).jensen
    joint = np.array([0.5 * 0.6**9 * 0.4, 0.5**11])
    assert even.row == "2"
    assert even.points == pytest.approx(joint / 0.5, rel=1e-12)
    assert posterior.weights == pytest.approx(joint / joint.sum(), rel=1e-12)
    assert posterior.points == pytest.approx([joint.sum()] * 2, rel=1e-12)
    a, b = 0.7130122354005162, 0.5813393083136627
    ahead = np.array([0.5 * a**9 * (1 - a), 0.5 * b**9 * (1 - b)])
    assert later.points == pytest.approx(ahead / posterior.weights, rel=1e-12)
    assert [choice.touches for choice in (even, posterior, later)] == [False, True, False]


@pytest.mark.parametrize("name", QUICK)
def test_the_mean_of_the_points_is_p_of_x_whatever_q(name):
    even, posterior, later = why(lesson(name)).jensen
    assert even.mean == pytest.approx(posterior.mean, rel=1e-12)
    for choice in (even, posterior, later):
        assert choice.weights.sum() == pytest.approx(1)
        assert choice.gap >= -1e-12
        posterior_now = choice.weights * choice.points / choice.mean
        assert choice.gap == pytest.approx(np.sum(choice.weights * np.log(choice.weights / posterior_now)), abs=1e-12)
    assert posterior.touches


# --- bound + KL ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUICK)
def test_bound_and_gap_add_up_to_the_log_likelihood_for_every_q(name):
    splits = why(lesson(name)).splits
    values = [split.account.log_likelihood for split in splits]
    assert values == pytest.approx([values[0]] * 5, rel=1e-14)
    assert [s.account.bound + s.account.gap for s in splits] == pytest.approx(values, rel=1e-12)
    assert splits[0].account.gap == pytest.approx(0, abs=1e-10)
    assert all(split.account.gap > 0 for split in splits[2:])


def test_the_two_coins_are_split_as_worked_out_by_hand():
    first, ahead, hard, _, even = why(two_coins()).splits
    assert first.account.expected == pytest.approx(-36.15294642797138, rel=1e-13)
    assert first.account.entropy == pytest.approx(3.059083908138219, rel=1e-13)
    joint = [[0.5 * t**h * (1 - t) ** (10 - h) for t in (0.6, 0.5)] for h in (5, 9, 8, 4, 7)]
    assert hard.account.bound == pytest.approx(sum(math.log(max(row)) for row in joint), rel=1e-13)
    assert hard.account.entropy == 0
    assert even.account.entropy == pytest.approx(5 * math.log(2), rel=1e-13)
    assert even.account.bound == pytest.approx(sum((math.log(a) + math.log(b)) / 2 + math.log(2) for a, b in joint), rel=1e-13)
    r0 = np.array([a / (a + b) for a, b in joint])
    model, source = two_coins().model, two_coins().source
    r1 = account(model, source, *_iterates(two_coins(), 1))
    assert ahead.account.gap == pytest.approx(_kl_ahead(two_coins(), r0), rel=1e-12)
    assert r1.gap == pytest.approx(0.137966296726854, rel=1e-11)


def _iterates(lesson, steps):
    em, theta = ek.EMMap(lesson.model, lesson.source, lesson.start), lesson.start
    path = [theta]
    for _ in range(steps):
        path.append(em(path[-1]).update)
    return path


def _kl_ahead(lesson, r0):
    theta = _iterates(lesson, 1)[1]
    chunk = next(lesson.source.chunks())
    q, _ = normalise(lesson.model.complete(theta, chunk).log_joint)
    p = np.column_stack([r0, 1 - r0])
    return float((q * np.log(q / p)).sum())


# --- the bound along the step --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(LESSONS))
@pytest.mark.parametrize("number", [1, 2])
def test_the_bound_touches_at_0_is_highest_at_1_and_is_nowhere_above(name, number):
    subject = lesson(name)
    before, after = _iterates(subject, number)[-2:]
    curve = bound_curve(subject.model, subject.source, before, after, number)
    rounding = 1e-12 * (1 + abs(curve.at(0)[0]))
    assert curve.at(0)[0] == pytest.approx(curve.at(0)[1], abs=rounding)
    assert np.all(curve.gap >= -rounding)
    assert curve.at(1)[1] >= np.max(curve.bound) - rounding
    assert curve.at(1)[0] >= curve.at(0)[0] - rounding


@pytest.mark.parametrize("name", ["two-coins", "linkage", "old-faithful"])
def test_slopes_agree_where_the_curves_touch_and_vanish_where_the_bound_is_highest(name):
    subject = lesson(name)
    h = 1e-4
    curve = bound_curve(subject.model, subject.source, *_iterates(subject, 1), s=[-h, h, 1 - h, 1 + h])
    slopes = [(values[1] - values[0]) / (2 * h) for values in (curve.log_likelihood, curve.bound)]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-5)
    assert slopes[0] > 0
    assert (curve.bound[3] - curve.bound[2]) / (2 * h) == pytest.approx(0, abs=1e-4 * slopes[0])


def test_the_two_coins_curve_ends_at_the_ledgers_numbers():
    curve = why(two_coins()).bound
    assert curve.at(0) == pytest.approx((-33.09386251983316,) * 2, rel=1e-13)
    assert curve.at(1) == pytest.approx((-31.859257948227356, -31.99722424495421), rel=1e-13)
    assert curve.highest == 1


def test_the_line_is_straight_in_log_odds():
    subject = two_coins()
    before, after = _iterates(subject, 1)
    curve = bound_curve(subject.model, subject.source, before, after, s=[0.5])
    logit = lambda p: np.log(p / (1 - p))  # noqa: E731
    odds = (logit(before.components.probabilities) + logit(after.components.probabilities)) / 2
    middle = ek.MixtureParams([0.5, 0.5], ek.SuccessParams(1 / (1 + np.exp(-odds))))
    assert curve.log_likelihood[0] == pytest.approx(account(subject.model, subject.source, middle, middle).log_likelihood)


def test_an_estimate_on_the_boundary_does_not_stop_the_curve():
    """With hard labels the three coins end at probabilities 0 and 1, whose log-odds are infinite."""
    subject = three_coins().assigned(ek.Hard())
    before, after = _iterates(subject, 1)
    assert after.components.probabilities.ravel().tolist() == [0.0, 1.0]
    curve = bound_curve(subject.model, subject.source, before, after)
    assert np.all(np.isfinite(curve.bound))
    assert curve.highest >= 1


# --- soft, hard, drawn ---------------------------------------------------------------------------------------------------


def test_soft_hard_and_drawn_e_steps_of_the_two_coins():
    soft, hard, drawn = why(two_coins()).variants
    assert (soft.end["theta_A"], soft.end["theta_B"]) == pytest.approx((0.7967890669226469, 0.5195831201451350), abs=1e-6)
    assert soft.first["theta_A"] == pytest.approx(0.7130122354005162, abs=1e-14)
    assert (hard.end["theta_A"], hard.end["theta_B"]) == pytest.approx((0.8, 0.45), abs=1e-14)
    assert hard.responsibilities[:, 0].tolist() == [0, 1, 1, 0, 1]
    assert hard.objective == pytest.approx(
        24 * np.log(0.8) + 6 * np.log(0.2) + 9 * np.log(0.45) + 11 * np.log(0.55) + 5 * np.log(0.5)
    )
    assert set(drawn.responsibilities.ravel()) == {0.0, 1.0}
    assert drawn.objective is None
    assert 0 < drawn.spread["theta_A"] < 0.2
    for symbol in ("theta_A", "theta_B"):  # which lots are drawn hangs on the last bit of the densities
        assert abs(drawn.end[symbol] - soft.end[symbol]) < drawn.spread[symbol]


def test_drawn_labels_of_the_three_coins_fall_into_a_trap():
    """Ten reports: sooner or later the lots give all ones to one coin and all zeros to the other, for good."""
    drawn = why(three_coins()).variants[2]
    assert max(drawn.spread.values()) == 0
    assert "no draw leaves" in " ".join(str(why(three_coins())).split())


@pytest.mark.slow
def test_a_kind_of_e_step_that_fails_says_why_and_the_others_are_there():
    start = ek.MixtureParams([0.5, 0.5], ek.ExponentialParams([[0.9], [0.15]]))
    waits = subject_of_fit(ek.Mixture(ek.Exponential()), ek.ArraySource([0.0, 0.0, 0.0, 5.0, 7.0, 9.0]), start)
    soft, hard, drawn = why(waits).variants
    assert hard.failed
    assert "sees only zeros" in hard.outcome
    assert [variant.kind for variant in (soft, hard, drawn)] == ["soft", "hard", "drawn"]
    assert why(waits).known is None
    soft, hard, drawn = why(lesson("death-notices")).variants
    assert not any(variant.failed for variant in (soft, hard, drawn))  # a component of zeros has rate 0
    assert soft.log_likelihood == pytest.approx(-1989.9458598829642, abs=1e-6)


# --- known labels --------------------------------------------------------------------------------------------------------


def test_known_coins_are_counted():
    known = known_labels(two_coins(), "BAABA")
    assert known.estimate["theta_A"] == 24 / 30
    assert known.estimate["theta_B"] == 9 / 20
    assert [update.substituted for update in known.updates] == ["24.00 / (24.00 + 6.00)", "9.00 / (9.00 + 11.00)"]
    assert known == why(two_coins()).known


def test_known_labels_are_the_m_step_of_any_mixture():
    x = np.array([1.0, 2.0, 4.0, 9.0])
    start = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0.0], [8.0]], [[[1.0]], [[1.0]]]))
    subject = subject_of_fit(ek.Mixture(ek.FullGaussian()), ek.ArraySource(x), start)
    known = known_labels(subject, "1212")
    expected = [0.5, 0.5, x[::2].mean(), x[1::2].mean(), x[::2].var(), x[1::2].var()]
    assert list(known.estimate.values()) == pytest.approx(expected, rel=1e-12)
    values = [np.log(0.5) - 0.5 * (np.log(2 * np.pi * v) + (u - m) ** 2 / v) for u, m, v in
              zip(x, expected[2:4] * 2, expected[4:] * 2, strict=True)]  # fmt: skip
    assert known.log_likelihood == pytest.approx(sum(values))


@pytest.mark.parametrize(
    ("labels", "message"), [("BAAB", "4 labels but 5 rows"), ("BAABC", "no component 'C'; the components are A, B")]
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(ek.ModelError, match=message):
        known_labels(two_coins(), labels)


def test_known_labels_and_equal_shares_check_what_they_are_given():
    joint = np.log([[0.1, 0.3], [0.2, 0.2]])
    even = Even().assign(joint, np.ones(2), 0)
    assert even.gap == pytest.approx([0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75), 0], abs=1e-15)
    assert Known((0, 1)).assign(joint, np.ones(2), 0).gap == pytest.approx([np.log(0.4 / 0.1), np.log(2)])
    with pytest.raises(ek.ModelError, match="one label a row"):
        Known((0,)).assign(joint, np.ones(2), 0)
    with pytest.raises(ek.ModelError, match="from 0 to 1"):
        Known((0, 2)).assign(joint, np.ones(2), 0)
    with pytest.raises(ek.ModelError, match="has no single label"):
        known_labels(lesson("linkage"))


# --- text, JSON, command -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("subject", WORKED, ids=lambda subject: subject.name)
def test_every_lesson_has_a_text_within_its_width_and_json(subject):
    answer = why(subject)
    text = answer.text(90)
    for title in ("JENSEN", "LOG-LIKELIHOOD = BOUND + KL", "THE BOUND ALONG", "SOFT, HARD, DRAWN", "IMPRECISE"):
        assert title in text
    assert "-0.0000" not in text
    prose = [line for line in text.splitlines() if "  " not in line.strip()]
    assert max(map(len, prose)) <= 90
    assert json.loads(json.dumps(answer.to_dict()))["bound"]["s"] == answer.bound.s.tolist()


def test_remarks_on_the_sources_carry_the_ledgers_numbers():
    text = " ".join(why(two_coins()).text().split())
    assert "raises the bound by 1.0966 and opens the gap again, to 0.1380" in text
    assert "without the entropy of q, 3.0591, it is -35.0563" in text
    assert "leaves it closed, since here the posterior does not change" in " ".join(why(three_coins()).text().split())


def test_a_model_that_is_neither_mixture_nor_table_is_refused():
    class Neither(ek.LatentModel):
        def e_step(self, params, chunk):
            raise NotImplementedError

    with pytest.raises(ek.ModelError, match="cannot be explained row by row"):
        why(subject_of_fit(Neither(), ek.ArraySource([1.0]), two_coins().start))


def test_the_command_prints_text_and_json_and_knows_its_lessons():
    runner = CliRunner()
    text = runner.invoke(group, ["why", "two-coins"])
    assert text.exit_code == 0
    assert "theta_A = 24.00 / (24.00 + 6.00) = 0.8000" in text.output
    record = json.loads(runner.invoke(group, ["why", "three-coins", "--step", "2", "--json"]).output)
    assert record["schema"] == "emkit-why/1"
    assert record["step"] == 2
    assert record["splits"][0]["log_likelihood"] == pytest.approx(6 * np.log(0.6) + 4 * np.log(0.4), rel=1e-13)
    wrong = runner.invoke(group, ["why", "coins"])
    assert wrong.exit_code == 2
    assert "there is no lesson 'coins'" in wrong.output


def test_old_faithful_later_steps_are_explained_as_well():
    third = why(old_faithful(), step=3)
    assert third.bound.highest == 1
    assert third.step.ledger[0].account.log_likelihood == pytest.approx(third.bound.at(0)[0], rel=1e-13)
