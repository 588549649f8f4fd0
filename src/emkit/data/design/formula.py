"""Text such as ``y ~ x + poly(t, 2) + x:g | z`` as terms: what stands left of the ~, right of it, and behind the |.

No formula is evaluated by Python: see `tokens` and `arithmetic`, which refuse what they do not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emkit.data.design.algebra import Term, terms_of
from emkit.data.design.dependence import INTERCEPT
from emkit.data.design.factors import Factor, Polynomial
from emkit.data.design.tokens import Token, TokenKind, refuse, tokens_of
from emkit.errors import ParameterError


@dataclass(frozen=True)
class Formula:
    """A formula as it was written, and its parts: the `response`, the `terms` of the right side, those of the `gate`.

    The response is none of a formula that begins with ~ or has no ~. The gate, what proportions depend on, is None without a |.
    A term is the factors whose product it is; that of the intercept has none.
    """

    text: str
    response: tuple[Factor, ...]
    terms: tuple[Term, ...]
    gate: tuple[Term, ...] | None

    def factors(self, response: bool = True) -> tuple[Factor, ...]:
        """Its factors, each once."""
        own = self.response if response else ()
        return tuple(dict.fromkeys([*own, *(factor for term in (*self.terms, *(self.gate or ())) for factor in term)]))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that it names, each once."""
        return tuple(dict.fromkeys(column for factor in self.factors() for column in factor.columns))


def parsed(formula: str) -> Formula:
    """What a formula says.

    Errors: ModelError without formulaic; ParameterError naming the part that no formula may have, why, and what is allowed.

    >>> said = parsed("y ~ x * g + poly(t, 2) | 0 + z")
    >>> [":".join(factor.name for factor in term) or "1" for term in said.terms]
    ['1', 'x', 'g', 'poly(t, 2)', 'x:g']
    >>> [factor.name for factor in said.response], said.columns
    (['y'], ('y', 'x', 'g', 't', 'z'))
    >>> parsed("y ~ x + os.system('ls')")
    Traceback (most recent call last):
    emkit.errors.ParameterError: the formula has '.' at "y ~ x + os.system('ls')", which is an attribute, ...
    """
    left, right, gate = _parts(tokens_of(formula))
    response = tuple(_one_column(left)) if left else ()
    if not right:
        raise ParameterError(f"the formula {formula!r:.60} has nothing on its right side; write ~ 1 for an intercept alone.")
    terms = terms_of(right, "the right side")
    of_gate = terms_of(gate, "the gate, behind the |,") if gate is not None else None
    own = {column for factor in response for column in factor.columns}
    for factor in (factor for term in (*terms, *(of_gate or ())) for factor in term if own & set(factor.columns)):
        refuse(factor.name, "of the response, which stands left of the ~: nothing is told by itself")
    said = Formula(formula, response, terms, of_gate)
    for factor in (factor for factor in said.factors() if factor.name == INTERCEPT):
        refuse(factor.name, "what the column of ones is called; rename the column")
    for name, made in (("the right side", terms), ("the gate", of_gate)):
        if made == ():
            raise ParameterError(f"{name} of the formula {formula!r:.60} has no terms; write 1 for an intercept alone.")
    return said


def one_factor(text: str, what: str) -> Factor:
    """The factor that a text is, a column or arithmetic over columns. Errors: ParameterError; `what` it is, messages say."""
    tokens = tokens_of(text)
    terms = terms_of(tokens, what, intercept=False)
    if len(terms) != 1 or len(terms[0]) != 1 or isinstance(terms[0][0], Polynomial):
        refuse(text, f"not one column, as {what} is")
    return terms[0][0]


def _parts(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], tuple[Token, ...], tuple[Token, ...] | None]:
    """The tokens left of the ~, right of it, and behind the |."""
    at: dict[str, int] = {}
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token.kind is TokenKind.OPEN) - (token.kind is TokenKind.CLOSE)
        if token.kind is TokenKind.OPERATOR and token.text in "~|":
            if depth or token.text in at or (token.text == "~" and "|" in at):
                refuse(" ".join(each.text for each in tokens[place:]), "in brackets, or out of place; a formula is y ~ x | z")
            at[token.text] = place
    gate = at.get("|", len(tokens))
    left, right = (tokens[: at["~"]], tokens[at["~"] + 1 : gate]) if "~" in at else ((), tokens[:gate])
    behind = tokens[gate + 1 :] if "|" in at else None
    if behind == ():
        refuse("|", "followed by nothing; leave it out, or write | 1")
    return left, right, behind


def _one_column(left: tuple[Token, ...]) -> Iterator[Factor]:
    for term in terms_of(left, "the left side", intercept=False):
        if len(term) != 1 or isinstance(term[0], Polynomial):
            refuse(":".join(factor.name for factor in term) or "1", "no column of its own, as what a response consists of is")
        yield term[0]
