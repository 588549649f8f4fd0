"""One EM step of a subject in numbers: rows, responsibilities, expected counts, updates, ledger.

Everything is the result of the model's own functions: `complete`, `assign`, `e_step`, `m_step` and the family's statistics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import component_name
from emkit.core.checks import check_count, check_step
from emkit.core.mapreduce import serial
from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.data.chunk import Chunk
from emkit.data.source import ArraySource, columns_of
from emkit.errors import ModelError
from emkit.explain.arithmetic import AnyArithmetic, Tally, Update, arithmetic_of
from emkit.explain.ledger import Entry, assignment_of, check_enumerable, ledger, responsibilities
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.explain.worksheet.distinct import Rows, rows_of
from emkit.formulas.numerals import plain
from emkit.models.around import AnyModel, AnySource
from emkit.models.assignment import Sampled
from emkit.models.mixture import P, S

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
class Step:
    """EM step `number`, from the parameters `before` to those `after`.

    `rows` are the first of `distinct` different rows; `tallies` and `updates` are of all rows; `held` are the symbols of the
    parameters that the M-step does not touch; `factors` are the joint probability in words.
    """

    number: int
    components: tuple[str, ...]
    before: dict[str, float]
    after: dict[str, float]
    held: tuple[str, ...]
    factors: tuple[str, ...]
    rows: tuple[Row, ...]
    distinct: int
    tallies: tuple[Tally, ...]
    updates: tuple[Update, ...]
    ledger: tuple[Entry, ...]
    params: tuple[Any, Any]

    @property
    def others(self) -> tuple[str, ...]:
        """The symbols of parameters that moved without a line of their own: their arithmetic is not written out."""
        written = {*self.held, *(update.symbol for update in self.updates)}
        return tuple(symbol for symbol in self.after if symbol not in written)

    @property
    def repeated(self) -> bool:
        """Whether rows stand for several equal ones."""
        return any(row.weight != 1 for row in self.rows)


def work_out(subject: Subject, number: int = 1, limit: int = 20) -> Step:
    """Step `number` (from 1) of plain EM from the subject's start, with its first `limit` different rows.

    Errors: ModelError for a number or limit that cannot be, or for a model whose latent states cannot be listed.
    """
    check_step(number)
    check_count("rows", limit, ModelError)
    model, source = subject.model, subject.source
    check_enumerable(model)
    before = subject.start
    for _ in range(number - 1):
        before = _after(model, source, before)[1]
    statistics, after = _after(model, source, before)
    symbols = Symbols.of(subject)
    arithmetic = arithmetic_of(model, before, symbols)
    rows, distinct, states = _rows(subject, before, arithmetic, limit)
    return Step(
        number,
        subject.components or tuple(map(component_name, range(states))),
        symbols.values(before),
        symbols.values(after),
        _held(model, before, symbols),
        arithmetic.factors,
        rows,
        distinct,
        tuple(arithmetic.tallies(statistics)),
        tuple(arithmetic.updates(statistics, after)),
        ledger(model, source, (before, after)),
        (before, after),
    )


def _after(model: LatentModel[P, S], source: AnySource, params: P) -> tuple[S, P]:
    """The summed expected statistics at `params`, and the parameters that the M-step makes of them."""
    statistics = serial(lambda chunk: model.e_step(params, chunk), source).statistics
    return statistics, model.m_step(statistics, params)


def _held(model: AnyModel, params: Parameters, symbols: Symbols) -> tuple[str, ...]:
    free = set(model.coordinates(params).entry_names(params))
    return tuple(symbol for entry, symbol in symbols.entries(params).items() if entry not in free)


@dataclass(frozen=True)
class _Places:
    """Where in the first chunk the rows stand that are shown, what they are called, and how often they occur."""

    index: tuple[int, ...]
    labels: Sequence[str]
    names: Sequence[str]
    weights: Array
    distinct: int


def _rows(subject: Subject, before: Parameters, arithmetic: AnyArithmetic, limit: int) -> tuple[tuple[Row, ...], int, int]:
    """The first `limit` rows, how many different ones there are, and the number of latent states."""
    chunk = next(iter(subject.source.chunks()))
    complete = check_enumerable(subject.model).complete(before, chunk)
    q = responsibilities(assignment_of(subject.model), complete, chunk)
    at = _places(subject, arithmetic, complete.weights)
    possible = np.isfinite(complete.log_joint)
    rows = tuple(
        Row(
            label,
            name,
            {} if arithmetic.observed else _values(subject, chunk, i),
            float(weight),
            complete.log_joint[i],
            q[i],
            tuple(arithmetic.joint(k, chunk, i) if possible[i, k] else "" for k in range(possible.shape[1])),
            tuple(arithmetic.row_tallies(chunk, i, weight * q[i])),
        )
        for label, name, i, weight in islice(zip(at.labels, at.names, at.index, at.weights, strict=True), limit)
    )
    return rows, at.distinct, possible.shape[1]


def _values(subject: Subject, chunk: Chunk, i: int) -> dict[str, float]:
    columns = columns_of(subject.source)
    return {name: float(value) for name, value in zip(columns, np.atleast_1d(chunk.x[i]), strict=True)} if columns else {}


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


def written(subject: Subject, column: int, value: float) -> str:
    """A cell of the data: a level by its name, a gap as a dash."""
    levels = getattr(subject.source, "levels", ())
    names = levels[column] if column < len(levels) else None
    if math.isnan(value):
        return GAP
    return plain(value) if names is None else names[int(value)]
