"""Where to start from: parameters estimated from rough divisions of the rows, which the model makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.checks import check_count, is_count
from emkit.core.parameters import Parameters, leaves, replace_at
from emkit.data.chunk import as_float64
from emkit.data.source import RowSource
from emkit.data.subsample import in_standard_units
from emkit.errors import DataError, ModelError
from emkit.fitted import ModelOf
from emkit.models.divisions import ROUND
from emkit.models.kmeans import nearest_of
from emkit.models.mixture import AnyMixture, AnyMixtureParams
from emkit.models.narrowed import Narrowed
from emkit.models.order import kinds
from emkit.search.plan import MOST_STARTS, PLAN, Plan

P = TypeVar("P", bound=Parameters)
Given = Mapping[str, Array]
NOTHING: Given = MappingProxyType({})


@dataclass(frozen=True)
class Begin(Generic[P]):
    """Where a search begins: at the `first` starts; at `more`, if these do not agree. `seed` is that of its moves.

    `narrowed`: the problem in fewer columns that the starts are of, if all columns are not needed.
    """

    first: Sequence[P]
    more: Callable[[], Sequence[P]] | None = None
    seed: int = 0
    narrowed: Narrowed[P] | None = None

    def params(self, params: P) -> P:
        """Parameters that a search reaches, as those of the given problem."""
        return params if self.narrowed is None else self.narrowed.params(params)


def begin(
    model: ModelOf[P],
    source: RowSource,
    n_components: int,
    seed: int,
    starts: int | None = None,
    given: Given = NOTHING,
    plan: Plan = PLAN,
) -> Begin[P]:
    """So many `starts`; if None, as many as the data are worth, of which only the first are made if these agree.

    Starts differ by their seeds, and a round of seeds has starts of every kind: see `divisions`. Parameters `given` by dotted
    path replace those estimated. Errors: ModelError for a number of starts that cannot be; see `check_components`.
    """
    if starts is not None:
        check_count("the number of starts", starts, ModelError, most=MOST_STARTS)
    source = looked_at(model, source)
    if not any(path.startswith("components.") for path in given):
        narrowed = model.narrowed(source)
        if narrowed is not None:
            return replace(begin(narrowed.model, narrowed.source, n_components, seed, starts, given, plan), narrowed=narrowed)
    spread = partial(spread_starts, model, source, n_components, given=given)
    if n_components == 1:  # there is only one start
        return Begin(spread([seed]))
    first = seed * ROUND * ceil((starts or ROUND) / ROUND)  # so that another seed has other starts
    if starts is not None:
        return Begin(spread(range(first, first + starts)), None, seed)
    tried = spread(range(first, first + plan.first))
    if _all_one(tried):
        return Begin(tried[:1], None, seed)
    enough = plan.starts(int(source.rows), model.coordinates(tried[0]).size)
    more = partial(spread, range(first + plan.first, first + enough)) if enough > plan.first else None
    return Begin(tried[:enough], more, seed)


def _all_one(starts: Sequence[Parameters]) -> bool:
    """Whether starts are all the same since no two components have the same law, and could change places."""
    if any(len(alike) > 1 for alike in kinds(starts[0])):
        return False
    every = zip(*map(leaves, starts), strict=True)
    return all(np.array_equal(same[0].value, leaf.value) for same in every for leaf in same[1:])


def looked_at(model: ModelOf[P], source: RowSource) -> RowSource:
    """The rows as the passes of a search go over them: see `prepare`. Not where weights are shares: rows are counted then."""
    prepared: RowSource = source if source.total_weight < source.rows else model.prepare(source)
    return prepared


def check_components(source: RowSource, n_components: int) -> int:
    """The number of components as an int. Errors: DataError if it is not >= 1, or more than there are different rows."""
    n_components = component_number(n_components)
    distinct = _distinct(source, n_components)
    if distinct < n_components:
        rows = "is only 1 different row" if distinct == 1 else f"are only {distinct} different rows"
        raise DataError(f"{n_components} components were asked for but there {rows}; use at most {distinct}.")
    return n_components


def _distinct(source: RowSource, enough: int) -> int:
    """How many rows differ from each other; `enough` of them are not looked beyond."""
    seen = np.empty((0, len(source.columns)))
    for chunk in source.chunks():
        first, step = 0, 4 * enough
        while first < len(chunk.x) and len(seen) < enough:
            some = as_float64(chunk.x[first : first + step])
            seen = np.unique(np.concatenate([seen, np.where(np.isnan(some), np.inf, some)]), axis=0)  # gaps equal each other
            first, step = first + step, 4 * step
        if len(seen) >= enough:
            return enough
    return len(seen)


def component_number(n_components: Any) -> int:
    """The number of components as an int. Errors: DataError if it is not >= 1."""
    if not is_count(n_components):
        raise DataError(f"the number of components is {n_components!r}; it must be a whole number >= 1.")
    return int(n_components)


def spread_start(model: ModelOf[P], source: RowSource, n_components: int, seed: int) -> P:
    """One of `spread_starts`."""
    return spread_starts(model, source, n_components, [seed])[0]


def spread_starts(
    model: ModelOf[P], source: RowSource, n_components: int, seeds: Iterable[int], given: Given = NOTHING
) -> list[P]:
    """The model's start for each seed, with the parameters `given` by dotted path in place of those estimated."""
    n_components = check_components(source, n_components)
    return [replace_at(start, given) for start in model.starts(source.profile, n_components, seeds)]


def start_near(model: AnyMixture, source: RowSource, centres: Array) -> AnyMixtureParams:
    """Parameters estimated from a sample of the rows, each given to the nearest of the `centres` (K, d)."""
    some = source.profile.sample
    rows = as_float64(some.x)
    scaled, places = (in_standard_units(rows, some.weights, x) for x in (rows, centres))
    even = model.even(some.profile, len(centres))
    return model.estimated(some.whole, even, nearest_of(scaled, places))
