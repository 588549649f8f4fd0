"""The worksheet of a mixture: joint probabilities, responsibilities, expected counts, updates, log-likelihood."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.explain.subject import Subject
from emkit.explain.worksheet.distinct import Rows, rows_of
from emkit.explain.worksheet.expressions import Expression, Given, Product, Quotient, Ref, Sum
from emkit.explain.worksheet.families import Setting, Sheet, sheet_of
from emkit.explain.worksheet.likelihood_lines import likelihood
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.names import Names
from emkit.explain.worksheet.sheet import Line, Role, Variant
from emkit.models.mixture import AnyFamily, AnyMixture, AnyMixtureParams


def mixture_lines(
    subject: Subject, model: AnyMixture, params: AnyMixtureParams, log_likelihood_after: float
) -> tuple[list[Line], dict[str, str]]:
    """The lines of a mixture's step at `params`, and the other names that they go by."""
    rows = rows_of(subject.source)
    updated = frozenset(subject.model.updates())
    columns = model.family.support.parameter_columns(rows.columns)
    names = Names.of(subject, columns)
    family = sheet_of(Setting(model.family, params.components, rows, names, updated))
    maker = _Maker(rows, names, params.proportions, family, model.family, params.components)
    lines = list(maker.lines("proportions" in updated, log_likelihood_after))
    return lines, maker.aliases(lines)


@dataclass(frozen=True)
class _Maker:
    rows: Rows
    names: Names
    proportions: Array
    family: Sheet | None
    density: AnyFamily
    components: Parameters

    @property
    def states(self) -> range:
        return range(len(self.proportions))

    def lines(self, proportions_updated: bool, log_likelihood_after: float) -> Iterator[Line]:
        for i in self.rows:
            yield from (self._joint(k, i) for k in self.states)
            yield from (self._share(k, i) for k in self.states)
        for k in self.states:
            yield from self._counts(k)
        if proportions_updated:
            yield from (self._proportion(k) for k in self.states)
        if self.family is not None:
            for k in self.states:
                yield from self.family.updates(k)
        joints = [Sum(tuple(Ref(self._joint_name(k, i)) for k in self.states)) for i in self.rows]
        coefficients = [self._coefficient(i) for i in self.rows]
        counted = not any(self._joint(0, i).variants for i in self.rows)
        yield likelihood(joints, self.rows.weights, coefficients, counted, log_likelihood_after)

    def _coefficient(self, i: int) -> Given | None:
        return self.family.coefficient(i) if self.family is not None else None

    def _joint_name(self, k: int, i: int) -> str:
        return f"joint_{self.names.components[k]}[{self.rows.labels[i]}]"

    def _joint(self, k: int, i: int) -> Line:
        rest = self._density(k, i) if self.family is None else self.family.factors(k, i)
        product = Product((("proportion", self._prior(k)), *rest))
        variants: tuple[Variant, ...] = ()
        base = self._coefficient(i)
        if base is not None and product.get("coefficient") is None:
            what = f"with the binomial coefficient {base.number:.0f}, which these ordered tosses do not have"
            variants = (Variant(Mistake.COEFFICIENT, what, Product((*product.factors, ("coefficient", base)))),)
        return Line(self._joint_name(k, i), Role.JOINT, product, k, i, variants=variants)

    def _density(self, k: int, i: int) -> tuple[tuple[str, Expression], ...]:
        value = math.exp(self.density.log_density(self.components, self.rows.x[[i]])[0, k])
        return (("density", Given(f"density of {self.names.components[k]}", value)),)

    def _prior(self, k: int) -> Given:
        two = len(self.proportions) == 2
        named = [self.names.symbols.get(f"proportions[{j}]") for j in self.states]
        first = named[0]
        if named[k] is None and two and k == 1 and first is not None:
            return Given(f"1 - {first}", float(self.proportions[1]))
        return Given(self.names.symbol("proportions", k), float(self.proportions[k]))

    def _share(self, k: int, i: int) -> Line:
        name = self.names.responsibility(self.rows, k, i)
        total = Sum(tuple(Ref(self._joint_name(j, i)) for j in self.states))
        return Line(name, Role.SHARE, Quotient(Ref(self._joint_name(k, i)), total), k, i, probability=True)

    def _counts(self, k: int) -> Iterator[Line]:
        responsibilities = [Ref(self.names.responsibility(self.rows, k, i)) for i in self.rows]
        weights = [Given("weight", float(w)) for w in self.rows.weights]
        mass = Sum(tuple(Product((("weight", w), ("share", r))) for w, r in zip(weights, responsibilities, strict=True)))
        yield Line(f"n_{self.names.components[k]}", Role.TOTAL, mass, k, side="n")
        for side in self.family.sides if self.family is not None else ():
            for j in range(len(self.names.columns)):
                total = f"{side}_{self.names.components[k]}{self.names.column(j)}"
                parts = [f"{total}[{label}]" for label in self.rows.labels]
                for i in self.rows:
                    count = self.family.count(side, i, j)  # type: ignore[union-attr]
                    product = Product((("weight", weights[i]), ("share", responsibilities[i]), ("count", count)))
                    yield Line(parts[i], Role.COUNT, product, k, i, side=f"{side} {j}")
                yield Line(total, Role.TOTAL, Sum(tuple(map(Ref, parts))), k, side=f"{side} {j}")

    def _proportion(self, k: int) -> Line:
        prior = self._prior(k)
        name = self.names.symbol("proportions", k)
        n = Given("n", float(self.rows.weights.sum()))
        old = Variant(Mistake.STEP, f"{name} before the step", prior)
        patterns = Variant(
            Mistake.WRONG_NORMALISATION,
            "divided by the number of distinct rows",
            Quotient(Ref(f"n_{self.names.components[k]}"), Given("distinct rows", float(len(self.rows.x)))),
        )
        line = Quotient(Ref(f"n_{self.names.components[k]}"), n)
        return Line(name, Role.UPDATE, line, k, None, "proportion", True, ("proportions", (k,)), (old, patterns))

    def aliases(self, lines: list[Line]) -> dict[str, str]:
        """Other names: ``r`` and ``mu`` for each other, row numbers for distinct rows, words for heads and tails."""
        found: dict[str, str] = {}
        for line in lines:
            if line.role in (Role.JOINT, Role.SHARE) and line.row is not None and line.component is not None:
                words = ("r", "mu") if line.role is Role.SHARE else ("joint",)
                marks = [f"_{self.names.components[line.component]}"]
                marks += [""] if line.component == 0 and line.role is Role.SHARE else []
                labels = [self.rows.labels[line.row], *map(str, self.rows.places[line.row])]
                found |= {f"{word}{mark}[{label}]": line.name for word in words for mark in marks for label in labels}
            if line.entry is not None:
                found[self.names.plain(line.entry[0], *line.entry[1])] = line.name
        for k in self.states:
            name = self.names.components[k]
            found |= {f"{word}_{name}": f"n_{name}" for word in ("mass", "rows", "N")}
            for line in lines:
                if line.component == k and line.role in (Role.COUNT, Role.TOTAL):
                    for word, others in (("heads", ("ones", "successes")), ("tails", ("zeros", "failures"))):
                        if line.name.startswith(f"{word}_"):
                            found |= {other + line.name[len(word) :]: line.name for other in others}
        return {alias: name for alias, name in found.items() if alias not in {line.name for line in lines}}
