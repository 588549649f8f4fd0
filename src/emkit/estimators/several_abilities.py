"""What the estimator of items says of several abilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.data.chunk import Chunk
from emkit.data.source import ArraySource
from emkit.errors import ModelError, ParameterError, some_of
from emkit.estimators.integral_warnings import width_of
from emkit.estimators.items_named import USUAL, kinds_named
from emkit.estimators.place_sums import PlaceSums, over_enough_places
from emkit.inference.standard_errors import StandardErrors
from emkit.models.abilities import AbilitiesModel
from emkit.models.abilities_on_grid import AbilitiesOnGrid
from emkit.models.abilities_params import AbilitiesOfGroup, AbilitiesParams
from emkit.models.at_abilities import at_abilities
from emkit.models.item_kinds import SPREAD
from emkit.models.item_planes_model import ItemPlanesModel
from emkit.models.rotations import Rotated, rotated
from emkit.report.item_tables import EntryNames, plane_items_table, planes_table
from emkit.result import Result


def model_of(settings: dict[str, Any], source: ArraySource, groups: int) -> AbilitiesOnGrid[Any] | None:
    """The model of several abilities that the settings ask for, of so many `groups` of people; None if they ask for one.

    Errors: ParameterError for settings that do not go together; ModelError for a pattern that data cannot tell; DataError for
    answers that are none.
    """
    number, loadings, correlated = settings["n_abilities"], settings["loadings"], settings["correlated"]
    if loadings is None and number in (None, 1):
        if correlated:
            raise ParameterError("one ability has none to correlate with: leave correlated out, or give loadings.")
        return None
    alone = {
        f"slopes={settings['slopes']!r}": settings["slopes"] != "free",
        f"scores={settings['scores']!r}": settings["scores"] != "eap",
    }
    wrong = [name for name, given in alone.items() if given]
    if wrong:
        raise ParameterError(f"several abilities have free slopes and scores 'eap': leave out {wrong[0]}.")
    loadings = _by_item(loadings, source.columns)
    if settings["items"] is None and not correlated and groups == 1 and settings["guessing"] == USUAL:
        return AbilitiesModel(number, loadings, settings["nodes"])
    kinds = kinds_named(settings["items"] or "2pl", source, settings["guessing"])
    return ItemPlanesModel(kinds, number, loadings, correlated, settings["nodes"], groups)


def _by_item(loadings: Any, items: Sequence[str]) -> Any:
    """A pattern in the order of the items, where it is a frame whose index names them; any other as it is.

    Errors: ParameterError for a frame whose index names others.
    """
    index = getattr(loadings, "index", None)
    names = list(index) if index is not None and hasattr(loadings, "columns") else []
    if not any(isinstance(name, str) for name in names):
        return loadings
    if sorted(map(str, names)) != sorted(items):
        lacking = [name for name in items if name not in names] or [name for name in names if name not in items]
        raise ParameterError(f"the index of loadings and the items differ in {some_of(lacking)}: give a row for each item.")
    return loadings.loc[list(items)].to_numpy()


class SeveralAbilities:
    """A fit of several abilities. Where all items ask all of them, these are turned to where slopes are largest, one by one."""

    def __init__(self, model: AbilitiesOnGrid[Any], params: Any) -> None:
        self._model, self._params = model, params

    @property
    def model(self) -> Any:
        """Errors: ModelError, since there are several abilities."""
        raise ModelError("that is told of one ability, and this fit is of several.")

    @property
    def width(self) -> int:
        """The number of abilities."""
        return self._model.n_abilities

    @cached_property
    def _turned(self) -> Rotated:
        slopes = self._model.slopes_of(self._params)
        if self._model.loads is None:
            return rotated(slopes, np.full(len(slopes), SPREAD**2), None)
        signs = np.where(slopes.sum(axis=0) < 0, -1.0, 1.0)
        return Rotated(slopes * signs, np.diag(signs))

    @property
    def slopes(self) -> Array:
        """Slopes (J, m)."""
        return self._turned.loadings

    @cached_property
    def groups(self) -> tuple[AbilitiesOfGroup, ...]:
        """The abilities of each group of people."""
        back = np.linalg.inv(self._turned.turn)
        return tuple(each.turned(back) for each in self._model.abilities_of(self._params))

    @property
    def attributes(self) -> dict[str, Any]:
        """What of the parameters has attributes of its own."""
        intercepts = self._model.intercepts_of(self._params)
        own = {} if intercepts is None else {"intercepts_": intercepts}
        first, *others = self.groups
        if not others:
            return {**own, "slopes_": self.slopes, "ability_correlation_": first.correlations}
        means, spreads, correlations = (
            np.array([getattr(each, name) for each in self.groups]) for name in ("means", "spreads", "correlations")
        )
        people = {"means_": means, "spreads_": spreads, "ability_correlation_": correlations}
        return {**own, "slopes_": self.slopes, **people}

    def said(self, of: str) -> str:
        """What is told at the top of a summary."""
        return f"{self.width} abilities" + (f", {len(self.groups)} groups" if len(self.groups) > 1 else "")

    def scores(self, chunk: Chunk, scores: str) -> tuple[Array, Array]:
        """Means (n, m) and standard deviations (n, m) of abilities, given answers."""
        means, spreads = self._model.latent(self._params, chunk)
        back = np.linalg.inv(self._turned.turn)
        return means @ back.T, np.sqrt(np.maximum(np.einsum("ab,nbc,ac->na", back, spreads, back), 0.0))

    def chances(self, abilities: ArrayLike) -> Any:
        """The probabilities of answers at abilities (n, m). Errors: ParameterError for others."""
        model: Any = self._model
        return model.chances(self._params, at_abilities(abilities, self.width) @ self._turned.turn.T)

    def table(self, columns: Sequence[str], groups: Sequence[Any] | None, found: StandardErrors, width: int) -> str:
        """The items, with standard errors of what does not turn with the abilities."""
        if isinstance(self._params, AbilitiesParams):
            return planes_table(columns, (self._params.intercepts, found.errors[: len(columns)]), self.slopes, width)
        told = replace(self._params, correlations=self.groups[0].correlations, others=self.groups[1:])
        names, held = EntryNames(columns[: len(self.slopes)], groups=groups), self._model.loads is not None
        return plane_items_table(names, self.slopes, told, held, found, width)

    def over_enough_places(self, result: Result[Any], settings: dict[str, Any]) -> Result[Any]:
        """The fit over as many places as it takes, or as there may be."""
        return over_enough_places(result, lambda each: SeveralAbilities(each.model, each.params).sums(each), settings)

    def sums(self, result: Any) -> PlaceSums:
        """The sums over abilities of a fit, as far as they lie along the one that is known best."""
        slopes, every = self._model.slopes_of(self._params), self._model.abilities_of(self._params)
        lengths: Array = np.max([np.sqrt(((slopes @ each.root) ** 2).sum(axis=1)) for each in every], axis=0)
        grid, columns = self._model.grid, result.source.columns

        def narrowest() -> float:
            spreads = (self._model.standard_latent(self._params, chunk)[1] for chunk in result.passes.chunks())
            least = min(float(np.linalg.eigvalsh(spread)[:, 0].min()) for spread in spreads)
            return float(min(max(least, 0.0) ** 0.5, width_of(lengths)))

        instead, most, usual = "Use fewer abilities", grid.most, grid.usual
        return PlaceSums(columns, lengths, grid.step, grid.nodes, narrowest, instead, most=most, usual=usual)
