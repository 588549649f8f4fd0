"""What estimators of rows of numbers with gaps share: how rows come in."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.data.dictionaries import framed
from emkit.data.frames import TRUTHS, needs_reading, read_table
from emkit.data.source import ArraySource, RowSource
from emkit.errors import DataError, some_of
from emkit.estimators.stored import WithoutData
from emkit.estimators.validated import validated

FLOATS = (np.float64, np.float32)


class GappyRows(WithoutData):
    """An estimator of rows of numbers, of which cells may be missing (NaN)."""

    def _source(self, X: object, sample_weight: object, reset: bool = True, groups: object = None) -> ArraySource:
        """The rows as a source. `reset`: whether these are the rows to fit. `groups`: a label for each."""
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
            x, levels = table.x, table.levels
        else:
            least = 2 if reset else 1
            x = validated(self, X, reset=reset, dtype=FLOATS, ensure_all_finite=False, ensure_min_samples=least)
            levels = None
        columns = [str(name) for name in self.feature_names_in_] if hasattr(self, "feature_names_in_") else None
        source = ArraySource(x, sample_weight, columns, levels=levels, groups=groups)
        if not reset and len(source.columns) != self.n_features_in_:
            raise DataError(f"there are {len(source.columns)} columns, but the fit was of {self.n_features_in_}.")
        names = [column for column, held in zip(source.columns, source.levels, strict=True) if held not in (None, TRUTHS)]
        if not reset and names:
            raise DataError(f"columns hold names, but the fit was of numbers: {some_of([*map(repr, names)])}.")
        return source

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's own: cells may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
