"""The steps that every mixture's derivation begins with: known labels, their likelihood, their expectation."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Function, IndexedBase, Product, Sum, Symbol, log

from emkit.derivations.algebra import COMPONENTS, ROWS, K, i, k, n, r, x, z
from emkit.derivations.derivation import Step

pi = IndexedBase("pi")
density_of = Function("p_k")
Q, Likelihood = Symbol("Q"), Symbol("L")


def expected_complete_log_likelihood(row: Any = x[i]) -> tuple[Step, ...]:
    """Complete-data likelihood -> its logarithm -> Q, for a mixture with proportions pi_k and densities p_k."""
    share, density = pi[k], density_of(row)
    each_log = log(share) + log(density)
    return (
        Step(
            "Suppose the component of every row were known: {z} is 1 if row {i} belongs to component {k}, else 0. With "
            "proportions {pi}, the complete-data likelihood of {n} rows and {K} components is",
            (Eq(Likelihood, Product(Product((share * density) ** z[i, k], COMPONENTS), ROWS)),),
            {"z": z[i, k], "i": i, "k": k, "pi": share, "n": n, "K": K},
        ),
        Step(
            "Its logarithm is a sum, and linear in {z}.",
            (Eq(log(Likelihood), Sum(Sum(z[i, k] * each_log, COMPONENTS), ROWS)),),
            {"z": z[i, k]},
        ),
        Step(
            "E-step. {z} is not observed. Its expectation given the data, at the current parameters, is the responsibility "
            "{r}, the probability that row {i} belongs to component {k}; each row's sum to 1. Putting {r} for {z} gives the "
            "expected complete log-likelihood, in which the responsibilities are numbers from here on. (A row that occurs "
            "w times has w times its responsibilities.)",
            (Eq(Q, Sum(Sum(r[i, k] * each_log, COMPONENTS), ROWS)),),
            {"z": z[i, k], "r": r[i, k], "i": i, "k": k},
        ),
    )
