"""What a fit tells of the effects of a mixed model: the fixed ones, and the random ones of groups by their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.validate import Kind, kind_of
from emkit.errors import DataError, some_of
from emkit.markup import Tabled, ToldTable

NUMBERS, TEXT = "numbers", "text"  # what labels are


@dataclass(frozen=True, repr=False)
class EffectsOfLevel(Tabled):
    """Random effects of the groups of one level, given their rows and the estimates.

    `names` (r,) of the effects and `labels` (G,) of the groups, those of inner groups with the label of their group before
    them; `means` (G, r) and `covariances` (G, r, r) of the effects.
    """

    names: tuple[str, ...]
    labels: tuple[Any, ...]
    means: Array
    covariances: Array

    def of_rows(self, given: Sequence[Any], rows: Integers) -> Array:
        """The means (n, r) of rows whose groups have these labels; 0 of groups that the fit does not know.

        `rows` (n,) are their places among the data. Errors: DataError for a gap, and for a label of another type than those
        of the fit, which none of its groups could have.
        """
        place = {label: g for g, label in enumerate(self.labels)}
        known = [_sorts(labels) for labels in zip(*map(_parts, self.labels), strict=True)]
        found = np.zeros((len(given), len(self.names)))
        for i, label in enumerate(map(plain_label, given)):
            g = place.get(label)
            if g is not None:
                found[i] = self.means[g]
            else:
                _refuse(label, known, int(rows[i]), self.labels)
        return found

    def _as_table(self) -> ToldTable:
        spreads = np.sqrt(np.einsum("grr->gr", self.covariances))
        columns: dict[str, list[Any]] = {"group": [*map(str, self.labels)]}
        for name, mean, spread in zip(self.names, self.means.T, spreads.T, strict=True):
            columns |= {name: mean.tolist(), f"sd of {name}": spread.tolist()}
        return ToldTable(f"Random effects of {len(self.labels):,} groups", columns)


@dataclass(frozen=True, repr=False)
class EffectsTold(Tabled):
    """The fixed effects by `names` (p,), `fixed` (p,), their `covariance` (p, p), and random effects of each of the `levels`.

    `integrated`: fixed effects are no parameters, as the likelihood is integrated over them.
    """

    names: tuple[str, ...]
    fixed: Array
    covariance: Array
    levels: tuple[EffectsOfLevel, ...]
    integrated: bool

    def _as_table(self) -> ToldTable:
        errors = np.sqrt(np.diag(self.covariance))
        columns = {"effect": self.names, "estimate": self.fixed.tolist(), "std. error": errors.tolist()}
        numbers = ", ".join(f"{len(level.labels):,}" for level in self.levels)
        return ToldTable("Fixed effects", columns, [f"levels has random effects of {numbers} groups"] if self.levels else [])


def gathered(model: Any, params: Any, source: Any, integrated: bool) -> EffectsTold:
    """What a mixed `model` (an `OfGroups`) tells of all groups of these rows."""
    layout, fixed = model.known_layout, model.fixed_effects(params, source)
    found = []
    for level, names in enumerate(layout.effect_names):
        each = [model.effects_of(params, chunk, fixed.values, level) for chunk in source.chunks()]
        means, covariances = (np.concatenate(parts) for parts in zip(*each, strict=True))
        labels = outer_labels(source) if level == 0 else _inner_labels(model, source)
        found.append(EffectsOfLevel(names, labels, means, covariances))
    return EffectsTold(layout.fixed.coefficient_names, fixed.values, fixed.covariance, tuple(found), integrated)


def outer_labels(source: Any) -> tuple[Any, ...]:
    """What groups are called: by their labels or, if rows came without, counted from 0."""
    number = 0 if source.groups is None else len(source.groups) - 1
    return tuple(map(plain_label, source.group_labels or range(number)))


def _inner_labels(model: Any, source: Any) -> tuple[Any, ...]:
    """What inner groups are called, each with its group, in the order of `effects_of`."""
    outer, place, first = outer_labels(source), model.known_layout.within, 0
    names, found = source.levels[place], []
    for chunk in source.chunks():
        of, codes = model.units(chunk)
        pairs = zip((of + first).tolist(), codes.tolist(), strict=True)
        found += [(outer[group], names[int(code)] if names else code) for group, code in pairs]
        first += len(chunk.bounds) - 1
    return tuple(found)


def plain_label(label: Any) -> Any:
    """A label as files hold it: a number, a truth or text as it is, others (such as dates) as text; of inner groups, both."""
    if isinstance(label, tuple):
        return tuple(map(plain_label, label))
    if isinstance(label, np.generic):
        label = label.item()
    return label if isinstance(label, str | int | float) or kind_of(label) is Kind.GAP else str(label)


def _parts(label: Any) -> tuple[Any, ...]:
    return label if isinstance(label, tuple) else (label,)


def _sort(label: Any) -> str:
    return TEXT if isinstance(label, str) else NUMBERS


def _sorts(labels: Sequence[Any]) -> set[str]:
    return {_sort(label) for label in labels}


def _refuse(label: Any, known: Sequence[set[str]], row: int, labels: Sequence[Any]) -> None:
    """Errors: DataError for a label that no group of the fit could have."""
    parts = _parts(label)
    if any(kind_of(part) is Kind.GAP for part in parts):
        raise DataError(
            f"the group of row {row} is missing: give every row the label of its group, or predict without random effects "
            "(random=False)."
        )
    for k, (part, sorts) in enumerate(zip(parts, known, strict=True)):
        if _sort(part) not in sorts:
            (those,) = sorts
            example = some_of([*dict.fromkeys(repr(_parts(each)[k]) for each in labels)])
            raise DataError(
                f"the group of row {row} is {part!r}, and labels of groups in the fit are {those} ({example}): give labels of "
                "the same type, since no group of the fit could have this one."
            )
