"""Choice among models: numbers of components times forms, what each fit costs, and which is best.

    fresh    every form with every number of components, from starts of its own
    grown    K = 1, 2, ...   a component of the best with K - 1 divided; runs that rise above what was found replace it
    lent     at every K      the rows shared out as in the best of another form, likewise, until no form rises any more
    shrunk   K = ..., 2, 1   two components of the best with K + 1 put together, likewise; what rises is lent again

So no fit ends lower than a search of its own, or than that of a form that is a special case of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from emkit.core.checks import is_count
from emkit.data.source import ArraySource
from emkit.errors import DataError, DegenerateFitError, ModelError, ParameterError
from emkit.fitted import AnyFitted
from emkit.models.mixture import Mixture
from emkit.selection.choice import WORDS, Cell, Choice, Form, Line
from emkit.selection.held_out import held_out_deviance
from emkit.selection.neighbours import grown, lent, shrunk
from emkit.selection.rising import risen

F = TypeVar("F")


class Fitter(Protocol[F]):
    """How one model of a grid is fitted, and what users hold of it."""

    def __call__(self, cell: Cell) -> F:
        """A fit from starts of its own. Errors: DataError, ParameterError or DegenerateFitError, if there can be none."""

    def record(self, fit: F) -> AnyFitted:
        """The record of a fit."""

    def adopted(self, fit: F, better: AnyFitted) -> F:
        """The same with a better record in its place."""


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
    grid = _Grid(fitter, forms, {cell: _fitted(fitter, cell) for cell in (Cell(form, k) for form in forms for k in numbers)})
    for fewer, number in pairwise(numbers):
        grid.led(fewer, number, grown)
        grid.lent(number, forms)
    for more, number in pairwise(reversed(numbers)):
        grid.lent(number, grid.led(more, number, shrunk))
    lines = list(grid.lines.values())
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


@dataclass
class _Grid(Generic[F]):
    """The lines of a grid, which better ones replace."""

    fitter: Fitter[F]
    forms: Sequence[Form]
    lines: dict[Cell, Line[F]]

    def led(self, there: int, here: int, starts: Callable[..., Iterator[Any]]) -> list[Form]:
        """Follow what models of so many components `there` lead to `here`; returns the forms that rose."""
        found = []
        for form in self.forms:
            mine, neighbour = (_mixture(self.lines[Cell(form, number)]) for number in (here, there))
            if mine is not None and neighbour is not None and abs(here - there) == 1:
                found += self._risen(form, here, mine, starts(mine.model, neighbour.params, mine.source.profile))
        return found

    def lent(self, number: int, giving: Sequence[Form]) -> None:
        """Let each form go on from how the `giving` ones share out the rows, then from how those do that rose by it."""
        while giving and number > 1:
            lenders, giving = giving, []
            for form in self.forms:
                mine, theirs = (
                    _mixture(self.lines[Cell(form, number)]),
                    [_mixture(self.lines[Cell(other, number)]) for other in lenders if other != form],
                )
                if mine is not None:
                    starts = [start for other in theirs if other is not None for start in lent(mine.model, mine.source, other)]
                    giving += self._risen(form, number, mine, starts)

    def _risen(self, form: Form, number: int, mine: AnyFitted, starts: Iterable[Any]) -> list[Form]:
        """The form, if one of the starts leads higher than its fit."""
        cell = Cell(form, number)
        better, fit = risen(mine, list(starts)), self.lines[cell].fit
        if better is None or fit is None:
            return []
        self.lines[cell] = _line(self.fitter, cell, self.fitter.adopted(fit, better))
        return [form]


def _mixture(line: Line[Any]) -> AnyFitted | None:
    """The fit of a mixture to single rows in memory, of which nothing else is known: others have no neighbours."""
    fit = line.record
    if fit is None or not isinstance(fit.model, Mixture) or not isinstance(fit.source, ArraySource):
        return None
    return fit if fit.source.groups is None and fit.source.membership is None else None
