"""What a mixed model expects of the random effects of groups, with their spread."""

from __future__ import annotations

from collections.abc import Sequence
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

    `groups` (G,) are their numbers, in the order of the data, and `names` how they are called, if they have names. `whose`
    effects these are, where there are two levels of groups.
    """

    effect: str
    groups: Integers
    means: Array
    spreads: Array
    names: tuple[str, ...] = ()
    whose: str = "groups"

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


def group_effects(result: AnyFitted, effect: str | int = 0, level: int | str = 0) -> GroupEffects:
    """One random effect of all groups, by name or place; of `level` 1, or by its name, such as "school:class", of inner groups.

    Errors: ModelError; ParameterError for an effect or a level that there is not.
    """
    model = mixed_model_of(result)
    designs, whose = model.known_layout.levels, model.known_layout.whose
    level = whose.index(level) if isinstance(level, str) and level in whose else level
    if not isinstance(level, int) or level not in range(len(designs)):
        named = f" ({', '.join(whose)})" if whose else ""
        raise ParameterError(f"level is {level!r}; groups have levels 0 to {len(designs) - 1}{named}, the outer one first.")
    names = designs[level].coefficient_names
    place = names.index(effect) if isinstance(effect, str) and effect in names else effect
    if not isinstance(place, int) or place not in range(len(names)):
        raise ParameterError(f"effect is {effect!r}; the random effects are {', '.join(names)}.")
    assert result.effects is not None
    told = result.effects.levels[level]
    means, spreads = told.means[:, place], np.sqrt(told.covariances[:, place, place])
    order = np.argsort(means, kind="stable")
    called = [_called(label) for label in told.labels] if level or _is_text(told.labels) else ()
    given = tuple(called[g] for g in order) if called else ()
    return GroupEffects(names[place], order, means[order], spreads[order], given, whose[level] if whose else "groups")


def _is_text(labels: Sequence[Any]) -> bool:
    return all(isinstance(label, str) for label in labels)


def _called(label: Any) -> str:
    """A label as text; of an inner group, behind that of its group."""
    if isinstance(label, tuple):
        return " / ".join(map(_called, label))
    return f"{label:g}" if isinstance(label, float) else str(label)
