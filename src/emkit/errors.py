"""Exceptions, warnings and outcomes: everything emkit says when something is not as it should be.

Inside the engine a failed run is a *value* (an `Outcome` with its own sentence). At the edge of the library a wrong input
is an exception that names the value, why it cannot be, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

MOST_NAMED = 5  # columns in a sentence


def some_of(names: Sequence[str]) -> str:
    """Names of columns in a sentence: the first five, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses a `name`: the known one that is spelt most like it, if there is one."""
    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


class EmkitError(Exception):
    """Base of every exception that emkit raises on purpose."""


class DataError(EmkitError, ValueError):
    """The data cannot be used: the message names row, column and value."""


class ParameterError(EmkitError, ValueError):
    """A parameter lies outside its space, or has no estimate: the message names the field and the value."""


class ModelError(EmkitError, TypeError):
    """A model, family or option does not fit what it is used for."""


class DegenerateFitError(EmkitError, ArithmeticError):
    """A component collapsed: its likelihood has no maximum. The message names the component and the rows."""


class EmkitWarning(UserWarning):
    """Base of every warning that emkit issues."""


class DegenerateDataWarning(EmkitWarning):
    """Columns are constant or linearly dependent: a covariance has no maximum-likelihood value along them."""


class WeightsWarning(EmkitWarning):
    """The weights are fractions of a whole: they say nothing of how many rows there are, which some numbers need."""


class GapsWarning(EmkitWarning):
    """Cells of a file were read as missing values, and may be answers: the message names the column and the word."""


class DegenerateFitWarning(EmkitWarning):
    """Components collapsed onto a few rows: a floor holds them, and the likelihood says little. The message names both."""


class SeparationWarning(EmkitWarning):
    """Coefficients run off to infinity: a covariate tells responses or components apart. The message names them."""


class Status(Enum):
    """The ways in which a run of EM can end."""

    CONVERGED = "converged"
    BUDGET = "budget"
    DECREASED = "decreased"
    DEGENERATE = "degenerate"
    STATIONARY_SADDLE = "stationary saddle"


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and the sentence that says so to a person."""

    status: Status
    sentence: str

    @property
    def name(self) -> str:
        """The status as a word in capitals, such as ``CONVERGED``."""
        return self.status.name

    @property
    def converged(self) -> bool:
        """True only if the stopping rule for convergence was met (running out of budget is not convergence)."""
        return self.status is Status.CONVERGED

    @property
    def failed(self) -> bool:
        """True if the run ended because something went wrong, not because it was done or out of budget."""
        return self.status in (Status.DECREASED, Status.DEGENERATE)

    def __str__(self) -> str:
        return self.sentence
