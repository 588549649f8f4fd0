"""Exceptions, warnings and outcomes: everything emkit says when something is not as it should be.

Inside the engine a failed run is a *value* (an `Outcome` with its own sentence). At the edge of the library a wrong input
is an exception that names the value, why it cannot be, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from types import MappingProxyType

MOST_NAMED = 5  # columns in a sentence


def some_of(names: Sequence[str]) -> str:
    """Names of columns in a sentence: the first five, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def did_you_mean(name: str, known: Iterable[str], other_names: Mapping[str, str] = MappingProxyType({})) -> str:
    """The end of a sentence that refuses a `name`: what it is among `other_names`, or what is spelt most like it, if any is."""
    other = other_names.get(name.lower().replace("_", "-"))
    close = get_close_matches(name, list(known), n=1) if other is None else [other]
    return f" Did you mean {close[0]!r}?" if close else ""


class EmkitError(Exception):
    """Base of every exception that emkit raises on purpose.

    One clause for whatever emkit refuses; the kinds are `ValueError` and such, too:

    >>> import emkit as ek
    >>> try:
    ...     ek.PoissonParams([[-1.0]])
    ... except ek.EmkitError as error:
    ...     print(type(error).__name__, isinstance(error, ValueError))
    ParameterError True
    """


class DataError(EmkitError, ValueError):
    """The data cannot be used: the message names row, column and value.

    A row that a family cannot have is named:

    >>> import emkit as ek
    >>> start = ek.MixtureParams([1.0], ek.PoissonParams([[1.0]]))
    >>> ek.fit(ek.Mixture("poisson"), [3, 4, -1], start)
    Traceback (most recent call last):
        ...
    emkit.errors.DataError: row 2, column 'x0' is -1; Poisson counts must be whole numbers >= 0.
    """


class ParameterError(EmkitError, ValueError):
    """A parameter lies outside its space, or has no estimate: the message names the field and the value.

    >>> import emkit as ek
    >>> ek.PoissonParams([[2.0], [-1.0]])
    Traceback (most recent call last):
        ...
    emkit.errors.ParameterError: rates[1, 0] is -1; it must be >= 0.
    """


class ModelError(EmkitError, TypeError):
    """A model, family or option does not fit what it is used for.

    >>> import emkit as ek
    >>> ek.Binomial(trials=0)
    Traceback (most recent call last):
        ...
    emkit.errors.ModelError: trials is 0; it must be a whole number >= 1, or None for a column of trials.
    """


class DegenerateFitError(EmkitError, ArithmeticError):
    """A component collapsed: its likelihood has no maximum. The message names the component and the rows.

    A component of a single value has no variance, if it has no floor under it either:

    >>> import emkit as ek
    >>> import numpy as np
    >>> model = ek.Mixture(ek.FullGaussian(floor=0.0))
    >>> start = ek.MixtureParams([1.0], ek.FullGaussianParams([[5.0]], [[[1.0]]]))
    >>> em = ek.EMMap(model, ek.ArraySource([5.0, 5.0]), start)
    >>> em(start)
    Traceback (most recent call last):
        ...
    emkit.errors.DegenerateFitError: component 1 collapsed: its rows do not vary in every direction, so the likelihood has
        no maximum. Use fewer components, or leave the floor under the variances (floor=1e-06).
    """


class EmkitWarning(UserWarning):
    """Base of every warning that emkit issues.

    All of them may be made errors, or be silenced, by one filter:

    >>> import emkit as ek
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", ek.EmkitWarning)
    ...     warnings.warn("a component has few rows", ek.DegenerateFitWarning, stacklevel=1)
    Traceback (most recent call last):
        ...
    emkit.errors.DegenerateFitWarning: a component has few rows
    """


class DegenerateDataWarning(EmkitWarning):
    """Columns are constant or linearly dependent: a covariance has no maximum-likelihood value along them.

    >>> import emkit as ek
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     found = ek.GaussianMixture(1).fit([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    >>> print(said[0].message)
    some columns are constant: x1. A covariance has no maximum-likelihood value along them; the floor under the variances
    takes its place. Leave columns out to be rid of this.
    """


