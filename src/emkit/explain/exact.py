"""One EM step of coins in exact fractions: the decimals of data and start taken at their word, nothing rounded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from emkit.errors import ModelError
from emkit.explain.ledger import assignment_of
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.explain.worksheet.distinct import rows_of
from emkit.families.bernoulli import Bernoulli
from emkit.families.binomial import Binomial
from emkit.models.assignment import Hard, Soft
from emkit.models.frozen import AnyModel, bare
from emkit.models.mixture import Mixture

SIMPLE = 1_000_000  # a float is read as the fraction with the least denominator up to this, if there is one that is it
MOST_DIGITS = 4_000  # of a numerator or denominator: nobody reads more, and Python refuses to print many more

Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class Coins:
    """Exact parameters: `proportions` (K), `probabilities` (K, d)."""

    proportions: Vector
    probabilities: tuple[Vector, ...]

    @property
    def digits(self) -> int:
        """About how many digits the longest denominator has."""
        every = [*self.proportions, *(p for row in self.probabilities for p in row)]
        return max(digits(value.denominator) for value in every)


@dataclass(frozen=True)
class ExactRow:
    """One row (or several equal ones, in number `weight`): its counts (d), and for each component its share of them."""

    label: str
    weight: Fraction
    heads: Vector
    tails: Vector
    joint: Vector
    responsibilities: Vector


@dataclass(frozen=True)
class ExactStep:
    """A step in fractions. `heads` and `tails` (K, d) are expected counts of all rows; `after` by symbol."""

    rows: tuple[ExactRow, ...]
    heads: tuple[Vector, ...]
    tails: tuple[Vector, ...]
    before: dict[str, Fraction]
    after: dict[str, Fraction]


def digits(whole: int) -> int:
    """About how many digits a whole number has: not one too few, at most one too many."""
    return int(abs(whole).bit_length() * math.log10(2)) + 1


def as_written(value: float) -> Fraction:
    """The simplest fraction that is this float: 3/5 for 0.6, 1/3 for 0.333...; else the decimal it is printed as."""
    simple = Fraction(value).limit_denominator(SIMPLE)
    return simple if float(simple) == value else Fraction(repr(float(value)))


def exact_step(subject: Subject, number: int = 1) -> ExactStep:
    """Step `number` of EM in fractions, from the subject's start.

    Errors: ModelError for models other than mixtures of Bernoulli or binomial components with soft or hard assignment, or
    if the fractions of an earlier step have grown beyond use.
    """
    family = _checked(subject)
    rows = rows_of(subject.source)
    heads, tails = ([tuple(map(as_written, row)) for row in side] for side in family.successes_and_failures(rows.x))
    weights = [as_written(weight) for weight in rows.weights]
    ordered = not isinstance(family, Binomial) or family.ordered
    start = subject.start
    here = Coins(
        tuple(map(as_written, start.proportions)), tuple(tuple(map(as_written, row)) for row in start.components.probabilities)
    )
    hard = isinstance(assignment_of(subject.model), Hard)
    most_tosses = max(int(h + t) for h, t in zip(map(sum, heads), map(sum, tails), strict=True))
    for step in range(number):
        if here.digits * most_tosses > MOST_DIGITS:
            raise _too_long(here.digits * most_tosses, step)
        before = here
        table = tuple(
            ExactRow(label, w, h, t, *_shared(before, h, t, ordered, hard))
            for label, w, h, t in zip(rows.labels, weights, heads, tails, strict=True)
        )
        sums = _sums(table, [row.heads for row in table]), _sums(table, [row.tails for row in table])
        here = _updated(subject.model, before, table, *sums)
        if here.digits > MOST_DIGITS:
            raise _too_long(here.digits, step)
    symbols = Symbols.of(subject)
    return ExactStep(table, *sums, _named(symbols, before), _named(symbols, here))


def _too_long(length: int, step: int) -> ModelError:
    remedy = f"ask for step {step} or an earlier one" if step else "take fewer rows"
    return ModelError(f"the exact fractions of step {step + 1} have about {length:,} digits; {remedy}, or leave --exact out.")


def _checked(subject: Subject) -> Bernoulli | Binomial:
    model = bare(subject.model)
    family = model.family if isinstance(model, Mixture) else None
    if not isinstance(family, Bernoulli | Binomial):
        what = f"{family.name} components" if family is not None else type(model).__name__
        raise ModelError(
            f"exact fractions are for mixtures of Bernoulli or binomial components, not for {what}, whose densities are no "
            "fractions or whose arithmetic is not written out. Leave --exact out."
        )
    if not isinstance(assignment_of(model), Soft | Hard):
        raise ModelError("exact fractions are for soft or hard assignment; drawn assignments are not exact.")
    return family


def _shared(at: Coins, heads: Vector, tails: Vector, ordered: bool, hard: bool) -> tuple[Vector, Vector]:
    """The joint probability of a row and each component, and its responsibilities."""
    arrangements = 1 if ordered else math.prod(math.comb(int(h + t), int(h)) for h, t in zip(heads, tails, strict=True))
    joint = tuple(
        prior * arrangements * math.prod(p ** int(h) * (1 - p) ** int(t) for p, h, t in zip(row, heads, tails, strict=True))
        for prior, row in zip(at.proportions, at.probabilities, strict=True)
    )
    if not any(joint):
        raise ModelError("a row has probability 0 under every component; start from probabilities other than 0 and 1.")
    if hard:
        best = joint.index(max(joint))
        return joint, tuple(Fraction(int(k == best)) for k in range(len(joint)))
    return joint, tuple(value / sum(joint) for value in joint)


def _sums(rows: Sequence[ExactRow], side: Sequence[Vector]) -> tuple[Vector, ...]:
    """Expected counts (K, d)."""
    return tuple(
        tuple(
            sum((row.weight * row.responsibilities[k] * mine[j] for row, mine in zip(rows, side, strict=True)), Fraction())
            for j in range(len(side[0]))
        )
        for k in range(len(rows[0].joint))
    )


def _updated(
    model: AnyModel, before: Coins, rows: Sequence[ExactRow], heads: Sequence[Vector], tails: Sequence[Vector]
) -> Coins:
    """The M-step; what the model holds stays."""
    paths = frozenset(model.updates())
    proportions, probabilities = before.proportions, before.probabilities
    if "proportions" in paths:
        everyone = sum((row.weight for row in rows), Fraction())
        masses = (sum((row.weight * row.responsibilities[k] for row in rows), Fraction()) for k in range(len(proportions)))
        proportions = tuple(mass / everyone for mass in masses)
    if "components.probabilities" in paths:
        probabilities = tuple(
            tuple(h / (h + t) if h + t else old for h, t, old in zip(*line, strict=True))
            for line in zip(heads, tails, before.probabilities, strict=True)
        )
    return Coins(proportions, probabilities)


def _named(symbols: Symbols, coins: Coins) -> dict[str, Fraction]:
    found = {symbols("proportions", k): value for k, value in enumerate(coins.proportions)}
    for k, row in enumerate(coins.probabilities):
        found |= {symbols("components.probabilities", k, j): value for j, value in enumerate(row)}
    return found
