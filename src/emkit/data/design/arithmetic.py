"""Arithmetic over columns, read from Python's syntax tree: the second allow-list. What cannot be read cannot be evaluated.

Nothing is compiled and no name is looked up but that of a column: a formula is interpreted, node by node.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import numpy as np

from emkit.core.arrays import Array
from emkit.data.design.tokens import MOST_DEPTH, QUOTED, refuse, refuse_odd_letters, without_quotes

FUNCTIONS: dict[str, Callable[[Array], Array]] = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt, "I": np.asarray}
OPERATIONS: dict[type, Callable[[Array, Array], Array]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
WHAT: dict[type, str] = {
    ast.Attribute: "an attribute",
    ast.Subscript: "a subscript",
    ast.Lambda: "a function of its own",
    ast.NamedExpr: "an assignment",
    ast.JoinedStr: "formatted text",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.IfExp: "a condition",
    ast.Compare: "a comparison",
    ast.BoolOp: "a logical operation",
    ast.Starred: "a sequence spread out",
    ast.Tuple: "a sequence",
    ast.Constant: "no number",
    ast.BitXor: "an operator that is no power in here; write **",
}


class Arithmetic(Protocol):
    """A piece of arithmetic over columns."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns in it, in order, repetitions included."""

    def values(self, columns: Mapping[str, Array]) -> Array:
        """Its values (n,), or one of them () if it names no column."""


@dataclass(frozen=True)
class Number:
    """A number."""

    value: float

    @property
    def columns(self) -> tuple[str, ...]:
        return ()

    def values(self, columns: Mapping[str, Array]) -> Array:
        return np.asarray(self.value)


@dataclass(frozen=True)
class ColumnNamed:
    """A column."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def values(self, columns: Mapping[str, Array]) -> Array:
        return columns[self.column]


@dataclass(frozen=True)
class Applied:
    """A function of an expression."""

    function: Callable[[Array], Array]
    argument: Arithmetic

    @property
    def columns(self) -> tuple[str, ...]:
        return self.argument.columns

    def values(self, columns: Mapping[str, Array]) -> Array:
        return self.function(self.argument.values(columns))


@dataclass(frozen=True)
class Operation:
    """An operation on two expressions."""

    operation: Callable[[Array, Array], Array]
    left: Arithmetic
    right: Arithmetic

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.left.columns, *self.right.columns)

    def values(self, columns: Mapping[str, Array]) -> Array:
        return self.operation(self.left.values(columns), self.right.values(columns))


@dataclass(frozen=True)
class CallText:
    """The text of a call, as Python reads it: names in backticks have become the `aliases` of columns."""

    text: str
    aliases: Mapping[str, str]

    @classmethod
    def of(cls, text: str) -> CallText:
        """The text of a call. Errors: ParameterError for letters that Python takes for others."""
        refuse_odd_letters(without_quotes(text))
        aliases: dict[str, str] = {}

        def alias(match: Any) -> str:
            if not match.group().startswith("`"):
                return str(match.group())
            stem = next(stem for stem in (f"{'_' * i}quoted{len(aliases)}_" for i in range(len(text) + 1)) if stem not in text)
            aliases[stem] = match.group().strip("`")
            return f" {stem} "

        return cls(QUOTED.sub(alias, text).strip(), aliases)

    def tree(self) -> ast.expr:
        """Its syntax tree. Errors: ParameterError unless it is an expression of Python that is not too deep."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            refuse(self.restored(self.text), "no arithmetic that can be read")

    def name(self, tree: ast.expr) -> str:
        """A tree that has been read, written as formulas are: with blanks in their places, and names in backticks."""
        return self.restored(ast.unparse(tree))

    def restored(self, text: str) -> str:
        """The text with the names of columns where aliases stand."""
        for alias, column in self.aliases.items():
            text = text.replace(alias, f"`{column}`")
        return text

    def refuse(self, node: ast.AST, reason: str | None = None) -> NoReturn:
        """Raise ParameterError for a node that stands in no formula."""
        part = ast.get_source_segment(self.text, node) if isinstance(node, ast.expr) else None
        what = WHAT.get(type(node), "no arithmetic over columns") if reason is None else reason
        refuse(self.restored(part or self.text), what)


def arithmetic_of(node: ast.expr, call_text: CallText, depth: int = 1) -> Arithmetic:
    """What a node of the tree of a call means. Errors: ParameterError for a node that is no arithmetic over columns."""
    if depth > MOST_DEPTH:
        call_text.refuse(node, f"nested more than {MOST_DEPTH} deep")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Number(as_float(value, node, call_text))
        case ast.Name(id=name):
            return ColumnNamed(call_text.aliases.get(name, name))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Applied(np.negative, arithmetic_of(operand, call_text, depth + 1))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return arithmetic_of(operand, call_text, depth + 1)
        case ast.BinOp(left=left, op=op, right=right):
            if type(op) not in OPERATIONS:
                call_text.refuse(node, WHAT.get(type(op)))
            sides = arithmetic_of(left, call_text, depth + 1), arithmetic_of(right, call_text, depth + 1)
            return Operation(OPERATIONS[type(op)], *sides)
        case ast.Call(func=ast.Name(id=function), args=[argument], keywords=[]) if function in FUNCTIONS:
            return Applied(FUNCTIONS[function], arithmetic_of(argument, call_text, depth + 1))
        case ast.Call(func=ast.Name(id=function)):
            call_text.refuse(node, _why_no_call(call_text.restored(function)))
    call_text.refuse(node)


def as_float(value: int | float, node: ast.expr, call_text: CallText) -> float:
    """A number. Errors: ParameterError for one that is too large."""
    try:
        return float(value)
    except OverflowError:
        call_text.refuse(node, "beyond the largest number, 1.8e308")


def _why_no_call(function: str) -> str:
    if function in FUNCTIONS:
        return f"no call that can be read: {function} takes one argument"
    if function in ("poly", "C"):
        return f"a call of {function} inside of another; it stands by itself in a formula"
    return f"a call of {function}, which formulas do not know"
