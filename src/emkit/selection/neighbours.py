"""Starts that neighbours in a grid lead to: a component divided, two put together, or the rows as another form shares them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.evaluation import STUMBLES
from emkit.data.chunk import Chunk
from emkit.data.profile import Profile
from emkit.data.source import ArraySource
from emkit.data.subsample import in_standard_units
from emkit.fitted import AnyFitted
from emkit.models.mixture import AnyMixture, AnyMixtureParams, Mixture
from emkit.models.order import kinds
from emkit.models.split_merge import split

MOST = 3  # components that are divided, or pairs that are put together
FEW = 0.01  # of the rows: divisions that differ in no more lead to one maximum


class Member(NamedTuple):
    """A fitted mixture among others: its model, the rows, which are in memory and each by itself, and the estimates."""

    model: AnyMixture
    source: ArraySource
    params: AnyMixtureParams

    @staticmethod
    def of(fit: AnyFitted) -> Member | None:
        """None of what has no neighbours: no mixture, components of several families, or rows that are elsewhere or in groups.

        Nor where more is known of rows.
        """
        if not isinstance(fit.model, Mixture) or not isinstance(fit.source, ArraySource) or len(kinds(fit.params)) > 1:
            return None
        alone = fit.source.groups is None and fit.source.membership is None
        return Member(fit.model, fit.source, fit.params) if alone else None

    @property
    def shares(self) -> Array:
        """The responsibilities (n, K) of all rows."""
        return self.model.plain_posterior(self.params, self.source.whole).responsibilities


def grown(model: AnyMixture, params: AnyMixtureParams, profile: Profile[ArraySource]) -> Iterator[AnyMixtureParams]:
    """Starts with one component more: the rows of one divided, first that which gains most by it."""
    chunk, whose, _ = _divided(model, params, profile)
    scaled = in_standard_units(chunk.x, chunk.weights, chunk.x)
    number = len(params.proportions)
    splits = [split(model, params, k, chunk, scaled, np.flatnonzero(whose == k)) for k in range(number)]
    for each in sorted((each for each in splits if len(each.second)), key=lambda each: -each.gained)[:MOST]:
        component = whose.copy()
        component[each.second] = number
        yield from _estimated(model, chunk, component, profile, number + 1)


def shrunk(model: AnyMixture, params: AnyMixtureParams, profile: Profile[ArraySource]) -> Iterator[AnyMixtureParams]:
    """Starts with one component fewer: two put together, first those that share most rows.

    Source: Ueda, Nakano, Ghahramani & Hinton (2000), Neural Computation 12, 2109-2128, for which share most.
    """
    chunk, whose, shares = _divided(model, params, profile)
    number = len(params.proportions)
    shares = shares / np.maximum(np.sqrt(chunk.weights @ shares**2), np.finfo(np.float64).tiny)
    alike = (shares * chunk.weights[:, None]).T @ shares
    for one, other in sorted(combinations(range(number), 2), key=lambda pair: -alike[pair])[:MOST]:
        component = np.where(whose == other, one, whose)
        component[component > other] -= 1
        yield from _estimated(model, chunk, component, profile, number - 1)


def lent(mine: Member, others: Iterable[Array]) -> Iterator[AnyMixtureParams]:
    """Starts with the rows shared out (n, K) as in fits of other forms: one for each division of them, but for one's own.

    A start is the M-step of this form after the E-step of the other. If the other form is a special case of this one, it is no
    lower than the other fit, as far as the M-step finds the maximum.
    """
    known = [mine.shares.argmax(axis=1)]
    number = len(mine.params.proportions)
    even = mine.model.even(mine.source.profile.sample.profile, number)
    for shares in others:
        division = shares.argmax(axis=1)
        if any(_same(division, each, number, mine.source.weights) for each in known):
            continue
        known.append(division)
        with suppress(*STUMBLES):  # some component has no maximum among its rows
            yield mine.model.estimated_from(mine.source.whole, even, shares)


def _same(one: Integers, other: Integers, number: int, weights: Array) -> bool:
    """Whether two divisions of the rows among so many components are one, but for the names of the parts and a few rows."""
    both = np.bincount(number * one + other, weights, number**2).reshape(number, number)
    least = (1 - FEW) * both.sum()
    return bool(both.max(axis=0).sum() >= least and both.max(axis=1).sum() >= least)


def _divided(model: AnyMixture, params: AnyMixtureParams, profile: Profile[ArraySource]) -> tuple[Chunk, Integers, Array]:
    """Some of the rows, which component (n,) each most probably belongs to, and its responsibilities (n, K)."""
    some = profile.sample
    joint = model.log_joint(params, some.x)
    shares = np.exp(joint - np.logaddexp.reduce(joint, axis=1, keepdims=True))
    return Chunk(some.x, some.weights), joint.argmax(axis=1), np.nan_to_num(shares)


def _estimated(
    model: AnyMixture, chunk: Chunk, component: Integers, profile: Profile[Any], number: int
) -> Iterator[AnyMixtureParams]:
    with suppress(*STUMBLES):  # some component has no maximum among its rows
        yield model.estimated(chunk, model.even(profile.sample.profile, number), component)
