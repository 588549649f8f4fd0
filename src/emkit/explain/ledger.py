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

from emkit.core.mapreduce import serial
from emkit.core.parameters import Parameters
from emkit.core.statistics import Additive
from emkit.errors import ModelError
from emkit.explain.latent import Account, Latent, Listed, assignment_of, check_enumerable, latent_of
from emkit.models.around import AnyModel, AnySource, bare


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


def account(model: AnyModel, source: AnySource, q_at: Parameters, theta: Parameters) -> Account:
    """The account of the rows of `source` with q from the E-step at the parameters `q_at`, at the parameters `theta`.

    Works for every model with `complete(params, chunk)` and for models of components, whatever their assignment: with hard or
    drawn assignments the bound does not touch. Errors: ModelError for another model.
    """
    return accounts(model, source, q_at, [theta])[0]


def accounts(model: AnyModel, source: AnySource, q_at: Parameters, thetas: Sequence[Parameters]) -> tuple[Account, ...]:
    """The accounts at several parameters, of one q. Errors: as for `account`."""
    latent = latent_of(model) or Listed(check_enumerable(model), assignment_of(model))

    def of_chunk(chunk: object) -> _Accounts:
        first = latent.at(q_at, chunk)
        q = latent.assigned(first, chunk)
        places = (first if theta is q_at else latent.at(theta, chunk) for theta in thetas)
        return _Accounts(tuple(latent.account(q, here, chunk) for here in places))

    return serial(of_chunk, source).accounts


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
    latent = latent_of(model)
    accounts = _expected(model, source, path) if latent is None else _along_of(latent, source, path)
    return tuple(Entry(*place, account) for place, account in zip(places, accounts, strict=True))


def _along_of(latent: Latent, source: AnySource, path: Sequence[Parameters]) -> tuple[Account, ...]:
    """The accounts from what is known of the latent states, added up over the chunks."""
    return serial(lambda chunk: _Accounts(tuple(_along(latent, chunk, path))), source).accounts


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


def _along(latent: Latent, chunk: object, path: Sequence[Parameters]) -> Iterator[Account]:
    """The accounts of one chunk, half step by half step; what an iterate says of the rows is worked out once."""
    q = None
    for params in path:
        here = latent.at(params, chunk)
        if q is not None:
            yield latent.account(q, here, chunk)
        q = latent.assigned(here, chunk)
        yield latent.account(q, here, chunk)
