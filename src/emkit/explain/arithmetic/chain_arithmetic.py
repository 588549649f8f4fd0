"""The arithmetic of a hidden Markov chain: starts and moves here, the rest as its family describes itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emkit.data.chunk import Chunk
from emkit.explain.arithmetic.components_arithmetic import ComponentsArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.formulas.numerals import count, plain
from emkit.models.chains import Moves
from emkit.models.components import ComponentStats
from emkit.models.hidden_markov import AnyHiddenMarkovChain, HiddenMarkovParams

MOST_ADDED = 3  # moves whose sum is written out
AnyStats = ComponentStats[Any]


@dataclass(frozen=True)
class ChainArithmetic(ComponentsArithmetic):
    """initial = starts / sequences; transition = moves / all moves from there. The joint of a row is its density alone."""

    model: AnyHiddenMarkovChain

    @property
    def factors(self) -> tuple[str, ...]:
        return (self.family.formula,)

    def joint(self, k: int, chunk: Chunk, i: int) -> str:
        return self.density(k, chunk, i)

    def tallies(self, statistics: AnyStats) -> list[Tally]:
        """Visits of each state, starts in it, moves from it to each, and the totals of the family."""
        counted: Moves = statistics.belonging
        states = self.symbols.components
        names = [states[k] if k < len(states) else str(k) for k in range(len(counted.starts))]
        return [
            Tally("n", counted.starts + counted.moves.sum(axis=0), is_count=True),
            Tally("starts", counted.starts, is_count=True),
            *(Tally("moves", counted.moves[:, k], f"_to_{name}", is_count=True) for k, name in enumerate(names)),
            *self.totals(statistics.components),
        ]

    def updates(self, statistics: AnyStats, after: HiddenMarkovParams[Any]) -> Iterator[Update]:
        counted: Moves = statistics.belonging
        if "initial" in self.updated:
            every = float(counted.starts.sum())
            for k, starts in enumerate(map(float, counted.starts)):
                ratio = f"{count(starts)} / {plain(every)}"
                yield Update(self.symbols("initial", k), "starts / sequences", ratio, starts / every, float(after.initial[k]))
        if "transitions" in self.updated:
            yield from self._transitions(counted, after)
        yield from self.estimates(statistics.components, after)

    def _transitions(self, counted: Moves, after: HiddenMarkovParams[Any]) -> Iterator[Update]:
        for j, moves in enumerate(counted.moves):
            every = float(moves.sum())
            below = f"({' + '.join(map(count, moves))})" if len(moves) <= MOST_ADDED else count(every)
            for k, moved in enumerate(map(float, moves)):
                if every > 0 and self.before.transitions[j, k] > 0:
                    words, ratio = "moves / all moves from there", f"{count(moved)} / {below}"
                    value = float(after.transitions[j, k])
                    yield Update(self.symbols("transitions", j, k), words, ratio, moved / every, value)
