"""scikit-learn's callbacks (progress bars, monitors), where scikit-learn has them (1.9 and later)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from emkit.core.stopping import Step
from emkit.errors import Outcome, Status

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn 1.6 to 1.8

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where there are no callbacks."""

    def with_callbacks(method: Any) -> Any:
        """The method, as many frames deep as scikit-learn's decorator has it: warnings count them."""

        @wraps(method)
        def called(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return called


__all__ = ["CallbackSupportMixin", "Reporter", "with_callbacks"]


class Reporter:
    """Tells the callbacks of an estimator about its fit and every iteration of it.

    It is a stopping rule, too: a callback may ask to stop.
    """

    def __init__(self, estimator: Any, fitted: Callable[[Any], dict[str, Any]], data: dict[str, Any]) -> None:
        self._estimator = estimator
        self._fitted = fitted
        self._data = data
        self._context: Any = None
        if hasattr(estimator, "_init_callback_context"):
            self._context = estimator._init_callback_context(max_subtasks=None)
            self._context.call_on_fit_task_begin(estimator=estimator, **data)

    def __call__(self, step: Step) -> Outcome | None:
        if self._context is None or not hasattr(self._estimator, "_skl_callbacks"):
            return None
        context = self._context.subcontext(task_name="iteration")
        context.call_on_fit_task_begin(estimator=self._estimator, **self._data)
        stop = context.call_on_fit_task_end(
            estimator=self._estimator, reconstruction_attributes=lambda: self._fitted(step.here.params), **self._data
        )
        if not stop:
            return None
        return Outcome(Status.BUDGET, f"not converged: a callback stopped the fit after iteration {step.number}.")

    def done(self) -> None:
        """The fit has ended, and the estimator holds its result."""
        if self._context is not None:
            self._context.call_on_fit_task_end(estimator=self._estimator, reconstruction_attributes={}, **self._data)
