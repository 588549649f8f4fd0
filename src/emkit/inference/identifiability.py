"""Which directions the data say nothing about."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import DegenerateFitError
from emkit.inference.information import OVERFLOWS, Information

WRONG = -1e-2  # an eigenvalue of the information below this is none that a maximum has
SHOWN = 0.005  # of the largest part of a direction; less is not named


@dataclass(frozen=True)
class Identifiability:
    """Whether the data determine every free parameter near the estimate.

    `rank` of the observed information out of `free` parameters; `directions` say in words along which combinations the
    likelihood is flat, `vectors` (flat, m) how much each of the entries `names` (m,) moves along them, at most by 1;
    `sentence` sums it up.
    """

    identifiable: bool
    rank: int
    free: int
    directions: tuple[str, ...]
    negative: bool = False  # some direction is curved the other way: no maximum, or too thin a component for differences
    names: tuple[str, ...] = ()
    vectors: Array = field(default_factory=lambda: np.empty((0, 0)), repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.identifiable

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.identifiable:
            which = "the one free parameter" if self.free == 1 else f"all {self.free} free parameters"
            return f"the data identify {which} (locally)."
        along = "; ".join(self.directions)
        doubt = ""
        if self.negative:
            doubt = " (The matrix is not positive here: this is no maximum, or a component is too thin for differences.)"
        return (
            f"not identifiable: the information matrix has rank {self.rank} of {self.free}; the likelihood does not change "
            f"when the parameters move along {along}.{doubt}"
        )

    def __str__(self) -> str:
        return self.sentence


def identifiability(found: Information) -> Identifiability:
    """Count the directions in which the log-likelihood is curved at the estimate, and name those in which it is flat.

    Parameters on a boundary or held by a floor are taken as known. Errors: DegenerateFitError where the matrix overflows.
    """
    if not found.is_finite:
        raise DegenerateFitError(f"{OVERFLOWS}, so that nothing can be said of its directions.")
    values, vectors = np.linalg.eigh(found.matrix)
    flat = np.flatnonzero(values < found.least)
    free = found.near.coordinates.size
    along = (found.slope @ vectors[:, flat]).T if len(flat) else np.empty((0, len(found.near.names)))
    along = along / np.abs(along).max(axis=1, keepdims=True, initial=0)
    return Identifiability(
        len(flat) == 0,
        free - len(flat),
        free,
        tuple(_in_words(move, found.near.names) for move in along),
        bool(values.min(initial=0.0) < WRONG),
        found.near.names,
        along,
    )


def _in_words(move: Array, names: tuple[str, ...]) -> str:
    parts = [f"{value:+.2g} {name}" for value, name in zip(move, names, strict=True) if abs(value) > SHOWN]
    return "(" + " ".join(parts) + ")"
