"""Estimators among whose settings `ek.select` chooses."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from emkit.estimators.stored import WithoutData
from emkit.estimators.validated import as_before_if_it_fails
from emkit.fitted import AnyFitted
from emkit.result import Result


class Choosable(WithoutData):
    """An estimator whose fit may be held against others, and replaced by a better one, which a subclass takes for its own."""

    result_: Any

    @abstractmethod
    def _take(self, result: Result[Any]) -> Self:
        """Let all that a fit tells be of this result."""

    @property
    def chosen_by(self) -> AnyFitted:
        """The fit by which a choice goes."""
        check_is_fitted(self)
        record: AnyFitted = self.result_
        return record

    def adopt(self, better: AnyFitted) -> Self:
        """Take a better fit of the same model to the same data for that of `fit`: one that a search elsewhere has found."""
        with as_before_if_it_fails(self):
            return self._take(Result.of(better.in_order()))
