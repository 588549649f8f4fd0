"""The derivation of the M-step as HTML: sentences, and SymPy's formulas as MathML of which only known tags are let through."""

from __future__ import annotations

from html import escape
from xml.etree import ElementTree

from emkit.errors import ModelError

INVISIBLE_TIMES = "\u2062"
FENCES = tuple("()[]{}|∑∏")  # these grow with the row they stand in
TAGS = frozenset(
    f"m{name}"
    for name in (
        *("row", "i", "o", "n", "text", "space", "sub", "sup", "subsup", "frac", "sqrt", "root", "style"),
        *("under", "over", "underover", "table", "tr", "td"),
    )
)


def derived(subject: object) -> str:
    """The derivation as a list in HTML; a sentence if there is none, or if SymPy is not installed."""
    from emkit.derivations import derivation

    try:
        steps = derivation(subject).steps
    except ModelError as error:
        return f"<p>{escape(str(error))}</p>"
    items = (f"<li><p>{step.said(_inline, escape)}</p>{''.join(map(_formula, step.formulas))}</li>" for step in steps)
    return f"<ol>{''.join(items)}</ol>"


def _inline(term: object) -> str:
    from emkit.derivations.printing import mathml

    return f"<math>{safe_mathml(mathml(term))}</math>"


def _formula(formula: object) -> str:
    from emkit.derivations.printing import mathml

    return f'<div class="formula"><math display="block">{safe_mathml(mathml(formula))}</math></div>'


def safe_mathml(text: str) -> str:
    """MathML written anew with known tags only, no attributes, and every text escaped."""
    return _written(ElementTree.fromstring(text))


def _written(node: ElementTree.Element, parent: str = "") -> str:
    if node.tag == "mo" and node.text == INVISIBLE_TIMES:
        return ""
    inner = escape((node.text or "").replace("-", "−")) + "".join(
        _written(child, node.tag) + escape(child.tail or "") for child in node
    )
    needless = node.tag == "mrow" and (len(node) == 1 or (parent == "mrow" and not any(child.text in FENCES for child in node)))
    return inner if needless or node.tag not in TAGS else f"<{node.tag}>{inner}</{node.tag}>"
