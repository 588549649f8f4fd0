"""How estimators of components read rows, those of a fit and others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy
from sklearn.utils.validation import check_is_fitted

from emkit.data.blocks import as_blocks
from emkit.data.dictionaries import framed
from emkit.data.frames import library_of, needs_reading, read_table
from emkit.data.membership import membership_of, names_in
from emkit.data.source import ArraySource, RowSource
from emkit.errors import DataError
from emkit.estimators.choosable import Choosable
from emkit.estimators.validated import validated
from emkit.models.order import component_count
from emkit.search.seeding import component_number

PREDICT_ROWS = 8_192  # at a time
FEW_CELLS = 10_000  # of sparse rows: where there are no more, repeated rows are looked at once, as those of an array are
FLOATS = (np.float64, np.float32)


class ComponentRows(Choosable):
    """Rows as a source, with what is known of who belongs where."""

    n_components: int
    _component_names: tuple[str, ...]

    def _source(
        self, X: object, sample_weight: object, reset: bool = True, labels: object = None, groups: object = None
    ) -> RowSource:
        """The rows as a source: a view of `X` wherever possible. `reset`: whether these are the rows to fit."""
        if not reset:
            check_is_fitted(self)
        X = as_blocks(X)
        if isinstance(X, RowSource):
            return self._of_source(X, reset, {"sample_weight": sample_weight, "labels": labels, "groups": groups})
        levels, given, X = None, X, framed(X)
        if needs_reading(X):
            table = read_table(X)
            validated(self, X, reset=reset, skip_check_array=True)
            x, levels = table.x, table.levels
        else:
            least = 2 if reset else 1
            checked = {"dtype": FLOATS, "ensure_all_finite": False, "ensure_min_samples": least, "accept_sparse": "csr"}
            x = validated(self, X, reset=reset, **checked)
            x = x.toarray() if scipy.sparse.issparse(x) and x.shape[0] * x.shape[1] <= FEW_CELLS else x
        names = [str(name) for name in self.feature_names_in_] if hasattr(self, "feature_names_in_") else None
        if reset:
            self._component_names = names_in(labels)
        known = None
        if labels is not None:
            number = component_number(self.n_components if reset else self._number)
            known = membership_of(labels, x.shape[0], number, names=None if reset else self._component_names)
        source = ArraySource(
            x,
            sample_weight,
            names,
            chunk_rows=None if reset else PREDICT_ROWS,
            levels=levels,
            groups=groups,
            membership=known,
            library=library_of(given),
            component_names=self._component_names,
        )
        return source if reset else source.coded(self._levels)

    def _of_source(self, source: RowSource, reset: bool, known: Mapping[str, object]) -> RowSource:
        """A source, such as rows in files, as the rows that it is. Errors: DataError for what belongs to the source."""
        for name in (name for name, value in known.items() if value is not None):
            raise DataError(f"{name} belongs to the source: give it when you make it, as in ParquetSource(path, weights=...).")
        if not reset:
            return source.coded(self._levels)
        self.n_features_in_ = len(source.columns)
        self.feature_names_in_ = np.array(source.columns, dtype=object)
        self._component_names = source.component_names
        return source

    @property
    def _number(self) -> int:
        """The number of components of the fit."""
        return component_count(self.params_) or 1
