"""A line among normal responses: weighted least squares, and the variance about the line."""

from __future__ import annotations

from sympy import Eq, IndexedBase, Sum, Symbol, UnevaluatedExpr, diff, exp, expand, pi, simplify, solve, sqrt

from emkit.derivations.algebra import ROWS, N, confirmed, definitions, gather, i, k, log_of, over_rows, r, x
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.normals import ONE, W, part, variance, variance_about
from emkit.derivations.opening import density_of, expected_complete_log_likelihood

y = IndexedBase("y")
level, slope = Symbol("a_k", real=True), Symbol("b_k", real=True)
X, Y, XX, XY, YY = (Symbol(f"S_{name}", real=True) for name in ("x", "y", "xx", "xy", "yy"))
AWAY = y[i] - level - slope * x[i]
DENSITY = exp(-(AWAY**2) / (2 * variance)) / sqrt(UnevaluatedExpr(2 * pi * variance))


def derive_line() -> Derivation:
    """Intercept, slope and variance of one covariate; of several, the two equations become one for each coefficient."""
    log_density = log_of(DENSITY)
    moments = {ONE: N, x[i]: X, y[i]: Y, x[i] ** 2: XX, x[i] * y[i]: XY, y[i] ** 2: YY}
    sums, q = over_rows(moments), gather(expand(log_density), moments)
    about_line = gather(log_density, {ONE: N, AWAY**2: W})
    by_level, by_slope = (simplify(diff(q, coefficient) * variance) for coefficient in (level, slope))
    best = solve([by_level, by_slope], [level, slope], dict=True)[0]
    about = variance_about(
        "line",
        part(level, slope, variance),
        about_line,
        Sum(r[i, k] * AWAY**2, ROWS),
        "The second derivative is negative there: the maximum.",
    )
    hessian = [[diff(q, one, other) for other in (level, slope)] for one in (level, slope)]
    minor = simplify(hessian[0][0] * hessian[1][1] - hessian[0][1] * hessian[1][0])
    confirmed(
        simplify(minor * variance**2 - (N * XX - X**2)) == 0, "the determinant is N S_xx - S_x^2 over the squared variance"
    )
    curvature = diff(about_line, variance, 2).subs(variance, about.best)
    confirmed(simplify(curvature).is_negative, "the second derivative by the variance is negative")
    shown = {name: sums[name] for name in (N, X, Y, XX, XY)}
    steps = (
        Step(
            "A response {y} of component {k} is normal about a line, with intercept {a}, slope {b} and variance {v}, given its "
            "covariate {x}.",
            (Eq(density_of(y[i], x[i]), DENSITY),),
            {"y": y[i], "k": k, "a": level, "b": slope, "v": variance, "x": x[i]},
        ),
        *expected_complete_log_likelihood(y[i]),
        Step(
            "M-step. Only the terms of component {k} hold its line and its variance.",
            (Eq(part(level, slope, variance), Sum(r[i, k] * log_density, ROWS)),),
            {"k": k},
        ),
        Step("With the square multiplied out, all that the data contribute are six sums.", definitions(sums)),
        Step("The derivatives by intercept and slope, times the variance, are zero where", (Eq(by_level, 0), Eq(by_slope, 0))),
        Step(
            "These are the equations of least squares, in which every row counts by its responsibility. Whatever {v}, their "
            "solution is",
            (Eq(slope, simplify(best[slope])), Eq(level, simplify(best[level]))),
            {"v": variance},
        ),
        Step(
            "The second derivatives by both are negative, and their determinant is this. It is above 0 unless all rows have "
            "the same covariate: a maximum, and the only one.",
            (minor,),
        ),
        *about.steps,
    )
    solutions = (
        Solved("intercept", level, by_level.subs(shown), best[level].subs(shown)),
        Solved("slope", slope, by_slope.subs(shown), best[slope].subs(shown)),
        about.solved,
    )
    return Derivation("normal regression", "A line among normal responses: weighted least squares", steps, solutions)
