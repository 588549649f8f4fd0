"""Factor analysis and probabilistic principal components, as a scikit-learn estimator and transformer."""

from __future__ import annotations

from functools import cached_property
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, ArrayLike
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.source import ArraySource
from emkit.data.stand_ins import rows_of_covariance
from emkit.errors import ModelError
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.gappy_rows import RowsOfModel
from emkit.estimators.one_model import FITTING
from emkit.estimators.validated import as_before_if_it_fails
from emkit.fitted import AnyFitted
from emkit.inference.factors_enough import FactorTest, factor_test
from emkit.models.factor_model import FactorModel
from emkit.models.rotations import ROTATIONS, Rotated, rotated
from emkit.report.factor_tables import loadings_table, variance_table
from emkit.report.sentences import capital
from emkit.report.summary import edges_told, warn_of_edges
from emkit.result import Result

LEAST_TOLD = 1e-9  # share of what is to be known of a factor that a row must tell, for scores from its cells alone
UNCORRELATED = 1e-9  # factors, but for rounding: then each explains a variance of its own


class FactorAnalysis(ClassNamePrefixFeaturesOutMixin, TransformerMixin, RowsOfModel):
    """Columns that hang together by a few latent factors: x = means + loadings f + e, by maximum likelihood.

    Factors f are standard normal, and errors e are normal, independent of each other. Cells may be missing at random (NaN).

    Parameters:
        n_components: how many factors.
        uniquenesses: "free", the variance of the error of each column by itself (factor analysis), or "equal", one for all
            (probabilistic principal components).
        rotation: how factors are turned, which no likelihood tells: None (along principal axes), "varimax", or "promax" or
            "oblimin", whose factors correlate (`factor_correlation_`).
        scores: what `transform` returns: "regression", the means of factors given a row, or "bartlett", the most likely ones.
        n_init: how many starts; the first is made of principal factors, others are random.
        tol, solver, max_iter, random_state: as in `NormalMissing`.

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
        "scores": OneOf(("regression", "bartlett")),
        "n_init": Count(),
        **FITTING,
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        uniquenesses: str = "free",
        rotation: str | None = None,
        scores: str = "regression",
        n_init: int = 1,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = None,
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

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:
        """Estimate from rows `X` (n, d), array or data frame: one pass over them, then EM on their moments. `y` is ignored.

        Warns: ConvergenceWarning with the reason if the fit did not converge; EmkitWarning naming columns of uniqueness 0.
        Errors: DataError, ParameterError or DegenerateFitError, naming what cannot be.
        """
        self._check_settings()
        with as_before_if_it_fails(self):
            return self._fit(self._source(X, sample_weight))

    def fit_covariance(self, covariance: ArrayLike, n: float, means: ArrayLike | None = None, columns: Any = None) -> Self:
        """Estimate from the covariance or correlation matrix (d, d; divisor n) of `n` rows, and their `means` (by default 0).

        Warns, and errors: as `fit`, and DataError for a matrix that is no covariance.
        """
        self._check_settings()
        with as_before_if_it_fails(self):
            source = rows_of_covariance(covariance, n, means, columns)
            self.n_features_in_ = len(source.columns)
            self.__dict__.pop("feature_names_in_", None)
            if columns is not None:
                self.feature_names_in_ = np.array(source.columns, dtype=object)
            return self._fit(source)

    def _fit(self, source: ArraySource) -> Self:
        model = FactorModel(int(self.n_components), equal=self.uniquenesses == "equal")
        self._shown(self._fit_from(model, source, self._starts(model, source.profile, int(self.n_init))))
        warn_of_edges(self.result_, stacklevel=3)
        return self

    def _shown(self, result: Result[Any]) -> Self:
        """What a fit tells, as attributes."""
        self.result_, params, source = result, result.params, result.source
        self.converged_, self.n_iter_ = result.converged, result.evaluations
        self.__dict__.pop("_rotated", None)
        self.mean_ = params.means
        self.uniquenesses_ = self.noise_variance_ = np.array(np.broadcast_to(params.uniquenesses, params.means.shape))
        self.loadings_ = self._rotated.loadings
        self.components_ = self.loadings_.T
        self.factor_correlation_ = self._rotated.correlation
        self.communalities_ = 1 - self.uniquenesses_ / np.diag(params.covariance)
        self.heywood_ = tuple(source.columns[j] for j in np.flatnonzero(self.uniquenesses_ == 0))
        return self

    def transform(self, X: object) -> Any:
        """The factor scores (n, m) of rows, as `scores` says: see `factor_scores`."""
        return self.factor_scores(X)[0]

    def factor_scores(self, X: object) -> tuple[Array, Array]:
        """Factor scores (n, m) of rows, and their covariances (n, m, m), given the cells that are there.

        By "regression", those of the factors given the row; by "bartlett", those of the estimates given the factors, NaN where
        the cells of a row are too few to tell.
        Source: Thomson (1951), The Factorial Analysis of Human Ability; Bartlett (1937), Brit. J. Psychol. 28, 97-104.
        """
        x = self._source(X, None, reset=False).x.astype(np.float64)
        scores, spreads = self._model.latent(self.result_.params, Chunk(x, unit_weights(len(x))))
        if self.scores == "bartlett":
            scores, spreads = _from_cells_alone(scores, spreads)
        back = np.linalg.inv(self._rotated.turn)
        return scores @ back.T, back @ spreads @ back.T

    @property
    def chosen_by(self) -> Result[Any]:
        """The fit by which `ek.select` chooses a number of factors."""
        check_is_fitted(self)
        result: Result[Any] = self.result_
        return result

    def adopt(self, better: AnyFitted) -> Self:
        """Take a better fit of the same model to the same data for that of `fit`."""
        with as_before_if_it_fails(self):
            return self._shown(Result.of(better))

    def get_covariance(self) -> Array:
        """The covariance (d, d) of the columns by the model."""
        check_is_fitted(self)
        return self.result_.params.covariance

    def get_precision(self) -> Array:
        """Its inverse (d, d)."""
        return np.asarray(np.linalg.inv(self.get_covariance()))

    def test(self) -> FactorTest:
        """The likelihood-ratio test that so many factors are enough.

        Errors: ModelError for rows with gaps, or so few that they lie in a plane, or for equal uniquenesses.
        """
        check_is_fitted(self)
        profile, d, m = self.result_.source.profile, self.n_features_in_, int(self.n_components)
        if self.uniquenesses == "equal":
            raise ModelError("the test is of factors with free uniquenesses: equal ones are not nested in fewer factors.")
        if profile.has_gaps:
            raise ModelError("the test is of complete rows. Compare fits by result_.bic, or fit the rows without gaps.")
        observed = profile.covariance
        if np.linalg.matrix_rank(observed) < d:
            raise ModelError(f"{d} columns of these rows lie in a plane, and so their covariance is no measure for a test.")
        freedom = ((d - m) ** 2 - d - m) // 2
        return factor_test(observed, self.get_covariance(), profile.total_weight, m, freedom)

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
    def _n_features_out(self) -> int:
        return len(self.components_)


def _from_cells_alone(scores: Array, spreads: Array) -> tuple[Array, Array]:
    """Scores (n, m) and covariances (n, m, m) without what is known of factors before: from means and covariances with it."""
    told = np.eye(scores.shape[1]) - spreads
    enough = np.linalg.eigvalsh(told)[:, 0] > LEAST_TOLD
    alone, wide = np.full_like(scores, np.nan), np.full_like(spreads, np.nan)
    alone[enough] = np.linalg.solve(told[enough], scores[enough][:, :, None])[:, :, 0]
    wide[enough] = np.linalg.solve(told[enough], spreads[enough])
    return alone, wide
