"""What all estimators of components share: everything but the model, the start and the public verbs."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import Any, ClassVar, Self

from sklearn.exceptions import ConvergenceWarning as SklearnConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Integers
from emkit.core.journal import Journal, Unkept
from emkit.core.protocols import Executor
from emkit.core.stopping import Decreased, Iterations, Rule, Settled
from emkit.data.source import RowSource
from emkit.errors import DegenerateFitError, DegenerateFitWarning, EmkitWarning, ParameterError, Status
from emkit.estimators.allowed import Allowed, Count, CountOrExecutor, Number, OneOf
from emkit.estimators.callbacks import CallbackSupportMixin, Reporter
from emkit.estimators.component_starts import ComponentStarts
from emkit.estimators.validated import as_before_if_it_fails
from emkit.fitted import AnyFitted
from emkit.fitting import SOLVERS
from emkit.models.frozen import Frozen
from emkit.models.prediction import drawn_from
from emkit.persistence.checkpoint import Place, journal_of
from emkit.report.collapse import collapsed
from emkit.report.summary import ended, warn_of_edges, warn_of_run_off, warn_of_separation
from emkit.result import Result
from emkit.search.plan import MOST_STARTS
from emkit.search.search import Long, search
from emkit.search.seeding import Begin, check_components

INSTEAD = {  # of parameters of scikit-learn's mixtures
    "reg_covar": "a constant added to every variance depends on the unit of the data, and what it leads to maximises no "
    "likelihood. `floor` of GaussianMixture bounds variances by a fraction of those of the data, and only against components "
    "that collapse.",
    "init_params": "starts of several kinds race here, as many as `n_init` says. To choose one, give `start`: labels (such as "
    "those of KMeans), responsibilities or parameters.",
    "verbose": "`with ek.progress():` shows the steps during a fit, and `result_.history` has them after it.",
    "verbose_interval": "`with ek.progress():` shows the steps during a fit, and `result_.history` has them after it.",
}


class ConvergenceWarning(EmkitWarning, SklearnConvergenceWarning):
    """A fit ended without converging; the message says how it ended.

    >>> import emkit as ek
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     found = ek.MixtureModel("poisson", 2, max_iter=2, random_state=0).fit([0, 1, 0, 2, 1, 3, 7, 5, 8, 6])
    >>> [each.category.__name__ for each in said], found.result_.outcome.name
    (['ConvergenceWarning'], 'BUDGET')
    """


class ComponentsEstimator(CallbackSupportMixin, ComponentStarts):
    """A model of components with scikit-learn's interface. A subclass has the parameters, the model and its public verbs."""

    _allowed: ClassVar[dict[str, Allowed]] = {
        "max_iter": Count(least=0),
        "n_init": Count(or_one_of=("auto",), also=", or 'auto'", most=MOST_STARTS),
        "n_jobs": CountOrExecutor(or_one_of=(None, -1), also=", -1 for all cores, or an executor such as ek.Dask(client)"),
        "tol": Number("it must be a number >= 0 (of log-likelihood still to be gained)"),
        "solver": OneOf(tuple(SOLVERS), or_with="step", also=" or a solver"),
    }
    tol: Any
    solver: Any
    n_jobs: int | Executor | None
    checkpoint: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Errors: TypeError for a parameter of scikit-learn's mixtures that is none here, saying what there is instead."""
        for name in (name for name in kwargs if name in INSTEAD):
            raise TypeError(f"{cls.__name__} has no parameter {name!r}: {INSTEAD[name]}")
        return super().__new__(cls)

    @abstractmethod
    def _fitted(self, params: Any) -> dict[str, Any]:
        """The fitted attributes that follow from the parameters."""

    def _fit(self, X: object, y: object, **given: Any) -> Self:
        """Fit the model to `X`, with what is `given` of it: sample_weight, labels, groups (each may be None).

        Warns, errors: those of `fit`.
        """
        with as_before_if_it_fails(self):
            found, reporter = self._searched(X, y, given)
        self._keep(Result.of(found))
        reporter.done()
        return self

    def _searched(self, X: object, y: object, given: dict[str, Any]) -> tuple[AnyFitted, Reporter]:
        """The best fit that a search finds, its components in order, and who reported of it."""
        self._check_parameters()
        source = self._source(X, **given)
        check_components(source, self.n_components)
        model = self._model()
        self.model_ = Frozen(model, *self._held) if self._held else model
        source = model.admitted(source)
        self._levels = source.levels
        beginning = self._begin(source)
        metadata = {name: value for name, value in given.items() if value is not None} or None
        reporter = Reporter(self, lambda params: self._fitted(beginning.params(params)), {"X": X, "y": y, "metadata": metadata})
        solver = SOLVERS[self.solver]() if isinstance(self.solver, str) else self.solver
        with self._journal(source, beginning, solver) as journal:
            long = Long(solver, partial(self._endings, reporter), self.max_iter, self.n_jobs, journal=journal)
            found = search(self.model_, source, beginning, long)
        return found if len(beginning.first) == 1 else found.in_order(), reporter

    def _journal(self, source: RowSource, beginning: Begin[Any], solver: Any) -> AbstractContextManager[Journal]:
        """The journal of the search, if a `checkpoint` is to keep it. Errors: those of `journal_of`; ParameterError."""
        if self.checkpoint is None:
            return nullcontext(Unkept())
        if self.random_state is None and self.start is None:
            raise ParameterError(
                "checkpoint needs random_state, a whole number: without one, every fit has other starts, and cannot go on."
            )
        parts = {
            "model": self.model_,
            "starts": (*beginning.first, self.n_init, beginning.seed),
            "solver": solver,
            "tol and max_iter": (self.tol, self.max_iter),
        }
        return journal_of(Place(self.checkpoint), None, parts, source, "fit the same estimator to the same data.")

    def _take(self, result: Result[Any]) -> Self:
        self._keep(result)
        return self

    def sample(self, n_samples: int = 1) -> tuple[Any, Integers]:
        """Draw `n_samples` rows from the fitted model: the rows (n, d), and their components (n,).

        Rows are objects where columns were of text, and can be given back. Those of a hidden Markov model are one sequence.
        """
        check_is_fitted(self)
        return drawn_from(self.model_, self.params_, self.result_.source.levels, n_samples, self._seed())

    def _endings(self, reporter: Reporter, steps: int, passes: int) -> tuple[Rule, ...]:
        """What ends a run that has made so many steps before."""
        return reporter, Decreased(), Settled.within(self.tol), Iterations(self.max_iter, steps)

    def _keep(self, result: Result[Any]) -> None:
        """Set the fitted attributes, and say so if the fit did not converge."""
        rows = result.source.total_weight
        self.__dict__.pop("online_", None)
        self.result_ = result
        self.__dict__.update(self._fitted(result.params))
        self.converged_ = result.converged
        self.n_iter_ = result.iterations
        self.lower_bound_ = result.log_likelihood / rows
        self.lower_bounds_ = [moment.log_likelihood / rows for moment in result.history]
        self.degenerate_ = result.degenerate
        if result.outcome.status is Status.DEGENERATE:
            raise DegenerateFitError(result.outcome.sentence)
        if not result.converged:
            warnings.warn(ended(result), ConvergenceWarning, stacklevel=5)
        if self.degenerate_:
            warnings.warn(collapsed(self.model_, result), DegenerateFitWarning, stacklevel=5)
        warn_of_separation(result, stacklevel=5)
        warn_of_run_off(result, stacklevel=5)
        warn_of_edges(result, stacklevel=5)

    @property
    def _free_parameters(self) -> int:
        return self.model_.coordinates(self.params_).size

    def _check_parameters(self) -> None:
        """Errors: ParameterError naming the first parameter that cannot be."""
        for name, allowed in self._allowed.items():
            allowed.check(name, getattr(self, name))

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's own: whether cells may be missing follows from the family."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        with suppress(ParameterError):  # where the family cannot be, `fit` says so
            tags.input_tags.allow_nan = self._model().admits_gaps
        return tags
