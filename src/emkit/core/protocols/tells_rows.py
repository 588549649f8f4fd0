"""What a model tells of rows, at parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.errors import ModelError

P_contra = TypeVar("P_contra", bound=Parameters, contravariant=True)


class TellsRows(Protocol[P_contra]):
    """What each row adds, what of it was to be expected, and what is latent in it."""

    def row_objectives(self, params: P_contra, chunk: Any) -> Array | None:
        """What each row (n,), or each group of rows (G,), adds to the objective at a weight of 1; None if there is no telling.

        From it follow scores row by row, in few passes; of a model that does not tell, each row has an E-step of its own.
        """
        return None

    def normal_residuals(self, params: P_contra, source: Any) -> Mapping[int, Array]:
        """The values (n,) of columns, by place, as standard normal numbers: what earlier rows of their groups do not tell.

        NaN in gaps. Errors: ModelError unless the model says how.
        """
        raise ModelError(f"{type(self).__name__} does not say what the residuals of its rows are.")

    @property
    def has_normal_residuals(self) -> bool:
        """Whether `normal_residuals` says anything."""
        return type(self).normal_residuals is not TellsRows.normal_residuals

    def latent(self, params: P_contra, chunk: Any) -> tuple[Any, Any]:
        """Means and covariances of the continuous latent variables of each row, or group of rows, given these.

        Errors: ModelError for a model that has none.
        """
        raise ModelError(f"{type(self).__name__} has no continuous latent variables, of which there would be means.")

    @property
    def has_latent(self) -> bool:
        """Whether `latent` says anything."""
        return type(self).latent is not TellsRows.latent

    def implied_covariance(self, params: P_contra) -> Array | None:
        """The covariance (d, d) of the columns, if all that the model says of rows is that and their means; else None."""
        return None

    def told_effects(self, params: P_contra, source: Any) -> Any:
        """What data and estimates tell of the effects of groups, for a fit to keep: see `EffectsTold`; None of other models."""
        return None

    @property
    def has_effects(self) -> bool:
        """Whether `told_effects` says anything."""
        return type(self).told_effects is not TellsRows.told_effects
