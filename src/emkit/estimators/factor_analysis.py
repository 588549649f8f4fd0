"""Factor analysis and probabilistic principal components, as a scikit-learn estimator and transformer."""

from __future__ import annotations

from functools import cached_property
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array
from emkit.data.source import ArraySource
from emkit.errors import ModelError
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.factor_scores import FactorScores
from emkit.inference.factors_enough import FactorTest, factor_test
from emkit.models.factor_model import FactorModel
from emkit.models.rotations import ROTATIONS, Rotated, rotated
from emkit.report.factor_tables import loadings_table, variance_table
from emkit.report.sentences import capital
from emkit.report.summary import edges_told
from emkit.result import Result

UNCORRELATED = 1e-9  # factors, but for rounding: then each explains a variance of its own


class FactorAnalysis(ClassNamePrefixFeaturesOutMixin, FactorScores):
    """Columns that hang together by a few latent factors: x = means + loadings f + e, by maximum likelihood.

    Factors f are standard normal, and errors e are normal, independent of each other. Cells may be missing at random (NaN).

    Parameters:
        n_components: how many factors.
        uniquenesses: "free", the variance of the error of each column by itself (factor analysis), or "equal", one for all
            (probabilistic principal components).
        rotation: how factors are turned, which no likelihood tells: None (along principal axes), "varimax", or "promax" or
            "oblimin", whose factors correlate (`factor_correlation_`).
        scores: what `transform` returns: "regression", the means of factors given a row, or "bartlett", the most likely ones.
        n_init: how many starts, of which the best end is taken: the likelihood may have several maxima. The first is made of
            principal factors, others are random.
        random_state: seed of these.
        tol, solver, max_iter: as in `NormalMissing`.

    Attributes after `fit`: `mean_` (d,), `loadings_` (d, m), in units of the data, and `components_` (m, d), the same as
    scikit-learn has them; `uniquenesses_` (d,) or, as scikit-learn calls them, `noise_variance_`; `communalities_` (d,), the
    shares of the variances that factors explain; `factor_correlation_` (m, m); `heywood_`, names of columns whose uniqueness
    is 0; `converged_`, `n_iter_` (passes over moments), and `result_`: an `ek.Result` with `standard_errors()`, `bic` ...

    >>> import emkit as ek
    >>> tests = [[1.0, 0.56, 0.4, 0.24], [0.56, 1.0, 0.35, 0.21], [0.4, 0.35, 1.0, 0.15], [0.24, 0.21, 0.15, 1.0]]
    >>> factor = ek.FactorAnalysis(1).fit_covariance(tests, 100)
    >>> factor.loadings_.round(3).ravel().tolist()
    [0.8, 0.7, 0.5, 0.3]
    >>> factor.transform([[1.0, 1.0, 1.0, 1.0], [1.0, float("nan"), 0.0, 0.0]]).round(2).ravel().tolist()
    [1.1, 0.69]
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        "n_components": Count(),
        "uniquenesses": OneOf(("free", "equal")),
        "rotation": OneOf(tuple(name for name in ROTATIONS if name is not None), also=" or None", or_none=True),
        **FactorScores._allowed,
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        uniquenesses: str = "free",
        rotation: str | None = None,
        scores: str = "regression",
        n_init: int = 4,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = 0,
    ) -> None:
        self.n_components = n_components
        self.uniquenesses = uniquenesses
        self.rotation = rotation
        self.scores = scores
        self.n_init = n_init
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver
        self.random_state = random_state

    def _modelled(self, source: ArraySource) -> ArraySource:
        return source

    def _model_of(self, source: ArraySource) -> FactorModel:
        return self._model

    def _take(self, result: Result[Any]) -> Self:
        """What a fit tells, as attributes."""
        self.result_, params, source = result, result.params, result.source
        self.converged_, self.n_iter_ = result.converged, result.evaluations
        self._forget("_rotated", "_indices")
        self.mean_ = params.means
        self.uniquenesses_ = self.noise_variance_ = np.array(np.broadcast_to(params.uniquenesses, params.means.shape))
        self.loadings_ = self._rotated.loadings
        self.components_ = self.loadings_.T
        self.factor_correlation_ = self._rotated.correlation
        self.communalities_ = 1 - self.uniquenesses_ / np.diag(params.covariance)
        self.heywood_ = tuple(source.columns[j] for j in np.flatnonzero(self.uniquenesses_ == 0))
        return self

    def get_covariance(self) -> Array:
        """The covariance (d, d) of the columns by the model."""
        check_is_fitted(self)
        return self.result_.params.covariance

    def test(self) -> FactorTest:
        """The likelihood-ratio test that so many factors are enough, against any covariance at all.

        Of complete rows with Bartlett's correction; of rows with gaps, twice the log-likelihood that the normal distribution of
        greatest likelihood among them has more. Errors: ModelError for equal uniquenesses, or rows that lie in a plane.
        """
        check_is_fitted(self)
        profile, d, m = self.result_.source.profile, self.n_features_in_, int(self.n_components)
        if self.uniquenesses == "equal":
            raise ModelError("the test is of factors with free uniquenesses: equal ones are not nested in fewer factors.")
        if profile.has_gaps:
            told = self.fit_indices()
            return FactorTest(told.chi_squared, told.degrees_of_freedom, told.p_value, told.chi_squared / self.result_.rows)
        freedom = ((d - m) ** 2 - d - m) // 2
        return factor_test(self._any_covariance()[1], self.get_covariance(), profile.total_weight, m, freedom)

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how it ended, loadings in units of standard deviations, and what factors explain."""
        check_is_fitted(self)
        result, unit = self.result_, np.sqrt(np.diag(self.get_covariance()))
        loadings = self.loadings_ / unit[:, None]
        many = "1 factor" if self.n_components == 1 else f"{self.n_components} factors"
        told = [
            f"{many}, {self.uniquenesses} uniquenesses, {self.rotation or 'no'} rotation: {result.rows:,.10g} rows, "
            f"log-likelihood {result.log_likelihood:.4f}, {result.free_parameters} free parameters, BIC {result.bic:.4f}",
            loadings_table(result.source.columns, loadings, self.uniquenesses_ / unit**2, width),
        ]
        if np.allclose(self.factor_correlation_, np.eye(len(self.factor_correlation_)), atol=UNCORRELATED):
            told.append(variance_table(loadings, width))
        said = [*edges_told(result), capital(str(result.outcome))]
        return "\n\n".join([wrapped(told[0], width), *told[1:], *(wrapped(sentence, width) for sentence in said)])

    @property
    def _model(self) -> FactorModel:
        return FactorModel(int(self.n_components), equal=self.uniquenesses == "equal")

    @cached_property
    def _rotated(self) -> Rotated:
        return rotated(self.result_.params.loadings, self.uniquenesses_, self.rotation)

    @property
    def _root(self) -> Array:
        return np.asarray(np.linalg.inv(self._rotated.turn))

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)
