"""Expressions have a value, in floats or fractions, and a text, with numbers or in words."""

from __future__ import annotations

from fractions import Fraction

import pytest

from emkit.formulas.expressions import (
    ONE,
    Apply,
    Choose,
    Factorial,
    Given,
    Less,
    Negative,
    Power,
    Product,
    Quotient,
    Ref,
    Sum,
    as_fraction,
    filled,
    is_rational,
    names_in,
)
from emkit.formulas.numerals import count, show, significant


def test_arithmetic_is_written_as_people_write_it():
    half, three = Given("a", 0.5), Given("b", 3.0)
    product = Product((("x", half), ("y", Sum((three, Ref("z"))))))
    assert product.text({"z": 2.0}) == "0.5 * (3 + 2)"
    assert Quotient(product, Less(three, half)).text({"z": 2.0}) == "0.5 * (3 + 2) / (3 - 0.5)"
    assert Power(Less(Given("1", 1.0), half), three).text({}) == "0.5^3"
    assert Power(half, Given("0", 0.0)).text({}) == "1"
    assert Apply("log", half).text({}) == "log(0.5)"
    assert Sum((half,) * 9).text({}) == "0.5 + 0.5 + ... + 0.5"
    assert Quotient(half, Given("0", 0.0)).value({}) != 0  # not a number
    assert [show(v) for v in (0.0, 12345.678, 0.000123456, 7.0, 1e9)] == ["0", "12346", "0.0001235", "7", "1e+09"]


THETA, HEADS, TAILS = Ref("theta"), Ref("heads"), Ref("tails")
COIN = Product((("n", Choose(Sum((HEADS, TAILS)), HEADS)), ("h", Power(THETA, HEADS)), ("t", Power(Less(ONE, THETA), TAILS))))
TOSSES = {"theta": 0.25, "heads": 2.0, "tails": 1.0}


def test_one_formula_in_words_in_numbers_and_in_fractions():
    assert COIN.text(None) == "C(heads + tails, heads) * theta^heads * (1 - theta)^tails"
    assert COIN.text(TOSSES) == "C(3,2) * 0.25^2 * 0.75"
    assert COIN.value(TOSSES) == pytest.approx(3 * 0.25**2 * 0.75)
    fractions = {name: as_fraction(value) for name, value in TOSSES.items()}
    assert COIN.value(fractions, as_fraction) == Fraction(9, 64)
    assert set(names_in(COIN)) == set(TOSSES)


def test_a_division_by_a_factorial_is_written_as_one():
    x, rate = Ref("x"), Ref("rate")
    poisson = Product((("e", Apply("exp", Negative(rate))), ("p", Power(rate, x)), ("f", Quotient(ONE, Factorial(x)))))
    assert poisson.text(None) == "exp(-rate) * rate^x / x!"
    assert poisson.text({"rate": 2.0, "x": 3.0}) == "exp(-2) * 2^3 / 3!"
    assert not is_rational(poisson)
    with pytest.raises(TypeError, match="exp of a fraction"):
        poisson.value({"rate": Fraction(2), "x": Fraction(3)}, as_fraction)


def test_what_takes_nothing_away_is_not_written():
    less = Less(Given("squares", 4.0), Power(Ref("move"), Given("2", 2.0)))
    assert [less.text({"move": way}) for way in (0.0, 3.0)] == ["4", "4 - 3^2"]
    assert less.text(None) == "squares - move^2"


def test_names_are_filled_in_and_the_rest_stays():
    ratio = Quotient(HEADS, Sum((HEADS, TAILS)))
    own = filled(ratio, {"heads": Ref("heads_A"), "tails": Given("tails_A", 3.0)})
    assert own.text({"heads_A": 1.0}) == "1 / (1 + 3)"
    assert filled(own, {"tails_A": ONE}).value({"heads_A": 1.0}) == 0.5
    assert ratio.text(None) == "heads / (heads + tails)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0003981312, "0.0003981"),
        (0.71301, "0.7130"),
        (12.0, "12"),
        (-2.5, "-2.500"),
        (0.0, "0"),
        (1e-9, "1.000e-09"),
        (2e7, "2.000e+07"),
        (12345.6, "12346"),
    ],
)
def test_numbers_have_four_digits(value, text):
    assert significant(value) == text


def test_counts_do_not_vanish():
    assert [count(value) for value in (21.2975, 0.0, 0.0004)] == ["21.30", "0.00", "4.0e-04"]
