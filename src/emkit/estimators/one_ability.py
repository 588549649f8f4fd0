"""What the estimator of items says of one ability."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.data.chunk import Chunk
from emkit.estimators.place_sums import PlaceSums, over_enough_places
from emkit.inference.standard_errors import StandardErrors
from emkit.models.ability import AbilityModel
from emkit.models.item_params import ItemsParams
from emkit.models.item_response import difficulties
from emkit.models.most_likely import most_likely
from emkit.report.item_tables import EntryNames, entries_table, items_table
from emkit.result import Result


class OneAbility:
    """A fit of one ability: `model`, and its `width`, the number of abilities."""

    width = 1

    def __init__(self, model: AbilityModel[Any, Any], params: Any) -> None:
        self.model, self._params = model, params

    @property
    def _of_kinds(self) -> bool:
        return isinstance(self._params, ItemsParams)

    @property
    def attributes(self) -> dict[str, Any]:
        """What of the parameters has attributes of its own."""
        slopes, intercepts = self.model.slopes_of(self._params), self.model.intercepts_of(self._params)
        found = {"slopes_": slopes}
        if intercepts is not None:
            found |= {"intercepts_": intercepts, "difficulties_": difficulties(intercepts, slopes)}
        if self._of_kinds:
            found |= {"means_": self._params.abilities.means, "spreads_": self._params.abilities.spreads}
        return found

    def said(self, of: str) -> str:
        """What is told at the top of a summary, of items that are called so."""
        return of

    def scores(self, chunk: Chunk, scores: str) -> tuple[Array, Array]:
        """Ability scores (n,), and their standard deviations or errors (n,)."""
        if scores == "eap":
            return self.model.latent(self._params, chunk)
        before = self.model.before(self._params, chunk) if scores == "map" else None
        return most_likely(self.model, self._params, chunk.x[:, : len(self.model.answer_levels(self._params))], before)

    def chances(self, ability: ArrayLike) -> Any:
        """The probabilities of answers at abilities (n,)."""
        model: Any = self.model
        return model.chances(self._params, ability)

    def table(self, columns: Sequence[str], groups: Sequence[Any] | None, found: StandardErrors, width: int) -> str:
        """The items, with standard errors."""
        if self._of_kinds:
            return entries_table(EntryNames(columns, groups=groups), found, width)
        told, count = self.attributes, len(self._params.intercepts)
        slopes = told["slopes_"], np.broadcast_to(found.errors[count:], told["slopes_"].shape)
        return items_table(columns, (told["intercepts_"], found.errors[:count]), slopes, told["difficulties_"], width)

    def over_enough_places(self, result: Result[Any], settings: dict[str, Any]) -> Result[Any]:
        """The fit over as many places as it takes."""
        return over_enough_places(result, lambda each: OneAbility(each.model, each.params).sums(each), settings)

    def sums(self, result: Any) -> PlaceSums:
        """The sums over ability of a fit."""
        step = float(self.model.places[1] - self.model.places[0])
        slopes = self.model.slopes_of(self._params) * self.model.spreads_of(self._params).max()
        columns, narrowest = result.source.columns, partial(self._narrowest, result)
        return PlaceSums(columns, slopes, step, self.model.nodes, narrowest, "Use slopes='equal'", step)

    def _narrowest(self, result: Any) -> float:
        return float(min(self.model.standard_latent(self._params, chunk)[1].min() for chunk in result.passes.chunks()))
