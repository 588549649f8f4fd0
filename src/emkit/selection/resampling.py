"""Data as they might have been: drawn from the fitted model, drawn from the rows, or the rows with random weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk
from emkit.data.source import FRACTIONS, ArraySource, RowSource
from emkit.data.stand_ins import refuse_stand_ins
from emkit.errors import ModelError
from emkit.fitted import AnyFitted
from emkit.models.frozen import bare

MOST_DEALT = 1e9  # more are not drawn without replacement
Resampling = Callable[[AnyFitted, Chunk, np.random.Generator], Chunk]


def rows_in_memory(source: RowSource) -> Chunk:
    """All rows as one chunk. Errors: ModelError if they are not in memory, or if their weights do not count rows."""
    if not source.is_here:
        raise ModelError(
            "the data are not stored with the fit, and its rows are to be drawn anew, or left out: give it the data again, "
            "with_data(X), and ask what that returns."
        )
    if not isinstance(source, ArraySource):
        raise ModelError(f"rows can be drawn anew where they are in memory; {type(source).__name__} does not hold them.")
    if source.total_weight < FRACTIONS * source.rows:
        raise ModelError(
            f"the weights sum to {source.total_weight:.6g} over {source.rows:,} rows, and as many rows as that would be drawn: "
            "scale the weights so that they sum to as many rows as were observed."
        )
    return Chunk(source.x, source.weights, 0, source.groups, source.membership)


def as_rows(like: RowSource, chunk: Chunk) -> ArraySource:
    """The rows of a chunk as a source with the columns and levels of another; rows of weight 0 are left out."""
    groups = None if chunk.groups is None else np.repeat(np.arange(len(chunk.groups) - 1), np.diff(chunk.groups))
    return ArraySource(chunk.x, chunk.weights, like.columns, levels=like.levels, groups=groups, membership=chunk.membership)


def of_units(chunk: Chunk, weights: Array) -> Chunk:
    """The rows of a chunk with other `weights` (G,): of its groups, or of rows that stand for themselves."""
    lengths = np.diff(chunk.bounds)
    every = weights if chunk.groups is None else np.repeat(weights, lengths)
    return Chunk(chunk.x, every, 0, chunk.groups, chunk.membership)


def dealt(units: Array, parts: int, rng: np.random.Generator) -> list[Array] | None:
    """How much of each unit (G,) is in each of as many `parts`, as if each were there as often as it counts, one by one.

    The parts are as large as each other, or one smaller. None where weights are no whole numbers, or too large to be dealt.
    """
    total = float(units.sum())
    if (units != np.floor(units)).any() or not 0 < total < MOST_DEALT:
        return None
    rest, found = units.astype(np.int64), []
    for left in range(min(parts, int(total)), 0, -1):
        found.append(rng.multivariate_hypergeometric(rest, -(-int(rest.sum()) // left), method="marginals"))
        rest = rest - found[-1]
    return [part.astype(np.float64) for part in found]


def parametric(fitted: AnyFitted, whole: Chunk, rng: np.random.Generator) -> Chunk:
    """As many rows as were observed, drawn from the fitted model; where cells were missing, they are again.

    What the model is given of the rows, as covariates, is theirs, each as often as it counts.
    Where rows come in groups (sequences, people), as many groups of as many rows are drawn.
    Errors: ModelError if the model does not draw rows, or groups of them, if weights count no groups, or if rows have values
    known up to intervals: what made them unknown is no part of the model.
    """
    model: Any = bare(fitted.model)
    if whole.membership is not None:
        raise ModelError("which component rows belong to is known of some, and a model does not draw that; use kind='case'.")
    if whole.groups is not None:
        return _groups_anew(model, fitted.params, whole, rng)
    total = round(whole.total_weight)
    ahead = np.cumsum(whole.weights)
    places = np.searchsorted(ahead, (np.arange(total) + 0.5) * (ahead[-1] / total), side="right")
    x = model.redrawn(fitted.params, rng, whole.x[np.minimum(places, len(ahead) - 1)])
    x = np.asarray(x, dtype=np.float64).reshape(total, whole.x.shape[1])
    if np.isnan(whole.x).any():
        counts = _counts(whole.weights, total, "where cells are missing, weights must be whole numbers to draw rows anew")
        x = np.where(np.isnan(np.repeat(whole.x, counts, axis=0)), np.nan, x)
    return Chunk(x, np.broadcast_to(np.float64(1.0), total))


def _groups_anew(model: Any, params: Any, whole: Chunk, rng: np.random.Generator) -> Chunk:
    units = whole.group_weights
    counts = _counts(units, units.sum(), "weights must be whole numbers to draw groups of rows anew")
    group = np.repeat(np.arange(len(units)), counts)
    lengths = np.diff(whole.bounds)[group]
    rows = whole.x[np.concatenate([np.arange(whole.bounds[g], whole.bounds[g + 1]) for g in group])]
    x = model.redrawn(params, rng, rows, lengths)
    x = np.where(np.isnan(rows), np.nan, np.asarray(x, dtype=np.float64))
    return Chunk(x, np.broadcast_to(np.float64(1.0), len(x)), 0, np.concatenate([[0], np.cumsum(lengths)]))


def _counts(weights: Array, total: float, otherwise: str) -> Integers:
    """Weights as numbers of rows or groups. Errors: ModelError if they are none."""
    counts = np.rint(weights).astype(np.int64)
    if counts.sum() != total or (counts != weights).any():
        raise ModelError(f"{otherwise}; use kind='bayesian'.")
    return counts


def _several(fitted: AnyFitted, whole: Chunk) -> Array:
    """The weights of rows or groups (G,).

    Errors: ModelError if there is but one, which is the same however it is drawn, or if they stand for others.
    """
    refuse_stand_ins(fitted.source, "none can be drawn again: use kind='parametric', or fit the rows themselves.")
    units = whole.group_weights
    if len(units) == 1:
        what = "row" if whole.groups is None else "group of rows (a sequence, a person)"
        raise ModelError(
            f"there is one {what}, and drawing it again tells nothing; use kind='parametric', or, of a model "
            "without components, standard_errors()."
        )
    return units


def case(fitted: AnyFitted, whole: Chunk, rng: np.random.Generator) -> Chunk:
    """As many rows (or groups) as were observed, drawn from these with replacement: the rows, with how often each is drawn."""
    units = _several(fitted, whole)
    total = units.sum()
    number = max(round(float(total)), 1)
    return of_units(whole, rng.multinomial(number, units / total) * (total / number))


def bayesian(fitted: AnyFitted, whole: Chunk, rng: np.random.Generator) -> Chunk:
    """The rows (or groups) with Dirichlet weights, which sum to what they sum to; a frequency is its parameter.

    Source: Rubin (1981), Annals of Statistics 9, 130-134; for mixtures: O'Hagan, Murphy, Scrucca & Gormley (2019),
    Computational Statistics 34, 1779-1813, whose weighted likelihood bootstrap it is.
    """
    units = _several(fitted, whole)
    drawn = np.maximum(rng.standard_gamma(units), np.finfo(np.float64).tiny)
    return of_units(whole, drawn * (units.sum() / drawn.sum()))


KINDS: Mapping[str, Resampling] = MappingProxyType({"parametric": parametric, "case": case, "bayesian": bayesian})


def resampling_named(kind: str) -> Resampling:
    """How data are made anew. Errors: ModelError naming the kinds there are."""
    if kind not in KINDS:
        raise ModelError(f"kind is {kind!r}; it must be one of {', '.join(KINDS)}.")
    return KINDS[kind]
