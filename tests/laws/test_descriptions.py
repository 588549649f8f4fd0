"""Every family that describes itself describes what it computes; a wrong description is caught."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.families.description import ROWS, Columns, Description
from emkit.formulas.expressions import ONE, Less, Power, Product, Quotient, Ref, Sum
from tests import cases
from tests.laws.descriptions import (
    assert_the_density_is_the_familys,
    assert_the_m_step_is_the_familys,
    assert_the_totals_are_sums_over_rows,
    assert_worked_by_hand,
)

SMALL = [case for case in cases.FAMILIES if not case.name.endswith("-large")]  # powers of 2000 are for logarithms
COLUMNS = [case for case in SMALL if isinstance(case.family.described, Columns)]
WITH_M_STEP = [case for case in cases.FAMILIES if type(case.family.described) is not Description]
BY_HAND = [case for case in cases.FAMILIES if case.family.described.by_hand.sides]


def rows_of(case):
    rng = np.random.default_rng(11)
    return case.draw(rng, 30), rng.dirichlet(np.ones(case.n_components), 30) * rng.uniform(0.5, 2.0, (30, 1))


def by_name(some):
    return pytest.mark.parametrize("case", some, ids=lambda case: case.name)


@by_name(COLUMNS)
def test_the_density_is_the_familys(case):
    assert_the_density_is_the_familys(case.family, case.params, rows_of(case)[0])


@by_name(WITH_M_STEP)
def test_the_m_step_is_the_familys(case):
    assert_the_m_step_is_the_familys(case.family, case.params, *rows_of(case))


@by_name(COLUMNS)
def test_the_totals_are_sums_over_rows(case):
    assert_the_totals_are_sums_over_rows(case.family, case.params, *rows_of(case))


@by_name(BY_HAND)
def test_worked_by_hand(case):
    assert_worked_by_hand(case.family, case.params, *rows_of(case))


@by_name(cases.FAMILIES)
def test_words_are_for_fields_that_there_are(case):
    fields = {leaf.path.rpartition(".")[2] for leaf in leaves(case.params)}
    assert set(case.family.described.words) <= fields
    assert case.family.described.data
    assert case.family.described.in_words
    for leaf in leaves(case.params):
        word = case.family.described.words.get(leaf.path)
        if word is not None:
            leaf.space.check(np.full((1,) * leaf.value.ndim, word.typical), leaf.path)  # a typical value is possible


def described_as(case, **changes):
    """The family of a case with another description."""
    described = replace(case.family.described, **changes)
    return type("Misdescribed", (type(case.family),), {"described": described})()


COIN = cases.CASE["bernoulli"]
HEADS, TAILS, THETA = Ref("heads"), Ref("tails"), Ref("theta")


def test_the_law_catches_a_wrong_density():
    swapped = Product((("heads", Power(THETA, TAILS)), ("tails", Power(Less(ONE, THETA), HEADS))))
    with pytest.raises(AssertionError, match="the density as it is described is off by"):
        assert_the_density_is_the_familys(described_as(COIN, factors=swapped), COIN.params, rows_of(COIN)[0])


@pytest.mark.parametrize("update", [Quotient(TAILS, Sum((HEADS, TAILS))), Quotient(HEADS, Sum((HEADS, TAILS, ROWS)))])
def test_the_law_catches_a_wrong_m_step(update):
    family = described_as(COIN, update=update)
    with pytest.raises(AssertionError, match=r"probabilities.* is .*, not"):
        assert_the_m_step_is_the_familys(family, COIN.params, *rows_of(COIN))
    with pytest.raises(AssertionError, match="by hand it is"):
        assert_worked_by_hand(family, COIN.params, *rows_of(COIN))


def test_the_law_catches_wrong_totals():
    family = described_as(COIN, sides=COIN.family.described.sides[::-1])
    with pytest.raises(AssertionError, match="is not the sum of its cells"):
        assert_the_totals_are_sums_over_rows(family, COIN.params, *rows_of(COIN))


def test_the_m_step_of_coins_stands_in_one_place():
    """In words and formulas; the numbers of the family's update are tested equal to it above."""
    described = [make().described for make in (ek.Bernoulli, ek.Binomial)]
    assert {one.update.text(None) for one in described} == {"heads / (heads + tails)"}
