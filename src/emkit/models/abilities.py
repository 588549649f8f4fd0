"""Item response with several abilities: right and wrong answers, whose log-odds are a plane in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.checks import check_kind
from emkit.core.expected import Expected
from emkit.core.protocols import Update
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.models import item_planes
from emkit.models.abilities_on_grid import AbilitiesOnGrid, AnswersAt, Pattern
from emkit.models.abilities_params import AbilitiesParams
from emkit.models.at_abilities import at_abilities
from emkit.models.item_kinds import SPREAD
from emkit.models.item_response import refuse_answers
from emkit.models.pivots import turned_to_pivots


class AbilitiesModel(AbilitiesOnGrid[AbilitiesParams]):
    """Answers of 0 and 1 to J items: logit P(x_j = 1) = intercept_j + slopes_j . abilities, m abilities ~ N(0, I).

    Given these, answers are independent. Cells may be missing. Say `n_abilities`, all of which all items ask: then slopes are
    one of many that turn into each other, of which the count of free parameters knows (see `AbilitiesParams`). Or say which
    items ask which abilities: `loads` (J, m) of 0 and 1. Signs of abilities are not told.
    The integral is a sum over even steps, `nodes` from -7 to 7 along each of the abilities: 81 of one, 41 of two, 31 of three.
    Where each item asks one ability that all have in common and at most one other (the bifactor model), it is a product of
    integrals over two, however many there are.
    Errors: ModelError for a pattern that data cannot tell, and for too many abilities.
    Source: Bock, Gibbons & Muraki (1988), Applied Psychological Measurement 12, 261-280; Gibbons & Hedeker (1992),
    Psychometrika 57, 423-436.

    Six items, three of which ask one ability and three another:

    >>> import emkit as ek
    >>> import numpy as np
    >>> model = ek.AbilitiesModel(loads=[[1, 0]] * 3 + [[0, 1]] * 3)
    >>> true = model.params(np.zeros(6), np.repeat([[1.5, 0.0], [0.0, 1.0]], 3, axis=0))
    >>> source = ek.ArraySource(model.draw(true, np.random.default_rng(0), 2000))
    >>> ek.fit(model, source, model.start(source.profile), solver="anderson").params.slopes[[0, 3]].round(1).tolist()
    [[1.5, 0.0], [0.0, 1.1]]
    """

    def __init__(self, n_abilities: int | None = None, loads: Pattern | None = None, nodes: int | None = None) -> None:
        super().__init__(n_abilities, loads, nodes)

    def params(self, intercepts: ArrayLike, slopes: ArrayLike) -> AbilitiesParams:
        """Parameters of these items, of any slopes (J, m); without `loads`, turned so that `pivots` say how.

        Errors: ParameterError if shapes do not fit, or for slopes on abilities that an item does not ask.
        """
        a, b = np.asarray(intercepts, dtype=np.float64), np.asarray(slopes, dtype=np.float64)
        items = len(a) if a.ndim else 0
        wanted = (items, self.n_abilities) if self.loads is None else self.loads.shape
        if a.shape != wanted[:1] or b.shape != wanted or self.n_abilities > items:
            raise ParameterError(
                f"intercepts have shape {a.shape} and slopes {b.shape}; of this model, {wanted[:1]} and {wanted}."
            )
        if self.loads is None:
            return AbilitiesParams(a, *turned_to_pivots(b, np.sqrt((b**2).sum(axis=1) + SPREAD**2)))
        self.refuse_strays(b)
        return AbilitiesParams(a, b)

    def with_nodes(self, nodes: int) -> AbilitiesModel:
        return AbilitiesModel(self.n_abilities, self.loads, nodes)

    def answer_levels(self, params: AbilitiesParams) -> tuple[int, ...]:
        return (2,) * len(params.intercepts)

    def log_chances(self, params: AbilitiesParams) -> Array:
        logits = self._planes(params) @ self._design.T
        return np.asarray(scipy.special.log_expit(np.stack([-logits, logits], axis=1)).reshape(-1, 1, logits.shape[1]))

    def slopes_of(self, params: AbilitiesParams) -> Array:
        return params.slopes

    def intercepts_of(self, params: AbilitiesParams) -> Array:
        return params.intercepts

    def pivots_of(self, params: AbilitiesParams) -> tuple[int, ...]:
        return params.pivots

    # -- the M-step

    def m_step(self, stats: AnswersAt, params: AbilitiesParams) -> AbilitiesParams:
        """For each item the logistic plane through what is expected at each place."""
        return AbilitiesParams(*self._climbed(stats, params, (True, True)), params.pivots)

    def updates(self) -> Mapping[str, Update[AnswersAt, AbilitiesParams]]:
        return {"intercepts": self._intercepts, "slopes": self._slopes}

    def _intercepts(self, stats: AnswersAt, before: AbilitiesParams, now: AbilitiesParams) -> Array:
        return self._climbed(stats, now, (True, False))[0]

    def _slopes(self, stats: AnswersAt, before: AbilitiesParams, now: AbilitiesParams) -> Array:
        return self._climbed(stats, now, (False, True))[1]

    def _climbed(self, stats: AnswersAt, params: AbilitiesParams, moves: tuple[bool, bool]) -> tuple[Array, Array]:
        """Intercepts and slopes of the greatest expected log-likelihood; `moves`: whether the former do, and the latter."""
        columns = self._columns(params)
        free = np.take_along_axis(self.free_slopes(params), columns, axis=1) & moves[1]
        free = np.column_stack([np.full(len(free), moves[0]), free])
        found = item_planes.highest(stats.answers[:, 0], self._design, self._planes(params), free)
        slopes = np.array(params.slopes)
        np.put_along_axis(slopes, columns, found[:, 1:], axis=1)
        return found[:, 0], slopes

    def expected(self, stats: AnswersAt, before: AbilitiesParams, now: AbilitiesParams) -> Expected:
        planes, along = self._planes(now), np.zeros(now.slopes.shape)
        found = item_planes.slopes(stats.answers[:, 0], self._design, planes)
        np.put_along_axis(along, self._columns(now), found[:, 1:], axis=1)
        value = float(item_planes.heights(stats.answers[:, 0], self._design, planes).sum())
        return Expected(value, {"intercepts": found[:, 0], "slopes": along})

    @property
    def _design(self) -> Array:
        """A 1 and the places (N, 1 + d)."""
        return np.column_stack([np.ones(len(self.grid.places)), self.grid.places])

    def _columns(self, params: AbilitiesParams) -> Integers:
        return self.grid.abilities_of(len(params.intercepts))

    def _planes(self, params: AbilitiesParams) -> Array:
        """Intercepts, and slopes along the columns of places, (J, 1 + d)."""
        return np.column_stack([params.intercepts, np.take_along_axis(params.slopes, self._columns(params), axis=1)])

    # -- what is told of people

    def chances(self, params: AbilitiesParams, abilities: ArrayLike) -> Array:
        """The probability (n, J) that each item is right, at abilities (n, m). Errors: those of `at_abilities`."""
        at = at_abilities(abilities, self.n_abilities)
        return np.asarray(scipy.special.expit(params.intercepts + at @ params.slopes.T))

    def draw(self, params: AbilitiesParams, rng: np.random.Generator, n: int) -> Array:
        """Rows (n, J)."""
        logits = params.intercepts + rng.standard_normal((n, self.n_abilities)) @ params.slopes.T
        return np.asarray(rng.logistic(size=logits.shape) < logits, dtype=np.float64)

    def held(self, params: AbilitiesParams) -> tuple[str, ...]:
        """The slopes that are 0: on abilities that an item does not ask, or because of how abilities are turned."""
        return tuple(f"slopes[{j}, {k}]" for j, k in np.argwhere(~self.free_slopes(params)).tolist())

    def start(self, profile: AnyProfile) -> AbilitiesParams:
        """Slopes of 1 on the abilities that items ask; without a pattern, from the principal factors of the correlations.

        Errors: DataError for items that tell nothing, or too few.
        """
        self._refuse(profile)
        return self._of_slopes(profile, self.first_slopes(profile, len(profile.columns)))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[AbilitiesParams]:
        """Slopes at random, for each seed."""
        self._refuse(profile)
        return [self._of_slopes(profile, self.random_slopes(len(profile.columns), seed)) for seed in seeds]

    def _of_slopes(self, profile: AnyProfile, slopes: Array) -> AbilitiesParams:
        share = np.asarray(profile.mean)
        return self.params(np.log(share / (1 - share)) * np.sqrt(1 + (slopes**2).sum(axis=1) / SPREAD**2), slopes)

    def check(self, params: AbilitiesParams, profile: AnyProfile) -> None:
        check_kind(params, AbilitiesParams)
        given, asked = len(profile.columns), len(params.intercepts)
        if given != asked:
            raise ParameterError(f"the parameters are of {asked} items, but the data have {given} columns.")
        self._refuse(profile)
        self.params(params.intercepts, params.slopes)
        self.refuse_unturned(params)

    def _refuse(self, profile: AnyProfile) -> None:
        """Errors: DataError for what is neither 0 nor 1, items that tell nothing, and items that are too few."""
        refuse_answers(profile)
        self.refuse_few(len(profile.columns))
