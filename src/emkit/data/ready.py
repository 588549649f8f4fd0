"""Before a fit: may this model have these data and these starts?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np

from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.data.source import FINITE, RowSource

P = TypeVar("P", bound=Parameters)


def ready(model: LatentModel[P, Any], source: RowSource, starts: Iterable[P]) -> LatentModel[P, Any]:
    """The model with what the data settle. Errors: DataError or ParameterError if it cannot take these data or starts."""
    refuse_gaps(model, source)
    for start in starts:
        model.check(start, source.profile)
    return model.settled(source.profile)


def refuse_gaps(model: LatentModel[Any, Any], source: RowSource) -> None:
    """Raise DataError naming row and column of the first gap, unless the model admits gaps."""
    if not model.admits_gaps:
        source.refuse(np.isnan, FINITE)
