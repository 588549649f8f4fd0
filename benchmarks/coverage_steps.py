"""Latent classes in one, two and three steps: how far estimates lie from the truth, and how often 95 % intervals cover it.

    python -m benchmarks.coverage_steps --sets 500

Data sets come in parts, never repeated: every part leaves a line in coverage_steps.jsonl, and `--sets 0` prints the table of
all that are there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import emkit as ek
from emkit.families.categorical import CategoricalParams, LevelShares

KEPT = Path(__file__).parent / "coverage_steps.jsonl"
PART = 10  # data sets whose counts are one line
ROWS, ITEMS = 1000, 6
YES = np.array([[0.8] * 6, [0.8] * 3 + [0.2] * 3, [0.2] * 6])  # of each class
GATES = np.array([[0.0, 0.0], [-0.2, 0.5], [0.3, 1.0]])  # log-odds of each class against the first: intercept, age
MEANS = np.array([0.0, 0.5, 1.0])  # of the outcome, whose variance is 1
METHODS: dict[str, dict[str, Any]] = {
    "one step": {"steps": 1},
    "two steps": {"steps": 2},
    "three steps, modal, ML": {"steps": 3, "correction": "ML"},
    "three steps, modal, BCH": {"steps": 3, "correction": "BCH"},
    "three steps, proportional, ML": {"steps": 3, "correction": "ML", "assignment": "proportional"},
    "three steps, proportional, BCH": {"steps": 3, "correction": "BCH", "assignment": "proportional"},
    "three steps, modal, uncorrected": {"steps": 3, "correction": None},
}


def drawn(rng: np.random.Generator) -> pd.DataFrame:
    """Answers, age and income of people of three classes."""
    age = rng.normal(size=ROWS)
    odds = np.exp(np.column_stack([np.ones(ROWS), age]) @ GATES.T)
    ends = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
    classes = (rng.random((ROWS, 1)) > ends).sum(axis=1)
    answers = np.where(rng.random((ROWS, ITEMS)) < YES[classes], "yes", "no")
    frame = pd.DataFrame(answers, columns=[f"item {j + 1}" for j in range(ITEMS)])
    return frame.assign(age=age, income=MEANS[classes] + rng.normal(size=ROWS))


def start() -> ek.MixtureParams:
    """The truth, so that classes keep their order."""
    shares = tuple(LevelShares(np.column_stack([1 - yes, yes])) for yes in YES.T)
    return ek.MixtureParams([0.3, 0.3, 0.4], CategoricalParams(shares))


def truth(names: tuple[str, ...], income: int) -> dict[str, float]:
    """The true values of the gates and of the means of the outcome, which is part `income`, by name."""
    found = {f"gates[{k}, {j}]": GATES[k, j] for k in (1, 2) for j in (0, 1)}
    found |= {f"components.parts.{income}.means[{k}, 0]": MEANS[k] for k in range(3)}
    return {name: value for name, value in found.items() if name in names}


def counted(first: int, sets: int) -> dict[str, Any]:
    """Of some data sets: by method and parameter, the sum of its errors, how many intervals there were, how many covered."""
    counts: dict[str, dict[str, list[float]]] = {method: {} for method in METHODS}
    for number in range(first, first + sets):
        frame = drawn(np.random.default_rng([number, 17]))
        for method, settings in METHODS.items():
            model = ek.LatentClass(3, predictors="~ age", outcomes="income", start=start(), **settings).fit(frame)
            intervals, errors = model.result_.confidence_intervals(), model.result_.standard_errors()
            income = int(model.steps < 3)
            for name, value in truth(errors.names, income).items():
                low, high = intervals[name]
                estimate = errors.estimates[errors.names.index(name)]
                own = counts[method].setdefault(name.replace(f"parts.{income}", "income"), [0.0, 0, 0])
                own[0] += float(estimate - value)
                own[1] += bool(np.isfinite(low))
                own[2] += bool(low <= value <= high)
    return {"first": first, "sets": sets, "counts": counts}


def kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []


def table(lines: list[dict[str, Any]]) -> str:
    """For each method: the greatest mean error of a parameter, and the least, mean and greatest coverage."""
    sets = sum(line["sets"] for line in lines)
    rows = [f"| {sets} data sets | greatest mean error | coverage: mean | least | most |", "|---|---:|---:|---:|---:|"]
    for method in METHODS if sets else ():
        sums: dict[str, np.ndarray] = {}
        for line in lines:
            for name, values in line["counts"][method].items():
                sums[name] = sums.get(name, np.zeros(3)) + values
        errors = {name: error / sets for name, (error, _, _) in sums.items()}
        covered = [number / max(there, 1) for _, there, number in sums.values()]
        worst = max(errors, key=lambda name: abs(errors[name]))
        shown = f"{errors[worst]:+.3f} ({worst})"
        rows.append(f"| {method} | {shown} | {np.mean(covered):.1%} | {min(covered):.1%} | {max(covered):.1%} |")
    return "\n".join(rows)


def main() -> int:
    """Draw what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage_steps", description=__doc__)
    parser.add_argument("--sets", type=int, default=500, help="data sets, each fitted in every way")
    there = {line["first"] for line in kept()}
    for first in (first for first in range(0, parser.parse_args().sets, PART) if first not in there):
        line = json.dumps(counted(first, PART))
        with KEPT.open("a") as file:
            file.write(line + "\n")
    print(table(kept()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
