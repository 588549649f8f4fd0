"""The worksheet of a mixture: joint probabilities, responsibilities, expected counts, updates, log-likelihood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emkit.core.arrays import Array
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.explain.worksheet.column_lines import COEFFICIENT, ColumnLines
from emkit.explain.worksheet.distinct import Rows, rows_of
from emkit.explain.worksheet.likelihood_lines import likelihood
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.sheet import Line, Role, Variant
from emkit.formulas.expressions import ONE, Expression, Given, Product, Quotient, Ref, Sum
from emkit.models.mixture import AnyMixture, AnyMixtureParams


def mixture_lines(
    subject: Subject, model: AnyMixture, params: AnyMixtureParams, log_likelihood_after: float
) -> tuple[list[Line], dict[str, str]]:
    """The lines of a mixture's step at `params`, and the other names that they go by."""
    sheet = MixtureLines.of(subject, model, params)
    lines = [*sheet.step(), sheet.likelihood(log_likelihood_after)]
    return lines, sheet.aliases(lines)


@dataclass(frozen=True)
class MixtureLines:
    """The rows of a worksheet, the names on it, the proportions before the step, and what the family adds."""

    rows: Rows
    symbols: Symbols
    proportions: Array
    family: ColumnLines

    @classmethod
    def of(cls, subject: Subject, model: AnyMixture, params: AnyMixtureParams) -> MixtureLines:
        """The lines of the step of `model`, which is the subject's without its wrappers, at `params`."""
        rows, symbols, updated = rows_of(subject.source), Symbols.of(subject), frozenset(subject.model.updates())
        return cls(rows, symbols, params.proportions, ColumnLines(model.family, params.components, rows, symbols, updated))

    @property
    def states(self) -> range:
        return range(len(self.proportions))

    def step(self) -> Iterator[Line]:
        """The lines of the E-step and the M-step."""
        for i in self.rows:
            yield from (self._joint(k, i) for k in self.states)
            yield from (self._share(k, i) for k in self.states)
        for k in self.states:
            yield from self._counts(k)
        if "proportions" in self.family.updated:
            yield from (self._proportion(k) for k in self.states)
        for k in self.states:
            yield from self.family.updates(k)

    def likelihood(self, after: float) -> Line:
        """The log-likelihood before the step; `after` is the one after it."""
        joints = [Sum(tuple(map(Ref, self.names_of(i)[0]))) for i in self.rows]
        coefficients = [self.family.coefficient(i) for i in self.rows]
        counted = self.family.described.uncounted is None
        return likelihood(joints, self.rows.weights, coefficients, counted, after)

    def names_of(self, i: int) -> tuple[list[str], list[str]]:
        """What the joint probabilities and the responsibilities of row i are called."""
        return [self._joint_name(k, i) for k in self.states], [self._share_name(k, i) for k in self.states]

    def _share_name(self, k: int, i: int) -> str:
        return self.rows.responsibility(self.symbols.components, k, i)

    def _joint_name(self, k: int, i: int) -> str:
        return f"joint_{self.symbols.components[k]}[{self.rows.labels[i]}]"

    def _joint(self, k: int, i: int) -> Line:
        product = Product((("proportion", self.prior(k)), *self.family.factors(k, i)))
        variants: tuple[Variant, ...] = ()
        base = self.family.coefficient(i)
        if base is not None and self.family.described.uncounted is not None:
            what = f"with the binomial coefficient {float(base.number):.0f}, which these ordered tosses do not have"
            variants = (Variant(Mistake.COEFFICIENT, what, Product((*product.factors, (COEFFICIENT, base)))),)
        return Line(self._joint_name(k, i), Role.JOINT, product, k, i, variants=variants)

    def known(self, here: dict[str, Expression]) -> dict[str, Expression]:
        """The numbers `here` that the step begins with, also by the names that proportions have for a reader: ``1 - pi``."""
        return here | {self.prior(k).name: here[self.symbols("proportions", k)] for k in self.states}

    def prior(self, k: int) -> Given:
        """The proportion of component k before the step, under the name it has for a reader: ``pi``, ``1 - pi``."""
        two = len(self.proportions) == 2
        named = [self.symbols.by_author.get(f"proportions[{j}]") for j in self.states]
        first = named[0]
        if named[k] is None and two and k == 1 and first is not None:
            return Given(f"1 - {first}", float(self.proportions[1]))
        return Given(self.symbols("proportions", k), float(self.proportions[k]))

    def _share(self, k: int, i: int) -> Line:
        name = self._share_name(k, i)
        total = Sum(tuple(Ref(self._joint_name(j, i)) for j in self.states))
        return Line(name, Role.SHARE, Quotient(Ref(self._joint_name(k, i)), total), k, i, probability=True)

    def _counts(self, k: int) -> Iterator[Line]:
        parts = (self.family.share(k, i, "", ONE).without("") for i in self.rows)
        yield Line(f"n_{self.symbols.components[k]}", Role.TOTAL, Sum(tuple(parts)), k, side="n")
        for side in self.family.described.sides:
            for j in range(self.family.width):
                total = self.family.total(side.total, k, j).name
                names = [f"{total}[{label}]" for label in self.rows.labels]
                for i in self.rows:
                    product = self.family.share(k, i, "count", self.family.cell(side.cell, i, j))
                    yield Line(names[i], Role.COUNT, product, k, i, side=f"{side.total} {j}")
                yield Line(total, Role.TOTAL, Sum(tuple(map(Ref, names))), k, side=f"{side.total} {j}")

    def _proportion(self, k: int) -> Line:
        prior = self.prior(k)
        name = self.symbols("proportions", k)
        n = Given("n", float(self.rows.weights.sum()))
        old = Variant(Mistake.STEP, f"{name} before the step", prior)
        patterns = Variant(
            Mistake.WRONG_NORMALISATION,
            "divided by the number of distinct rows",
            Quotient(Ref(f"n_{self.symbols.components[k]}"), Given("distinct rows", float(len(self.rows.x)))),
        )
        line = Quotient(Ref(f"n_{self.symbols.components[k]}"), n)
        return Line(name, Role.UPDATE, line, k, None, "proportion", True, ("proportions", (k,)), (old, patterns))

    def aliases(self, lines: list[Line]) -> dict[str, str]:
        """Other names: ``r`` and ``mu`` for each other, row numbers for distinct rows, other words for the totals."""
        found: dict[str, str] = {}
        for line in lines:
            if line.role in (Role.JOINT, Role.SHARE) and line.row is not None and line.component is not None:
                words = ("r", "mu") if line.role is Role.SHARE else ("joint",)
                marks = [f"_{self.symbols.components[line.component]}"]
                marks += [""] if line.component == 0 and line.role is Role.SHARE else []
                labels = [self.rows.labels[line.row], *map(str, self.rows.places[line.row])]
                found |= {f"{word}{mark}[{label}]": line.name for word in words for mark in marks for label in labels}
            if line.entry is not None:
                found[self.symbols.systematic(line.entry[0], *line.entry[1])] = line.name
        for k in self.states:
            name = self.symbols.components[k]
            found |= {f"{word}_{name}": f"n_{name}" for word in ("mass", "rows", "N")}
            for line in lines:
                if line.component == k and line.role in (Role.COUNT, Role.TOTAL):
                    for side in self.family.described.sides:
                        if line.name.startswith(f"{side.total}_"):
                            found |= {other + line.name[len(side.total) :]: line.name for other in side.also}
        return {alias: name for alias, name in found.items() if alias not in {line.name for line in lines}}
