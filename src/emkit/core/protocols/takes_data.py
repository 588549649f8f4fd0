"""What a model makes of the data that it is given, before the first step."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self, TypeVar

from emkit.core.arrays import Array, Integers
from emkit.core.parameters import Parameters
from emkit.errors import ModelError

P_contra = TypeVar("P_contra", bound=Parameters, contravariant=True)


class TakesData(Protocol[P_contra]):
    """Which data a model can take, how it sees them, and how rows are drawn that could have come in their place."""

    groups_called: ClassVar[str] = "groups"  # what a reader calls the groups of rows, where rows come in groups

    @property
    def admits_gaps(self) -> bool:
        """Whether cells of the data may be missing (NaN)."""
        return False

    @property
    def admits_membership(self) -> bool:
        """Whether it may be known of rows which component they belong to."""
        return False

    def settled(self, profile: Any) -> Self:
        """This model with what it left open and the data settle. Warns of what these data cannot tell. Once before a fit."""
        return self

    def check(self, params: P_contra, profile: Any) -> None:
        """Raise DataError or ParameterError, naming row, column and value, if the model cannot take these data or start."""

    def recoded(self, source: Any) -> Any:
        """The source with its columns of levels as the model knows them."""
        return source

    def prepare(self, source: Any) -> Any:
        """The source that the passes go over: an equivalent one with less work in it, or `source` itself."""
        return source

    def occurring(self, source: Any) -> Any:
        """The same for what draws rows or leaves some out: rows that occurred, in the groups that the model sees them in."""
        return self.prepare(source)

    def redrawn(self, params: P_contra, rng: Any, rows: Array, lengths: Integers | None = None) -> Array:
        """As many rows as are given (n, d), drawn anew; what the model is given of them, as covariates, is as it is there.

        `lengths` (G,): the rows come in groups of so many rows each. Errors: ModelError unless the model says how.
        """
        raise ModelError(
            f"{type(self).__name__} does not say how rows are drawn from it; use kind='case'. Of one sequence, use "
            "standard_errors()."
        )

    def narrowed(self, source: Any) -> Any:
        """The same problem in fewer columns, if they tell as much: see `Narrowed`; else None."""
        return None

    def sample_size(self, params: P_contra, source: Any) -> float | None:
        """How many independent units BIC and its kin count; None where these are the rows."""
        return None
