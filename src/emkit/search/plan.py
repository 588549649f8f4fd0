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

    Measured on fifteen problems whose highest maximum is hard to find, and on five more that were chosen before: see
    `benchmarks.problems`.
    """

    first: int = 8  # starts: if they come to one maximum at once, more are of no use
    brief: int = 8  # passes from every start: poor starts are told from good ones by then;
    again: int = 3  # times as many, while they all seem to have one limit:
    agreeing: float = 1.0  # of log-likelihood at most is between the limits, as far as the gains tell them
    race: tuple[Stage, ...] = (Stage(11, 0.5), Stage(23, 0.2))  # of 10 starts that reach the best maximum, 9 come so far
    followed: int = 4  # maxima of the race, side by side, until they are known roughly:
    passes: int = 47  # at a time,
    further: int = 5  # times at most: where nearly all runs end on spikes, those that do not are found late
    faith: float = 5.0  # times the gain that seems to be left: no run is expected to gain more
    moves: int = 24  # from where the best is, at a time,
    moved: tuple[Stage, ...] = (Stage(11, 1.0), Stage(23, 1 / 4))  # raced like starts, since most lead down again
    rounds: int = 3  # of moves in turn that lead no higher: then no more are tried;
    most_rounds: int = 12  # where each leads higher, or none has led to a sound maximum
    rows_a_number: float = 0.5  # that is estimated: from fewer, where all ends are spikes, there are no moves
    returns: int = 4  # moves that lead back to the best maximum: then one round is enough,
    common: float = 0.5  # and if so many of the starts came to it by themselves
    resort: int = 6  # sound runs that are followed one after the other, as long as each of them ends on a spike
    look: int = 16  # steps of a long run, after which it is seen whether it has come to a spike
    rough: float = ROUGH / 10  # log-likelihood left to gain, when a maximum is known roughly: saddles look like one for long
    same: float = 10 * ROUGH  # between runs that are known roughly and found one maximum
    close: int = 3  # maxima of a sample may yet be the highest of the whole, if they are no further behind the best than
    lead: float = 20.0  # this, or
    errors: float = 3.0  # standard errors of the difference, as far as the rows of the sample tell it
    rows_a_parameter: int = 2  # of the sample on which large data are searched,
    least_rows: int = 4_000
    most_rows: int = 10_000
    most: int = 60  # starts, where all of them together have at most so many
    cheap: int = 10_000_000  # rows x free parameters;
    usual: int = 20  # starts, and
    usual_moves: int = 8  # where they have more, up to
    work: int = 400_000_000
    fewest: int = 4

    def starts(self, rows: int, free_parameters: int) -> int:
        """How many starts to try: 60 for small problems, 20 for larger ones; fewer, but at least 4, where each costs a lot."""
        each = min(rows, self.sampled(free_parameters)) * max(free_parameters, 1)
        return max(self.fewest, min(self.work // each, self.usual), min(self.cheap // each, self.most))

    def moves_of(self, rows: int, free_parameters: int) -> int:
        """How many moves to try at a time: fewer than starts where each costs a lot, but those that promise to pay."""
        each = 4 * rows * max(free_parameters, 1)
        return max(min(self.work // each, self.usual_moves), min(self.cheap // each, self.moves))

    def sampled(self, free_parameters: int) -> int:
        """The rows of the sample on which large data are searched."""
        return min(max(self.rows_a_parameter * free_parameters, self.least_rows), self.most_rows)


PLAN = Plan()
MOST_STARTS = 100_000  # that can be asked for: a hundred times as many as hard problems are given, and they fit into memory


def unit(source: RowSource) -> float:
    """What counts as 1 in log-likelihoods: less where weights are fractions, so that their scale does not matter."""
    return min(1.0, source.total_weight / source.rows)
