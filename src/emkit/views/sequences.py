"""Rows in sequence: which state each is in, how states follow each other, and how long they last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.axes import component_name
from emkit.core.json_types import Json
from emkit.data.chunk import as_float64
from emkit.data.profile import Levels
from emkit.errors import ModelError, ParameterError
from emkit.fitted import AnyFitted
from emkit.markup import Tabled, ToldTable
from emkit.models.components import AnyComponents, Components
from emkit.models.frozen import bare
from emkit.models.long_run import stationary
from emkit.models.messages import Chain
from emkit.models.order import component_count
from emkit.models.prediction import paths_of
from emkit.views.classified import column_places

MOST_ROWS = 2_000  # drawn; of more, a figure shows no single one
MOST_BINS = 20  # of dwell times


@dataclass(frozen=True)
class StateSequence:
    """Rows `first` to first + m in order, of `of`: `values` (m,) of one `column`, and the state (m,) of each.

    States are those of the likeliest paths, -1 in a sequence that none explains. `bounds` (G,) are the rows at which sequences
    begin; `means` (K,) those of all rows in each state, NaN where there are none; `levels` the names behind codes, if any.
    """

    column: str
    first: int
    of: int
    values: Array
    states: Integers
    bounds: Integers
    means: Array
    components: tuple[str, ...]
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class TransitionGraph:
    """States with the `shares` (K,) of the rows that they have in the long run, and `transitions` (K, K) from row to column.

    Shares are NaN where there is no one long run.
    """

    components: tuple[str, ...]
    transitions: Array
    shares: Array

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        shares = [None if np.isnan(share) else share for share in self.shares.tolist()]
        return {"components": list(self.components), "transitions": self.transitions.tolist(), "shares": shares}


@dataclass(frozen=True, repr=False)
class DwellTimes(Tabled):
    """How many rows states last: `stay` (K,) is the probability of staying in each for one row more.

    `expected` (K,) is the mean of the geometric distribution that follows, 1 / (1 - stay): infinite for a state that is never
    left.
    `decoded`: for each state, the lengths (r,) of its runs on the likeliest paths; `cut`: of those among them that a sequence
    begins or ends with, which may have lasted longer. Both are empty for a fit that comes from a file, without its rows.
    """

    components: tuple[str, ...]
    stay: Array
    expected: Array
    decoded: tuple[Integers, ...]
    cut: tuple[Integers, ...]

    def probability(self, rows: Any) -> Array:
        """The probability of lasting for just so many `rows` (m,), in each state (m, K): stay^(rows - 1) (1 - stay)."""
        rows = np.asarray(rows, dtype=np.float64)[:, None]
        return np.asarray(np.where(rows >= 1, self.stay ** np.maximum(rows - 1, 0) * (1 - self.stay), 0.0))

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {
            "components": list(self.components),
            "expected": [None if np.isinf(each) else each for each in self.expected.tolist()],
            "decoded": [runs.tolist() for runs in self.decoded],
            "cut": [runs.tolist() for runs in self.cut],
        }

    def _as_table(self) -> ToldTable:
        columns: dict[str, Sequence[object]] = {"state": self.components, "expected": self.expected.tolist()}
        if self.decoded:
            columns["runs decoded"] = [*map(len, self.decoded)]
            columns["their mean"] = [runs.mean() if len(runs) else None for runs in self.decoded]
        return ToldTable("How many rows states last", columns)


def chain_of(result: AnyFitted) -> Chain:
    """The chain of a fit. Errors: ModelError for a model whose rows are in no order."""
    return model_of_states(result).chain(result.params)


def state_sequence(result: AnyFitted, column: str | int = 0, first: int = 0) -> StateSequence:
    """At most 2,000 rows from `first` on, with their states. Errors: ModelError; ParameterError for a row that there is not."""
    model, source = model_of_states(result), result.source
    (place,) = column_places(source.columns, [column], 1)
    path = paths_of(model, result.params, source).states
    chunks = list(source.chunks())
    x = np.concatenate([as_float64(chunk.x[:, place]) for chunk in chunks])
    starts = np.concatenate([chunk.start + chunk.bounds[:-1] for chunk in chunks])
    if not 0 <= first < len(x):
        raise ParameterError(f"first is {first!r}; there are rows 0 to {len(x) - 1:,}.")
    names = _names(result)
    seen = np.isfinite(x)
    rows = np.bincount(path[seen] + 1, minlength=len(names) + 1)[1:]
    with np.errstate(invalid="ignore"):
        means = np.bincount(path[seen] + 1, x[seen], len(names) + 1)[1:] / rows
    levels: Levels = source.levels
    some = slice(first, first + MOST_ROWS)
    within = starts[(starts >= first) & (starts < first + MOST_ROWS)]
    return StateSequence(source.columns[place], first, len(x), x[some], path[some], within, means, names, levels[place])


def transition_graph(result: AnyFitted) -> TransitionGraph:
    """The transitions of a fit, and the share of each state. Errors: ModelError for a model whose rows are in no order."""
    transitions = chain_of(result).transitions
    try:
        shares = stationary(transitions)
    except ParameterError:
        shares = np.full(len(transitions), np.nan)
    return TransitionGraph(_names(result), transitions, shares)


def dwell_times(result: AnyFitted) -> DwellTimes:
    """How long states last, by the fit and on the likeliest paths. Errors: ModelError for a model that is no chain."""
    chain, names = chain_of(result), _names(result)
    stay = np.diag(chain.transitions).copy()
    if not result.source.is_here:
        return DwellTimes(names, stay, chain.expected_stay, (), ())
    path = paths_of(result.model, result.params, result.source).states
    starts = np.concatenate([chunk.start + chunk.bounds[:-1] for chunk in result.source.chunks()])
    begins = np.union1d(starts, np.flatnonzero(np.diff(path)) + 1)
    ends = np.append(begins[1:], len(path))
    cut = np.isin(begins, starts) | np.isin(ends, np.append(starts, len(path)))
    states, lengths = path[begins], ends - begins
    every = range(len(names))
    return DwellTimes(
        names,
        stay,
        chain.expected_stay,
        tuple(lengths[states == k] for k in every),
        tuple(lengths[(states == k) & cut] for k in every),
    )


def dwell_bins(view: DwellTimes) -> Integers:
    """The edges (b + 1,) of at most 20 bins of whole numbers, for the runs of all states. Errors: ModelError without runs."""
    longest = max((int(runs.max(initial=0)) for runs in view.decoded), default=0)
    if not longest:
        raise ModelError("the likeliest paths are of rows, and the rows are not stored with the fit.")
    width = -(-longest // MOST_BINS)
    return np.arange(1, longest + width + 1, width)


def model_of_states(result: AnyFitted) -> AnyComponents:
    """The model of a fit, whose components may be states. Errors: ModelError for one without components."""
    inner = bare(result.model)
    if not isinstance(inner, Components):
        raise ModelError(f"{type(inner).__name__} is no chain of states that follow each other.")
    return inner


def _names(result: AnyFitted) -> tuple[str, ...]:
    number = component_count(result.params) or 1
    return tuple(component_name(k, result.source.component_names) for k in range(number))
