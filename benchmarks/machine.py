"""What this machine can do, measured in the same run as the workloads."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from benchmarks.paired import median_seconds
from emkit.core.mapreduce import usable_cores

PACKAGES = (
    "emkit",
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "stepmix",
    "hmmlearn",
    "em-fit",
    "torch",
    "statsmodels",
    "pykalman",
)


@dataclass(frozen=True)
class Limits:
    """Rates of one thread: flops/s of a large dgemm, seconds of one vectorised exponential, bytes/s read from memory."""

    dgemm: float
    exponential: float
    bandwidth: float

    def seconds(self, flops: float, exponentials: float, threads: int) -> float:
        """The least time for so many flops of matrix products and so many exponentials, spread over `threads`."""
        return (flops / self.dgemm + exponentials * self.exponential) / threads


@cache
def limits() -> Limits:
    """Measure the limits (about a second)."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 1024, 1024))
    x = -rng.exponential(5, 1 << 16)
    out = np.empty_like(x)
    long = np.ones(1 << 25)
    with threadpool_limits(1):
        product = median_seconds(lambda: np.dot(a, b, out=c), 9)
        exponential = median_seconds(lambda: np.exp(x, out=out), 51)
        read = median_seconds(lambda: long.sum(), 5)
    return Limits(2 * 1024**3 / product, exponential / len(x), long.nbytes / read)


def description() -> str:
    """The machine and the versions, for the head of the results."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} -")
    cpu = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.processor())
    found_limits = limits()
    return (
        f"{cpu}, {usable_cores()} cores; Python {platform.python_version()}; {', '.join(found)}. "
        f"One thread: dgemm {found_limits.dgemm / 1e9:.0f} Gflop/s, exp {found_limits.exponential * 1e9:.2f} ns, "
        f"reads {found_limits.bandwidth / 1e9:.0f} GB/s."
    )


def _cpuinfo() -> list[str]:
    path = "/proc/cpuinfo"
    if not os.path.exists(path):
        return []
    with open(path) as lines:
        return lines.readlines()
