"""Choice among models: numbers of components times forms, what each fit costs, and which is best.

    fresh    every form with every number of components, from starts of its own
    grown    K = 1, 2, ...   a component of the best with K - 1 divided; runs that rise above what was found replace it
    shrunk   K = ..., 2, 1   two components of the best with K + 1 put together, likewise

So no fit ends lower than a search of its own, and a maximum that a neighbour leads to is not missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from emkit.core.checks import is_count
from emkit.core.json_types import Json
from emkit.data.source import ArraySource
from emkit.errors import DataError, DegenerateFitError, ModelError, ParameterError
from emkit.fitted import AnyFitted
from emkit.models.mixture import Mixture
from emkit.selection.held_out import held_out_deviance
from emkit.selection.neighbours import grown, shrunk
from emkit.selection.rising import risen

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


class Cell(NamedTuple):
    """One model of a grid: the values of its settings, and the number of components."""

    form: Form
    components: int


class Fitter(Protocol[F]):
    """How one model of a grid is fitted, and what users hold of it."""

    def __call__(self, cell: Cell) -> F:
        """A fit from starts of its own. Errors: DataError, ParameterError or DegenerateFitError, if there can be none."""

    def record(self, fit: F) -> AnyFitted:
        """The record of a fit."""

    def adopted(self, fit: F, better: AnyFitted) -> F:
        """The same with a better record in its place."""


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

    def value(self, criterion: str) -> float:
        """A criterion, lower being better; NaN where there is no fit."""
        if self.record is None:
            return np.nan
        return self.deviance if criterion == "cv" else _VALUES[criterion](self.record)

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        told: Json = {"form": list(self.cell.form), "components": self.cell.components, "trouble": self.trouble}
        if self.record is None:
            return told
        known = {name: value(self.record) for name, value in _VALUES.items()}
        numbers = {**known, **({} if np.isnan(self.deviance) else {"cv": self.deviance}), "entropy": self.record.entropy}
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

    @cached_property
    def best(self) -> Line[F]:
        """The line with the lowest criterion among those without trouble. Errors: ModelError if every model has some."""
        sound = [line for line in self.lines if not line.trouble and np.isfinite(line.value(self.criterion))]
        if not sound:
            raise ModelError(f"no model can be chosen: {self.lines[0].trouble or 'the criterion is infinite for all of them'}")
        return min(sound, key=lambda line: line.value(self.criterion))

    @property
    def passed_over(self) -> tuple[Line[F], ...]:
        """Models with a lower criterion than the best, which are not chosen because of their trouble."""
        height = self.best.value(self.criterion)
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
        best, word = self.best, WORDS[self.criterion]
        said = f"Lowest {word}: {_many(best)}, {best.value(self.criterion):.4f}."
        for line in self.passed_over[:3]:
            said += (
                f" Not chosen, though its {word} of {line.value(self.criterion):.4f} is lower: {_many(line)}: {line.trouble}"
            )
        return said

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        best = {"form": list(self.best.cell.form), "components": self.best.cell.components}
        return {
            "criterion": self.criterion,
            "settings": list(self.names),
            "best": best,
            "sentence": self.sentence,
            "lines": [line.to_dict() for line in self.lines],
        }


def _many(line: Line[Any]) -> str:
    number = line.cell.components
    return f"{line.label} with {number} component{'' if number == 1 else 's'}".strip()


def checked_numbers(n_components: Iterable[int] | int) -> list[int]:
    """Numbers of components in order, 1 among them. Errors: ModelError for what is none."""
    given = [n_components] if not isinstance(n_components, Iterable) else list(n_components)
    for number in given:
        if not is_count(number):
            raise ModelError(f"a number of components is {number!r}; each must be a whole number >= 1, as in range(1, 10).")
    return sorted({1, *map(int, given)})


def choose(
    fitter: Fitter[F],
    numbers: Sequence[int],
    forms: Sequence[Form] = ((),),
    criterion: str = "bic",
    names: tuple[str, ...] = (),
    seed: int = 0,
) -> Choice[F]:
    """Fit every form with every number of components: see above.

    Errors: ModelError for a criterion that there is not; if nothing can be fitted, the error of the first model.
    """
    if criterion not in WORDS:
        raise ModelError(f"criterion is {criterion!r}; it must be one of {', '.join(WORDS)}.")
    lines: list[Line[F]] = []
    for form in forms:
        row = [_fitted(fitter, Cell(form, number)) for number in numbers]
        for places, step, starts in ((range(1, len(row)), -1, grown), (range(len(row) - 2, -1, -1), 1, shrunk)):
            for at in places:
                row[at] = _after(fitter, row[at], row[at + step], starts)
        lines += row
    if all(line.record is None for line in lines):
        fitter(lines[0].cell)  # raises again what kept it from being fitted
    if criterion == "cv":
        lines = [
            replace(line, deviance=np.nan if line.record is None else held_out_deviance(line.record, seed)) for line in lines
        ]
    return Choice(tuple(lines), criterion, names)


def _fitted(fitter: Fitter[F], cell: Cell) -> Line[F]:
    try:
        fit = fitter(cell)
    except (DataError, ParameterError, DegenerateFitError) as error:
        return Line(cell, None, None, str(error))
    return _line(fitter, cell, fit)


def _line(fitter: Fitter[F], cell: Cell, fit: F) -> Line[F]:
    return Line(cell, fit, fitter.record(fit), _trouble(fitter.record(fit)))


def _trouble(record: AnyFitted) -> str:
    """Why a fit cannot be chosen: it is not at a maximum, or that says nothing of the data."""
    if not record.converged:
        return record.outcome.sentence
    profile = record.passes.profile
    spikes = record.model.spikes(record.params, profile) or record.model.slivers(record.params, profile)
    if spikes:
        which = f"component {spikes[0]} has" if len(spikes) == 1 else f"components {', '.join(map(str, spikes))} have"
        return f"{which} collapsed on few or equal rows, so that the likelihood says nothing of the data."
    return ""


def _after(fitter: Fitter[F], line: Line[F], neighbour: Line[F], starts: Callable[..., Iterator[Any]]) -> Line[F]:
    """The line, or what a neighbour leads to, if that is higher."""
    one, other = line.record, neighbour.record
    if one is None or other is None or line.fit is None or abs(line.cell.components - neighbour.cell.components) != 1:
        return line
    rows = one.source
    if not isinstance(rows, ArraySource) or rows.groups is not None or rows.membership is not None:
        return line
    if not isinstance(one.model, Mixture) or not isinstance(other.model, Mixture):
        return line
    better = risen(one, list(starts(one.model, other.params, rows.profile)))
    return line if better is None else _line(fitter, line.cell, fitter.adopted(line.fit, better))
