"""Whether numbers that users give can be what they are given for: the one place where whole numbers and ranges are checked."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from emkit.errors import EmkitError, ModelError, ParameterError

MOST = sys.maxsize  # of any whole number: what is larger, no machine counts up to
MOST_STEPS = 100_000  # EM steps worked through one by one, which takes seconds; nothing moves any more after so many
MOST_SEED = 2**128 - 1  # random seeds have so many bits
MOST_DIGITS = 30  # of a whole number in a message


def is_count(number: object) -> bool:
    """Whether `number`, of whatever type, is a whole number from 1 to `MOST` (and no truth value)."""
    if isinstance(number, bool) or not isinstance(number, Real):
        return False
    try:
        value = float(number)
    except OverflowError:
        return False
    return 1 <= value <= MOST and value == int(value)


def several_seeds(seeds: Any) -> list[int]:
    """Seeds of starts as a list. Errors: ModelError for what are not several whole numbers, such as one number."""
    given = list(seeds) if isinstance(seeds, Iterable) and not isinstance(seeds, str) else [None]
    for seed in given:
        if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
            raise ModelError(f"seeds is {seeds!r:.60}; there must be one for each start, whole numbers >= 0, as in range(4).")
    return [int(seed) for seed in given if seed is not None]


def check_count(name: str, number: object, error: type[EmkitError], least: int = 1, also: str = "", most: int = MOST) -> None:
    """Raise `error` unless `number` is an integer from `least` to `most`; `also` says in words what else is allowed."""
    if isinstance(number, bool) or not isinstance(number, Integral) or int(number) < least:
        raise error(f"{name} is {_shown(number)}; it must be a whole number >= {least}{also}.")
    if int(number) > most:
        raise error(f"{name} is {_shown(number)}; it must be a whole number from {least} to {most:,}{also}.")


def check_truth(name: str, value: object, error: type[EmkitError]) -> None:
    """Raise `error` unless `value` is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise error(f"{name} is {value!r:.60}; it must be True or False.")


def check_kind(params: object, kind: type) -> None:
    """Raise ParameterError unless parameters, such as those of a start, are of this `kind`."""
    if not isinstance(params, kind):
        raise ParameterError(
            f"the parameters are {type(params).__name__}, and those of this model are {kind.__name__}: make them with its "
            "`start` or `params`."
        )


def check_settled(name: str, value: object, kind: type) -> None:
    """Raise ModelError unless `value` is None or of the `kind` that a model makes of the data when it is settled."""
    if value is not None and not isinstance(value, kind):
        raise ModelError(f"{name} is {value!r:.60}; it is no setting, but is found when there are data. Leave it out.")


def check_step(step: object) -> None:
    """Raise ModelError unless `step` is the number of an EM step, counted from 1, that one can wait for."""
    check_count("step", step, ModelError, most=MOST_STEPS)


def _shown(number: object) -> str:
    """A number as it was written, or the size of a whole number of very many digits (which Python refuses to write)."""
    if isinstance(number, int) and number.bit_length() > MOST_DIGITS / math.log10(2):
        return f"about {'-' if number < 0 else ''}1e{int(number.bit_length() * math.log10(2))}"
    return repr(number)


def check_range(name: str, number: object, error: type[EmkitError], allowed: str, low: float, high: float) -> None:
    """Raise `error`, saying what is `allowed`, unless `number` is real and low <= number < high."""
    if not isinstance(number, Real) or not low <= float(number) < high:
        raise error(f"{name} is {number!r}; {allowed}.")
