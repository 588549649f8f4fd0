"""Gamma columns: the mean in closed form, the shape from an equation with the digamma function."""

from __future__ import annotations

from typing import Any

from sympy import Derivative, Eq, Function, Integer, Sum, Symbol, diff, digamma, exp, gamma, log, simplify, solve

from emkit.derivations.algebra import MASS, ROWS, N, confirmed, definitions, gather, i, k, log_of, over_rows, r, readable, x
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.opening import density_of, expected_complete_log_likelihood

shape, mean = Symbol("a_k", positive=True), Symbol("m_k", positive=True)
S, T, s = Symbol("S_k", positive=True), Symbol("T_k", real=True), Symbol("s_k", positive=True)
after = Symbol("a_k_new", positive=True)
part = Function("Q_k")
psi, psi_1 = Function("psi"), Function("psi_1")
STATISTICS = {Integer(1): N, x[i]: S, log(x[i]): T}
DENSITY = (shape / mean) ** shape * x[i] ** (shape - 1) * exp(-shape * x[i] / mean) / gamma(shape)


def derive() -> Derivation:
    """Density -> Q -> mean -> equation for the shape -> fixed point -> maximum."""
    log_density = log_of(DENSITY)
    sums = over_rows(STATISTICS)
    q = gather(log_density, STATISTICS)
    (best_mean,) = solve(diff(q, mean), mean)
    slope = diff(q, shape).subs(mean, best_mean)
    spread = log(best_mean) - T / N
    steps = (
        Step(
            "A row {x} of component {k} is a positive amount with mean {mean} and shape {shape} (the rate of the usual form is "
            "{rate}). The mean is used because it can then be maximised whatever the shape.",
            (Eq(density_of(x[i]), DENSITY),),
            {"x": x[i], "k": k, "mean": mean, "shape": shape, "rate": shape / mean},
        ),
        *expected_complete_log_likelihood(),
        Step(
            "M-step. Only the terms of component {k} hold its shape and mean. (Several columns are independent within a "
            "component: each has terms of its own, of this same form.)",
            (Eq(part(shape, mean), Sum(r[i, k] * log_density, ROWS)),),
            {"k": k},
        ),
        Step("All that the data contribute are three sums.", (*definitions(sums), Eq(part(shape, mean), q))),
        Step(
            "The derivative by the mean is zero at the weighted mean of the rows, whatever the shape.",
            (Eq(Derivative(part(shape, mean), mean), diff(q, mean)), Eq(mean, best_mean), Eq(mean, best_mean.subs(sums))),
        ),
        *_shape_steps(slope, spread),
    )
    in_sums = {**sums, mean: best_mean.subs(sums)}
    return Derivation(
        "gamma",
        "Gamma columns: mean and shape",
        steps,
        (
            Solved("means", mean, diff(q, mean).subs(sums), best_mean.subs(sums)),
            Solved("shapes", shape, diff(q, shape).subs(in_sums) / MASS, None),
        ),
    )


def _shape_steps(slope: Any, spread: Any) -> tuple[Step, ...]:
    """The equation for the shape, its form as a fixed point, and why its solution is the maximum."""
    there = N * (log(shape) - digamma(shape) - spread)
    confirmed(simplify((slope - there).expand(force=True)) == 0, "the derivative by the shape is N (log a - digamma(a) - s)")
    (pull,) = solve(log(shape) - psi(after) - s, psi(after))
    rate = readable(diff(log(shape) - s, shape) / diff(digamma(shape), shape))
    return (
        Step(
            "The derivative by the shape, at that mean ({psi} is the digamma function, the derivative of the logarithm of the "
            "gamma function):",
            (Eq(Derivative(part(shape, mean), shape), readable(there)),),
            {"psi": psi(shape)},
        ),
        Step(
            "It is zero where the following holds. {s} is the logarithm of the mean less the mean of the logarithm: by "
            "Jensen's inequality it is positive unless all rows are equal.",
            (Eq(s, spread), Eq(log(shape) - psi(shape), s)),
            {"s": s},
        ),
        Step(
            "There is no closed form. As a fixed point: put in {shape} on the right, find {after} on the left, repeat. The "
            "distance to the solution shrinks each time by the factor below, which is less than 1, but close to it for large "
            "shapes. emkit solves the same equation by Newton's method on log-log scales, where it is nearly a straight line.",
            (Eq(psi(after), pull), rate),
            {"shape": shape, "after": after},
        ),
        Step(
            "It is the maximum, and the only one: the second derivative is negative everywhere, since {trigamma}, the "
            "derivative of {psi}, is the sum of 1 / (a + m)^2 over m = 0, 1, 2, ..., more than the integral 1 / a.",
            (Eq(Derivative(part(shape, mean), (shape, 2)), readable(diff(slope, shape)).collect(N)),),
            {"psi": psi(shape), "trigamma": psi_1(shape)},
        ),
    )
