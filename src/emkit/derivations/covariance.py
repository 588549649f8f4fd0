"""Covariance matrices: one for each component, or one for all. The rules used are checked entry by entry for two columns."""

from __future__ import annotations

from typing import Any, NamedTuple

from sympy import (
    Derivative,
    Determinant,
    Eq,
    Function,
    IndexedBase,
    Matrix,
    MatrixSymbol,
    Rational,
    Sum,
    Symbol,
    Trace,
    diff,
    exp,
    hessian,
    log,
    simplify,
    solve,
    symbols,
)

from emkit.derivations.algebra import COMPONENTS, MASS, ROWS, N, a, b, confirmed, d, i, k, n, r, rest, two_pi
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.opening import density_of, expected_complete_log_likelihood

x, mu, entry = IndexedBase("x"), IndexedBase("mu"), IndexedBase("W")
C, P, W = MatrixSymbol("C_k", d, d), MatrixSymbol("P_k", d, d), MatrixSymbol("W_k", d, d)
row, centre, total = MatrixSymbol("x_i", d, 1), MatrixSymbol("mu_k", d, 1), MatrixSymbol("S_k", d, 1)
part = Function("Q_k")
own, shared_entry = IndexedBase("C")[k, a, b], IndexedBase("C")[a, b]
HALF = Rational(1, 2)
PULL = Sum(r[i, k] * (x[i, a] - mu[k, a]), ROWS)
SCATTER = Sum(r[i, k] * (x[i, a] - mu[k, a]) * (x[i, b] - mu[k, b]), ROWS)
WEIGHTED_MEAN = Sum(r[i, k] * x[i, a], ROWS) / MASS


class TwoColumns(NamedTuple):
    """Q of two columns written out in the entries of P, its derivatives, and the covariance that makes them zero."""

    objective: Any
    slopes: tuple[Any, ...]
    solution: dict[Any, Any]


def two_columns() -> TwoColumns:
    """Differentiate, solve and check the curvature entry by entry.

    Errors: RuntimeError unless SymPy confirms that Q is concave and that the solution is W / N.
    """
    p11, p12, p22 = entries = symbols("p_11 p_12 p_22", real=True)
    w11, w12, w22 = symbols("w_11 w_12 w_22", real=True)
    c11, c12, c22 = unknown = symbols("c_11 c_12 c_22", real=True)
    precision, scatter = Matrix([[p11, p12], [p12, p22]]), Matrix([[w11, w12], [w12, w22]])
    objective = N * HALF * log(precision.det()) - HALF * (precision * scatter).trace()
    slopes = tuple(diff(objective, p) for p in entries)
    inverse = Matrix([[c11, c12], [c12, c22]]).inv()
    at = {p11: inverse[0, 0], p12: inverse[0, 1], p22: inverse[1, 1]}
    solution = solve([simplify(slope.subs(at)) for slope in slopes], unknown, dict=True)[0]
    confirmed(solution == {c11: w11 / N, c12: w12 / N, c22: w22 / N}, "the covariance is the scatter per row")
    _confirm_concave(objective, entries)
    return TwoColumns(objective, slopes, solution)


def _confirm_concave(objective: Any, entries: Any) -> None:
    """The leading minors of minus the second derivatives are positive wherever the matrix is positive definite."""
    p11, p12, p22 = entries
    first, second = symbols("p s", positive=True)
    definite = {p22: (second + p12**2) / first, p11: first}  # every positive-definite matrix has this form
    curvature = -hessian(objective, entries).subs(definite, simultaneous=True)
    minors = [simplify(curvature[:size, :size].det()) for size in (1, 2, 3)]
    confirmed(all(minor.is_positive for minor in minors), "log |P| is concave")


def _opening(covariance: Any, whose: str) -> tuple[Step, ...]:
    deviation = row - centre
    distance = Trace(covariance.inverse() * deviation * deviation.T)
    density = two_pi ** (-d / 2) * Determinant(covariance) ** (-HALF) * exp(-HALF * distance)
    return (
        Step(
            f"A row of component {{k}}, a column {{x}} of {{d}} numbers, is normal with mean {{mean}} and covariance "
            f"{{C}}{whose}. (The trace in the exponent is its squared distance from the mean, measured in the covariance.)",
            (Eq(density_of(row), density),),
            {"k": k, "x": row, "d": d, "mean": centre, "C": covariance},
        ),
        *expected_complete_log_likelihood(row),
    )


