"""One EM step in exact fractions: the decimals of data and start taken at their word, nothing rounded.

The lines are those of the worksheet, worked out in fractions. This is possible where densities are fractions: for coins, say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from emkit.errors import ModelError
from emkit.explain.latent import assignment_of
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.explain.worksheet.chain_lines import ChainLines
from emkit.explain.worksheet.mixture_lines import MixtureLines
from emkit.explain.worksheet.sheet import Role
from emkit.families import FAMILIES
from emkit.formulas.expressions import Given, Number, filled, is_rational
from emkit.models.around import bare
from emkit.models.assignment import Hard, Soft
from emkit.models.components import Components
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import AnyFamily, Mixture

SIMPLE = 1_000_000  # a float is read as the fraction with the least denominator up to this, if there is one that is it
MOST_DIGITS = 4_000  # of a numerator or denominator: nobody reads more, and Python refuses to print many more

Vector = tuple[Fraction, ...]
Numbers = dict[str, Fraction]


@dataclass(frozen=True)
class ExactRow:
    """One row (or several equal ones, in number `weight`), and for each component its share of them."""

    label: str
    weight: Fraction
    joint: Vector
    responsibilities: Vector


@dataclass(frozen=True)
class ExactStep:
    """A step in fractions. `totals` are expected counts of all rows, each (K, d), by name; `before` and `after` by symbol."""

    rows: tuple[ExactRow, ...]
    totals: dict[str, tuple[Vector, ...]]
    before: Numbers
    after: Numbers


def digits(whole: int) -> int:
    """About how many digits a whole number has: not one too few, at most one too many."""
    return int(abs(whole).bit_length() * math.log10(2)) + 1


def as_written(value: Number) -> Fraction:
    """The simplest fraction that is this float: 3/5 for 0.6, 1/3 for 0.333...; else the decimal it is printed as."""
    if isinstance(value, Fraction):
        return value
    simple = Fraction(value).limit_denominator(SIMPLE)
    return simple if float(simple) == value else Fraction(repr(float(value)))


def exact_step(subject: Subject, number: int = 1) -> ExactStep:
    """Step `number` of EM in fractions, from the subject's start.

    Errors: ModelError for models other than mixtures whose densities are fractions, with soft or hard assignment, or if the
    fractions of an earlier step have grown beyond use.
    """
    lines = _lines(subject)
    model = bare(subject.model)
    symbols = Symbols.of(subject)
    here = {symbol: as_written(value) for symbol, value in symbols.values(subject.start).items()}
    most = max(sum(float(cells[i].sum()) for cells in lines.family.cells.values()) for i in lines.rows)
    hard = isinstance(assignment_of(model), Hard)
    for step in range(number):
        if _digits(here) * int(most) > MOST_DIGITS:
            raise _too_long(_digits(here) * int(most), step)
        before, at = here, _worked_out(lines, here, hard)
        here = {symbol: at.get(symbol, old) for symbol, old in before.items()}  # what is held, or saw no rows, stays
        if _digits(here) > MOST_DIGITS:
            raise _too_long(_digits(here), step)
    rows = tuple(
        ExactRow(label, as_written(weight), *(tuple(at[name] for name in names) for names in lines.names_of(i)))
        for i, (label, weight) in enumerate(zip(lines.rows.labels, lines.rows.weights, strict=True))
    )
    totals = {
        side.total: tuple(
            tuple(at[lines.family.total(side.total, k, j).name] for j in range(lines.family.width)) for k in lines.states
        )
        for side in lines.family.described.sides
    }
    return ExactStep(rows, totals, before, here)


def _digits(numbers: Numbers) -> int:
    """About how many digits the longest denominator has."""
    return max(digits(value.denominator) for value in numbers.values())


def _too_long(length: int, step: int) -> ModelError:
    remedy = f"ask for step {step} or an earlier one" if step else "take fewer rows"
    return ModelError(f"the exact fractions of step {step + 1} have about {length:,} digits; {remedy}, or leave --exact out.")


def has_fractions(family: AnyFamily) -> bool:
    """Whether the densities of a family are fractions where its parameters are, and written out."""
    factors = family.described.by_hand.factors
    return bool(factors.factors) and is_rational(factors)


def _lines(subject: Subject) -> MixtureLines | ChainLines:
    """The lines of the first step. Errors: ModelError for a model whose step has no exact fractions."""
    model = bare(subject.model)
    if not isinstance(model, Mixture | HiddenMarkovChain) or not has_fractions(model.family):
        what = f"{model.family.name} components" if isinstance(model, Components) else type(model).__name__
        those = " or ".join(name for name, make in FAMILIES.items() if has_fractions(make()))
        raise ModelError(
            f"exact fractions are for mixtures of {those} components, not for {what}, whose densities are no fractions or "
            "whose arithmetic is not written out; chains of those have them, too. Leave --exact out."
        )
    if isinstance(model, HiddenMarkovChain) and isinstance(assignment_of(model), Soft):
        return ChainLines.of(subject, model, subject.start)
    if isinstance(model, Mixture) and isinstance(assignment_of(model), Soft | Hard):
        return MixtureLines.of(subject, model, subject.start)
    raise ModelError("exact fractions are for soft or hard assignment, of sequences for soft; drawn assignments are not exact.")


def _worked_out(sheet: MixtureLines | ChainLines, here: Numbers, hard: bool) -> Numbers:
    """The value of every line that has one, at the parameters `here`."""
    known = sheet.known({symbol: Given(symbol, value) for symbol, value in here.items()})
    at: Numbers = {}
    for line in sheet.step():
        if line.role is Role.SHARE and line.row is not None:
            joint = [at[name] for name in sheet.names_of(line.row)[0]]
            if not any(joint):
                raise ModelError("a row has probability 0 under every component; start from probabilities other than 0 and 1.")
            if hard:
                at[line.name] = Fraction(int(joint.index(max(joint)) == line.component))
                continue
        value = filled(line.expression, known).value(at, as_written)
        if isinstance(value, Fraction):
            at[line.name] = value
    return at
