"""A choice among models: forms times numbers of components, what each fit costs, and which is best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.json_types import Json
from emkit.errors import ModelError
from emkit.fitted import AnyFitted
from emkit.models.belonging import Belonging
from emkit.models.frozen import bare

F = TypeVar("F")
WORDS: Mapping[str, str] = MappingProxyType(
    {"aic": "AIC", "aicc": "AICc", "bic": "BIC", "sabic": "SABIC", "caic": "CAIC", "icl": "ICL", "cv": "CV"}
)
_VALUES: Mapping[str, Callable[[AnyFitted], float]] = MappingProxyType(
    {
        "aic": lambda fit: fit.aic,
        "aicc": lambda fit: fit.aicc,
        "bic": lambda fit: fit.bic,
        "sabic": lambda fit: fit.sabic,
        "caic": lambda fit: fit.caic,
        "icl": lambda fit: fit.icl,
    }
)
Form = tuple[Any, ...]
INFINITE = "the criterion is infinite for all of them"


class Cell(NamedTuple):
    """One model of a grid: the values of its settings, and the number of components."""

    form: Form
    components: int


@dataclass(frozen=True)
class Line(Generic[F]):
    """One model of the grid, its `fit` and the `record` of that; `trouble` says why it cannot be chosen, if that is so.

    There is no fit, and no record, if it could not be made. `deviance`: see `held_out_deviance`.
    """

    cell: Cell
    fit: F | None
    record: AnyFitted | None
    trouble: str = ""
    deviance: float = np.nan

    @property
    def label(self) -> str:
        """The settings in words: nothing if there is only one form."""
        return " ".join(map(str, self.cell.form))

    @property
    def has_components(self) -> bool:
        """Whether rows belong to components, more or less: ICL and entropy are of these."""
        return self.record is not None and isinstance(bare(self.record.model), Belonging)

    def value(self, criterion: str) -> float:
        """A criterion, lower being better; NaN where there is no fit, or no components that it is of."""
        if self.record is None or (criterion == "icl" and not self.has_components):
            return np.nan
        return self.deviance if criterion == "cv" else _VALUES[criterion](self.record)

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        told: Json = {"form": list(self.cell.form), "components": self.cell.components, "trouble": self.trouble}
        if self.record is None:
            return told
        known = {name: self.value(name) for name in _VALUES if name != "icl" or self.has_components}
        entropy = {"entropy": self.record.entropy} if self.has_components else {}
        numbers = {**known, **({} if np.isnan(self.deviance) else {"cv": self.deviance}), **entropy}
        return {
            **told,
            "log_likelihood": self.record.log_likelihood,
            "free_parameters": self.record.free_parameters,
            **{name: value if np.isfinite(value) else None for name, value in numbers.items()},
        }


@dataclass(frozen=True)
class Choice(Generic[F]):
    """All models of a grid by form and number of components, and the `criterion` by which one is chosen.

    `names` are those of the settings that make a form.
    """

    lines: tuple[Line[F], ...]
    criterion: str
    names: tuple[str, ...] = ()

    @property
    def sound(self) -> tuple[Line[F], ...]:
        """The models that can be chosen: those without trouble whose criterion is finite."""
        return tuple(line for line in self.lines if not line.trouble and np.isfinite(line.value(self.criterion)))

    @cached_property
    def best(self) -> Line[F]:
        """The sound model with the lowest criterion. Errors: ModelError if every model has some trouble."""
        if self.chosen is None:
            raise ModelError(f"no model can be chosen: {self.lines[0].trouble or INFINITE}")
        return self.chosen

    @cached_property
    def chosen(self) -> Line[F] | None:
        """The same; None if every model has some trouble."""
        return min(self.sound, key=lambda line: line.value(self.criterion), default=None)

    @property
    def passed_over(self) -> tuple[Line[F], ...]:
        """Models with a lower criterion than the best, which are not chosen because of their trouble."""
        height = -np.inf if self.chosen is None else self.chosen.value(self.criterion)
        return tuple(line for line in self.lines if line.trouble and line.value(self.criterion) < height)

    def __getitem__(self, key: Any) -> Line[F]:
        """By number of components, with the values of the settings before it: ``[3]``, ``["VVV", 3]``. Errors: KeyError."""
        *form, components = key if isinstance(key, tuple) else (key,)
        found = [line for line in self.lines if line.cell == Cell(tuple(form), components)]
        if not found:
            known = ", ".join(repr((*line.cell.form, line.cell.components)) for line in self.lines[:6])
            raise KeyError(f"there is no {key!r}; there are {known}{' ...' if len(self.lines) > 6 else ''}.")
        return found[0]

    @property
    def sentence(self) -> str:
        """Which model is chosen, by what, and which are not although their criterion is lower."""
        best, word = self.chosen, WORDS[self.criterion]
        if best is None:
            kept = "each has some trouble" if any(line.trouble for line in self.lines) else INFINITE
            return f"No model can be chosen by {word}: {kept}."
        said = f"Lowest {word}: {_many(best)}, {best.value(self.criterion):.4f}."
        for line in self.passed_over[:3]:
            said += (
                f" Not chosen, though its {word} of {line.value(self.criterion):.4f} is lower: {_many(line)}: {line.trouble}"
            )
        return said

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        best = None if self.chosen is None else self.chosen.cell
        return {
            "criterion": self.criterion,
            "settings": list(self.names),
            "best": None if best is None else {"form": list(best.form), "components": best.components},
            "sentence": self.sentence,
            "lines": [line.to_dict() for line in self.lines],
        }


def _many(line: Line[Any]) -> str:
    number = line.cell.components
    return f"{line.label} with {number} component{'' if number == 1 else 's'}".strip()
