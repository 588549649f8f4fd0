"""Arithmetic as a person writes it down: it has a value, a text with the numbers filled in, and a text in words.

Families describe densities and M-steps with these, and the lines of a worksheet are made of them. A value is computed in
whatever numbers are asked for: floats, or fractions (where no logarithm, root or exponential stands in the way).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, Self

from emkit.formulas.numerals import show

Number = float | Fraction
Numbers = Mapping[str, Number]
Kind = Callable[[Number], Number]
Write = Callable[[str, float], str]  # a number for a reader, from its name and value
FUNCTIONS = {"log": math.log, "exp": math.exp, "sqrt": math.sqrt}
SHOWN_TERMS = 6


def shown(name: str, value: float) -> str:
    """A number as worksheets show it, whatever it is."""
    return show(value)


class Expression(Protocol):
    """A piece of arithmetic over numbers and names. Of an expression in words, at is None."""

    def value(self, at: Numbers, number: Kind = float) -> Number:
        """The value where the names have the values `at`, in numbers of the kind `number`."""

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        """The arithmetic with its numbers filled in, written by `write`; with its names instead, where `at` is None."""

    def parts(self) -> tuple[Expression, ...]:
        """The expressions this one is made of."""

    def of(self, *parts: Expression) -> Expression:
        """The same arithmetic of other parts."""


def names_in(expression: Expression) -> Iterator[str]:
    """The names that an expression uses, in order, repetitions included."""
    if isinstance(expression, Ref):
        yield expression.name
    for part in expression.parts():
        yield from names_in(part)


def filled(expression: Expression, known: Mapping[str, Expression]) -> Expression:
    """The expression with what is `known` in the place of names and of given numbers of that name."""
    if isinstance(expression, Ref | Given):
        return known.get(expression.name, expression)
    return expression.of(*(filled(part, known) for part in expression.parts()))


def is_rational(expression: Expression) -> bool:
    """Whether the value is a fraction wherever the names have fractions for values."""
    return not isinstance(expression, Apply) and all(map(is_rational, expression.parts()))


def as_fraction(number: Number) -> Fraction:
    """The decimal number that a float was written as, exactly: 0.6 is 3/5."""
    return number if isinstance(number, Fraction) else Fraction(repr(float(number)))


@dataclass(frozen=True)
class _Leaf:
    """What has no parts."""

    name: str

    def parts(self) -> tuple[Expression, ...]:
        return ()

    def of(self, *parts: Expression) -> Self:
        return self


@dataclass(frozen=True)
class _Made:
    """What has nothing but parts, in the order of its fields."""

    def parts(self) -> tuple[Expression, ...]:
        return tuple(vars(self).values())

    def of(self, *parts: Expression) -> Self:
        return type(self)(*parts)


@dataclass(frozen=True)
class Given(_Leaf):
    """A number known before the step, with the `name` that a reader knows it by (``pi``, ``heads``)."""

    number: Number

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return number(self.number)

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        return self.name if at is None else write(self.name, float(self.number))


@dataclass(frozen=True)
class Ref(_Leaf):
    """A number by its name alone: that of an earlier line, or what a description is about (``rate``, ``heads``)."""

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return at[self.name]

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        return self.name if at is None else write(self.name, float(at[self.name]))


@dataclass(frozen=True)
class Sum:
    """a + b + ..."""

    terms: tuple[Expression, ...]

    def value(self, at: Numbers, number: Kind = float) -> Number:
        values = [term.value(at, number) for term in self.terms]
        return math.fsum(values) if number is float else sum(values)

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        kept = self.terms if len(self.terms) <= SHOWN_TERMS else (*self.terms[:2], self.terms[-1])
        texts = [term.text(at, write) for term in kept]
        if len(kept) < len(self.terms):
            texts.insert(2, "...")
        return " + ".join(texts)

    def parts(self) -> tuple[Expression, ...]:
        return self.terms

    def of(self, *parts: Expression) -> Sum:
        return Sum(parts)


@dataclass(frozen=True)
class Product:
    """a * b * ..., each factor under the `label` that says what it is: ``proportion``, ``heads``, ``weight`` ...

    Factors of 1 are not written, and one over a number is a division by it.
    """

    factors: tuple[tuple[str, Expression], ...]

    def value(self, at: Numbers, number: Kind = float) -> Number:
        result = number(1)
        for _, factor in self.factors:
            result = result * factor.value(at, number)
        return result

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        found: list[str] = []
        for factor in self.parts():
            over = isinstance(factor, Quotient) and factor.top == ONE
            text = _bracketed(factor.parts()[1] if over else factor, at, write, Sum, Less)
            if over or text != "1":
                sign = " / " if over else " * "
                found.append((sign if found else "1 / " if over else "") + text)
        return "".join(found) or "1"

    def parts(self) -> tuple[Expression, ...]:
        return tuple(factor for _, factor in self.factors)

    def of(self, *parts: Expression) -> Product:
        return Product(tuple((label, part) for (label, _), part in zip(self.factors, parts, strict=True)))

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
class Quotient(_Made):
    """a / b."""

    top: Expression
    bottom: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        bottom = self.bottom.value(at, number)
        return self.top.value(at, number) / bottom if bottom != 0 else number(0) * math.nan

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        over, under = (
            _bracketed(self.top, at, write, Sum, Less),
            _bracketed(self.bottom, at, write, Sum, Less, Product, Quotient),
        )
        return f"{over} / {under}"


@dataclass(frozen=True)
class Power(_Made):
    """base ^ exponent, for a whole-number exponent >= 0 (0 ^ 0 is 1)."""

    base: Expression
    exponent: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        exponent = self.exponent.value(at, number)
        return self.base.value(at, number) ** (int(exponent) if exponent == int(exponent) else exponent)

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        if at is None:
            return f"{_bracketed(self.base, None, write, Sum, Less, Product, Quotient)}^{self.exponent.text(None)}"
        exponent, base = float(self.exponent.value(at)), self.base
        name = base.name if isinstance(base, _Leaf) else ""
        return "1" if exponent == 0 else write(name, float(base.value(at))) + (f"^{show(exponent)}" if exponent != 1 else "")


@dataclass(frozen=True)
class Less(_Made):
    """a - b. Nothing taken away is not written."""

    left: Expression
    right: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return self.left.value(at, number) - self.right.value(at, number)

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        left = self.left.text(at, write)
        if at is not None and self.right.value(at) == 0:
            return left
        return f"{left} - {_bracketed(self.right, at, write, Sum, Less)}"


@dataclass(frozen=True)
class Negative(_Made):
    """-a."""

    inner: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return -self.inner.value(at, number)

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        return f"-{_bracketed(self.inner, at, write, Sum, Less)}"


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

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        return f"{self.function}({self.inner.text(at, write)})"

    def parts(self) -> tuple[Expression, ...]:
        return (self.inner,)

    def of(self, *parts: Expression) -> Apply:
        return Apply(self.function, *parts)


@dataclass(frozen=True)
class Factorial(_Made):
    """n!, of a whole number >= 0."""

    inner: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return number(math.factorial(int(self.inner.value(at, number))))

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        return f"{self.inner.text(at, write)}!"


@dataclass(frozen=True)
class Choose(_Made):
    """In how many ways `chosen` of `all_` can be chosen: the binomial coefficient C(n,k)."""

    all_: Expression
    chosen: Expression

    def value(self, at: Numbers, number: Kind = float) -> Number:
        return number(math.comb(*(int(part.value(at, number)) for part in self.parts())))

    def text(self, at: Numbers | None, write: Write = shown) -> str:
        if at is None:
            return f"C({self.all_.text(None)}, {self.chosen.text(None)})"
        return "C({:.0f},{:.0f})".format(*(float(part.value(at)) for part in self.parts()))


ONE, TWO = Given("1", 1.0), Given("2", 2.0)


def _bracketed(expression: Expression, at: Numbers | None, write: Write, *loose: type) -> str:
    text = expression.text(at, write)
    return f"({text})" if isinstance(expression, loose) else text
