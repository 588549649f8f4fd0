"""What estimators of latent factors share: rows or their covariance come in, and scores of the factors go out."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, ArrayLike
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.source import ArraySource
from emkit.data.stand_ins import rows_of_covariance
from emkit.errors import ModelError
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.choosable import Choosable
from emkit.estimators.gappy_rows import RowsOfModel
from emkit.estimators.missing import NormalMissing
from emkit.estimators.one_model import FITTING
from emkit.estimators.validated import as_before_if_it_fails
from emkit.inference.fit_indices import FitIndices, Saturated, in_a_plane, indices_of, saturated
from emkit.report.summary import warn_of_edges
from emkit.result import Result

LEAST_TOLD = 1e-9  # share of what is to be known of a factor that a row must tell, for scores from its cells alone


class FactorScores(TransformerMixin, Choosable, RowsOfModel):
    """A subclass has the settings, the model of a source, what a fit shows, and how factors are made of independent ones."""

    _allowed: ClassVar[dict[str, Allowed]] = {"scores": OneOf(("regression", "bartlett")), "n_init": Count(), **FITTING}
    scores: str
    n_init: Any
    tol: float
    solver: Any

    @abstractmethod
    def _take(self, result: Result[Any]) -> Self:
        """What a fit tells, as attributes."""

    @abstractmethod
    def _modelled(self, source: ArraySource) -> ArraySource:
        """The columns of a source that the model is of."""

    @abstractmethod
    def _model_of(self, source: ArraySource) -> Any:
        """The model that the settings ask for."""

    @property
    @abstractmethod
    def _root(self) -> Array:
        """The factors (m, m), of independent ones of variance 1, which the rows of the matrix add up."""

    @abstractmethod
    def get_covariance(self) -> Array:
        """The covariance (d, d) of the columns by the model."""

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

        `columns`: their names, by default those of a data frame.
        Warns, and errors: as `fit`, and DataError for a matrix that is no covariance.
        """
        self._check_settings()
        with as_before_if_it_fails(self):
            source = rows_of_covariance(covariance, n, means, columns)
            self.n_features_in_, self._levels = len(source.columns), (None,) * len(source.columns)
            self.__dict__.pop("feature_names_in_", None)
            if columns is not None or hasattr(covariance, "columns"):
                self.feature_names_in_ = np.array(source.columns, dtype=object)
            return self._fit(source)

    def _fit(self, source: ArraySource) -> Self:
        source = self._modelled(source)
        model = self._model_of(source)
        self._take(self._fit_from(model, source, self._starts(model, source.profile, int(self.n_init))))
        warn_of_edges(self.result_, stacklevel=3)
        return self

    def _forget(self, *kept: str) -> None:
        """Drop what was worked out of a fit before."""
        for name in kept:
            self.__dict__.pop(name, None)

    def fit_indices(self) -> FitIndices:
        """Chi-squared against any covariance at all, CFI, TLI, RMSEA and SRMR.

        Of rows with gaps, the covariance to compare with is that of greatest likelihood among them.
        Errors: ModelError for rows so few that they lie in a plane.
        """
        check_is_fitted(self)
        return self._indices

    @cached_property
    def _indices(self) -> FitIndices:
        result = self.result_
        fit, whole = (result.log_likelihood, result.free_parameters), Saturated(*self._any_covariance())
        return indices_of(result.source.profile, result.rows, fit, self.get_covariance(), whole)

    def _any_covariance(self) -> tuple[float, Array]:
        """The greatest log-likelihood of any covariance at all, and that covariance (d, d)."""
        source, n = self.result_.source, self.result_.rows
        profile, d = source.profile, len(source.columns)
        if profile.has_gaps:
            whole = NormalMissing(solver=self.solver, tol=self.tol).fit(source.x, sample_weight=source.weights)
            return whole.result_.log_likelihood, whole.covariance_
        if in_a_plane(profile.covariance):
            raise ModelError(f"{d} columns of these rows lie in a plane, and so their covariance is no measure for a test.")
        return saturated(profile, n)

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
        scores, spreads = self._model.of_independent(self.result_.params, Chunk(x, unit_weights(len(x))))
        if self.scores == "bartlett":
            scores, spreads = _from_cells_alone(scores, spreads)
        return scores @ self._root.T, self._root @ spreads @ self._root.T

    def get_precision(self) -> Array:
        """The inverse (d, d) of the covariance of the columns."""
        return np.asarray(np.linalg.inv(self.get_covariance()))


def _from_cells_alone(scores: Array, spreads: Array) -> tuple[Array, Array]:
    """Scores (n, m) and covariances (n, m, m) without what is known of factors before: from means and covariances with it."""
    told = np.eye(scores.shape[1]) - spreads
    enough = np.linalg.eigvalsh(told)[:, 0] > LEAST_TOLD
    alone, wide = np.full_like(scores, np.nan), np.full_like(spreads, np.nan)
    alone[enough] = np.linalg.solve(told[enough], scores[enough][:, :, None])[:, :, 0]
    wide[enough] = np.linalg.solve(told[enough], spreads[enough])
    return alone, wide
