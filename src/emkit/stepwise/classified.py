"""Rows assigned to classes, the errors of that, and what a third step makes of both."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple, Protocol

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.errors import DegenerateFitError

SINGULAR = 1e-8  # of the greatest singular value of the table of classification: classes that it does not tell apart
LEAST = 1e-200  # a share below this is none: times a weight, it could not be told from 0


class Assignment(Protocol):
    """How rows are assigned to classes, given how probable each class is for them."""

    @abstractmethod
    def shares(self, posterior: Array) -> Array:
        """The shares (n, K) in which rows are assigned to classes, given their posterior probabilities (n, K)."""

    @abstractmethod
    def nearby(self, shares: Array, posterior: Array) -> Array:
        """The shares (n, K) at parameters ever so near to those at which they were these `shares`."""


class Modal(Assignment):
    """Each row to its likeliest class."""

    def shares(self, posterior: Array) -> Array:
        return np.eye(posterior.shape[1])[posterior.argmax(axis=1)]

    def nearby(self, shares: Array, posterior: Array) -> Array:
        return shares


class Proportional(Assignment):
    """Each row to all classes, by their posterior probabilities."""

    def shares(self, posterior: Array) -> Array:
        return posterior

    def nearby(self, shares: Array, posterior: Array) -> Array:
        return posterior


def table_of_errors(posterior: Array, shares: Array, weights: Array) -> Array:
    """P(assigned to class s | of class t) (K, K), t down: the mean of the shares, weighted by the posterior probabilities.

    Source: Vermunt (2010), Political Analysis 18, 450-469.
    """
    mass = weights @ posterior
    return np.asarray((posterior * weights[:, None]).T @ shares / mass[:, None])


class Evidence(NamedTuple):
    """What a third step knows of classes: entries, each of one of the `rows` (m,), with a factor (m,) of its weight.

    Either it is `labels` (m, K), how plausible each class is, or `shares` (m, K) of the classes; the other one is None.
    """

    rows: Integers
    factors: Array
    labels: Array | None = None
    shares: Array | None = None


class Correction(Protocol):
    """What is made of assigned classes, given the table of their errors.

    Of one that shares rows out, `said` is what messages say of shares that cannot be, and `instead` what to do then.
    """

    said: str = ""
    instead: str = ""

    @abstractmethod
    def evidence(self, shares: Array, table: Array) -> Evidence:
        """What rows that were assigned in such `shares` (n, K) tell, if P(assigned to s | of class t) is `table[t, s]`."""


class MaximumLikelihood(Correction):
    """The class that a row was assigned to is an answer of known error: the likelihood of that answer is maximised.

    Source: Vermunt (2010), Political Analysis 18, 450-469; Bakk, Tekle & Vermunt (2013), Sociological Methodology 43, 272-311.
    """

    def evidence(self, shares: Array, table: Array) -> Evidence:
        rows, assigned = np.nonzero(shares > LEAST)
        labels = table.T[assigned]
        return Evidence(rows, shares[rows, assigned], labels=labels / labels.max(axis=1, keepdims=True))


class BolckCroonHagenaars(Correction):
    """Shares multiplied by the inverse of the table of errors: their expectation is the class as it is. Some are below 0.

    Source: Bolck, Croon & Hagenaars (2004), Political Analysis 12, 3-27; Vermunt (2010).
    """

    said = "rows, as they are assigned to classes and corrected, come to what cannot be"
    instead = 'Use correction="ML", which never comes to that, or fewer classes.'

    def evidence(self, shares: Array, table: Array) -> Evidence:
        strength = np.linalg.svd(table, compute_uv=False)
        if strength[-1] < SINGULAR * strength[0]:
            raise DegenerateFitError(
                "the items do not tell the classes apart: the table of classification has no inverse, which BCH needs. Use "
                "fewer classes."
            )
        return Evidence(np.arange(len(shares)), np.ones(len(shares)), shares=shares @ np.linalg.inv(table))


class Uncorrected(Correction):
    """Assigned classes taken for the true ones: what they depend on, and lead to, comes out too weak."""

    said = "rows, as they are assigned to classes, leave one without what is asked of it"
    instead = 'Use assignment="proportional", or fewer classes.'

    def evidence(self, shares: Array, table: Array) -> Evidence:
        return Evidence(np.arange(len(shares)), np.ones(len(shares)), shares=shares)


ASSIGNMENTS: dict[str, Assignment] = {"modal": Modal(), "proportional": Proportional()}
CORRECTIONS: dict[str | None, Correction] = {"BCH": BolckCroonHagenaars(), "ML": MaximumLikelihood(), None: Uncorrected()}
