"""The E-step of independent rows: joint probabilities, responsibilities, and what each row counts for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.data.source import ArraySource, columns_of
from emkit.explain.arithmetic import AnyArithmetic, Tally
from emkit.explain.latent import assignment_of, check_enumerable, responsibilities
from emkit.explain.subject import Subject
from emkit.explain.unseen import Unseen, unseen_cells
from emkit.explain.worksheet.distinct import Rows, rows_of
from emkit.formulas.numerals import plain
from emkit.models.assignment import Sampled

GAP = "-"
MOST_GROUPED = 5_000  # rows among which repeated ones are looked for


@dataclass(frozen=True)
class Row:
    """One row of the E-step, or several equal ones (`weight` says how many).

    `log_joint` (K,) is log p(x, z=k), -inf for states that are impossible whatever the parameters; `responsibilities` (K,);
    `formulas` (K,) are the joint probabilities with the numbers filled in; `tallies` is what the row contributes to each
    expected count, its weight included.
    """

    label: str
    name: str
    values: dict[str, float]
    weight: float
    log_joint: Array
    responsibilities: Array
    formulas: tuple[str, ...]
    tallies: tuple[Tally, ...]

    @property
    def states(self) -> tuple[int, ...]:
        """The latent states that the row can have."""
        return tuple(int(k) for k in np.flatnonzero(np.isfinite(self.log_joint)))


@dataclass(frozen=True)
class RowTable:
    """The first of `distinct` different rows, of so many latent `states`; `factors` are their joint probability in words.

    `unseen` are the cells of these rows that were not seen, where they are latent values, too.
    """

    factors: tuple[str, ...]
    rows: tuple[Row, ...]
    distinct: int
    states: int
    unseen: tuple[Unseen, ...] = ()

    @property
    def repeated(self) -> bool:
        """Whether rows stand for several equal ones."""
        return any(row.weight != 1 for row in self.rows)


def row_table(subject: Subject, before: Parameters, arithmetic: AnyArithmetic, limit: int) -> RowTable:
    """The first `limit` different rows at the parameters `before`. Errors: ModelError for states that cannot be listed."""
    chunk = next(iter(subject.source.chunks()))
    complete = check_enumerable(subject.model).complete(before, chunk)
    q = responsibilities(assignment_of(subject.model), complete, chunk)
    at = _places(subject, arithmetic, complete.weights)
    possible = np.isfinite(complete.log_joint)
    rows = tuple(
        Row(
            label,
            name,
            {} if arithmetic.observed else values_of(subject, chunk.x[i]),
            float(weight),
            complete.log_joint[i],
            q[i],
            tuple(arithmetic.joint(k, chunk, i) if possible[i, k] else "" for k in range(possible.shape[1])),
            tuple(arithmetic.row_tallies(chunk, i, weight * q[i])),
        )
        for label, name, i, weight in islice(zip(at.labels, at.names, at.index, at.weights, strict=True), limit)
    )
    shown = dict(islice(zip(at.index, at.labels, strict=True), limit))
    return RowTable(arithmetic.factors, rows, at.distinct, possible.shape[1], unseen_cells(subject, before, chunk, shown))


def values_of(subject: Subject, x: Array) -> dict[str, float]:
    """The cells of a row (d,) by column."""
    columns = columns_of(subject.source)
    return {name: float(value) for name, value in zip(columns, np.atleast_1d(x), strict=True)} if columns else {}


def written(subject: Subject, column: int, value: float) -> str:
    """A cell of the data: a level by its name, a gap as a dash."""
    levels = getattr(subject.source, "levels", ())
    names = levels[column] if column < len(levels) else None
    if math.isnan(value):
        return GAP
    return plain(value) if names is None else names[int(value)]


@dataclass(frozen=True)
class _Places:
    """Where in the first chunk the rows stand that are shown, what they are called, and how often they occur."""

    index: tuple[int, ...]
    labels: Sequence[str]
    names: Sequence[str]
    weights: Array
    distinct: int


def _places(subject: Subject, arithmetic: AnyArithmetic, weights: Array) -> _Places:
    source, count = subject.source, len(weights)
    if arithmetic.observed:
        return _Places(tuple(range(count)), arithmetic.observed, [""] * count, weights, count)
    whole = isinstance(source, ArraySource) and source.rows == count <= MOST_GROUPED
    if whole and not isinstance(assignment_of(subject.model), Sampled):  # equal rows may be drawn to different components
        rows = rows_of(source)
        index = tuple(place[0] - 1 for place in rows.places)
        labels = _by_value(subject, rows) if rows.x.shape[1] == 1 and not rows.numbered else [str(i + 1) for i in index]
        names = [subject.row_names[i] if rows.numbered and i < len(subject.row_names) else "" for i in index]
        return _Places(index, labels, names, rows.weights, len(rows.x))
    labels = [str(i + 1) for i in range(count)]
    return _Places(tuple(range(count)), labels, [""] * count, weights, getattr(source, "rows", count))


def _by_value(subject: Subject, rows: Rows) -> list[str]:
    """Rows of one column by their values."""
    return [f"{rows.columns[0]}={written(subject, 0, value)}" for value in rows.x[:, 0].tolist()]
