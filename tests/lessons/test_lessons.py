"""The lessons: their numbers are those of independent sources, and what they say is so."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.explain.bridge import bridge
from emkit.explain.notation import NOTATIONS
from emkit.explain.steps import work_out
from emkit.lessons import LESSONS, lesson_named
from emkit.teach.check import check_printed
from tests.explained import path

TIGHT = {"tol": 1e-14, "max_evaluations": 20_000}


def probabilities(params):
    return params.components.probabilities.ravel()


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_complete(name):
    lesson = lesson_named(name)
    assert lesson.name == name
    assert lesson.title
    assert lesson.story
    assert lesson.notice
    assert lesson.reference
    assert len(lesson.symbols) == len(set(lesson.symbols.values()))
    lesson.model.check(lesson.start, lesson.source.profile)
    assert work_out(lesson).e_step.states == len(lesson.components)


@pytest.mark.parametrize("name", LESSONS)
def test_symbols_name_entries_of_the_parameters(name):
    lesson = lesson_named(name)
    assert set(lesson.symbols.values()) <= set(ek.Frozen(lesson.model).coordinates(lesson.start).entry_names(lesson.start))


def test_an_unknown_lesson_is_refused_with_the_names_there_are():
    with pytest.raises(ek.ModelError, match=r"there is no lesson 'four-coins'; the lessons are two-coins, .*old-faithful"):
        lesson_named("four-coins")


def test_lessons_hang_on_the_package():
    assert ek.lessons.two_coins().name == "two-coins"


def test_two_coins_follow_the_published_path():
    lesson = ek.lessons.two_coins()
    history = lesson.fit(**TIGHT).history
    expected = {
        0: (0.6, 0.5, -33.09386251983316),
        1: (0.7130122354005162, 0.5813393083136627, -31.859257948227356),
        2: (0.7452920360819947, 0.5692557501718727, -31.723116079360555),
        3: (0.7680988343673213, 0.5495359141383478, -31.627827361914125),
        4: (0.7831645842999736, 0.5346174541475203, -31.584946842695512),
        5: (0.7910552458637528, 0.5262811670299319, -31.573057640991117),
        6: (0.7945325379936994, 0.5223904375178747, -31.57067772363231),
        8: (0.7964656379225264, 0.5200471890029877, -31.570211714472723),
        10: (0.7967441494752115, 0.5196586622041124, -31.570200503479537),
    }
    params = path(lesson, 10)
    for step, (a, b, log_likelihood) in expected.items():
        assert probabilities(params[step]) == pytest.approx([a, b], rel=1e-12)
        assert history[step].log_likelihood == pytest.approx(log_likelihood, rel=1e-12)


def test_two_coins_end_at_the_maximum():
    result = ek.lessons.two_coins().fit(**TIGHT)
    assert probabilities(result.params) == pytest.approx([0.7967890669226469, 0.5195831201351450], abs=1e-8)
    assert result.log_likelihood == pytest.approx(-31.570200235996904, rel=1e-13)


def test_hard_assignment_lands_on_the_complete_data_estimate_in_one_step():
    hard = ek.lessons.two_coins().assigned(ek.Hard())
    first, second = path(hard, 2)[1:]
    assert probabilities(first) == pytest.approx([0.8, 0.45], rel=1e-15)
    assert probabilities(second) == pytest.approx([0.8, 0.45], rel=1e-15)


def test_equal_coins_lead_to_the_saddle():
    lesson = ek.lessons.two_coins()
    equal = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.55], [0.55]]))
    result = ek.fit(lesson.model, lesson.source, equal, escape=False)
    assert probabilities(result.params) == pytest.approx([0.66, 0.66], rel=1e-12)
    assert result.log_likelihood == pytest.approx(-32.05177389405778, rel=1e-13)
    assert result.outcome.status is ek.Status.STATIONARY_SADDLE


def test_exchanged_starts_exchange_the_coins():
    lesson = ek.lessons.two_coins()
    swapped = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.5], [0.6]]))
    result = ek.fit(lesson.model, lesson.source, swapped, **TIGHT)
    assert probabilities(result.params) == pytest.approx([0.5195831201351450, 0.7967890669226469], abs=1e-8)


def test_a_free_chance_changes_the_answer_and_is_hardly_determined():
    result = ek.lessons.two_coins(free_proportions=True).fit(**TIGHT)
    assert result.params.proportions[0] == pytest.approx(0.522751316896852913, abs=1e-7)
    assert probabilities(result.params) == pytest.approx([0.793367649612750371, 0.513916591213651953], abs=1e-7)
    assert result.log_likelihood == pytest.approx(-31.568694899973348788, rel=1e-13)
    errors = result.standard_errors()
    assert errors["proportions[0]"] == pytest.approx(0.4102, abs=1e-4)
    assert errors["components.probabilities[0, 0]"] == pytest.approx(0.1192, abs=1e-4)
    assert errors["components.probabilities[1, 0]"] == pytest.approx(0.1659, abs=1e-4)


def test_three_coins_stop_after_one_step_from_any_start():
    lesson = ek.lessons.three_coins()
    rng = np.random.default_rng(4)
    for _ in range(20):
        pi, a, b = rng.uniform(0.05, 0.95, 3)
        start = ek.MixtureParams([pi, 1 - pi], ek.SuccessParams([[a], [b]]))
        em = ek.EMMap(lesson.model, lesson.source, start)
        first = em(start).update
        second = em(first)
        assert second.log_likelihood == pytest.approx(6 * np.log(0.6) + 4 * np.log(0.4), rel=1e-13)
        assert second.update.proportions == pytest.approx(first.proportions, abs=1e-14)
        assert probabilities(second.update) == pytest.approx(probabilities(first), abs=1e-14)


def test_three_coins_are_not_identified():
    verdict = ek.lessons.three_coins().fit().identifiability()
    assert not verdict
    assert (verdict.rank, verdict.free) == (1, 3)


def test_the_slip_of_the_slides_is_found_and_the_coins_of_the_paper_are_right():
    assert not check_printed(ek.lessons.three_coins()).ok
    assert check_printed(ek.lessons.two_coins()).ok
    assert check_printed(ek.lessons.linkage()).ok


def test_linkage_follows_the_printed_iterates_to_the_printed_digits_but_for_three():
    lesson = ek.lessons.linkage()
    computed = [params["theta"] for params in path(lesson, len(lesson.iterates))[1:]]
    last_digits = [
        round(float(printed.text) * 1e9) - round(value * 1e9) for value, printed in zip(computed, lesson.iterates, strict=True)
    ]
    assert last_digits == [0, 1, 0, 1, 0, 0, 1, 0]
    assert "steps 2, 4 and 7" in lesson.errata[0]
    assert computed[:3] == pytest.approx([0.6082474226804123, 0.6243210503692704, 0.6264888790796673], rel=1e-14)
    assert computed[3:6] == pytest.approx([0.6267773223473097, 0.6268156321100443, 0.6268207190193078], rel=1e-14)


def test_linkage_ends_at_the_root_and_as_fast_as_information_is_missing():
    result = ek.lessons.linkage().fit(rules=[ek.stopping.Moved(1e-13), ek.stopping.Budget(100)])
    assert result.params["theta"] == pytest.approx((15 + np.sqrt(53809)) / 394, rel=1e-12)
    assert result.missing_information()[0] == pytest.approx(0.1327787337455989, abs=1e-7)


def test_blood_groups_end_where_the_textbook_says():
    result = ek.lessons.blood_groups().fit(**TIGHT)
    assert [result.params[name] for name in "pqr"] == pytest.approx(
        [0.21359093908950366, 0.05014532886944853, 0.7362637320410478], abs=1e-8
    )
    first = path(ek.lessons.blood_groups(), 1)[1]
    assert [first[name] for name in "pqr"] == pytest.approx(
        [0.23217185885132144, 0.05502239283429302, 0.7128057483143856], rel=1e-13
    )


def test_death_notices_gain_fast_and_end_late():
    lesson = ek.lessons.death_notices()
    history = lesson.fit(tol=0, max_evaluations=10).history
    assert [moment.log_likelihood for moment in history] == pytest.approx(
        [
            -1992.72326625655,
            -1990.1556674467106,
            -1990.0953062620006,
            -1990.0653990641783,
            -1990.0500600321595,
            -1990.041877087288,
            -1990.037276720314,
            -1990.0344955494143,
            -1990.0326488438197,
            -1990.0312873858593,
        ],
        abs=1e-9,
    )
    fast = lesson.fit(solver=ek.solvers.Squarem())
    assert fast.evaluations < 100
    assert fast.log_likelihood == pytest.approx(-1989.9458598829642, abs=1e-8)
    assert fast.rows == 1096


def test_old_faithful_divides_as_the_lesson_says():
    result = ek.lessons.old_faithful().fit()
    assert result.converged
    assert result.log_likelihood == pytest.approx(-1130.2639601847416, abs=1e-7)
    assert result.params.proportions[0] == pytest.approx(0.3559, abs=5e-4)
    assert result.params.components.means[0] == pytest.approx([2.0364, 54.4785], abs=5e-4)
    assert result.iterations < 30


def test_another_assignment_leaves_the_lesson_and_its_held_parameters_alone():
    lesson = ek.lessons.two_coins()
    drawn = lesson.assigned(ek.Sampled(seed=1))
    assert drawn.model.paths == ("proportions",)
    assert not drawn.model.ascends
    assert lesson.model.ascends
    assert ek.lessons.blood_groups().assigned(ek.Hard()).model.assignment == ek.Hard()
    assert ek.lessons.blood_groups().model.assignment == ek.Soft()


@pytest.mark.parametrize("name", LESSONS)
def test_no_lesson_ends_in_a_component_that_collapsed(name):
    assert lesson_named(name).fit().degenerate == ()


@pytest.mark.parametrize("name", ["two-coins", "linkage", "umbrella"])
def test_nothing_is_said_of_the_lessons_rows_about_ones_own(name, tmp_path):
    lesson = lesson_named(name)
    rows = lesson.source.x[:-1] if lesson.source.rows > 2 else lesson.source.x + 1
    own = lesson.of_rows(rows, "Rows of our own")
    assert own.source.columns == lesson.source.columns
    kept = own.to_html(tmp_path / "own.html").read_text(encoding="utf-8")
    assert "Rows of our own" in kept
    said = [
        lesson.title,
        lesson.story,
        *lesson.notice,
        *lesson.errata,
        *(text for texts in lesson.told.values() for text in texts),
    ]
    assert not [text for text in said if text and text[:60] in kept]


def test_what_is_latent_in_cells_has_no_worksheet_and_no_bridge():
    lesson = lesson_named("eight-plots")
    with pytest.raises(ek.ModelError, match="shows what is expected of missing cells"):
        ek.check_work(lesson, {"mu_y": "12.56"})
    step = work_out(lesson, 1)
    assert bridge(lesson, step, NOTATIONS["cs229"]) == ()
