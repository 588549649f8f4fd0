"""Exact fractions: those of the reference, and the floats to the last digit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import emkit as ek
from emkit.explain import subject_of_fit
from emkit.explain.exact import as_written, digits, exact_step
from emkit.explain.steps import work_out
from tests.explained import random_mixture


def test_two_coins_of_the_reference():
    step = exact_step(ek.lessons.two_coins())
    assert [row.responsibilities[0] for row in step.rows] == [
        Fraction(7962624, 17728249),
        Fraction(40310784, 50076409),
        Fraction(26873856, 36639481),
        Fraction(5308416, 15074041),
        Fraction(17915904, 27681529),
    ]
    assert float(step.after["theta_A"]) == pytest.approx(0.7130122354005162, rel=1e-15)
    assert float(step.totals["heads"][0][0]) == pytest.approx(21.29748189634723, rel=1e-15)


def test_three_coins_of_the_reference():
    step = exact_step(ek.lessons.three_coins())
    assert [row.responsibilities[0] for row in step.rows] == [Fraction(3, 19), Fraction(27, 31)]
    assert step.after["pi"] == Fraction(261, 589)
    assert step.after["alpha"] == Fraction(31, 145)
    assert step.after["beta"] == Fraction(186, 205)
    assert step.totals["heads"] == ((Fraction(18, 19),), (Fraction(96, 19),))


def test_three_coins_stand_still_exactly_from_the_second_step_on():
    first, seventh = (exact_step(ek.lessons.three_coins(), number) for number in (1, 7))
    assert first.after == seventh.after == seventh.before


def test_hard_assignment_is_the_complete_data_estimate_exactly():
    after = exact_step(ek.lessons.two_coins().assigned(ek.Hard())).after
    assert (after["theta_A"], after["theta_B"]) == (Fraction(4, 5), Fraction(9, 20))


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("make", [ek.lessons.two_coins, lambda: ek.lessons.two_coins(True), ek.lessons.three_coins])
def test_fractions_are_the_floats(make, number):
    exact, rounded = exact_step(make(), number), work_out(make(), number)
    assert {symbol: float(value) for symbol, value in exact.after.items()} == pytest.approx(rounded.after, rel=1e-13)
    for row, other in zip(exact.rows, rounded.rows, strict=True):
        assert row.label == other.label
        assert np.array(row.responsibilities, dtype=float) == pytest.approx(other.responsibilities, rel=1e-13)
        assert np.array(row.joint, dtype=float) == pytest.approx(np.exp(other.log_joint), rel=1e-13)


def test_columns_weights_and_coefficients_are_exact_too():
    x, weights = [[2, 7], [5, 9], [6, 6], [1, 8]], [1, 2, 1, 3]
    start = ek.MixtureParams([0.3, 0.7], ek.SuccessParams([[0.2], [0.6]]))
    subject = subject_of_fit(ek.Mixture(ek.Binomial()), ek.ArraySource(x, weights), start)
    exact, rounded = exact_step(subject), work_out(subject)
    assert {symbol: float(value) for symbol, value in exact.after.items()} == pytest.approx(rounded.after, rel=1e-13)
    assert [float(row.joint[0]) for row in exact.rows] == pytest.approx(
        [np.exp(row.log_joint[0]) for row in rounded.rows], rel=1e-12
    )


def test_many_bernoulli_columns_are_exact():
    x = [[0, 1], [1, 1], [0, 0], [1, 0], [1, 1]]
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.25, 0.5], [0.75, 0.4]]))
    subject = subject_of_fit(ek.Mixture(ek.Bernoulli()), ek.ArraySource(x), start)
    exact, rounded = exact_step(subject), work_out(subject)
    assert {symbol: float(value) for symbol, value in exact.after.items()} == pytest.approx(rounded.after, rel=1e-13)


def test_any_family_whose_density_is_a_fraction_is_exact():
    start = ek.MixtureParams([0.5, 0.5], ek.GeometricParams([[0.25], [0.5]]))
    subject = subject_of_fit(ek.Mixture(ek.Geometric()), ek.ArraySource([0, 1, 1, 3, 0, 2]), start)
    exact, rounded = exact_step(subject), work_out(subject)
    assert exact.rows[0].responsibilities == (Fraction(1, 3), Fraction(2, 3))
    assert {symbol: float(value) for symbol, value in exact.after.items()} == pytest.approx(rounded.after, rel=1e-13)


@pytest.mark.parametrize(
    ("value", "fraction"), [(0.6, "3/5"), (1 / 3, "1/3"), (0.123456789, "123456789/1000000000"), (2.0, "2")]
)
def test_floats_are_taken_at_their_word(value, fraction):
    assert as_written(value) == Fraction(fraction)


@pytest.mark.parametrize("whole", [0, 1, 9, 10, 99, 10**40 - 1, 10**40])
def test_digits_are_never_too_few(whole):
    assert 0 <= digits(whole) - len(str(whole)) <= 1 or whole == 0


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (ek.lessons.death_notices(), "exact fractions are for mixtures of bernoulli or binomial.* components, not for poisson"),
        (ek.lessons.linkage(), "exact fractions are .* not for Cells"),
        (random_mixture("bernoulli", ek.Sampled()), "drawn assignments are not exact"),
    ],
)
def test_what_has_no_fractions_is_refused(subject, message):
    with pytest.raises(ek.ModelError, match=message):
        exact_step(subject)


def test_fractions_beyond_use_are_refused_at_once():
    with pytest.raises(ek.ModelError, match=r"the exact fractions of step 3 have about .* digits; ask for step 2"):
        exact_step(ek.lessons.two_coins(), 9)


def test_an_impossible_row_is_refused():
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.0], [0.0]]))
    with pytest.raises(ek.ModelError, match="a row has probability 0 under every component"):
        exact_step(subject_of_fit(ek.Mixture(ek.Bernoulli()), ek.ArraySource([0, 1, 1, 0, 1]), start))
