"""What pickles of estimators hold."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator


class WithoutData(BaseEstimator):
    """A fitted estimator is stored without the data it was fitted to."""

    def __getstate__(self) -> dict[str, Any]:
        """Of results, what `Result.without_data` keeps."""
        state = dict(super().__getstate__())
        return state | {name: state[name].without_data() for name in ("result_", "measurement_") if name in state}
