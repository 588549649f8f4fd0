"""Parameters of items that classes of people answer in different ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import NonNegative, Real, Simplex
from emkit.models.item_params import AbilityGroups


@dataclass(frozen=True, eq=False)
class ClassAbilities(Parameters):
    """Ability ~ N(means_k, spreads_k^2) in class k of people; `means` and `spreads` (K,).

    >>> import emkit as ek
    >>> ek.ClassAbilities(means=[0.0, 0.0], spreads=[1.0, 1.2]).groups.spreads.tolist()
    [1.0, 1.2]
    """

    means: Annotated[Array, Real(), Axes("component")]
    spreads: Annotated[Array, NonNegative(), Axes("component")]

    if TYPE_CHECKING:

        def __init__(self, means: ArrayLike, spreads: ArrayLike) -> None: ...

    @property
    def groups(self) -> AbilityGroups:
        """The same of classes as groups of people."""
        return AbilityGroups(self.means, np.broadcast_to(self.spreads, self.means.shape))


@dataclass(frozen=True, eq=False)
class EqualSpreadAbilities(ClassAbilities):
    """The same with one spread () for all classes."""

    spreads: Annotated[Array, NonNegative(), Axes()]


@dataclass(frozen=True, eq=False)
class ClassItems(Parameters):
    """The `items` that a class of people answers in its own way, one after the other: those at `places` among all, if not all.

    >>> import emkit as ek
    >>> len(ek.ClassItems((ek.UnitSlopeItem([0.5]), ek.UnitSlopeItem([-1.0]))).items)
    2
    """

    items: Annotated[tuple[Parameters, ...], Axes("column", places_by="places")]
    places: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class ItemMixtureParams(Parameters):
    """Parameters of `ItemMixture`: `proportions` (K,) of people that sum to 1, items, and the `abilities` of each class.

    `shared` are the items that are the same in all classes, at `shared_places` among all, and `classes` those that each class
    has of its own.

    >>> import emkit as ek
    >>> easy, hard = ek.UnitSlopeItem([1.0]), ek.UnitSlopeItem([-1.0])
    >>> two = (ek.ClassItems((easy, hard)), ek.ClassItems((hard, easy)))
    >>> params = ek.ItemMixtureParams([0.7, 0.3], (), two, ek.ClassAbilities([0.0, 0.0], [1.0, 1.0]))
    >>> params.classes[1].items[0].intercepts.tolist()
    [-1.0]
    """

    proportions: Annotated[Array, Simplex(), Axes("component")]
    shared: Annotated[tuple[Parameters, ...], Axes("column", places_by="shared_places")]
    classes: Annotated[tuple[ClassItems, ...], Axes("component")]
    abilities: ClassAbilities
    shared_places: tuple[int, ...] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            proportions: ArrayLike,
            shared: tuple[Parameters, ...],
            classes: tuple[ClassItems, ...],
            abilities: ClassAbilities,
            shared_places: tuple[int, ...] = (),
        ) -> None: ...
