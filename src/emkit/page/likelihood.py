"""The log-likelihood as a page draws it: over pairs of parameters, and with its bound along every step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters, leaves
from emkit.core.protocols import Source
from emkit.core.spaces import Positive, Probability, Simplex
from emkit.data.chunk import Chunk
from emkit.data.source import ArraySource
from emkit.explain.symbols import Symbols
from emkit.models.hidden_markov import HiddenMarkovParams
from emkit.models.mixture import MixtureParams
from emkit.models.order import component_leaves
from emkit.page.walk import Walk
from emkit.teach.why.bound import bound_curve
from emkit.views.entries import value_of, with_entries
from emkit.views.profile import log_likelihood_at

GRID = 33
GRID_IN_SEQUENCE = 21  # where every point is a pass along sequences
MOST_ROWS = 2_000  # beyond, pictures are drawn from a sample
MOST_PAIRS = 3
ALONG = np.arange(-3, 22) / 12  # where the line of a step is looked at; 0 and 1 are among the places
DIGITS = 5
MOVES = ("transitions[0, 1]", "transitions[1, 0]")


def drawn_from(walk: Walk) -> Source[Chunk]:
    """The rows that pictures are drawn from: all, or a sample whose weights stand for all."""
    source: Source[Chunk] = walk.subject.source
    if not isinstance(source, ArraySource) or source.rows <= MOST_ROWS:
        return source
    if not walk.rows_alone:
        return _beginning(source)
    chosen = np.sort(np.random.default_rng(0).choice(source.rows, MOST_ROWS, replace=False))
    weights = source.weights[chosen]
    return ArraySource(source.x[chosen], weights * (source.total_weight / weights.sum()), source.columns)


def _beginning(source: ArraySource) -> ArraySource:
    """The first rows of sequences, the last of them perhaps cut short, with weights that stand for all."""
    bounds = source.groups if source.groups is not None else np.array([0, source.rows])
    labels = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))[:MOST_ROWS]
    weights = source.weights[:MOST_ROWS]
    return ArraySource(source.x[:MOST_ROWS], weights * (source.total_weight / weights.sum()), source.columns, groups=labels)


def landscapes(walk: Walk, source: Source[Chunk]) -> list[Json]:
    """The log-likelihood over pairs of parameters, the others held where the walk ends.

    Each: names `x` and `y`, grids `xs`, `ys`, and `z` (y, x); `y` is None and `z` a list where one parameter is all there is.
    """
    end = walk.path[-1]
    em: EMMap[Parameters] = EMMap(walk.subject.model, source, end)
    free = em.coordinates.entry_names(end)
    return [_landscape(walk, em, pair, free) for pair in islice(_pairs(end, free), MOST_PAIRS)]


def _pairs(params: Parameters, free: list[str]) -> Iterator[tuple[str, ...]]:
    """Which parameters to look at, the most telling first."""
    if isinstance(params, HiddenMarkovParams):
        leaf = next(leaf for leaf in component_leaves(params) if leaf.path.startswith("components."))
        tail = [0] * (leaf.value.ndim - 1)
        wanted = [tuple(f"{leaf.path}[{', '.join(map(str, [k, *tail]))}]" for k in (0, 1)), MOVES]
        yield from (pair for pair in wanted if set(pair) <= set(free))
        return
    if not isinstance(params, MixtureParams):
        free = free[:-1] if len(free) > 1 else free  # the last of a simplex follows from the others
        yield tuple(free[:2])
        if len(free) > 2:
            yield free[0], free[2]
        return
    proportion = "proportions[0]"
    leaf = next(leaf for leaf in component_leaves(params) if leaf.path != "proportions")
    tail = [0] * (leaf.value.ndim - 1)
    one, other = (f"{leaf.path}[{', '.join(map(str, [k, *tail]))}]" for k in (0, 1))
    next_column = f"{leaf.path}[{', '.join(map(str, [0, 1, *tail[1:]]))}]"
    wanted = [(one, other), (one, next_column), (proportion, one), (proportion, other)]
    found = [pair for pair in wanted if set(pair) <= set(free)]
    rest = [entry for entry in free if not entry.startswith("proportions")] or free
    yield from found
    if not found and rest:
        yield tuple(rest[:2])


def _landscape(walk: Walk, em: EMMap[Parameters], pair: tuple[str, ...], free: list[str]) -> Json:
    end, names = walk.path[-1], Symbols.of(walk.subject).entries(walk.path[-1])
    axes = [_axis(walk, entry, GRID if walk.rows_alone else GRID_IN_SEQUENCE) for entry in pair]
    heights = [log_likelihood_at(em, with_entries(end, dict(zip(pair[::-1], at, strict=True)))) for at in product(*axes[::-1])]
    moving = {entry.partition("[")[0] for entry in pair if entry.startswith(("proportions", "groups", "transitions"))}
    held = [entry for entry in free if entry not in pair and entry.partition("[")[0] not in moving]
    return {
        "x": names[pair[0]],
        "y": names[pair[1]] if len(pair) > 1 else None,
        "xs": brief(axes[0]),
        "ys": brief(axes[1]) if len(pair) > 1 else None,
        "z": brief(np.reshape(heights, [len(axis) for axis in reversed(axes)])),
        "held": {names[entry]: brief_number(value_of(end, entry)) for entry in held},
        "sampled": em.source is not walk.subject.source,
    }


def _axis(walk: Walk, entry: str, number: int) -> Array:
    """The stretch of a parameter to look at: all of it for a probability, else the walk's own with room on both sides."""
    space = next(leaf.space for leaf in leaves(walk.path[0]) if leaf.path == entry.partition("[")[0])
    if isinstance(space, Probability | Simplex):
        return np.linspace(0.01, 0.99, number)
    seen = [value_of(params, entry) for params in walk.path]
    low, high = min(seen), max(seen)
    room = max(0.6 * (high - low), 0.15 * max(abs(low), abs(high)), 1e-6)
    positive = isinstance(space, Positive) or "variance" in Symbols.of(walk.subject).entries(walk.path[0])[entry]
    return np.linspace(max(low - room, 0.2 * low) if positive else low - room, high + room, number)


