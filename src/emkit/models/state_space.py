"""Linear Gaussian state spaces: states that move by a linear map from row to row, and are seen through another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.climb import climb
from emkit.core.coordinates import Scale, is_under, split_path
from emkit.core.expected import Expected
from emkit.core.protocols import Expectation, LatentModel, Update
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateFitError, ParameterError
from emkit.models import state_data, state_expected, state_layout, state_long_run, state_series, state_starts, state_sums
from emkit.models.invertible import inverted
from emkit.models.state_layout import Layout
from emkit.models.state_params import FIELDS, CorrelatedStateSpaceParams, Matrix, StateSpaceParams
from emkit.models.state_stats import StateSums
from emkit.models.state_system import LINEAR, System

SETTINGS = (
    "transition", "observation", "state_noise", "noise", "selection", "start_mean", "start_covariance", "stationary", "states",
)  # fmt: skip  # of a state space without inputs


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
    States in `stationary`, by number, begin as they are in the long run, with the covariance that follows from transition and
    shocks, and the mean 0; they go on by themselves. `states` (m,) are their names, in tables.

    Inputs are known: the last p columns of the data, complete, behind the d that are seen. `effects` (d, p) are what they add
    to these, and `state_effects` (m, p) to the states of the next row; NaN, a number or 0, entry by entry. `inputs` (p,) are
    their names, by default those of the columns.

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
        stationary: Iterable[Any] = (), states: Iterable[str] | None = None, effects: Matrix | None = None,
        state_effects: Matrix | None = None, inputs: Iterable[str] | None = None,
    ) -> None:  # fmt: skip
        given = (transition, observation, state_noise, noise, selection, start_mean, start_covariance)
        self.layout = lay = Layout.of(*given, stationary, effects, state_effects)
        self.transition, self.observation, self.selection = lay.transition, lay.observation, lay.selection
        self.state_noise, self.noise, self.start_mean = lay.state_noise, lay.noise, lay.mean
        whole = lay.covariance + np.diag(np.where(lay.unknown.any(axis=1), np.inf, 0.0))
        self.start_covariance = lay.start_covariance if len(lay.start_covariance) else whole
        self.stationary = tuple(lay.stationary.tolist())
        self.states = state_layout.names_of("state", states, len(lay.mean))
        self.effects, self.state_effects = lay.effects, lay.state_effects
        self.inputs = inputs if inputs is None else state_layout.names_of("input", inputs, lay.inputs)

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
            params.effects,
            params.state_effects,
        )

    def e_step(self, params: StateSpaceParams, chunk: Chunk) -> Expectation[StateSums]:
        sums, heights = state_sums.summed(self.system(params), chunk, self.layout.coefficients)
        return Expectation(sums, float(chunk.group_weights @ heights), chunk.total_weight)

    def updates(self) -> Mapping[str, Update[StateSums, StateSpaceParams]]:
        links: dict[str, Update[StateSums, StateSpaceParams]] = {
            "start_mean": partial(self._linear, "start_mean"),  # these first, the best where others are as in the E-step
            "effects": partial(self._linear, "effects"),
            "state_effects": partial(self._linear, "state_effects"),
            "transition": self._transition,
            "state_noise": self._state_noise,
            "observation": self._observation,
            "noise": self._noise,
            "start_covariance": self._start_variances,
        }
        return {name: link for name, link in links.items() if self.layout.free(name).any()}

    def _linear(self, name: str, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Generalised least squares: the coefficients at which the likelihood is highest, with all else as it was.

        So they move where errors or variances of a start are 0, too. Source: Liu & Rubin (1994), Biometrika 81, 633-648, on
        steps that climb the likelihood itself; the parabola by Rosenberg (1973), Annals of Economic and Social Measurement 2,
        399-428, and for effects de Jong (1991), Ann. Statist. 19, 1073-1083.
        """
        slope, table = self.parabola(stats, before, now)
        own, found, free = self.layout.linear(name), getattr(now, name).copy(), self.layout.free(name)
        found[free] += state_layout.solved(table[own, own], slope[own], np.ones(int(free.sum()), dtype=bool))
        return np.asarray(found)

    def parabola(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> tuple[Array, Array]:
        """Slope (q,) and information (q, q) of the log-likelihood along the coefficients of `now`, with all else as before."""
        return stats.slope - stats.information @ self._moved(before, now), stats.information

    def _transition(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """The states that shocks move, regressed on those of the row before, in the entries that are estimated.

        Shapes: cross (r, m), before (m, m) -> (m, m). Source: the zero of the slope of the expected log-likelihood.
        """
        told, moved, places = self.told(stats, before, now), now.transition.copy(), self.layout.places
        free = self.layout.free("transition")[places]
        weights = now.told_of(np.eye(len(places)))
        along = np.diag(weights) if weights.ndim == 1 else now.shock_precision
        crossed = state_expected.pushes(told, before)
        moved[places] = before.transition[places] + state_layout.regressed(told.before, crossed, free, along)
        return self._in_the_long_run("transition", moved, told, before, now)

    def _state_noise(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares and products of the shocks / steps. Shapes: (r, r) -> (r,) or (r, r)."""
        if not stats.steps:
            return now.state_noise
        told, free = self.told(stats, before, now), self.layout.free("state_noise")
        squares, number = now.told_of(self.squares(stats, before, now)), np.full(now.state_noise.shape, stats.steps)
        owners = np.flatnonzero(self.layout.selection[self.layout.stationary].any(axis=0))
        if len(owners) == 1 and squares.ndim == 1:  # of which first states have multiples of their covariance
            own, each = state_expected.first_squares(told, now, self.layout)
            squares[owners] += own
            number[owners] += each * stats.series
        rounding = state_expected.ROUNDING * now.told_of(told.shocks)  # which no variance comes to 0 by
        lowest = np.maximum(squares, np.maximum(rounding, 0.0)) if squares.ndim == 1 else squares
        moved = np.where(free, lowest / number, now.state_noise)
        return self._in_the_long_run("state_noise", moved, told, before, now) if len(owners) > 1 or squares.ndim > 1 else moved

    def _in_the_long_run(
        self, name: str, moved: Array, told: StateSums, before: StateSpaceParams, now: StateSpaceParams
    ) -> Array:
        """A field that is best for steps, made best for starts of the long run, too, which tell of it: by Newton's method."""
        if not len(self.layout.stationary):
            return moved

        @lru_cache(maxsize=4)
        def height(params: StateSpaceParams) -> Expected:  # of parameters that are the same object, asked for again
            return state_expected.of_moves(told, before, params, self.layout)

        there = replace(now, **{name: moved})
        begun = there if height(there).value >= height(now).value else now
        still = [held for held in self.layout.held if is_under(split_path(held)[0], [name])]
        return np.asarray(getattr(climb(height, begun, [name], still=still), name))

    def _observation(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Each column regressed on the states of the rows that have it. Shapes: crosses (d, m), gram (d, m, m) -> (d, m)."""
        told, moved = self.told(stats, before, now), now.observation.copy()
        crossed = state_expected.crosses(told, before)
        for j, free in enumerate(self.layout.free("observation")):
            turned = state_layout.regressed(told.gram[j], crossed[j : j + 1], free[None], np.eye(1))[0]
            moved[j] = before.observation[j] + turned
        return moved

    def _noise(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares of the errors of each column / its cells. Shapes: (d,) -> (d,)."""
        squares = np.maximum(self.left(stats, before, now), 0.0) / np.where(stats.cells > 0, stats.cells, 1.0)
        return np.where(self.layout.free("noise") & (before.noise > 0) & (stats.cells > 0), squares, now.noise)

    def _start_variances(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares of first states about their mean / series. Shapes: (m,) -> (m,)."""
        squares = np.maximum(np.diag(self.told(stats, before, now).spread), 0.0) / stats.series
        return np.where(self.layout.free("start_covariance") & (before.start_covariance > 0), squares, now.start_covariance)

    def _start_spread(self, params: StateSpaceParams) -> Array:
        """The covariance (m, m) of the start, as far as something is known of it."""
        lay = self.layout
        found = np.diag(params.start_covariance) if len(params.start_covariance) else lay.covariance
        if not len(lay.stationary):
            return found
        block, picks = np.ix_(lay.stationary, lay.stationary), lay.selection[lay.stationary]
        found = found.copy()
        found[block] = state_long_run.covariance(params.transition[block], picks @ params.shocks @ picks.T)
        return found

    def _moved(self, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """By how much the coefficients (q,) that are estimated differ."""
        return np.concatenate([(getattr(now, each) - getattr(before, each))[self.layout.free(each)] for each in LINEAR])

    def told(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> StateSums:
        """The sums with the coefficients of `now`."""
        return stats.at(self._moved(before, now))

    def squares(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares and products (r, r) of the shocks by the transitions of `now`."""
        return state_expected.squares(self.told(stats, before, now), before, now, self.layout.places)

    def left(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares (d,) of the errors by the observation of `now`."""
        return state_expected.left(self.told(stats, before, now), before, now)

    def expected(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Expected:
        """But for what is given of the start, and for shocks and errors of variance 0, of which there are none.

        Along means of the start and effects of inputs it is the log-likelihood itself, with all else as it was in the E-step;
        from there the other fields have what is expected of them at these. So it bounds the log-likelihood from below;
        not along entries that EM does not move (`is_stuck`), whose slopes alone are those of the log-likelihood.
        """
        moved, lay = self._moved(before, now), self.layout
        told = stats.at(moved)
        found = state_expected.of_sums(told, before, now, lay)
        if not len(moved):
            return Expected(found.value, {**found.slopes, **{name: np.zeros_like(getattr(now, name)) for name in LINEAR}})

        def gained(sums: StateSums) -> float:
            """What is expected at `now`, less what is at `before`."""
            others = [state_expected.of_sums(sums, before, which, lay).value for which in (now, before)]
            return others[0] - others[1]

        first = state_expected.of_sums(stats.at(0 * moved), before, before, lay).value
        value = first + gained(told) + float(moved @ (stats.slope - stats.information @ moved / 2))
        steep, _ = self.parabola(stats, before, now)
        steep += [gained(stats.turning(moved, k)) for k in range(len(moved))]
        slopes = {name: np.zeros_like(getattr(now, name)) for name in LINEAR}
        for name, slope in slopes.items():
            slope[lay.free(name)] = steep[lay.linear(name)]
        return Expected(value, {**found.slopes, **slopes})

    def row_objectives(self, params: StateSpaceParams, chunk: Chunk) -> Array:
        return state_sums.log_density(self.system(params), chunk)

    latent_name = "state"
    groups_called: ClassVar[str] = "series"

    def latent(self, params: StateSpaceParams, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, m) and covariance (n, m, m) of the states at each row, given all rows of its series."""
        system = self.system(params)
        found = [state_sums.smoothed(system, chunk.x[a:z]) for a, z in zip(chunk.bounds, chunk.bounds[1:], strict=False)]
        return np.concatenate([each.means for each in found]), np.concatenate([each.spreads for each in found])

    def signal(self, params: StateSpaceParams, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, d) and covariance (n, d, d) of each row without its errors, given all rows of its series."""
        return state_series.signal(self.system(params), chunk, *self.latent(params, chunk))

    def normal_residuals(self, params: StateSpaceParams, source: Any) -> Mapping[int, Array]:
        """What each cell differs from its forecast, by the spread of that; NaN in gaps, and until an unknown start is told."""
        return dict(enumerate(state_series.innovations(self.system(params), self.prepare(source).chunks()).T))

    def forecast(self, params: StateSpaceParams, chunk: Chunk, steps: int, inputs: Array | None = None) -> tuple[Array, Array]:
        """Mean (G, steps, d) and covariance (G, steps, d, d) of the rows after the last one of each series, given all.

        `inputs`: those of these rows (steps, p), or (G, steps, p) of each series.
        Errors: DataError for inputs that are missing, or others than the model has.
        """
        return state_series.forecast(self.system(params), chunk, steps, inputs, self.layout.inputs)

    def draw(self, params: StateSpaceParams, rng: np.random.Generator, n: int, inputs: Array | None = None) -> Array:
        """A series of n rows (n, d), by their inputs (n, p); of a start of which nothing is known, from its mean.

        Errors: DataError as for `forecast`.
        """
        return state_series.drawn(self.system(params), rng, n, inputs, self.layout.inputs)

    def redrawn(
        self, params: StateSpaceParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> Array:
        d = len(params.noise)
        ends = [len(rows)] if lengths is None else np.cumsum(lengths).tolist()
        parts = [rows[a:z, d:] for a, z in pairwise([0, *ends])]
        made = [np.hstack([self.draw(params, rng, len(each), each), each]) for each in parts]
        return np.concatenate(made)

    @property
    def axis_names(self) -> Mapping[str, Sequence[str]]:
        before, moved = [f"from {each}" for each in self.states], [self.states[k] for k in self.layout.places]
        named = {"state": self.states, "state before": before, "shock": moved, "first state": self.states}
        return named if self.inputs is None else {**named, "input": self.inputs}

    def __repr__(self) -> str:
        number = int(sum(self.layout.free(name).sum() for name in FIELDS))
        return f"{type(self).__name__}({self.size}, {number} estimated)"

    @property
    def size(self) -> str:
        """How many states and columns there are, in words."""
        d, m = self.layout.observation.shape
        own = f"{m} state{'s' * (m != 1)}, {d} column{'s' * (d != 1)}"
        p = self.layout.inputs
        return own + f", {p} input{'s' * (p != 1)}" * bool(p)

    @property
    def admits_gaps(self) -> bool:
        return True

    def with_inputs(
        self, effects: Matrix, state_effects: Matrix | None = None, inputs: Iterable[str] | None = None
    ) -> StateSpace:
        """The same with inputs that add `effects` (d, p) to columns and `state_effects` (m, p) to states: see the class."""
        named = {name: getattr(self, name) for name in SETTINGS}
        return type(self)(**named, effects=effects, state_effects=state_effects, inputs=inputs)

    def driven(self, names: Sequence[str]) -> StateSpace:
        """The same with all that inputs of these names add to columns estimated, unless it has inputs; itself for no names."""
        if not names or self.layout.inputs:
            return self
        return self.with_inputs(np.full((len(self.layout.noise), len(names)), np.nan), inputs=names)

    def settled(self, profile: AnyProfile) -> StateSpace:
        """With the names of inputs, where they have none."""
        names = profile.columns[len(self.layout.noise) :]
        if self.inputs is not None or not self.layout.inputs or len(names) != self.layout.inputs:
            return self
        return self.with_inputs(self.effects, self.state_effects, names)

    def recoded(self, source: Any) -> Any:
        """All rows as one series, where nothing says which are."""
        return source.as_one_group()

    def prepare(self, source: Any) -> Any:
        return self.recoded(source)

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
        state_data.refuse(self.layout, profile)
        return self.params(**state_starts.from_moments(self.layout, profile))

    @property
    def climbs(self) -> bool:
        return True

    def is_stuck(self, params: StateSpaceParams) -> bool:
        """Whether a column is seen without error, or a shock is none, of which entries are to be estimated."""
        blind = self.layout.free("observation").any(axis=1) & (params.noise == 0)
        still = self.layout.free("transition")[self.layout.places].any(axis=1) & (np.diag(params.shocks) == 0)
        return bool(blind.any() or still.any())

    def conventional(self, params: StateSpaceParams) -> StateSpaceParams:
        """With a moving average that can be inverted."""
        return inverted(self.layout, params)

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[StateSpaceParams]:
        """Variances and entries at random, for each seed."""
        state_data.refuse(self.layout, profile)
        first = state_starts.from_moments(self.layout, profile)
        return [self.params(**state_starts.at_random(first, self.layout, np.random.default_rng(seed))) for seed in seeds]

    def check_fields(self, params: StateSpaceParams, profile: AnyProfile) -> None:
        """Errors: DataError or ParameterError for parameters of another model, or data that cannot carry it."""
        for name in FIELDS:
            self.layout.filled(name, getattr(params, name))
        state_data.refuse(self.layout, profile)

    def check(self, params: StateSpaceParams, profile: AnyProfile) -> None:
        self.check_fields(params, profile)
        if self.layout.inputs:
            words = state_data.coefficient_words(self.layout, profile.columns, self.states)
            state_data.refuse_untold(self.information(params, profile.source), words)

    def information(self, params: StateSpaceParams, source: Any) -> Array:
        """What all rows tell of the coefficients (q, q) that cells are linear in, with all else as it is; 0 if no density."""
        try:
            told = [self.e_step(params, chunk).statistics.information for chunk in self.prepare(source).chunks()]
            return np.asarray(np.sum(told, axis=0))
        except DegenerateFitError:
            return np.zeros((0, 0))
