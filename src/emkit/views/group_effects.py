"""What a mixed model expects of the random effects of groups, with their spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.json_types import Json
from emkit.errors import ModelError, ParameterError
from emkit.fitted import AnyFitted
from emkit.models.frozen import bare
from emkit.models.of_groups import OfGroups


@dataclass(frozen=True)
class GroupEffects:
    """One random `effect` of groups, the least first: means (G,) given the data, standard deviations `spreads` (G,).

    `groups` (G,) are their numbers, in the order of the data.
    """

    effect: str
    groups: Integers
    means: Array
    spreads: Array

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        told = {name: getattr(self, name).tolist() for name in ("groups", "means", "spreads")}
        return {"effect": self.effect, **told}


def mixed_model_of(result: AnyFitted) -> OfGroups[Any]:
    """The model of a fit. Errors: ModelError for one that is no mixed model."""
    inner = bare(result.model)
    if not isinstance(inner, OfGroups):
        raise ModelError(f"{type(inner).__name__} has no random effects of groups; a mixed model has.")
    return inner


def group_effects(result: AnyFitted, effect: str | int = 0) -> GroupEffects:
    """One random effect of all groups, by name or place. Errors: ModelError; ParameterError for an effect that there is not."""
    model = mixed_model_of(result)
    names = model.known_layout.random.coefficient_names
    place = names.index(effect) if isinstance(effect, str) and effect in names else effect
    if not isinstance(place, int) or place not in range(len(names)):
        raise ParameterError(f"effect is {effect!r}; the random effects are {', '.join(names)}.")
    fixed = model.fixed_effects(result.params, result.source).values
    told = [model.effects_of(result.params, chunk, fixed) for chunk in result.source.chunks()]
    means = np.concatenate([each[:, place] for each, _ in told])
    spreads = np.sqrt(np.concatenate([each[:, place, place] for _, each in told]))
    order = np.argsort(means, kind="stable")
    return GroupEffects(names[place], order, means[order], spreads[order])
