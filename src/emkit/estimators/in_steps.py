"""What classes depend on, and what depends on them: the last step of an estimator of latent classes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, Integers
from emkit.core.solvers import Anderson
from emkit.core.stopping import Rule
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.dictionaries import framed
from emkit.data.frames import library_of, read_table
from emkit.data.source import RowSource
from emkit.errors import DegenerateFitError, ModelError, ParameterError, Status
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.base import MixtureEstimator
from emkit.estimators.components import ConvergenceWarning
from emkit.estimators.step_result import StepResult
from emkit.estimators.validated import as_before_if_it_fails
from emkit.fitted import AnyFitted, turned
from emkit.fitting import default_rules
from emkit.models.components import AnyComponents
from emkit.models.frozen import bare
from emkit.models.order import component_order
from emkit.report.summary import warn_of_run_off, warn_of_separation
from emkit.result import AnyResult
from emkit.search.search import Long, search
from emkit.search.seeding import begin
from emkit.stepwise import (
    ASSIGNMENTS,
    CORRECTIONS,
    Block,
    Roles,
    RowsInRoles,
    Step,
    Structure,
    WithClasses,
    WithItems,
    items_of,
    of_all,
    without_outcomes,
)

LAST = ("measurement_", "gates_", "gate_names_", "outcomes_", "classification_errors_", "roles_")  # what a last step tells
STARTS = 4  # of the whole model, unless the user says how many
HIGHER = 1e-3  # log-likelihood; less is the same maximum
PASSES = 2  # over the data, of an iteration of the last step


class InSteps(MixtureEstimator):
    """A mixture of the items with, if `predictors` or `outcomes` are said, a last step after it. A subclass is the mixture."""

    _allowed: ClassVar[dict[str, Allowed]] = {
        **MixtureEstimator._allowed,
        "steps": Count(most=3),
        "assignment": OneOf(tuple(ASSIGNMENTS)),
        "correction": OneOf(tuple(name for name in CORRECTIONS if name), also=" or None", or_none=True),
        "gaps": OneOf(("refuse", "drop")),
    }
    predictors: str | None
    outcomes: Any
    steps: int
    assignment: str
    correction: str | None
    gaps: Any

    def predict_proba(self, X: object, labels: object = None, groups: object = None) -> Array:
        """The probability of every class given the answers and the predictors of each row, shape (n, K).

        Outcomes are not looked at. NaN in rows that were dropped for gaps in predictors.
        Errors: DataError naming a row that is impossible in every class.
        """
        check_is_fitted(self)
        tell = partial(super().predict_proba, X, labels, groups)
        return self._of_all(X, tell, (self._number,)) if self._in_steps else tell()

    def predict(self, X: object, labels: object = None, groups: object = None) -> Integers:
        """The most probable class of every row, shape (n,): see `predict_proba`; -1 where there were gaps in predictors."""
        shares = self.predict_proba(X, labels, groups)
        gaps = np.isnan(shares[:, 0])
        return np.where(gaps, -1, np.where(gaps[:, None], 0.0, shares).argmax(axis=1))

    def score_samples(self, X: object) -> Array:
        """The log-likelihood of the answers of every row, given its predictors, shape (n,): -inf for an impossible row."""
        tell = partial(super().score_samples, X)
        return self._of_all(X, tell, ()) if self._in_steps else tell()

    def proportions(self, X: object) -> Array:
        """The sizes of the classes among people with such predictors, whatever they answer, shape (n, K).

        `X`: a data frame with the columns of the predictors; others are not looked at.
        Errors: ParameterError for a fit without predictors.
        """
        check_is_fitted(self)
        if self.predictors is None:
            raise ParameterError("sizes of classes depend on no predictors here: they are class_sizes_.")
        table = read_table(framed(X))
        covariates, kept = self.roles_.covariates(table, self.gaps)
        return of_all(self._sizes(covariates), kept, len(table.x))

    @property
    def of_items(self) -> AnyResult:
        """The result that has the estimates of the items: of the first step, unless all were estimated at once."""
        check_is_fitted(self)
        found: AnyResult = self.measurement_ if self._in_steps and self.steps > 1 else self.result_
        return found

    @property
    def chosen_by(self) -> AnyFitted:
        """The fit of the items alone: how many classes there are does not hang on what they are asked about."""
        return self.measurement_ if hasattr(self, "measurement_") else super().chosen_by

    def adopt(self, better: AnyFitted) -> Self:
        """Take a better fit of the items for that of `fit`, and make the last step anew.

        Errors: ModelError for an estimator that comes from elsewhere, without the data of that step.
        """
        before = self.result_
        if self._in_steps and not isinstance(before, StepResult):
            raise ModelError(
                "the last step was made in another process, and its data are not here: select without n_jobs, or among the "
                "items alone, predictors=None and outcomes=None, and fit the one chosen with them."
            )
        super().adopt(better)
        if not isinstance(before, StepResult):
            return self
        return self._after(before.step.structure)

    @property
    def _in_steps(self) -> bool:
        return self.predictors is not None or self.outcomes is not None

    def _fit(self, X: object, y: object, **given: Any) -> Self:
        """The items alone; then, if there are predictors or outcomes, the last step."""
        with as_before_if_it_fails(self):
            self._forget()
            super()._fit(X, y, **given)
            return self._last(X, given.get("sample_weight")) if self._in_steps else self

    def partial_fit(self, X: object, y: object = None, sample_weight: object = None, groups: object = None) -> Self:
        """The items, block by block: see `MixtureModel.partial_fit`. Errors: ParameterError with predictors or outcomes."""
        if self._in_steps:
            raise ParameterError("partial_fit is of items alone: a last step, of predictors or outcomes, needs all rows.")
        with as_before_if_it_fails(self):
            self._forget()
            return super().partial_fit(X, y, sample_weight, groups)

    def _forget(self) -> None:
        """Forget the last step of a fit before. Errors: ParameterError for what is held, and would not be."""
        if hasattr(self, "measurement_"):
            self.params_ = self.measurement_.params  # which a warm start goes on from
        for name in LAST:
            self.__dict__.pop(name, None)
        if self._in_steps and self.steps == 1 and self.frozen:
            raise ParameterError("frozen holds parameters of the items, which one step estimates with all others: say steps=2.")

    def _last(self, X: object, sample_weight: object) -> Self:
        """The last step, of the rows that were fitted."""
        rows = self.roles_.to_fit(read_table(framed(X)), self.gaps, sample_weight)
        around = Structure(
            rows.outcomes, rows.covariates, rows.weights, self.roles_.intercept, self.n_components, library_of(X)
        )
        return self._after(around)

    def _source(
        self, X: object, sample_weight: object, reset: bool = True, labels: object = None, groups: object = None
    ) -> RowSource:
        """The rows: the items to fit, and with predictors where classes are told."""
        if not self._in_steps:
            return super()._source(X, sample_weight, reset, labels, groups)
        for name in (name for name, value in (("labels", labels), ("groups", groups)) if value is not None):
            raise ParameterError(f"{name} cannot be said where there are predictors or outcomes: leave them out.")
        if not reset:
            rows = self._to_tell(X, sample_weight)
            levels = (*self._levels, *rows.covariates.levels)
            return rows.source([rows.items, rows.covariates], library_of(X)).coded(levels)
        self._component_names = ()
        table = read_table(framed(X))
        self.roles_ = Roles.of(table, self.predictors, self.outcomes, self.gaps, sample_weight)
        rows = self.roles_.to_fit(table, self.gaps, sample_weight)
        return rows.source([rows.items], library_of(X))

    def _to_tell(self, X: object, sample_weight: object = None) -> RowsInRoles:
        check_is_fitted(self)
        return self.roles_.to_tell(read_table(framed(X)), self.gaps, sample_weight)

    def _of_all(self, X: object, tell: Callable[[], Array], shape: tuple[int, ...]) -> Array:
        """What is to `tell` of each row without gaps in predictors, in such a shape; NaN for the others."""
        rows = self._to_tell(X)
        return rows.of_all(tell() if len(rows.kept) else np.empty((0, *shape)))

    def _sizes(self, covariates: Block) -> Array:
        """The sizes of the classes (n, K) for rows of covariates."""
        x = np.concatenate([np.zeros((len(covariates.x), len(self.roles_.items))), covariates.x], axis=1)
        model: AnyComponents = bare(self.model_)
        return model.outlook(self.params_, Chunk(x, unit_weights(len(x))))

    def _after(self, structure: Structure) -> Self:
        """The last step, after the items were fitted."""
        step = self._step(structure)
        result = StepResult.after(step, self._highest(step, PASSES * self.max_iter + 1))
        if result.outcome.status is Status.DEGENERATE:
            raise DegenerateFitError(result.outcome.sentence)
        if not result.converged:
            warnings.warn(f"the last step: {result.outcome.sentence}", ConvergenceWarning, stacklevel=4)
        warn_of_separation(result, stacklevel=4)
        warn_of_run_off(result, stacklevel=4)
        self.measurement_, self.result_ = self.result_, result
        self.converged_ = self.converged_ and result.converged
        params: Any = result.params
        if self.steps == 1:
            self.components_ = items_of(params)
        self.model_, self.params_ = without_outcomes(step.items, structure, params, self.components_)
        self.gates_, self.gate_names_ = params.gates, params.covariates
        parts = params.components.parts[(self.steps < 3) :]
        self.outcomes_ = dict(zip(structure.outcomes.columns, parts, strict=False))
        self.class_sizes_ = self.weights_ = structure.weights @ self._sizes(structure.covariates) / structure.weights.sum()
        self.classification_errors_ = step.table if isinstance(step, WithClasses) else None
        return self

    def _highest(self, step: Step, most: int) -> AnyFitted:
        """Where the fit of the items leads; in one step, the best of some starts of the whole model, if that is higher.

        What sets rows apart may be predictors and outcomes more than items, so that these alone lead to a lower maximum.
        """
        led, starts = step.fit(self.tol, most), STARTS if self.n_init == "auto" else self.n_init
        if self.steps > 1 or starts == 1 or self.start is not None or self.warm_start or self.max_iter == 0:
            return led
        assert isinstance(step, WithItems)
        model, source = step.whole
        beginning = begin(model, source, self.n_components, self._seed(), starts)
        endings = partial(self._ends_of_last, model, most)
        found = search(model, source, beginning, Long(Anderson(), endings, self.max_iter, self.n_jobs))
        if found.outcome.status is Status.DEGENERATE:
            return led
        if led.outcome.status is not Status.DEGENERATE and found.log_likelihood <= led.log_likelihood + HIGHER:
            return led
        best = turned(model, found.runs.runs[0], component_order(items_of(found.params)))
        return step.followed(best.params, self.tol, most)

    def _ends_of_last(self, model: AnyComponents, most: int, steps: int, passes: int) -> Iterable[Rule]:
        """When a run of the last step ends, after so many passes."""
        return default_rules(model, self.tol, most, passes, "max_iter")

    def _step(self, structure: Structure) -> Step:
        if self.steps < 3:
            return WithItems(self.result_, structure, held=self.steps == 2)
        return WithClasses(self.result_, structure, ASSIGNMENTS[self.assignment], CORRECTIONS[self.correction])
