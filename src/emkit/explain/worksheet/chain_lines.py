"""The worksheet of a chain: densities, forward, backward, both together, expected counts, updates, log-likelihood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emkit.core.arrays import Integers
from emkit.explain import chain_formulas as formulas
from emkit.explain.latent import check_divides_counts
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.explain.worksheet.column_lines import ColumnLines
from emkit.explain.worksheet.distinct import Rows, place_in_sequence
from emkit.explain.worksheet.likelihood_lines import likelihood
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.sheet import Line, Role, Variant
from emkit.formulas.expressions import ONE, Expression, Given, Product, Quotient, Ref, Sum
from emkit.models.around import bare
from emkit.models.hidden_markov import AnyHiddenMarkovChain, HiddenMarkovParams
from emkit.models.mixture import AnyFamily

AnyParams = HiddenMarkovParams[Any]


def chain_lines(
    subject: Subject, model: AnyHiddenMarkovChain, params: AnyParams, log_likelihood_after: float
) -> tuple[list[Line], dict[str, str]]:
    """The lines of a chain's step at `params`, and the other names that they go by."""
    sheet = ChainLines.of(subject, model, params)
    lines = [*sheet.step(), sheet.likelihood(log_likelihood_after)]
    return lines, sheet.aliases(lines)


class ChainRows(Rows):
    """Rows in sequence, each for itself, named by its place: ``gamma_rain[2]``, of several sequences ``gamma_rain[1.2]``."""

    def responsibility(self, components: tuple[str, ...], k: int, i: int) -> str:  # type: ignore[override]
        return f"gamma_{components[k]}[{self.labels[i]}]"


