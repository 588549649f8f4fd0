"""Before a fit: may this model have these data and these starts?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel

P = TypeVar("P", bound=Parameters)


class Rows(Protocol):
    """What is asked of a source before a fit."""

    @property
    def profile(self) -> Any:
        """What is known of the rows."""

    def refuse_gaps(self) -> None:
        """Raise DataError naming row and column of the first gap."""


def ready(model: LatentModel[P, Any], source: Rows, starts: Iterable[P]) -> LatentModel[P, Any]:
    """The model with what the data settle. Errors: DataError or ParameterError if it cannot take these data or starts."""
    refuse_gaps(model, source)
    for start in starts:
        model.check(start, source.profile)
    return model.settled(source.profile)


def refuse_gaps(model: LatentModel[Any, Any], source: Rows) -> None:
    """Raise DataError naming row and column of the first gap, unless the model admits gaps."""
    if not model.admits_gaps:
        source.refuse_gaps()
