"""What the axes of a field of parameters are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

COMPONENT, COLUMN, LEVEL, EFFECT = "component", "column", "level", "effect"
SINGULAR = {
    "proportions": "proportion",
    "variances": "variance",
    "covariances": "covariance",
    "probabilities": "probability",
    "scale_matrices": "scale matrix",
    "fixed": "fixed effect",
    "within": "error variance",
    "factor_means": "factor mean",
    "factor_covariances": "factor covariance",
}


class Axes:
    """The names of the axes of a field, in order, declared beside its space: ``Axes("component", "column")``.

    "component", "column", "level" and "effect" (one of several that vary, and is no coefficient) mean the same everywhere;
    other names ("covariate") are for readers. `coupled` are axes along which the expected log-likelihood is no sum over
    elements, so that single places on them cannot be held. `kinks`: the log-likelihood has some along the field, so that its
    curvature does not tell how far estimates vary. `told_by`: the field of the same class that has the names of the places on
    the last axis, as a tuple, or of all that one number without axes is of; `levels_by`: the one that has those of levels,
    which otherwise are those of a column. `places_by`: of a tuple of parts, the one that has the place of each on the axis; if
    that is empty, they are counted.

    The rates of K components in d columns; a slope that all share has no axis of components:

    >>> import emkit as ek
    >>> ek.Axes("component", "column"), ek.Axes("covariate"), str(ek.Axes("component"))
    (Axes('component', 'column'), Axes('covariate'), 'one axis (component)')
    """

    def __init__(
        self,
        *names: str,
        coupled: tuple[str, ...] = (),
        kinks: bool = False,
        told_by: str = "",
        levels_by: str = "",
        places_by: str = "",
    ) -> None:
        self.names = names
        self.coupled = coupled
        self.kinks = kinks
        self.told_by = told_by
        self.levels_by = levels_by
        self.places_by = places_by

    def without_first(self) -> Axes:
        """The axes of one place on the first."""
        named = {"told_by": self.told_by, "levels_by": self.levels_by}
        return Axes(*self.names[1:], coupled=self.coupled, kinks=self.kinks, **named)

    def __repr__(self) -> str:
        return f"Axes({', '.join(map(repr, self.names))})"

    def __str__(self) -> str:
        if not self.names:
            return "no axes"
        return f"one axis ({self.names[0]})" if len(self.names) == 1 else f"{len(self.names)} axes ({', '.join(self.names)})"


UNNAMED = " (unnamed)"  # of a component whose number is the name of another one
NO_AXES = Axes()


class Divided:
    """Beside a tuple of parameters, each of some places on an `axis` alone: ``Divided("column")``.

    The field `by` of the same class lists the places of each, as a tuple of tuples of whole numbers.
    """

    def __init__(self, axis: str, by: str = "places") -> None:
        self.axis = axis
        self.by = by


class Subject:
    """Beside a field of parameters of something else than the columns of the data: what, in words: ``Subject("age")``."""

    def __init__(self, words: str) -> None:
        self.words = words


class Scope(NamedTuple):
    """The `places` on an `axis` of so many in `total` that an axis of that name runs along."""

    axis: str
    places: tuple[int, ...]
    total: int

    def inside(self, outer: Scope | None) -> Scope:
        """The same in places of the whole, where they are counted among those of another scope."""
        return self if outer is None else Scope(self.axis, tuple(outer.places[i] for i in self.places), outer.total)

    def place(self, i: int, length: int) -> int:
        """Where the `i`-th of so many lies: each stands for as many places as the others."""
        return self.places[i * (len(self.places) // length)]


def component_name(k: int, names: Sequence[str] = ()) -> str:
    """How readers know component k, whose number in arrays and paths counts from 0: by its name, else counted from 1.

    No two are called the same: where another's name is the number of one that has none, that one says so.
    """
    if k < len(names):
        return names[k]
    name = str(k + 1)
    while name in names:
        name += UNNAMED
    return name


def singular(name: str) -> str:
    """A field's name for one of its numbers: ``rates``, a rate."""
    if name in SINGULAR or name.endswith("ss") or not name.endswith("s"):
        return SINGULAR.get(name, name)
    return name[:-2] if name.endswith("sses") else name[:-1]
