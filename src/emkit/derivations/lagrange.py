"""Probabilities that sum to 1: mixing proportions and categorical columns, with a Lagrange multiplier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Derivative, Eq, Function, IndexedBase, Piecewise, Product, Sum, Symbol, diff, log, solve, symbols

from emkit.derivations.algebra import ROWS, K, confirmed, i, k, n, r
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.opening import Q, density_of, expected_complete_log_likelihood, pi

c, C, m = symbols("c C m", integer=True, positive=True)
multiplier = Symbol("lambda", positive=True)
x = IndexedBase("x")
objective = Function("Q_k")
Lagrangian = Symbol("Lambda")
each = Symbol("S", positive=True)
here = Symbol("theta", positive=True)


@dataclass(frozen=True)
class Shares:
    """What is shared out: probabilities `share`[index] with expected counts `count`[index], index = 1 ... `last`."""

    share: Any
    count: Any
    index: Any
    last: Any

    @property
    def limits(self) -> tuple[Any, Any, Any]:
        """The range of the index."""
        return self.index, 1, self.last

    @property
    def total(self) -> Any:
        """The sum of all expected counts."""
        return Sum(self.count, self.limits)


def solved_shares(shares: Shares, objective: Any) -> tuple[list[Step], Any, Any]:
    """The steps from Q to the solution; the solution with the counts by name; the derivative of the Lagrangian."""
    share, count, index = shares.share, shares.count, shares.index
    q = Sum(count * log(share), shares.limits)
    lagrangian = q + multiplier * (1 - Sum(share, shares.limits))
    other = share.subs(index, m)
    slope = _inside(diff(lagrangian, other).doit())
    (root,) = solve(slope, other)
    constraint = Sum(root.subs(m, index), shares.limits) - 1
    (found,) = solve(constraint.simplify().subs(shares.total, each), multiplier)
    found = found.subs(each, shares.total)
    solution = root.subs(multiplier, found)
    curvature = diff(slope, other)
    confirmed(curvature.subs({other: here, count.subs(index, m): each}).is_negative, "Q is concave in the probabilities")
    steps = [
        Step(
            "They must sum to 1, so a Lagrange multiplier {multiplier} is added for that.",
            (Eq(Lagrangian, lagrangian),),
            {"multiplier": multiplier},
        ),
        Step("The derivative by one of them:", (Eq(Derivative(Function("Lambda")(other), other), slope),)),
        Step("It is zero at", (Eq(other, root),)),
        Step("The multiplier follows from the sum, which must be 1.", (Eq(constraint + 1, 1), Eq(multiplier, found))),
        Step("Putting it in: each expected count as a share of all.", (Eq(other, solution),)),
        Step(
            "It is the maximum: the second derivatives are negative and there are no mixed ones, so {objective} is concave, "
            "and the sum to 1 is a linear constraint.",
            (Eq(Derivative(Function("Lambda")(other), (other, 2)), curvature),),
            {"objective": objective},
        ),
    ]
    return steps, solution, slope


def _inside(expression: Any) -> Any:
    """Sums over Kronecker deltas come as cases, "if the index is in range"; it is."""
    return expression.replace(lambda e: isinstance(e, Piecewise), lambda e: e.args[0].expr)


def derive_proportions() -> Derivation:
    """The mixing proportions: expected number of rows of a component / number of rows."""
    count = IndexedBase("N")
    shares = Shares(pi[k], count[k], k, K)
    steps, solution, slope = solved_shares(shares, Q)
    mass = Sum(r[i, m], ROWS)
    value = solution.subs(shares.total, Sum(mass.subs(m, k), shares.limits)).subs(count[m], mass)
    steps = [
        *expected_complete_log_likelihood(),
        Step(
            "M-step. The proportions stand in the first term alone; the components do not matter. With {count}, the expected "
            "number of rows of component {k},",
            (Eq(count[k], Sum(r[i, k], ROWS)), Eq(Q, Sum(count[k] * log(pi[k]), shares.limits) + Symbol("const"))),
            {"count": count[k], "k": k},
        ),
        *steps,
        Step(
            "The responsibilities of each row sum to 1, so all {n} rows are shared out.",
            (Eq(shares.total, n), Eq(pi[m], mass / n)),
            {"n": n},
        ),
    ]
    condition = slope.subs(multiplier, Sum(mass.subs(m, k), shares.limits)).subs(count[m], mass)
    solved = Solved("proportions", pi[m], condition.subs(m, k), value.subs(m, k))
    return Derivation("proportions", "Mixing proportions", tuple(steps), (solved,))


def derive_categorical() -> Derivation:
    """Categorical columns: expected count of a level / expected count of all levels."""
    share, count = IndexedBase("theta"), IndexedBase("S")
    shares = Shares(share[k, c], count[k, c], c, C)
    steps, solution, slope = solved_shares(shares, objective(share))
    level = Sum(r[i, k] * x[i, c], ROWS)
    value = solution.subs(shares.total, Sum(level, shares.limits)).subs(count[k, m], level.subs(c, m))
    row = IndexedBase("x")[i]
    density = Product(share[k, c] ** x[i, c], shares.limits)
    opening = [
        Step(
            "A column has levels 1 to {C}; {x} is 1 if row {i} has level {c}, else 0. Component {k} has level {c} with "
            "probability {theta}. (emkit counts levels from 0.)",
            (Eq(density_of(row), density),),
            {"C": C, "x": x[i, c], "i": i, "c": c, "k": k, "theta": share[k, c]},
        ),
        *expected_complete_log_likelihood(),
        Step(
            "M-step. Only the terms of component {k} hold its probabilities. (Several columns are independent within a "
            "component: each has terms of its own, of this same form.) With the expected count {count} of each level,",
            (
                Eq(objective(share), Sum(r[i, k] * Sum(x[i, c] * log(share[k, c]), shares.limits), ROWS)),
                Eq(count[k, c], level),
                Eq(objective(share), Sum(count[k, c] * log(share[k, c]), shares.limits)),
            ),
            {"k": k, "count": count[k, c]},
        ),
    ]
    steps.append(Step("With the sums over the rows written out:", (Eq(share[k, m], value),)))
    multiplier_found = Sum(level, shares.limits)
    condition = slope.subs(multiplier, multiplier_found).subs(count[k, m], level.subs(c, m))
    solved = Solved("columns", share[k, m], condition, value)
    return Derivation("categorical", "Categorical columns: the chance of each level", (*opening, *steps), (solved,))
