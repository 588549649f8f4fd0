"""Rows by their columns, two at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.errors import ModelError
from emkit.explain.subject import Subject
from emkit.views.classified import Rows, column_places, outlines, rows
from emkit.views.density import Density, density

MOST = 6  # columns that can be told apart in one figure


@dataclass(frozen=True)
class Pairs:
    """Rows in the columns at `places`: the `densities` of each column alone, None where there is none, and `outlines`.

    `outlines` (K, m, 2) are those of the components for each pair (i, j) of places, i before j; none unless they are normal.
    """

    rows: Rows
    places: tuple[int, ...]
    densities: tuple[Density | None, ...]
    outlines: dict[tuple[int, int], Array]

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {
            "rows": self.rows.to_dict(),
            "places": list(self.places),
            "densities": [each and each.to_dict() for each in self.densities],
            "outlines": [{"pair": list(pair), "outlines": each.tolist()} for pair, each in self.outlines.items()],
        }


def pairs(subject: Subject, params: Any, columns: Sequence[str | int] | None = None) -> Pairs:
    """The rows in the `columns`, by name or place: by default the first six.

    Errors: ModelError for fewer than two columns, for more than six, and for those that are not there.
    """
    view = rows(subject, params)
    places = column_places(view.columns, columns, MOST)
    if len(places) < 2:
        raise ModelError(f"pairs are of two columns and more; here is one, {view.columns[places[0]]}.")
    around = {pair: outlines(subject.model, params, pair) for pair in combinations(places, 2)}
    found = {pair: each for pair, each in around.items() if each is not None}
    return Pairs(view, places, tuple(_alone(subject, params, place) for place in places), found)


def _alone(subject: Subject, params: Any, place: int) -> Density | None:
    """The density of one column; None where there is none."""
    try:
        found = density(subject, params, column=place)
    except ModelError:
        return None
    return found if isinstance(found, Density) else None
