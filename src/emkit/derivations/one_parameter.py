"""Families whose columns have one parameter, derived from the density with which they describe themselves."""

from __future__ import annotations

from typing import Any

from sympy import Derivative, Eq, Function, IndexedBase, Integer, StrictLessThan, Sum, Symbol, diff, factor, solve

from emkit.derivations.algebra import MASS, ROWS, N, confirmed, definitions, gather, i, in_letters, k, log_of, over_rows, r
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.opening import density_of, expected_complete_log_likelihood
from emkit.families.description import Columns
from emkit.formulas.expressions import names_in

S, F = Symbol("S_k", positive=True), Symbol("F_k", positive=True)
trials = Symbol("M", positive=True)
part = Function("Q_k")


def derive(name: str, described: Columns) -> Derivation:
    """Density -> Q -> derivative -> zero -> maximum. Errors: RuntimeError where SymPy cannot confirm a step."""
    unknown = Symbol(f"{described.words[described.field].symbol}_k", positive=True)
    letters = {letter: IndexedBase(letter)[i] for side in described.sides for letter in names_in(side.letters)}
    cells = {side.cell: in_letters(side.letters, letters) for side in described.sides}
    density = in_letters(described.factors, {described.parameter: unknown, **cells})
    row, *others = cells.values()
    statistics = {row: S, **({others[0]: F} if others else {Integer(1): N})}
    log_density = log_of(density)
    sums = over_rows(statistics)
    q = gather(log_density, statistics)
    slope = diff(q, unknown)
    (root,) = solve(slope, unknown)
    value = root.subs(sums)
    terms = {"k": k, "row": row, "parameter": unknown, "others": (others or [row])[0], "mean": 1 / unknown}
    steps = (
        Step(described.story, (Eq(density_of(row), density),), terms),
        *expected_complete_log_likelihood(row),
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
        Step("It is zero at one point only. " + described.meaning, (Eq(unknown, root), Eq(unknown, value)), terms),
        maximum(slope, unknown, root),
        *([_equal_trials(unknown, root, *cells.values())] if described.factors.get("coefficient") else []),
    )
    return Derivation(name, described.title, steps, (Solved(described.field, unknown, slope.subs(sums), value),))


def _equal_trials(unknown: Any, root: Any, successes: Any, failures: Any) -> Step:
    """The same number of trials in every row."""
    equal = root.subs(F, trials * N - S)
    return Step(
        "If every row has the same number {M} of trials, then {t} is {rest}, and the denominator is {M} times the expected "
        "number of rows: with {r} written as Q, this is theta = sum Q h / (M sum Q).",
        (Eq(unknown, equal), Eq(unknown, equal.subs({S: Sum(r[i, k] * successes, ROWS), N: MASS}))),
        {"M": trials, "t": failures, "rest": trials - successes, "r": r[i, k]},
    )


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
