"""Data, families and numbers of components of which the highest maximum is hard to find, and the best maxima known.

Those of `KNOWN` are of wide-spread data sets. Those of `OWN` were chosen before the search was tuned, and their maxima are
those of `benchmarks.references`, or of the search where it went higher (wine). Where components can shrink, only maxima
without slivers count (see `emkit.families.spread`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

import emkit as ek

DATA = Path(__file__).parents[1] / "tests" / "oracles" / "data"


@dataclass(frozen=True)
class Problem:
    """Rows, a family and a number of components, and the highest maximum that is known."""

    name: str
    rows: Callable[[], np.ndarray]
    family: Any
    components: int
    best: float


def csv(path: Any) -> np.ndarray:
    """The columns of a file with a header line."""
    x = np.loadtxt(path, delimiter=",", skiprows=1)
    return x if x.ndim == 2 else x[:, None]


def faithful() -> np.ndarray:
    """Old Faithful, 272 x 2."""
    return csv(str(files("emkit.lessons") / "data" / "faithful.csv"))


def galaxies() -> np.ndarray:
    """82 velocities."""
    return csv(DATA / "gmm_galaxies.csv")


def eight_principal() -> np.ndarray:
    """The digits along their first eight principal directions."""
    x = datasets.load_digits().data
    centred = x - x.mean(axis=0)
    return centred @ np.linalg.svd(centred, full_matrices=False)[2][:8].T


def overlapping() -> np.ndarray:
    """400 rows of five normal clusters that overlap, of different shapes."""
    rng = np.random.default_rng(20)
    parts = []
    for rows in (40, 60, 80, 100, 120):
        root = rng.normal(size=(4, 2)) / 2
        parts.append(rng.normal(0, 2, 2) + rng.normal(size=(rows, 4)) @ root)
    return np.concatenate(parts)


def diabetes() -> np.ndarray:
    """Body mass, blood pressure and a serum value of 442 patients."""
    return datasets.load_diabetes(scaled=False).data[:, [2, 3, 8]]


def cancer_halves() -> np.ndarray:
    """Which of 30 measurements lie above their median, 569 rows."""
    x = datasets.load_breast_cancer().data
    return (x > np.median(x, axis=0)).astype(float)


def counts() -> np.ndarray:
    """300 rows of three counts, from five Poisson clusters."""
    rng = np.random.default_rng(21)
    rates = rng.gamma(2.0, 2.0, size=(5, 3))
    return rng.poisson(rates[rng.integers(5, size=300)]).astype(float)


KNOWN = [
    Problem("Old Faithful", faithful, ek.FullGaussian(), 3, -1114.43987),
    Problem("Old Faithful", faithful, ek.FullGaussian(), 4, -1106.03023),
    Problem("iris", lambda: datasets.load_iris().data, ek.FullGaussian(), 3, -180.18548),
    Problem("iris", lambda: datasets.load_iris().data, ek.FullGaussian(), 4, -157.24579),
    Problem("iris", lambda: datasets.load_iris().data, ek.DiagonalGaussian(), 5, -240.18661),
    Problem("galaxies", galaxies, ek.FullGaussian(), 4, -197.45376),
    Problem("galaxies", galaxies, ek.FullGaussian(), 5, -195.96966),
    Problem("galaxies", galaxies, ek.FullGaussian(), 6, -194.80116),
    Problem("wine", lambda: datasets.load_wine().data, ek.FullGaussian(), 3, -2768.94117),
    Problem("breast cancer", lambda: datasets.load_breast_cancer().data, ek.FullGaussian(), 2, 23008.49869),
    Problem("digits, 8 principal columns", eight_principal, ek.FullGaussian(), 10, -46791.38368),
    Problem("digits > 7.5", lambda: (datasets.load_digits().data > 7.5).astype(float), ek.Bernoulli(), 10, -34495.83232),
    Problem("wine", lambda: datasets.load_wine().data, ek.Gamma(), 4, -3147.49187),
]
OWN = [
    Problem("five overlapping clusters", overlapping, ek.FullGaussian(), 5, -1222.10082),
    Problem("diabetes", diabetes, ek.FullGaussian(), 4, -3233.84604),
    Problem("breast cancer > median", cancer_halves, ek.Bernoulli(), 6, -7392.72989),
    Problem("five clusters of counts", counts, ek.Poisson(), 5, -1993.82590),
    Problem("wine", lambda: datasets.load_wine().data, ek.DiagonalGaussian(), 5, -3121.98580),
]
PROBLEMS = [*KNOWN, *OWN]
