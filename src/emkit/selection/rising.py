"""Whether other starts lead higher than a fit has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from emkit.core.mapreduce import one_thread
from emkit.core.restarts import Restarts
from emkit.core.solvers import Anderson
from emkit.core.stopping import NoHigher, Rule
from emkit.errors import DegenerateFitError, ParameterError
from emkit.fitted import AnyFitted
from emkit.fitting import default_rules, fit_each
from emkit.search.plan import PLAN, unit
from emkit.search.rank import rank

SAME = 1e-7  # of the objective: what rises by less has found the same maximum


def risen(record: AnyFitted, starts: Sequence[Any]) -> AnyFitted | None:
    """The record with the best run from these starts before its others, if it ends higher and as sound."""
    if not starts:
        return None
    one = unit(record.source)
    rules: list[Rule] = [NoHigher(record.objective, PLAN.rough * one, PLAN.same * one), *default_rules(record.model)]
    try:
        tried = fit_each(record.model, record.source, starts, solver=Anderson(), rules=rules, workers=one_thread)
    except (ParameterError, DegenerateFitError):  # none of them can be evaluated
        return None
    run = min(tried.runs.runs, key=lambda run: rank(run, record.model, record.passes))
    mine = rank(record.record, record.model, record.passes)
    least = mine._replace(lowness=mine.lowness - SAME * (1 + abs(mine.lowness)))
    if not run.outcome.converged or rank(run, record.model, record.passes) >= least:
        return None
    others = record.runs
    spikes = frozenset(i + 1 for i in others.degenerate)
    return replace(record, runs=Restarts((run, *others.runs), spikes, others.left, others.moved + 1))
