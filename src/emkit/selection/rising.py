"""Whether other starts lead higher than a fit has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from emkit.core.mapreduce import one_thread
from emkit.core.restarts import Fate, Restarts
from emkit.core.solvers import Anderson
from emkit.core.stopping import Rule
from emkit.data.source import ArraySource
from emkit.errors import DegenerateFitError, ParameterError
from emkit.fitted import AnyFitted
from emkit.fitting import MAX_EVALUATIONS, default_rules, fit_each
from emkit.search.plan import PLAN, Stage
from emkit.search.race import Race, told_whole
from emkit.search.rank import rank
from emkit.search.seeding import looked_at

BRIEF = replace(PLAN, moved=(Stage(35, 1.0),), passes=14, further=16)  # few starts, side by side: of fewer passes, some mislead
SAME = 1e-7  # of the objective: what rises by less has found the same maximum


def risen(record: AnyFitted, starts: Sequence[Any], rules: Sequence[Rule] | None = None) -> AnyFitted | None:
    """The record with the best run from these starts before its others, if it ends higher and as sound.

    By the `rules` runs end, by default as every fit does.

    The starts race side by side, and only what stands higher than the record then, or may, is followed to its end.
    """
    source = record.source
    if not starts or not isinstance(source, ArraySource):
        return None
    race = Race(record.model, looked_at(record.model, source), MAX_EVALUATIONS, 1, BRIEF)
    mine, least = rank(record.record, record.model, record.passes), SAME * (1 + abs(record.objective))
    for run in race.higher(race.tried(starts, record.record), record.record, least):
        try:
            ends = default_rules(record.model) if rules is None else rules
            long = fit_each(record.model, source, [run.params], solver=Anderson(), rules=ends, workers=one_thread).record
        except (ParameterError, DegenerateFitError):  # an M-step from there cannot be made
            continue
        if long.outcome.converged and rank(long, record.model, record.passes) < mine._replace(lowness=mine.lowness - least):
            others = record.runs
            spikes = {
                i + 1 for i, run in enumerate(others.runs) if i in others.degenerate or (mine.spike and run is record.record)
            }
            below = Fate.SPIKE if mine.spike else Fate.LOWER  # of what was near the best before
            left = tuple(replace(each, fate=below) if each.fate is Fate.NEAR else each for each in others.left)
            runs = (told_whole(run, long), *others.runs)
            return replace(record, runs=Restarts(runs, frozenset(spikes), left, others.moved + 1, others.seed))
    return None
