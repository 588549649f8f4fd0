"""Families whose columns have one parameter: Bernoulli, binomial, Poisson, exponential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import (
    Derivative,
    Eq,
    Function,
    IndexedBase,
    Integer,
    StrictLessThan,
    Sum,
    Symbol,
    binomial,
    diff,
    exp,
    factor,
    factorial,
    solve,
)

from emkit.derivations.algebra import MASS, ROWS, N, confirmed, definitions, gather, i, k, log_of, over_rows, r, x
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.opening import density_of, expected_complete_log_likelihood

h, t = IndexedBase("h"), IndexedBase("t")
S, F = Symbol("S_k", positive=True), Symbol("F_k", positive=True)
theta, rate = Symbol("theta_k", positive=True), Symbol("lambda_k", positive=True)
trials = Symbol("M", positive=True)
part = Function("Q_k")
ONE = Integer(1)


@dataclass(frozen=True)
class Column:
    """What is needed to derive one column: the density of a row, its parameter, and names for the sums of features."""

    name: str
    title: str
    entry: str
    parameter: Any
    row: Any
    density: Any
    statistics: Mapping[Any, Any]
    words: str
    meaning: str


BERNOULLI = Column(
    "bernoulli", "Bernoulli columns: the chance of a 1", "probabilities", theta, x[i],
    theta ** x[i] * (1 - theta) ** (1 - x[i]),
    {x[i]: S, 1 - x[i]: F},
    "A row {row} of component {k} is 1 with probability {parameter} and 0 otherwise.",
    "The expected number of ones of component {k}, divided by its expected number of rows.",
)  # fmt: skip
BINOMIAL = Column(
    "binomial", "Binomial counts: the chance of a success", "probabilities", theta, h[i],
    binomial(h[i] + t[i], h[i]) * theta ** h[i] * (1 - theta) ** t[i],
    {h[i]: S, t[i]: F},
    "A row of component {k} has {row} successes (heads) and {failures} failures (tails); a trial succeeds with probability "
    "{parameter}.",
    "The expected number of successes of component {k}, divided by its expected number of trials.",
)  # fmt: skip
POISSON = Column(
    "poisson", "Poisson columns: the mean count", "rates", rate, x[i], rate ** x[i] * exp(-rate) / factorial(x[i]),
    {x[i]: S, ONE: N},
    "A row {row} of component {k} is a count with mean {parameter}.",
    "The expected total count of component {k}, divided by its expected number of rows.",
)  # fmt: skip
EXPONENTIAL = Column(
    "exponential", "Exponential columns: events per unit of time", "rates", rate, x[i], rate * exp(-rate * x[i]),
    {x[i]: S, ONE: N},
    "A row {row} of component {k} is a waiting time with rate {parameter}, that is, with mean {mean}.",
    "The expected number of rows of component {k}, divided by their expected total time.",
)  # fmt: skip


def derive(column: Column) -> Derivation:
    """Density -> Q -> derivative -> zero -> maximum. Errors: RuntimeError where SymPy cannot confirm a step."""
    unknown = column.parameter
    log_density = log_of(column.density)
    sums = over_rows(column.statistics)
    q = gather(log_density, column.statistics)
    slope = diff(q, unknown)
    (root,) = solve(slope, unknown)
    value = root.subs(sums)
    terms = {"k": k, "row": column.row, "parameter": unknown, "failures": t[i], "mean": 1 / unknown}
    steps = (
        Step(column.words, (Eq(density_of(column.row), column.density),), terms),
        *expected_complete_log_likelihood(column.row),
        Step(
            "M-step. Only the terms of component {k} hold {parameter}, so it can be maximised by itself. (Several columns are "
            "independent within a component: each has terms of its own, of this same form.)",
            (Eq(part(unknown), Sum(r[i, k] * log_density, ROWS)),),
            terms,
        ),
        Step(
            "All that the data contribute are expected sufficient statistics. What does not hold {parameter} is a constant.",
            (*definitions(sums), Eq(part(unknown), q)),
            terms,
        ),
        Step("The derivative:", (Eq(Derivative(part(unknown), unknown), slope),)),
        Step("It is zero at one point only. " + column.meaning, (Eq(unknown, root), Eq(unknown, value)), terms),
        maximum(slope, unknown, root),
    )
    return Derivation(column.name, column.title, steps, (Solved(column.entry, unknown, slope.subs(sums), value),))


def maximum(slope: Any, unknown: Any, root: Any) -> Step:
    """The step that shows the only stationary point to be the maximum."""
    curvature = diff(slope, unknown)
    there = factor(curvature.subs(unknown, root))
    confirmed(there.is_negative, f"the second derivative by {unknown} is negative")
    second = Derivative(part(unknown), (unknown, 2))
    return Step(
        "The second derivative; and its value there, which is negative, so that the only stationary point is the maximum.",
        (Eq(second, curvature), StrictLessThan(there, 0, evaluate=False)),
    )


def derive_binomial() -> Derivation:
    """The binomial with a last step: the same number of trials in every row."""
    derived = derive(BINOMIAL)
    (solved,) = derived.solutions
    (root,) = solve(diff(gather(log_of(BINOMIAL.density), BINOMIAL.statistics), theta), theta)
    equal = root.subs(F, trials * N - S)
    sums = {S: Sum(r[i, k] * h[i], ROWS), N: MASS}
    last = Step(
        "If every row has the same number {M} of trials, then {t} is {rest}, and the denominator is {M} times the expected "
        "number of rows: with {r} written as Q, this is theta = sum Q h / (M sum Q).",
        (Eq(theta, equal), Eq(theta, equal.subs(sums))),
        {"M": trials, "t": t[i], "rest": trials - h[i], "r": r[i, k]},
    )
    return Derivation(derived.name, derived.title, (*derived.steps, last), (solved,))


def derive_bernoulli() -> Derivation:
    """The chance of a 1."""
    return derive(BERNOULLI)


def derive_poisson() -> Derivation:
    """The mean count."""
    return derive(POISSON)


def derive_exponential() -> Derivation:
    """Events per unit of time."""
    return derive(EXPONENTIAL)
