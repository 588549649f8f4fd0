"""Choice among models: numbers of components times forms, what each fit costs, and which is best.

    fresh    every form with every number of components, from starts of its own
    grown    K = 1, 2, ...   a component of the best with K - 1 divided; runs that rise above what was found replace it
    lent     at every K      the rows shared out as in the best of another form, likewise, until no form rises any more
    shrunk   K = ..., 2, 1   two components of the best with K + 1 put together, likewise; what rises is lent again

So no fit ends lower than a search of its own. Where half of the starts came to one maximum, neighbours are not asked.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from emkit.core.axes import component_name
from emkit.core.checks import is_count
from emkit.core.onlooker import amid, seen
from emkit.core.protocols import Executor
from emkit.errors import (
    DataError,
    DegenerateDataWarning,
    DegenerateFitError,
    EmkitWarning,
    ModelError,
    ParameterError,
    WeightsWarning,
)
from emkit.fitted import AnyFitted
from emkit.search.plan import PLAN
from emkit.selection.choice import WORDS, Cell, Choice, Form, Line
from emkit.selection.held_out import held_out_deviance
from emkit.selection.neighbours import Member, grown, lent, shrunk
from emkit.selection.rising import risen
from emkit.selection.workers import Counted, by_itself, each_of

F = TypeVar("F")
OF_THE_DATA = (DegenerateDataWarning, WeightsWarning)  # warnings that do not depend on the model


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
    n_jobs: int | Executor | None = None,
) -> Choice[F]:
    """Fit every form with every number of components: see above.

    Fresh fits, and those without some of the rows, are made in `n_jobs` processes, or by an executor.
    Errors: ModelError for a criterion that there is not; if nothing can be fitted, the error of the last model.
    """
    if criterion not in WORDS:
        raise ModelError(f"criterion is {criterion!r}; it must be one of {', '.join(WORDS)}.")
    grid = _Grid(fitter, forms, {line.cell: line for line in _fresh(fitter, forms, numbers, n_jobs)})
    up, down = pairwise(numbers), pairwise(reversed(numbers))
    ways = [*((here, there, grown, forms) for there, here in up), *((here, there, shrunk, ()) for there, here in down)]
    for way in seen(Counted(iter(ways), len(ways)), "neighbours"):
        grid.raise_all(*way)
    lines = list(grid.lines.values())
    if all(line.record is None for line in lines):
        fitter(lines[-1].cell)  # raises again what kept it from being fitted: of fewer components, that may be too many labels
    if criterion == "cv":
        records = (by_itself(line.record) for line in lines if line.record is not None)
        made = each_of(partial(held_out_deviance, seed=seed), records, n_jobs)
        number = sum(line.record is not None for line in lines)
        deviances = iter([*seen(Counted(made, number), "rows left out of model")])
        lines = [replace(line, deviance=np.nan if line.record is None else next(deviances)) for line in lines]
    return Choice(tuple(lines), criterion, names)


@contextmanager
def told_once() -> Iterator[None]:
    """Pass on the warnings of many fits: those of the data once, those of single fits not at all, since a table has them."""
    caught: list[warnings.WarningMessage]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    told: set[str] = set()
    for each in caught:
        of_a_fit = issubclass(each.category, EmkitWarning) and not issubclass(each.category, OF_THE_DATA)
        if not of_a_fit and str(each.message) not in told:
            told.add(str(each.message))
            warnings.warn(each.message, each.category, stacklevel=4)


def _fresh(
    fitter: Fitter[F], forms: Sequence[Form], numbers: Sequence[int], n_jobs: int | Executor | None
) -> Iterator[Line[F]]:
    """The lines of all fits from starts of their own."""
    cells = [Cell(form, number) for form in forms for number in numbers]
    for line, told in seen(Counted(each_of(partial(_told, fitter), cells, n_jobs), len(cells)), "model"):
        for each in told:
            warnings.warn(each, stacklevel=2)
        if n_jobs is None or line.fit is None or line.record is None:
            yield line
        else:  # one that was sent comes without its data, which its record has
            yield _line(fitter, line.cell, fitter.adopted(line.fit, line.record))


def _told(fitter: Fitter[F], cell: Cell) -> tuple[Line[F], list[Warning]]:
    """The line of a cell, and what was warned of, wherever that is."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with amid(" ".join([*map(str, cell.form), f"K = {cell.components}"])):
            line = _fitted(fitter, cell)
    return line, [each.message for each in caught if isinstance(each.message, Warning)]


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
        names = [component_name(k, record.source.component_names) for k in spikes]
        which = f"component {names[0]} has" if len(names) == 1 else f"components {', '.join(names)} have"
        return f"{which} collapsed on few or equal rows, so that the likelihood says nothing of the data."
    return ""


@dataclass
class _Grid(Generic[F]):
    """The lines of a grid, which better ones replace."""

    fitter: Fitter[F]
    forms: Sequence[Form]
    lines: dict[Cell, Line[F]]

    def raise_all(self, here: int, there: int, led: Callable[..., Iterator[Any]], giving: Sequence[Form] = ()) -> None:
        """Let each form with so many components `here` follow what its own fit with those `there` has `led` to.

        And how the `giving` forms share out the rows, then, as long as some form rises, how those do that did.
        """
        first = True
        while first or giving:
            members = {form: self._member(form, here) for form in self.forms}
            shares = [member.shares for form in giving if (member := members[form]) is not None]
            rose = []
            for form, mine in members.items():
                if mine is None or _is_sure(self.lines[Cell(form, here)]):
                    continue
                neighbour = self._member(form, there) if first and abs(here - there) == 1 else None
                own = () if neighbour is None else led(mine.model, neighbour.params, mine.source.profile)
                if self._rises(Cell(form, here), [*own, *lent(mine, shares)]):
                    rose.append(form)
            first, giving = False, rose

    def _member(self, form: Form, number: int) -> Member | None:
        """The fit of a cell, if it is one that may have neighbours."""
        record = self.lines[Cell(form, number)].record
        return None if record is None else Member.of(record)

    def _rises(self, cell: Cell, starts: Sequence[Any]) -> bool:
        """Whether one of the starts leads higher than the fit of a cell; then it takes its place."""
        line = self.lines[cell]
        better = None if line.record is None else risen(line.record, starts)
        if better is None or line.fit is None:
            return False
        self.lines[cell] = _line(self.fitter, cell, self.fitter.adopted(line.fit, better))
        return True


def _is_sure(line: Line[Any]) -> bool:
    """Whether half of the starts came to one sound maximum: where a quarter did, a neighbour has been seen to lead higher."""
    if line.cell.components == 1 or line.record is None or line.trouble:
        return line.cell.components == 1
    runs = line.record.runs
    return runs.starts >= PLAN.first and runs.reached_best() + runs.near >= PLAN.common * runs.starts
