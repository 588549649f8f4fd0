"""Normal columns: mean and variance, one variance for each column or one for all."""

from __future__ import annotations

from typing import Any, NamedTuple

from sympy import (
    Derivative,
    Eq,
    Function,
    IndexedBase,
    Integer,
    Matrix,
    Sum,
    Symbol,
    UnevaluatedExpr,
    diff,
    exp,
    expand,
    pi,
    simplify,
    solve,
    sqrt,
)

from emkit.derivations.algebra import (
    COLUMNS,
    MASS,
    ROWS,
    N,
    confirmed,
    d,
    definitions,
    gather,
    i,
    j,
    k,
    log_of,
    over_rows,
    r,
    x,
)
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.opening import density_of, expected_complete_log_likelihood

mean = Symbol("mu_k", real=True)
variance = Symbol("v_k", positive=True)
S, T = Symbol("S_k", real=True), Symbol("T_k", positive=True)
W = Symbol("W_k", positive=True)
centre = IndexedBase("mu")
part = Function("Q_k")
ONE = Integer(1)
DENSITY = exp(-((x[i] - mean) ** 2) / (2 * variance)) / sqrt(UnevaluatedExpr(2 * pi * variance))


def derive_columns() -> Derivation:
    """Mean and variance of one column; columns are independent within a component."""
    log_density = log_of(DENSITY)
    moments = {ONE: N, x[i]: S, x[i] ** 2: T}
    q = gather(expand(log_density), moments)
    about_mean = gather(log_density, {ONE: N, (x[i] - mean) ** 2: W})
    mean_steps, best_mean = _mean(q, over_rows(moments))
    spread = Sum(r[i, k] * (x[i] - mean) ** 2, ROWS)
    about = variance_about(
        "mean",
        part(mean, variance),
        about_mean,
        spread,
        "(emkit keeps it above a small fraction of the variance of the whole data, so that no component can collapse onto a "
        "few rows.)",
    )
    steps = (
        Step(
            "A row {x} of component {k} is normal with mean {mean} and variance {variance}.",
            (Eq(density_of(x[i]), DENSITY),),
            {"x": x[i], "k": k, "mean": mean, "variance": variance},
        ),
        *expected_complete_log_likelihood(),
        Step(
            "M-step. Only the terms of component {k} hold its mean and variance. (Columns that are independent within a "
            "component have terms of their own, of this same form.)",
            (Eq(part(mean, variance), Sum(r[i, k] * log_density, ROWS)),),
            {"k": k},
        ),
        *mean_steps,
        *about.steps,
        _maximum(q, best_mean, about.best),
    )
    in_sums = {W: spread, N: MASS, S: Sum(r[i, k] * x[i], ROWS)}
    solutions = (Solved("means", mean, diff(q, mean).subs(in_sums), best_mean.subs(in_sums)), about.solved)
    return Derivation("gaussian-diag", "Normal columns: mean and variance", steps, solutions)


class About(NamedTuple):
    """The steps that find a variance, the variance in terms of its sum of squares, and what is found."""

    steps: tuple[Step, ...]
    best: Any
    solved: Solved


def variance_about(what: str, q: Any, in_variance: Any, spread: Any, more: str) -> About:
    """The variance about a mean, or a line, that is found already: `q` is `in_variance`, W the sum of squares `spread`."""
    slope = diff(in_variance, variance)
    (best,) = solve(slope, variance)
    value = best.subs({W: spread, N: MASS})
    steps = (
        Step(
            f"With that {what}, call the weighted sum of squares about it {{W}}. As a function of the variance,",
            (Eq(W, spread), Eq(q, in_variance)),
            {"W": W},
        ),
        Step("The derivative by the variance:", (Eq(Derivative(q, variance), slope),)),
        Step(f"It is zero at the weighted mean square about the {what}. {more}", (Eq(variance, best), Eq(variance, value))),
    )
    return About(steps, best, Solved("variances", variance, slope.subs({W: spread, N: MASS}), value))


