"""Factors and their columns in words: ``visual =~ x1 + x2``, or a dictionary, as a pattern of numbers and letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emkit.errors import ModelError, ParameterError, did_you_mean, some_of

TERM = re.compile(r"(?:(?P<by>[^*\s]+)\s*\*\s*)?(?P<column>[^*\s]+)")


def factors_in(given: Any) -> dict[str, dict[str, float | str | None]]:
    """By factor, what stands for the loading of each of its columns: a number, a name, or None, which is one of its own.

    `given`: text, a line for each factor, such as ``visual =~ x1 + a*x2 + 0.5*x3``; or a dictionary of lists of columns, or of
    dictionaries of columns. Errors: ModelError for what is neither.
    """
    if isinstance(given, str):
        return _read(given)
    if not isinstance(given, Mapping) or not given:
        raise ModelError(
            f"factors are {given!r:.60}; write 'visual =~ x1 + x2 + x3', a line for each, or {{'visual': ['x1', 'x2', 'x3']}}."
        )
    found = {}
    for factor, columns in given.items():
        if isinstance(columns, str) or not isinstance(columns, Iterable) or not list(columns):
            raise ModelError(f"factor {factor!r} has {columns!r:.60}; give a list of its columns, or a dictionary.")
        own = columns.items() if isinstance(columns, Mapping) else ((column, None) for column in columns)
        found[str(factor)] = {str(column): _loading(str(factor), str(column), by) for column, by in own}
    return found


def _read(text: str) -> dict[str, dict[str, float | str | None]]:
    found: dict[str, dict[str, float | str | None]] = {}
    for line in (each.split("#")[0].strip() for each in re.split(r"[\n;]", text)):
        if not line:
            continue
        factor, is_made_of, right = (part.strip() for part in line.partition("=~"))
        if not is_made_of or not factor or not right:
            raise ModelError(f"{line!r} names no factor and its columns; write it like visual =~ x1 + x2 + 0.5*x3.")
        for term in (each.strip() for each in right.split("+")):
            match = TERM.fullmatch(term)
            if match is None:
                raise ModelError(f"{term!r} in {line!r} is no column; write x1, 0.5*x1 or a*x1.")
            column = match["column"]
            found.setdefault(factor, {})[column] = _loading(factor, column, match["by"])
    if not found:
        raise ModelError("the text names no factor; write a line for each, like visual =~ x1 + x2 + x3.")
    return found


def _loading(factor: str, column: str, by: Any) -> float | str | None:
    if by is None:
        return None
    try:
        return float(by)
    except ValueError:
        return str(by)
    except TypeError:
        raise ModelError(f"the loading of {column!r} on {factor!r} is {by!r}; it is a number, a name, or None.") from None


def columns_of(factors: Mapping[str, Mapping[str, Any]], known: Sequence[str]) -> list[int]:
    """Places of the columns that factors have, in the order of the data. Errors: ParameterError for one that there is not."""
    for factor, columns in factors.items():
        for column in columns:
            if column not in known:
                raise ParameterError(
                    f"factor {factor!r} has a column {column!r} that the data have not; there are {some_of([*known])}."
                    f"{did_you_mean(column, [*known])}"
                )
    return [j for j, column in enumerate(known) if any(column in columns for columns in factors.values())]


def pattern_of(factors: Mapping[str, Mapping[str, Any]], columns: Sequence[str], marked: bool) -> list[list[float | str]]:
    """The pattern (d, m): a letter of its own for each loading without any, such as ``visual: x2``.

    `marked`: the first column of each factor that has no number has 1.
    """
    pattern: list[list[float | str]] = [[0.0] * len(factors) for _ in columns]
    for k, (factor, own) in enumerate(factors.items()):
        units = [by for by in own.values() if isinstance(by, float) and by != 0]
        first = next(iter(own)) if marked and not units else None
        for column, by in own.items():
            letter = f"{factor}: {column}" if by is None else by
            pattern[columns.index(column)][k] = 1.0 if column == first else letter
    return pattern
