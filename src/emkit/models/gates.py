"""Which component there is, by covariates: the multinomial logits of models, of one choice or of one for each state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import as_float64
from emkit.data.framed_design import Column, frame_of, place_of, plain_frame
from emkit.data.multinomial_logits import Bound, MultinomialLogits
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError
from emkit.families.conditional import leaves_others
from emkit.families.family import Family, per_mass, safe_log, slope_of_log


@dataclass(frozen=True)
class Gate(MultinomialLogits):
    """The covariates of proportions: see `MultinomialLogits`."""


class FirstStates(Protocol):
    """What the first state of a sequence depends on, `Gate` or nothing: `initial` are the parameters of that."""

    def log_proportions(self, initial: Array, x: Array) -> Array: ...

    def sums(self, x: Array, counts: Array, proportions: Array) -> Any: ...

    def moved(self, sums: Any, before: Array, now: Array) -> Array: ...

    def bound(self, sums: Any, before: Array, now: Array) -> Bound: ...


class Unconditional(FirstStates):
    """Nothing: `initial` is a distribution."""

    def log_proportions(self, initial: Array, x: Array) -> Array:
        return np.broadcast_to(safe_log(initial), (len(x), len(initial)))

    def sums(self, x: Array, counts: Array, proportions: Array) -> Any:
        return counts.sum(axis=0)

    def moved(self, sums: Any, before: Array, now: Array) -> Array:
        return per_mass(sums, sums.sum(), before)

    def bound(self, sums: Any, before: Array, now: Array) -> Bound:
        return Bound(float((sums * safe_log(now)).sum()), slope_of_log(sums, now))


def columns_of(covariates: Any) -> tuple[Column, ...]:
    """Covariates as a tuple of names or places, of one or several that were given."""
    return (covariates,) if isinstance(covariates, str | int) else tuple(covariates)


def gate_on(covariates: Sequence[Column], profile: AnyProfile, intercept: bool = True) -> Gate:
    """The gate of covariates found in the data. Errors: DataError for one that is not there, or dependent."""
    places = tuple(place_of(column, profile, "gate") for column in covariates)
    names = tuple(profile.columns[place] for place in places)
    return Gate(places, names, intercept, *frame_of(profile, places, intercept))


def plain_gate(covariates: Sequence[Column], intercept: bool = True) -> Gate:
    """The gate of covariates as they are. Errors: ModelError while they are known by name only."""
    for column in covariates:
        if isinstance(column, str):
            raise ModelError(f"where {column!r} lies is not known before there are data: settled(profile) finds it.")
    places: Any = tuple(covariates)
    names = tuple(f"column {place}" for place in places)
    return Gate(places, names, intercept, *plain_frame(len(places) + intercept, intercept))


def refuse_varying(gate: Gate, source: Any) -> None:
    """Raise DataError for a covariate of the gate that is missing, or not the same in all rows of a group."""
    places, before = list(gate.places), 0
    for chunk in source.chunks():
        rows = as_float64(chunk.x)[:, places]
        for row, j in np.argwhere(np.isnan(rows))[:1]:
            raise DataError(f"{source.place(chunk.start + int(row), places[j])} is missing: classes depend on it.")
        if chunk.groups is None:
            continue
        first = np.repeat(chunk.groups[:-1], np.diff(chunk.groups))
        for row, j in np.argwhere(rows != rows[first])[:1]:
            place, group = source.place(chunk.start + int(row), places[j]), before + int((chunk.groups[1:] <= row).sum())
            whose = f" {source.group_labels[group]!r}" if source.group_labels else ""
            raise DataError(
                f"{place} is {rows[row, j]:g}, and {rows[first[row], j]:g} in the first row of its group{whose}. All rows of a "
                "group come from one component, so the covariates of the gate must be the same in all of them."
            )
        before += len(chunk.groups) - 1


def refuse_whole_rows(family: Family[Any, Any], example: str) -> None:
    """Raise ModelError if the family describes whole rows, covariates among them; the `example` says which columns."""
    if not leaves_others(family):
        raise ModelError(
            f"{family!r} describes whole rows, the covariates of the gate among them. Say which columns it describes, as in "
            f"{example}."
        )
