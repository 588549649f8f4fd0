"""How far the estimates of a last step would vary from sample to sample, the steps before it included."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.inference import Covariance
from emkit.inference.near import STEP
from emkit.inference.rows import all_scores
from emkit.inferred import Inferred
from emkit.stepwise.steps import Step

FIRST = "the items alone do not determine the classes, and no later step can be surer: see measurement_.identifiability()"
ONE_ROW = "the weights add up to {:.4g}, and count how often each row occurs: one row tells nothing of how estimates vary"


def stacked(step: Step, last: Inferred[Any]) -> Covariance:
    """The covariance of the estimates of the `last` step, from the estimating equations of all steps, stacked.

    It is the sum of the outer products of the `influence` of all rows, a sandwich: right whether the model is true or not.
    Weights count how often a row occurs; there is none of those that come to one row, or less.
    Source: Newey & McFadden (1994), Handbook of Econometrics 4, section 6; Bakk, Oberski & Vermunt (2014), Political Analysis
    22, 520-540, whose sum of two variances lacks the covariance of the steps.
    """
    found, weights = last.information, step.structure.weights
    rows = float(weights.sum())
    moved = influence(step, last) if rows > 1 else None
    if moved is None:
        reason = ONE_ROW.format(rows) if rows <= 1 else last.covariance().reason or FIRST
        return Covariance(found.near, found.basis, "steps", None, reason)
    matrix = moved.T @ (weights[:, None] * moved) * (rows / (rows - 1))
    return Covariance(found.near, found.basis, "steps", matrix)


def influence(step: Step, last: Inferred[Any]) -> Array | None:
    """By how much one more of each row would move the estimates of the `last` step, shape (n, q), along its basis.

    By its own score there; by how it moves the estimates of the first step, which the last one takes for known; and by what
    else the last step takes from it, such as the table of errors of classification. None if the information of a step is
    singular.
    """
    usual, before, measured = last.covariance(), step.measured.covariance(), step.measured
    if usual.matrix is None or before.matrix is None:
        return None
    near, basis = last.information.near, usual.basis
    scores, _ = all_scores(measured.model, measured.information, measured.source)
    moved = _by_row(step, last) + scores @ before.matrix @ _slopes_of_first(step, last, before) @ basis
    table = step.slopes_of_table(last, near)
    if table is not None:
        moved += table[0] @ table[1] @ basis
    return np.asarray(moved @ usual.matrix)


def _by_row(step: Step, last: Inferred[Any]) -> Array:
    """The scores (n, q) of rows in the last step, for a weight of 1, along the basis of its information."""
    scores, weights = all_scores(last.model, last.information, last.source)
    found = np.zeros((len(step.structure.weights), scores.shape[1]))
    np.add.at(found, step.entries(), scores * weights[:, None])
    return found / step.structure.weights[:, None]


def _slopes_of_first(step: Step, last: Inferred[Any], before: Covariance) -> Array:
    """The derivatives (p, q) of the score of the last step along the basis of the first step's information."""
    near = last.information.near
    ways = [
        step.slope(last, near, before.near.at(STEP * way)) - step.slope(last, near, before.near.at(-STEP * way))
        for way in before.basis.T
    ]
    return np.stack(ways) / (2 * STEP) if ways else np.empty((0, near.size))
