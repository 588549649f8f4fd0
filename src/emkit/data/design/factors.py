"""The factors of a formula: what stands between its operators, and how each is coded once data are seen."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from emkit.core.arrays import Array
from emkit.data.design.arithmetic import Arithmetic, CallText, ColumnNamed, arithmetic_of, as_float
from emkit.data.design.codings import Coding, Numbers, Powers, Recurrence, Treatment, name_of_number
from emkit.data.design.named_columns import NamedColumns
from emkit.data.design.tokens import Token, TokenKind
from emkit.errors import DataError

MOST_DEGREE = 20
CATEGORIES = "C(column) or C(column, Treatment('level'))"


class Factor(Protocol):
    """A factor: its name as readers know it, and the columns of the data that it is made of."""

    @property
    def name(self) -> str:
        """The factor as formulas write it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of the data."""

    def learned(self, data: NamedColumns) -> Coding:
        """How these data are coded. Errors: DataError for data that it cannot be made of."""

    def admits(self, coding: Any) -> bool:
        """Whether it can be coded so."""

    def encoded(self, data: NamedColumns, coding: Coding, reduced: bool) -> Array:
        """Its columns (n, m), without the first level if `reduced`. Errors: DataError naming the row."""


@dataclass(frozen=True)
class Value:
    """A column, of numbers or of levels, or arithmetic over columns of numbers."""

    name: str
    arithmetic: Arithmetic

    @property
    def columns(self) -> tuple[str, ...]:
        return self.arithmetic.columns

    def learned(self, data: NamedColumns) -> Coding:
        if isinstance(self.arithmetic, ColumnNamed) and data.has_levels(self.arithmetic.column):
            return Treatment(data.levels_that_occur(self.arithmetic.column))
        return Numbers()

    def admits(self, coding: Any) -> bool:
        return isinstance(coding, Numbers) or (isinstance(coding, Treatment) and isinstance(self.arithmetic, ColumnNamed))

    def encoded(self, data: NamedColumns, coding: Coding, reduced: bool) -> Array:
        if isinstance(coding, Treatment):
            return coding.columns_of(data.codes(self.columns[0], coding.names), reduced)
        return data.computed(self.name, self.arithmetic)[:, None]


@dataclass(frozen=True)
class Categories:
    """``C(column)``: its values are levels, numbers too; `reference` is the level that others are compared with."""

    name: str
    column: str
    reference: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def learned(self, data: NamedColumns) -> Coding:
        names = data.levels_that_occur(self.column)
        if self.reference is not None and self.reference not in names:
            raise DataError(
                f"{self.name} compares with {self.reference!r}, which no row has in column {self.column!r}; its levels are "
                f"{', '.join(names)}."
            )
        return Treatment(names, names.index(self.reference) if self.reference is not None else 0)

    def admits(self, coding: Any) -> bool:
        return isinstance(coding, Treatment) and self.reference in (None, coding.names[coding.reference])

    def encoded(self, data: NamedColumns, coding: Coding, reduced: bool) -> Array:
        assert isinstance(coding, Treatment)
        return coding.columns_of(data.codes(self.column, coding.names), reduced)


@dataclass(frozen=True)
class Polynomial:
    """``poly(x, degree)``: polynomials that are orthonormal over the rows, or plain powers if `raw`."""

    name: str
    arithmetic: Arithmetic
    degree: int
    raw: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return self.arithmetic.columns

    def learned(self, data: NamedColumns) -> Coding:
        if self.raw:
            return Powers(self.degree)
        return Recurrence.over(data.computed(self.name, self.arithmetic), self.degree, self.name)

    def admits(self, coding: Any) -> bool:
        kind = Powers if self.raw else Recurrence
        return isinstance(coding, kind) and coding.degree == self.degree

    def encoded(self, data: NamedColumns, coding: Coding, reduced: bool) -> Array:
        assert isinstance(coding, Powers | Recurrence)
        x = data.computed(self.name, self.arithmetic)
        with np.errstate(over="ignore", invalid="ignore"):  # of which the next line tells
            made = coding.columns_of(x)
        return data.finite(self.name, made, self.columns)


def factor_of(token: Token) -> Factor:
    """The factor that a name or a call stands for. Errors: ParameterError naming what formulas do not know."""
    if token.kind is TokenKind.NAME:
        return Value(token.text, ColumnNamed(token.text))
    call_text = CallText.of(token.text)
    tree = call_text.tree()
    match tree:
        case ast.Call(func=ast.Name(id="poly")):
            return _polynomial(tree, call_text)
        case ast.Call(func=ast.Name(id="C")):
            return _categories(tree, call_text)
        case ast.Call():
            arithmetic = arithmetic_of(tree, call_text)
            if not arithmetic.columns:
                call_text.refuse(tree, "the same number in every row; it names no column")
            return Value(call_text.name(tree), arithmetic)
    call_text.refuse(tree, "no call that formulas know" if isinstance(tree, ast.Call) else None)


def _polynomial(call: ast.Call, call_text: CallText) -> Polynomial:
    given = _arguments(call, ("x", "degree", "raw"), call_text)
    if "x" not in given:
        call_text.refuse(call, "a polynomial of nothing; write poly(column, degree)")
    degree, raw = given.get("degree", ast.Constant(1)), given.get("raw", ast.Constant(False))
    match degree, raw:
        case ast.Constant(value=int() as most), ast.Constant(value=bool() as plain) if type(most) is int:
            if most not in range(1, MOST_DEGREE + 1):
                call_text.refuse(call, f"of a degree that is not from 1 to {MOST_DEGREE}")
            arithmetic = arithmetic_of(given["x"], call_text)
            if not arithmetic.columns:
                call_text.refuse(call, "the same number in every row; it names no column")
            return Polynomial(call_text.name(call), arithmetic, most, plain)
    call_text.refuse(
        call, "no polynomial that can be read; write poly(column, 2), or poly(column, 2, raw=True) for plain powers"
    )


def _categories(call: ast.Call, call_text: CallText) -> Categories:
    given = _arguments(call, ("column", "contrasts"), call_text)
    reference = _reference(given["contrasts"], call_text) if "contrasts" in given else None
    match given.get("column"):
        case ast.Name(id=name):
            return Categories(call_text.name(call), call_text.aliases.get(name, name), reference)
    call_text.refuse(call, f"levels of what is no column; write {CATEGORIES}")


def _reference(node: ast.expr, call_text: CallText) -> str:
    """The level that ``Treatment(level)`` names."""
    match node:
        case ast.Call(func=ast.Name(id="Treatment"), args=[ast.Constant(value=str() as level)], keywords=[]):
            return level
        case ast.Call(func=ast.Name(id="Treatment"), args=[ast.Constant(value=int() | float() as number)], keywords=[]):
            return name_of_number(as_float(number, node, call_text))
    call_text.refuse(node, f"no coding that formulas know; write {CATEGORIES}")


def _arguments(call: ast.Call, names: tuple[str, ...], call_text: CallText) -> dict[str, ast.expr]:
    """The arguments of a call by name."""
    given = dict(zip(names, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg not in names[1:] or keyword.arg in given:
            call_text.refuse(call, f"a call with an argument {keyword.arg or '**'} that it does not take, or takes once")
        given[keyword.arg] = keyword.value
    if len(call.args) > len(names):
        call_text.refuse(call, "a call with too many arguments")
    return given
