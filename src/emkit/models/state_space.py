"""Linear Gaussian state spaces: states that move by a linear map from row to row, and are seen through another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.coordinates import Scale
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.models import state_data, state_layout, state_long_run, state_starts
from emkit.models.invertible import inverted
from emkit.models.state_layout import Layout
from emkit.models.state_params import FIELDS, CorrelatedStateSpaceParams, Matrix, StateSpaceParams
from emkit.models.state_steps import StateSteps
from emkit.models.state_system import System

SETTINGS = (
    "transition", "observation", "state_noise", "noise", "selection", "start_mean", "start_covariance", "stationary", "states",
)  # fmt: skip  # of a state space without inputs


class StateSpace(StateSteps):
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
