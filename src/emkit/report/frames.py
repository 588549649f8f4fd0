"""A fit as columns, for data frames: its estimates, itself in one line, and its rows with what it says of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.core.axes import COLUMN, COMPONENT, LEVEL, component_name, singular
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import leaves
from emkit.data.frames import Columns
from emkit.data.stand_ins import refuse_stand_ins
from emkit.inference.classification import likeliest
from emkit.models.around import bare
from emkit.models.order import component_count
from emkit.models.told_effects import EffectsTold
from emkit.report.labels import in_one_order, is_covariance, others_of, own_label, places_of, spread_of

if TYPE_CHECKING:
    from emkit.core.arrays import Array
    from emkit.core.parameters import Leaf
    from emkit.data.source import RowSource
    from emkit.fitted import AnyFitted
    from emkit.inference import Classification, StandardErrors
    from emkit.models.assignment import Posterior


def estimates(result: AnyFitted, errors: StandardErrors | None = None) -> Columns:
    """A row for each number: parameter, column, level, component (by name, or from 1), estimate, std_error, and its path.

    The column of a coefficient is the covariate that it is of; behind the column of a state space, states go by their names.
    Fixed effects that a restricted likelihood is integrated over stand before the parameters.
    """
    coordinates, beside = Coordinates(result.params), _integrated(result)
    paths = coordinates.entry_names(result.params)
    named = [*((singular("fixed"), name, None, None) for name in beside.names), *_named(result)]
    found: Columns = {key: [row[i] for row in named] for i, key in enumerate(("parameter", "column", "level", "component"))}
    found["estimate"] = np.concatenate([beside.fixed, coordinates.entries(result.params)])
    if errors is not None:
        known = dict(zip(errors.names, errors.errors.tolist(), strict=True))
        found["std_error"] = np.concatenate([np.sqrt(np.diag(beside.covariance)), [known.get(path, np.nan) for path in paths]])
    return {**found, "path": [*(f"fixed[{j}]" for j in range(len(beside.names))), *paths]}


def _integrated(result: AnyFitted) -> EffectsTold:
    """What the likelihood is integrated over, and is no parameter; nothing of most fits."""
    nothing = EffectsTold((), np.zeros(0), np.zeros((0, 0)), (), integrated=False)
    return result.effects if result.effects is not None and result.effects.integrated else nothing


def _named(result: AnyFitted) -> Iterator[tuple[str, str | None, str | None, int | str | None]]:
    source, axes = result.source, bare(result.model).axis_names
    for leaf in leaves(result.params):
        for index in leaf.space.entry_indices(leaf.value.shape):
            own = own_label(result.params, leaf, index)
            yield (own.what, None, None, None) if own is not None else _entry(leaf, index, source, axes)


def _entry(
    leaf: Leaf, index: tuple[int, ...], source: RowSource, axes: Mapping[str, Sequence[str]]
) -> tuple[str, str | None, str | None, int | str | None]:
    index = in_one_order(leaf, index)
    at = places_of(leaf, index)
    columns = [source.columns[j] if j < len(source.columns) else f"column {j}" for j in at[COLUMN]]
    what = singular(leaf.path.rpartition(".")[2])
    named = leaf.told or any(axis in axes for axis, _ in leaf.places(index))
    columns += others_of(leaf, index, at, axes) if named else []  # covariates, effects, states
    if is_covariance(leaf) and len(columns) == 2:
        what, columns = spread_of(columns), list(dict.fromkeys(columns))
    names = leaf.levels or (source.levels[at[COLUMN][0]] if at[COLUMN] and at[COLUMN][0] < len(source.levels) else None)
    levels = [names[code] if names is not None and code < len(names) else str(code) for code in at[LEVEL]]
    component = component_key(at[COMPONENT][0], source.component_names) if at[COMPONENT] else None
    return what, ", ".join(columns) or None, ", ".join(levels) if levels else None, component


def in_one_line(result: AnyFitted, told: Classification | None) -> Columns:
    """What one asks of a fit first, one value each; what the components make of the rows, if that is `told`."""
    entropy = {} if told is None else {"icl": result.icl, "relative_entropy": told.relative_entropy}
    facts = {
        "components": component_count(result.params),
        "rows": result.rows,
        "log_likelihood": result.log_likelihood,
        **({"is_pseudo": True} if result.model.is_pseudo else {}),
        "free_parameters": result.free_parameters,
        "aic": result.aic,
        "bic": result.bic,
        **entropy,
        "converged": result.converged,
        "iterations": result.iterations,
        "evaluations": result.evaluations,
    }
    return {name: [value] for name, value in facts.items()}


def of_rows(source: RowSource) -> Columns:
    """The rows themselves, codes of levels by their names. Errors: ModelError if they stand for others."""
    refuse_stand_ins(source, "no row can be shown: fit the rows themselves.")
    x = np.concatenate([chunk.x for chunk in source.chunks()])
    return {name: _by_name(x[:, j], source.levels[j]) for j, name in enumerate(source.columns)}


def _by_name(codes: Array, names: tuple[str, ...] | None) -> Any:
    return codes if names is None else [None if np.isnan(code) else names[int(code)] for code in codes]


def component_key(k: int, names: Sequence[str]) -> int | str:
    """A component in a column of a frame: its name where components were given names, else its number, counted from 1."""
    return component_name(k, names) if names else k + 1


def assigned(found: Posterior, names: Sequence[str] = ()) -> Columns:
    """What a fit says of each row: its likeliest component and the probability of each component.

    Components go by their `names`, or are counted from 1. A row that is impossible under every component has no name, or
    component 0, and no probabilities (NaN).
    """
    shares = found.responsibilities
    number = shares.shape[1]
    keys = [None if names else 0, *(component_key(k, names) for k in range(number))]
    places = likeliest(shares) + 1
    column = [keys[place] for place in places] if names else places
    return {"component": column, **{f"probability_{component_name(k, names)}": shares[:, k] for k in range(number)}}
