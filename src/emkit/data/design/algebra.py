"""What the operators of a formula make of its factors: terms, by formulaic.

formulaic is given names that stand for the factors, numbers, operators and brackets, and nothing else: no road through it leads
to Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from emkit.data.design.factors import Factor, factor_of
from emkit.data.design.tokens import Token, TokenKind
from emkit.errors import ModelError, ParameterError

Term = tuple[Factor, ...]  # whose product it is; none of them for the intercept
MOST_TERMS = 2_000  # that a formula may make on its way
MOST_FACTORS = 6  # of one term: with levels, each doubles the ways in which one may be left out
MOST_POWER = 10
POWERS = tuple(map(str, range(1, MOST_POWER + 1)))


def terms_of(tokens: Sequence[Token], part: str, intercept: bool = True) -> tuple[Term, ...]:
    """The terms of one side of a formula, which is the `part` in messages; those of few factors first.

    `intercept`: whether there is one unless the side says 0 or - 1.
    Errors: ModelError without formulaic; ParameterError for operators that have nothing to work on, and for too many terms.
    """
    if find_spec("formulaic") is None:
        raise ModelError("formulas need formulaic, which is not installed: pip install 'emkit[formula]'.")
    from formulaic.errors import FormulaicError  # slow to import
    from formulaic.parser import DefaultFormulaParser

    stand_ins: dict[Factor, str] = {}
    text = " ".join(_stand_in(token, stand_ins) for token in tokens)
    parser = DefaultFormulaParser(include_intercept=intercept)
    try:
        _refuse_many(parser.parse(text, target="ast"), part)
        factors = {name: factor for factor, name in stand_ins.items()}
        made = [tuple(factors[each.expr] for each in term.factors if each.expr != "1") for term in parser.parse(text)]
    except (FormulaicError, LookupError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ParameterError):
            raise
        written = " ".join(token.text for token in tokens)
        raise ParameterError(
            f"{part} is {written!r:.80}, in which an operator lacks something to work on, or a number stands elsewhere than as "
            "0, 1 or a whole power; write a + b, a:b, a * b, (a + b)^2, 0 + a or a - 1."
        ) from None
    for term in (term for term in made if len(term) > MOST_FACTORS):
        raise ParameterError(f"{part} has an interaction of {len(term)} factors; {MOST_FACTORS} are the most.")
    return tuple(sorted(made, key=len))


def _stand_in(token: Token, stand_ins: dict[Factor, str]) -> str:
    """A token as formulaic sees it."""
    if token.kind not in (TokenKind.NAME, TokenKind.CALL):
        return token.text
    return stand_ins.setdefault(factor_of(token), f"f{len(stand_ins)}")


def _refuse_many(tree: Any, part: str) -> None:
    """Raise ParameterError if a tree of operators makes too many terms, before it makes them."""
    most: dict[int, int] = {}
    for node in reversed(list(_nodes(tree))):
        sides = [most.get(id(side), 1) for side in node.args]
        most[id(node)] = count = _count(node, sides, part)
        if count > MOST_TERMS:
            raise ParameterError(
                f"{part} makes {count:,} terms or more; {MOST_TERMS:,} are the most. Name the interactions that are meant."
            )


def _nodes(tree: Any) -> Iterator[Any]:
    """The operators of a tree of formulaic, each before those that it works on. A long sum is too deep for a recursion."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if hasattr(node, "operator"):
            yield node
            waiting.extend(node.args)


def _count(node: Any, sides: Sequence[int], part: str) -> int:
    """The most terms that one operator makes of sides with so many."""
    match node.operator.symbol, sides:
        case ":", [left, right]:
            return left * right
        case "*", [left, right]:
            return left + right + left * right
        case (("^" | "**"), [left, _]):
            power = getattr(node.args[1], "token", "")
            if power not in POWERS:
                raise ParameterError(f"{part} has a power of terms that is no whole number from 1 to {MOST_POWER}.")
            return int(left) ** int(power)
    return sum(sides)
