"""Before a fit: may this model have these data and these starts?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)


class Rows(Protocol):
    """What is asked of a source before a fit."""

    @property
    def membership(self) -> Any:
        """What is known of which component rows belong to; None if nothing is."""

    @property
    def profile(self) -> Any:
        """What is known of the rows."""

    def refuse_gaps(self) -> None:
        """Raise DataError naming row and column of the first gap."""

    def warn_of_small_weights(self) -> None:
        """Warn if the weights are no counts of rows, nor near them."""


def ready(model: LatentModel[P, Any], source: Rows, starts: Iterable[P]) -> LatentModel[P, Any]:
    """The model with what the data settle. Errors: DataError or ParameterError if it cannot take these data or starts."""
    refuse_gaps(model, source)
    if source.membership is not None and not model.admits_membership:
        raise ModelError(f"{type(model).__name__} would ignore what is known of where rows belong: labels are for mixtures.")
    for start in starts:
        model.check(start, source.profile)
    source.warn_of_small_weights()
    return model.settled(source.profile)


def check_is_model(given: object) -> None:
    """Raise ModelError unless `given` is a model, and not the class of one."""
    if isinstance(given, type) or not hasattr(given, "e_step"):
        raise ModelError(f"{given!r} is not a model: it has no e_step. See docs/write_your_own_model.md.")


def refuse_gaps(model: LatentModel[Any, Any], source: Rows) -> None:
    """Raise DataError naming row and column of the first gap, unless the model admits gaps."""
    if not model.admits_gaps:
        source.refuse_gaps()
