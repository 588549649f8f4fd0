"""Squared extrapolation (SQUAREM) of several runs side by side, each as far as it moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Mask, readonly
from emkit.core.coordinates import Scale
from emkit.core.parameters import Leaf, get_at, leaves, replace_at, with_trusted
from emkit.core.protocols import MapReduce
from emkit.core.solvers.extrapolation import ROUNDING
from emkit.data.source import RowSource
from emkit.errors import ParameterError
from emkit.models.together import Heights, Several, Together

Scales = Mapping[str, Scale]


LONGEST, GROWTH = 4.0, 4.0  # the first bound on the length of a step, and by how much a good one that hits it lets it grow


class Pass(NamedTuple):
    """One evaluation of several runs: where they stood, how high that is, and whether EM led there.

    What is no step of EM is a guess: runs for which it lies lower than they stood have no height there (NaN).
    """

    runs: Several[Any]
    heights: Heights
    is_step: bool
    ends_round: bool = False


def squared_steps(first: Several[Any], source: RowSource, map_reduce: MapReduce) -> Iterator[Pass]:
    """The evaluations of several runs, without end, in rounds: two EM steps, and a guess where runs are side by side.

    Where a guess is lower, a run goes on where EM led.
    """
    here = first
    longest = np.full(len(first), LONGEST)
    while True:
        height, once = here.step(source, map_reduce)
        yield Pass(here, height, True)
        height, twice = once.step(source, map_reduce)
        yield Pass(once, height, True, ends_round=True)
        start, here = here, twice
        if not (isinstance(start, Together) and isinstance(once, Together) and isinstance(twice, Together)):
            continue
        guess, length = extrapolated(start, once, twice, longest)
        inside = guess.within(twice, source.profile)
        if not inside.all():
            guess = chosen(inside, guess, twice)
        tried = inside & (length > 1)
        found = guess.attempt(source, map_reduce) if tried.any() else None
        if found is None:
            continue
        reached, landed = found
        good = tried & (reached.objective >= height.objective - ROUNDING * (1 + np.abs(height.objective)))
        longest = np.where(good & (length == longest), GROWTH * longest, np.where(tried & ~good, longest / 2, longest))
        yield Pass(guess, Heights(*(np.where(good, each, np.nan) for each in reached)), False)
        here = chosen(good, landed, twice)


def extrapolated(
    start: Together[Any], once: Together[Any], twice: Together[Any], longest: Array
) -> tuple[Together[Any], Array]:
    """Where runs may go that EM leads from `start` to `once` and `twice`, and their lengths of step, at most `longest` (S,).

    Scheme S1, with half of S3 where EM picks up speed: see `Squarem`. A run whose guess overflows, and one whose length is 1,
    is where EM led.
    """
    scales = start.beside.family.scales(start.components)
    first, second, third = (_coordinates(runs, scales) for runs in (start, once, twice))
    moving = np.isfinite(first) & np.isfinite(second) & np.isfinite(third)
    with np.errstate(invalid="ignore"):
        change = np.where(moving, second - first, 0.0)
        bend = np.where(moving, third - second, 0.0) - change
    length = np.maximum(np.minimum(_best_length(change, bend), longest), 1.0)
    guess = np.where(moving, first + 2 * length[:, None] * change + (length**2)[:, None] * bend, third)
    guess[length == 1] = third[length == 1]
    try:
        return _at(twice, guess, scales), length
    except (ParameterError, np.linalg.LinAlgError):  # one of them overflowed
        return twice, np.ones(len(twice))


def chosen(mask: Mask, one: Together[Any], other: Together[Any]) -> Together[Any]:
    """Of each run the one where the `mask` (S,) is true, the other where it is not."""
    each = np.repeat(mask, one.number)
    pairs = zip(leaves(one.components), leaves(other.components), strict=True)
    values = {a.path: np.where(each.reshape(-1, *(1,) * (a.value.ndim - 1)), a.value, b.value) for a, b in pairs}
    runs = tuple(a if first else b for first, a, b in zip(mask, one.runs, other.runs, strict=True))
    return replace(one, runs=runs, components=replace_at(one.components, values))


def _best_length(change: Array, bend: Array) -> Array:
    square, moved = (bend**2).sum(axis=1), (change**2).sum(axis=1)
    slowing = -(change * bend).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(slowing > 0, slowing / square, 0.5 * np.sqrt(moved / square))
    return np.where(square > 0, found, 1.0)


def _belonging(runs: Together[Any]) -> list[Leaf]:
    """The parameters that say who belongs where, those of all runs in one array (S, ...)."""
    own = (leaf for leaf in leaves(runs.runs[0]) if not leaf.path.startswith("components."))
    return [leaf._replace(value=np.stack([get_at(run, leaf.path) for run in runs.runs])) for leaf in own]


def _alike(parameters: Iterable[Leaf], scales: Scales) -> list[list[Leaf]]:
    """Those of one space, shape and scale in one list: such as the answers to each of many questions."""
    found: dict[Any, list[Leaf]] = {}
    for leaf in parameters:
        found.setdefault((leaf.space, leaf.value.shape, leaf.path if leaf.path in scales else ""), []).append(leaf)
    return list(found.values())


def _coordinates(runs: Together[Any], scales: Scales) -> Array:
    """The free coordinates of each run, shape (S, p)."""
    parts = [leaf.space.pack(leaf.value).reshape(len(runs), -1) for leaf in _belonging(runs)]
    for group in _alike(leaves(runs.components), scales):
        values, scale = np.array([leaf.value for leaf in group]), scales.get(group[0].path)
        with np.errstate(divide="ignore"):
            packed = group[0].space.pack(values if scale is None else (values - scale.origin) / scale.unit)
        parts += list(packed.reshape(len(group), len(runs), -1))
    return np.concatenate(parts, axis=1)


def _at(like: Together[Any], coordinates: Array, scales: Scales) -> Together[Any]:
    """The runs at these coordinates (S, p). Errors: ParameterError if one of them overflows."""
    start = 0
    belonging, components = {}, {}
    own = [[leaf] for leaf in _belonging(like)]
    for i, group in enumerate([*own, *_alike(leaves(like.components), scales)]):
        space, shape = group[0].space, group[0].value.shape
        size = space.size(shape) // len(like)
        some = coordinates[:, start : start + len(group) * size].reshape(len(like), len(group), size)
        with np.errstate(over="ignore", invalid="ignore"):
            values = space.unpack(some.swapaxes(0, 1).ravel(), (len(group), *shape))
        start += len(group) * size
        if i < len(own):
            belonging[group[0].path] = readonly(values[0])
            continue
        scale = scales.get(group[0].path)
        moved = values if scale is None else scale.origin + scale.unit * values
        components.update({leaf.path: value for leaf, value in zip(group, moved, strict=True)})
    place = with_trusted if not any("." in path for path in belonging) else _replaced
    runs = tuple(place(run, **{path: value[s] for path, value in belonging.items()}) for s, run in enumerate(like.runs))
    return replace(like, runs=runs, components=replace_at(like.components, components))


def _replaced(params: Any, **changes: Array) -> Any:
    return replace_at(params, changes)
