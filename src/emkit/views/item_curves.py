"""What items of a test ask for, ability by ability: the answers to be expected, and what these tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.errors import ModelError, some_of
from emkit.models.ability import AbilityModel, OfTests
from emkit.models.around import bare

FARTHEST, POINTS = 4.0, 161  # abilities shown, in standard deviations, and how many


@dataclass(frozen=True)
class ItemCurves:
    """`curves` (m, n) of the `names` (m,) over abilities `at` (n,), of what `shown` says; `of`: the item, of one; else ''.

    Of several `classes` of people, the curves of one class after the other, each of which has an ability of its own.
    """

    at: Array
    names: tuple[str, ...]
    curves: Array
    shown: str
    of: str = ""
    classes: int = 1

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        own = {"at": self.at.tolist(), "names": list(self.names), "curves": self.curves.tolist()}
        return {**own, "shown": self.shown, "of": self.of, "classes": self.classes}


def item_curves(result: Any, item: str | int | None = None) -> ItemCurves:
    """The share of the highest answer that is expected of each item, of right and wrong ones the probability of a right one.

    Of one `item`, by name or place, the probability of each answer; of mixtures, class by class. Errors: ModelError if the
    model has no items, or none so called.
    """
    tests, at, parts = _answers(result)
    columns = result.source.columns[: len(parts)]
    each = [np.exp(model.log_chances(params, at)) for model, params in tests]
    if item is None:
        shares = [np.linspace(0.0, 1.0, part.stop - part.start) @ chances[part] for chances in each for part in parts]
        names, shown = _by_class(columns, len(tests)), "expected share of the highest answer"
        return ItemCurves(at, names, np.array(shares), shown, classes=len(tests))
    part, name = parts[_place(item, columns)], columns[_place(item, columns)]
    answers = _by_class(tuple(map(str, range(part.stop - part.start))), len(tests))
    curves = np.concatenate([chances[part] for chances in each])
    return ItemCurves(at, answers, curves, "probability of the answer", name, len(tests))


def information_curves(result: Any) -> ItemCurves:
    """Fisher's information of each item on the ability, and, last, of the whole test; of mixtures, class by class.

    Errors: ModelError if the model has no items.
    """
    tests, at, parts = _answers(result)
    each = [model.information(params, at).T for model, params in tests]
    curves = np.concatenate([np.concatenate([own, own.sum(axis=0, keepdims=True)]) for own in each])
    names = _by_class((*result.source.columns[: len(parts)], "test"), len(tests))
    return ItemCurves(at, names, curves, "information", classes=len(tests))


def _answers(result: Any) -> tuple[tuple[tuple[AbilityModel[Any, Any], Any], ...], Array, list[slice]]:
    """The test of each class with its parameters, abilities, and where the answers to each item lie."""
    model = bare(result.model)
    if not isinstance(model, OfTests):
        raise ModelError(f"items are those of a model of answers such as ek.ItemResponseModel; this is {type(model).__name__}.")
    tests = model.tests_of(result.params)
    test, params = tests[0]
    ends = np.cumsum([0, *test.answer_levels(params)]).tolist()
    return tests, np.linspace(-FARTHEST, FARTHEST, POINTS), [slice(*each) for each in pairwise(ends)]


def _by_class(names: Sequence[str], classes: int) -> tuple[str, ...]:
    """The names for each class, counted from 1, one after the other."""
    if classes == 1:
        return tuple(names)
    return tuple(f"{name}, class {k + 1}" for k in range(classes) for name in names)


def _place(item: str | int, columns: tuple[str, ...]) -> int:
    if isinstance(item, str) and item in columns:
        return columns.index(item)
    if isinstance(item, int) and 0 <= item < len(columns):
        return item
    raise ModelError(f"there is no item {item!r}; the items are {some_of([*map(repr, columns)])}.")
