"""What a ledger needs to know of the latent states of a model: listed row by row, or of components that rows come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.core.protocols import Complete, Expectation
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk, as_float64
from emkit.errors import ModelError
from emkit.families.unseen import ExpectsCells
from emkit.models.around import AnyModel, bare
from emkit.models.assignment import Assignment, Enumerable, Posterior, Soft, normalise
from emkit.models.components import AnyComponents, Components
from emkit.models.hidden_markov import AnyHiddenMarkovChain, HiddenMarkovChain


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


class Latent(Protocol):
    """The latent states of a model, as far as a ledger looks at them."""

    def at(self, params: Any, chunk: Any) -> Any:
        """The rows of a chunk at these parameters: what is worked out once for each iterate."""

    def assigned(self, here: Any, chunk: Any) -> Any:
        """The distribution q over the latent states that the E-step uses there."""

    def account(self, q: Any, here: Any, chunk: Any) -> Account:
        """The account for one q and the parameters of `here`."""


def assignment_of(model: AnyModel) -> Assignment:
    """How the E-step of a model assigns rows to latent states: by the posterior, unless it says otherwise."""
    return getattr(bare(model), "assignment", None) or Soft()


def check_enumerable(model: AnyModel) -> Enumerable:
    """The model, which lists its latent states row by row. Errors: ModelError if it cannot."""
    inner = bare(model)
    if not isinstance(inner, Enumerable):
        raise ModelError(
            f"{type(inner).__name__} cannot be explained row by row, as mixtures can: it lists no latent states of a row. "
            "summary(), report() and plot() tell what the fit has found; where factors, abilities, random effects of one "
            "class, or moving states are latent, explain() tells the step. (A model of your own lists log p(x_i, z; theta) "
            "of every latent state z in complete(params, chunk).)"
        )
    return inner


def check_divides_counts(chain: AnyHiddenMarkovChain) -> None:
    """Errors: ModelError for a chain whose M-step does not just divide counts of starts and moves by their sums."""
    if chain.belonging_updates() != HiddenMarkovChain.belonging_updates(chain):
        raise ModelError(
            f"the M-step of a {chain.name} is not worked out by hand: it does not just divide counts of starts and moves by "
            "their sums. Explain a HiddenMarkovChain."
        )


def latent_of(model: AnyModel) -> Latent | None:
    """The latent states of a model; None if it neither lists them nor has components that rows come from."""
    inner = bare(model)
    if isinstance(inner, Components) and latent_cells_of(inner) is not None:
        return WithCells(inner)
    if isinstance(inner, Enumerable):
        return Listed(inner, assignment_of(model))
    return OfComponents(inner) if isinstance(inner, Components) else None


def latent_cells_of(model: AnyModel) -> ExpectsCells | None:
    """Who says what is expected of cells that were not seen, if the model takes them for latent values."""
    inner = bare(model)
    return inner.family.latent_cells if isinstance(inner, Components) else None


def responsibilities(assignment: Assignment, complete: Complete, chunk: object) -> Array:
    """The distribution over the latent states of the rows of a chunk that the E-step uses, (n, K)."""
    return assignment.assign(complete.log_joint, complete.weights, getattr(chunk, "start", 0)).responsibilities


@dataclass(frozen=True)
class Listed:
    """Latent states that the model lists row by row; rows are independent."""

    states: Enumerable
    assignment: Assignment

    def at(self, params: Parameters, chunk: object) -> Complete:
        return self.states.complete(params, chunk)

    def assigned(self, here: Complete, chunk: object) -> Array:
        return responsibilities(self.assignment, here, chunk)

    def account(self, q: Array, here: Complete, chunk: object) -> Account:
        _, log_likelihood = normalise(here.log_joint)
        log_q = np.log(np.where(q > 0, q, 1.0))
        gap = _mean(q, log_q - here.log_joint + log_likelihood[:, None])
        rows = (log_likelihood, _mean(q, here.log_joint), -_mean(q, log_q), gap)
        return Account(*(float(here.weights @ row) for row in rows))


def _mean(q: Array, values: Array) -> Array:
    """sum_z q_i(z) values_i(z), shape (n,), where 0 times anything is 0."""
    return np.asarray((q * np.where(q > 0, values, 0.0)).sum(axis=1))


@dataclass(frozen=True)
class _Here:
    """Rows at some parameters: log p(x_i | component k) (n, K), the posterior, and the total log-likelihood."""

    params: Any
    log_density: Array
    posterior: Posterior
    log_likelihood: float


@dataclass(frozen=True)
class _Assigned:
    """A distribution q: the posterior that was taken at `params`, and the entropy of q."""

    params: Any
    posterior: Posterior
    entropy: float


@dataclass(frozen=True)
class OfComponents:
    """Latent states that are too many to list, such as paths through the states of a sequence; each row has its component.

    Where q was taken, its bound lies below the log-likelihood by the gap that the E-step reports, so its entropy follows.
    """

    model: AnyComponents

    def at(self, params: Any, chunk: Chunk) -> _Here:
        posterior = self.model.plain_posterior(params, chunk)
        family = self.model.family
        if chunk.has_gaps and family.among_gaps is not None:
            family = family.among_gaps
        log_density = family.log_density(params.components, as_float64(chunk.x))
        return _Here(
            params, log_density, posterior, float(self.model.unit_weights(chunk, posterior) @ posterior.log_likelihood)
        )

    def assigned(self, here: _Here, chunk: Chunk) -> _Assigned:
        gap = here.posterior.total_gap(self.model.unit_weights(chunk, here.posterior))
        entropy = here.log_likelihood - gap - self._expected(here.params, here.posterior, here, chunk)
        return _Assigned(here.params, here.posterior, max(entropy, 0.0))

    def account(self, q: _Assigned, here: _Here, chunk: Chunk) -> Account:
        expected = self._expected(q.params, q.posterior, here, chunk)
        return Account(here.log_likelihood, expected, q.entropy, here.log_likelihood - expected - q.entropy)

    def _expected(self, before: Any, posterior: Posterior, here: _Here, chunk: Chunk) -> float:
        belonging = self.model.gathered(posterior, chunk)
        rows = float(chunk.weights @ _mean(posterior.responsibilities, here.log_density))
        return self.model.belonging_expected(belonging, before, here.params).value + rows


@dataclass(frozen=True)
class _Completed:
    """A distribution q over states and cells: the statistics that the E-step at `params` expects, and the entropy of q."""

    params: Any
    statistics: Any
    entropy: float


@dataclass(frozen=True)
class WithCells:
    """Latent states together with cells that were not seen, of models of components: Q is of rows with all their cells.

    The entropy is that of a density, which may be below 0. It follows as in `OfComponents`.
    """

    model: AnyComponents

    def at(self, params: Any, chunk: Chunk) -> tuple[Any, Expectation[Any]]:
        return params, self.model.e_step(params, chunk)

    def assigned(self, here: tuple[Any, Expectation[Any]], chunk: Chunk) -> _Completed:
        params, found = here
        expected = self.model.expected(found.statistics, params, params).value
        return _Completed(params, found.statistics, found.log_likelihood - found.gap - expected)

    def account(self, q: _Completed, here: tuple[Any, Expectation[Any]], chunk: Chunk) -> Account:
        params, found = here
        expected = self.model.expected(q.statistics, q.params, params).value
        return Account(found.log_likelihood, expected, q.entropy, found.log_likelihood - expected - q.entropy)
