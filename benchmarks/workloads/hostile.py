"""520 hostile inputs for a Gaussian mixture, 26 kinds of 20 seeds: the answer is right, or a refusal in words.

An answer is wrong if the log-likelihood that is told is not that of the parameters that are told (worked out row by row in
longer numbers), if a covariance is not positive definite, or if proportions do not sum to 1; opaque if the error is none of
ours; NaN if some number is. Inputs that only lack a unit, an origin or an order must give the answer of the plain ones.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.longer_numbers import log_sum, normal_log_density
from benchmarks.paired import Measured
from emkit.errors import EmkitError

SEEDS = 20
CLOSE = 1e-6  # of the log-likelihood, relative: what a told one may be off by
Rng = np.random.Generator
Given = tuple[Any, int, dict[str, Any]]  # data, components, options of `fit`


def clusters(rng: Rng, rows: int = 120, columns: int = 3) -> np.ndarray:
    """Three clusters, some standard deviations apart."""
    return rng.normal(size=(rows, columns)) + 4 * rng.integers(3, size=(rows, 1))


def scaled(factor: float, rng: Rng) -> Given:
    return clusters(rng) * factor, 3, {}


def shifted(by: float, rng: Rng) -> Given:
    return clusters(rng) + by, 3, {}


def replaced(value: Any, rng: Rng) -> Given:
    x = clusters(rng)
    x[rng.integers(len(x)), rng.integers(x.shape[1])] = value
    return x, 3, {}


def constant(value: float, rng: Rng) -> Given:
    return np.column_stack([clusters(rng), np.full(120, value)]), 3, {}


def collinear(noise: float, rng: Rng) -> Given:
    x = clusters(rng)
    return np.column_stack([x, x.sum(axis=1) + noise * rng.normal(size=len(x))]), 3, {}


def mixed_units(rng: Rng) -> Given:
    return clusters(rng) * 10.0 ** rng.integers(-9, 9, size=3), 3, {}


def few_rows(rows: int, rng: Rng) -> Given:
    return rng.normal(size=(rows, 3)), 3, {}


def repeated(times: int, rng: Rng) -> Given:
    return np.repeat(clusters(rng, 12), times, axis=0), 3, {}


def one_value(rng: Rng) -> Given:
    return np.full((50, 2), rng.normal()), 2, {}


def spike(rows: int, rng: Rng) -> Given:
    return np.concatenate([clusters(rng), np.full((rows, 3), 9.0 + rng.normal())]), 4, {}


def zeros(rng: Rng) -> Given:
    x = clusters(rng)
    x[rng.random(len(x)) < 0.4, 1] = 0.0
    return x, 3, {}


def outlier(rng: Rng) -> Given:
    x = clusters(rng)
    x[0] = 1e15
    return x, 3, {}


def heavy(rng: Rng) -> Given:
    return rng.standard_cauchy((120, 2)), 3, {}


def wide(rng: Rng) -> Given:
    return rng.normal(size=(12, 30)), 2, {}


def narrow_type(kind: str, rng: Rng) -> Given:
    return (clusters(rng) * 20 + 100).astype(kind), 3, {}


def far_floats(rng: Rng) -> Given:
    return (clusters(rng) + 9999).astype(np.float32), 3, {}


def weighted(weights: Callable[[Rng, int], np.ndarray], rng: Rng) -> Given:
    x = clusters(rng)
    return x, 3, {"sample_weight": weights(rng, len(x))}


def too_many(rng: Rng) -> Given:
    return np.repeat(rng.normal(size=(4, 2)), 10, axis=0), 8, {}


KINDS: dict[str, Callable[[Rng], Given]] = {
    "scale 1e-150": partial(scaled, 1e-150),
    "scale 1e-12": partial(scaled, 1e-12),
    "scale 1e12": partial(scaled, 1e12),
    "scale 1e160": partial(scaled, 1e160),
    "shift 1e8": partial(shifted, 1e8),
    "NaN": partial(replaced, np.nan),
    "infinity": partial(replaced, -np.inf),
    "constant column 0": partial(constant, 0.0),
    "constant column 1e-4": partial(constant, 1e-4),
    "constant column 1e9": partial(constant, 1e9),
    "collinear": partial(collinear, 0.0),
    "collinear but for 1e-7": partial(collinear, 1e-7),
    "units from 1e-9 to 1e8": mixed_units,
    "two rows": partial(few_rows, 2),
    "five rows": partial(few_rows, 5),
    "rows ten times": partial(repeated, 10),
    "one value": one_value,
    "three equal rows": partial(spike, 3),
    "forty equal rows": partial(spike, 40),
    "zeros in a column": zeros,
    "an outlier of 1e15": outlier,
    "Cauchy": heavy,
    "more columns than rows": wide,
    "int16": partial(narrow_type, "int16"),
    "float32 + 9999": far_floats,
    "weights that are shares": partial(weighted, lambda rng, n: rng.dirichlet(np.ones(n))),
}


def told(result: ek.Result, x: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """The log-likelihood that a result tells, and that of its parameters: rows by the cells that they have, in 80-bit sums."""
    p, there = result.params, result.params.proportions > 0
    density = normal_log_density(p.components.means[there], p.components.covariances[there], np.asarray(x, dtype=np.float64))
    return result.log_likelihood, float(weights @ log_sum((np.log(p.proportions[there]) + density).T))


def verdict(given: Given, seed: int) -> str:
    """What became of one input."""
    x, components, options = given
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = ek.GaussianMixture(components, random_state=seed).fit(x, **options).result_
    except EmkitError as error:
        return "refused" if len(str(error)) > 20 else "opaque"
    except Exception:  # noqa: BLE001
        return "opaque"
    p = result.params
    numbers = [result.log_likelihood, *p.proportions, *p.components.means.ravel(), *p.components.covariances.ravel()]
    if not np.isfinite(numbers).all():
        return "NaN"
    try:
        said, found = told(result, x, options.get("sample_weight", np.ones(len(x))))
    except np.linalg.LinAlgError:
        return "wrong"
    return "right" if abs(said - found) <= CLOSE * (1 + abs(found)) and abs(p.proportions.sum() - 1) < 1e-9 else "wrong"


def run(quick: bool) -> list[Measured]:
    """Every kind with 20 seeds (2 in quick runs); and how far a constant column is from equivariant."""
    seeds = 2 if quick else SEEDS
    by_kind = {kind: judged(kind, make, verdict, seeds) for kind, make in KINDS.items()}
    refused = ", ".join(f"{kind} {c['refused']}" for kind, c in by_kind.items() if c["refused"])
    return [*counted(by_kind, "Gaussian inputs", ("wrong", "opaque", "NaN"), f" ({refused})"), _equivariant(seeds)]


def judged(kind: str, make: Callable[[Rng], Any], verdict: Callable[[Any, int], str], seeds: int) -> Counter[str]:
    """What came of one kind of input, of so many seeds."""
    return Counter(verdict(make(np.random.default_rng([seed, len(kind)])), seed) for seed in range(seeds))


def counted(
    by_kind: Mapping[str, Counter[str]], inputs: str, faults: Sequence[str], refused: str = ""
) -> list[Measured]:  # fmt: skip
    """A line for each fault, of which there must be none; the first one also says what else came of hostile `inputs`."""
    found = sum(by_kind.values(), Counter[str]())
    odd = ", ".join(
        f"{kind}: {what} {n}" for kind, c in by_kind.items() for what, n in c.items() if what not in ("right", "refused")
    )
    note = f"{found['right']} right, {found['refused']} refused in words{refused}" + (f"; {odd}" if odd else "")
    return [
        Measured(
            workload=f"{found.total()} hostile {inputs}: {what}",
            peer="–",
            ratio=None,
            ours=float(found[what]),
            unit="inputs",
            target="0",
            met=found[what] == 0,
            note=note if what == faults[0] else "",
        )
        for what in faults
    ]


def _equivariant(seeds: int) -> Measured:
    """Constant columns of other values and units: the log-likelihood moves by the logarithm of the unit, and no more."""
    moved, worst = 0, 0.0
    for seed in range(seeds):
        for value in (1e-4, 1.0, 1e9):
            x, k, _ = constant(value, np.random.default_rng(seed))
            heights = []
            for unit in (1.0, 1e-6, 1e6):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    y = x * np.where(np.arange(x.shape[1]) == x.shape[1] - 1, unit, 1.0)
                    heights.append(
                        ek.GaussianMixture(k, random_state=seed).fit(y).result_.log_likelihood + len(x) * np.log(unit)
                    )
            off = float(np.ptp(heights)) / (1 + abs(heights[0]))
            moved, worst = moved + int(off > CLOSE), max(worst, off)
    return Measured(
        workload=f"{3 * seeds} fits with a constant column in three units: fits that moved",
        peer="–",
        ratio=None,
        ours=float(moved),
        unit="fits",
        target="0",
        met=not moved,
        note=f"largest move {worst:.0e} relative",
    )
