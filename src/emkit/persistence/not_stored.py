"""The data of a fit that were not kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emkit.data.profile import AnyProfile, Bad, Levels
from emkit.data.source import RowSource
from emkit.errors import DataError


@dataclass(frozen=True)
class Provenance:
    """Where a fit in a file comes from: the versions that made it, the hash of its data, and the seed of its search.

    `data` is None where rows are not numbers that could be hashed, `seed` where nothing was drawn.
    """

    emkit: str
    python: str
    numpy: str
    data: str | None = None
    seed: int | None = None


class NotStoredSource(RowSource):
    """Stands where the data were when a fit is written to a file: it knows their columns and how many there were.

    `provenance` is what the file says of where the fit comes from; None for a fit that comes from no file.
    """

    is_here = False

    def __init__(
        self,
        columns: tuple[str, ...],
        rows: float,
        total_weight: float,
        levels: Levels,
        component_names: tuple[str, ...] = (),
        provenance: Provenance | None = None,
    ) -> None:
        self.columns, self.rows, self.total_weight, self._levels = columns, rows, total_weight, levels
        self.component_names, self.provenance = component_names, provenance

    @classmethod
    def of(cls, source: RowSource) -> NotStoredSource:
        """What stands for a source."""
        made = cls(source.columns, source.rows, source.total_weight, source.levels, source.component_names)
        made.library, made.design = source.library, source.design
        return made

    @property
    def levels(self) -> Levels:
        return self._levels

    def chunks(self) -> Iterator[Any]:
        """Errors: DataError, always."""
        raise self._gone()

    @property
    def profile(self) -> AnyProfile:
        """Errors: DataError, always."""
        raise self._gone()

    def refuse(self, bad: Bad, rule: str) -> None:
        """Errors: DataError, always."""
        raise self._gone()

    def _gone(self) -> DataError:
        return DataError(
            "the data are not stored with the fit, so nothing can be computed from them: give it the data again, with_data(X), "
            "or work it out before saving. Estimates alone are here: tidy(standard_errors=False)."
        )
