"""Scores row by row: how each row, or each group of rows, would move the estimates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.protocols import LatentModel, Source
from emkit.data.chunk import Chunk
from emkit.data.stand_ins import refuse_stand_ins
from emkit.errors import ModelError
from emkit.inference.differences import jacobian
from emkit.inference.information import Information
from emkit.inference.near import Near
from emkit.inference.scores import expected_slope, has_expected

STEP = 0.05  # of differences of what rows add to the objective, in standard errors of the complete data,
FAR = 2.0  # and no further than STEP times this along any free coordinate, where complete data hardly tell one


def row_scores(model: LatentModel[Any, Any], found: Information, source: Source[Any]) -> Iterator[tuple[Array, Array]]:
    """For each chunk, the scores (G, q) of its groups along the basis of `found`, and the groups' weights (G,).

    Rows that stand for themselves are groups of one; the scores are those of a weight of 1.
    Errors: ModelError for a model that says neither what rows add to its objective nor writes `expected`, or rows that stand
    for others.
    """
    refuse_stand_ins(source, 'no row has a score: ask for kind="information", or fit the rows themselves.')
    for chunk in source.chunks():
        yield _scores(model, found.near, found.basis, chunk), chunk.group_weights


def all_scores(model: LatentModel[Any, Any], found: Information, source: Source[Any]) -> tuple[Array, Array]:
    """The scores (G, q) of all groups of rows, and their weights (G,)."""
    parts = list(row_scores(model, found, source))
    return np.concatenate([scores for scores, _ in parts]), np.concatenate([weights for _, weights in parts])


def _scores(model: LatentModel[Any, Any], near: Near, basis: Array, chunk: Chunk) -> Array:
    if model.row_objectives(near.params, chunk) is None:
        return scores_one_by_one(model, near, basis, chunk)

    def heights(z: Array) -> Array:
        each = model.row_objectives(near.at(basis @ z), chunk)
        assert each is not None
        return each

    return jacobian(heights, np.zeros(near.size), STEP / np.maximum(1.0, np.abs(basis).max(axis=0) / FAR))


def scores_one_by_one(model: LatentModel[Any, Any], near: Near, basis: Array, chunk: Chunk) -> Array:
    """The scores (G, q) of a chunk by their definition: an E-step over each group alone, and Fisher's identity."""
    found = np.empty((len(chunk.bounds) - 1, near.size))
    for g, each in enumerate(_groups(chunk)):
        stats = model.e_step(near.params, each).statistics
        if not has_expected(model, stats, near.params):
            raise ModelError(
                f"{type(model).__name__} does not tell what each row adds to its objective: write expected(stats, before, "
                "now), or row_objectives(params, chunk)."
            )
        slope = expected_slope(model, near.coordinates, stats, near.params, near.params)
        found[g] = near.pulled(slope) @ basis
    return found


def _groups(chunk: Chunk) -> Iterator[Chunk]:
    """Each group of a chunk as a chunk of weight 1."""
    for first, last in pairwise(chunk.bounds.tolist()):
        alone = None if chunk.groups is None else np.array([0, last - first])
        known = None if chunk.membership is None else chunk.membership[first:last]
        yield Chunk(chunk.x[first:last], np.ones(last - first), chunk.start + first, alone, known)
