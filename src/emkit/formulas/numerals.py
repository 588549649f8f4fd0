"""Numbers as a person writes them."""

from __future__ import annotations

import math


def significant(value: float, digits: int = 4) -> str:
    """A number for a reader: `digits` significant digits, no needless exponent, whole numbers bare."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    if 1e-5 <= abs(value) < 1e6:
        return f"{value:.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"
    return f"{value:.{digits - 1}e}"


def plain(value: float) -> str:
    """A number as one would write it down: the shortest of up to four significant digits that is not further off."""
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.10g}"


def four_decimals(value: float) -> str:
    """A probability or responsibility with four decimals."""
    return f"{value:.4f}"


def count(value: float) -> str:
    """An expected count with two decimals (more, if it would vanish)."""
    return f"{value:.2f}" if abs(value) >= 0.005 or value == 0 else f"{value:.1e}"


def signed(value: float) -> str:
    """Five significant digits as a term after an operator: in brackets if it is negative."""
    text = significant(value, 5)
    return f"({text})" if value < 0 else text


def show(value: float, digits: int = 4) -> str:
    """A number of a worksheet: `digits` significant digits, whole numbers bare."""
    if value == 0 or (value == round(value) and abs(value) < 1e6):
        return f"{value:.0f}"
    return f"{value:.{max(digits, 1 + math.floor(math.log10(abs(value))))}g}" if abs(value) < 1e6 else f"{value:.{digits}g}"
