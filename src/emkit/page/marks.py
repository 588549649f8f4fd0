"""What the first panel draws: rows or points or bars, each split among the components by responsibility.

A page without the reader's data gets counts in bins instead: no row of the data is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters, get_at
from emkit.data.chunk import Chunk
from emkit.data.source import ArraySource
from emkit.models.around import bare
from emkit.models.cells import Cells
from emkit.page.in_sequence import shown_in_sequence
from emkit.page.likelihood import brief
from emkit.page.lines import lines
from emkit.page.walk import Walk
from emkit.views.classified import covariances

MOST_POINTS = 500
MOST_BARS = 12  # different rows that are shown as a bar each
MOST_LEVELS = 12  # different values of a column of levels
MOST_COLUMNS = 8
MOST_GRIDS = 3  # pairs of columns of a page without data
BINS = 24
CURVE = 97  # places at which a density is drawn
DIGITS = 5


def marks(walk: Walk, include_data: bool) -> Json:
    """The marks for the data of a walk: of `kind` rows, levels, histogram, points (a regression's with lines) or grids."""
    source = walk.subject.source
    if include_data and walk.rows_alone and isinstance(source, ArraySource) and not source.profile.has_gaps:
        drawn = lines(walk)
        if drawn is not None:
            return {**_points(walk, source), "pairs": [drawn["pair"]], "shapes": [], "lines": drawn}
    if not walk.rows_alone:
        return {"kind": "sequence" if include_data and shown_in_sequence(walk) else "none"}
    if isinstance(bare(walk.subject.model), Cells) or (include_data and walk.steps[0].distinct <= MOST_BARS):
        return {"kind": "rows"}
    if not isinstance(source, ArraySource) or source.profile.has_gaps:  # a row with a gap has no place in a picture
        return {"kind": "none"}
    levels = [np.unique(column) for column in source.x[:, : MOST_BARS + MOST_COLUMNS].T]
    if all(len(found) <= MOST_LEVELS for found in levels):
        return _levels(walk, source, levels)
    if source.x.shape[1] == 1:
        return _histogram(walk, source)
    return _points(walk, source) if include_data else _grids(walk, source)


@dataclass(frozen=True)
class Division:
    """A way to put rows into cells: `cell` (n,) says into which of `cells` each goes."""

    cell: Integers
    cells: int


def masses(walk: Walk, divisions: list[Division], digits: int = DIGITS) -> list[list[object]]:
    """For each division and E-step, the expected rows (cells, K) of each component in each cell, as lists."""
    found: list[list[object]] = [[] for _ in divisions]
    for params in walk.path[:-1]:
        totals = [np.zeros((division.cells, len(walk.steps[0].components))) for division in divisions]
        for chunk, weights, responsibilities in walk.responsibilities(params):
            weighted = responsibilities * weights[:, None]
            for total, division in zip(totals, divisions, strict=True):
                np.add.at(total, division.cell[chunk.start : chunk.start + len(chunk.x)], weighted)
        for record, total in zip(found, totals, strict=True):
            record.append(brief(total, digits))
    return found


def _named(source: ArraySource, column: int, value: float) -> str:
    names = source.levels[column]
    return names[int(value)] if names is not None else f"{value:g}"


def _levels(walk: Walk, source: ArraySource, levels: list[Array]) -> Json:
    shown = range(min(len(levels), MOST_COLUMNS))
    found = masses(walk, [Division(np.searchsorted(levels[j], source.x[:, j]), len(levels[j])) for j in shown])
    columns = [
        {"name": source.columns[j], "levels": [_named(source, j, value) for value in levels[j]], "mass": mass}
        for j, mass in zip(shown, found, strict=True)
    ]
    return {"kind": "levels", "columns": columns, "left_out": len(source.columns) - len(columns)}


@dataclass(frozen=True)
class Bins:
    """Equal bins with round edges over one column, one for each whole number where there are few of these."""

    low: float
    width: float
    count: int
    whole: bool

    @staticmethod
    def over(x: Array) -> Bins:
        """The bins for the values `x` (n,)."""
        low, high = float(x.min()), float(x.max())
        whole = bool((x == np.floor(x)).all())
        if whole and high - low < 2 * BINS:
            return Bins(low - 0.5, 1.0, int(high - low) + 1, True)
        width = _round_up((high - low) / BINS)
        start = width * np.floor(low / width)
        return Bins(float(start), width, int(np.floor((high - start) / width)) + 1, whole)

    def of(self, x: Array) -> Integers:
        """The bin of each value."""
        return np.clip(((x - self.low) // self.width).astype(np.int64), 0, self.count - 1)

    @property
    def edges(self) -> Array:
        """The edges, one more than bins."""
        return self.low + self.width * np.arange(self.count + 1, dtype=np.float64)


def _round_up(width: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= width * (1 - 1e-9)))


def _histogram(walk: Walk, source: ArraySource) -> Json:
    x = source.x[:, 0]
    bins = Bins.over(x)
    edges = bins.edges
    low = bins.width / 50 if edges[0] <= 0 < x.min() else edges[0]  # positive data may have no density at 0
    places = (edges[:-1] + edges[1:]) / 2 if bins.whole and bins.width == 1 else np.linspace(low, edges[-1], CURVE)
    scale = bins.width * source.total_weight
    return {
        "kind": "histogram",
        "column": source.columns[0],
        "edges": brief(edges, 9),
        "mass": masses(walk, [Division(bins.of(x), bins.count)])[0],
        "places": brief(places, 6),
        "curves": [brief(scale * np.exp(_log_joint(walk, params, places)).T, DIGITS) for params in walk.path],
    }


def _log_joint(walk: Walk, params: Parameters, places: Array) -> Array:
    log_joint = walk.complete(params, Chunk(places[:, None], np.ones(len(places)))).log_joint
    return np.asarray(np.minimum(log_joint, 700.0))


def _points(walk: Walk, source: ArraySource) -> Json:
    chosen = np.arange(source.rows)
    if source.rows > MOST_POINTS:
        chosen = np.sort(np.random.default_rng(0).choice(source.rows, MOST_POINTS, replace=False))
    columns = source.columns[:MOST_COLUMNS]
    divided = [np.concatenate([r for *_, r in walk.responsibilities(params)])[chosen] for params in walk.path[:-1]]
    return {
        "kind": "points",
        "columns": list(columns),
        "left_out": len(source.columns) - len(columns),
        "x": brief(source.x[chosen, : len(columns)].astype(np.float64), 9),
        "of": source.rows,
        "weights": brief(source.weights[chosen], 6) if not (source.weights == 1).all() else None,
        "responsibilities": [brief(r, 3) for r in divided],
        "pairs": [list(pair) for pair in combinations(range(len(columns)), 2)],
        "shapes": shapes(walk, len(columns)),
    }


def _grids(walk: Walk, source: ArraySource) -> Json:
    columns = source.columns[:MOST_COLUMNS]
    pairs = list(combinations(range(len(columns)), 2))[:MOST_GRIDS]
    bins = [Bins.over(source.x[:, j].astype(np.float64)) for j in range(len(columns))]
    flat = [bins[i].of(source.x[:, i]) * bins[j].count + bins[j].of(source.x[:, j]) for i, j in pairs]
    used = [np.unique(places, return_inverse=True) for places in flat]
    found = masses(walk, [Division(cell.ravel(), len(cells)) for cells, cell in used], digits=3)
    grids = [
        {
            "pair": [i, j],
            "edges": [brief(bins[i].edges, 9), brief(bins[j].edges, 9)],
            "cells": [[int(u // bins[j].count), int(u % bins[j].count)] for u in cells],
            "mass": mass,
        }
        for (i, j), (cells, _), mass in zip(pairs, used, found, strict=True)
    ]
    return {
        "kind": "grids",
        "columns": list(columns),
        "left_out": len(source.columns) - len(columns),
        "grids": grids,
        "shapes": shapes(walk, len(columns)),
    }


def shapes(walk: Walk, d: int) -> list[Json]:
    """For each theta, where the components lie: `means` (K, d) and covariances `spread` (K, d, d) of the first d columns.

    Those of normal components are their parameters. For other families they are of the rows, by the last responsibilities.
    """
    found = [(params, covariances(walk.subject.model, params)) for params in walk.path]
    pairs = [(get_at(params, "components.means"), spread) for params, spread in found if spread is not None]
    if not pairs:
        moments = [_moments(walk, params) for params in walk.path[:-1]]
        pairs = [moments[0], *moments]
    return [{"means": brief(m[:, :d], 7), "spread": brief(c[:, :d, :d], 7)} for m, c in pairs]


def _moments(walk: Walk, params: Parameters) -> tuple[Array, Array]:
    """Means (K, d) and covariances (K, d, d) of the rows, weighted by the responsibilities at `params`."""
    parts = [(chunk.x.astype(np.float64), r * weights[:, None]) for chunk, weights, r in walk.responsibilities(params)]
    x, w = (np.concatenate(side) for side in zip(*parts, strict=True))
    mass = np.maximum(w.sum(axis=0), 1e-300)
    means = np.asarray(w.T @ x / mass[:, None])
    return means, np.stack([((x - m) * w[:, [k]]).T @ (x - m) / mass[k] for k, m in enumerate(means)])
