"""What estimators of rows of numbers with gaps share: how rows come in."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.dictionaries import framed
from emkit.data.frames import TRUTHS, Table, needs_reading, read_table
from emkit.data.source import ArraySource, RowSource, names_of_columns
from emkit.errors import DataError, ParameterError, some_of
from emkit.estimators.one_model import OneModel
from emkit.estimators.validated import validated

FLOATS = (np.float64, np.float32)


class GappyRows(OneModel):
    """An estimator of rows of numbers, of which cells may be missing (NaN)."""

    def _source(self, X: object, sample_weight: object, reset: bool = True, groups: object = None) -> ArraySource:
        """The rows as a source. `reset`: whether these are the rows to fit. `groups`: a label for each."""
        table = self._read(X, reset)
        source = ArraySource(table.x, sample_weight, table.columns, levels=table.levels, groups=groups)
        return source if reset else source.coded(self._levels)

    def _read(self, X: object, reset: bool) -> Table:
        """The rows as numbers, in columns that the fit was of."""
        if not reset:
            check_is_fitted(self)
        if isinstance(X, RowSource):
            raise DataError(
                f"{type(self).__name__} takes rows as an array or a data frame, and not {type(X).__name__}: give what it was "
                "made of, or fit its model by ek.fit. Factors of a covariance are fitted by FactorAnalysis.fit_covariance."
            )
        X = framed(X)
        if needs_reading(X):
            table = read_table(X)
            validated(self, X, reset=reset, skip_check_array=True)
        else:
            least = 2 if reset else 1
            x = validated(self, X, reset=reset, dtype=FLOATS, ensure_all_finite=False, ensure_min_samples=least)
            table = Table(x, None, (None,) * x.shape[1])
        number = table.x.shape[1]
        columns = tuple(map(str, self.feature_names_in_)) if hasattr(self, "feature_names_in_") else names_of_columns(number)
        if not reset and number != self.n_features_in_:
            raise DataError(f"there are {number} columns, but the fit was of {self.n_features_in_}.")
        held = tuple(None if names == TRUTHS else names for names in table.levels)
        if reset:
            self._levels = held
        found = zip(columns, held, self._levels, strict=True)
        names = [column for column, own, known in found if own is not None and known is None]
        if names:
            raise DataError(f"columns hold names, but the fit was of numbers: {some_of([*map(repr, names)])}.")
        return Table(table.x, columns, table.levels)

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's own: cells may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class RowsOfModel(GappyRows):
    """An estimator whose rows are those of one model, without components: how likely they are, and rows drawn from it.

    A subclass has the model, and its `result_` after `fit`.
    """

    @property
    @abstractmethod
    def _model(self) -> Any:
        """The model that the settings ask for."""

    def score_samples(self, X: object) -> Array:
        """The log-likelihood (n,) of every row, of its cells that are there."""
        x = self._source(X, None, reset=False).x
        return self._model.row_objectives(self.result_.params, Chunk(x, unit_weights(len(x))))

    def score(self, X: object, y: object = None, sample_weight: object = None) -> float:
        """The mean log-likelihood of a row, weighted by `sample_weight` if it is given."""
        source = self._source(X, sample_weight, reset=False)
        heights = self._model.row_objectives(self.result_.params, Chunk(source.x, source.weights))
        return float(source.weights @ heights / source.total_weight)

    def sample(self, n_samples: int = 1) -> Any:
        """Rows (n_samples, d) drawn from the fit."""
        check_is_fitted(self)
        check_count("n_samples", n_samples, ParameterError)
        rng = np.random.default_rng(self._seed())
        return self._model.draw(self.result_.params, rng, int(n_samples))
