"""Timing two ways of doing the same thing, turn by turn in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

SETTLE = 0.1  # seconds in which threads that another library left spinning go to sleep


def seconds(run: Callable[[], Any], pause: float = SETTLE) -> float:
    """The time of one call, after a pause: linear-algebra threads of the call before wait busily for a while."""
    time.sleep(pause)
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def median_seconds(run: Callable[[], Any], times: int) -> float:
    """The median time of `times` calls without a pause, after one that does not count."""
    run()
    return statistics.median(seconds(run, 0.0) for _ in range(times))


@dataclass(frozen=True)
class Measured:
    """One line of the results: `ratio` is the peer's figure over ours, a median of pairs; `roofline` is ours over the limit.

    `at_least`: the ratio is a lower bound.
    """

    workload: str
    peer: str
    ratio: float | None
    roofline: float | None = None
    ours: float | None = None
    theirs: float | None = None
    unit: str = "ms"
    target: str = ""
    met: bool | None = None
    note: str = ""
    at_least: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For one JSON line."""
        return asdict(self)


def pairs(ours: Callable[[], Any], theirs: Callable[[], Any], count: int, burst: float = 0.0) -> tuple[float, float, float]:
    """Median seconds of ours and of theirs, and the median of the ratios of neighbours; each runs before that counts.

    Each side is called as often in a row as fills `burst` seconds, and the mean counts.
    """
    repeats = [max(1, round(burst / median_seconds(run, 1))) for run in (ours, theirs)]
    mine, other, ratios = [], [], []
    for _ in range(count):
        fast, slow = (_mean_seconds(run, times) for run, times in zip((ours, theirs), repeats, strict=True))
        mine.append(fast)
        other.append(slow)
        ratios.append(slow / fast)
    return statistics.median(mine), statistics.median(other), statistics.median(ratios)


def _mean_seconds(run: Callable[[], Any], times: int) -> float:
    """The mean time of some calls in a row."""
    return seconds(lambda: [run() for _ in range(times)]) / times
