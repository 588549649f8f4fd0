"""SymPy's presentation MathML with what its printer lacks or gets wrong: products, second limits, names, subscripts, orders.

Nothing here hangs on attributes, so that a page may drop them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Add, Sum, Symbol, binomial, exp, fraction, log
from sympy.core.function import _coeff_isneg
from sympy.printing.conventions import requires_partial
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.pretty_symbology import pretty_symbol

THIN = "\u2009"


class MathMLPrinter(MathMLPresentationPrinter):  # type: ignore[misc]
    """Presentation MathML as a person would write it."""

    def _element(self, tag: str, *inside: Any) -> Any:
        """An element with the text or the elements inside."""
        element = self.dom.createElement(tag)
        for part in inside:
            element.appendChild(self.dom.createTextNode(part) if isinstance(part, str) else part)
        return element

    def _bracketed(self, *inside: Any) -> Any:
        return self._element("mrow", self._element("mo", "("), *inside, self._element("mo", ")"))

    def _factor(self, item: Any) -> Any:
        """The item, in brackets if it is a sum of terms."""
        return self.parenthesize(item, PRECEDENCE["Mul"], strict=True)

    # --- sums and products ------------------------------------------------------------------------------------------------

    def _print_Sum(self, e: Any) -> Any:  # noqa: N802
        return self._over_limits("∑", e)

    def _print_Product(self, e: Any) -> Any:  # noqa: N802
        return self._over_limits("∏", e)

    def _over_limits(self, sign: str, e: Any) -> Any:
        """One sign for each limit, the outermost first."""
        signs = []
        for index, first, last in reversed(e.limits):
            under = self._element("mrow", self._print(index), self._element("mo", "="), self._print(first))
            signs.append(self._element("munderover", self._element("mo", sign), under, self._print(last)))
        return self._element("mrow", *signs, self._factor(e.function))

    def _print_Mul(self, e: Any) -> Any:  # noqa: N802
        """Over and under a line, where exponentials stay above it; the factors in the order in which one writes them."""
        signs = []
        if e.could_extract_minus_sign():
            signs, e = [self._element("mo", "-")], -e
        over, under = fraction(e, exact=True)
        if under != 1:
            return self._element("mrow", *signs, self._element("mfrac", self._print(over), self._print(under)))
        factors = sorted(over.as_ordered_factors() if over.is_Mul else [over], key=_place)
        return self._element("mrow", *signs, *map(self._factor, factors))

    def _print_MatMul(self, e: Any) -> Any:  # noqa: N802
        number, matrices = e.as_coeff_matrices()
        shown = [] if number == 1 else [self._factor(number)]
        return self._element("mrow", *shown, *map(self._factor, matrices))

    def _print_MatAdd(self, e: Any) -> Any:  # noqa: N802
        """What is added first, then what is taken away."""
        first, *others = sorted(e.args, key=_taken_away)
        row = self._element("mrow", self._print(first))
        for term in others:
            sign, term = ("-", -term) if _taken_away(term) else ("+", term)
            row.appendChild(self._element("mo", sign))
            row.appendChild(self._print(term))
        return row

    # --- functions --------------------------------------------------------------------------------------------------------

    def _print_AppliedUndef(self, e: Any) -> Any:  # noqa: N802
        name = self._print(Symbol(e.func.__name__))
        return self._element("mrow", name, self._paren_comma_separated(*e.args))

    def _print_log(self, e: Any) -> Any:
        space, name = self._element("mtext", THIN), self._element("mi", "log")
        return self._element("mrow", space, name, self._bracketed(self._print(e.args[0])))

    def _print_Trace(self, e: Any) -> Any:  # noqa: N802
        return self._element("mrow", self._element("mi", "tr"), self._bracketed(self._print(e.arg)))

    def _print_binomial(self, e: Any) -> Any:
        lines = (self._element("mtr", self._element("mtd", self._print(number))) for number in e.args)
        return self._bracketed(self._element("mtable", *lines))

    def _print_Pow(self, e: Any) -> Any:  # noqa: N802
        if e.exp.is_number:
            return super()._print_Pow(e)
        return self._element("msup", self.parenthesize(e.base, PRECEDENCE["Pow"]), self._print(e.exp))

    def _print_Exp1(self, e: Any) -> Any:  # noqa: N802
        return self._element("mi", "e")

    def _print_exp(self, e: Any) -> Any:
        return self._element("msup", self._element("mi", "e"), self._print(e.args[0]))

    def _print_UnevaluatedExpr(self, e: Any) -> Any:  # noqa: N802
        return self._print(e.args[0])

    def _print_Derivative(self, e: Any) -> Any:  # noqa: N802
        d = "∂" if requires_partial(e.expr) else "d"
        order = sum(times for _, times in e.variable_count)
        by = []
        for symbol, times in e.variable_count:
            by += [self._element("mi", d), self._raised(self._print(symbol), times)]
        ratio = self._element("mfrac", self._raised(self._element("mi", d), order), self._element("mrow", *by))
        return self._element("mrow", ratio, self._print(e.expr))

    def _raised(self, element: Any, times: Any) -> Any:
        return element if times == 1 else self._element("msup", element, self._print(times))

    # --- names ------------------------------------------------------------------------------------------------------------

    def _print_Indexed(self, e: Any) -> Any:  # noqa: N802
        """A name with an index of its own, ``Q_A``, keeps it, before those of the entry."""
        return self._indexed(e.base, e.indices)

    def _print_IndexedBase(self, base: Any) -> Any:  # noqa: N802
        return self._indexed(base, ())

    def _indexed(self, base: Any, indices: Sequence[Any]) -> Any:
        name, _, own = self._split_super_sub(str(base.label))
        letter = self._element("mi", pretty_symbol(name))
        parts = [part for index in (*map(Symbol, own), *indices) for part in (self._element("mo", ","), self._print(index))][1:]
        return self._element("msub", letter, self._element("mrow", *parts)) if parts else letter


def _place(factor: Any) -> int:
    """Where a factor of a product stands: a choice first, sums of terms and functions late, a long sum last."""
    late = (Add, log, exp, Sum)
    return -isinstance(factor, binomial) + next((n for n, kind in enumerate(late, 1) if isinstance(factor, kind)), 0)


def _taken_away(term: Any) -> bool:
    return bool(_coeff_isneg(term.as_coeff_mmul()[0]))
