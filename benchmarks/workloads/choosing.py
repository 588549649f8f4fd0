"""All 14 normal forms with 1 to 9 components: the table beside that of mclust, and the time beside that of single fits.

A cell is equal where both BIC agree to 1e-6, higher where emkit has found a higher maximum, lower where it has missed one.
Cells for which one of them has no sound fit are counted apart.

    python -m benchmarks.workloads.choosing                writes docs/mclust.md, with what every cell gains
"""

from __future__ import annotations

import csv
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from emkit.errors import EmkitWarning

DATA = Path(__file__).parents[2] / "tests" / "oracles" / "data"
EQUAL = 1e-6  # of a BIC
WORTH = 2  # times the slowest single fit, for each number of components
Cell = tuple[str, int]


def rows(name: str) -> np.ndarray:
    """The measurements, without the starts that stand beside them in the file."""
    with (DATA / f"gmm_{name}.csv").open() as lines:
        table = list(csv.DictReader(lines))
    return np.array([[float(value) for key, value in row.items() if not key.startswith("start")] for row in table])


def of_mclust(name: str) -> dict[Cell, float]:
    """The BIC of mclust 6 in emkit's sense, lower being better; NaN where it has no fit."""
    with (DATA / f"mclust_bic_{name}.csv").open() as lines:
        table = list(csv.DictReader(lines))
    return {
        (form, int(row[""])): np.nan if value == "NA" else -float(value) for row in table for form, value in row.items() if form
    }


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """The CPU time of a call, and what it returns; it may warn of what the table tells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmkitWarning)
        began = time.process_time()
        found = work()
        return time.process_time() - began, found


def verdict(line: Any, theirs: float) -> str:
    ours = line.value("bic")
    if line.trouble or np.isnan(theirs):
        return "without a sound fit of emkit" if line.trouble else "without one of mclust"
    return "equal" if abs(ours - theirs) <= EQUAL else "higher" if ours < theirs else "lower"


def grid(name: str, numbers: Iterable[int], forms: list[str]) -> Any:
    """The choice among these forms, each with these numbers of components."""
    return ek.select(ek.GaussianMixture(random_state=0), rows(name), numbers, grid={"covariance_type": forms})


def _named(cell: Cell) -> str:
    return f"{cell[0]} {cell[1]}"


def compared(name: str, most: int, forms: list[str]) -> list[Measured]:
    """One data set: every cell of the table, and the time that all of them took."""
    x, theirs = rows(name), of_mclust(name)
    numbers = range(1, most + 1)
    cpu_seconds(partial(grid, name, [2], forms))  # compiles, and does not count
    took, found = cpu_seconds(partial(grid, name, numbers, forms))
    single = {
        (form, k): cpu_seconds(partial(ek.GaussianMixture(k, covariance_type=form, random_state=0).fit, x))[0]
        for form in forms
        for k in numbers
    }
    cells = {(line.label, line.cell.components): line for line in found.lines}
    verdicts = {cell: verdict(line, theirs[cell]) for cell, line in cells.items()}
    gains = {cell: theirs[cell] - line.value("bic") for cell, line in cells.items() if verdicts[cell] == "higher"}
    further = max(gains, key=gains.__getitem__, default=None)
    lower = [cell for cell, said in verdicts.items() if said == "lower"]
    told = [f"{number} {said}" for said, number in Counter(verdicts.values()).items()]
    told += [f"furthest {_named(further)}, by {gains[further]:.2f}"] if further else []
    told += [f"lower: {', '.join(map(_named, lower))}"] if lower else []
    slowest = max(single, key=single.__getitem__)
    allowed = WORTH * most * single[slowest]
    return [
        Measured(
            workload=f"choice among {len(cells)} normal mixtures, {name}: cells with a lower maximum than mclust's",
            peer="mclust 6",
            ratio=None,
            ours=len(lower),
            theirs=0,
            unit="cells",
            target="none",
            met=not lower,
            note="; ".join([*told, found.choice.sentence]),
        ),
        Measured(
            workload=f"choice among {len(cells)} normal mixtures, {name}: all of them",
            peer=f"the slowest single fit ({_named(slowest)}), {WORTH} x {most} times",
            ratio=allowed / took,
            ours=1e3 * took,
            theirs=1e3 * allowed,
            target="ratio >= 1",
            met=took <= allowed,
            note=f"CPU time; all single fits one after the other: {sum(single.values()):.1f} s",
        ),
    ]


def run(quick: bool) -> list[Measured]:
    """Both data sets; in quick runs one, four forms and three components."""
    every = list(dict.fromkeys(form for form, _ in of_mclust("iris")))
    if quick:
        return compared("faithful", 3, ["EII", "EEE", "VVE", "VVV"])
    return [line for name in ("iris", "faithful") for line in compared(name, 9, every)]


def page() -> str:
    """By how much each cell of both tables is better."""
    parts = [HEAD]
    for name, title in (("iris", "Iris: 150 flowers, 4 columns"), ("faithful", "Old Faithful: 272 eruptions, 2 columns")):
        theirs = of_mclust(name)
        forms, numbers = (list(dict.fromkeys(part)) for part in zip(*theirs, strict=True))
        _, found = cpu_seconds(partial(grid, name, numbers, forms))
        cells = {(line.label, line.cell.components): line for line in found.lines}
        lines = [f"| {form} | " + " | ".join(_gain(cells[form, k], theirs[form, k]) for k in numbers) + " |" for form in forms]
        head = ["| | " + " | ".join(map(str, numbers)) + " |", "|---|" + "---:|" * len(numbers)]
        parts.append("\n".join([f"## {title}", "", found.choice.sentence, "", *head, *lines, ""]))
    return "\n".join(parts)


def _gain(line: Any, theirs: float) -> str:
    if line.trouble:
        return "!"
    said = verdict(line, theirs)
    return "=" if said == "equal" else "new" if np.isnan(theirs) else f"{theirs - line.value('bic'):.2f}"


HEAD = """# Beside mclust: 14 forms, 1 to 9 components

By how much the BIC of `ek.select(ek.GaussianMixture(random_state=0), x, range(1, 10), grid={"covariance_type": [...]})` is
lower (better) than that of mclust 6.0 with its own starts and EM run to 1e-12. `=`: equal to 1e-6. new: mclust has no fit
there. `!`: no sound fit here. A negative number would be a maximum that was missed. Written by
`python -m benchmarks.workloads.choosing`.
"""


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "mclust.md").write_text(page())
