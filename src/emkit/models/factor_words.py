"""Factors and their columns in words: ``visual =~ x1 + x2``, or a dictionary, as a pattern of numbers and letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from emkit.errors import ModelError, ParameterError, did_you_mean, some_of

TERM = re.compile(r"(?:(?P<by>[^*]*[^*\s])\s*\*\s*)?(?P<column>[^*\s]+)")
NAME = re.compile(r"[^\W\d][\w.]*")  # of a loading
FREE = "NA"  # written before a column whose loading is free, also where it would be a unit
OTHERS = {  # what lavaan and its kin write besides, and how it is said here
    "~~": "factors all correlate, but for pairs such as f ~~ 0*g, or correlated=False; variances of errors are given, or tied, "
    "by uniquenesses=, and errors do not correlate",
    ":=": "functions of parameters are those of result_.delta",
    "==": "loadings are tied by one name, as in a*x1 + a*x2",
    "<~": "factors are not made of columns, but columns of factors",
    "~": "there are no regressions here, and means are all free",
    "|": "columns are numbers, without thresholds",
}


def factors_in(given: Any) -> dict[str, dict[str, float | str | None]]:
    """By factor, what stands for the loading of each of its columns: a number, a name, or None, where nothing is written.

    `given`: text, a line for each factor, such as ``visual =~ x1 + a*x2 + 0.5*x3``; or a dictionary of lists of columns, or of
    dictionaries of columns. NA is a name of its own in each place. Errors: ModelError for what is neither.
    """
    if isinstance(given, str):
        return _read(given)
    if not isinstance(given, Mapping) or not given:
        raise ModelError(
            f"factors are {given!r:.60}; write 'visual =~ x1 + x2 + x3', a line for each, or {{'visual': ['x1', 'x2', 'x3']}}."
        )
    found: dict[str, dict[str, float | str | None]] = {}
    for factor, columns in given.items():
        if isinstance(columns, str) or not isinstance(columns, Iterable) or not list(columns):
            raise ModelError(f"factor {factor!r} has {columns!r:.60}; give a list of its columns, or a dictionary.")
        for column, by in columns.items() if isinstance(columns, Mapping) else ((column, None) for column in columns):
            _add(found, str(factor), str(column), by)
    return found


def _read(text: str) -> dict[str, dict[str, float | str | None]]:
    found: dict[str, dict[str, float | str | None]] = {}
    for line in _lines(text):
        if _is_pair(line, text):
            continue
        factor, is_made_of, right = (part.strip() for part in line.partition("=~"))
        for other, instead in OTHERS.items():
            if other in (f"{factor} {right}" if is_made_of else line):
                raise ModelError(f"{line!r} has {other!r}, which is not taken here: {instead}.")
        if not is_made_of or not factor or not right or re.search(r"[*+]", factor):
            raise ModelError(f"{line!r} names no factor and its columns; write it like visual =~ x1 + x2 + 0.5*x3.")
        for term in (each.strip() for each in right.split("+")):
            match = TERM.fullmatch(term)
            if match is None:
                raise ModelError(f"{term!r} in {line!r} is no column; write x1, 0.5*x1 or a*x1.")
            _check_written(term, match["by"])
            _add(found, factor, match["column"], match["by"])
    if not found:
        raise ModelError("the text names no factor; write a line for each, like visual =~ x1 + x2 + x3.")
    return found


def _lines(text: str) -> list[str]:
    """What is written, without remarks and empty lines."""
    lines = (re.split("[#!]", each)[0].strip() for each in re.split(r"[\n;]", text))
    return [line for line in lines if line]


def _is_pair(line: str, text: str) -> bool:
    """Whether a line is of the covariances of factors, each of which another line says the columns of."""
    factor, is_pair, right = (part.strip() for part in line.partition("~~"))
    factors = {each.partition("=~")[0].strip() for each in _lines(text) if "=~" in each}
    terms = [TERM.fullmatch(each.strip()) for each in right.split("+")]
    return bool(is_pair and {factor, *(match["column"] for match in terms if match)} <= factors and all(terms))


def uncorrelated_in(given: Any, pairs: Any) -> list[tuple[str, str]]:
    """The pairs of factors that do not correlate: those that a text says, as ``visual ~~ 0*textual``, and `pairs` of names.

    Errors: ModelError for a covariance that is neither 0 nor estimated, and for what is no pair.
    """
    found = []
    for line in _lines(given) if isinstance(given, str) else ():
        if not _is_pair(line, given):
            continue
        factor, _, right = (part.strip() for part in line.partition("~~"))
        for match in (TERM.fullmatch(each.strip()) for each in right.split("+")):
            assert match is not None
            by, other = match["by"], match["column"]
            if factor == other or not (free(by) or (_is_number(by) and float(by) == 0)):
                raise ModelError(
                    f"{line!r} has {match[0]!r}: covariances of two factors are estimated or 0, as in {factor} ~~ 0*{other}, "
                    "and variances are 1 or follow from a unit."
                )
            if not free(by):
                found.append((factor, other))
    for pair in () if pairs is None else pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise ModelError(f"uncorrelated has {pair!r:.60}; it holds pairs of factors, such as ('visual', 'textual').")
        found.append((str(pair[0]), str(pair[1])))
    return found


def places_of_pairs(pairs: Iterable[tuple[str, str]], factors: Sequence[str]) -> list[tuple[int, int]]:
    """The places of pairs of factors. Errors: ModelError for a name that no factor has."""
    for name in (name for pair in pairs for name in pair):
        if name not in factors:
            raise ModelError(f"uncorrelated names {name!r}, which is no factor; there are {some_of([*factors])}.")
    return [(factors.index(one), factors.index(other)) for one, other in pairs]


def _check_written(term: str, by: str | None) -> None:
    """Errors: ModelError for what stands before a column and is neither a number nor a name."""
    if by is None or NAME.fullmatch(by) or _is_number(by):
        return
    more = " Words with brackets, such as start(), are not taken: random starts are n_init." if "(" in by else ""
    raise ModelError(
        f"{by!r} in {term!r} is no loading; write a number, a name (of letters, digits, dots and underscores), or {FREE} "
        f"for a free one.{more}"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _add(found: dict[str, dict[str, float | str | None]], factor: str, column: str, by: Any) -> None:
    """One column more of a factor. Errors: ModelError for one that it has, or a loading that cannot be."""
    own = found.setdefault(factor, {})
    if column in own:
        raise ModelError(
            f"factor {factor!r} has {column!r} twice; write it once, with what its loading is, such as a*{column}."
        )
    own[column] = _loading(factor, column, by)


def _loading(factor: str, column: str, by: Any) -> float | str | None:
    if free(by):
        return None if by is None else _own_name(factor, column)
    number: float | None = None
    if not isinstance(by, bool):
        try:
            number = float(by)
        except ValueError:
            return str(by)
        except TypeError:
            pass
    if number is None or not isfinite(number):
        raise ModelError(f"the loading of {column!r} on {factor!r} is {by!r}; it is a finite number, a name, or None.")
    return number


def free(by: Any) -> bool:
    """Whether what is written says that a number is one of its own: nothing, or NA."""
    return by is None or (isinstance(by, str) and by == FREE)


def _own_name(factor: str, column: str) -> str:
    return f"{factor}: {column}"


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

    `marked`: of each factor that has no number, the first column of which nothing is written has 1. Errors: ModelError if
    there is none.
    """
    pattern: list[list[float | str]] = [[0.0] * len(factors) for _ in columns]
    for k, (factor, own) in enumerate(factors.items()):
        units = [by for by in own.values() if isinstance(by, float) and by != 0]
        first = _first(factor, own) if marked and not units else None
        for column, by in own.items():
            letter = _own_name(factor, column) if by is None else by
            pattern[columns.index(column)][k] = 1.0 if column == first else letter
    return pattern


def _first(factor: str, own: Mapping[str, Any]) -> str:
    """The first column of a factor of which nothing is written."""
    for column, by in own.items():
        if by is None:
            return column
    raise ModelError(
        f"unit='first' takes the first column of {factor!r} of which nothing is written for a loading of 1, and there is none: "
        f"all have a name, or 0. Write a number, such as 1*{next(iter(own))}, or choose unit='variance'."
    )
