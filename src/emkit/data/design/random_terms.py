"""Formulas of mixed models, such as ``y ~ x + (x | id)``, as what every row shares and what varies between groups of rows."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from emkit.data.design.tokens import Token, TokenKind, tokens_of
from emkit.errors import ParameterError


@dataclass(frozen=True)
class MixedFormula:
    """The formula without its bracket, `fixed`; what stands in the bracket before the bar, `random`, and behind it, `groups`.

    `apart`: random effects do not correlate, as two bars say.
    """

    fixed: str
    random: str
    groups: str
    apart: bool

    @property
    def with_gate(self) -> str:
        """As a formula whose gate are the random effects, which reads both designs."""
        return f"{self.fixed} | {self.random}"


def mixed_formula(formula: str) -> MixedFormula:
    """What a formula of a mixed model says.

    Errors: ParameterError for one without a bracket of random effects, or with several, and for groups that are no column.

    >>> mixed_formula("y ~ x + (1 + x | id)")
    MixedFormula(fixed='y ~ x', random='1 + x', groups='id', apart=False)
    >>> mixed_formula("y ~ (x || id)")
    MixedFormula(fixed='y ~ 1', random='x', groups='id', apart=True)
    """
    if any("/" in part.partition(")")[0] for part in str(formula).split("|")[1:]):
        _refuse(formula, "has nested groups; rows are in groups of one column here, as in (x | id)")
    tokens = tokens_of(formula)
    found = _brackets(tokens)
    if not found:
        _refuse(formula, "has no random effects; write them in a bracket, as in y ~ x + (x | id)")
    if len(found) > 1:
        _refuse(formula, "has several brackets of random effects; one is fitted: write all effects in it, as in (x + z | id)")
    first, end = found[0]
    inside, bars = tokens[first + 1 : end], [j for j in range(first + 1, end) if tokens[j].text == "|"]
    apart = len(bars) == 2 and bars[1] == bars[0] + 1
    groups = inside[bars[-1] - first :]
    if len(bars) > 1 + apart or len(groups) != 1 or groups[0].kind is not TokenKind.NAME:
        _refuse(formula, "has something else than the name of one column behind the bar; write (x | id)")
    if bars[0] == first + 1 or [each.text for each in inside[: bars[0] - first - 1]] == ["0"]:
        _refuse(formula, "has nothing that varies before the bar; write (1 | id) for intercepts that do")
    return MixedFormula(
        _written(_without(tokens, first, end, formula)), _written(inside[: bars[0] - first - 1]), groups[0].text, apart
    )


def _brackets(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Where the brackets begin and end that hold a bar."""
    found, opened = [], []
    for j, token in enumerate(tokens):
        if token.kind is TokenKind.OPEN:
            opened.append(j)
        elif token.kind is TokenKind.CLOSE:
            first = opened.pop()
            if any(each.text == "|" for each in tokens[first:j]):
                found.append((first, j))
    return found


def _without(tokens: Sequence[Token], first: int, end: int, formula: str) -> list[Token]:
    """The tokens but those of the bracket, and the + beside it; an intercept, if it was all that there was."""
    before, behind = list(tokens[:first]), list(tokens[end + 1 :])
    ends = before[-1].text if before else ""
    if ends not in ("~", "+") or (behind and behind[0].text not in ("+", "-")):
        _refuse(formula, "has a bracket of random effects that is not added to the others; write y ~ x + (x | id)")
    if ends == "+":
        return [*before[:-1], *behind]
    if not behind:
        return [*before, Token(TokenKind.NUMBER, "1")]
    return [*before, *(behind[1:] if behind[0].text == "+" else [Token(TokenKind.NUMBER, "1"), *behind])]


def _written(tokens: Sequence[Token]) -> str:
    """Tokens as text, with names that are no words in backticks."""
    plain = [
        f"`{each.text}`"
        if each.kind is TokenKind.NAME and (not each.text.isidentifier() or keyword.iskeyword(each.text))
        else each.text
        for each in tokens
    ]
    return " ".join(plain)


def _refuse(formula: object, what: str) -> NoReturn:
    raise ParameterError(f"the formula {formula!r:.60} {what}.")
