"""Information criteria of several fits side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emkit.core.json_types import Json
from emkit.errors import ModelError
from emkit.fitted import AnyFitted
from emkit.models.mixture import MixtureParams
from emkit.selection.choice import WORDS, Choice


@dataclass(frozen=True)
class Criterion:
    """One fit: the number of `components`, its size and its criteria (lower is better)."""

    components: int
    free_parameters: int
    log_likelihood: float
    aic: float
    bic: float
    converged: bool


@dataclass(frozen=True)
class Criteria:
    """Fits of the same data, by number of components."""

    lines: tuple[Criterion, ...]

    @property
    def best(self) -> Criterion:
        """The fit with the lowest BIC."""
        return min(self.lines, key=lambda line: line.bic)

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"lines": [vars(line) for line in self.lines], "best": self.best.components}


def criteria(fits: Iterable[AnyFitted]) -> Criteria:
    """The table of several mixtures fitted to the same data.

    Errors: ModelError if there are none, or one is no mixture.
    """
    lines = []
    for fit in fits:
        if not isinstance(fit.params, MixtureParams):
            raise ModelError("numbers of components are compared between mixtures; one of the fits is none.")
        number = len(fit.params.proportions)
        lines.append(Criterion(number, fit.free_parameters, fit.log_likelihood, fit.aic, fit.bic, fit.converged))
    if not lines:
        raise ModelError("there are no fits to compare: give at least one.")
    return Criteria(tuple(sorted(lines, key=lambda line: line.components)))


class Point(NamedTuple):
    """One model: its number of `components`, its criterion, and whether it may be chosen."""

    components: int
    value: float
    sound: bool


@dataclass(frozen=True)
class ChoiceLines:
    """A criterion, by its `name`, of all models of a choice: for each form, in words, its models by number of components.

    `best` are the form and the number of components of the model that is chosen.
    """

    name: str
    lines: dict[str, tuple[Point, ...]]
    best: tuple[str, int]

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        lines = {form: [point._asdict() for point in points] for form, points in self.lines.items()}
        return {"name": self.name, "lines": lines, "best": list(self.best)}


def choice_view(choice: Choice[Any]) -> ChoiceLines:
    """What the figure of a choice shows; models without a finite criterion are left out. Errors: ModelError if all are."""
    lines: dict[str, tuple[Point, ...]] = {}
    for line in choice.lines:
        point = Point(line.cell.components, float(line.value(choice.criterion)), not line.trouble)
        if np.isfinite(point.value):
            lines[line.label] = (*lines.get(line.label, ()), point)
    return ChoiceLines(WORDS[choice.criterion], lines, (choice.best.label, choice.best.cell.components))
