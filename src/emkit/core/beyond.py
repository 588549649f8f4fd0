"""Where a run goes on that would be called converged: on an edge, at infinity, beyond a bound, or beside a saddle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.ascent import FIRST, Ascent
from emkit.core.axes import COMPONENT, Scope, component_name
from emkit.core.edges import SLOW, Edges, EdgesTried, no_lower
from emkit.core.evaluation import EMMap
from emkit.core.loosen import loosened
from emkit.core.parameters import Parameters, leaves
from emkit.core.protocols import Evaluation
from emkit.core.saddle import escape
from emkit.core.separation import Separation
from emkit.core.spaces import Simplex
from emkit.core.stopping import Step
from emkit.core.turns import Turns
from emkit.errors import Outcome, Status

P = TypeVar("P", bound=Parameters)
OFTEN = 25  # steps, after which it is asked whether components run off
MOST_SADDLES = 10  # that one run leaves


@dataclass(frozen=True)
class Tried:
    """What one run has tried beside its points; `left` are the objectives of the saddles that it has left."""

    edges: EdgesTried = EdgesTried()  # noqa: RUF009 - cannot be changed
    separation: Turns = Turns()  # noqa: RUF009
    left: tuple[float, ...] = ()
    ascent: Turns = FIRST


class Beyond(Generic[P]):
    """Tries points beside those of one run, which has `tried` some before.

    `to_the_end`: whether it goes on from edges and beyond bounds; `off_saddles`: whether it goes on beside saddles.
    """

    def __init__(self, em: EMMap[P], to_the_end: bool, off_saddles: bool, tried: Tried) -> None:
        self._em, self._to_the_end, self._off_saddles = em, to_the_end, off_saddles
        self._edges = Edges(em, tried.edges) if to_the_end and em.model.ascends else None
        self._separation = Separation(em, tried.separation) if to_the_end and em.model.ascends else None
        self._ascent = Ascent.of(em, tried.ascent) if to_the_end and em.model.ascends else None
        self._left = tried.left
        self._higher: Evaluation[P] | None = None  # beside the saddle that the run ends on

    @property
    def tried(self) -> Tried:
        """What it has tried so far."""
        edges = EdgesTried() if self._edges is None else self._edges.tried
        ascent = FIRST if self._ascent is None else self._ascent.turns
        return Tried(edges, Turns() if self._separation is None else self._separation.turns, self._left, ascent)

    def point(self, step: Step, outcome: Outcome | None) -> Evaluation[P] | None:
        """A point no lower than this step's to go on from; None if there is none, or if the run is not asked to."""
        here: Evaluation[P] = step.here
        if not self._em.model.ascends or not (outcome is None or outcome.converged):
            return None
        edge = self._edges.beside(here, step.number, settled=outcome is not None) if self._edges is not None else None
        if edge is None and self._separation is not None:
            edge = self._separation.beside(step)
        if edge is None and self._ascent is not None:
            edge = self._ascent.beside(here, step.number, settled=outcome is not None)
        if edge is not None or outcome is None:
            return edge
        wider = loosened(self._em, here) if self._to_the_end else None
        if wider is not None:
            return wider
        higher = escape(self._em, here)
        if higher is not None and self._off_saddles and len(self._left) < MOST_SADDLES:
            self._left = (*self._left, here.objective)
            above = self._ascent.above(higher) if self._ascent is not None else None  # EM crawls there, if it seems to stand
            return above or higher
        self._higher = higher
        return None

    def run_off(self, step: Step) -> Outcome | None:
        """The outcome where EM creeps after components that run off without end, which it would do for ever."""
        rate = step.em_rate
        if not self._to_the_end or step.number % OFTEN or rate is None or not rate.contraction >= SLOW:
            return None
        if not self._em.model.endless(step.here.params, self._em.source.profile):
            return None
        return Outcome(Status.BUDGET, f"not converged: stopped after {step.number:,} iterations, as EM would go on for ever.")

    def exact(self, best: Evaluation[P]) -> Evaluation[P]:
        """The same point with what was put on an edge exactly there, and in the parameters that are told."""
        here = self._edges.exact(best) if self._edges is not None else best
        told = here.params if self._em.model.states_prior else self._em.model.conventional(here.params)
        there = self._em.attempt(told) if told is not here.params else None
        return there if there is not None and no_lower(there, here) else here

    def told(self, outcome: Outcome, here: Evaluation[P], start: P) -> Outcome:
        """The outcome, with what is to be said of saddles, and of components that run off."""
        if self._higher is not None:
            return _on_saddle(self._em, here, self._higher, start)
        off = self._em.model.endless(here.params, self._em.source.profile)
        if off:
            outcome = replace(outcome, sentence=f"{outcome.sentence} But {endless_told(off)}")
        if not self._left:
            return outcome
        many = "a saddle" if len(self._left) == 1 else f"{len(self._left)} saddles"
        return replace(outcome, sentence=f"{outcome.sentence} On the way it left {many} (objective {self._left[-1]:.10g}).")


def endless_told(components: tuple[int, ...]) -> str:
    """What is said of components that run off without end."""
    named = " and ".join(f"component {component_name(k)}" for k in components)
    many = len(components) > 1
    return (
        f"the likelihood has no maximum: {named} run{'' if many else 's'} off without end, and it comes to this height on "
        f"the way. The parameters of {'these' if many else 'this one'} say that, and nothing else: use a family with fewer, "
        "or hold some of them."
    )


def _on_saddle(em: EMMap[P], here: Evaluation[P], higher: Evaluation[P], start: P) -> Outcome:
    """The outcome of a run that ends where EM stands still, but is no maximum."""
    names = em.coordinates.entry_names(here.params)
    entries = em.coordinates.entries
    moved = entries(higher.params) - entries(here.params)
    most = [names[i] for i in sorted(np.argsort(-np.abs(moved))[:2]) if moved[i] != 0]
    equal = "Components that start equal stay equal; start" if _starts_equal(start) else "Start"
    return Outcome(
        Status.STATIONARY_SADDLE,
        f"not converged: EM stands still at objective {here.objective:.10g}, but on a saddle: a small push in "
        f"{' and '.join(most)} makes it run away upwards. {equal} from another point.",
    )


def _starts_equal(start: Parameters) -> bool:
    """Whether some components are equal at the start, in all but their shares of the rows."""
    own: dict[Scope | None, list[Array]] = {}
    for leaf in leaves(start):
        is_share = isinstance(leaf.space, Simplex) and leaf.value.ndim == 1
        if leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,) and not is_share:
            own.setdefault(leaf.scope(COMPONENT), []).append(leaf.value.reshape(len(leaf.value), -1))
    return any(len(np.unique(np.hstack(each), axis=0)) < len(each[0]) for each in own.values())
