"""The ledger of EM: what the E-step and the M-step each do to the lower bound on the log-likelihood.

For any distribution q over the latent states, with Q = sum_i sum_z q_i(z) log p(x_i, z; theta) and the entropy
H = -sum_i sum_z q_i(z) log q_i(z):

    log-likelihood(theta) = bound + gap,   bound = Q + H  (the ELBO),   gap = KL(q || p(z | x; theta)) >= 0.

The E-step chooses q = p(z | x; theta): the gap closes and the bound touches the log-likelihood. The M-step chooses theta
with q held: Q rises, H stays, so the bound rises, and the log-likelihood at least as much. Q is without the entropy here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.core.mapreduce import serial
from emkit.core.parameters import Parameters
from emkit.core.protocols import Complete
from emkit.core.statistics import Additive
from emkit.errors import ModelError
from emkit.models.around import AnyModel, AnySource, bare
from emkit.models.assignment import Assignment, Enumerable, Soft, normalise


@dataclass(frozen=True)
class Account(Additive):
    """The sums of the ledger over the rows, for one q and one theta; natural logarithms.

    `log_likelihood` is that of theta; `expected` is Q, the expected complete-data log-likelihood, without the entropy;
    `entropy` is that of q; `gap` is KL(q || p(z | x; theta)), summed row by row and not taken from the others.
    """

    log_likelihood: float
    expected: float
    entropy: float
    gap: float

    @property
    def bound(self) -> float:
        """The evidence lower bound, Q + entropy."""
        return self.expected + self.entropy

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        heights = {"log_likelihood": self.log_likelihood, "expected_complete_log_likelihood": self.expected}
        return {**heights, "entropy": self.entropy, "bound": self.bound, "gap": self.gap}


class Half(Enum):
    """The two halves of an EM step."""

    E = "E-step"
    M = "M-step"


@dataclass(frozen=True)
class Entry:
    """The account after one half step: `q_at` is the iterate at which q was taken, `theta_at` that at which theta stands."""

    half: Half
    q_at: int
    theta_at: int
    account: Account


def assignment_of(model: AnyModel) -> Assignment:
    """How the E-step of a model assigns rows to latent states: by the posterior, unless it says otherwise."""
    return getattr(bare(model), "assignment", None) or Soft()


def check_enumerable(model: AnyModel) -> Enumerable:
    """The model, which lists its latent states row by row. Errors: ModelError if it cannot."""
    inner = bare(model)
    if not isinstance(inner, Enumerable):
        raise ModelError(
            f"{type(inner).__name__} cannot be explained row by row: it has no complete(params, chunk), which lists "
            "log p(x_i, z; theta) for every latent state z of every row."
        )
    return inner


def account(model: AnyModel, source: AnySource, q_at: Parameters, theta: Parameters) -> Account:
    """The account of the rows of `source` with q from the E-step at the parameters `q_at`, at the parameters `theta`.

    Works for every model with `complete(params, chunk)`, whatever its assignment: with hard or drawn assignments the bound
    does not touch. Errors: ModelError for a model without it.
    """
    states, assignment = check_enumerable(model), assignment_of(model)

    def of_chunk(chunk: object) -> Account:
        here = states.complete(q_at, chunk)
        q = responsibilities(assignment, here, chunk)
        return _sums(q, here if theta is q_at else states.complete(theta, chunk))

    return serial(of_chunk, source)


def responsibilities(assignment: Assignment, complete: Complete, chunk: object) -> Array:
    """The distribution over the latent states of the rows of a chunk that the E-step uses, (n, K)."""
    return assignment.assign(complete.log_joint, complete.weights, getattr(chunk, "start", 0)).responsibilities


def _sums(q: Array, complete: Complete) -> Account:
    _, log_likelihood = normalise(complete.log_joint)
    log_q = np.log(np.where(q > 0, q, 1.0))
    gap = _mean(q, log_q - complete.log_joint + log_likelihood[:, None])
    rows = (log_likelihood, _mean(q, complete.log_joint), -_mean(q, log_q), gap)
    return Account(*(float(complete.weights @ row) for row in rows))


def _mean(q: Array, values: Array) -> Array:
    """sum_z q_i(z) values_i(z), shape (n,), where 0 times anything is 0."""
    return np.asarray((q * np.where(q > 0, values, 0.0)).sum(axis=1))


def ledger(model: AnyModel, source: AnySource, path: Sequence[Parameters]) -> tuple[Entry, ...]:
    """The accounts along a `path` of parameters theta_0, theta_1, ...: an E-step at theta_0, then M-step and E-step in turn.

    Of a model whose latent states cannot be listed, the accounts follow from its expected log-likelihood, which is known up to
    a constant: Q and the entropy are then shifted against each other by the same amount.
    Errors: ModelError for an empty path, or for a model that neither lists its latent states nor writes `expected`.
    """
    if not path:
        raise ModelError("the path is empty: a ledger needs at least the parameters it starts from.")
    places = [(Half.E, 0, 0)]
    for t in range(1, len(path)):
        places += [(Half.M, t - 1, t), (Half.E, t, t)]
    accounts = _listed(model, source, path) if isinstance(bare(model), Enumerable) else _expected(model, source, path)
    return tuple(Entry(*place, account) for place, account in zip(places, accounts, strict=True))


def _listed(model: AnyModel, source: AnySource, path: Sequence[Parameters]) -> tuple[Account, ...]:
    """The accounts from the joint probabilities of rows and latent states."""
    states, assignment = check_enumerable(model), assignment_of(model)
    return serial(lambda chunk: _Accounts(tuple(_along(states, assignment, chunk, path))), source).accounts


def _expected(model: AnyModel, source: AnySource, path: Sequence[Parameters]) -> tuple[Account, ...]:
    """The accounts from the expected log-likelihood: where an E-step was taken, its bound lies below by the gap it leaves."""
    found: list[Account] = []
    before, stats, entropy = path[0], None, 0.0
    for params in path:
        total = model.expectation(params, source, serial)
        if stats is not None:
            expected = model.expected(stats, before, params).value
            found.append(Account(total.log_likelihood, expected, entropy, total.log_likelihood - expected - entropy))
        before, stats = params, total.statistics
        try:
            expected = model.expected(stats, params, params).value
        except NotImplementedError as error:
            raise ModelError(
                f"{type(bare(model)).__name__} has neither complete(params, chunk), which lists its latent states, nor "
                "expected(stats, before, now), so there is no ledger of its steps."
            ) from error
        entropy = total.log_likelihood - total.gap - expected
        found.append(Account(total.log_likelihood, expected, entropy, total.gap))
    return tuple(found)


@dataclass(frozen=True)
class _Accounts(Additive):
    accounts: tuple[Account, ...]


def _along(states: Enumerable, assignment: Assignment, chunk: object, path: Sequence[Parameters]) -> Iterator[Account]:
    """The accounts of one chunk, half step by half step; the joint probabilities of an iterate are worked out once."""
    q = None
    for params in path:
        complete = states.complete(params, chunk)
        if q is not None:
            yield _sums(q, complete)
        q = responsibilities(assignment, complete, chunk)
        yield _sums(q, complete)
