"""What one cell of a text file may be: a number, a gap, or a number as others write it; and the sentences for the rest."""

from __future__ import annotations

import re
from math import isfinite
from typing import NoReturn

from emkit.data.validate import shown
from emkit.errors import DataError

DOUBTFUL = frozenset({"none", ".", "?", "-"})  # among words these may be answers, too
MISSING = frozenset({"", "na", "n/a", "nan", "null"}) | DOUBTFUL
BLANK = "[ '\u00a0\u2009\u202f\u2019]"  # between thousands; in many countries with a decimal comma
EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # thousands, or three decimals
THOUSANDS_WITH_COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{2,3})*(,\d{3}\.\d+|,\d{2,3},\d{3})")
THOUSANDS_WITH_POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})*(\.\d{3},\d+|\.\d{3}\.\d{3})")
THOUSANDS_WITH_BLANKS = re.compile(rf"[+-]?\d{{1,3}}({BLANK}\d{{3}})+([.,]\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
PERCENTAGE = re.compile(r"[^%]*\d\s*%")


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.lower() in MISSING


def may_be_an_answer(cell: str) -> bool:
    """Whether a cell that says that there is no value may, among words, be one of them."""
    return cell.lower() in DOUBTFUL


def is_number(text: str) -> bool:
    """Whether `text` is a number to others, too (Python alone reads 1_000 as one)."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def is_finite_number(text: str) -> bool:
    """Whether `text` is a number, and neither NaN nor infinite."""
    return is_number(text) and isfinite(float(text))


def is_written_otherwise(cell: str) -> bool:
    """Whether a cell is a number with a decimal comma, or with marks between its thousands."""
    forms = (EITHER, THOUSANDS_WITH_COMMAS, THOUSANDS_WITH_POINTS, THOUSANDS_WITH_BLANKS, DECIMAL_COMMA)
    return any(form.fullmatch(cell) for form in forms)


def refuse_cell(line: int, column: str, cell: str) -> NoReturn:
    """Raise DataError for a cell that is not a finite number."""
    if is_missing(cell):
        rule = "missing values are not admitted here. Remove or fill in such rows first"
    elif is_number(cell):
        rule = "every value must be a finite number"
    else:
        rule = _advice(cell) or "it must be a number. Choose the columns to use with --columns"
    raise DataError(f"line {line}, column {column!r} is {shown(cell)}; {rule}.")


def _advice(cell: str) -> str:
    """How to write a number that is written otherwise, where there is no doubt which number it is; "" if it is none."""
    if PERCENTAGE.fullmatch(cell):
        return "remove the percent signs of the whole column, which is then in percent"
    if EITHER.fullmatch(cell):
        return (
            f"it may mean {cell.replace(',', '')} (a comma between thousands) or {cell.replace(',', '.')} (a decimal comma). "
            "Write the whole column with decimal points, and with nothing between thousands"
        )
    if THOUSANDS_WITH_COMMAS.fullmatch(cell):
        return f"write {cell.replace(',', '')}, and the whole column without commas between thousands"
    if THOUSANDS_WITH_POINTS.fullmatch(cell):
        plain = cell.replace(".", "").replace(",", ".")
        return f"write {plain}, and the whole column with decimal points, and with nothing between thousands"
    if THOUSANDS_WITH_BLANKS.fullmatch(cell):
        plain = re.sub(BLANK, "", cell).replace(",", ".")
        return f"write {plain}, and the whole column with nothing between thousands"
    if DECIMAL_COMMA.fullmatch(cell):
        return f"write decimals with a point, {cell.replace(',', '.')}"
    return ""
