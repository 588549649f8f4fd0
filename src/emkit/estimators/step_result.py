"""The result of the last of several steps, whose standard errors know of the steps before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from emkit.core.parameters import Parameters
from emkit.errors import ModelError
from emkit.fitted import Fitted, turned
from emkit.fitting import reunited
from emkit.inference import Classification, Covariance, Influence, Merging
from emkit.models.told_apart import order_of
from emkit.result import Result
from emkit.stepwise import Step, stacked

P = TypeVar("P", bound=Parameters)
KINDS = ("information", "steps")


@dataclass(frozen=True, eq=False, repr=False)
class StepResult(Result[P]):
    """A `Result` whose `covariance` is that of all steps together, and so all standard errors, intervals and tables.

    Log-likelihood, AIC and BIC are those of the last `step` alone, which takes the ones before for known. From a file, or a
    pickle, it comes as a `Result` of the last step alone, which takes no data again: its standard errors would take them for
    known, too. Where one step is all there is, it is a `Result` like any other.
    """

    step: Step

    @classmethod
    def after(cls, step: Step, fitted: Fitted[P]) -> StepResult[P]:
        """The result that the record of a last step makes."""
        return cls(fitted.model, fitted.source, fitted.passes, fitted.runs, fitted.executor, step)

    def covariance(self, kind: str = "information", clusters: object = None) -> Covariance:
        """The covariance of the estimates, by the stacked estimating equations of all steps, a sandwich: see `stacked`.

        Errors: ModelError for another kind, which would take the steps before for known.
        """
        if not self.model.is_pseudo:
            return super().covariance(kind, clusters)
        if kind not in KINDS or clusters is not None:
            raise ModelError(f"kind is {kind!r}; standard errors of steps are of one kind, a sandwich over all of them.")
        return self._stacked

    @cached_property
    def _stacked(self) -> Covariance:
        return stacked(self.step, Result.of(self))

    def confidence_intervals(self, level: float = 0.95, method: str = "wald", *args: Any, **given: Any) -> Any:
        if method == "profile":
            self._refuse('a profile would take the steps before for known: ask for method="wald"')
        return super().confidence_intervals(level, method, *args, **given)

    def bootstrap(self, *args: Any, **given: Any) -> Any:
        self._refuse("a bootstrap would take the steps before for known: draw rows of the frame, and fit all steps")
        return super().bootstrap(*args, **given)

    def influence(self) -> Influence:
        self._refuse("rows move the last step through those before as well, of which this would know nothing")
        return super().influence()

    def classification(self) -> Classification:
        """How well the classes are told apart: of three steps by the items alone."""
        return super().classification() if self.step.tells_classes else self._of_items.classification()

    def merging(self) -> Merging:
        """Classes merged into clusters: of three steps by the items alone."""
        return super().merging() if self.step.tells_classes else self._of_items.merging()

    @property
    def entropy(self) -> float:
        """Of the responsibilities: of three steps of those by the items alone."""
        return super().entropy if self.step.tells_classes else self._of_items.entropy

    @property
    def icl(self) -> float:
        """The integrated completed likelihood: of three steps, that of the items alone."""
        return super().icl if self.step.tells_classes else self._of_items.icl

    @property
    def _of_items(self) -> Result[Any]:
        return Result.of(self.step.measured)

    def augment(self, data: object = None, labels: object = None, groups: object = None) -> Any:
        if not self.step.tells_classes:
            raise ModelError(
                "three steps have classes in place of items: measurement_.augment puts classes beside the answers, and "
                "predict_proba of the estimator tells them by predictors, too."
            )
        return super().augment(data, labels, groups)

    def in_order(self) -> StepResult[P]:
        """The same result with the classes of all steps in one order, that of the items: by their first parameter."""
        ordered = self.step.measured.in_order()
        if ordered is self.step.measured:
            return self
        order = order_of(self.step.measured.model, self.step.measured.params)
        step = replace(self.step, measured=ordered)
        runs = tuple(turned(self.model, run, order) for run in self.runs.runs)
        last = replace(Result.of(self), runs=replace(self.runs, runs=runs))
        return StepResult.after(step, reunited(last, step.source_of(last)))

    def _refuse(self, why: str) -> None:
        if self.model.is_pseudo:
            raise ModelError(f"{why}.")

    def without_data(self) -> Result[P]:
        return Result.of(self).without_data()
