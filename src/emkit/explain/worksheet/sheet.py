"""A worksheet: the named lines of one EM step, each computed from those above it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import cached_property

from emkit.errors import ModelError
from emkit.explain.worksheet.mistakes import Mistake
from emkit.formulas.expressions import Expression, Number, as_fraction, names_in

SHORT = 10_000  # a fraction with a larger denominator tells a reader nothing


class Role(Enum):
    """What a line is in the step, in the order in which they are worked out."""

    DENSITY = "density"
    FORWARD = "forward probability"
    SCALE = "probability of a row"
    BACKWARD = "backward number"
    JOINT = "joint probability"
    SHARE = "responsibility"
    PAIR = "probability of a move"
    COUNT = "expected count of a row"
    TOTAL = "expected count"
    UPDATE = "update"
    LIKELIHOOD = "log-likelihood"


@dataclass(frozen=True)
class Variant:
    """Another way to work a line out, which belongs to it and cannot be read off its arithmetic: `kind` and `what` name it."""

    kind: Mistake
    what: str
    expression: Expression


@dataclass(frozen=True)
class Line:
    """One line: its `name`, what it is (`role`, of which component and row), and its arithmetic.

    `side` tells lines apart that differ in nothing else (``heads``, ``tails``); `probability` says that the value lies in
    [0, 1]; `entry` is the parameter that it updates, a dotted path and an index; `variants` are mistakes that only this
    line invites.
    """

    name: str
    role: Role
    expression: Expression
    component: int | None = None
    row: int | None = None
    side: str = ""
    probability: bool = False
    entry: tuple[str, tuple[int, ...]] | None = None
    variants: tuple[Variant, ...] = ()

    @property
    def uses(self) -> tuple[str, ...]:
        """The names of the lines above that this one needs."""
        return tuple(dict.fromkeys(names_in(self.expression)))


@dataclass(frozen=True)
class Worksheet:
    """The lines of one step, in order; `aliases` are other names they go by."""

    step: int
    lines: Mapping[str, Line]
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines.values())

    def __getitem__(self, name: str) -> Line:
        """The line of that name or alias. Errors: ModelError listing the names there are."""
        found = self.aliases.get(name, name)
        if found not in self.lines:
            raise ModelError(f"there is no line {name!r} on this worksheet; the lines are {self._listed()}.")
        return self.lines[found]

    def _listed(self) -> str:
        names = list(self.lines)
        return ", ".join(names if len(names) <= 60 else [*names[:30], "...", *names[-12:]])

    def peers(self, line: Line) -> tuple[Line, ...]:
        """The other lines of the same role and row: other components, other outcomes."""
        return tuple(other for other in self._by_place[line.role, line.row] if other is not line)

    @cached_property
    def _by_place(self) -> Mapping[tuple[Role, int | None], list[Line]]:
        found: dict[tuple[Role, int | None], list[Line]] = {}
        for line in self:
            found.setdefault((line.role, line.row), []).append(line)
        return found

    def above(self, name: str, stop: frozenset[str] = frozenset()) -> tuple[Line, ...]:
        """The lines that `name` is worked out from, in order, not looking behind those in `stop` (which are left out)."""
        seen: set[str] = set()
        pending = list(self.lines[name].uses)
        while pending:
            here = pending.pop()
            if here not in seen and here not in stop:
                seen.add(here)
                pending.extend(self.lines[here].uses)
        return tuple(line for line in self if line.name in seen)

    def values(
        self,
        fixed: Mapping[str, float] | None = None,
        replaced: Mapping[str, Expression] | None = None,
        rounded: Mapping[Role, int] | None = None,
    ) -> Mapping[str, float]:
        """The value of every line, worked out when it is asked for.

        Lines in `fixed` have the given value; those in `replaced` are worked out by other arithmetic; those of a role in
        `rounded` are rounded to that many decimals before they are used further.
        """
        return _Values(self.lines, dict(fixed or {}), replaced or {}, rounded or {})

    def fractions(self) -> dict[str, Fraction]:
        """The lines whose exact value is a short fraction (numbers are taken as the decimals they were written as)."""
        at: dict[str, Number] = {}
        for line in self:
            if all(name in at for name in line.uses):
                try:
                    at[line.name] = line.expression.value(at, as_fraction)
                except TypeError:
                    continue
        return {name: value for name, value in at.items() if isinstance(value, Fraction) and value.denominator < SHORT}

    def completed(self, fixed: Mapping[str, float]) -> dict[str, float]:
        """`fixed`, and where all responsibilities of a row but one are fixed, the one that they leave, too."""
        result = dict(fixed)
        for row in {self.lines[name].row for name in fixed if self.lines[name].role is Role.SHARE}:
            names = [line.name for line in self if line.role is Role.SHARE and line.row == row]
            free = [name for name in names if name not in fixed]
            if len(free) == 1:
                result[free[0]] = 1 - sum(fixed[name] for name in names if name in fixed)
        return result

    def __str__(self) -> str:
        at = self.values()
        width = max(map(len, self.lines))
        return "\n".join(f"{line.name:<{width}} = {line.expression.text(at)} = {at[line.name]:.6g}" for line in self)


class _Values(dict[str, float]):
    """Values of lines, each worked out on first use."""

    def __init__(
        self,
        lines: Mapping[str, Line],
        fixed: Mapping[str, float],
        replaced: Mapping[str, Expression],
        rounded: Mapping[Role, int],
    ) -> None:
        super().__init__(fixed)
        self._lines, self._replaced, self._rounded = lines, replaced, rounded

    def __missing__(self, name: str) -> float:
        pending = [name]  # not by recursion: along a sequence, every line needs the one before
        while pending:
            here = pending[-1]
            needed = [other for other in names_in(self._expression(here)) if other not in self]
            pending.extend(needed)
            if not needed:
                self[pending.pop()] = self._worked_out(here)
        return self[name]

    def _expression(self, name: str) -> Expression:
        return self._replaced.get(name, self._lines[name].expression)

    def _worked_out(self, name: str) -> float:
        value, role = float(self._expression(name).value(self)), self._lines[name].role
        return round(value, self._rounded[role]) if role in self._rounded and math.isfinite(value) else value
