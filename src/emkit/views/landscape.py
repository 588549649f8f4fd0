"""The log-likelihood over any two parameters, as a slice or a profile, and the path that EM takes across it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.core.coordinates import Coordinates
from emkit.core.evaluation import EMMap
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.fitted import ModelOf
from emkit.models.around import AnySource
from emkit.models.mixture import P
from emkit.views.entries import entry_called, value_of, with_entries
from emkit.views.profile import Profile, log_likelihood_at

DROP = 6.0  # of log-likelihood: how far from the estimate a picture reaches (a 95 % region of two parameters ends at 3)
MARGIN = 0.05  # of the width of a picture, beyond the places where a path ends
MOST_STEPS = 200
MOST_POINTS = 1_000  # each way: a million passes over the data
Edge = tuple[float, float]


@dataclass(frozen=True)
class Landscape:
    """`log_likelihood` (k, m) over the values `x` (m,) and `y` (k,) of two parameters called `names`; NaN where impossible.

    With `profile` the other parameters are the best ones at each point; else it is a slice, where they are those of the
    estimate. `path` (t, 2) are the iterates of EM from its start, `estimate` (2,) is where the slice was cut, and `highest`
    its log-likelihood.
    """

    names: tuple[str, str]
    x: Array
    y: Array
    log_likelihood: Array
    path: Array
    estimate: Array
    highest: float
    profile: bool

    def to_dict(self) -> Json:
        """Plain values for JSON; where the log-likelihood is not defined, None."""
        finite = [[float(v) if np.isfinite(v) else None for v in row] for row in self.log_likelihood]
        arrays = {"x": self.x, "y": self.y, "path": self.path, "estimate": self.estimate}
        lists: Json = {name: array.tolist() for name, array in arrays.items()}
        rest = {"log_likelihood": finite, "highest": self.highest, "profile": self.profile}
        return {"names": list(self.names), **lists, **rest}


def path_of(model: ModelOf[P], source: AnySource, start: P, steps: int = MOST_STEPS) -> list[P]:
    """theta_0 ... theta_t of plain EM: at most `steps` steps, fewer where EM stands still or cannot go on."""
    em, path = EMMap(model, source, start), [start]
    for _ in range(steps):
        try:
            ahead = em(path[-1]).update
        except (ParameterError, DegenerateFitError):
            break
        here, there = em.coordinates.entries(path[-1]), em.coordinates.entries(ahead)
        if np.allclose(here, there, rtol=1e-9, atol=1e-12):
            break
        path.append(ahead)
    return path


def landscape(
    subject: Subject,
    names: Sequence[str] | None = None,
    *,
    estimate: Parameters | None = None,
    profile: bool = False,
    points: int | None = None,
    steps: int = MOST_STEPS,
    limits: tuple[Edge, Edge] | None = None,
) -> Landscape:
    """The landscape over two free parameters, by symbol or entry (the first two that can move apart from each other).

    `estimate`: where the other parameters stand (the end of the path). `points` each way (41; a profile 15). `limits`: of x
    and y; else as far as the log-likelihood along each axis falls by 6, and as the path reaches. Cost: points^2 passes over
    the data, for a profile about a hundred times as many.
    Errors: ModelError for parameters that are not there, or that cannot move apart from each other, and for numbers of points
    or steps, or limits, that cannot be.
    """
    _check(points, steps, limits)
    em = EMMap(subject.model, subject.source, subject.start)
    path = path_of(subject.model, subject.source, subject.start, steps)
    best = path[-1] if estimate is None else estimate
    symbols = Symbols.of(subject).entries(best)
    chosen = _chosen(em, best, symbols, names)

    def height(a: float, b: float) -> float:
        return log_likelihood_at(em, with_entries(best, {chosen[0]: a, chosen[1]: b}))

    track = np.array([[value_of(theta, entry) for entry in chosen] for theta in path])
    centre = np.array([value_of(best, entry) for entry in chosen])
    highest = height(*centre)
    edges = limits or (_edge(height, centre, 0, highest, track), _edge(height, centre, 1, highest, track))
    x, y = (np.linspace(*edge, points or (15 if profile else 41)) for edge in edges)
    over = Profile(em, best, chosen).over(x, y) if profile else np.array([[height(a, b) for a in x] for b in y])
    called = (symbols.get(chosen[0], chosen[0]), symbols.get(chosen[1], chosen[1]))
    return Landscape(called, x, y, over, track, centre, highest, profile)


def _chosen(em: EMMap[Parameters], best: Parameters, symbols: dict[str, str], names: Sequence[str] | None) -> tuple[str, str]:
    if names is None:
        return two_apart(em.coordinates, best, symbols)
    if len(names) != 2:
        raise ModelError(f"a landscape has two parameters, not {len(names)}.")
    one, other = (entry_called(name, em.coordinates, best, symbols) for name in names)
    if not _apart(best, one, other):
        raise ModelError(f"{names[0]} and {names[1]} cannot move apart from each other; choose two others.")
    return one, other


def two_apart(coordinates: Coordinates[P], params: P, symbols: Mapping[str, str]) -> tuple[str, str]:
    """The first two free entries that can move apart from each other.

    Errors: ModelError saying what is free (by its symbol, where `symbols` has one), if there are not two.
    """
    free = coordinates.entry_names(params)
    for i, one in enumerate(free):
        for other in free[i + 1 :]:
            if _apart(params, one, other):
                return one, other
    able = [symbols.get(entry, entry) for entry in free if _moves(params, entry)]
    here = (
        f"{' and '.join(able)} only move together" if len(able) > 1 else f"only {able[0]} is free" if able else "none is free"
    )
    raise ModelError(f"a landscape needs two parameters that are free to move apart from each other; here {here}.")


def _check(points: int | None, steps: int, limits: tuple[Edge, Edge] | None) -> None:
    if points is not None:
        check_count("points", points, ModelError, least=2, most=MOST_POINTS)
    check_count("steps", steps, ModelError, least=0)
    try:
        fit = limits is None or np.shape(np.asarray(limits, dtype=np.float64)) == (2, 2)
    except (TypeError, ValueError):
        fit = False
    if not fit:
        raise ModelError(f"limits are {limits!r}; give the lowest and the highest x, and those of y: ((0, 1), (0, 5)).")


def _apart(best: Parameters, one: str, other: str) -> bool:
    """Whether each of two entries can move a little while the other stays."""
    return one != other and _moves(best, one, other) and _moves(best, other, one)


def _moves(best: Parameters, entry: str, *staying: str) -> bool:
    """Whether an entry can move a little while others stay."""
    value, held = value_of(best, entry), {name: value_of(best, name) for name in staying}
    nudged = (value + 1e-3 * max(abs(value), 1e-3) * side for side in (1, -1))
    return any(with_entries(best, {**held, entry: close}) is not None for close in nudged)


def _edge(height: Callable[[float, float], float], centre: Array, axis: int, highest: float, track: Array) -> Edge:
    """How far along one axis the picture reaches."""

    def near(value: float) -> bool:
        place = centre.copy()
        place[axis] = value
        return bool(height(*place) >= highest - DROP)

    def possible(value: float) -> bool:
        place = centre.copy()
        place[axis] = value
        return bool(np.isfinite(height(*place)))

    low, high = (_reach(near, float(centre[axis]), side) for side in (-1, 1))
    first, last = float(track[:, axis].min()), float(track[:, axis].max())
    margin = MARGIN * (max(high, last) - min(low, first))
    return _beyond(low, first, -margin, possible), _beyond(high, last, margin, possible)


def _beyond(edge: float, end: float, margin: float, possible: Callable[[float], bool]) -> float:
    """The edge, or where the path reaches a little beyond the end of it, as far as that is possible."""
    farther = (edge - end) * np.sign(margin)
    if farther > abs(margin):
        return edge
    return next(
        (end + part * margin for part in (1.0, 0.5, 0.25) if possible(end + part * margin)), edge if farther > 0 else end
    )


def _reach(near: Callable[[float], bool], centre: float, side: int) -> float:
    """How far from the centre it is still near: doubling, then halving."""
    far = 1e-3 * max(abs(centre), 1e-3)
    for _ in range(60):
        if not near(centre + side * far):
            break
        far *= 2
    close = far / 2
    for _ in range(20):
        middle = (close + far) / 2
        close, far = (middle, far) if near(centre + side * middle) else (close, middle)
    return centre + side * close
