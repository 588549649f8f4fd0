"""One row of the passes through a sequence, worked out: every number as arithmetic with its numbers filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from emkit.explain import chain_formulas as formulas
from emkit.explain.passes import Passes
from emkit.formulas.expressions import Expression, Given, Quotient, Sum
from emkit.formulas.numerals import four_decimals, plain, significant


class Written(NamedTuple):
    """`letter` (alpha, c, beta, gamma or xi) of some `states` = `arithmetic` = `value`."""

    letter: str
    states: tuple[int, ...]
    arithmetic: str
    value: float


def written(passes: Passes, t: int) -> Iterator[Written]:
    """The lines of the row at place `t` of the sequence: alpha, c, beta, gamma, and xi of it and the next row."""
    return _Row(passes, t).lines()


@dataclass(frozen=True)
class _Row:
    passes: Passes
    t: int

    def lines(self) -> Iterator[Written]:
        found, t, states = self.passes, self.t, range(self.passes.states)
        joints = [formulas.joint(self._before(k), self._density(k, t)) for k in states]
        yield self._line("c", (), Sum(tuple(joints)))
        yield from (self._line("alpha", (k,), Quotient(joints[k], self._scale(t))) for k in states)
        yield from (self._line("beta", (k,), self._backward(k)) for k in states)
        yield from (self._line("gamma", (k,), formulas.share(self._forward(k, t), self._later(k, t))) for k in states)
        if t + 1 < found.length:
            yield from (self._line("xi", (j, k), self._pair(j, k)) for j in states for k in states)

    def _line(self, letter: str, states: tuple[int, ...], expression: Expression) -> Written:
        value = float(expression.value({}))
        return Written(letter, states, expression.text({}, lambda name, number: WRITE[name](number)), value)

    def _before(self, k: int) -> Expression:
        if self.t == 0:
            return Given("move", float(self.passes.initial[k]))
        states = range(self.passes.states)
        return formulas.ahead([self._forward(j, self.t - 1) for j in states], [self._move(j, k) for j in states])

    def _backward(self, k: int) -> Expression:
        after = self.t + 1
        if after == self.passes.length:
            return Given("beta", 1.0)
        states = range(self.passes.states)
        moves, densities = [self._move(k, j) for j in states], [self._density(j, after) for j in states]
        return formulas.backward(moves, densities, [self._later(j, after) for j in states], self._scale(after))

    def _pair(self, j: int, k: int) -> Expression:
        here, after = self._forward(j, self.t), self.t + 1
        return formulas.pair(here, self._move(j, k), self._density(k, after), self._later(k, after), self._scale(after))

    def _move(self, j: int, k: int) -> Given:
        return Given("move", float(self.passes.transitions[j, k]))

    def _density(self, k: int, t: int) -> Given:
        return Given("density", float(self.passes.density[t, k]))

    def _forward(self, k: int, t: int) -> Given:
        return Given("alpha", float(self.passes.forward[t, k]))

    def _later(self, k: int, t: int) -> Given:
        return Given("beta", float(self.passes.backward[t, k]))

    def _scale(self, t: int) -> Given:
        return Given("c", float(self.passes.scale[t]))


def _later_number(value: float) -> str:
    """A backward number, which at the end of a sequence is 1."""
    return "1" if abs(value - 1) < ROUNDING else four_decimals(value) if 1e-3 <= value < 1e4 else significant(value)


ROUNDING = 1e-12
WRITE = {"move": plain, "density": plain, "alpha": four_decimals, "beta": _later_number, "c": plain}
