"""SymPy's printers with two changes: what is added comes before what is taken away, and Greek letters keep their indices."""

from __future__ import annotations

import html
import re
from typing import Any

from sympy import Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.pretty_symbology import pretty_symbol
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

from emkit.derivations.mathml import MathMLPrinter

CONSTANT = Symbol("const")


class _Ordered:
    """The order of terms: first what is added, then what is taken away, last the constant."""

    def _as_ordered_terms(self, sum_: Any, order: Any = None) -> list[Any]:
        terms = super()._as_ordered_terms(sum_, order=order)  # type: ignore[misc]
        return sorted(terms, key=lambda term: (term == CONSTANT, bool(term.could_extract_minus_sign())))


class _Text(_Ordered, PrettyPrinter):  # type: ignore[misc]
    def _print_Indexed(self, item: Any) -> Any:  # noqa: N802
        return prettyForm(f"{pretty_symbol(str(item.base.label))}[{', '.join(map(str, item.indices))}]")

    def _print_IndexedBase(self, base: Any) -> Any:  # noqa: N802
        return prettyForm(pretty_symbol(str(base.label)))


class _Latex(_Ordered, LatexPrinter):  # type: ignore[misc]
    pass


class _MathML(_Ordered, MathMLPrinter):
    pass


class _Line(_Ordered, StrPrinter):  # type: ignore[misc]
    pass


def drawn(formula: Any) -> list[str]:
    """The formula in Unicode characters, line by line."""
    picture = _Text({"use_unicode": True, "wrap_line": False}).doprint(formula)
    return [line.rstrip() for line in picture.splitlines()]


def one_line(formula: Any) -> str:
    """The formula within a sentence."""
    lines = drawn(formula)
    return lines[0].strip() if len(lines) == 1 else str(_Line().doprint(formula))


def latex(formula: Any) -> str:
    """LaTeX, without delimiters."""
    return str(_Latex().doprint(formula))


def mathml(formula: Any) -> str:
    """Presentation MathML, without the outer element; well-formed XML, that is, with characters in place of HTML's names."""
    written = str(_MathML().doprint(formula)).replace("<mo><</mo>", "<mo>&lt;</mo>")  # SymPy leaves this one bare
    return re.sub(r"&(?!lt;|gt;|amp;|quot;)\w+;", lambda name: html.unescape(name[0]), written)
