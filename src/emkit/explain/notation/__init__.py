"""Four ways of writing the same thing: Do & Batzoglou's, the CS229 notes', that of the three-coins slides, and Bishop's."""

from __future__ import annotations

from emkit.errors import ModelError
from emkit.explain.notation.bishop import BISHOP
from emkit.explain.notation.coin import COIN
from emkit.explain.notation.cs229 import CS229
from emkit.explain.notation.notation import CONCEPTS, InGeneral, InSequence, Notation
from emkit.explain.notation.remarks import REMARKS, correspondence
from emkit.explain.notation.slides import SLIDES

NOTATIONS: dict[str, Notation] = {notation.name: notation for notation in (COIN, CS229, SLIDES, BISHOP)}


def notation_named(name: str) -> Notation:
    """The notation of that name, in letters of any case. Errors: ModelError naming the notations there are."""
    if name.lower() not in NOTATIONS:
        raise ModelError(f"there is no notation {name!r}; the notations are {', '.join(NOTATIONS)}.")
    return NOTATIONS[name.lower()]


__all__ = [
    "BISHOP",
    "COIN",
    "CONCEPTS",
    "CS229",
    "NOTATIONS",
    "REMARKS",
    "SLIDES",
    "InGeneral",
    "InSequence",
    "Notation",
    "correspondence",
    "notation_named",
]
