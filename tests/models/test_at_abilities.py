"""Abilities that users name: what is no number is refused, wherever a test is asked at it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import emkit as ek

NAN = float("nan")
RNG = np.random.default_rng(0)
ANSWERS = (RNG.normal(size=(200, 1)) + RNG.normal(size=(200, 5)) > 0).astype(float)
ONE = [ek.ItemResponse().fit(ANSWERS), ek.ItemResponse(items="rasch").fit(ANSWERS)]
ITEMS = ek.ItemPlanesModel([ek.GeneralisedPartialCredit()] * 5, 2)
SLOPES = [[1.0, 0.0], [0.5, 1.0], [1.0, 0.2], [0.3, 1.0], [1.0, 1.0]]
PLANES: list[tuple[Any, Any]] = [
    (ek.AbilitiesModel(2), ek.AbilitiesParams(np.zeros(5), SLOPES, (0, 1))),
    (ITEMS, ITEMS.params([ek.SlopedPlane([0.0], slope) for slope in SLOPES])),
]
ASKED: list[Callable[[Any], Any]] = [*(each.information for each in ONE), *(each.predict_proba for each in ONE)]
BAD: list[tuple[Any, str]] = [
    ("a", "abilities are numbers, and these are 'a'"),
    ([1.0, "b"], "abilities are numbers"),
    ([0.0, NAN], "an ability is nan, at 1"),
    (NAN, "an ability is nan, at 0"),
    ([[0.0]], "one number for each"),
]
BAD_PLACES = [([["a", "b"]], "are numbers"), ([[0.0, NAN]], "an ability is nan, at 0, 1"), ([0.0], "2 numbers a row")]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(("given", "said"), BAD)
def test_what_is_no_ability_is_refused(asked: Callable[[Any], Any], given: Any, said: str) -> None:
    with pytest.raises(ek.ParameterError, match=said):
        asked(given)


@pytest.mark.parametrize(("model", "params"), PLANES)
@pytest.mark.parametrize(("given", "said"), BAD_PLACES)
def test_what_are_no_several_abilities_is_refused(model: Any, params: Any, given: Any, said: str) -> None:
    with pytest.raises(ek.ParameterError, match=said):
        model.chances(params, given)


def test_one_number_is_one_ability_and_may_be_infinite() -> None:
    np.testing.assert_array_equal(ONE[0].predict_proba(0.5), ONE[0].predict_proba([0.5]))
    np.testing.assert_array_equal(ONE[0].predict_proba(np.inf), np.ones((1, 5)))
    np.testing.assert_array_equal(ONE[0].information([np.inf, -np.inf]), np.zeros((2, 5)))
