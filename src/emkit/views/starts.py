"""Many starts on one map: which of them end at the same optimum, and how far the optima are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.coordinates import Coordinates
from emkit.core.engine import Record
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.core.restarts import SAME, Restarts
from emkit.errors import ModelError
from emkit.fitted import AnyFitted, turned
from emkit.models.belonging import Belonging
from emkit.models.frozen import bare
from emkit.models.order import can_be_reordered, component_count, entries_of_components, kinds, reordered
from emkit.models.told_apart import order_of

P = TypeVar("P", bound=Parameters)
SAME_PLACE = 0.02  # in units of the spread of the parameters over all components and runs


@dataclass(frozen=True)
class StartsMap:
    """R runs that were followed to their ends and did not fail, and L starts that were left on the way.

    `starts`, `ends` (R, 2): where the runs began and ended, on the plane that shows most; `left_starts`, `left_at` (L, 2):
    where the starts began that were left, and where they stood then.
    `optimum` (R,) is the place of a run's end among the optima, best first; `objectives` (m,) and `counts` (m,) are theirs.
    `distances` (R, R) between the ends and `explained`, the share of the variation that the plane shows, are in units of the
    spread of each parameter, and do not depend on the names (the order) of the components.
    """

    starts: Array
    ends: Array
    left_starts: Array
    left_at: Array
    optimum: Integers
    objectives: Array
    counts: Integers
    distances: Array
    explained: Array

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {name: value.tolist() for name, value in vars(self).items()}


def comparable_runs(result: AnyFitted) -> Restarts[Any]:
    """The runs of a fit; where parameters are beside those of the first component, each with its components in one order."""
    model, runs = bare(result.model), result.runs
    if not isinstance(model, Belonging) or not model.conventions(result.params):
        return runs

    def told(run: Record[Any]) -> Record[Any]:
        return turned(model, run, order_of(model, run.params))

    left = tuple(replace(each, found=told(each.run), told=None) for each in runs.left)
    return replace(runs, runs=tuple(map(told, runs.runs)), left=left)


def starts_map(runs: Restarts[P]) -> StartsMap:
    """The map of the runs of a fit.

    Errors: ModelError if there are fewer than two starts whose runs did not fail.
    """
    sound = sorted((run for run in runs.runs if not run.outcome.failed), key=lambda run: -run.objective)
    left = [each.run for each in runs.left if not each.run.outcome.failed]
    every = [*sound, *left]
    if not sound or len(every) < 2:
        raise ModelError(f"a map of starts needs two runs that did not fail; there are {len(every)}. Fit from more starts.")
    scale = _spread([run.params for run in every])
    ends = [aligned(run.params, sound[0].params, scale) for run in every]
    starts = [aligned(run.start, end, scale) for run, end in zip(every, ends, strict=True)]
    plane, explained = _plane(np.array([_numbers(theta) / scale for theta in [*starts, *ends]]))
    began, ended = np.split(plane, 2)
    number = len(sound)
    distances = np.array([[distance(one, other, scale) for other in ends[:number]] for one in ends[:number]])
    objective = np.array([run.objective for run in sound])
    optimum = _optima(objective, distances)
    first = [int(np.flatnonzero(optimum == m)[0]) for m in range(optimum.max() + 1)]
    return StartsMap(
        began[:number], ended[:number], began[number:], ended[number:],
        optimum, objective[first], np.bincount(optimum), distances, explained,
    )  # fmt: skip


def _numbers(theta: Parameters) -> Array:
    return Coordinates(theta).entries(theta)


def _spread(ends: Sequence[Parameters]) -> Array:
    """One unit for each entry: the standard deviation over runs and, for what components have each, over components."""
    table = np.array([_numbers(theta) for theta in ends])
    unit = table.std(axis=0)
    called = [name for _, name in entries_of_components(ends[0])]
    for entry in set(called):
        same = [i for i, other in enumerate(called) if other == entry]
        unit[same] = table[:, same].std()
    return np.where(unit > 1e-9 * np.maximum(1.0, np.abs(table).max(axis=0)), unit, np.maximum(1.0, np.abs(table).max(axis=0)))


def _by_component(theta: Parameters, scale: Array) -> list[list[float]]:
    """What belongs to each of the K components, in units of the spread."""
    table: list[list[float]] = [[] for _ in range(component_count(theta) or 0)]
    for (k, _), number in zip(entries_of_components(theta), _numbers(theta) / scale, strict=True):
        if k is not None:
            table[k].append(float(number))
    return table


def aligned(theta: P, to: P, scale: Array) -> P:
    """`theta` with its components in the order that brings it closest to `to`; itself if they cannot be reordered."""
    number = component_count(theta) or 0
    if component_count(to) != number or number < 2 or not can_be_reordered(theta):
        return theta
    from scipy.optimize import linear_sum_assignment

    tables = _by_component(theta, scale), _by_component(to, scale)
    order = list(range(number))
    for group in kinds(theta):
        one, other = (np.array([table[k] for k in group]) for table in tables)
        cost = ((other[:, None, :] - one[None, :, :]) ** 2).sum(axis=2)
        for place, k in zip(group, linear_sum_assignment(cost)[1], strict=True):
            order[place] = group[int(k)]
    return reordered(theta, order)


def distance(one: P, other: P, scale: Array) -> float:
    """The Euclidean distance in units of `scale`, components in the order that makes it least."""
    return float(np.linalg.norm((_numbers(aligned(one, other, scale)) - _numbers(other)) / scale))


def _plane(table: Array) -> tuple[Array, Array]:
    """The two directions along which the points vary most, (n, 2), and the share of the variation in each, (2,)."""
    centred = table - table.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(table), 2))
    shown = min(2, len(s))
    points[:, :shown] = u[:, :shown] * s[:shown]
    share = np.zeros(2)
    share[:shown] = s[:shown] ** 2 / max(float((s**2).sum()), 1e-300)
    return points, share


def _optima(objective: Array, distances: Array) -> Integers:
    """The number of the optimum that each run ended at, runs sorted best first."""
    found: list[int] = []
    first: list[int] = []
    for i, value in enumerate(objective):
        same = [
            m
            for m, j in enumerate(first)
            if abs(objective[j] - value) <= SAME * (1 + abs(value)) and distances[i, j] <= SAME_PLACE
        ]
        if not same:
            first.append(i)
        found.append(same[0] if same else len(first) - 1)
    return np.array(found)
