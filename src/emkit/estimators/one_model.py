"""What estimators of one model, or of classes of it, share: settings of a fit, its starts, a search, and how it ends."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from sklearn.utils import check_random_state

from emkit.core.stopping import Rule
from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateFitError
from emkit.estimators.allowed import Allowed, Count, Number, OneOf
from emkit.estimators.components import ConvergenceWarning
from emkit.estimators.stored import WithoutData
from emkit.fitted import AnyFitted
from emkit.fitting import SOLVERS, default_rules
from emkit.result import Result, fit
from emkit.search.plan import PLAN, Plan
from emkit.search.search import Long, search
from emkit.search.seeding import begin

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

    def _settings(self, model: Any) -> dict[str, Any]:
        """How every fit of a model goes."""
        return {"solver": self.solver, "rules": self._endings(model)}

    def _endings(self, model: Any, passes: int = 0) -> tuple[Rule, ...]:
        """What ends a run of a model that has made so many passes before."""
        return default_rules(model, self.tol, int(self.max_iter), passes, "max_iter")

    def _starts(self, model: Any, profile: AnyProfile, number: int) -> list[Any]:
        """So many starts of a model: the first made of moments of the data, the others at random."""
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=number - 1)
        return [model.start(profile), *model.starts(profile, 1, map(int, seeds))]

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _searched(
        self, model: Any, source: Any, classes: int, n_init: Any, seed: int, first: Sequence[Any] = (), plan: Plan = PLAN
    ) -> AnyFitted:
        """The best fit of a model of so many `classes` that a search finds, whose runs go and end as every fit does.

        `n_init`: how many starts, or "auto"; those given as `first` come before them.
        """
        starts = begin(model, source, classes, seed, None if n_init == "auto" else int(n_init))
        starts = replace(starts, first=[*first, *starts.first])
        solver = SOLVERS[self.solver]() if isinstance(self.solver, str) else self.solver
        long = Long(solver, lambda steps, passes: self._endings(model, passes), int(self.max_iter))
        return search(model, source, starts, long, plan)

    def _fit_from(self, model: Any, source: Any, starts: Any) -> Result[Any]:
        """The best fit; sets `result_`, `converged_` and `n_iter_`.

        Warns: ConvergenceWarning with the reason if it did not converge. Errors: DegenerateFitError if there is no maximum.
        """
        return self._keep_result(fit(model, source, starts, **self._settings(model)))

    def _keep_result(self, result: Result[Any]) -> Result[Any]:
        """The same of a fit that is there."""
        if result.outcome.failed:
            raise DegenerateFitError(result.outcome.sentence)
        self.result_ = result
        self.converged_, self.n_iter_ = result.converged, result.evaluations
        if not self.converged_:
            warnings.warn(result.outcome.sentence, ConvergenceWarning, stacklevel=5)
        return result