def _mean_steps(precision: Any) -> tuple[Step, ...]:
    square = -HALF * N * centre.T * precision * centre + centre.T * precision * total
    slope = square.diff(centre).subs(precision.T, precision)
    gradient = precision * (total - N * centre)
    confirmed((slope - gradient).doit().expand().is_ZeroMatrix, "the gradient by the mean is P (S - N mu)")
    return (
        Step(
            "M-step, mean. With {P} for the inverse of the covariance, the terms of component {k} that hold its mean have "
            "the gradient",
            (Eq(Symbol("S_k"), Sum(r[i, k] * Symbol("x_i"), ROWS)), gradient),
            {"P": precision, "k": k},
        ),
        Step(
            "{P} is invertible, so the gradient is zero only at the weighted mean of the rows, whatever the covariance; "
            "for column {a} it is",
            (Eq(centre, total / N), Eq(mu[k, a], WEIGHTED_MEAN)),
            {"P": precision, "a": a},
        ),
    )


def _solving_steps(two: TwoColumns) -> tuple[Step, ...]:
    """The example with two columns, entry by entry."""
    p11, p12, p22 = symbols("p_11 p_12 p_22", real=True)
    slopes = tuple(Eq(Derivative(part(p), p), simplify(slope)) for p, slope in zip((p11, p12, p22), two.slopes, strict=True))
    return (
        Step(
            "For two columns, entry by entry, the same can be done without any rule for matrices. (The entry off the diagonal "
            "stands in two places, hence its derivative is doubled.)",
            (Eq(Symbol("Q_k"), two.objective), *slopes),
        ),
        Step(
            "The derivatives, written in the entries of the inverse of the precision, are linear in these; they are zero at",
            tuple(Eq(name, value) for name, value in two.solution.items()),
        ),
    )


def derive_full() -> Derivation:
    """A covariance matrix for each component."""
    two = two_columns()
    objective = N * HALF * log(Determinant(P)) - HALF * Trace(P * W) + rest
    pull = HALF * Trace(P * W).diff(P).subs(W.T, W)
    steps = (
        *_opening(C, ""),
        *_mean_steps(P),
        Step(
            "M-step, covariance. With that mean, collect the weighted products of deviations in {W}; the weighted sum of "
            "traces is one trace. As a function of {P},",
            (Eq(entry[a, b], SCATTER), Eq(part(P), objective)),
            {"W": W, "P": P},
        ),
        Step(
            "Two rules: the derivative of the logarithm of a determinant is the inverse, and that of tr(P W) is W, both "
            "matrices being symmetric. So the derivative is the following, and it is zero at one point only.",
            (N * HALF * P.inverse() - pull, Eq(C, W / N), Eq(own, SCATTER / MASS)),
        ),
        *_solving_steps(two),
        Step(
            "It is the maximum: log |P| is concave (along any symmetric direction H its second derivative is minus the trace "
            "of C H C H, which is positive), and the trace is linear."
        ),
    )
    condition = SCATTER - own * MASS
    return Derivation(
        "gaussian",
        "Normal components: mean and covariance matrix",
        steps,
        (Solved("means", mu[k, a], PULL, WEIGHTED_MEAN), Solved("covariances", own, condition, SCATTER / MASS)),
    )


def derive_tied() -> Derivation:
    """One covariance matrix for all components."""
    two_columns()
    shared, precision, pooled = MatrixSymbol("C", d, d), MatrixSymbol("P", d, d), MatrixSymbol("W", d, d)
    all_scatter = Sum(SCATTER, COMPONENTS)
    objective = n * HALF * log(Determinant(precision)) - HALF * Trace(precision * pooled) + rest
    pull = HALF * Trace(precision * pooled).diff(precision).subs(pooled.T, pooled)
    steps = (
        *_opening(shared, ", the same for all components"),
        *_mean_steps(precision),
        Step(
            "M-step, covariance. The terms of all components hold it. Add up the weighted products of deviations from each "
            "component's own mean; the expected numbers of rows add up to {n}.",
            (Eq(entry[a, b], all_scatter), Eq(Function("Q")(precision), objective)),
            {"n": n},
        ),
        Step(
            "The same two rules as for one component (see gaussian, where two columns are worked out entry by entry):",
            (n * HALF * precision.inverse() - pull, Eq(shared, pooled / n), Eq(shared_entry, all_scatter / n)),
        ),
        Step("It is the maximum: log |P| is concave and the trace is linear."),
    )
    everything = Sum(MASS, COMPONENTS)
    covariance = Solved("covariance", shared_entry, all_scatter - shared_entry * everything, all_scatter / everything)
    return Derivation(
        "gaussian-tied",
        "Normal components with one covariance matrix",
        steps,
        (Solved("means", mu[k, a], PULL, WEIGHTED_MEAN), covariance),
    )
