"""Assigned classes of which a third step has no maximum: fewer than no rows, no variance, or log-odds that run off."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.errors import DegenerateFitError
from emkit.fitted import AnyFitted
from emkit.models.frozen import bare
from emkit.stepwise.classified import Correction, Evidence
from emkit.stepwise.structure import Structure

ROUNDING = 1e-12  # of the rows of a class
FLAT = 1e-9  # of what is added up: a slope below it is none


def refuse_below_zero(structure: Structure, evidence: Evidence, by: Correction) -> None:
    """Raise DegenerateFitError if shares leave a class without rows, or a level, of a predictor, too, or a variance below 0."""
    if evidence.shares is None:
        return
    weights = evidence.shares * (structure.weights[evidence.rows] * evidence.factors)[:, None]
    mass = weights.sum(axis=0)
    slack = -ROUNDING * mass
    _refuse(mass <= 0, mass, "", by)
    for name, cells in zip(structure.covariates.columns, structure.covariates.x[evidence.rows].T, strict=True):
        if not np.isin(cells, (0.0, 1.0)).all():
            continue
        for code in (0.0, 1.0):  # where a class has less than no rows, its log-odds run off, and the objective with them
            counts = weights[cells == code].sum(axis=0)
            _refuse(counts < slack, counts, f" where {name!r} is {code:g}", by)
    outcomes = structure.outcomes
    for name, levels, cells in zip(outcomes.columns, outcomes.levels, outcomes.x[evidence.rows].T, strict=True):
        there = ~np.isnan(cells)
        own, x = weights[there], cells[there]
        if levels is None:
            seen = own.sum(axis=0)
            _refuse(seen <= 0, seen, f" where {name!r} was seen", by)
            mean = own.T @ x / seen
            variance = (own * (x[:, None] - mean) ** 2).sum(axis=0) / seen
            for k in np.flatnonzero(~(variance > 0))[:1]:
                raise DegenerateFitError(f"{by.said}: {name!r} has variance {variance[k]:.3g} in class {k + 1}. {by.instead}")
            continue
        for code, level in enumerate(levels):
            counts = own[x == code].sum(axis=0)
            _refuse(counts < slack, counts, f" where {name!r} is {level!r}", by)


def _refuse(too_few: Mask, rows: Array, where: str, by: Correction) -> None:
    """Raise DegenerateFitError for the first class that has `too_few` rows."""
    for k in np.flatnonzero(too_few)[:1]:
        raise DegenerateFitError(f"{by.said}: class {k + 1} is left with {rows[k]:.3g} rows{where}. {by.instead}")


def refuse_unbounded(last: AnyFitted, structure: Structure, evidence: Evidence, by: Correction) -> None:
    """Raise DegenerateFitError if the log-likelihood of the gate rises for ever along the way to where the `last` step ended.

    Far along a way of the gates the log-likelihood of row i rises by sum_k share_ik v_ik - max_k v_ik a step, where v are the
    log-odds. That is never above 0 unless some shares are below 0; and since the log-likelihood is concave, and nowhere above
    that sum, it is above 0 for some way if and only if there is no maximum.
    """
    shares = evidence.shares
    if shares is None or not (shares < 0).any():
        return
    model, gates = bare(last.model), last.params.gates
    source: Any = last.source
    odds = model.log_proportions(last.params, source.x)
    taken, most = shares * odds, odds.max(axis=1)
    rise = source.weights @ (taken.sum(axis=1) - most)
    if rise <= FLAT * (source.weights @ (np.abs(taken).sum(axis=1) + np.abs(most))):
        return
    columns, x = structure.covariates.columns, structure.covariates.x
    k, j = np.unravel_index(np.abs(gates[:, -len(columns) :] * x.std(axis=0)).argmax(), (len(gates), len(columns)))
    raise DegenerateFitError(
        f"{by.said}: the log-odds of class {k + 1} by {columns[j]!r} run off to infinity, and the likelihood with them, since "
        f"some weights are below 0. {by.instead}"
    )
