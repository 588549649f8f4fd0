"""What the parameters of an estimator may be: a value for each parameter, in one table, as scikit-learn's constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from emkit.core.checks import MOST, check_count, check_range, check_truth
from emkit.errors import ParameterError


class Allowed(Protocol):
    """A rule for one parameter."""

    def check(self, name: str, value: object) -> None:
        """Errors: ParameterError, saying what is allowed, if `value` is not."""


@dataclass(frozen=True)
class Count:
    """A whole number from `least` to `most`, or one of some other values, which `also` names."""

    or_one_of: tuple[object, ...] = ()
    also: str = ""
    most: int = MOST
    least: int = 1

    def check(self, name: str, value: object) -> None:
        if not any(value is other or (isinstance(value, type(other)) and value == other) for other in self.or_one_of):
            check_count(name, value, ParameterError, self.least, also=self.also, most=self.most)


@dataclass(frozen=True)
class CountOrExecutor(Count):
    """The same, or an executor."""

    def check(self, name: str, value: object) -> None:
        if not callable(value):
            super().check(name, value)


@dataclass(frozen=True)
class Number:
    """A number from `low` up to, and without, `high`; `said` is the rule in words."""

    said: str
    low: float = 0.0
    high: float = float("inf")

    def check(self, name: str, value: object) -> None:
        check_range(name, value, ParameterError, self.said, self.low, self.high)


@dataclass(frozen=True)
class Truth:
    """True or False."""

    def check(self, name: str, value: object) -> None:
        check_truth(name, value, ParameterError)


@dataclass(frozen=True)
class OneOf:
    """One of some names, or an object with the method `or_with`, or None if it may be; `also` says so."""

    names: tuple[str, ...]
    or_with: str = ""
    also: str = ""
    or_none: bool = False

    def check(self, name: str, value: object) -> None:
        named = (value is None and self.or_none) or (isinstance(value, str) and value in self.names)
        if not named and (isinstance(value, type) or not (self.or_with and hasattr(value, self.or_with))):
            raise ParameterError(f"{name} is {value!r}; it must be {', '.join(map(repr, self.names))}{self.also}.")
