"""What the estimator of items says of several abilities."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.data.chunk import Chunk
from emkit.errors import ParameterError
from emkit.estimators.integral_warnings import warn_of_narrow, warned_of_steep, width_of
from emkit.models.abilities import AbilitiesModel
from emkit.models.abilities_params import AbilitiesParams
from emkit.models.item_kinds import SPREAD
from emkit.models.rotations import Rotated, rotated


def model_of(settings: dict[str, Any], grouped: bool) -> AbilitiesModel | None:
    """The model of several abilities that the settings ask for; None if they ask for one.

    Errors: ParameterError for settings that do not go together; ModelError for a pattern that data cannot tell.
    """
    number, loadings = settings["n_abilities"], settings["loadings"]
    if loadings is None and number in (None, 1):
        return None
    alone = {
        f"items={settings['items']!r}": settings["items"] is not None,
        f"slopes={settings['slopes']!r}": settings["slopes"] != "free",
        f"scores={settings['scores']!r}": settings["scores"] != "eap",
        "groups": grouped,
    }
    wrong = [name for name, given in alone.items() if given]
    if wrong:
        raise ParameterError(f"several abilities are there for right and wrong answers of one group: leave out {wrong[0]}.")
    return AbilitiesModel(number, loadings, settings["nodes"])


class SeveralAbilities:
    """A fit of several abilities. Where all items ask all of them, these are turned to where slopes are largest, one by one."""

    def __init__(self, model: AbilitiesModel, params: AbilitiesParams) -> None:
        self._model, self._params = model, params

    @cached_property
    def _turned(self) -> Rotated:
        slopes = np.asarray(self._params.slopes)
        if self._model.loads is None:
            return rotated(slopes, np.full(len(slopes), SPREAD**2), None)
        signs = np.where(slopes.sum(axis=0) < 0, -1.0, 1.0)
        return Rotated(slopes * signs, np.diag(signs))

    @property
    def slopes(self) -> Array:
        """Slopes (J, m)."""
        return self._turned.loadings

    def scores(self, chunk: Chunk) -> tuple[Array, Array]:
        """Means (n, m) and standard deviations (n, m) of abilities, given answers."""
        means, spreads = self._model.latent(self._params, chunk)
        back = np.linalg.inv(self._turned.turn)
        return means @ back.T, np.sqrt(np.maximum(np.einsum("ab,nbc,ac->na", back, spreads, back), 0.0))

    def chances(self, abilities: ArrayLike) -> Array:
        """The probability (n, J) that each item is right, at abilities (n, m). Errors: ParameterError for other shapes."""
        at = np.asarray(abilities, dtype=np.float64)
        if at.ndim != 2 or at.shape[1] != self._model.n_abilities:
            raise ParameterError(f"abilities have shape {at.shape}; give {self._model.n_abilities} numbers a row.")
        return self._model.chances(AbilitiesParams(self._params.intercepts, self.slopes), at)

    def warn_of_sums(self, result: Any) -> None:
        """Warn of items that are nearly steps, and of places that are too far apart for what is known of abilities."""
        lengths: Array = np.sqrt((self.slopes**2).sum(axis=1))
        if warned_of_steep(result.source.columns, lengths, "Use fewer abilities"):
            return
        spreads = (self._model.latent(self._params, chunk)[1] for chunk in result.passes.chunks())
        narrowest = min(float(np.linalg.eigvalsh(spread)[:, 0].min()) for spread in spreads)
        grid = self._model.grid
        warn_of_narrow(min(max(narrowest, 0.0) ** 0.5, width_of(lengths)), grid.step, grid.nodes)
