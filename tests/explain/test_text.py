"""What an explanation says, how wide it is, and how it is recorded."""

from __future__ import annotations

import json

import numpy as np
import pytest

import emkit as ek
from emkit.explain import explain
from emkit.explain.notation import COIN, NOTATIONS, REMARKS, notation_named
from emkit.explain.numbers import table
from emkit.lessons import LESSONS, lesson_named
from tests.explained import SUBJECTS


def flat(text):
    """The text without line breaks and repeated blanks."""
    return " ".join(text.split())


def test_two_coins_say_what_the_reader_came_for():
    text = flat(str(ek.lessons.two_coins().explain()))
    for number in ("0.4491", "0.8050", "0.7335", "0.3522", "0.6472"):
        assert number in text
    assert "sum 21.30 8.57 11.70 8.43" in text
    assert "theta_A = 21.30 / (21.30 + 8.57) = 0.7130" in text
    assert "theta_B = 11.70 / (11.70 + 8.43) = 0.5813" in text
    assert "E-step 1 -33.0939 -36.1529 3.0591 -33.0939 0.0000" in text
    assert "M-step 1 -31.8593 -35.0563 3.0591 -31.9972 0.1380" in text
    assert "raises it by 1.0966 to -31.9972; the next E-step closes the gap of 0.1380: -31.8593" in text
    assert "0.5 * 0.6^5 * 0.4^5 / (0.5 * 0.6^5 * 0.4^5 + 0.5 * 0.5^5 * 0.5^5) = 0.4491" in text
    assert "7.24 heads + 0.80 tails are not 10 tosses but 8.05: the other 1.95 went to B" in text


@pytest.mark.parametrize("exact", [False, True])
def test_three_coins_name_the_slip_and_why_em_stops(exact):
    text = flat(str(ek.lessons.three_coins().explain(exact=exact)))
    assert "x=1 6" in text
    for number in ("0.1579", "0.8710", "= 0.4431", "= 0.2138", "= 0.9073"):
        assert number in text
    assert "0.82. Their denominator has 0.6 * 0.2 where (1 - pi)(1 - beta) = 0.4 * 0.2 belongs" in text
    assert "reveal only pi * alpha + (1 - pi) * beta" in text
    assert "EM stops after one step, from any start" in text
    assert "no gap opens: the new parameters give the same responsibilities, so the next step will change nothing" in text
    assert (
        all(fraction in text for fraction in ("x=1 3/19", "x=0 27/31", "pi = 261/589", "alpha = 31/145", "beta = 186/205"))
        is exact
    )


def test_hard_assignment_is_not_passed_off_as_responsibilities():
    text = flat(str(ek.lessons.two_coins().assigned(ek.Hard()).explain()))
    assert "a row goes wholly to the state with the largest joint probability" in text
    assert "q(A) q(B)" in text
    assert "COUNTS each row counts for its likeliest component alone" in text
    for soft in ("in expectation", "by its responsibility", "expected counts"):
        assert soft not in text.partition("WHAT TO NOTICE")[0].lower()
    assert "theta_A = 24.00 / (24.00 + 6.00) = 0.8000" in text
    assert "the bound does not touch: after the E-step it lies 1.9924 below the log-likelihood -33.0939" in text


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", LESSONS)
def test_no_line_is_wider_than_asked(name, notation, width):
    text = lesson_named(name).explain(notation=notation).text(width, side_by_side=True)
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line) <= width
        assert line.isascii()


@pytest.mark.parametrize("name", SUBJECTS)
def test_everything_can_be_explained_and_recorded(name):
    explanation = explain(SUBJECTS[name], 2, "slides")
    assert "LEDGER" in str(explanation)
    record = json.loads(json.dumps(explanation.to_dict(), allow_nan=False))
    assert record["schema"] == "emkit-explain/1"
    assert record["step"] == 2
    assert [(entry["after"], entry["responsibilities_at"], entry["parameters_at"]) for entry in record["ledger"]] == [
        ("E-step", 1, 1),
        ("M-step", 1, 2),
        ("E-step", 2, 2),
    ]


def test_the_record_has_all_digits():
    record = ek.lessons.two_coins().explain(exact=True).to_dict()
    assert record["rows"][0]["responsibilities"][0] == pytest.approx(0.44914892610093643, rel=1e-14)
    assert record["rows"][1]["expected_counts"]["heads_A"] == pytest.approx(7.244869655090484, rel=1e-13)
    assert record["expected_counts"]["tails_B"] == pytest.approx(8.427753385469824, rel=1e-13)
    assert record["parameters"]["after"]["theta_A"] == pytest.approx(0.7130122354005162, rel=1e-14)
    assert record["ledger"][1]["gap"] == pytest.approx(0.137966296726854, rel=1e-12)
    assert record["exact"]["rows"][0]["responsibilities"][0] == "7962624/17728249"
    assert record["components"] == ["A", "B"]


