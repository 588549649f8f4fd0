"""Whether other starts lead higher than a fit has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from emkit.core.mapreduce import one_thread
from emkit.core.restarts import Restarts
from emkit.core.solvers import Anderson
from emkit.data.source import ArraySource
from emkit.errors import DegenerateFitError, ParameterError
from emkit.fitted import AnyFitted
from emkit.fitting import MAX_EVALUATIONS, default_rules, fit_each
from emkit.search.plan import PLAN, Plan
from emkit.search.race import Race, told_whole
from emkit.search.rank import rank
from emkit.search.seeding import looked_at

SAME = 1e-7  # of the objective: what rises by less has found the same maximum


def risen(record: AnyFitted, starts: Sequence[Any], plan: Plan = PLAN) -> AnyFitted | None:
    """The record with the best run from these starts before its others, if it ends higher and as sound.

    The starts race side by side, and only what stands higher than the record then, or may, is followed to its end.
    """
    source = record.source
    if not starts or not isinstance(source, ArraySource):
        return None
    race = Race(record.model, looked_at(record.model, source), MAX_EVALUATIONS, 1, plan)
    least = SAME * (1 + abs(record.objective))
    for run in race.higher(race.tried(starts, record.record), record.record, least):
        try:
            rules = default_rules(record.model)
            long = fit_each(record.model, source, [run.params], solver=Anderson(), rules=rules, workers=one_thread).record
        except (ParameterError, DegenerateFitError):  # an M-step from there cannot be made
            continue
        mine = rank(record.record, record.model, record.passes)
        if long.outcome.converged and rank(long, record.model, record.passes) < mine._replace(lowness=mine.lowness - least):
            others = record.runs
            spikes = frozenset(i + 1 for i in others.degenerate)
            runs = (told_whole(run, long), *others.runs)
            return replace(record, runs=Restarts(runs, spikes, others.left, others.moved + 1, others.seed))
    return None
