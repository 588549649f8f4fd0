"""The numbers that a search goes by, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from emkit.core.stopping import ROUGH
from emkit.data.source import RowSource


class Stage(NamedTuple):
    """So many EM `passes`, made by this `share` of the runs: the better ones."""

    passes: int
    share: float


@dataclass(frozen=True)
class Plan:
    """How a search spends its passes over the data.

    Measured on fifteen problems whose highest maximum is hard to find, from 20 seeds each: half of the fits find it, where
    short runs of every start alone and three moves of the best found a third.
    """

    first: int = 8  # starts: if they come to one maximum at once, more are of no use
    brief: int = 9  # passes from every start: poor starts are told from good ones by then;
    again: int = 3  # times as many, while they all seem to have one limit:
    agreeing: float = 1.0  # of log-likelihood at most is between the limits, as far as the gains tell them
    race: tuple[Stage, ...] = (Stage(12, 0.4), Stage(20, 0.2))
    followed: int = 3  # of the race, one by one, until their maxima are known roughly
    steps: int = 60  # of SQUAREM at most, until then
    faith: float = 5.0  # times the gain that seems to be left: no run is expected to gain more
    moves: int = 8  # from where the best is, at a time: fewer where each of them costs a lot, but those that promise to pay,
    moved: tuple[Stage, ...] = (Stage(12, 1.0), Stage(24, 1 / 3))  # raced like starts, since most lead down again
    rounds: int = 2  # of moves: most of what they find, the first two do;
    common: float = 0.5  # one round, if so many of the starts came to the best maximum by themselves
    resort: int = 6  # sound runs that are followed one after the other, as long as each of them ends on a spike
    look: int = 16  # steps of a long run, after which it is seen whether it has come to a spike
    rough: float = ROUGH  # log-likelihood left to gain, when a maximum is known roughly
    same: float = 10 * ROUGH  # between runs that are known roughly and found one maximum
    close: int = 3  # maxima of a sample may yet be the highest of the whole, if they are no further behind the best than
    lead: float = 20.0  # this, or
    errors: float = 3.0  # standard errors of the difference, as far as the rows of the sample tell it
    rows_a_parameter: int = 2  # of the sample on which large data are searched,
    least_rows: int = 4_000
    most_rows: int = 10_000
    work: int = 400_000_000  # rows x free parameters of all starts together,
    fewest: int = 4
    most: int = 20  # starts

    def starts(self, rows: int, free_parameters: int) -> int:
        """How many starts to try: 20 for small problems; fewer, but at least 4, where each of them costs a lot."""
        rows = min(rows, self.sampled(free_parameters))
        return min(max(self.work // (rows * max(free_parameters, 1)), self.fewest), self.most)

    def moves_of(self, rows: int, free_parameters: int) -> int:
        """How many moves to try at a time: all of them may cost half of what the starts may."""
        return min(self.work // (4 * rows * max(free_parameters, 1)), self.moves)

    def sampled(self, free_parameters: int) -> int:
        """The rows of the sample on which large data are searched."""
        return min(max(self.rows_a_parameter * free_parameters, self.least_rows), self.most_rows)


PLAN = Plan()
MOST_STARTS = 100_000  # that can be asked for: a hundred times as many as hard problems are given, and they fit into memory


def unit(source: RowSource) -> float:
    """What counts as 1 in log-likelihoods: less where weights are fractions, so that their scale does not matter."""
    return min(1.0, source.total_weight / source.rows)