@dataclass(frozen=True)
class ChainLines:
    """The rows of a worksheet and where their sequences begin, the names on it, the chain before the step, and the family."""

    rows: ChainRows
    bounds: Integers
    symbols: Symbols
    params: AnyParams
    family: ColumnLines

    @classmethod
    def of(cls, subject: Subject, model: AnyHiddenMarkovChain, params: AnyParams) -> ChainLines:
        """The lines of the step of `model`, which is the subject's without its wrappers, at `params`.

        Errors: ModelError for a chain whose M-step does not just divide counts.
        """
        check_divides_counts(model)
        source = bare(subject.model).in_sequences(subject.source)
        labels = tuple(place_in_sequence(source.groups, i) for i in range(source.rows))
        places = tuple((i + 1,) for i in range(source.rows))
        rows = ChainRows(source.x, source.weights, labels, places, source.columns, True)
        symbols, updated = Symbols.of(subject), frozenset(subject.model.updates())
        family: AnyFamily = model.family
        return cls(rows, source.groups, symbols, params, ColumnLines(family, params.components, rows, symbols, updated))

    @property
    def states(self) -> range:
        return range(len(self.params.initial))

    def step(self) -> Iterator[Line]:
        """The lines of the E-step, each sequence forward and then backward, and of the M-step."""
        for first, end in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True):
            for i in range(first, end):
                yield from (Line(self._at("b", i, k), Role.DENSITY, self._density(k, i), k, i, "b") for k in self.states)
                yield from self._forward(i, i == first)
            for i in reversed(range(first, end)):
                yield from (self._backward(k, i, i == end - 1) for k in self.states)
                yield from (self._share(k, i) for k in self.states)
                if i < end - 1:
                    yield from (self._pair(j, k, i) for j in self.states for k in self.states)
        for k in self.states:
            yield from self._counts(k)
        if "initial" in self.family.updated:
            yield from (self._initial(k) for k in self.states)
        if "transitions" in self.family.updated:
            yield from (self._transition(j, k) for j in self.states for k in self.states if self.params.transitions[j, k] > 0)
        for k in self.states:
            yield from self.family.updates(k)

    def likelihood(self, after: float) -> Line:
        """The log-likelihood before the step; `after` is the one after it."""
        scales = [self._ref("c", i) for i in self.rows]
        return likelihood(scales, self.rows.weights, [None] * len(scales), False, after)

    def names_of(self, i: int) -> tuple[list[str], list[str]]:
        """What the joint probabilities and the responsibilities of row i are called."""
        return [self._at("joint", i, k) for k in self.states], [self._at("gamma", i, k) for k in self.states]

    def known(self, here: dict[str, Expression]) -> dict[str, Expression]:
        """The numbers that the step begins with, by the names that the lines know them by."""
        return here

    def _at(self, letter: str, i: int, *states: int) -> str:
        return "_".join([letter, *(self.symbols.components[k] for k in states)]) + f"[{self.rows.labels[i]}]"

    def _ref(self, letter: str, i: int, *states: int) -> Ref:
        return Ref(self._at(letter, i, *states))

    def _refs(self, letter: str, i: int) -> list[Expression]:
        return [self._ref(letter, i, k) for k in self.states]

    def _start(self, k: int) -> Given:
        return Given(self.symbols("initial", k), float(self.params.initial[k]))

    def _move(self, j: int, k: int) -> Given:
        return Given(self.symbols("transitions", j, k), float(self.params.transitions[j, k]))

    def _density(self, k: int, i: int) -> Product:
        return Product(self.family.factors(k, i))

    def _forward(self, i: int, first: bool) -> Iterator[Line]:
        """What the rows before say, that together with the row, its sum over the states, and the shares of the sum."""
        for k in self.states if not first else ():
            moves = [self._move(j, k) for j in self.states]
            yield Line(self._at("ahead", i, k), Role.FORWARD, formulas.ahead(self._refs("alpha", i - 1), moves), k, i, "ahead")
        for k in self.states:
            before = self._start(k) if first else self._ref("ahead", i, k)
            right = formulas.joint(before, self._ref("b", i, k))
            yield Line(self._at("joint", i, k), Role.FORWARD, right, k, i, "joint")
        yield Line(self._at("c", i), Role.SCALE, Sum(tuple(self._refs("joint", i))), None, i, "c")
        for k in self.states:
            part = Quotient(self._ref("joint", i, k), self._ref("c", i))
            yield Line(self._at("alpha", i, k), Role.FORWARD, part, k, i, "alpha", True)

    def _backward(self, k: int, i: int, last: bool) -> Line:
        name = self._at("beta", i, k)
        if last:
            return Line(name, Role.BACKWARD, ONE, k, i, "beta")
        moves = [self._move(k, j) for j in self.states]
        right = formulas.backward(moves, self._refs("b", i + 1), self._refs("beta", i + 1), self._ref("c", i + 1))
        return Line(name, Role.BACKWARD, right, k, i, "beta")

    def _share(self, k: int, i: int) -> Line:
        right = formulas.share(self._ref("alpha", i, k), self._ref("beta", i, k))
        return Line(self._at("gamma", i, k), Role.SHARE, right, k, i, "gamma", True)

    def _pair(self, j: int, k: int, i: int) -> Line:
        later = (self._ref("b", i + 1, k), self._ref("beta", i + 1, k), self._ref("c", i + 1))
        right = formulas.pair(self._ref("alpha", i, j), self._move(j, k), *later)
        return Line(self._at("xi", i, j, k), Role.PAIR, right, j * len(self.states) + k, i, "xi", True)

    def _counts(self, k: int) -> Iterator[Line]:
        """Visits, starts, moves to every state, and what the family counts."""
        name = self.symbols.components[k]
        firsts = self.bounds[:-1].tolist()
        yield Line(f"n_{name}", Role.TOTAL, Sum(tuple(self._counted("gamma", i, k) for i in self.rows)), k, side="n")
        yield Line(f"starts_{name}", Role.TOTAL, Sum(tuple(self._counted("gamma", i, k) for i in firsts)), k, side="starts")
        ends = {int(end) - 1 for end in self.bounds[1:]}
        within = [i for i in self.rows if i not in ends]
        for m in self.states if within else ():
            total = Sum(tuple(self._counted("xi", i, k, m) for i in within))
            yield Line(self._moves(k, m).name, Role.TOTAL, total, k, side=f"moves {m}")
        for side in self.family.described.sides:
            for j in range(self.family.width):
                parts = (self.family.share(k, i, "count", self.family.cell(side.cell, i, j)) for i in self.rows)
                yield Line(self.family.total(side.total, k, j).name, Role.TOTAL, Sum(tuple(parts)), k, side=f"{side.total} {j}")

    def _counted(self, letter: str, i: int, *states: int) -> Product:
        weight = Given("weight", float(self.rows.weights[i]))
        return Product((("weight", weight), ("share", self._ref(letter, i, *states))))

    def _moves(self, j: int, k: int) -> Ref:
        return Ref(f"moves_{self.symbols.components[j]}_{self.symbols.components[k]}")

    def _initial(self, k: int) -> Line:
        old = self._start(k)
        number = Given("sequences", float(self.rows.weights[self.bounds[:-1]].sum()))
        rows = Given("rows", float(self.rows.weights.sum()))
        starts, visits = (Ref(f"{what}_{self.symbols.components[k]}") for what in ("starts", "n"))
        variants = (
            Variant(Mistake.STEP, f"{old.name} before the step", old),
            Variant(Mistake.WRONG_NORMALISATION, "all rows counted in place of the first ones", Quotient(visits, rows)),
        )
        entry = ("initial", (k,))
        return Line(old.name, Role.UPDATE, Quotient(starts, number), k, None, "initial", True, entry, variants)

    def _transition(self, j: int, k: int) -> Line:
        old, own = self._move(j, k), self._moves(j, k)
        away = Sum(tuple(self._moves(j, m) for m in self.states))
        into = Sum(tuple(self._moves(m, k) for m in self.states))
        visits = Ref(f"n_{self.symbols.components[j]}")
        variants = (
            Variant(Mistake.STEP, f"{old.name} before the step", old),
            Variant(Mistake.WRONG_NORMALISATION, "divided by the moves into the state", Quotient(own, into)),
            Variant(Mistake.WRONG_NORMALISATION, "divided by all visits, the last row among them", Quotient(own, visits)),
        )
        entry = ("transitions", (j, k))
        return Line(old.name, Role.UPDATE, Quotient(own, away), j, None, f"transition {k}", True, entry, variants)

    def aliases(self, lines: list[Line]) -> dict[str, str]:
        """Other names: ``r`` for gamma, systematic names of parameters, other words for the totals."""
        found: dict[str, str] = {}
        for line in lines:
            if line.role is Role.SHARE:
                found["r" + line.name.removeprefix("gamma")] = line.name
            if line.entry is not None:
                found[self.symbols.systematic(line.entry[0], *line.entry[1])] = line.name
            for side in self.family.described.sides if line.role is Role.TOTAL else ():
                if line.name.startswith(f"{side.total}_"):
                    found |= {other + line.name[len(side.total) :]: line.name for other in side.also}
        for name in self.symbols.components:
            found |= {f"{word}_{name}": f"n_{name}" for word in ("visits", "rows", "N")}
        return {alias: name for alias, name in found.items() if alias not in {line.name for line in lines}}
