"""The data of a fit that were not kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emkit.core.memo import Memory
from emkit.errors import DataError


@dataclass(frozen=True)
class NotStoredSource:
    """Stands where the data were when a fit is written to a file: it knows their columns and how many there were."""

    columns: tuple[str, ...]
    rows: int
    total_weight: float

    def chunks(self) -> Iterator[Any]:
        """Errors: DataError, always."""
        raise self._gone()

    @property
    def memory(self) -> Memory:
        """Errors: DataError, always."""
        raise self._gone()

    def _gone(self) -> DataError:
        return DataError(
            "the data are not stored with the fit, so nothing can be computed from them any more: fit again, or work it out "
            "before saving."
        )
