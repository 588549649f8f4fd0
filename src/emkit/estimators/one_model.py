"""What estimators of one model without components share: settings of a fit, its starts, and how it ends."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from sklearn.utils import check_random_state

from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateFitError
from emkit.estimators.allowed import Allowed, Count, Number, OneOf
from emkit.estimators.components import ConvergenceWarning
from emkit.estimators.stored import WithoutData
from emkit.fitting import SOLVERS
from emkit.result import Result, fit

FITTING: dict[str, Allowed] = {
    "max_iter": Count(),
    "tol": Number("it must be a number >= 0 (of log-likelihood still to be gained)"),
    "solver": OneOf(tuple(SOLVERS), or_with="step", also=" or a solver"),
}


class OneModel(WithoutData):
    """An estimator of one model without components.

    A subclass has the settings of `FITTING`, and others in `_allowed`. Its `fit` checks them and calls a `_fit` of its own,
    which ends in `_fit_from`: by that, warnings point at the line that called `fit`.
    """

    result_: Any
    tol: Any
    max_iter: Any
    solver: Any
    random_state: Any
    _allowed: ClassVar[dict[str, Allowed]]

    def _check_settings(self) -> None:
        """Errors: ParameterError naming a setting that cannot be."""
        for name, allowed in self._allowed.items():
            allowed.check(name, getattr(self, name))

    @property
    def _settings(self) -> dict[str, Any]:
        """How every fit goes."""
        return {"solver": self.solver, "tol": self.tol, "max_evaluations": int(self.max_iter)}

    def _starts(self, model: Any, profile: AnyProfile, number: int) -> list[Any]:
        """So many starts of a model: the first made of moments of the data, the others at random."""
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=number - 1)
        return [model.start(profile), *model.starts(profile, 1, map(int, seeds))]

    def _fit_from(self, model: Any, source: Any, starts: Any) -> Result[Any]:
        """The best fit; sets `result_`, `converged_` and `n_iter_`.

        Warns: ConvergenceWarning with the reason if it did not converge. Errors: DegenerateFitError if there is no maximum.
        """
        return self._keep_result(fit(model, source, starts, **self._settings))

    def _keep_result(self, result: Result[Any]) -> Result[Any]:
        """The same of a fit that is there."""
        if result.outcome.failed:
            raise DegenerateFitError(result.outcome.sentence)
        self.result_ = result
        self.converged_, self.n_iter_ = result.converged, result.evaluations
        if not self.converged_:
            warnings.warn(result.outcome.sentence, ConvergenceWarning, stacklevel=5)
        return result