def _mean(q: Any, sums: dict[Any, Any]) -> tuple[tuple[Step, ...], Any]:
    """The steps that find the mean, and the mean in terms of the statistics."""
    slope = diff(q, mean)
    (best,) = solve(slope, mean)
    shown = {name: sums[name] for name in (N, S)}
    terms = {"mean": mean, "variance": variance}
    steps = (
        Step("With the square multiplied out, all that the data contribute are three sums.", (*definitions(sums),)),
        Step("The derivative by the mean:", (Eq(Derivative(part(mean, variance), mean), simplify(slope)),)),
        Step(
            "It is zero at the weighted mean of the rows, whatever {variance}.",
            (Eq(mean, best), Eq(mean, best.subs(shown))),
            terms,
        ),
    )
    return steps, best


def _maximum(q: Any, best_mean: Any, best_variance: Any) -> Step:
    """The matrix of second derivatives at the solution: diagonal and negative."""
    second = Matrix(2, 2, lambda row, column: diff(q, (mean, variance)[row], (mean, variance)[column]))
    squares = W + S**2 / N  # the sum of squares about 0, written with the one about the mean
    there = second.subs({mean: best_mean, T: squares}).subs(variance, best_variance).applyfunc(simplify)
    confirmed(there[0, 1] == 0 and all(there[m, m].is_negative for m in (0, 1)), "the second derivatives are negative definite")
    return Step(
        "There the matrix of second derivatives (by the mean and the variance) is diagonal and negative: a maximum, and the "
        "only stationary point.",
        (there,),
    )


def derive_spherical() -> Derivation:
    """One variance for all columns of a component."""
    point = IndexedBase("x")
    distance = Sum((point[i, j] - centre[j]) ** 2, COLUMNS)
    density = UnevaluatedExpr(2 * pi * variance) ** (-d / 2) * exp(-distance / (2 * variance))
    log_density = log_of(density)
    q = gather(log_density, {ONE: N, distance: W})
    slope = diff(q, variance)
    (best,) = solve(slope, variance)
    curvature = diff(slope, variance).subs(variance, best)
    confirmed(simplify(curvature).is_negative, "the second derivative by the variance is negative")
    by_column = Derivative(part(centre, variance), centre[j])
    pull = Sum(r[i, k] * (point[i, j] - centre[j]), ROWS)
    weighted_mean = Sum(r[i, k] * point[i, j], ROWS) / MASS
    spread = Sum(r[i, k] * distance, ROWS)
    steps = (
        Step(
            "A row of component {k} has {d} columns, each normal about its own mean {mean}, all with the same variance {v}.",
            (Eq(density_of(point[i]), density),),
            {"k": k, "d": d, "mean": centre[j], "v": variance},
        ),
        *expected_complete_log_likelihood(),
        Step(
            "M-step. A mean stands in the terms of its own column alone, so it is the weighted mean of that column, whatever "
            "the variance (see gaussian-diag).",
            (Eq(by_column, pull / variance), Eq(centre[j], weighted_mean)),
        ),
        Step(
            "With those means, call the weighted sum of squared distances {W}. As a function of the variance,",
            (Eq(W, spread), Eq(part(centre, variance), q)),
            {"W": W},
        ),
        Step("The derivative by the variance:", (Eq(Derivative(part(centre, variance), variance), slope),)),
        Step(
            "It is zero at the weighted mean squared distance per column.",
            (Eq(variance, best), Eq(variance, best.subs({W: spread, N: MASS}))),
        ),
        Step("The second derivative is negative there: the maximum.", (simplify(curvature),)),
    )
    in_sums = {W: spread, N: MASS}
    solutions = (
        Solved("means", centre[j], pull, weighted_mean),
        Solved("variances", variance, slope.subs(in_sums), best.subs(in_sums)),
    )
    return Derivation("gaussian-spherical", "Round normal components: one variance", steps, solutions)
