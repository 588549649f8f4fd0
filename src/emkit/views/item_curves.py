"""What items of a test ask for, ability by ability: the answers to be expected, and what these tell."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.errors import ModelError, some_of
from emkit.models.ability import AbilityModel
from emkit.models.around import bare

FARTHEST, POINTS = 4.0, 161  # abilities shown, in standard deviations, and how many


@dataclass(frozen=True)
class ItemCurves:
    """`curves` (m, n) of the `names` (m,) over abilities `at` (n,), of what `shown` says; `of`: the item, of one; else ''."""

    at: Array
    names: tuple[str, ...]
    curves: Array
    shown: str
    of: str = ""

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        own = {"at": self.at.tolist(), "names": list(self.names), "curves": self.curves.tolist()}
        return {**own, "shown": self.shown, "of": self.of}


def item_curves(result: Any, item: str | int | None = None) -> ItemCurves:
    """The share of the highest answer that is expected of each item, of right and wrong ones the probability of a right one.

    Of one `item`, by name or place, the probability of each answer. Errors: ModelError if the model has no items, or none so
    called.
    """
    model, at, parts = _answers(result)
    columns = result.source.columns
    chances = np.exp(model.log_chances(result.params, at))
    if item is None:
        shares = [np.linspace(0.0, 1.0, part.stop - part.start) @ chances[part] for part in parts]
        return ItemCurves(at, tuple(columns[: len(parts)]), np.array(shares), "expected share of the highest answer")
    j = _place(item, columns[: len(parts)])
    answers = tuple(map(str, range(parts[j].stop - parts[j].start)))
    return ItemCurves(at, answers, chances[parts[j]], "probability of the answer", columns[j])


def information_curves(result: Any) -> ItemCurves:
    """Fisher's information of each item on the ability, and, last, of the whole test. Errors: ModelError if it has no items."""
    model, at, parts = _answers(result)
    each = model.information(result.params, at).T
    names = (*result.source.columns[: len(parts)], "test")
    return ItemCurves(at, names, np.concatenate([each, each.sum(axis=0, keepdims=True)]), "information")


def _answers(result: Any) -> tuple[AbilityModel[Any, Any], Array, list[slice]]:
    """The model, abilities, and where the answers to each item lie."""
    model = bare(result.model)
    if not isinstance(model, AbilityModel):
        raise ModelError(f"items are those of a model of answers such as ek.ItemResponseModel; this is {type(model).__name__}.")
    ends = np.cumsum([0, *model.answer_levels(result.params)]).tolist()
    return model, np.linspace(-FARTHEST, FARTHEST, POINTS), [slice(*each) for each in pairwise(ends)]


def _place(item: str | int, columns: tuple[str, ...]) -> int:
    if isinstance(item, str) and item in columns:
        return columns.index(item)
    if isinstance(item, int) and 0 <= item < len(columns):
        return item
    raise ModelError(f"there is no item {item!r}; the items are {some_of([*map(repr, columns)])}.")
