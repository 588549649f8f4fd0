"""A criterion of all models of a choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emkit.core.json_types import Json
from emkit.errors import ModelError
from emkit.selection.choice import WORDS, Choice


class Point(NamedTuple):
    """One model: its number of `components`, its criterion, and whether it may be chosen."""

    components: int
    value: float
    sound: bool


@dataclass(frozen=True)
class ChoiceLines:
    """A criterion, by its `name`, of all models of a choice: for each form, in words, its models by number of components.

    `best` are the form and the number of components of the model that is chosen, None if none can be.
    """

    name: str
    lines: dict[str, tuple[Point, ...]]
    best: tuple[str, int] | None

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        lines = {form: [point._asdict() for point in points] for form, points in self.lines.items()}
        return {"name": self.name, "lines": lines, "best": None if self.best is None else list(self.best)}


def choice_view(choice: Choice[Any]) -> ChoiceLines:
    """What the figure of a choice shows; models without a finite criterion are left out. Errors: ModelError if all are."""
    lines: dict[str, tuple[Point, ...]] = {}
    for line in choice.lines:
        point = Point(line.cell.components, float(line.value(choice.criterion)), not line.trouble)
        if np.isfinite(point.value):
            lines[line.label] = (*lines.get(line.label, ()), point)
    if not lines:
        raise ModelError(f"there is nothing to draw: {choice.sentence}")
    best = None if choice.chosen is None else (choice.chosen.label, choice.chosen.cell.components)
    return ChoiceLines(WORDS[choice.criterion], lines, best)
