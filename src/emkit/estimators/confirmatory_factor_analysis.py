"""Confirmatory factor analysis as a scikit-learn estimator and transformer: which columns a factor has is known."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cached_property
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array
from emkit.data.frames import Columns
from emkit.data.source import ArraySource
from emkit.errors import EmkitWarning, ModelError
from emkit.estimators.allowed import Allowed, OneOf, Truth
from emkit.estimators.factor_scores import FactorScores
from emkit.models.confirmatory import ConfirmatoryFactorModel
from emkit.models.factor_words import columns_of, factors_in, free, pattern_of, places_of_pairs, uncorrelated_in
from emkit.report.factor_edges import factors_told
from emkit.report.factor_estimates import estimates_table, factor_estimates
from emkit.report.sentences import capital
from emkit.report.summary import edges_told, not_told_apart
from emkit.result import Result


class ConfirmatoryFactorAnalysis(FactorScores):
    """Columns that hang together by factors of which it is known which columns they have, by maximum likelihood.

    x = means + loadings f + e, with normal factors f that correlate, and independent normal errors e. Cells may be missing at
    random (NaN).

    Parameters:
        factors: text, a line for each factor, ``visual =~ x1 + x2 + x3``, or a dictionary, ``{"visual": ["x1", "x2", "x3"]}``.
            A loading may be given, ``0.5*x3``, and those of one name are one, ``a*x1 + a*x2``; as a dictionary, ``{"visual":
            {"x1": "a", "x2": "a", "x3": 0.5}}``. ``NA*x1`` is free, as all of which nothing is written, but for units. Columns
            that no factor has are left out.
        uniquenesses: a dictionary with a number, or a name, for columns whose uniqueness is given, or equal to others'.
        correlated: whether factors correlate.
        uncorrelated: pairs of factors that do not, where others do, ``[("visual", "speed")]``; as text, ``visual ~~ 0*speed``.
        unit: "variance", factors have variance 1; or "first", the first column of each factor with nothing written before it
            has a loading of 1. Loadings that are given (other than 0) are units, too: then all factors need one. Independent
            factors have variance 1.
        scores: what `transform` returns: "regression", the means of factors given a row, or "bartlett", the most likely ones.
        n_init: how many starts; the first is made of principal components, others are random.
        tol, solver, max_iter, random_state: as in `NormalMissing`.

    Attributes after `fit`: `factors_`, names; `columns_`, those that factors have; `mean_` (d,), `loadings_` (d, m),
    `factor_covariance_` and `factor_correlation_` (m, m), `uniquenesses_` (d,), all in units of the data; `standardised_`, the
    same where columns and factors have variance 1; `communalities_` (d,); `heywood_`, names of columns whose uniqueness is 0;
    `converged_`, `n_iter_`, and `result_`: an `ek.Result`.

    >>> import emkit as ek
    >>> tests = [[1.0, 0.56, 0.24, 0.2], [0.56, 1.0, 0.21, 0.175], [0.24, 0.21, 1.0, 0.3], [0.2, 0.175, 0.3, 1.0]]
    >>> model = ek.ConfirmatoryFactorAnalysis("verbal =~ words + texts; spatial =~ cubes + mazes")
    >>> found = model.fit_covariance(tests, 200, columns=["words", "texts", "cubes", "mazes"])
    >>> found.loadings_.round(2).tolist(), found.factor_correlation_.round(2).tolist()
    ([[0.8, 0.0], [0.7, 0.0], [0.0, 0.6], [0.0, 0.5]], [[1.0, 0.5], [0.5, 1.0]])
    >>> found.fit_indices().degrees_of_freedom
    1
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        "unit": OneOf(("variance", "first")),
        "correlated": Truth(),
        **FactorScores._allowed,
    }

    def __init__(
        self,
        factors: Any,
        *,
        uniquenesses: Any = None,
        correlated: bool = True,
        uncorrelated: Any = None,
        unit: str = "variance",
        scores: str = "regression",
        n_init: int = 1,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = None,
    ) -> None:
        self.factors = factors
        self.uniquenesses = uniquenesses
        self.correlated = correlated
        self.uncorrelated = uncorrelated
        self.unit = unit
        self.scores = scores
        self.n_init = n_init
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver
        self.random_state = random_state

    def _source(self, X: object, sample_weight: object, reset: bool = True, groups: object = None) -> ArraySource:
        return self._modelled(super()._source(X, sample_weight, reset, groups))

    def _modelled(self, source: ArraySource) -> ArraySource:
        places = columns_of(self._loads, source.columns)
        return source if len(places) == len(source.columns) else source.of_columns(places)

    @property
    def _loads(self) -> dict[str, dict[str, float | str | None]]:
        return factors_in(self.factors)

    def _model_of(self, source: ArraySource) -> ConfirmatoryFactorModel:
        """Errors: ModelError for units that cannot be, and uniquenesses that are no dictionary, or of columns no factor has."""
        if not isinstance(self.uniquenesses, Mapping | None):
            raise ModelError(f"uniquenesses are {self.uniquenesses!r:.60}; give a dictionary, such as {{'x1': 0.3}}, or None.")
        if self.unit == "first" and not self.correlated:
            raise ModelError(
                "unit='first' leaves factors variances of their own, but independent ones (correlated=False) have variance 1: "
                "choose unit='variance'."
            )
        columns, given = list(source.columns), dict(self.uniquenesses or {})
        for column in given:
            if column not in columns:
                raise ModelError(f"uniquenesses name {column!r}, which no factor has.")
        pattern = pattern_of(self._loads, columns, self.unit == "first")
        own = [column if free(given.get(column)) else given[column] for column in columns]
        pairs = places_of_pairs(uncorrelated_in(self.factors, self.uncorrelated), list(self._loads))
        return ConfirmatoryFactorModel(pattern, own, correlated=self.correlated, uncorrelated=pairs)

    @property
    def _model(self) -> ConfirmatoryFactorModel:
        model: ConfirmatoryFactorModel = self.result_.model
        return model

    def _take(self, result: Result[Any]) -> Self:
        self.result_, params = result, result.params
        model = self._model
        self.converged_, self.n_iter_ = result.converged, result.evaluations
        self._forget("_estimates", "_indices")
        self.factors_, self.columns_ = tuple(self._loads), tuple(result.source.columns)
        self.mean_, (self.loadings_, self.uniquenesses_) = params.means, model.whole(params)
        self.factor_covariance_, self.standardised_ = params.factors, model.standardised(params)
        self.factor_correlation_ = self.standardised_.correlations
        self.communalities_ = 1 - self.standardised_.uniquenesses
        self.heywood_ = tuple(self.columns_[j] for j in np.flatnonzero(self.uniquenesses_ == 0))
        return self

    @property
    def _root(self) -> Array:
        return self._model.independent(self.result_.params).root

    def _fit(self, source: ArraySource) -> Self:
        super()._fit(source)
        for sentence in factors_told(self.result_.params, self.factors_):
            warnings.warn(sentence, EmkitWarning, stacklevel=4)
        return self

    def get_covariance(self) -> Array:
        """The covariance (d, d) of the columns by the model."""
        check_is_fitted(self)
        return self._model.covariance(self.result_.params)

    def get_feature_names_out(self, input_features: object = None) -> Array:
        """The names of the factors."""
        check_is_fitted(self)
        return np.array(self.factors_, dtype=object)

    def tidy(self) -> Columns:
        """A row for each loading, variance and covariance of factors, uniqueness and mean.

        Columns: parameter, factor, column, estimate, std_error (NaN of what is given, or on an edge), z, p_value, and
        standardised, the estimate where columns and factors have variance 1.
        """
        check_is_fitted(self)
        return self._estimates

    @cached_property
    def _estimates(self) -> Columns:
        return factor_estimates(self.result_, self._model, self.factors_)

    def _how_well(self) -> str:
        """The fit indices in words, or why there are none."""
        try:
            return str(self.fit_indices())
        except ModelError as error:
            return f"no fit indices: {str(error).rstrip('.')}"

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how well it fits, how it ended, and the estimates with their errors."""
        check_is_fitted(self)
        result, many = self.result_, len(self.factors_)
        how = "correlated" if self.correlated else "independent"
        kind = "1 factor" if many == 1 else f"{many} {how} factors"
        apart = [f"{self.factors_[i]} and {self.factors_[j]}" for i, j in self._model.uncorrelated]
        if apart and self.correlated:
            kind = f"{many} factors (without correlation: {'; '.join(apart)})"
        told = [
            f"{kind} of {len(self.columns_)} columns: {result.rows:,.10g} rows, log-likelihood {result.log_likelihood:.4f}, "
            f"{result.free_parameters} free parameters, BIC {result.bic:.4f}",
            f"{capital(self._how_well())}.",
        ]
        said = [*edges_told(result), *factors_told(result.params, self.factors_), *not_told_apart(result)]
        said.append(capital(str(result.outcome)))
        table = estimates_table(self.tidy(), width)
        return "\n\n".join([*(wrapped(each, width) for each in told), table, *(wrapped(each, width) for each in said)])
