"""Wrong ways to work out one line: its arithmetic, with one thing changed that people usually get wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emkit.explain.worksheet import Line, Mistake, Role, Worksheet
from emkit.formulas.expressions import Apply, Expression, Given, Less, Power, Product, Quotient, Sum

ONE = Given("1", 1.0)
DENSITIES = (Role.DENSITY, Role.JOINT)  # products of factors that those of another component are easily taken for


@dataclass(frozen=True)
class Rewrite:
    """Other arithmetic for a line. `key` is the same for the same slip on other lines; `what` tells it."""

    kind: Mistake
    key: str
    what: str
    expression: Expression


def rewrites(line: Line, sheet: Worksheet) -> Iterator[Rewrite]:
    """The usual slips on one line, the likelier ones first."""
    if isinstance(line.expression, Product):
        yield from _factors(line, line.expression, sheet)
    if isinstance(line.expression, Quotient):
        yield from _normalisation(line.expression)
    if isinstance(line.expression, Sum):
        yield from _weights(line.expression)
    yield from _twins(line, sheet)
    for variant in line.variants:
        yield Rewrite(variant.kind, f"{variant.kind.name} {variant.what}", variant.what, variant.expression)
    if line.probability and line.role is Role.UPDATE:
        yield Rewrite(Mistake.COMPLEMENT, "complement", "1 less the number", Less(ONE, line.expression))


def _factors(line: Line, product: Product, sheet: Worksheet) -> Iterator[Rewrite]:
    if line.role in DENSITIES:
        yield from _borrowed(line, product, sheet)
        yield from _swapped_exponents(product)
    for label, factor in product.factors:
        if factor != ONE and not (isinstance(factor, Given) and factor.number == 1):
            kind = FORGOTTEN.get(label, Mistake.FORGOTTEN_FACTOR)
            yield Rewrite(kind, f"no {label}", f"the factor {label} left out", product.without(label))


FORGOTTEN = {"proportion": Mistake.FORGOTTEN_PROPORTION, "coefficient": Mistake.COEFFICIENT, "weight": Mistake.WEIGHT}


def _borrowed(line: Line, product: Product, sheet: Worksheet) -> Iterator[Rewrite]:
    """Factors taken from the line of another component of the same row."""
    for other in sheet.peers(line):
        theirs = dict(other.expression.factors) if isinstance(other.expression, Product) else {}
        shared = [name for name, factor in product.factors if name != "coefficient" and theirs.get(name, factor) != factor]
        for label in shared:
            yield _borrow(product, theirs, [label], other)
        density = [label for label in shared if label != "proportion"]
        if len(density) > 1:
            yield _borrow(product, theirs, density, other)


def _borrow(product: Product, theirs: dict[str, Expression], labels: list[str], other: Line) -> Rewrite:
    changed = product
    for label in labels:
        changed = changed.put(label, theirs[label])
    mine, taken = (" * ".join(_named(source[label]) for label in labels) for source in (dict(product.factors), theirs))
    key = f"{'+'.join(labels)} of {other.component}"
    return Rewrite(Mistake.WRONG_FACTOR, key, f"{taken} taken for {mine}", changed)


def _named(factor: Expression) -> str:
    """A factor with the name it has for a reader: ``0.4 (1 - pi)``."""
    text = factor.text({})
    if isinstance(factor, Given):
        return f"{text} ({factor.name})"
    base = factor.base if isinstance(factor, Power) else factor
    if isinstance(base, Less) and isinstance(base.right, Given):
        return f"{text} (1 - {base.right.name})"
    return f"{text} ({base.name})" if isinstance(base, Given) else text


def _swapped_exponents(product: Product) -> Iterator[Rewrite]:
    swapped = product
    for label, factor in product.factors:
        other = product.get(label.replace("heads", "tails"))
        if label.startswith("heads") and isinstance(factor, Power) and isinstance(other, Power):
            swapped = swapped.put(label, Power(factor.base, other.exponent))
            swapped = swapped.put(label.replace("heads", "tails"), Power(other.base, factor.exponent))
    if swapped != product:
        yield Rewrite(Mistake.SWAPPED_OUTCOMES, "heads for tails", "heads counted as tails and tails as heads", swapped)


def _normalisation(quotient: Quotient) -> Iterator[Rewrite]:
    what = f"not divided by {'the sum' if isinstance(quotient.bottom, Sum) else 'the total'}"
    yield Rewrite(Mistake.FORGOTTEN_NORMALISATION, "no bottom", what, quotient.top)
    if isinstance(quotient.bottom, Sum):
        others = tuple(term for term in quotient.bottom.terms if term != quotient.top)
        if 0 < len(others) < len(quotient.bottom.terms):
            rest = others[0] if len(others) == 1 else Sum(others)
            yield Rewrite(Mistake.ODDS, "odds", "divided by the others only, not by all together", Quotient(quotient.top, rest))


def _weights(total: Sum) -> Iterator[Rewrite]:
    bare = Sum(tuple(term.without("weight") if isinstance(term, Product) else term for term in total.terms))
    if any(isinstance(t, Product) and (w := t.get("weight")) is not None and w.text({}) != "1" for t in total.terms):
        yield Rewrite(Mistake.WEIGHT, "no weights", "every distinct row counted once", bare)
    logs = [term.get("log") for term in total.terms if isinstance(term, Product)]
    if logs and all(isinstance(log, Apply) for log in logs):
        plain = tuple(Product((("weight", t.parts()[0]), ("p", t.parts()[1].parts()[0]))) for t in total.terms)
        yield Rewrite(Mistake.UNLOGGED, "no logarithm", "the probabilities themselves added up", Sum(plain))


def _twins(line: Line, sheet: Worksheet) -> Iterator[Rewrite]:
    """The arithmetic of the line that this one is easily taken for: another component's, or the other outcome's."""
    for other in sheet.peers(line) if line.role not in DENSITIES else ():
        what = f"this is {other.name}"
        if other.side == line.side:
            yield Rewrite(Mistake.SWAPPED_COMPONENTS, f"component {other.component}", what, other.expression)
        elif other.component == line.component and _opposite(line.side) == other.side:
            yield Rewrite(Mistake.SWAPPED_OUTCOMES, "other outcome", what, other.expression)


def _opposite(side: str) -> str:
    word, _, rest = side.partition(" ")
    return f"{ {'heads': 'tails', 'tails': 'heads'}.get(word, '') } {rest}"