def test_impossible_states_are_null_in_the_record():
    row = ek.lessons.linkage().explain().to_dict()["rows"][0]
    assert row["log_joint"][2] is None
    assert row["joint"][2] == 0


def test_underflowing_joints_are_shown_as_logarithms():
    x = np.array([[1] * 1200, [0] * 1200, [1] * 600 + [0] * 600])
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.5] * 1200, [0.4] * 1200]))
    result = ek.fit(ek.Mixture(ek.Bernoulli()), x, start, max_evaluations=2)
    text = str(result.explain())
    assert "log P(E_i,Z_1)" in text
    assert "-832.5" in text


def test_many_components_are_listed_one_below_the_other():
    means = [[float(k)] for k in range(12)]
    start = ek.MixtureParams([1 / 12] * 12, ek.DiagonalGaussianParams(means, [[1.0]] * 12))
    text = ek.fit(ek.Mixture(ek.DiagonalGaussian()), np.linspace(0, 12, 40), start, max_evaluations=2).explain(rows=3).text(80)
    assert "latent" in text
    assert max(map(len, text.splitlines())) <= 80


def test_notations_differ_in_symbols_and_agree_in_numbers():
    texts = {name: str(ek.lessons.two_coins().explain(notation=name)) for name in NOTATIONS}
    assert "P(Z_A|E_i) = P(E_i,Z_A) / (P(E_i,Z_A) + P(E_i,Z_B))" in texts["coin"]
    assert "heads to A" in texts["coin"]
    assert "Q_i(z=A) = p(x^(i),z=A) / (p(x^(i),z=A) + p(x^(i),z=B))" in texts["cs229"]
    assert "ELBO(Q,theta)" in texts["cs229"]
    assert "mu_i = Pr(x_i,z=1) / (Pr(x_i,z=1) + Pr(x_i,z=0))" in texts["slides"]
    assert "(1-mu_i)*heads" in texts["slides"]
    assert all("21.30 / (21.30 + 8.57) = 0.7130" in text for text in texts.values())


def test_the_map_sets_the_notations_side_by_side():
    text = flat(ek.lessons.two_coins().explain().text(90, side_by_side=True))
    assert "chance of the row, given A P(E_i|Z_A) p(x^(i)|z=A) Pr(x_i|z=A)" in text
    assert "the two together (the joint) P(E_i,Z_A) p(x^(i),z=A) Pr(x_i,z=A)" in text
    assert "responsibility of A for the row P(Z_A|E_i) Q_i(z=A) mu_i" in text
    assert all(flat(remark) in text for remark in REMARKS)


def test_a_notation_of_ones_own_will_do():
    from dataclasses import replace

    mine = replace(COIN, name="mine", responsibility="gamma_{i}{k}")
    assert "gamma_iA" in str(explain(ek.lessons.two_coins(), notation=mine))


def test_an_unknown_notation_is_refused():
    with pytest.raises(ek.ModelError, match="there is no notation 'knuth'; the notations are coin, cs229, slides, bishop"):
        notation_named("knuth")


def test_tables_line_up():
    assert table(["a", "long"], [["1", "2"], ["10", "20"]], "<>", last=True, indent="") == (
        "a   long\n--  ----\n1      2\n--  ----\n10    20"
    )


def test_levels_go_by_their_names_in_rows_and_counts():
    ward = ["north end"] * 4 + ["south_side"] * 3 + [None]
    frame = [[ward[i % 8], "yes" if i % 3 else "no"] for i in range(40)]
    start = [k % 2 for k in range(40)]
    said = ek.LatentClass(2, start=start, max_iter=50, tol=1e-3).fit(frame).result_.explain(step=1).text(120)
    assert "count x0[north end]" in said
    assert "count x0[south_side]" in said
    assert "count x1[yes]" in said
    rows = [line.split() for line in said.splitlines() if line.startswith("  8 ")]
    assert rows[0][1:3] == ["-", "yes"]
    one = ek.LatentClass(1).fit([row[:1] for row in frame]).result_.explain(step=1).text(120)
    assert "x0=north end" in one
    assert "x0=-" in one
