"""A link of the bridge: what was done, and the lines it leads to, with places for the numbers of a step."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emkit.core.json_types import Json
from emkit.explain.arithmetic import Update
from emkit.explain.steps import Step
from emkit.formulas.numerals import plain, significant

PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Link:
    """One link: its `name`, what is `said` of it, and its `lines`.

    Places in the lines: ``{k0}`` a state as the author calls it, ``{c0}`` its component, ``{s2}`` a parameter; of a step,
    ``{t1_0}`` count 1 for state 0, ``{r1_0}`` what each row adds to it, ``{w2_0}`` the sum over the rows, weighted by the
    responsibilities of state 0, that parameter 2 is the mean of, ``{u2}`` the arithmetic of parameter 2, ``{v2}`` its value,
    ``{n}`` the number of rows, ``{n1}`` the sum of count 1 over all states, and ``{a0_3_2_4_1}`` of count 0 that for state 3
    twice and that for state 4 once.
    """

    name: str
    said: str
    lines: tuple[str, ...]

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"name": self.name, "said": self.said, "lines": list(self.lines)}


@dataclass(frozen=True)
class Numbers:
    """The names of states and parameters and the numbers of one step, for the places in lines."""

    states: tuple[str, ...]
    step: Step

    def fill(self, line: str) -> str:
        """A line with its places filled in."""
        return PLACE.sub(lambda place: self._at(place[1]), line)

    def _at(self, place: str) -> str:
        kind, numbers = place[0], [int(number) for number in place[1:].split("_") if number]
        match kind, numbers:
            case "k", [k]:
                return self.states[k]
            case "c", [k]:
                return self.step.components[k]
            case "s", [entry]:
                return list(self.step.after)[entry]
            case "t", [n, k]:
                return self._amount(n, float(self.step.tallies[n].values[k]))
            case "r", [n, k]:
                return " + ".join(self._amount(n, float(row.tallies[n].values[k])) for row in self.step.rows)
            case "w", [entry, k]:
                return significant(self._update(entry).computed * float(self.step.tallies[0].values[k]), 5)
            case "u", [entry]:
                return self._update(entry).substituted
            case "v", [entry]:
                return significant(self._update(entry).computed)
            case "a", [n, *times]:
                values = self.step.tallies[n].values
                return self._amount(n, sum(float(values[k]) * often for k, often in zip(times[::2], times[1::2], strict=True)))
            case _:
                return plain(float(self.step.tallies[numbers[0] if numbers else 0].values.sum()))

    def _amount(self, n: int, value: float) -> str:
        return self.step.tallies[n].amount(value)

    def _update(self, entry: int) -> Update:
        symbol = list(self.step.after)[entry]
        return next(update for update in self.step.updates if update.symbol == symbol)
