"""The text of a formula as tokens: the first allow-list. What it does not know is refused before anything else reads it.

Nothing is evaluated here, and nothing is handed to formulaic, whose parser runs the Python that stands left of a ~.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from emkit.errors import ParameterError

MOST_BYTES = 10_000
MOST_DEPTH = 50  # brackets within brackets, and expressions within expressions
MOST_SHOWN = 40  # characters of a formula in a message
ALLOWED = (
    "a formula is made of names of columns (odd ones in backticks), numbers, + - : * ^ ** ~ | ( ), and calls of log, exp, "
    "sqrt, poly, C and I"
)
TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<quoted>`[^`]+`)|(?P<number>[0-9]+(?![\w.]))|(?P<name>[^\W\d]\w*)|(?P<operator>\*\*|[-+:*^~|])"
    r"|(?P<open>\()|(?P<close>\))"
)
# In calls more signs pass than calls have: who reads them as Python says what it is that is refused.
IN_CALLS = re.compile(r"`[^`]+`|'[^'\\\n]*'|\"[^\"\\\n]*\"|[\w\s+\-*/^:|~=.,()]")
OPENING = re.compile(r"\s*\(")
QUOTED = re.compile(r"`[^`]+`|'[^']*'|\"[^\"]*\"")
REASONS = {
    "{": "Python in braces",
    "}": "Python in braces",
    "[": "a subscript or a list",
    "]": "a subscript or a list",
    ".": "an attribute, or every column at once; a column called a.b is `a.b`",
    "'": "text; only the reference of C() is text, as in C(ward, Treatment('B'))",
    '"': 'text; only the reference of C() is text, as in C(ward, Treatment("B"))',
    "`": "a backtick that no other closes, or nothing between two of them",
    "%": "an operator in percent signs",
    "/": "nesting; write a / b as a + a:b, and divide inside of I()",
    "@": "a product of matrices",
    "=": "an assignment",
    "\\": "an escape",
    "#": "a comment",
}


class TokenKind(Enum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    CALL = "call"
    OPERATOR = "operator"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True)
class Token:
    """A piece of a formula: the name of a column without its backticks, a whole call, a number, an operator, a bracket."""

    kind: TokenKind
    text: str


def tokens_of(formula: str, also: str = "") -> tuple[Token, ...]:
    """The tokens of a formula, in order; characters `also` are operators, too, and words of Python names behind them.

    Errors: ParameterError naming the part that no formula has, and what is allowed.
    """
    if not isinstance(formula, str):
        raise ParameterError(f"a formula is text, such as 'y ~ x', and this is a {type(formula).__name__}.")
    size = len(formula.encode(errors="replace"))
    if size > MOST_BYTES:
        raise ParameterError(f"the formula has {size:,} bytes; {MOST_BYTES:,} are the most that are read.")
    found: list[Token] = []
    at = depth = 0
    while at < len(formula):
        match = TOKEN.match(formula, at)
        if match is None and formula[at] in also:
            found.append(Token(TokenKind.OPERATOR, formula[at]))
            at += 1
            continue
        if match is None:
            _refuse_character(formula, at)
        kind, text, end = str(match.lastgroup), match.group(), match.end()
        if kind == "name" and (opening := OPENING.match(formula, end)):
            kind, end = "call", _end_of_call(formula, at, opening.end())
            text = formula[at:end]
        depth = _depth(depth, kind == "open", kind == "close", formula[at:])
        if kind == "name":
            refuse_odd_letters(text)
            labels = also and found and found[-1].text in ("|", ":", *also)  # of groups, which are no arithmetic
            if keyword.iskeyword(text) and not labels:
                refuse(text, f"a word of Python; if a column is called so, write `{text}`")
        if kind != "space":
            found.append(Token(TokenKind("name" if kind == "quoted" else kind), text.strip("`") if kind == "quoted" else text))
        at = end
    if depth:
        refuse(formula, "a bracket that is not closed")
    return tuple(found)


def refuse(part: str, reason: str) -> NoReturn:
    """Raise ParameterError for a part of a formula."""
    short = part if len(part) <= MOST_SHOWN else part[:MOST_SHOWN] + "..."
    raise ParameterError(f"the formula has {short!r}, which is {reason}; {ALLOWED}.")


def refuse_odd_letters(text: str) -> None:
    """Raise ParameterError for letters that Python takes for other ones (full-width, ligatures ...)."""
    if unicodedata.normalize("NFKC", text) != text:
        refuse(text, "written in letters that stand for others; write a column that is called so in backticks")


def without_quotes(text: str) -> str:
    """The text without names in backticks and without text in quotation marks."""
    return QUOTED.sub("", text)


def _end_of_call(formula: str, start: int, at: int) -> int:
    """Where the call ends that begins at `start` and whose bracket ends at `at`."""
    depth = 1
    while depth and at < len(formula):
        match = IN_CALLS.match(formula, at)
        if match is None:
            _refuse_character(formula, at)
        depth = _depth(depth, match.group() == "(", match.group() == ")", formula[at:])
        at = match.end()
    if depth:
        refuse(formula[start:], "a bracket that is not closed")
    return at


def _depth(depth: int, opens: bool, closes: bool, part: str) -> int:
    """In how many brackets what follows stands."""
    depth += opens - closes
    if depth < 0:
        refuse(part, "a bracket that none opens")
    if depth > MOST_DEPTH:
        refuse(part, f"more than {MOST_DEPTH} brackets within another")
    return depth


def _refuse_character(formula: str, at: int) -> NoReturn:
    character = formula[at]
    if character.isdigit():
        refuse(formula[at:], "no whole number by itself; other numbers stand inside of I()")
    reason = REASONS.get(character, "no character of a formula")
    around = formula[max(at - 10, 0) : at + 20]
    raise ParameterError(f"the formula has {character!r} at {around!r}, which is {reason}; {ALLOWED}.")
