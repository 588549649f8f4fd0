"""Kinds of items: how likely each answer is at an ability, and how that changes with the parameters. One formula a kind.

Answers are counted from 0. `derivatives` are those of the log-chances along every number of the parameters, field after field.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.errors import ModelError
from emkit.models.item_params import GradedItem, GradedPlane, GuessedItem, GuessedPlane, SlopedItem, SlopedPlane, UnitSlopeItem
from emkit.models.priors import BetaPrior

GUESSED = BetaPrior(5.0, 17.0)  # one in five or so, worth 20 answers
GUESSED_AT_FIRST = 0.15  # the share that a start says is
SPREAD = 1.7  # logits that a normal ability of standard deviation 1 is wide, nearly


@dataclass(frozen=True)
class ItemKind(ABC):
    """What one kind of item says, of so many `levels` of answers: 0 ... levels - 1.

    Errors: ModelError if there are fewer than 2.

    >>> import emkit as ek
    >>> isinstance(ek.GradedResponse(3), ek.ItemKind)
    True
    """

    levels: int = 2

    def __post_init__(self) -> None:
        check_count("levels", self.levels, ModelError, 2)

    @abstractmethod
    def log_chances(self, params: Any, ability: Array) -> Array:
        """The logarithm (L, n) of the probability of each answer at abilities (n,)."""

    @abstractmethod
    def derivatives(self, params: Any, ability: Array) -> Array:
        """Those of the log-chances along each of the p parameters, (p, L, n)."""

    @abstractmethod
    def by_ability(self, params: Any, ability: Array) -> Array:
        """The derivatives (L, n) of the log-chances along the ability."""

    @abstractmethod
    def start(self, below: Array, slope: float) -> Any:
        """Parameters with this slope, if about so many answer `below` (L - 1,) or at each level but the highest."""

    @abstractmethod
    def moved(self, params: Any, origin: float, unit: float) -> Any:
        """The same item of an ability that counts from `origin` in units of `unit` (1 where slopes are held at 1)."""

    @property
    def like(self) -> Any:
        """Some parameters of an item of this kind."""
        return self.start(np.arange(1, self.levels) / self.levels, 1.0)

    def intercept(self, params: Any) -> float | None:
        """The log-odds of the higher of two answers at an ability of 0, where they are a line in it; else None."""
        if self.levels > 2:
            return None
        lower, higher = self.log_chances(params, np.zeros(1))[:, 0]
        return float(higher - lower)

    def plane(self, line: Any, slopes: Array) -> Any:
        """The item of several abilities that a `line` of one becomes, of these slopes (m,). Errors: ModelError if none is."""
        raise ModelError(f"{self!r} is of one ability: of several, slopes are estimated, as of ek.GeneralisedPartialCredit.")

    def line(self, plane: Any) -> Any:
        """The item of one ability, which is that along the slopes of a `plane`: its slope is 1."""
        raise NotImplementedError

    def log_prior(self, params: Any) -> float:
        """Logarithm of the prior density, up to a constant."""
        return 0.0

    def prior_slope(self, params: Any) -> Array:
        """Its derivatives (p,) along the parameters."""
        return np.zeros(self._size)

    def prior_information(self, params: Any) -> Array:
        """How the log-prior bends downwards along each free coordinate (p,)."""
        return np.zeros(self._size)

    @property
    def _size(self) -> int:
        """How many parameters an item has."""
        return self.levels

    @property
    def has_prior(self) -> bool:
        """Whether the prior density is anything but even."""
        return False

    @property
    def scales_ability(self) -> bool:
        """Whether the ability has the unit of this item, whose slope is held at 1: then the spread of ability is estimated."""
        return False


class _Credit(ItemKind):
    """What partial credit says, of the intercepts and slope that `_line` finds."""

    @abstractmethod
    def _line(self, params: Any) -> tuple[Array, float]:
        """Intercepts (levels - 1,) and slope."""

    def log_chances(self, params: Any, ability: Array) -> Array:
        intercepts, slope = self._line(params)
        scores = np.arange(self.levels)[:, None] * (slope * ability) + np.concatenate([[0.0], intercepts])[:, None]
        return np.asarray(scores - np.logaddexp.reduce(scores, axis=0))

    def by_ability(self, params: Any, ability: Array) -> Array:
        return self._line(params)[1] * self._off(params, ability)

    def _off(self, params: Any, ability: Array) -> Array:
        """How far each answer (L, n) lies above the one that is expected."""
        answers = np.arange(self.levels)[:, None]
        expected = (answers * np.exp(self.log_chances(params, ability))).sum(axis=0)
        return np.asarray(answers - expected)

    def _along_intercepts(self, params: Any, ability: Array) -> Array:
        """Derivatives (L - 1, L, n) along the intercepts."""
        chances = np.exp(self.log_chances(params, ability))
        return np.eye(self.levels)[1:, :, None] - chances[1:, None, :]


@dataclass(frozen=True)
class GeneralisedPartialCredit(_Credit):
    """Partial credit with a slope of its own: see `SlopedItem`. Of two levels, it is the two-parameter logistic.

    Source: Muraki (1992), Applied Psychological Measurement 16, 159-176.

    >>> import emkit as ek
    >>> import numpy as np
    >>> kind, item = ek.GeneralisedPartialCredit(3), ek.SlopedItem([0.0, 0.0], 1.0)
    >>> np.exp(kind.log_chances(item, np.array([0.0, 1.0]))).round(3).T.tolist()
    [[0.333, 0.333, 0.333], [0.09, 0.245, 0.665]]
    """

    def _line(self, params: SlopedItem) -> tuple[Array, float]:
        return params.intercepts, params.slope

    def derivatives(self, params: SlopedItem, ability: Array) -> Array:
        return np.concatenate([self._along_intercepts(params, ability), (ability * self._off(params, ability))[None]])

    def start(self, below: Array, slope: float) -> SlopedItem:
        return SlopedItem(_log_ratios(below), slope)

    def moved(self, params: SlopedItem, origin: float, unit: float) -> SlopedItem:
        steps = np.arange(1, self.levels)
        return SlopedItem(params.intercepts + steps * (params.slope * origin), params.slope * unit)

    def plane(self, line: SlopedItem, slopes: Array) -> SlopedPlane:
        return SlopedPlane(line.intercepts, slopes)

    def line(self, plane: SlopedPlane) -> SlopedItem:
        return SlopedItem(plane.intercepts, 1.0)


@dataclass(frozen=True)
class PartialCredit(_Credit):
    """Partial credit with a slope of 1, in units of which abilities spread: see `UnitSlopeItem`. Of two levels, Rasch's model.

    Source: Masters (1982), Psychometrika 47, 149-174.

    >>> import emkit as ek
    >>> import numpy as np
    >>> kind, item = ek.PartialCredit(2), ek.UnitSlopeItem([0.0])
    >>> np.exp(kind.log_chances(item, np.array([0.0, 1.0]))).round(3).T.tolist()
    [[0.5, 0.5], [0.269, 0.731]]
    """

    def _line(self, params: UnitSlopeItem) -> tuple[Array, float]:
        return params.intercepts, 1.0

    def derivatives(self, params: UnitSlopeItem, ability: Array) -> Array:
        return self._along_intercepts(params, ability)

    def start(self, below: Array, slope: float) -> UnitSlopeItem:
        return UnitSlopeItem(_log_ratios(below))

    def moved(self, params: UnitSlopeItem, origin: float, unit: float) -> UnitSlopeItem:
        return UnitSlopeItem(params.intercepts + np.arange(1, self.levels) * origin)

    @property
    def scales_ability(self) -> bool:
        return True

    @property
    def _size(self) -> int:
        return self.levels - 1


@dataclass(frozen=True)
class GradedResponse(ItemKind):
    """Ordered answers, of which those above each level have odds that rise with ability: see `GradedItem`.

    Source: Samejima (1969), Psychometrika Monograph 17.

    >>> import emkit as ek
    >>> import numpy as np
    >>> kind, item = ek.GradedResponse(3), ek.GradedItem([-1.0, 1.0], 2.0)
    >>> np.exp(kind.log_chances(item, np.array([0.0, 1.0]))).round(3).T.tolist()
    [[0.269, 0.462, 0.269], [0.047, 0.222, 0.731]]
    """

    def log_chances(self, params: GradedItem, ability: Array) -> Array:
        upper, lower = self._bounds(params, ability)
        with np.errstate(divide="ignore"):
            apart = np.log(-np.expm1(-self._gaps(params)))[:, None]
        return np.asarray(scipy.special.log_expit(upper) + scipy.special.log_expit(-lower) + apart)

    def by_ability(self, params: GradedItem, ability: Array) -> Array:
        upper, lower = self._bounds(params, ability)
        return np.asarray(params.slope * (scipy.special.expit(lower) - scipy.special.expit(-upper)))

    def derivatives(self, params: GradedItem, ability: Array) -> Array:
        upper, lower = self._bounds(params, ability)
        with np.errstate(divide="ignore", over="ignore"):
            crowded = (1 / np.expm1(self._gaps(params)))[:, None]
        number = self.levels - 1
        along = np.zeros((number + 1, self.levels, len(ability)))
        places = np.arange(number)
        along[places, places] = (scipy.special.expit(-upper) + crowded)[:-1]
        along[places, places + 1] = -(scipy.special.expit(lower) + crowded)[1:]
        along[number] = ability * (scipy.special.expit(lower) - scipy.special.expit(-upper))
        return along

    def start(self, below: Array, slope: float) -> GradedItem:
        return GradedItem(np.log(below / (1 - below)) * widened(slope), slope)

    def moved(self, params: GradedItem, origin: float, unit: float) -> GradedItem:
        return GradedItem(params.cuts - params.slope * origin, params.slope * unit)

    def plane(self, line: GradedItem, slopes: Array) -> GradedPlane:
        return GradedPlane(line.cuts, slopes)

    def line(self, plane: GradedPlane) -> GradedItem:
        return GradedItem(plane.cuts, 1.0)

    def _gaps(self, params: GradedItem) -> Array:
        """How far apart the bounds of each answer (L,) are."""
        return np.diff(np.concatenate([[-np.inf], params.cuts, [np.inf]]))

    def _bounds(self, params: GradedItem, ability: Array) -> tuple[Array, Array]:
        """The upper and lower bounds (L, n) of each answer on the logistic scale, at abilities."""
        inner = params.cuts[:, None] - params.slope * ability
        ends = np.full((1, len(ability)), np.inf)
        return np.concatenate([inner, ends]), np.concatenate([-ends, inner])


@dataclass(frozen=True)
class Guessing(ItemKind):
    """Right answers of which some are guessed: see `GuessedItem`. `prior`: what is known of the share that is; None: nothing.

    Few data tell guesses apart from easy items, so a prior stands by default. Errors: ModelError unless there are two levels.
    Source: Birnbaum (1968), in Lord & Novick, Statistical Theories of Mental Test Scores.

    >>> import emkit as ek
    >>> import numpy as np
    >>> kind, item = ek.Guessing(), ek.GuessedItem(0.0, 1.0, guess=0.2)
    >>> np.exp(kind.log_chances(item, np.array([-50.0, 0.0]))).round(3).T.tolist()
    [[0.8, 0.2], [0.4, 0.6]]
    """

    prior: BetaPrior | None = GUESSED

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.levels != 2:
            raise ModelError(f"items that can be guessed are right or wrong: they have 2 levels, not {self.levels}.")
        if self.prior is not None and not isinstance(self.prior, BetaPrior):
            raise ModelError(f"prior is {self.prior!r:.60}; of guesses, it is an ek.BetaPrior(5, 17), for one, or None.")

    def log_chances(self, params: GuessedItem, ability: Array) -> Array:
        logits = params.intercept + params.slope * ability
        known = np.log1p(-params.guess)
        right = known + scipy.special.log_expit(logits)
        return np.stack([known + scipy.special.log_expit(-logits), np.logaddexp(np.log(params.guess), right)])

    def by_ability(self, params: GuessedItem, ability: Array) -> Array:
        return params.slope * self._along_line(params, ability)

    def derivatives(self, params: GuessedItem, ability: Array) -> Array:
        line = self._along_line(params, ability)
        right = np.exp(self.log_chances(params, ability)[1])
        missed = scipy.special.expit(-params.intercept - params.slope * ability)
        of_guess = np.stack([np.full(len(ability), -1 / (1 - params.guess)), missed / right])
        return np.stack([line, ability * line, of_guess])

    def _along_line(self, params: GuessedItem, ability: Array) -> Array:
        """Derivatives (2, n) of the log-chances along the logit."""
        logits = params.intercept + params.slope * ability
        known, right = scipy.special.expit(logits), np.exp(self.log_chances(params, ability)[1])
        return np.stack([-known, (1 - params.guess) * known * (1 - known) / right])

    def start(self, below: Array, slope: float) -> GuessedItem:
        share = np.clip((1 - below[0] - GUESSED_AT_FIRST) / (1 - GUESSED_AT_FIRST), 0.05, 0.95)
        return GuessedItem(float(np.log(share / (1 - share)) * widened(slope)), slope, GUESSED_AT_FIRST)

    def moved(self, params: GuessedItem, origin: float, unit: float) -> GuessedItem:
        return GuessedItem(params.intercept + params.slope * origin, params.slope * unit, params.guess)

    def intercept(self, params: GuessedItem) -> None:
        """None: where some answers are guessed, log-odds are no line."""

    def plane(self, line: GuessedItem, slopes: Array) -> GuessedPlane:
        return GuessedPlane(line.intercept, slopes, line.guess)

    def line(self, plane: GuessedPlane) -> GuessedItem:
        return GuessedItem(plane.intercept, 1.0, plane.guess)

    @property
    def has_prior(self) -> bool:
        return self.prior is not None

    def log_prior(self, params: GuessedItem) -> float:
        return 0.0 if self.prior is None else self.prior.height(np.array(params.guess))

    def prior_slope(self, params: GuessedItem) -> Array:
        of_guess = 0.0 if self.prior is None else float(self.prior.slope(np.array(params.guess)))
        return np.array([0.0, 0.0, of_guess])

    def prior_information(self, params: GuessedItem) -> Array:
        seen = 0.0 if self.prior is None else self.prior.successes + self.prior.failures - 2
        return np.array([0.0, 0.0, seen * params.guess * (1 - params.guess)])


def widened(slope: float) -> float:
    """By how much logits given the ability are farther from 0 than those of all people."""
    return float(np.sqrt(1 + (slope / SPREAD) ** 2))


def _log_ratios(below: Array) -> Array:
    """Logarithms (L - 1,) of how many give each answer over how many give the first."""
    shares = np.diff(np.concatenate([[0.0], below, [1.0]]))
    return np.log(shares[1:] / shares[0])
