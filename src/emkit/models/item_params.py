"""Parameters of items, a class for each kind of `item_kinds`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Increasing, NonNegative, Real, UnitInterval


@dataclass(frozen=True, eq=False)
class SlopedItem(Parameters):
    """An item of partial credit: log P(answer l) / P(answer 0) = l * slope * ability + intercepts_l, of shape (levels - 1,).

    >>> import emkit as ek
    >>> item = ek.SlopedItem(intercepts=[0.5, -1.0], slope=1.5)
    >>> item.intercepts.tolist(), item.slope
    ([0.5, -1.0], 1.5)
    """

    intercepts: Annotated[Array, Real(), Axes("step")]
    slope: Annotated[float, Real()]

    if TYPE_CHECKING:

        def __init__(self, intercepts: ArrayLike, slope: float) -> None: ...


@dataclass(frozen=True, eq=False)
class UnitSlopeItem(Parameters):
    """The same with a slope of 1: `intercepts` (levels - 1,).

    >>> import emkit as ek
    >>> ek.UnitSlopeItem([0.5, -1.0]).intercepts.tolist()
    [0.5, -1.0]
    """

    intercepts: Annotated[Array, Real(), Axes("step")]

    if TYPE_CHECKING:

        def __init__(self, intercepts: ArrayLike) -> None: ...


@dataclass(frozen=True, eq=False)
class GradedItem(Parameters):
    """An item of ordered answers: logit P(answer <= l) = cuts_l - slope * ability; `cuts` (levels - 1,) do not fall.

    >>> import emkit as ek
    >>> ek.GradedItem(cuts=[-1.0, 1.0], slope=2.0).cuts.tolist()
    [-1.0, 1.0]
    """

    cuts: Annotated[Array, Increasing(), Axes("step")]
    slope: Annotated[float, Real()]

    if TYPE_CHECKING:

        def __init__(self, cuts: ArrayLike, slope: float) -> None: ...


@dataclass(frozen=True, eq=False)
class GuessedItem(Parameters):
    """An item that can be guessed: P(right) = guess + (1 - guess) * expit(intercept + slope * ability).

    >>> import emkit as ek
    >>> ek.GuessedItem(intercept=0.0, slope=1.0, guess=0.2).guess
    0.2
    """

    intercept: Annotated[float, Real()]
    slope: Annotated[float, Real()]
    guess: Annotated[float, UnitInterval()]


@dataclass(frozen=True, eq=False)
class SlopedPlane(Parameters):
    """`SlopedItem` of m abilities: l * (slopes . abilities) + intercepts_l; `intercepts` (levels - 1,) and `slopes` (m,).

    >>> import emkit as ek
    >>> ek.SlopedPlane(intercepts=[0.5, -1.0], slopes=[1.5, 0.0]).slopes.tolist()
    [1.5, 0.0]
    """

    intercepts: Annotated[Array, Real(), Axes("step")]
    slopes: Annotated[Array, Real(), Axes("ability")]

    if TYPE_CHECKING:

        def __init__(self, intercepts: ArrayLike, slopes: ArrayLike) -> None: ...


@dataclass(frozen=True, eq=False)
class GradedPlane(Parameters):
    """`GradedItem` of m abilities: logit P(answer <= l) = cuts_l - slopes . abilities; `cuts` (levels - 1,), `slopes` (m,).

    >>> import emkit as ek
    >>> ek.GradedPlane(cuts=[-1.0, 1.0], slopes=[2.0, 0.5]).cuts.tolist()
    [-1.0, 1.0]
    """

    cuts: Annotated[Array, Increasing(), Axes("step")]
    slopes: Annotated[Array, Real(), Axes("ability")]

    if TYPE_CHECKING:

        def __init__(self, cuts: ArrayLike, slopes: ArrayLike) -> None: ...


@dataclass(frozen=True, eq=False)
class GuessedPlane(Parameters):
    """`GuessedItem` of m abilities, with `slopes` (m,).

    >>> import emkit as ek
    >>> ek.GuessedPlane(intercept=0.0, slopes=[1.0, 0.5], guess=0.2).slopes.tolist()
    [1.0, 0.5]
    """

    intercept: Annotated[float, Real()]
    slopes: Annotated[Array, Real(), Axes("ability")]
    guess: Annotated[float, UnitInterval()]

    if TYPE_CHECKING:

        def __init__(self, intercept: float, slopes: ArrayLike, guess: float) -> None: ...


@dataclass(frozen=True, eq=False)
class AbilityGroups(Parameters):
    """Ability ~ N(means_g, spreads_g^2) in group g; `means` and `spreads` (G,), of which the first say where 0 and 1 are.

    >>> import emkit as ek
    >>> ek.AbilityGroups(means=[0.0, 0.4], spreads=[1.0, 1.2]).spreads.tolist()
    [1.0, 1.2]
    """

    means: Annotated[Array, Real(), Axes("group")]
    spreads: Annotated[Array, NonNegative(), Axes("group")]

    if TYPE_CHECKING:

        def __init__(self, means: ArrayLike, spreads: ArrayLike) -> None: ...


@dataclass(frozen=True, eq=False)
class ItemsParams(Parameters):
    """Parameters of a test of items of several kinds: `items`, one after the other, and the `abilities` of groups of people.

    >>> import emkit as ek
    >>> items = (ek.SlopedItem([0.5], 1.0), ek.GradedItem([-1.0, 1.0], 2.0))
    >>> ek.ItemsParams(items, ek.AbilityGroups([0.0], [1.0])).items[1].slope
    2.0
    """

    items: Annotated[tuple[Parameters, ...], Axes("column")]
    abilities: AbilityGroups
