"""The last line of a worksheet: the log-likelihood of the parameters that the step started from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from emkit.core.arrays import Array
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.sheet import Line, Role, Variant
from emkit.formulas.expressions import Apply, Expression, Given, Less, Product, Quotient, Sum


def likelihood(
    probabilities: Sequence[Expression], weights: Array, coefficients: Sequence[Given | None], counted: bool, after: float
) -> Line:
    """sum_i weight_i log p(x_i), with the mistakes that it invites.

    `coefficients` are the binomial coefficients of the rows and `counted` says whether the model has them in p(x_i);
    `after` is the log-likelihood after the step.
    """
    terms = tuple(
        Product((("weight", Given("weight", float(w))), ("log", Apply("log", p))))
        for w, p in zip(weights, probabilities, strict=True)
    )
    right = Sum(terms)
    rows = Given("rows", float(weights.sum()))
    variants = (
        Variant(Mistake.LOG_BASE, "logarithms to base 10", Quotient(right, Given("ln 10", math.log(10)))),
        Variant(Mistake.LOG_BASE, "logarithms to base 2", Quotient(right, Given("ln 2", math.log(2)))),
        Variant(Mistake.SIGN, "its negative", Less(Given("0", 0.0), right)),
        Variant(Mistake.MEAN, "the mean over the rows", Quotient(right, rows)),
        Variant(Mistake.STEP, "the log-likelihood after the step", Given("log-likelihood after the step", after)),
        *_with_coefficients(right, weights, coefficients, counted),
    )
    return Line("log_likelihood", Role.LIKELIHOOD, right, variants=variants)


def _with_coefficients(
    right: Expression, weights: Array, coefficients: Sequence[Given | None], counted: bool
) -> Iterator[Variant]:
    known = [(w, float(c.number)) for w, c in zip(weights, coefficients, strict=True) if c is not None]
    if not known:
        return
    logged = Given("log coefficients", math.fsum(w * math.log(c) for w, c in known))
    plain = Given("coefficients", math.fsum(w * c for w, c in known))
    if counted:
        without = Less(right, logged)
        yield Variant(Mistake.COEFFICIENT, "without the binomial coefficients, which the model counts", without)
        yield Variant(Mistake.UNLOGGED, "binomial coefficients added without their logarithm", Sum((without, plain)))
    else:
        yield Variant(Mistake.COEFFICIENT, "with the binomial coefficients of unordered tosses", Sum((right, logged)))
        yield Variant(Mistake.UNLOGGED, "binomial coefficients added without their logarithm", Sum((right, plain)))
