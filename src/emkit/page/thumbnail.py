"""A small picture of data, for a page that links others: points, bars, or a line in time. Nothing in it but numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import as_float64
from emkit.data.source import ArraySource

WIDTH, HEIGHT, ROOM = 168, 84, 8
MOST_POINTS = 272
MOST_BARS = 24


def thumbnail(source: ArraySource) -> str:
    """The rows as SVG: of two columns points, of one column in sequence a line, of others bars. Rows with gaps are left out."""
    x = as_float64(source.x)
    whole = np.isfinite(x).all(axis=1)
    x, weights = x[whole][:MOST_POINTS], source.weights[whole][:MOST_POINTS]
    if len(x) == 1:
        marks = "".join(_bars(x[0]))
    elif x.shape[1] == 2:
        marks = "".join(_points(x))
    elif source.groups is not None:
        marks = _line(x[:, 0])
    else:
        marks = "".join(_bars(_counted(x[:, 0], weights)))
    return f'<svg class="thumbnail" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{marks}</svg>'


def _across(values: Array, low: float, high: float) -> Array:
    """Values put between two places."""
    span = float(np.ptp(values)) or 1.0
    return np.asarray(low + (values - values.min()) / span * (high - low))


def _points(x: Array) -> Iterator[str]:
    places = zip(_across(x[:, 0], ROOM, WIDTH - ROOM), _across(x[:, 1], HEIGHT - ROOM, ROOM), strict=True)
    yield from (f'<circle cx="{across:.1f}" cy="{down:.1f}" r="2.2"/>' for across, down in places)


def _line(values: Array) -> str:
    places = zip(
        _across(np.arange(len(values), dtype=np.float64), ROOM, WIDTH - ROOM), _across(values, HEIGHT - ROOM, ROOM), strict=True
    )
    return f'<path d="M{"L".join(f"{across:.1f} {down:.1f}" for across, down in places)}"/>'


def _counted(values: Array, weights: Array) -> Array:
    """How often values occur: each of a few rows by itself, else in bins."""
    if len(values) <= MOST_BARS and (weights == 1).all():
        return values
    return weights if len(values) <= MOST_BARS else np.histogram(values, MOST_BARS, weights=weights)[0]


def _bars(heights: Array) -> Iterator[str]:
    wide = (WIDTH - 2 * ROOM) / len(heights)
    top = float(heights.max()) or 1.0
    for n, height in enumerate(heights.tolist()):
        tall = max(1.0, height / top * (HEIGHT - 2 * ROOM))
        yield f'<rect x="{ROOM + n * wide + 1:.1f}" y="{HEIGHT - ROOM - tall:.1f}" width="{wide - 2:.1f}" height="{tall:.1f}"/>'