class WeightsWarning(EmkitWarning):
    """The weights are fractions of a whole: they say nothing of how many rows there are, which some numbers need.

    >>> import emkit as ek
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     found = ek.MixtureModel("poisson", 1).fit([0, 3, 1, 2], sample_weight=[0.25, 0.25, 0.25, 0.25])
    >>> print(said[0].message)
    the weights sum to 1 over 4 rows. Estimates are the same for any scale of the weights, but BIC and standard errors
    take that sum for the number of rows: scale the weights so that they sum to as many rows as were observed.
    """


class GapsWarning(EmkitWarning):
    r"""Cells of a file were read as missing values, and may be answers: the message names the column and the word.

    Among words, "none" may be an answer:

    >>> import emkit as ek
    >>> import warnings
    >>> from io import BytesIO
    >>> from emkit.data.files.reading import read_file
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     table = read_file(BytesIO(b"answer\nyes\nnone\nno\n"), words=True, gaps=True)
    >>> print(said[0].message)
    column 'answer': 1 cell says 'none', which is read as a missing value. If it is an answer, give it another name in the
    file.
    """


class DegenerateFitWarning(EmkitWarning):
    """Components collapsed onto a few rows: a floor holds them, and the likelihood says little. The message names both.

    >>> import emkit as ek
    >>> import warnings
    >>> import numpy as np
    >>> start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[0.0], [5.0]], [[1.0], [0.01]]))
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     result = ek.fit(ek.Mixture("gaussian-diag"), np.r_[np.linspace(-1, 1, 30), 5.0], start)
    >>> print(said[0].message)
    component 2 collapsed onto 1 row (row 30); only the floor under its spread holds it there, and the log-likelihood says
    little. Use fewer components, a higher floor or components that share a covariance.
    """


class SeparationWarning(EmkitWarning):
    """Coefficients run off to infinity: a covariate tells responses or components apart. The message names them.

    A covariate that tells the answers apart without exception:

    >>> import emkit as ek
    >>> import warnings
    >>> frame = {"bought": [0, 0, 0, 1, 1, 1], "age": [20, 25, 30, 50, 55, 60]}
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     found = ek.MixtureRegression("bought ~ age", 1, family="binomial").fit(frame)
    >>> print(said[0].message)
    Separation: the likelihood has no maximum. It comes to this height while coefficient of intercept, component 1;
    coefficient of age, component 1 run off to infinity, so without a standard error. Merge levels, leave a covariate out,
    or state a prior on coefficients (ek.fit with ek.WithPrior, or ridge=1 of ek.MixtureRegression).
    """


class RunOffWarning(EmkitWarning):
    """Components run off without end: rows that are seen in part tell only that they spread. The message names them.

    Values that fill their window evenly, of which no rate of an exponential law is the best:

    >>> import emkit as ek
    >>> import warnings
    >>> evenly = [[0.1], [0.3], [0.5], [0.7], [0.9]]
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     found = ek.MixtureModel(ek.Truncated("exponential", 0, 1), 1).fit(evenly)
    >>> print(said[0].message)
    The likelihood has no maximum: component 1 runs off without end, and it comes to this height on the way. The
    parameters of this one say that, and nothing else: use a family with fewer, or hold some of them.
    """


class Status(Enum):
    """The ways in which a run of EM can end.

    The ways in which a run may end, and the one word that means success:

    >>> import emkit as ek
    >>> [status.name for status in ek.Status]
    ['CONVERGED', 'BUDGET', 'DECREASED', 'DEGENERATE', 'STATIONARY_SADDLE']
    """

    CONVERGED = "converged"
    BUDGET = "budget"
    DECREASED = "decreased"
    DEGENERATE = "degenerate"
    STATIONARY_SADDLE = "stationary saddle"


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and the sentence that says so to a person.

    That of a run with a budget too small for it:

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> outcome = ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start, max_evaluations=3).outcome
    >>> outcome.name, outcome.converged, outcome.failed
    ('BUDGET', False, False)
    >>> print(outcome)
    not converged: the budget of 3 passes over the data is spent. About 0.03 of log-likelihood is left to gain. Raise
    max_evaluations.
    """

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
