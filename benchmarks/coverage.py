"""How often do 95 % intervals cover the truth? Data sets are drawn in parts, which a later run does not repeat.

    python -m benchmarks.coverage --sets 1000              every design, 50 data sets a part
    python -m benchmarks.coverage --sets 200 --only normals
    python -m benchmarks.coverage --sets 0                 only the table

Every part leaves a line in coverage.jsonl, and docs/coverage.md is written from all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import emkit as ek
from emkit.families.categorical import CategoricalParams, LevelShares

HERE = Path(__file__).parent
KEPT, PAGE = HERE / "coverage.jsonl", HERE.parent / "docs" / "coverage.md"
PART = 50  # data sets whose counts are one line
LARGE = 2_000_000  # rows whose estimates stand for what a wrong model comes to with ever more rows
Methods = dict[str, Callable[[Any], Any]]
WALD: Methods = {"wald": lambda fit: fit.confidence_intervals()}
ROBUST: Methods = {"wald, robust": lambda fit: fit.confidence_intervals(kind="robust")}
PROFILE: Methods = {"profile": lambda fit: fit.confidence_intervals(method="profile")}


@dataclass(frozen=True)
class Design:
    """Data sets `drawn` by a random generator, each fitted by `model` from `target`, which the intervals should cover."""

    title: str
    model: Any
    target: Callable[[], Any]
    drawn: Callable[[np.random.Generator], np.ndarray]
    methods: Methods


def of(model: Any, truth: Any, rows: int) -> Callable[[np.random.Generator], np.ndarray]:
    """Rows of a model at its truth."""
    return lambda rng: model.draw(truth, rng, rows)[0]


def heavy(rng: np.random.Generator, rows: int = 500) -> np.ndarray:
    """Two clusters whose rows are no normals: t with 5 degrees of freedom."""
    return np.where(rng.random(rows) < 0.6, 0.0, 6.0)[:, None] + rng.standard_t(5, (rows, 1))


@cache
def nearest() -> Any:
    """The two normals that come nearest to these clusters, from one large sample."""
    x = heavy(np.random.default_rng(20_001), LARGE)
    start = ek.MixtureParams([0.6, 0.4], ek.DiagonalGaussianParams([[0.0], [6.0]], [[1.7], [1.7]]))
    return ek.fit(ek.Mixture(ek.DiagonalGaussian()), x, start, solver="anderson").params


COINS, COINS_TRUTH = ek.Mixture(ek.Binomial(trials=10)), ek.MixtureParams([0.4, 0.6], ek.SuccessParams([[0.25], [0.7]]))
NORMALS = ek.Mixture(ek.DiagonalGaussian())
NORMALS_TRUTH = ek.MixtureParams([0.4, 0.6], ek.DiagonalGaussianParams([[0.0], [3.0]], [[1.0], [1.0]]))
ITEMS = ek.Mixture(ek.Categorical((2,) * 6))
LOW, HIGH = [0.2, 0.3, 0.25, 0.15, 0.3, 0.2], [0.8, 0.7, 0.75, 0.85, 0.6, 0.8]
ITEMS_TRUTH = ek.MixtureParams(
    [0.4, 0.6], CategoricalParams(tuple(LevelShares([[1 - a, a], [1 - b, b]]) for a, b in zip(LOW, HIGH, strict=True)))
)
DESIGNS = {
    "binomials": Design(
        "two binomials of 10 tosses, n = 200",
        COINS,
        lambda: COINS_TRUTH,
        of(COINS, COINS_TRUTH, 200),
        {**WALD, **ROBUST, **PROFILE},
    ),
    "normals": Design(
        "two normals 3 standard deviations apart, n = 500",
        NORMALS,
        lambda: NORMALS_TRUTH,
        of(NORMALS, NORMALS_TRUTH, 500),
        {**WALD, **ROBUST, **PROFILE},
    ),
    "classes": Design(
        "two latent classes, six items of two levels, n = 500", ITEMS, lambda: ITEMS_TRUTH, of(ITEMS, ITEMS_TRUTH, 500), WALD
    ),
    "heavy": Design(
        "two normals fitted to clusters of t with 5 degrees of freedom, n = 500", NORMALS, nearest, heavy, {**WALD, **ROBUST}
    ),
}


def counted(name: str, first: int, sets: int) -> dict[str, Any]:
    """Of some data sets of a design: by method and parameter, how many intervals there were, and how many covered."""
    design = DESIGNS[name]
    target = design.target()
    coordinates = design.model.coordinates(target)
    truth = dict(zip(coordinates.entry_names(target), coordinates.entries(target), strict=True))
    counts = {method: {entry: [0, 0] for entry in truth} for method in design.methods}
    for number in range(first, first + sets):
        x = design.drawn(np.random.default_rng([number, *name.encode()]))
        fit = ek.fit(design.model, x, target, solver="anderson")
        for method, intervals in design.methods.items():
            found = intervals(fit)
            for entry, value in truth.items():
                low, high = found[entry]
                counts[method][entry][0] += bool(np.isfinite(low))
                counts[method][entry][1] += bool(low <= value <= high)
    return {"design": name, "first": first, "sets": sets, "counts": counts}


def kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []


def table(lines: list[dict[str, Any]]) -> str:
    """The page."""
    rows = []
    for name, design in DESIGNS.items():
        mine = [line for line in lines if line["design"] == name]
        for method in design.methods if mine else ():
            sums: dict[str, np.ndarray] = {}
            for line in mine:
                for entry, pair in line["counts"].get(method, {}).items():
                    sums[entry] = sums.get(entry, np.zeros(2)) + pair
            sets = sum(line["sets"] for line in mine)
            shares = {entry: covered / max(there, 1) for entry, (there, covered) in sums.items()}
            mean = np.mean(list(shares.values()))
            least, most = min(shares.values()), max(shares.values())
            none = 1 - sum(there for there, _ in sums.values()) / (sets * len(sums))
            rows.append(f"| {design.title} | {method} | {sets:,} | {mean:.1%} | {least:.1%} to {most:.1%} | {none:.1%} |")
    return "\n".join([*HEAD, *rows, ""])


HEAD = """# How often intervals cover the truth

Of so many data sets drawn from a known truth, the share whose 95 % interval holds it: the mean over the parameters, and the
parameters with the least and the most. Of 200 data sets, 95 % comes out between 92 % and 98 % for each parameter by chance
alone, of 1,000 between 93.6 % and 96.4 %. Fits start at the truth, so that components keep their order. `make coverage`
writes this page; it goes on where it was left. No interval: the estimate lay on a boundary, or the information was singular.

Where the model is wrong (the last design), the truth is what the fit comes to with ever more rows: here, of 2,000,000.

| design | intervals | data sets | covered | by parameter | no interval |
|---|---|---:|---:|---:|---:|""".splitlines()


def main() -> int:
    """Draw what is not there yet, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--sets", type=int, default=1000, help="data sets of each design")
    parser.add_argument("--only", default="", help="only designs whose name contains this")
    options = parser.parse_args()
    there = {(line["design"], line["first"]) for line in kept()}
    for name in DESIGNS:
        for first in range(0, options.sets if options.only in name else 0, PART):
            if (name, first) not in there:
                line = json.dumps(counted(name, first, PART))
                with KEPT.open("a") as file:
                    file.write(line + "\n")
                print(f"{name} {first}", file=sys.stderr, flush=True)
    PAGE.write_text(table(kept()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
