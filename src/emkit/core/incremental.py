"""Incremental EM: the statistics of one cut of the rows are refreshed at a time, with an M-step after each.

What is climbed is the free energy: the log-likelihood, less the divergence of the latent states' distributions, which were
found at other parameters, from their posterior at these. A refreshed cut sets its divergence to 0, and an M-step raises the
rest, so it never falls; where nothing moves any more, it is the log-likelihood.
Source: Neal & Hinton (1998), A view of the EM algorithm that justifies incremental, sparse, and other variants.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, TypeVar

from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.core.protocols import Cut, Expectation, LatentModel, Source
from emkit.core.statistics import Additive, SumTree
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class OneCut(Source[Any]):
    """A source of the rows of one cut."""

    cut: Cut[Any]

    def chunks(self) -> Iterator[Any]:
        return iter((self.cut.load(),))

    def cuts(self) -> Iterator[Cut[Any]]:
        return iter((self.cut,))


@dataclass(frozen=True)
class Refreshed(Generic[P]):
    """One step: the statistics of cut `cut` refreshed, and the parameters that the M-step then led to, with the free energy.

    `sweep` counts how often every cut was refreshed before, from 1; in sweep 0 all of them are found at the start.
    """

    sweep: int
    cut: int
    params: P
    free_energy: float


@dataclass(frozen=True)
class _Bound(Additive):
    """A bound of the log-likelihood of some rows: `height` + expected(statistics, base, theta), where all have one `base`."""

    statistics: Any
    height: float


def refreshed(em: EMMap[P], start: P) -> Iterator[Refreshed[P]]:
    """Every step, for ever: the first after a pass over all cuts at `start`, then one after each cut.

    The statistics of all cuts are held. Errors: ModelError for a model whose E-step draws lots, or that does not write
    `carried` and `expected`; those of an evaluation.
    """
    model = em.model
    if not model.ascends:
        raise ModelError("an E-step that draws lots does not climb the free energy: refresh all rows at once, with `fit`.")
    each = [EMMap(model, OneCut(cut), start) for cut in em.source.cuts()]
    bounds, base = SumTree([_bound(model, own.expectation(start), start, start) for own in each]), start

    def moved(sweep: int, cut: int, params: P) -> Refreshed[P]:
        new = em.maximised(_total(model, bounds.total, base, params), params)
        return Refreshed(sweep, cut, new, _at(model, bounds.total, base, new) + model.log_prior(new))

    step = moved(0, len(each) - 1, start)
    yield step
    for sweep in count(1):
        bounds, base = SumTree([_rebased(model, bound, base, step.params) for bound in bounds.leaves]), step.params
        for cut, own in enumerate(each):
            bounds.replace(cut, _bound(model, own.expectation(step.params), step.params, base))
            step = moved(sweep, cut, step.params)
            yield step


def _bound(model: LatentModel[P, Any], found: Expectation[Any], params: P, base: P) -> _Bound:
    """That of rows whose E-step at `params` has `found` these: it touches their log-likelihood there."""
    statistics = model.carried(found.statistics, params, base)
    try:
        return _Bound(statistics, found.log_likelihood - found.gap - model.expected(statistics, base, params).value)
    except NotImplementedError as error:
        raise ModelError(f"{error} Incremental EM needs it, to know what it climbs.") from None


def _at(model: LatentModel[P, Any], bound: _Bound, base: P, params: P) -> float:
    """The bound at `params`."""
    return float(bound.height + model.expected(bound.statistics, base, params).value)


def _rebased(model: LatentModel[P, Any], bound: _Bound, base: P, new: P) -> _Bound:
    """The same bound about another base, near which no digits are lost."""
    statistics = model.carried(bound.statistics, base, new)
    return _Bound(statistics, _at(model, bound, base, new) - model.expected(statistics, new, new).value)


def _total(model: LatentModel[P, Any], bound: _Bound, base: P, params: P) -> Expectation[Any]:
    """What an M-step at `params` takes."""
    return Expectation(model.carried(bound.statistics, base, params), _at(model, bound, base, params), 0.0)
