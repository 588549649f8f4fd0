"""How long hidden states last: laws of the number of rows of a stay, and what is counted of stays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.climb import climb
from emkit.core.expected import Expected
from emkit.core.parameters import maximise_in_turn
from emkit.core.statistics import Additive
from emkit.data.profile import Profile
from emkit.data.source import ArraySource
from emkit.families.family import Family

AnyFamily = Family[Any, Any]
WHOLE = 1e-12  # of a law beyond the longest stay: with no more, its own maximiser is that of what is left of it
SHORTER = 0.7  # of the stays of a start, those that are longer by one row


@dataclass(frozen=True)
class Stays(Additive):
    """Expected numbers of `starts` (K,) in each state, of `moves` (K, K) from one to another, and of stays of 1, 2, ... rows.

    `ended` (K, D) were seen to their end; `cut` (K, D) were cut off by the end of their sequence after so many.
    """

    starts: Array
    moves: Array
    ended: Array
    cut: Array


class Law(NamedTuple):
    """Probabilities (K, D) of stays of 1, 2, ... D rows, and of stays that are no `shorter` (K, D)."""

    lasting: Array
    no_shorter: Array

    @property
    def ending(self) -> Array:
        """The probability (K, D) that a stay which has lasted so long ends there: 1 where none is that long."""
        some = self.no_shorter > 0
        return np.where(some, self.lasting / np.where(some, self.no_shorter, 1.0), 1.0)

    def completed(self, stays: Stays) -> Array:
        """How many stays (K, D) of each length are expected, those included that were cut off."""
        some = self.no_shorter > 0
        later = np.cumsum(np.where(some, stays.cut / np.where(some, self.no_shorter, 1.0), 0.0), axis=1)
        return stays.ended + self.lasting * later


@dataclass(frozen=True)
class Durations:
    """Stays of 1 to `longest` rows: what is beyond the first row is a count of `family`, given that it is no longer.

    All is asked of the family at the counts 0, 1, ... longest - 1, in one column.
    """

    family: AnyFamily
    longest: int

    @property
    def counts(self) -> Array:
        """What can be beyond the first row, shape (D, 1)."""
        return _counts(self.longest)

    def profile(self) -> Profile[ArraySource]:
        """That of stays as a start has them: each row is the last of some."""
        source = ArraySource(self.counts, SHORTER ** self.counts[:, 0])
        return source.coded(self.family.support.levels(source.profile)).profile

    def law(self, params: Any) -> Law:
        """The law at parameters of the family."""
        lasting = np.exp(self._logs(params))
        return Law(lasting, np.cumsum(lasting[:, ::-1], axis=1)[:, ::-1])

    def _logs(self, params: Any) -> Array:
        """The logarithms of the probabilities (K, D)."""
        logs = self.family.log_density(params, self.counts).T
        return np.asarray(logs - np.logaddexp.reduce(logs, axis=1)[:, None])

    def _beyond(self, params: Any) -> float:
        """The most of the family that is longer than the longest, of any state."""
        return float(-np.logaddexp.reduce(self.family.log_density(params, self.counts), axis=0).min())

    def expected(self, seen: Array, now: Any) -> Expected:
        """The log-likelihood of stays `seen` (K, D) of each length."""
        logs = self._logs(now)
        more = seen - seen.sum(axis=1, keepdims=True) * np.exp(
            logs
        )  # than the law has: what is cut off has a mean as its slope
        stats = self.family.statistics(now, self.counts, more.T)
        return Expected(float((seen * logs).sum()), self.family.expected(stats, now, now).slopes)

    def maximised(self, seen: Array, now: Any) -> Any:
        """The parameters with the greatest log-likelihood of stays `seen` (K, D), and none lower than `now`.

        Those that the family finds, where next to nothing of it is longer than the longest; else Newton's method goes on.
        """
        proposed = maximise_in_turn(self.family.updates(), self.family.statistics(now, self.counts, seen.T), now)
        heights = [self.expected(seen, params).value for params in (now, proposed)]
        best = proposed if heights[1] >= heights[0] else now
        if best is proposed and max(map(self._beyond, (now, proposed))) <= WHOLE:
            return proposed
        return climb(lambda params: self.expected(seen, params), best)


@lru_cache(64)
def _counts(longest: int) -> Array:
    counts = np.arange(longest, dtype=np.float64)[:, None]
    counts.flags.writeable = False
    return counts
