"""Where to start a mixture: parameters estimated from a rough division of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.checks import is_count
from emkit.core.parameters import replace_at
from emkit.data.source import ArraySource, Chunk
from emkit.data.subsample import in_standard_units, subsample
from emkit.errors import DataError
from emkit.families.linear import linear_form
from emkit.models.compiled import divided, worth_compiling
from emkit.models.mixture import AnyMixture, AnyMixtureParams, MixtureParams, MixtureStats
from emkit.search.kmeans import nearest_of, spread_out

Given = Mapping[str, Array]
NOTHING: Given = MappingProxyType({})
BLUR = 0.1  # share of every row that is spread evenly over all components, so that none starts out degenerate


def check_components(source: ArraySource, n_components: int) -> int:
    """The number of components as an int. Errors: DataError if it is not >= 1, or more than there are different rows."""
    if not is_count(n_components):
        raise DataError(f"the number of components is {n_components!r}; it must be a whole number >= 1.")
    looked_at = 0
    distinct = 0
    while distinct < n_components and looked_at < source.rows:
        looked_at = min(max(4 * looked_at, 4 * int(n_components)), source.rows)
        distinct = len(np.unique(source.x[:looked_at], axis=0))
    if distinct < n_components:
        rows = "is only 1 different row" if distinct == 1 else f"are only {distinct} different rows"
        raise DataError(f"{n_components} components were asked for but there {rows}; use at most {distinct}.")
    return int(n_components)


def even_start(model: AnyMixture, source: ArraySource, n_components: int) -> AnyMixtureParams:
    """Components that are all alike, each estimated from all rows: good for counting parameters, not for EM."""
    return MixtureParams(np.full(n_components, 1 / n_components), model.family.pooled(source, n_components))


def spread_start(model: AnyMixture, source: ArraySource, n_components: int, seed: int) -> AnyMixtureParams:
    """One of `spread_starts`."""
    return spread_starts(model, source, n_components, [seed])[0]


def spread_starts(
    model: AnyMixture, source: ArraySource, n_components: int, seeds: Iterable[int], given: Given = NOTHING
) -> list[AnyMixtureParams]:
    """For each seed, parameters estimated from a division of the rows among centres that lie far apart: see `spread_out`.

    Columns count in units of their standard deviation. All starts look at the same `subsample`.
    Parameters `given` by dotted path replace those estimated.
    """
    n_components = check_components(source, n_components)
    some = subsample(source)
    if n_components == 1:
        return [replace_at(MixtureParams(np.ones(1), model.family.pooled(some, 1)), given) for _ in seeds]
    even = even_start(model, some, n_components)
    scaled = in_standard_units(some, some.x)
    divisions = [spread_out(scaled, some.weights, n_components, seed) for seed in seeds]
    return [replace_at(estimated(model, Chunk(some.x, some.weights), even, nearest), given) for nearest in divisions]


def start_near(model: AnyMixture, source: ArraySource, centres: Array) -> AnyMixtureParams:
    """Parameters estimated from a `subsample` of the rows, each given to the nearest of the `centres` (K, d)."""
    some = subsample(source)
    nearest = nearest_of(in_standard_units(some, some.x), in_standard_units(some, centres))
    return estimated(model, Chunk(some.x, some.weights), even_start(model, some, len(centres)), nearest)


def estimated(model: AnyMixture, chunk: Chunk, like: AnyMixtureParams, nearest: Integers) -> AnyMixtureParams:
    """Parameters (of the shapes of `like`) estimated from rows of which each mostly belongs to one component (n,)."""
    n_components = len(like.proportions)
    large = worth_compiling(chunk.x, n_components)
    form = linear_form(model.family, like.components) if large else None
    if form is not None:
        sums = divided(form, chunk, nearest, n_components)
        sums = (1 - BLUR) * sums + BLUR / n_components * sums.sum(axis=0)
        return model.m_step(MixtureStats(sums[:, 0].copy(), form.statistics(sums, chunk)), like)
    weights = np.full((len(chunk.x), n_components), BLUR / n_components)
    weights[np.arange(len(chunk.x)), nearest] += 1 - BLUR
    weights *= chunk.weights[:, None]
    statistics = model.family.statistics(like.components, chunk.x, weights)
    return model.m_step(MixtureStats(weights.sum(axis=0), statistics), like)