def bounds(walk: Walk, source: Source[Chunk]) -> list[Json]:
    """For each step, log-likelihood `l` and bound `b` at places `s` of its line, less the log-likelihood where it begins.

    No places if the step does not move.
    """
    return [_bound(walk, source, before, after) for before, after in (step.params for step in walk.steps)]


def _bound(walk: Walk, source: Source[Chunk], before: Parameters, after: Parameters) -> Json:
    if _same(before, after):
        return {"s": [], "l": [], "b": []}
    curve = bound_curve(walk.subject.model, source, before, after, s=ALONG)
    kept = np.isfinite(curve.log_likelihood) & np.isfinite(curve.bound)
    begin = curve.at(0)[0]
    heights = {"l": curve.log_likelihood[kept] - begin, "b": curve.bound[kept] - begin}
    return {"s": brief(curve.s[kept], 4), **{name: brief(height) for name, height in heights.items()}}


def _same(one: Parameters, other: Parameters) -> bool:
    """Whether two sets of parameters are the same to about ten digits."""
    pairs = zip(leaves(one), leaves(other), strict=True)
    return all(np.allclose(a.value, b.value, rtol=1e-10, atol=1e-12) for a, b in pairs)


def brief(values: Array, digits: int = DIGITS) -> list[object]:
    """Numbers of a picture with as many significant digits as it needs, as lists of lists; None for what is not finite."""
    return [brief(item, digits) if item.ndim else brief_number(item, digits) for item in values]


def brief_number(value: float, digits: int = DIGITS) -> float | None:
    """One number, likewise."""
    return float(f"{value:.{digits}g}") if np.isfinite(value) else None
