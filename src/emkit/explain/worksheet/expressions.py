"""Arithmetic as a person writes it down: it has a value, and a text with the numbers filled in.

The lines of a worksheet are made of these. A value is computed in whatever numbers are asked for: floats, or fractions
(where no logarithm, root or exponential stands in the way).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

Number = float | Fraction
Numbers = Mapping[str, Number]
Kind = Callable[[float], Number]
FUNCTIONS = {"log": math.log, "exp": math.exp, "sqrt": math.sqrt}
SHOWN_TERMS = 6


class Expression(Protocol):
    """A piece of arithmetic over numbers and the names of earlier lines."""

    def value(self, at: Numbers, number: Kind = float) -> Number:
        """The value where the lines have the values `at`, in numbers of the kind `number`."""

    def text(self, at: Numbers) -> str:
        """The arithmetic with its numbers filled in."""

    def parts(self) -> tuple[Expression, ...]:
        """The expressions this one is made of."""


def names_in(expression: Expression) -> Iterator[str]:
    """The names of the lines that an expression uses, in order, repetitions included."""
    if isinstance(expression, Ref):
        yield expression.name
    for part in expression.parts():
        yield from names_in(part)


def show(value: Number, digits: int = 4) -> str:
    """A number for a reader: `digits` significant digits, whole numbers bare."""
    number = float(value)
    if number == 0 or (number == round(number) and abs(number) < 1e6):
        return f"{number:.0f}"
    return f"{number:.{max(digits, 1 + math.floor(math.log10(abs(number))))}g}" if abs(number) < 1e6 else f"{number:.{digits}g}"


def as_fraction(number: float) -> Fraction:
    """The decimal number that a float was written as, exactly: 0.6 is 3/5."""
    return Fraction(repr(float(number)))


@dataclass(frozen=True)
class Given:
    """A number known before the step, with the `name` that a reader knows it by (``pi``, ``heads``)."""

    name: str
    number: float

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return number(self.number)

    def text(self, at: Numbers) -> str:
        return show(self.number)

    def parts(self) -> tuple[Expression, ...]:
        return ()


@dataclass(frozen=True)
class Ref:
    """The value of an earlier line."""

    name: str

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return at[self.name]

    def text(self, at: Numbers) -> str:
        return show(at[self.name])

    def parts(self) -> tuple[Expression, ...]:
        return ()


@dataclass(frozen=True)
class Sum:
    """a + b + ..."""

    terms: tuple[Expression, ...]

    def value(self, at: Numbers, number: Kind = float) -> Number:
        values = [term.value(at, number) for term in self.terms]
        return math.fsum(values) if number is float else sum(values)

    def text(self, at: Numbers) -> str:
        shown = self.terms if len(self.terms) <= SHOWN_TERMS else (*self.terms[:2], self.terms[-1])
        texts = [term.text(at) for term in shown]
        if len(shown) < len(self.terms):
            texts.insert(2, "...")
        return " + ".join(texts)

    def parts(self) -> tuple[Expression, ...]:
        return self.terms


@dataclass(frozen=True)
class Product:
    """a * b * ..., each factor under the `label` that says what it is: ``proportion``, ``heads``, ``weight`` ..."""

    factors: tuple[tuple[str, Expression], ...]

    def value(self, at: Numbers, number: Kind = float) -> Number:
        result = number(1)
        for _, factor in self.factors:
            result = result * factor.value(at, number)
        return result

    def text(self, at: Numbers) -> str:
        texts = [_bracketed(factor, at, Sum, Less) for _, factor in self.factors]
        return " * ".join(text for text in texts if text != "1") or "1"

    def parts(self) -> tuple[Expression, ...]:
        return tuple(factor for _, factor in self.factors)

    def get(self, label: str) -> Expression | None:
        """The factor under that label."""
        return dict(self.factors).get(label)

    def without(self, label: str) -> Product:
        """The product with a factor left out."""
        return Product(tuple((name, factor) for name, factor in self.factors if name != label))

    def put(self, label: str, factor: Expression) -> Product:
        """The product with another factor under that label."""
        return Product(tuple((name, factor if name == label else old) for name, old in self.factors))


@dataclass(frozen=True)
class Quotient:
    """a / b."""

    top: Expression
    bottom: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        bottom = self.bottom.value(at, number)
        return self.top.value(at, number) / bottom if bottom != 0 else number(0) * math.nan

    def text(self, at: Numbers) -> str:
        return f"{_bracketed(self.top, at, Sum, Less)} / {_bracketed(self.bottom, at, Sum, Less, Product, Quotient)}"

    def parts(self) -> tuple[Expression, ...]:
        return (self.top, self.bottom)


@dataclass(frozen=True)
class Power:
    """base ^ exponent, for a whole-number exponent >= 0 (0 ^ 0 is 1)."""

    base: Expression
    exponent: Given

    def value(self, at: Numbers, number: Kind = float) -> Number:
        exponent = self.exponent.number
        return self.base.value(at, number) ** (int(exponent) if exponent == int(exponent) else exponent)

    def text(self, at: Numbers) -> str:
        if self.exponent.number == 0:
            return "1"
        base = show(self.base.value(at))
        return base if self.exponent.number == 1 else f"{base}^{show(self.exponent.number)}"

    def parts(self) -> tuple[Expression, ...]:
        return (self.base, self.exponent)


@dataclass(frozen=True)
class Less:
    """a - b."""

    left: Expression
    right: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return self.left.value(at, number) - self.right.value(at, number)

    def text(self, at: Numbers) -> str:
        return f"{self.left.text(at)} - {_bracketed(self.right, at, Sum, Less)}"

    def parts(self) -> tuple[Expression, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Apply:
    """A function of one number: ``log`` (natural), ``exp`` or ``sqrt``. It has no value in fractions (TypeError)."""

    function: str
    inner: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        if number is not float:
            raise TypeError(f"{self.function} of a fraction is no fraction")
        inner = self.inner.value(at)
        return math.nan if self.function != "exp" and inner <= 0 else FUNCTIONS[self.function](inner)

    def text(self, at: Numbers) -> str:
        return f"{self.function}({self.inner.text(at)})"

    def parts(self) -> tuple[Expression, ...]:
        return (self.inner,)


def _bracketed(expression: Expression, at: Numbers, *loose: type) -> str:
    text = expression.text(at)
    return f"({text})" if isinstance(expression, loose) else text
