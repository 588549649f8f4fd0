"""The rows of the E-step table, the counts they add up to, and the lines of the M-step, as plain values."""

from __future__ import annotations

import math

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.json_types import Json
from emkit.explain.arithmetic import Tally
from emkit.explain.latent import Account
from emkit.explain.own_words import in_own_words
from emkit.explain.rows import Row, RowTable
from emkit.explain.steps import Step
from emkit.explain.subject import Subject
from emkit.formulas.numerals import plain
from emkit.models.around import bare
from emkit.models.cells import Cells
from emkit.page.likelihood import brief
from emkit.page.walk import Walk

MOST_ADDED = 8  # rows whose contributions to a count are written out one by one
DIGITS = 10  # of the numbers of single rows: more than are ever shown
BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)


def rows(walk: Walk) -> Json:
    """The different rows of which the arithmetic is shown, and how many there are."""
    table = walk.steps[0].table
    return {
        "distinct": table.distinct,
        "repeated": table.repeated,
        "items": [
            {"label": row.label, "name": row.name, "values": _known(row), "weight": row.weight, "states": list(row.states)}
            for row in table.rows
        ],
    }


def _known(row: Row) -> dict[str, float | None]:
    """The cells of a row; None for one that was not seen."""
    return {name: None if math.isnan(value) else value for name, value in row.values.items()}


def are_counts(walk: Walk) -> bool:
    """Whether the rows of the table are cells of a table of counts, so that showing them shows nobody's data."""
    return isinstance(bare(walk.subject.model), Cells)


def counts(subject: Subject, step: Step) -> list[Json]:
    """What the expected counts of every step are of."""
    return [
        {"what": in_own_words(subject, tally.what), "mark": tally.mark, "shared": tally.shared, "is_count": tally.is_count}
        for tally in step.tallies
    ]


def step_record(step: Step, with_rows: bool) -> Json:
    """One step: values of the expected counts, updates, and with `with_rows` the arithmetic of the rows that are shown.

    What an update is in words is said once for all steps, and what it leads to is in the path of these. It has
    `computed` only where its arithmetic did not decide (see `Update.agrees`).
    """
    record: Json = {
        "tallies": _values(step.tallies),
        "updates": [
            {
                "symbol": update.symbol,
                "substituted": update.substituted,
                **({} if update.agrees else {"computed": update.computed}),
            }
            for update in step.updates
        ],
    }
    if with_rows and isinstance(step.e_step, RowTable):
        record["log_joint"] = [brief(row.log_joint, DIGITS) for row in step.rows]
        record["formulas"] = [list(row.formulas) for row in step.rows]
        record["responsibilities"] = [brief(row.responsibilities, DIGITS) for row in step.rows]
        if len(step.rows) <= MOST_ADDED:
            record["row_tallies"] = [list(map(_of_row, row.tallies)) for row in step.rows]
    return record


def _of_row(tally: Tally) -> list[object] | None:
    """What a row contributes to a count; None for the number of rows, to which it contributes its responsibility."""
    return None if tally.what == "n" else brief(tally.values, DIGITS)


def _values(tallies: tuple[Tally, ...]) -> list[list[float]]:
    return [tally.values.tolist() for tally in tallies]


def accounts(entries: list[Account]) -> dict[str, list[float]]:
    """The ledger by columns."""
    names = ("log_likelihood", "expected", "entropy", "bound", "gap")
    columns = zip(*((a.log_likelihood, a.expected, a.entropy, a.bound, a.gap) for a in entries), strict=True)
    return dict(zip(names, map(list, columns), strict=True))


def bands(walk: Walk) -> Json:
    """How sure the E-steps are, without a row of data: rows by their largest responsibility and the component that has it.

    `names` of the bands, and for each E-step `counts` (bands, K) of rows.
    """
    found = []
    for params in walk.path[:-1]:
        total = np.zeros((len(BANDS), len(walk.steps[0].components)))
        for _, weights, responsibilities in walk.responsibilities(params):
            np.add.at(total, (_band(responsibilities.max(axis=1)), responsibilities.argmax(axis=1)), weights)
        found.append(total)
    used = np.flatnonzero(np.sum(found, axis=(0, 2)))
    uppers = [*BANDS[1:], 1.0]
    return {
        "names": [f"{plain(BANDS[b])} to {plain(uppers[b])}" for b in used],
        "counts": [total[used].tolist() for total in found],
    }


def _band(largest: Array) -> Integers:
    return np.clip(np.searchsorted(BANDS, largest, side="right") - 1, 0, len(BANDS) - 1)
