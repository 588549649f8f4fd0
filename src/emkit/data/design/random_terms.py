"""Formulas of mixed models, such as ``y ~ x + (x | id)``, as what every row shares and what varies between groups of rows."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from emkit.data.design.tokens import Token, TokenKind, tokens_of
from emkit.errors import ParameterError

NESTS = "/"  # between groups and those within them

CROSSED = "Crossed groups are not fitted: make the column of fewer groups a covariate, as in y ~ a + (1 | b)"
SEVERAL = (
    "has several brackets of random effects, and only groups within groups have two: write (1 | school/class), or (1 | school) "
    f"+ (1 | class) if each class is of one school. {CROSSED}"
)


@dataclass(frozen=True)
class InnerTerms:
    """What varies between inner groups, `random`, the column of their labels, `groups`, and whether effects are `apart`."""

    random: str
    groups: str
    apart: bool


@dataclass(frozen=True)
class MixedFormula:
    """The formula without its bracket, `fixed`; what stands in the bracket before the bar, `random`, and behind it, `groups`.

    `apart`: random effects do not correlate, as two bars say. `inner`: what varies between groups within these, if there are.
    `unordered`: two brackets name a column of groups each, and the data tell which of these lie within the others.
    """

    fixed: str
    random: str
    groups: str
    apart: bool
    inner: InnerTerms | None = None
    unordered: bool = False

    def turned(self) -> MixedFormula:
        """The same with the inner groups as outer ones."""
        assert self.inner is not None
        inner = InnerTerms(self.random, self.groups, self.apart)
        return MixedFormula(self.fixed, self.inner.random, self.inner.groups, self.inner.apart, inner)

    @property
    def with_gate(self) -> str:
        """As a formula whose gate are the random effects of groups, which reads both designs."""
        return f"{self.fixed} | {self.random}"


@dataclass(frozen=True)
class _Bracket:
    """What one bracket says: `groups` are one column, or an outer and an inner one."""

    random: str
    groups: tuple[str, ...]
    sign: str
    apart: bool


def mixed_formula(formula: str) -> MixedFormula:
    """What a formula of a mixed model says.

    Errors: ParameterError for one without a bracket of random effects, with more than groups within groups have, and for groups
    that are no column.

    >>> mixed_formula("y ~ x + (1 + x | id)")
    MixedFormula(fixed='y ~ x', random='1 + x', groups='id', apart=False, inner=None, unordered=False)
    >>> mixed_formula("y ~ (x || id)").apart
    True
    >>> mixed_formula("y ~ (1 | school/class)").inner
    InnerTerms(random='1', groups='class', apart=False)
    >>> mixed_formula("y ~ (1 | school) + (1 | class)").unordered
    True
    >>> mixed_formula("y ~ (x | school) + (1 | school:class)") == mixed_formula("y ~ (1 | class:school) + (x | school)")
    True
    """
    tokens = tokens_of(formula, also=NESTS)
    places = _brackets(tokens)
    if not places:
        _refuse(formula, "has no random effects; write them in a bracket, as in y ~ x + (x | id)")
    found = [_read(tokens[first + 1 : end], formula) for first, end in places]
    for first, end in reversed(places):
        tokens = tuple(_without(tokens, first, end, formula))
    return _together(_written(tokens), found, formula)


def _together(fixed: str, found: Sequence[_Bracket], formula: str) -> MixedFormula:
    """The two levels of one bracket with a /, or of two; the groups of one may be those of the other with a :."""
    first, *others = found
    if not others and (first.sign == NESTS or len(first.groups) == 1):
        inner = InnerTerms(first.random, first.groups[1], first.apart) if first.sign == NESTS else None
        return MixedFormula(fixed, first.random, first.groups[0], first.apart, inner)
    if not others:
        _refuse(formula, "has something else than the name of one column behind the bar; write (x | id), or (x | id/inner)")
    if len({each.groups for each in found}) == 1:
        _refuse(formula, "has several brackets of random effects of the same groups; write all in one, as in (x + z | id)")
    outer, inner_one = sorted(found, key=lambda each: len(each.groups))[:2]
    if len(found) == 2 and len(outer.groups) == len(inner_one.groups) == 1:
        inner = InnerTerms(inner_one.random, inner_one.groups[0], inner_one.apart)
        return MixedFormula(fixed, outer.random, outer.groups[0], outer.apart, inner, unordered=True)
    nests = len(found) == 2 and len(outer.groups) == 1 and inner_one.sign == ":" and outer.groups[0] in inner_one.groups
    if not nests:
        _refuse(formula, SEVERAL)
    (label,) = set(inner_one.groups) - set(outer.groups) or {""}
    if not label:
        _refuse(formula, "has inner groups that are the outer ones")
    return MixedFormula(fixed, outer.random, outer.groups[0], outer.apart, InnerTerms(inner_one.random, label, inner_one.apart))


def _read(inside: Sequence[Token], formula: str) -> _Bracket:
    """What a bracket says."""
    bars = [j for j, token in enumerate(inside) if token.text == "|"]
    apart = len(bars) == 2 and bars[1] == bars[0] + 1
    groups = inside[bars[-1] + 1 :]
    names, signs = groups[::2], {token.text for token in groups[1::2]}
    if len(names) > 2 and signs == {NESTS}:
        _refuse(formula, "has groups in more than two levels; two are fitted, as in (x | school/class)")
    plain = len(groups) in (1, 3) and signs <= {":", NESTS} and all(each.kind is TokenKind.NAME for each in names)
    if len(bars) > 1 + apart or not plain:
        _refuse(formula, "has something else than the name of one column behind the bar; write (x | id), or (x | id/inner)")
    if len({each.text for each in names}) < len(names):
        _refuse(formula, "has groups within themselves; write the column of the inner groups behind the /")
    if bars[0] == 0 or [each.text for each in inside[: bars[0]]] == ["0"]:
        _refuse(formula, "has nothing that varies before the bar; write (1 | id) for intercepts that do")
    return _Bracket(_written(inside[: bars[0]]), tuple(each.text for each in names), "".join(signs), apart)


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
