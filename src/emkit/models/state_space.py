"""Linear Gaussian state spaces: states that move by a linear map from row to row, and are seen through another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation, LatentModel, Update
from emkit.core.spaces import NonNegative, PositiveDefinite, Real
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.models import state_layout, state_starts, state_sums
from emkit.models.state_layout import Layout
from emkit.models.state_sums import StateSums, System

Matrix = Array | list[Any]
MATRICES = ("transition", "state_noise", "observation", "noise")
FIELDS = (*MATRICES, "start_mean", "start_covariance")


@dataclass(frozen=True, eq=False)
class StateSpaceParams(Parameters):
    """Parameters of `StateSpace`, of m states, r shocks and d columns.

    `transition` (m, m) maps the states of a row to those of the next; `state_noise` (r,) >= 0 are the variances of the shocks;
    `observation` (d, m) maps states to columns; `noise` (d,) >= 0 are the variances of the errors of the columns. `start_mean`
    (m,) is where states begin, if some of that is estimated, else (0,); `start_covariance` (m,) >= 0 likewise their variances.
    The signal-to-noise ratio of the level of the Nile:

    >>> import emkit as ek
    >>> nile = ek.StateSpaceParams([[1.0]], [1468.5], [[1.0]], [15099.7])
    >>> round(float(nile.state_noise[0] / nile.noise[0]), 4)
    0.0973
    """

    transition: Annotated[Array, Real(), Axes("state", "state before", coupled=("state", "state before"))]
    state_noise: Annotated[Array, NonNegative(), Axes("shock")]
    observation: Annotated[Array, Real(), Axes("column", "state", coupled=("state",))]
    noise: Annotated[Array, NonNegative(), Axes("column")]
    start_mean: Annotated[Array, Real(), Axes("first state")] = field(default_factory=lambda: np.empty(0))
    start_covariance: Annotated[Array, NonNegative(), Axes("first state")] = field(default_factory=lambda: np.empty(0))

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, transition: ArrayLike, state_noise: ArrayLike, observation: ArrayLike, noise: ArrayLike,
            start_mean: ArrayLike = (), start_covariance: ArrayLike = (),
        ) -> None: ...  # fmt: skip

    @property
    def shocks(self) -> Array:
        """Their covariance (r, r)."""
        return np.diag(self.state_noise)

    @property
    def shock_precision(self) -> Array:
        """The inverse of that (r, r), with 0 for shocks that there are none of."""
        some = self.state_noise > 0
        return np.diag(np.where(some, 1 / np.where(some, self.state_noise, 1.0), 0.0))

    def told_of(self, matrix: Array) -> Array:
        """What of a matrix (r, r) has the shape of `state_noise`."""
        return np.diag(matrix).copy()


@dataclass(frozen=True, eq=False)
class CorrelatedStateSpaceParams(StateSpaceParams):
    """The same with `state_noise` (r, r), the covariance of the shocks."""

    state_noise: Annotated[Array, PositiveDefinite(), Axes("shock", "shock")]

    @property
    def shocks(self) -> Array:
        return self.state_noise

    @property
    def shock_precision(self) -> Array:
        return np.asarray(np.linalg.inv(self.state_noise))

    def told_of(self, matrix: Array) -> Array:
        return (matrix + matrix.T) / 2


class StateSpace(LatentModel[StateSpaceParams, StateSums]):
    """x_t+1 = transition x_t + selection u_t, y_t = observation x_t + e_t: states x, shocks u and errors e are normal.

    In each matrix, an entry that is NaN is estimated, and a number stays what it is. `transition` (m, m); `observation` (d, m);
    `state_noise`: variances (r,) of the shocks, or their covariance (r, r), all NaN or all numbers; `noise` (d,): variances of
    the errors of the columns, which are independent (errors that are not are states); `selection` (m, r): which states a shock
    moves, by default each state has its own. By default, all variances are estimated.

    The first state of each series has the mean `start_mean` (m,), by default 0, and the covariance `start_covariance`, (m, m)
    or variances (m,), which are given. A variance of infinity, the default for all, is a start of which nothing is known: the
    likelihood is then that of the cells integrated over all starts alike, which takes as many cells as such states. Where the
    variance is another one, a mean that is NaN is estimated; and variances (m,) that are NaN, where there are several series.

    The rows of a group are a series, in order; without groups, all rows are one. A weight is of a series. Cells may be missing.
    A variance of 0 is an estimate on the edge.
    Source: Shumway & Stoffer (1982), J. Time Ser. Anal. 3, 253-264; Durbin & Koopman (2012), Time Series Analysis by State
    Space Methods; for entries one by one, Holmes (2013), arXiv:1302.3919.

    >>> import emkit as ek
    >>> level = ek.StateSpace(transition=[[1.0]], observation=[[1.0]])
    >>> flow = ek.ArraySource([[5.1], [4.2], [5.9], [6.4], [float("nan")], [7.9], [6.3], [8.1], [7.0], [8.8]])
    >>> found = ek.fit(level, flow, level.start(flow.profile), solver="anderson")
    >>> found.params.state_noise.round(3).tolist(), found.params.noise.round(3).tolist()
    ([0.546], [0.609])
    """

    def __init__(
        self, transition: Matrix, observation: Matrix, *, state_noise: Matrix | None = None, noise: Matrix | None = None,
        selection: Matrix | None = None, start_mean: Matrix | None = None, start_covariance: Matrix | None = None,
    ) -> None:  # fmt: skip
        self.layout = lay = Layout.of(transition, observation, state_noise, noise, selection, start_mean, start_covariance)
        self.transition, self.observation, self.selection = lay.transition, lay.observation, lay.selection
        self.state_noise, self.noise, self.start_mean = lay.state_noise, lay.noise, lay.mean
        given = lay.covariance + np.diag(np.where(lay.unknown.any(axis=1), np.inf, 0.0))
        self.start_covariance = lay.start_covariance if len(lay.start_covariance) else given

    def params(self, **values: ArrayLike) -> StateSpaceParams:
        """Parameters of fields by name; a field of which nothing is estimated need not be given. Errors: ParameterError."""
        given = {name: self.layout.filled(name, values.pop(name, None)) for name in FIELDS}
        if values:
            raise ParameterError(f"a state space has no {next(iter(values))!r}; it has {', '.join(FIELDS)}.")
        return self._made(**given)

    @property
    def _made(self) -> type[StateSpaceParams]:
        return CorrelatedStateSpaceParams if self.layout.state_noise.ndim == 2 else StateSpaceParams

    def system(self, params: StateSpaceParams) -> System:
        """All matrices as they are at these parameters."""
        lay = self.layout
        return System(
            params.transition,
            lay.selection,
            params.shocks,
            params.observation,
            params.noise,
            params.start_mean if len(params.start_mean) else lay.mean,
            self._start_spread(params),
            lay.unknown,
        )

    def e_step(self, params: StateSpaceParams, chunk: Chunk) -> Expectation[StateSums]:
        sums, heights = state_sums.summed(self.system(params), chunk)
        return Expectation(sums, float(chunk.group_weights @ heights), chunk.total_weight)

    def updates(self) -> Mapping[str, Update[StateSums, StateSpaceParams]]:
        links = {
            "transition": self._transition,
            "state_noise": self._state_noise,
            "observation": self._observation,
            "noise": self._noise,
            "start_mean": self._start_mean,
            "start_covariance": self._start_variances,
        }
        return {name: link for name, link in links.items() if self.layout.free(name).any()}

    def _transition(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """The states that shocks move, regressed on those of the row before, in the entries that are estimated.

        Shapes: cross (r, m), before (m, m) -> (m, m). Source: the zero of the slope of the expected log-likelihood.
        """
        moved, places = now.transition.copy(), self.layout.places
        free = self.layout.free("transition")[places]
        weights = now.told_of(np.eye(len(places)))
        along = np.diag(weights) if weights.ndim == 1 else now.shock_precision
        moved[places] = before.transition[places] + state_layout.regressed(stats.before, stats.cross, free, along)
        return moved

    def _state_noise(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares and products of the shocks / steps. Shapes: (r, r) -> (r,) or (r, r)."""
        if not stats.steps:
            return now.state_noise
        squares = now.told_of(self.squares(stats, before, now)) / stats.steps
        lowest = np.maximum(squares, 0.0) if squares.ndim == 1 else squares
        return np.where(self.layout.free("state_noise"), lowest, now.state_noise)

    def _observation(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Each column regressed on the states of the rows that have it. Shapes: along (d, m), gram (d, m, m) -> (d, m)."""
        moved = now.observation.copy()
        for j, free in enumerate(self.layout.free("observation")):
            moved[j] = (
                before.observation[j] + state_layout.regressed(stats.gram[j], stats.along[j : j + 1], free[None], np.eye(1))[0]
            )
        return moved

    def _noise(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares of the errors of each column / its cells. Shapes: (d,) -> (d,)."""
        squares = np.maximum(self.left(stats, before, now), 0.0) / np.where(stats.cells > 0, stats.cells, 1.0)
        return np.where(self.layout.free("noise") & (before.noise > 0) & (stats.cells > 0), squares, now.noise)

    def _start_mean(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """The mean of first states, as far as it is estimated, given how far others are from theirs. Shapes: (m,) -> (m,)."""
        precision = self._start_precision(now)
        return before.start_mean + state_layout.solved(
            stats.series * precision, precision @ stats.begun, self.layout.free("start_mean")
        )

    def _start_variances(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares of first states about their mean / series. Shapes: (m,) -> (m,)."""
        squares = np.maximum(self._about_start(stats, before, now), 0.0) / stats.series
        return np.where(self.layout.free("start_covariance") & (before.start_covariance > 0), squares, now.start_covariance)

    def _about_start(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares (m,) of first states about the mean of `now`."""
        moved = now.start_mean - before.start_mean if len(now.start_mean) else np.zeros(len(stats.begun))
        return np.asarray(stats.spread - 2 * moved * stats.begun + stats.series * moved**2)

    def _start_spread(self, params: StateSpaceParams) -> Array:
        """The covariance (m, m) of the start, as far as something is known of it."""
        return np.diag(params.start_covariance) if len(params.start_covariance) else self.layout.covariance

    def _start_precision(self, params: StateSpaceParams) -> Array:
        """The inverse of that, with 0 for states that it has no variance of."""
        spread = self._start_spread(params)
        varies = np.ix_(*[np.diag(spread) > 0] * 2)
        found = np.zeros_like(spread)
        found[varies] = np.linalg.inv(spread[varies])
        return found

    def _turned(self, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """By how much transitions differ, in the states that shocks move, shock by shock (r, m)."""
        return (now.transition - before.transition)[self.layout.places]

    def squares(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares and products (r, r) of the shocks by the transitions of `now`."""
        turned = self._turned(before, now)
        shared = turned @ stats.cross.T
        return np.asarray(stats.shocks - shared - shared.T + turned @ stats.before @ turned.T)

    def left(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares (d,) of the errors by the observation of `now`."""
        turned = now.observation - before.observation
        return np.asarray(
            stats.left + np.einsum("ja,ja->j", turned, np.einsum("jab,jb->ja", stats.gram, turned) - 2 * stats.along)
        )

    def expected(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Expected:
        """But for what is given of the start, and for shocks and errors of variance 0, of which there are none."""
        precision, squares = now.shock_precision, self.squares(stats, before, now)
        some = np.diag(precision) > 0
        logs = np.linalg.slogdet(2 * np.pi * now.shocks[np.ix_(some, some)])[1]
        inside = now.noise > 0
        safe, left = np.where(inside, now.noise, 1.0), self.left(stats, before, now)
        value = -0.5 * (stats.steps * logs + np.sum(precision * squares))
        value -= 0.5 * (stats.cells * np.log(2 * np.pi * safe) + left / safe)[inside].sum()
        transition = np.zeros_like(now.transition)
        transition[self.layout.places] = precision @ (stats.cross - self._turned(before, now) @ stats.before)
        along = stats.along - np.einsum("jab,jb->ja", stats.gram, now.observation - before.observation)
        begun = self._begun(stats, before, now)
        return Expected(
            float(value),
            {
                "transition": transition,
                "state_noise": now.told_of(precision @ squares @ precision - stats.steps * precision) / 2,
                "observation": np.where(inside[:, None], along / safe[:, None], 0.0),
                "noise": np.where(inside, (left / safe - stats.cells) / (2 * safe), 0.0),
            },
        ).plus(begun)

    def _begun(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Expected:
        """What is expected of the start, along its mean and its variances, as far as they are estimated."""
        precision, squares = self._start_precision(now), self._about_start(stats, before, now)
        value, mean, variances = 0.0, np.zeros(0), np.zeros(0)
        if len(now.start_mean):
            moved = now.start_mean - before.start_mean
            mean = precision @ (stats.begun - stats.series * moved)
            value = float(moved @ precision @ (stats.begun - stats.series * moved / 2))
        if len(now.start_covariance):
            each = np.diag(precision)
            some = each > 0
            value -= 0.5 * float(each @ stats.spread - stats.series * np.log(each[some]).sum())
            variances = (squares * each**2 - stats.series * each) / 2
        return Expected(value, {"start_mean": mean, "start_covariance": variances})

    def row_objectives(self, params: StateSpaceParams, chunk: Chunk) -> Array:
        return state_sums.log_density(self.system(params), chunk)

    latent_name = "state"

    def latent(self, params: StateSpaceParams, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, m) and covariance (n, m, m) of the states at each row, given all rows of its series."""
        system = self.system(params)
        found = [state_sums.smoothed(system, chunk.x[a:z]) for a, z in zip(chunk.bounds, chunk.bounds[1:], strict=False)]
        return np.concatenate([each.means for each in found]), np.concatenate([each.spreads for each in found])

    def forecast(self, params: StateSpaceParams, chunk: Chunk, steps: int) -> tuple[Array, Array]:
        """Mean (G, steps, d) and covariance (G, steps, d, d) of the rows after the last one of each series, given all."""
        beyond = np.full((steps, chunk.x.shape[1]), np.nan)
        system, c = self.system(params), params.observation
        pairs = zip(chunk.bounds, chunk.bounds[1:], strict=False)
        found = [state_sums.smoothed(system, np.concatenate([chunk.x[a:z], beyond])) for a, z in pairs]
        means = np.array([each.means[len(each.means) - steps :] @ c.T for each in found])
        return means, np.array([c @ each.spreads[len(each.means) - steps :] @ c.T for each in found]) + np.diag(params.noise)

    def draw(self, params: StateSpaceParams, rng: np.random.Generator, n: int) -> Array:
        """A series of n rows (n, d); of a start of which nothing is known, from its mean."""
        lay = self.layout
        x = rng.multivariate_normal(self.system(params).mean, self._start_spread(params), method="svd")
        shocks = rng.multivariate_normal(np.zeros(len(params.shocks)), params.shocks, n, method="svd") @ lay.selection.T
        states = np.empty((n, len(x)))
        for t in range(n):
            states[t] = x
            x = params.transition @ x + shocks[t]
        return np.asarray(states @ params.observation.T + np.sqrt(params.noise) * rng.standard_normal((n, len(params.noise))))

    def redrawn(
        self, params: StateSpaceParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> Array:
        return np.concatenate([self.draw(params, rng, n) for n in ([len(rows)] if lengths is None else lengths.tolist())])

    @property
    def admits_gaps(self) -> bool:
        return True

    def prepare(self, source: Any) -> Any:
        """All rows as one series, where nothing says which are."""
        return source.as_one_group()

    def held(self, params: StateSpaceParams) -> tuple[str, ...]:
        """The entries that are not estimated."""
        return self.layout.held

    def scales(self, params: StateSpaceParams) -> Mapping[str, Scale]:
        length = np.sqrt((params.observation**2).sum(axis=1, keepdims=True))
        units = np.broadcast_to(np.where(length > 0, length, 1.0), params.observation.shape)
        return {"observation": Scale(np.zeros_like(units), units)} if self.layout.free("observation").any() else {}

    def start(self, profile: AnyProfile) -> StateSpaceParams:
        """Half of the variance of columns as errors, a part of it as shocks, and principal components as loadings.

        Errors: DataError if the data cannot carry the model.
        """
        state_layout.refuse(self.layout, profile)
        return self.params(**state_starts.from_moments(self.layout, profile))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[StateSpaceParams]:
        """Variances and entries at random, for each seed."""
        state_layout.refuse(self.layout, profile)
        first = state_starts.from_moments(self.layout, profile)
        return [self.params(**state_starts.at_random(first, self.layout, np.random.default_rng(seed))) for seed in seeds]

    def check(self, params: StateSpaceParams, profile: AnyProfile) -> None:
        for name in FIELDS:
            self.layout.filled(name, getattr(params, name))
        state_layout.refuse(self.layout, profile)
