"""Parameters of growth mixtures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Simplex
from emkit.models.mixed_params import MixedModelParams


@dataclass(frozen=True, eq=False)
class GrowthMixtureParams(Parameters):
    """Parameters of `GrowthMixture`: `proportions` (K,) of groups that sum to 1, and a mixed model for each of the `classes`.

    >>> import emkit as ek
    >>> flat = ek.MixedModelParams([10.0, 0.0], ek.models.EqualCovariance(1.0), 0.5)
    >>> steep = ek.MixedModelParams([10.0, 2.0], ek.models.EqualCovariance(1.0), 0.5)
    >>> params = ek.GrowthMixtureParams([0.7, 0.3], (flat, steep))
    >>> len(params.classes), params.classes[1].fixed.tolist()
    (2, [10.0, 2.0])
    """

    proportions: Annotated[Array, Simplex(), Axes("component")]
    classes: Annotated[tuple[MixedModelParams, ...], Axes("component")]

    if TYPE_CHECKING:

        def __init__(self, proportions: ArrayLike, classes: tuple[MixedModelParams, ...]) -> None: ...
