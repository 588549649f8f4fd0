"""An explanation in plain types: what ``emkit explain --json`` prints."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from emkit.core.json_types import Json
from emkit.explain.arithmetic import Tally
from emkit.explain.bridge import Numbers, bridge
from emkit.explain.ledger import Entry
from emkit.explain.moments import LatentMoments
from emkit.explain.notation import CONCEPTS, NOTATIONS
from emkit.explain.passes import Passes
from emkit.explain.rows import Row, RowTable
from emkit.explain.steps import Step
from emkit.explain.written_row import written

if TYPE_CHECKING:
    from emkit.explain.exact import ExactStep
    from emkit.explain.worked import WorkedStep

SCHEMA = "emkit-explain/1"


def record(explanation: WorkedStep) -> Json:
    """Every number of an explanation; a number that is not finite is None."""
    subject, step = explanation.subject, explanation.step
    return {
        "schema": SCHEMA,
        "name": subject.name,
        "title": subject.title,
        "step": step.number,
        "notation": explanation.notation.name,
        "components": list(step.components),
        "parameters": {"before": step.before, "after": step.after, "held": list(step.held)},
        **_e_step(step),
        "expected_counts": _tallies(step, step.tallies),
        "bridge": _bridge(explanation),
        "updates": [update.to_dict() for update in step.updates],
        "ledger": [_entry(entry, step) for entry in step.ledger],
        "exact": _exact(explanation.exact) if explanation.exact else None,
        "notice": list(subject.notice),
        "errata": list(subject.errata),
        "notations": {name: {c: vars(notation)[c] for c in CONCEPTS} for name, notation in NOTATIONS.items()},
    }


def _bridge(explanation: WorkedStep) -> list[Json]:
    """The links from the general formula to the updates, their numbers filled in."""
    numbers = Numbers(explanation.notation.states(explanation.step.components), explanation.step)
    links = bridge(explanation.subject, explanation.step, explanation.notation)
    return [{**link.to_dict(), "lines": list(map(numbers.fill, link.lines))} for link in links]


def _e_step(step: Step) -> Json:
    found = step.e_step
    if isinstance(found, Passes):
        return _passes(found)
    return found.to_dict() if isinstance(found, LatentMoments) else _table(found, step)


def _table(found: RowTable, step: Step) -> Json:
    unseen = {"expected_cells": [cell.to_dict() for cell in found.unseen]} if found.unseen else {}
    rows = [_row(row, step) for row in found.rows]
    return {"joint": " * ".join(found.factors), "rows": rows, "rows_in_all": found.distinct, **unseen}


def _passes(found: Passes) -> Json:
    return {
        "sequence": {"number": found.sequence, "of": found.of, "weight": found.weight, "first_row": found.first},
        "density": found.words,
        "rows": [_place(found, t) for t in found.shown],
        "rows_in_all": found.length,
        "worked": [line._asdict() for line in written(found, found.chosen)] if found.writable else [],
    }


def _place(found: Passes, t: int) -> Json:
    return {
        "label": str(t + 1),
        "name": found.names[t],
        "values": {name: _finite(value) for name, value in found.values[t].items()},
        "log_density": list(map(_finite, found.log_density[t].tolist())),
        "density_substituted": list(found.formulas[t - found.shown.start]),
        "log_scale": float(found.log_scale[t]),
        "alpha": found.forward[t].tolist(),
        "beta": found.backward[t].tolist(),
        "gamma": found.shares[t].tolist(),
        "xi": found.pairs[t].tolist() if t + 1 < found.length else None,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _row(row: Row, step: Step) -> Json:
    return {
        "label": row.label,
        "name": row.name,
        "values": {name: _finite(value) for name, value in row.values.items()},
        "weight": row.weight,
        "log_joint": list(map(_finite, row.log_joint.tolist())),
        "joint": [math.exp(v) for v in row.log_joint],
        "joint_substituted": list(row.formulas),
        "responsibilities": row.responsibilities.tolist(),
        "expected_counts": _tallies(step, row.tallies),
    }


def _tallies(step: Step, tallies: Iterable[Tally]) -> dict[str, float]:
    return {
        tally.key(component): float(value)
        for tally in tallies
        for component, value in zip(step.components, tally.values, strict=not tally.shared)
    }


def _entry(entry: Entry, step: Step) -> Json:
    first = step.number - 1
    return {
        "after": entry.half.value,
        "responsibilities_at": first + entry.q_at,
        "parameters_at": first + entry.theta_at,
        **entry.account.to_dict(),
    }


def _exact(step: ExactStep) -> Json:
    return {
        "before": {symbol: str(value) for symbol, value in step.before.items()},
        "after": {symbol: str(value) for symbol, value in step.after.items()},
        "rows": [
            {"label": row.label, "joint": list(map(str, row.joint)), "responsibilities": list(map(str, row.responsibilities))}
            for row in step.rows
        ],
        **{name: [list(map(str, row)) for row in sums] for name, sums in step.totals.items()},
    }
