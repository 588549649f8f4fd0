"""State spaces of which several entries are one parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import NonNegative, Real
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.models import state_data, state_expected
from emkit.models.of_states import OfStates
from emkit.models.state_layout import solved
from emkit.models.state_params import EFFECTS, MATRICES, Matrix, StateSpaceParams
from emkit.models.state_space import StateSpace
from emkit.models.state_stats import StateSums
from emkit.models.state_system import System
from emkit.models.ties import check_apart, letters_of, mean_of, numbers_and_names, places, plain, shared


@dataclass(frozen=True, eq=False)
class TiedStateSpaceParams(Parameters):
    """Parameters of `TiedStateSpace`: of each matrix, the numbers (k,) that its letters stand for, in alphabetical order.

    `transition`, `state_noise` >= 0, `observation`, `noise` >= 0, `effects`, `state_effects`; of a matrix without letters
    there are none. Three columns with errors of one variance, seen of a level:

    >>> import emkit as ek
    >>> params = ek.TiedStateSpaceParams(transition=[], state_noise=[0.5], observation=[], noise=[2.0])
    >>> round(float(params.state_noise[0] / params.noise[0]), 2)
    0.25
    """

    transition: Annotated[Array, Real(), Axes("letter of transition")]
    state_noise: Annotated[Array, NonNegative(), Axes("letter of state_noise")]
    observation: Annotated[Array, Real(), Axes("letter of observation")]
    noise: Annotated[Array, NonNegative(), Axes("letter of noise")]
    effects: Annotated[Array, Real(), Axes("letter of effects", coupled=("letter of effects",))] = field(
        default_factory=lambda: np.empty(0)
    )
    state_effects: Annotated[Array, Real(), Axes("letter of state_effects", coupled=("letter of state_effects",))] = field(
        default_factory=lambda: np.empty(0)
    )

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, transition: ArrayLike, state_noise: ArrayLike, observation: ArrayLike, noise: ArrayLike,
            effects: ArrayLike = (), state_effects: ArrayLike = (),
        ) -> None: ...  # fmt: skip


class TiedStateSpace(OfStates[TiedStateSpaceParams]):
    """A `StateSpace` whose matrices have names where numbers are estimated: entries of one name are one parameter.

    `transition` (m, m), `observation` (d, m), variances `state_noise` (r,) and `noise` (d,): each entry a number, or a name as
    text; `selection`, `start_mean`, `start_covariance` and `states` as in `StateSpace`. A name is of one matrix; `letters` has
    those of each, in the order of the parameters. `effects` (d, p), `state_effects` (m, p) and `inputs` as in `StateSpace`.
    Errors: ModelError for what is neither number nor name, for a name in two matrices, and as `StateSpace`.
    Source: Holmes (2013), arXiv:1302.3919, whose vec(B) = f + D b this is with one 1 in each row of D.

    Two columns that see one level with errors of one variance:

    >>> import emkit as ek
    >>> model = ek.TiedStateSpace([[1.0]], [[1.0], [1.0]], state_noise=["q"], noise=["r", "r"])
    >>> rows = ek.ArraySource([[5.1, 4.8], [4.2, 4.4], [5.9, 5.1], [6.4, 6.9], [7.9, 7.0], [6.3, 7.2], [8.1, 7.7], [7.0, 7.6]])
    >>> found = ek.fit(model, rows, model.start(rows.profile), solver="anderson")
    >>> found.free_parameters, model.letters["noise"], found.params.noise.round(2).tolist()
    (2, ('r',), [0.2])
    """

    def __init__(
        self, transition: Any, observation: Any, *, state_noise: Any, noise: Any, selection: Matrix | None = None,
        start_mean: Matrix | None = None, start_covariance: Matrix | None = None,
        states: Iterable[str] | None = None, effects: Any = None, state_effects: Any = None,
        inputs: Iterable[str] | None = None,
    ) -> None:  # fmt: skip
        self.transition, self.observation = plain(transition), plain(observation)
        self.state_noise, self.noise = plain(state_noise), plain(noise)
        self.effects, self.state_effects = (() if each is None else plain(each) for each in (effects, state_effects))
        given = {name: numbers_and_names(name, getattr(self, name)) for name in MATRICES}
        for name, value in ((name, getattr(self, name)) for name in EFFECTS):
            given[name] = numbers_and_names(name, value if np.size(value) else np.empty((0, 0)))
        self.space = StateSpace(
            **{name: numbers for name, (numbers, _) in given.items()}, selection=selection, start_mean=start_mean,
            start_covariance=start_covariance, states=states, inputs=inputs,
        )  # fmt: skip
        self.layout, self.states, self.inputs = self.space.layout, self.space.states, self.space.inputs
        if self.layout.state_noise.ndim == 2:
            raise ModelError("state_noise has 2 axes; where entries have names, it has variances (r,), for independent shocks.")
        for name in ("start_mean", "start_covariance"):
            if len(getattr(self.layout, name)):
                raise ModelError(f"{name} holds NaN; where entries have names, it is given: to estimate it, use a StateSpace.")
        self.selection, self.start_mean = self.space.selection, self.space.start_mean
        self.start_covariance = self.space.start_covariance
        self.letters = {name: letters_of(names) for name, (_, names) in given.items()}
        check_apart(self.letters)
        self._ties = {name: places(names, self.letters[name]) for name, (_, names) in given.items()}

    def whole(self, params: TiedStateSpaceParams) -> StateSpaceParams:
        """The same as parameters of the `StateSpace`: matrices, with their numbers at each place."""
        given = {name: getattr(self.layout, name) for name in self._ties}
        filled = {
            name: np.where(np.isnan(value), self._ties[name] @ getattr(params, name), value) for name, value in given.items()
        }
        return self.space.params(**filled)

    def _tied(self, whole: StateSpaceParams) -> TiedStateSpaceParams:
        """Of each letter, the mean of the entries where it stands."""
        return TiedStateSpaceParams(**{name: mean_of(ties, getattr(whole, name)) for name, ties in self._ties.items()})

    def params(self, **values: float) -> TiedStateSpaceParams:
        """Parameters by name. Errors: ParameterError for a name that there is not, or that is missing."""
        every = [letter for letters in self.letters.values() for letter in letters]
        if set(every) != set(values):
            raise ParameterError(f"the names are {', '.join(every)}, but there are numbers for {', '.join(values) or 'none'}.")
        return TiedStateSpaceParams(**{name: [values[each] for each in letters] for name, letters in self.letters.items()})

    def system(self, params: TiedStateSpaceParams) -> System:
        """All matrices as they are at these parameters."""
        return self.space.system(self.whole(params))

    def updates(self) -> Mapping[str, Update[StateSums, TiedStateSpaceParams]]:
        links: dict[str, Update[StateSums, TiedStateSpaceParams]] = {
            "effects": partial(self._linear, "effects"),
            "state_effects": partial(self._linear, "state_effects"),
            "transition": self._transition,
            "state_noise": self._state_noise,
            "observation": self._observation,
            "noise": self._noise,
        }
        return {name: link for name, link in links.items() if self.letters[name]}

    def _linear(self, name: str, stats: StateSums, before: TiedStateSpaceParams, now: TiedStateSpaceParams) -> Array:
        """Generalised least squares, of which the coefficients of a letter are one. (q, q) information -> (k,)."""
        slope, table = self.space.parabola(stats, self.whole(before), self.whole(now))
        own = self.layout.linear(name)
        ties = self._ties[name][self.layout.free(name)]
        letters = np.ones(ties.shape[1], dtype=bool)
        return np.asarray(getattr(now, name) + solved(ties.T @ table[own, own] @ ties, ties.T @ slope[own], letters))

    def _transition(self, stats: StateSums, before: TiedStateSpaceParams, now: TiedStateSpaceParams) -> Array:
        """A regression of all states at once, each by the precision of its shock. (r, m, k) ties -> (k,)."""
        told, precision = self.space.told(stats, self.whole(before), self.whole(now)), np.diag(self.whole(now).shock_precision)
        ties = self._ties["transition"][self.layout.places]
        table = np.einsum("i,iak,ab,ibl->kl", precision, ties, told.before, ties)
        side = np.einsum("i,iak,ia->k", precision, ties, state_expected.pushes(told, self.whole(before)))
        stuck = ties[precision == 0].any(axis=(0, 1))  # a state without shocks moves as it did
        return np.asarray(before.transition + solved(table, side, ~stuck))

    def _observation(self, stats: StateSums, before: TiedStateSpaceParams, now: TiedStateSpaceParams) -> Array:
        """A regression of all columns at once, each by the precision of its errors. (d, m, k) ties -> (k,)."""
        noise, ties = self.whole(now).noise, self._ties["observation"]
        told = self.space.told(stats, self.whole(before), self.whole(now))
        precision = np.where(noise > 0, 1 / np.where(noise > 0, noise, 1.0), 0.0)
        table = np.einsum("j,jak,jab,jbl->kl", precision, ties, told.gram, ties)
        side = np.einsum("j,jak,ja->k", precision, ties, state_expected.crosses(told, self.whole(before)))
        stuck = ties[precision == 0].any(axis=(0, 1))
        return np.asarray(before.observation + solved(table, side, ~stuck))

    def _state_noise(self, stats: StateSums, before: TiedStateSpaceParams, now: TiedStateSpaceParams) -> Array:
        """The mean of the expected squares of all shocks of a letter."""
        if not stats.steps:
            return now.state_noise
        squares = np.diag(self.space.squares(stats, self.whole(before), self.whole(now)))
        ties = self._ties["state_noise"]
        told = self.space.told(stats, self.whole(before), self.whole(now))
        rounding = state_expected.ROUNDING * shared(ties, np.diag(told.shocks))
        return np.maximum(shared(ties, squares), np.maximum(rounding, 0.0)) / (stats.steps * shared(ties, 1.0))

    def _noise(self, stats: StateSums, before: TiedStateSpaceParams, now: TiedStateSpaceParams) -> Array:
        """The mean of the expected squares of the errors of all cells of a letter."""
        ties, left = self._ties["noise"], self.space.left(stats, self.whole(before), self.whole(now))
        cells = shared(ties, stats.cells)
        moved = np.maximum(shared(ties, left), 0.0) / np.where(cells > 0, cells, 1.0)
        return np.where((before.noise > 0) & (cells > 0), moved, now.noise)

    def expected(self, stats: StateSums, before: TiedStateSpaceParams, now: TiedStateSpaceParams) -> Expected:
        found = self.space.expected(stats, self.whole(before), self.whole(now))
        return Expected(found.value, {name: shared(ties, found.slopes[name]) for name, ties in self._ties.items()})

    def driven(self, names: Sequence[str]) -> TiedStateSpace:
        """As `StateSpace.driven`; each entry has a name of its own."""
        if not names or self.layout.inputs:
            return self
        columns = range(1, 1 + len(self.layout.noise))
        each = [[f"{name}, column {j}" for name in names] for j in columns]
        own = {name: getattr(self, name) for name in (*MATRICES, "selection", "start_mean", "start_covariance", "states")}
        return type(self)(**own, effects=each, inputs=names)

    @property
    def axis_names(self) -> Mapping[str, Sequence[str]]:
        return {f"letter of {name}": letters for name, letters in self.letters.items()}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.space.size}, {sum(map(len, self.letters.values()))} estimated)"

    def start(self, profile: AnyProfile) -> TiedStateSpaceParams:
        """The means of the entries of the start of the `StateSpace`. Errors: DataError if the data cannot carry the model."""
        return self._tied(self.space.start(profile))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[TiedStateSpaceParams]:
        """The same of its random starts, for each seed."""
        return [self._tied(each) for each in self.space.starts(profile, n_components, seeds)]

    def check(self, params: TiedStateSpaceParams, profile: AnyProfile) -> None:
        for name, letters in self.letters.items():
            if getattr(params, name).shape != (len(letters),):
                raise ParameterError(f"{name} has shape {getattr(params, name).shape}; it has {len(letters)} letters.")
        self.space.check_fields(self.whole(params), profile)
        if self.layout.inputs:
            ties = scipy.linalg.block_diag(*(self._ties[name][self.layout.free(name)] for name in EFFECTS))
            told = self.information(params, profile.source)
            words = [repr(letter) for name in EFFECTS for letter in self.letters[name]]
            state_data.refuse_untold(ties.T @ told @ ties if len(told) else told, words)
