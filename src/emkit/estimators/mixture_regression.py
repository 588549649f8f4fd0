"""Mixtures of regressions by formula, as an estimator of data frames."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from emkit.by_formula import (
    LevelShares,
    Means,
    is_in_levels,
    level_shares_of,
    means_of,
    regression_design,
    regression_model,
    response_of,
    with_class_names,
)
from emkit.core.arrays import AnyArray, Array, Integers
from emkit.core.checks import is_count
from emkit.core.protocols import Executor
from emkit.data.design import DesignRows
from emkit.data.design.named_columns import labels
from emkit.data.formula_rows import source_of
from emkit.data.frames import library_of
from emkit.data.groups import group_starts, weights_of_groups
from emkit.data.source import ArraySource, RowSource
from emkit.errors import ParameterError
from emkit.estimators.allowed import Allowed, Count, Number, OneOf
from emkit.estimators.callbacks import with_callbacks
from emkit.estimators.components import ComponentsEstimator
from emkit.models.components import AnyComponents
from emkit.models.frozen import bare
from emkit.models.gated_mixture import GatedMixture
from emkit.models.prediction import belonging, posterior_of
from emkit.models.ridge_prior import RidgePrior
from emkit.models.with_prior import WithPrior
from emkit.search.seeding import Begin


class MixtureRegression(ComponentsEstimator):
    """A mixture of `n_components` generalized linear regressions, fitted by expectation-maximization to a data frame.

    Parameters:
        formula: such as ``"y ~ x + poly(t, 2) + ward"``, or ``"y ~ x | z"`` where the proportions of the classes depend on z,
            by a multinomial logit: see docs/formulas.md.
        family: of the response: "gaussian" or "student-t" (the mean; some may be far off), "poisson", "negative-binomial" or
            "gamma" (logarithm of the mean), "binomial" (log-odds of the chance), "multinomial" (levels: log-odds against the
            first) or "ordered" (levels in order: proportional odds); "weibull", "exponential", "log-normal" or "log-logistic"
            (the logarithm of a time) and "censored-normal", also of a response that may be known to be larger only, as in
            ``"time + event ~ x"``, or ``"entry + time + event ~ x"`` of those watched from a time of entry on. Of counts also
            "zero-inflated:poisson" or "hurdle:poisson", whose last class are the zeros, and whose proportions tell of these;
            "zero-truncated:poisson", where no zeros are seen.
        groups: the column that says whose a row is; all rows of one person lie one after the other, and share one class.
        offset: a column, or arithmetic over columns, that is added to every linear predictor as it is.
        trials: of a binomial response: a number for all rows, or a column; 1 if nothing is said.
        levels: of a response in levels: their names or numbers, in order. If nothing is said, the order is that of a column of
            categories (of pandas, or an Enum of polars); numbers rise, and text is sorted by letters, truths False first.
        ridge: a penalty on slopes, but not on intercepts: estimates maximise log-likelihood - ridge/2 * the sum of the squares
            of the slopes, each counted in standard deviations of its covariate. One class of variance v is that of glmnet with
            lambda = ridge v / n; without a variance, ridge / n.
        gaps: rows with gaps are refused, or dropped ("drop"); what is predicted of such rows is then NaN.
        tol, max_iter, n_init, random_state, start, frozen, warm_start, solver, n_jobs, checkpoint: as in `GaussianMixture`.

    `fit` takes a data frame or a dictionary of columns. Attributes after it: `design_` (the formula, with what was learned of
    the data), `components_` (with `coefficients` (K, p), which `coefficient_names_` tell), `weights_` (K,), or `gates_` (K, q)
    and `gate_names_` of a formula with a gate, `levels_` of a response in levels, `params_` (all together), `converged_`,
    `n_iter_`, and `result_`, the `ek.Result`, whose ``summary(standard_errors=True)`` is a regression table for each class.
    Classes stand in the order of their first coefficient, lowest first.

    >>> import emkit as ek
    >>> ages = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]
    >>> frame = {"age": ages, "size": [0.1, 0.9, 2.1, 2.9, 4.1, 5.0, 9.9, 9.1, 7.9, 7.1, 5.9, 5.1]}
    >>> model = ek.MixtureRegression("size ~ age", 2, random_state=0).fit(frame)
    >>> model.coefficient_names_
    ('intercept', 'age')
    >>> model.components_.coefficients.round(2).tolist()
    [[0.01, 1.0], [9.97, -0.99]]
    >>> model.predict({"age": [1, 2]}, component=1).round(2).tolist()
    [8.98, 7.99]
    >>> model.predict_components({"age": [1, 2], "size": [1.2, 8.0]}).tolist()
    [0, 1]
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        **ComponentsEstimator._allowed,
        "n_components": Count(),
        "gaps": OneOf(("refuse", "drop")),
        "ridge": Number("it must be a number >= 0"),
    }

    def __init__(
        self,
        formula: str,
        n_components: int = 2,
        *,
        family: str = "gaussian",
        groups: str | None = None,
        offset: str | None = None,
        trials: str | int | None = None,
        ridge: float = 0.0,
        levels: Any = None,
        gaps: Any = "refuse",
        tol: float = 1e-8,
        max_iter: int = 1000,
        n_init: int | str = "auto",
        random_state: Any = None,
        start: Any = None,
        frozen: Any = None,
        warm_start: bool = False,
        solver: Any = "anderson",
        n_jobs: int | Executor | None = None,
        checkpoint: Any = None,
    ) -> None:
        self.formula = formula
        self.n_components = n_components
        self.family = family
        self.groups = groups
        self.offset = offset
        self.trials = trials
        self.ridge = ridge
        self.levels = levels
        self.gaps = gaps
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.random_state = random_state
        self.start = start
        self.frozen = frozen
        self.warm_start = warm_start
        self.solver = solver
        self.n_jobs = n_jobs
        self.checkpoint = checkpoint

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(self, frame: object, *, sample_weight: object = None) -> Self:
        """Fit the mixture to a `frame` with the columns of the formula.

        `sample_weight` (n,) >= 0 counts how often each row occurs, or each group, if there are groups.
        Warns: ConvergenceWarning with the reason if the fit did not converge; SeparationWarning naming infinite coefficients.
        Errors: DataError, ParameterError (both are ValueErrors) or DegenerateFitError, naming what cannot be.
        """
        return self._fit(frame, None, sample_weight=sample_weight)

    def predict(self, frame: object, component: int | None = None) -> AnyArray:
        """The mean of the response (n,) given the covariates of each row, whose response need not be known.

        It is that of all classes by their proportions, or of one `component`, counted from 0. Of a binomial response, it is the
        mean number of successes; of a response in levels, the name of the likeliest level, None where gaps were dropped.
        Errors: ParameterError for a class that there is not; DataError for rows that cannot be.
        """
        check_is_fitted(self)
        if is_in_levels(self.result_):
            shares, names = self.predict_levels(frame, component), np.array([*self.levels_, None], dtype=object)
            gaps = np.isnan(shares[:, :1])
            return names[np.concatenate([np.where(gaps, -1.0, shares), np.where(gaps, 0.0, -1.0)], axis=1).argmax(axis=1)]
        return self._of(component, self._means(frame))

    def predict_levels(self, frame: object, component: int | None = None) -> Array:
        """The probability of each of `levels_` (n, levels) given the covariates of each row, of a response in levels.

        As `predict`: of all classes by their proportions, or of one. Errors: those, and ModelError for a response of numbers.
        """
        check_is_fitted(self)
        return self._of(component, level_shares_of(self.result_, frame, self.gaps))

    def predict_proba(self, frame: object, with_response: bool = True) -> Array:
        """The probability of each class (n, K) given response and covariates of a row, and of all rows of its group.

        Without the response, it is that of any row with such covariates: the proportions, by the gate if there is one.
        Errors: DataError naming a row that is impossible in every class.
        """
        if not with_response:
            check_is_fitted(self)
            return (level_shares_of if is_in_levels(self.result_) else means_of)(self.result_, frame, self.gaps).proportions
        rows = self._rows(frame)
        if not len(rows.kept):
            return rows.of_all(np.zeros((0, self._number)))
        source = source_of(self.design_, rows)
        return rows.of_all(belonging(self.result_.model, self.params_, source))

    def predict_components(self, frame: object) -> Integers:
        """The most probable class (n,) of each row, given its response, counted from 0; -1 where gaps were dropped."""
        shares = self.predict_proba(frame)
        gaps = np.asarray(np.isnan(shares[:, 0]))
        return np.where(gaps, -1, np.where(gaps[:, None], 0.0, shares).argmax(axis=1))

    def residuals(self, frame: object, component: int | None = None) -> Array:
        """The response less its mean (n,), as `predict` tells it; NaN where it is known only to be larger.

        Errors: ModelError for a response in levels.
        """
        rows = self._rows(frame)
        named = dict(zip(self.design_.response, rows.response.T, strict=True))
        response, *event = map(named.__getitem__, response_of(self.design_)[:2])
        seen = np.where(event[0] == 1, response, np.nan) if event else response
        return rows.of_all(seen) - self._of(component, self._means(frame))

    def score(self, frame: object, *, sample_weight: object = None) -> float:
        """The mean log-likelihood of a row given its covariates, weighted by `sample_weight` if it is given."""
        source = source_of(self.design_, self._rows(frame).some, sample_weight)
        found = posterior_of(self.result_.model, self.params_, source).log_likelihood
        weights = source.weights if source.groups is None else source.weights[source.groups[:-1]]
        return float(weights @ found) / source.total_weight

    def _rows(self, frame: object) -> DesignRows:
        check_is_fitted(self)
        return self.design_.rows(frame, gaps=self.gaps)

    def _means(self, frame: object) -> Means:
        """What is known of rows without their response."""
        check_is_fitted(self)
        return means_of(self.result_, frame, self.gaps)

    def _of(self, component: int | None, told: Means | LevelShares) -> Array:
        """What is told of all classes, or of one. Errors: ParameterError for a class that there is not."""
        if component is None:
            return told.of_all
        if isinstance(component, bool) or not (component == 0 or is_count(component)) or component >= self._number:
            raise ParameterError(f"component is {component!r}; the classes are numbered from 0 to {self._number - 1}.")
        return told.each[:, component]

    def _source(
        self, X: object, sample_weight: object, reset: bool = True, labels: object = None, groups: object = None
    ) -> ArraySource:
        """The rows to fit, from which the design is learned."""
        weights = self._of_rows(X, sample_weight)
        told = {"gaps": self.gaps, "weights": weights}
        named = {"offset": self.offset, "groups": self.groups}
        self.design_ = regression_design(self.formula, X, self.family, self.trials, self.levels, **named, **told)
        rows = self.design_.rows(X, **told)
        self._component_names = ()
        source = source_of(self.design_, rows, weights, library=library_of(X))
        return with_class_names(source, self.family, self.n_components)

    def _of_rows(self, X: object, weights: Any) -> Any:
        """Weights of rows (n,), where they may be those of groups (G,)."""
        if weights is None or self.groups is None:
            return weights
        found, row_name = labels(X, self.groups, None), "row {}".format
        return weights_of_groups(weights, group_starts(found, len(found), row_name), row_name)

    def _model(self) -> AnyComponents:
        return regression_model(self.design_, self.family, self.trials, self.n_components)

    def _begin(self, source: RowSource) -> Begin[Any]:
        """As other models do, once the columns are found and the frame of the design is known."""
        model: Any = WithPrior(self.model_, {"components": RidgePrior(self.ridge)}) if self.ridge else self.model_
        self.model_ = model.settled(source.profile)
        return super()._begin(source)

    def _fitted(self, params: Any) -> dict[str, Any]:
        parts = getattr(params.components, "parts", (params.components,))
        own = {"params_": params, "components_": params.components, "coefficient_names_": parts[0].covariates}
        if is_in_levels(self.result_):
            own["levels_"] = self.design_.response_levels
        if isinstance(bare(self.model_), GatedMixture):
            return {**own, "gates_": params.gates, "gate_names_": params.covariates}
        return {**own, "weights_": params.proportions}

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's own: what a column may hold, the formula says, and not the estimator."""
        return BaseEstimator.__sklearn_tags__(self)
