"""A claim: a number as somebody wrote it, with its digits, and whether another number agrees with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Real

from emkit.data.validate import shown
from emkit.errors import ModelError, ParameterError
from emkit.explain.worksheet import Line, Worksheet

EXACT = 1e-9  # relative agreement asked of a number given with all its digits, or as a fraction
COARSEST = 0.25  # relative agreement asked of a number with hardly any digits


@dataclass(frozen=True)
class Claim:
    """`value` is claimed for `line`, written as `text` under the name `name`; `where` it stands, if it was printed.

    `half_unit` is half a unit of the last digit written: how far the value that was rounded may lie away. A whole number
    below 10 is read as if it had one decimal, since "1" for 0.87 says nothing; and no number but 0 may be off by more than a
    quarter, since "0.1" for 0.06 says no more.
    """

    name: str
    line: Line
    text: str
    value: float
    half_unit: float
    where: str = ""

    def agrees(self, value: float, slack: float = 1.0) -> bool:
        """Whether `value`, written with as many digits, is the claim; `slack` widens the margin."""
        margin = slack * self.half_unit * (1 + 1e-9)
        if self.value != 0:
            margin = min(margin, COARSEST * abs(value))
        margin += EXACT * abs(value)
        return math.isfinite(value) and abs(self.value - value) <= margin

    @property
    def decimals(self) -> int:
        """How many decimals were written."""
        return max(0, round(-math.log10(2 * self.half_unit))) if self.half_unit > 0 else 15


def read_claims(sheet: Worksheet, claims: Mapping[str, object], where: Mapping[str, str] | None = None) -> tuple[Claim, ...]:
    """The claims in the order of the worksheet.

    Errors: ModelError for a name that is not on the worksheet, or two names of one line; ParameterError for what is no number.
    """
    if not isinstance(claims, Mapping):
        raise ModelError(f"claims are a mapping of names to numbers, such as {{'pi': 0.44}}, not {type(claims).__name__}.")
    if not claims:
        raise ModelError("there are no claims to check: give at least one name and number, such as {'pi': 0.44}.")
    found: dict[str, Claim] = {}
    for name, given in claims.items():
        line = sheet[str(name)]
        if line.name in found:
            raise ModelError(f"{found[line.name].name!r} and {name!r} are the same line; claim it once.")
        text, value, half_unit = _read(str(name), given)
        found[line.name] = Claim(str(name), line, text, value, half_unit, (where or {}).get(str(name), ""))
    order = {line.name: position for position, line in enumerate(sheet)}
    return tuple(sorted(found.values(), key=lambda claim: order[claim.line.name]))


def _text(name: str, given: object) -> str:
    try:
        return str(given)
    except ValueError:  # of more digits than Python writes
        raise ParameterError(f"the claim for {name!r} has too many digits; give its leading ones, such as 1.25e9.") from None


def _read(name: str, given: object) -> tuple[str, float, float]:
    """Text, value and half unit of one number: a float, a decimal text or a fraction such as ``27/31``."""
    if isinstance(given, bool) or not isinstance(given, str | Real | Decimal):
        raise ParameterError(f"the claim for {name!r} is {given!r}; it must be a number or its text, such as '0.82'.")
    text = given.strip() if isinstance(given, str) else _text(name, given)
    try:
        if "/" in text:
            return text, float(Fraction(text)), 0.0
        number = Decimal(text)
    except OverflowError:
        number = Decimal("inf")
    except (InvalidOperation, ValueError, ZeroDivisionError):
        raise ParameterError(f"the claim for {name!r} is {shown(text)}; it must be a number, such as 0.82 or 27/31.") from None
    exponent, value = number.as_tuple().exponent, float(number)
    if not isinstance(exponent, int) or not math.isfinite(value):
        raise ParameterError(f"the claim for {name!r} is {shown(text)}; it must be a finite number.")
    return text, value, 0.05 if exponent >= 0 and abs(value) < 10 else 0.5 * 10.0 ** min(exponent, 0)
