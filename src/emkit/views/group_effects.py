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

    `groups` (G,) are their numbers, in the order of the data, and `names` how they are called, if they have names.
    """

    effect: str
    groups: Integers
    means: Array
    spreads: Array
    names: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the groups, or their numbers."""
        return self.names or tuple(map(str, self.groups))

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        told = {name: getattr(self, name).tolist() for name in ("groups", "means", "spreads")}
        return {"effect": self.effect, "names": list(self.names), **told}


def mixed_model_of(result: AnyFitted) -> OfGroups[Any]:
    """The model of a fit. Errors: ModelError for one that is no mixed model."""
    inner = bare(result.model)
    if not isinstance(inner, OfGroups):
        raise ModelError(f"{type(inner).__name__} has no random effects of groups; a mixed model has.")
    return inner


def group_effects(result: AnyFitted, effect: str | int = 0, level: int = 0) -> GroupEffects:
    """One random effect of all groups, by name or place; of `level` 1, of the inner groups.

    Errors: ModelError; ParameterError for an effect or a level that there is not.
    """
    model = mixed_model_of(result)
    designs = model.known_layout.levels
    if level not in range(len(designs)):
        raise ParameterError(f"level is {level!r}; groups have levels 0 to {len(designs) - 1}, the outer one first.")
    names = designs[level].coefficient_names
    place = names.index(effect) if isinstance(effect, str) and effect in names else effect
    if not isinstance(place, int) or place not in range(len(names)):
        raise ParameterError(f"effect is {effect!r}; the random effects are {', '.join(names)}.")
    fixed = model.fixed_effects(result.params, result.source).values
    told = [model.effects_of(result.params, chunk, fixed, level) for chunk in result.source.chunks()]
    means = np.concatenate([each[:, place] for each, _ in told])
    spreads = np.sqrt(np.concatenate([each[:, place, place] for _, each in told]))
    order = np.argsort(means, kind="stable")
    called = _inner_names(result, model) if level else result.source.group_names
    return GroupEffects(names[place], order, means[order], spreads[order], tuple(called[g] for g in order) if called else ())


def _inner_names(result: AnyFitted, model: OfGroups[Any]) -> list[str]:
    """How inner groups are called, each with its group."""
    place = model.known_layout.within
    assert place is not None
    levels, outer = result.source.levels[place], result.source.group_names
    units = [model.units(chunk) for chunk in result.source.chunks()]
    before = np.cumsum([0, *(int(of.max()) + 1 for of, _ in units)])
    found = []
    for first, (of, labels) in zip(before, units, strict=False):
        for group, label in zip((of + first).tolist(), labels.tolist(), strict=True):
            found.append(f"{outer[group] if outer else group} / {levels[int(label)] if levels else f'{label:g}'}")
    return found
