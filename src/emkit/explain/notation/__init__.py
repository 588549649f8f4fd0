"""Three ways of writing the same thing: Do & Batzoglou's, that of the CS229 notes, and that of the three-coins slides."""

from __future__ import annotations

from emkit.errors import ModelError
from emkit.explain.notation.coin import COIN
from emkit.explain.notation.cs229 import CS229
from emkit.explain.notation.notation import CONCEPTS, InSequence, Notation
from emkit.explain.notation.remarks import REMARKS, correspondence
from emkit.explain.notation.slides import SLIDES

NOTATIONS: dict[str, Notation] = {notation.name: notation for notation in (COIN, CS229, SLIDES)}


def notation_named(name: str) -> Notation:
    """The notation of that name. Errors: ModelError naming the notations there are."""
    if name not in NOTATIONS:
        raise ModelError(f"there is no notation {name!r}; the notations are {', '.join(NOTATIONS)}.")
    return NOTATIONS[name]


__all__ = [
    "COIN",
    "CONCEPTS",
    "CS229",
    "NOTATIONS",
    "REMARKS",
    "SLIDES",
    "InSequence",
    "Notation",
    "correspondence",
    "notation_named",
]
