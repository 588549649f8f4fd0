"""The record of a fit: model, data, every run, and the numbers that follow from them. It knows no way to show itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, Self, TypeVar

import numpy as np

from emkit.core.engine import HistoryEntry, Record
from emkit.core.evaluation import STUMBLES, EMMap
from emkit.core.parameters import Parameters
from emkit.core.protocols import Executor, LatentModel, Solver
from emkit.core.restarts import Restarts
from emkit.data.source import RowSource
from emkit.errors import ModelError, Outcome
from emkit.inference import criteria
from emkit.inference.floors import Floors, held
from emkit.inference.identifiability import identifiability
from emkit.inference.information import Information
from emkit.inference.near import Near
from emkit.inference.observed import information
from emkit.inference.scores import has_expected
from emkit.inference.separation import infinite
from emkit.models.belonging import Belonging
from emkit.models.frozen import bare
from emkit.models.told_apart import exchanged, order_of, told_apart
from emkit.models.told_effects import EffectsTold

P = TypeVar("P", bound=Parameters)
LITTLE = 20_000_000  # numbers worked on: well under a second
TOLD = (
    "rows",
    "sample_size",
    "degenerate",
    "planar",
    "floors",
    "coinciding",
    "flat",
    "infinite",
    "effects",
)  # what a summary says of the data, worked out from them once
PASS = 50  # numbers that cost as much as what a pass does for each row
ModelOf = LatentModel[P, Any]  # a model with such parameters, whatever its statistics
SolverOf = Solver[P, Any]  # a solver for such parameters, whatever its state


@dataclass(frozen=True, eq=False, repr=False)
class Fitted(Generic[P]):
    """A fitted model. `params`, `log_likelihood` and `objective` belong together: they are of one evaluation."""

    model: ModelOf[P]
    source: RowSource
    passes: RowSource  # the source that the passes went over: `source`, or one with repeated rows collapsed
    runs: Restarts[P]
    executor: Executor

    def __repr__(self) -> str:
        cls = type(self).__name__
        return f"{cls}({self.outcome.name}, log_likelihood={self.log_likelihood:.10g}, params={self.params!r})"

    @cached_property
    def occurring(self) -> RowSource:
        """The rows as they occurred, which may be drawn from: `passes`, unless these stand for others."""
        rows: RowSource = self.model.occurring(self.source)
        return rows

    @property
    def record(self) -> Record[P]:
        """The best run."""
        return self.runs.best

    @property
    def params(self) -> P:
        """The parameters at the end of the best run."""
        return self.record.params

    @property
    def log_likelihood(self) -> float:
        """Total log-likelihood of the data at `params`, natural logarithm."""
        return self.record.log_likelihood

    @property
    def objective(self) -> float:
        """What was maximised: the log-likelihood, plus log-prior, less the gap of an inexact E-step."""
        return self.record.objective

    @property
    def outcome(self) -> Outcome:
        """How the run ended, with its sentence."""
        return self.record.outcome

    @property
    def converged(self) -> bool:
        """True only if the run met the stopping rule for convergence."""
        return self.outcome.converged

    @property
    def iterations(self) -> int:
        """Steps of the solver in the best run."""
        return self.record.iterations

    @property
    def evaluations(self) -> int:
        """Passes over the data in the best run."""
        return self.record.evaluations

    @property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Iteration, evaluations, objective and log-likelihood of every step of the best run."""
        return self.record.history

    @contextmanager
    def em(self) -> Iterator[EMMap[P]]:
        """The EM map of this model and these data, as a context: every further pass over the data goes through it."""
        with self.executor() as map_reduce:
            yield EMMap(self.model, self.passes, self.params, map_reduce)

    @cached_property
    def rows(self) -> float:
        """The number of rows (their total weight) that the likelihood is of."""
        with self.em() as em:
            return float(em.expectation(self.params).rows)

    @cached_property
    def sample_size(self) -> float:
        """The number that BIC and its kin count: of the rows or, where classes are of groups of rows, of the groups."""
        found = bare(self.model).sample_size(self.params, self.source)
        return self.rows if found is None else found

    @property
    def free_parameters(self) -> int:
        """The number of free parameters."""
        return self.model.coordinates(self.params).size

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 log-likelihood + 2 free parameters; lower is better."""
        return -2 * self.log_likelihood + 2 * self.free_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 log-likelihood + free parameters * log(`sample_size`); lower is better."""
        return -2 * self.log_likelihood + self.free_parameters * float(np.log(self.sample_size))

    @property
    def aicc(self) -> float:
        """Akaike's criterion, corrected for few rows; lower is better."""
        return criteria.aicc(self.log_likelihood, self.free_parameters, self.sample_size)

    @property
    def sabic(self) -> float:
        """Schwarz's criterion, adjusted for the sample size; lower is better."""
        return criteria.sabic(self.log_likelihood, self.free_parameters, self.sample_size)

    @property
    def caic(self) -> float:
        """Akaike's criterion made consistent, -2 log-likelihood + free parameters * (log(n) + 1); lower is better."""
        return criteria.caic(self.log_likelihood, self.free_parameters, self.sample_size)

    @property
    def icl(self) -> float:
        """The integrated completed likelihood: BIC, plus twice the surprise at each row's likeliest component; lower is better.

        ``bic + 2 * entropy`` is the version with the entropy. Errors: ModelError for a model without components.
        """
        return self.bic + 2 * self._uncertainty.surprise

    @property
    def entropy(self) -> float:
        """Of the responsibilities, -sum_i w_i sum_k r_ik log r_ik: 0 where it is certain whose every row is.

        Errors: ModelError for a model without components.
        """
        return self._uncertainty.entropy

    @cached_property
    def _uncertainty(self) -> criteria.Uncertainty:
        model: Any = bare(self.model)
        if not isinstance(model, Belonging):
            raise ModelError(f"{type(model).__name__} has no components that rows could belong to.")
        assigned = (model.posterior(self.params, chunk).of_units(chunk) for chunk in self.passes.chunks())
        return criteria.uncertainty((weights, shares) for shares, weights in assigned)

    @property
    def boundary(self) -> tuple[str, ...]:
        """Names of estimates on a boundary: probabilities of 0 or 1 (within 1e-8), and what a floor under the spread holds."""
        coordinates = self.model.coordinates(self.params)
        edge = {*coordinates.on_boundary(self.params), *held(coordinates, self.params, self.floors)[0]}
        return tuple(name for name in coordinates.entry_names(self.params) if name in edge)

    @cached_property
    def floors(self) -> Floors:
        return self.model.on_floor(self.params, self.passes.profile)

    @cached_property
    def planar(self) -> tuple[int, ...]:
        """Degenerate components that are clusters all the same: see `LatentModel.planar`."""
        return self.model.planar(self.params, self.passes.profile)

    @cached_property
    def degenerate(self) -> tuple[int, ...]:
        """Components that collapsed: those that only a floor keeps from a spike, and those without rows."""
        return self.model.degenerate(self.params, self.passes.profile)

    @cached_property
    def endless(self) -> tuple[int, ...]:
        """Components that run off without end: the likelihood has no maximum, and is highest infinitely far off."""
        return self.model.endless(self.params, self.passes.profile)

    @cached_property
    def coinciding(self) -> tuple[tuple[int, ...], ...]:
        """Groups of components that coincide: no row tells them apart."""
        return self.model.coinciding(self.params, self.passes.profile)

    @cached_property
    def information(self) -> Information:
        """The observed information at `params`: 2 passes over the data for each parameter."""
        with self.em() as em:
            return information(em, self.params, self.floors)

    @cached_property
    def flat(self) -> tuple[str, ...]:
        """Directions in words in which the likelihood of a converged fit is flat, if they can be had at little cost."""
        work = self.passes.rows * (self.free_parameters + PASS) * self.free_parameters
        if not self.converged or not self.model.ascends or work > LITTLE:
            return ()
        with self.em() as em, np.errstate(all="ignore"), suppress(*STUMBLES):  # nobody asked: no answer is no error
            if has_expected(self.model, em.expectation(self.params).statistics, self.params):
                found = identifiability(self.information)
                return () if found.negative else found.directions
        return ()

    @cached_property
    def infinite(self) -> tuple[str, ...]:
        """Names of coefficients that run off to infinity, since a covariate tells responses or components apart (separation).

        The likelihood rises for ever, and comes as near as one likes to what it is here.
        """
        with self.em() as em:
            return infinite(em, Near.of(self.model, self.params, self.floors))

    @cached_property
    def effects(self) -> EffectsTold | None:
        """Of a mixed model, the fixed effects, and the random effects of the groups by their labels; None of others."""
        found: EffectsTold | None = bare(self.model).told_effects(self.params, self.source)
        return found

    def in_order(self) -> Self:
        """The same result with the components of every run in one order, as a rule by their first parameter, lowest first.

        Which component is which is an accident of the start; results in order can be compared. No change if the parameters do
        not declare which of their axes belong to components, if something is held of some of these and not of others, if a
        prior is another for each component, or if rows are labelled.
        """
        if told_apart(self.model, self.params, by_value=False):
            return self  # components are told apart by what is held, or was known before, of them
        if self.source.membership is not None:
            return self  # or by what is known of the rows
        runs = tuple(turned(self.model, run, order_of(self.model, run.params)) for run in self.runs.runs)
        return replace(self, runs=replace(self.runs, runs=runs))


AnyFitted = Fitted[Any]


def turned(model: ModelOf[P], run: Record[P], order: Sequence[int] | None) -> Record[P]:
    """A run with its components in the given order; as it is, if there is none."""
    if order is None:
        return run
    start, params = (exchanged(model, each, order) for each in (run.start, run.params))
    return run if start is None or params is None else replace(run, start=start, params=params)
