"""When to stop: pure rules over the steps of a run. A rule returns an `Outcome`, or None to go on.

A rule of one's own beside one that is there: three steps, then enough.

>>> import emkit as ek
>>> def three(step):
...     return ek.Outcome(ek.Status.BUDGET, "three steps are enough.") if step.number == 3 else None
>>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
>>> result = ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start, rules=[ek.stopping.Settled(), three])
>>> result.iterations, str(result.outcome)
(3, 'three steps are enough.')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.protocols import Evaluation
from emkit.core.rate import DECREASE, EMRate
from emkit.errors import Outcome, Status

NEGLIGIBLE = 1e-8  # log-likelihood that nobody would go on for
WANDERING = 1e-9  # standard errors: over many rows, rounding moves the parameters by about this much
NEAR = 1e-3  # standard errors, below which parameters are not said to creep
SLOW = 0.99
BLIND = 1e-7  # of the size of the parameters, the way left where gains are too small to count it in standard errors
DRAGGING = 0.9  # a rate at which another solver may save passes: plain EM makes 22 of them for a digit
ROUNDING = 1e-13  # of an objective, relative to 1 + |objective|: sums of many rows are off by as much
ROUGH = 1e-3  # log-likelihood that may be left to gain when maxima are told apart


@dataclass(frozen=True)
class Step:
    """One step of the loop: where it stands, what it gained, and how many passes over the data there were so far.

    What a stopping rule and a `watch` see:

    >>> import emkit as ek
    >>> coins = ek.lessons.two_coins()
    >>> steps = ek.iterate(ek.EMMap(coins.model, coins.source, coins.start), coins.start, ek.solvers.Plain())
    >>> first, second = next(steps), next(steps)
    >>> second.number, second.evaluations, round(second.gain, 4)
    (1, 2, 1.2346)
    """

    number: int
    evaluations: int
    here: Evaluation[Any]
    gain: float
    em_rate: EMRate | None


Rule = Callable[[Step], Outcome | None]


@dataclass(frozen=True)
class Settled:
    """Converged: nearly nothing is left to gain, and the parameters have stopped moving.

    Both are Aitken estimates. An EM step shrinks the distance to the limit by a rate a, measured from two consecutive EM
    steps; a step that gained g leaves at most g a / (1 - a) to be gained, and a step of length r leaves r a / (1 - a) to go.
    Gains are in units of log-likelihood, against `tol`; distances are in standard errors (through the curvature
    gain / length^2, so no unit of measurement enters), against `distance`.
    Source: Aitken's acceleration as a stopping rule: Boehning et al. (1994), Ann. Inst. Statist. Math. 46, 373-388.
    """

    tol: float = 1e-8
    distance: float = 1e-7

    @staticmethod
    def within(tol: float) -> Settled:
        """The rule for a `tol`, with a distance to match: near a maximum, gains are squares of distances."""
        return Settled(tol, distance=1e-3 * float(np.sqrt(tol)))

    def __call__(self, step: Step) -> Outcome | None:
        if step.em_rate is None:
            return None
        gain, way = remaining(step.em_rate)
        near = way <= self.distance and not (self.distance < np.inf and _unseen(step.em_rate))
        if not (near and gain <= max(self.tol, step.em_rate.rounding)):  # not where either is no number
            return None
        passes = _times(step.evaluations, "pass", "passes")
        said = (
            f"converged after {_times(step.number, 'iteration')} ({passes} over the data): {_little(step.em_rate, gain, way)}"
        )
        return Outcome(Status.CONVERGED, said)


def _unseen(em_rate: EMRate) -> bool:
    """Whether gains too small to tell a distance hide steps that are still long, and grow shorter."""
    blind = em_rate.standard_errors == 0 and em_rate.next_step_length > 0
    return blind and em_rate.contraction < 1 and to_limit(em_rate.step_length, em_rate.contraction) > BLIND * em_rate.size


def _little(em_rate: EMRate, gain: float, way: float) -> str:
    """How little is left to gain, and to go, in a sentence."""
    if em_rate.next_step_length == 0:
        return "the parameters no longer move."
    if em_rate.standard_errors == 0:
        return (
            f"a step of EM gains less than {100 * em_rate.rounding:.1g} of log-likelihood, too little above rounding to tell "
            "how far the parameters are from their limit."
        )
    return (
        f"at most {gain:.1g} of log-likelihood is left to gain, and the parameters are within {way:.1g} standard errors of "
        "their limit."
    )


def remaining(em_rate: EMRate) -> tuple[float, float]:
    """Aitken estimates of the log-likelihood still to be gained and of the way still to go in standard errors.

    Where the steps are so short that rounding makes them wander, two of them no longer tell a rate: a slow one is assumed.
    """
    if em_rate.next_step_length == 0:
        return 0.0, 0.0
    length = em_rate.standard_errors
    rate = SLOW if em_rate.contraction >= 1 and length < WANDERING else em_rate.contraction
    if rate >= 1:
        return np.inf, np.inf
    return to_limit(max(em_rate.steady_gain, 0.0), rate), to_limit(length, rate)


def to_limit(step: float, rate: float) -> float:
    """What is left after a `step`, if every further one is shorter by the factor `rate` < 1."""
    return step * rate / (1 - rate)


@dataclass(frozen=True)
class Budget:
    """Stop when `max_evaluations` passes over the data are spent, `before` of them earlier. That is not convergence.

    `setting` is what whoever asked for the run calls that limit.
    """

    max_evaluations: int
    before: int = 0
    setting: str = "max_evaluations"

    def __call__(self, step: Step) -> Outcome | None:
        spent = step.evaluations + self.before >= self.max_evaluations
        return Outcome(Status.BUDGET, self._sentence(step)) if spent else None

    def _sentence(self, step: Step) -> str:
        left = what_is_left(step.em_rate, more_of(self.setting, step.em_rate))
        return f"not converged: the budget of {_times(self.max_evaluations, 'pass', 'passes')} over the data is spent. {left}"


@dataclass(frozen=True)
class Drawn(Budget):
    """The budget of a model that draws lots: it wanders for ever, and cannot converge."""

    def _sentence(self, step: Step) -> str:
        return (
            f"stopped after {_times(self.max_evaluations, 'pass', 'passes')} over the data: an E-step that draws lots wanders "
            "around a maximum and never settles. The parameters are those with the highest log-likelihood on the way."
        )


def more_of(limit: str, em_rate: EMRate | None) -> str:
    """How to go on, in a sentence: with a higher `limit` and, where EM is slow, another solver than the one that ran.

    Steps do not say which solver made them, so the sentence names none; the rate is that of EM itself, whoever steps.
    """
    if em_rate is None or not DRAGGING <= em_rate.contraction < 1:
        return f"Raise {limit}."
    left = f"{100 * em_rate.contraction:.4g} %" if em_rate.contraction < 0.9999 else "more than 99.99 %"
    return f"EM is slow here (an EM step leaves {left} of the way to the limit): raise {limit}, or try another solver."


def what_is_left(em_rate: EMRate | None, more: str) -> str:
    """What a run that ended early had still to gain, and how to gain it (`more`), in sentences."""
    gain, way = remaining(em_rate) if em_rate is not None else (np.inf, np.inf)
    if not np.isfinite(gain):
        return more
    if gain > NEGLIGIBLE:
        return f"About {gain:.1g} of log-likelihood is left to gain. {more}"
    if way < NEAR:
        return f"Next to nothing is left: about {gain:.1g} of log-likelihood and {way:.1g} standard errors. {more}"
    return (
        f"The log-likelihood has settled (about {gain:.1g} is left to gain), but the parameters still creep, with about "
        f"{way:.1g} standard errors to go: the data hardly determine where. Components that coincide do that: try fewer, and "
        "see identifiability()."
    )


@dataclass(frozen=True)
class Decreased:
    """Stop when the objective fell by more than rounding: EM cannot do that, so some step is wrong."""

    def __call__(self, step: Step) -> Outcome | None:
        before = step.here.objective - step.gain
        if not step.gain < -DECREASE * (1 + abs(before)):
            return None
        return Outcome(
            Status.DECREASED,
            f"stopped: the objective fell by {-step.gain:.6g} in iteration {step.number}, from {before:.12g} to "
            f"{step.here.objective:.12g}. EM never lowers it, so the M-step does not maximise what the E-step expects.",
        )


@dataclass(frozen=True)
class Moved:
    """Converged in the classical, weaker sense: the last EM step was shorter than `less_than` (Euclidean norm).

    A short step says little about the way still to go: with rate 0.99 that is 99 times as far. Use it to compare with
    published counts.
    """

    less_than: float

    def __call__(self, step: Step) -> Outcome | None:
        if step.em_rate is None or step.em_rate.step_length >= self.less_than:
            return None
        return Outcome(
            Status.CONVERGED,
            f"stopped after {_times(step.number, 'iteration')}: the last step moved the parameters by "
            f"{step.em_rate.step_length:.3g}, less than {self.less_than:g}.",
        )


@dataclass(frozen=True)
class Iterations:
    """Stop after `most` steps of the solver, `before` of which were made earlier. That is not convergence."""

    most: int
    before: int = 0

    def __call__(self, step: Step) -> Outcome | None:
        if step.number + self.before < self.most:
            return None
        times = f"{self.most:,} iteration{'' if self.most == 1 else 's'}"
        left = what_is_left(step.em_rate, more_of("max_iter", step.em_rate))
        return Outcome(Status.BUDGET, f"not converged: stopped after {times}. {left}")


ROUGHLY = Outcome(Status.BUDGET, "not converged: left where its maximum was known roughly.")
SPIKED = Outcome(Status.BUDGET, "not converged: left where it had come to a spike.")
NO_HIGHER = Outcome(Status.BUDGET, "not converged: left where it was clear that it rises no higher than another run.")


@dataclass(frozen=True)
class Rough:
    """Stop where at most `left` of log-likelihood seems left to gain. That is not convergence: see `ROUGHLY`."""

    left: float

    def __call__(self, step: Step) -> Outcome | None:
        return ROUGHLY if Settled(self.left, distance=np.inf)(step) is not None else None


@dataclass(frozen=True)
class NoHigher:
    """Stop where little is `left` to gain, no more than `same` above a `height` that was reached before: see `NO_HIGHER`."""

    height: float
    left: float
    same: float

    def __call__(self, step: Step) -> Outcome | None:
        low = step.here.objective <= self.height + self.same
        return NO_HIGHER if low and Rough(self.left)(step) is not None else None


def still_to_gain(objectives: Sequence[float]) -> float:
    """Aitken's estimate of what is left to gain, from the objectives of consecutive EM steps; infinite if they do not tell."""
    if len(objectives) < 3 or not np.isfinite(objectives[-3:]).all():
        return np.inf
    rounding = ROUNDING * (1 + abs(objectives[-1]))
    before, gain = (float(gain) for gain in np.diff(objectives[-3:]))
    if abs(gain) <= rounding:
        return rounding
    return to_limit(gain, gain / before) if 0 < gain < before else np.inf


def first_outcome(rules: Iterable[Rule], step: Step) -> Outcome | None:
    """The outcome of the first rule that has one."""
    return next((outcome for rule in rules if (outcome := rule(step)) is not None), None)


def _times(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
