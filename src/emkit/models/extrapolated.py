"""Squared extrapolation (SQUAREM) of several runs side by side, each as far as it moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


class Group(NamedTuple):
    """Parameters of several runs (S, ...), all of one space and shape, and the scale of their coordinates."""

    parameters: list[Leaf]
    scale: Scale | None

    @property
    def size(self) -> int:
        """How many coordinates they have, of all runs together."""
        first = self.parameters[0]
        return len(self.parameters) * first.space.size(first.value.shape)

    def packed(self, runs: int) -> Array:
        """The coordinates of each parameter, shape (G, S, m)."""
        values = np.array([leaf.value for leaf in self.parameters])
        with np.errstate(divide="ignore"):
            packed = self.parameters[0].space.pack(
                values if self.scale is None else (values - self.scale.origin) / self.scale.unit
            )
        return packed.reshape(len(self.parameters), runs, -1)

    def unpacked(self, coordinates: Array) -> Iterator[tuple[str, Array]]:
        """The parameters by path at these coordinates (S, G m)."""
        number, first = len(self.parameters), self.parameters[0]
        each = coordinates.reshape(len(coordinates), number, -1).swapaxes(0, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            values = first.space.unpack(each.ravel(), (number, *first.value.shape))
        moved = values if self.scale is None else self.scale.origin + self.scale.unit * values
        yield from zip((leaf.path for leaf in self.parameters), moved, strict=True)


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


def _groups(runs: Together[Any], scales: Scales) -> tuple[list[Group], list[Group]]:
    """The parameters that say who belongs where, and those of components, in the order of the coordinates.

    Those of one space, shape and scale stand together: such as the answers to each of many questions.
    """
    alike: dict[Any, list[Leaf]] = {}
    for leaf in leaves(runs.components):
        alike.setdefault((leaf.space, leaf.value.shape, leaf.path if leaf.path in scales else ""), []).append(leaf)
    belonging = [Group([leaf], None) for leaf in _belonging(runs)]
    return belonging, [Group(each, scales.get(each[0].path)) for each in alike.values()]


def _coordinates(runs: Together[Any], scales: Scales) -> Array:
    """The free coordinates of each run, shape (S, p)."""
    return np.concatenate([part for groups in _groups(runs, scales) for group in groups for part in group.packed(len(runs))], 1)


def _at(like: Together[Any], coordinates: Array, scales: Scales) -> Together[Any]:
    """The runs at these coordinates (S, p). Errors: ParameterError if one of them overflows."""
    belonging, components = _groups(like, scales)
    ends = np.cumsum([group.size // len(like) for group in (*belonging, *components)])
    parts = iter(np.split(coordinates, ends[:-1], axis=1))
    shares = {path: readonly(value) for group in belonging for path, value in group.unpacked(next(parts))}
    place = with_trusted if not any("." in path for path in shares) else _replaced
    runs = tuple(place(run, **{path: value[s] for path, value in shares.items()}) for s, run in enumerate(like.runs))
    values = {path: value for group in components for path, value in group.unpacked(next(parts))}
    return replace(like, runs=runs, components=replace_at(like.components, values))


def _replaced(params: Any, **changes: Array) -> Any:
    return replace_at(params, changes)
