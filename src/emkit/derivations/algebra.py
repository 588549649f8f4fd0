"""The little algebra that derivations share: sums over the rows, their statistics, and numbers put into a formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import (
    Add,
    Eq,
    Expr,
    Function,
    IndexedBase,
    Mul,
    Rational,
    Sum,
    Symbol,
    UnevaluatedExpr,
    binomial,
    exp,
    expand_log,
    factorial,
    lambdify,
    log,
    logcombine,
    pi,
    polygamma,
    sqrt,
    symbols,
)

from emkit.core.arrays import Array
from emkit.formulas.expressions import Apply, Choose, Expression, Factorial, Given, Less, Negative, Power, Quotient, Ref
from emkit.formulas.expressions import Product as Products
from emkit.formulas.expressions import Sum as Sums

i, j, k, n, d, K = symbols("i j k n d K", integer=True, positive=True)
a, b = symbols("a b", integer=True, positive=True)
r, x, z = IndexedBase("r"), IndexedBase("x"), IndexedBase("z")
N = Symbol("N_k", positive=True)
rest = Symbol("const")
two_pi = UnevaluatedExpr(2 * pi)  # stays in one piece
ROWS, COMPONENTS, COLUMNS = (i, 1, n), (k, 1, K), (j, 1, d)
MASS = Sum(r[i, k], ROWS)


def in_letters(formula: Expression, names: Mapping[str, Any]) -> Any:
    """A formula of a family's description as SymPy's, with letters for its `names`."""
    parts = [in_letters(part, names) for part in formula.parts()]
    match formula:
        case Ref(name=name):
            return names[name]
        case Given(number=number):
            return Rational(number)
        case Apply(function=function):
            return {"log": log, "exp": exp, "sqrt": sqrt}[function](*parts)
    return {
        Sums: lambda *terms: Add(*terms),
        Products: lambda *factors: Mul(*factors),
        Quotient: lambda over, under: over / under,
        Power: lambda base, exponent: base**exponent,
        Less: lambda left, right: left - right,
        Negative: lambda inner: -inner,
        Factorial: factorial,
        Choose: binomial,
    }[type(formula)](*parts)


def log_of(density: Any) -> Any:
    """The logarithm of a product as a sum; its factors are positive by the family's definition."""
    terms = Add.make_args(expand_log(log(density.doit()), force=True))
    numbers = Add(*(term for term in terms if not term.free_symbols))
    if numbers.has(pi):
        numbers = logcombine(2 * numbers, force=True) / 2  # log(2 pi) / 2, not log(sqrt(2) sqrt(pi))
    return Add(numbers, *(term for term in terms if term.free_symbols))


def gather(log_density: Any, statistics: Mapping[Any, Any]) -> Any:
    """sum_i r_ik log p(x_i) with each sum over rows replaced by its name; `statistics` maps features of a row to names.

    What holds no parameter is put into one constant. Errors: ValueError for a feature without a name.
    """
    total = rest
    for term in Add.make_args(log_density):
        outside, feature = term.as_independent(i, as_Add=False)
        if feature in statistics:
            total += outside * statistics[feature]
        elif outside.free_symbols:
            raise ValueError(f"{feature} has no name among {list(statistics)}")
    return total


def over_rows(statistics: Mapping[Any, Any], weight: Any = r[i, k]) -> dict[Any, Any]:
    """The names of statistics with the sums over rows, weighted by responsibilities, that they stand for."""
    return {name: Sum(weight * feature, ROWS) for feature, name in statistics.items()}


def definitions(sums: Mapping[Any, Any]) -> tuple[Any, ...]:
    """Equations that say what the names of statistics stand for."""
    return tuple(Eq(name, total) for name, total in sums.items())


def confirmed(claim: Any, what: str) -> None:
    """Errors: RuntimeError unless SymPy finds that the claim is true. No page may state what was not found."""
    if claim is not True:
        raise RuntimeError(f"SymPy could not confirm that {what}")


def readable(formula: Any) -> Any:
    """Digamma and trigamma under their usual letters."""
    psi, trigamma = Function("psi"), Function("psi_1")
    return formula.replace(lambda e: isinstance(e, polygamma), lambda e: (psi, trigamma)[int(e.args[0])](e.args[1]))


def numbers(formula: Expr, **given: Array | float) -> float:
    """The value of a formula at given numbers. Arrays are for indexed names; rows and components count from 1.

    ``numbers(derived["rates"].value, r=responsibilities, x=counts, n=len(counts), k=1)``
    """
    values = (np.pad(value, [(1, 0)] * np.ndim(value)) if np.ndim(value) else value for value in given.values())
    return float(lambdify(list(given), formula, modules=["scipy", "numpy"])(*values))
