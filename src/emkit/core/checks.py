"""Whether numbers that users give can be what they are given for: the one place where whole numbers and ranges are checked."""

from __future__ import annotations

from numbers import Integral, Real

from emkit.errors import EmkitError


def is_count(number: object) -> bool:
    """Whether `number`, of whatever type, is a whole number >= 1 (and no truth value)."""
    if isinstance(number, bool) or not isinstance(number, Real):
        return False
    value = float(number)
    return 1 <= value < float("inf") and value == int(value)


def check_count(name: str, number: object, error: type[EmkitError], least: int = 1, also: str = "") -> None:
    """Raise `error` unless `number` is an integer >= `least`; `also` says in words what else is allowed."""
    if isinstance(number, bool) or not isinstance(number, Integral) or int(number) < least:
        raise error(f"{name} is {number!r}; it must be a whole number >= {least}{also}.")


def check_range(name: str, number: object, error: type[EmkitError], allowed: str, low: float, high: float) -> None:
    """Raise `error`, saying what is `allowed`, unless `number` is real and low <= number < high."""
    if not isinstance(number, Real) or not low <= float(number) < high:
        raise error(f"{name} is {number!r}; {allowed}.")
