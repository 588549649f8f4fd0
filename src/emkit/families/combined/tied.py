"""A family of which all components share fields: one shape for all gamma components, one variance for all normal ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.climb import climb
from emkit.core.coordinates import Scale, is_under
from emkit.core.expected import Expected
from emkit.core.memo import Memo
from emkit.core.parameters import get_at, leaves, replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.combined.sharing import apiece, own_paths, shared
from emkit.families.combined.tied_in_groups import TiedInGroups
from emkit.families.combined.wrapped import Wrapped
from emkit.families.description import Description
from emkit.families.family import Carry
from emkit.families.floor import Floor
from emkit.families.in_groups import InGroups
from emkit.families.linear import LinearForm
from emkit.families.spread import Spread

__all__ = ["Tied"]

_apiece = Memo(apiece)


@dataclass(frozen=True)
class TiedStats(Additive):
    """`mass` (K,): the expected number of rows of each component; `own`: the statistics of the family."""

    mass: Array
    own: Any


@dataclass(frozen=True)
class Tied(Wrapped[Any, Any]):
    """`family` with the same value of `fields` (a dotted path, or a tuple of these) in all components.

    Parameters are those of the family, in which these fields have no component axis: one value is estimated and counted.
    Where the best shared value is the mean of the components' own, weighted with their rows (variances, covariances, rates,
    probabilities), the M-step is that; elsewhere it goes on from there by Newton's method, and never falls.
    Errors: ModelError if components have no values of their own in one of the fields.

    Waiting times between eruptions of Old Faithful, made shorter, in two normal components of one variance:

    >>> import emkit as ek
    >>> waiting = [79, 54, 74, 62, 85, 55, 88, 85, 51, 85, 54, 84, 78, 47, 83, 52, 62, 84, 52, 79, 51, 47, 78, 69, 74, 83]
    >>> fit = ek.MixtureModel(ek.Tied(ek.DiagonalGaussian(), "variances"), 2, random_state=0).fit(waiting).result_.in_order()
    >>> print(fit.params.components.means.ravel().round(2), fit.params.components.variances.round(2))
    [53.47 80.58] [24.94]
    """

    fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.fields
        paths = (given,) if isinstance(given, str) else tuple(given)
        if not paths or not all(isinstance(path, str) and path for path in paths):
            raise ModelError(f"fields to tie are {given!r}; name one or more, such as Tied(Gamma(), 'shapes').")
        object.__setattr__(self, "fields", paths)

    @property
    def name(self) -> str:
        return f"tied {self.family.name}"

    def tied(self, params: Any) -> Any:
        """Parameters of the family with the tied fields as those of the first component: where a fit may start."""
        return shared(params, self.fields)

    @property
    def described(self) -> Description:
        inner = self.family.described
        return Description(inner.words, data=inner.data)

    @property
    def spread(self) -> Spread:
        return _OfEach(self.family.spread)

    def apiece(self, params: Any) -> Any:
        return _apiece(params)

    def log_density(self, params: Any, x: Array) -> Array:
        return self.family.log_density(_apiece(params), x)

    def statistics(self, params: Any, x: Array, weights: Array) -> TiedStats:
        return TiedStats(weights.sum(axis=0), self.family.statistics(_apiece(params), x, weights))

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        return {path: self._link(path, update) for path, update in self.family.updates().items()}

    def _link(self, path: str, update: Update[Any, Any]) -> Update[Any, Any]:
        """A link of the family's chain, with what is tied of it best for all components together."""
        if path and not any(is_under(path, [each]) or is_under(each, [path]) for each in self.fields):
            return lambda stats, before, now: update(stats.own, _apiece(before), _apiece(now))

        def together(stats: TiedStats, before: Any, now: Any) -> Any:
            def height(params: Any) -> Expected:
                return self.expected(stats, before, params)

            each = replace_at(_apiece(now), {path: update(stats.own, _apiece(before), _apiece(now))})
            mean = shared(each, self.fields, stats.mass)
            start = mean if height(mean).value >= height(now).value else now
            best = climb(height, start, (path,), self.scales(now), _agreed(mean, each) if start is mean else ())
            return get_at(_within(best, each, height, now), path)

        return together

    def expected(self, stats: TiedStats, before: Any, now: Any) -> Expected:
        each = _apiece(now)
        found = self.family.expected(stats.own, _apiece(before), each)
        tied = own_paths(each, self.fields)
        return Expected(found.value, {path: s.sum(axis=0) if path in tied else s for path, s in found.slopes.items()})

    @property
    def carry(self) -> Carry[TiedStats, Any] | None:
        own = self.family.carry
        return None if own is None else partial(self._carried, own)

    def _carried(self, own: Carry[Any, Any], stats: TiedStats, before: Any, now: Any) -> TiedStats:
        return TiedStats(stats.mass, own(stats.own, _apiece(before), _apiece(now)))

    @property
    def in_groups(self) -> InGroups[Any]:
        return InGroups(lambda number: TiedInGroups(self.family, self, number), _apiece, self.tied)

    def pooled(self, profile: AnyProfile, n_components: int) -> Any:
        return shared(self.family.pooled(profile, n_components), self.fields)

    def draw(self, params: Any, rng: np.random.Generator, components: Integers) -> Array:
        return self.family.draw(_apiece(params), rng, components)

    def scales(self, params: Any) -> Mapping[str, Scale]:
        each = _apiece(params)
        tied = own_paths(each, self.fields)
        found = self.family.scales(each).items()
        return {
            path: Scale(_first(s.origin, each, path), _first(s.unit, each, path)) if path in tied else s for path, s in found
        }

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return _FloorOfEach(self.family.lower_bound(profile), self.fields)

    def linear(self, params: Any) -> LinearForm[Any] | None:
        form = self.family.linear(_apiece(params))
        return None if form is None else _with_mass(form)


def _with_mass(form: LinearForm[Any]) -> LinearForm[Any]:
    rough = form.rough
    return replace(
        form,
        statistics=lambda sums, chunk: TiedStats(sums[:, 0].copy(), form.statistics(sums, chunk)),
        rough=None if rough is None else lambda: _with_mass(rough()),
    )


def _first(value: Array, each: Any, path: str) -> Array:
    """What belongs to the first component, of an origin or a unit in the shape of a field, or of fewer axes."""
    return value[0] if value.ndim == get_at(each, path).ndim else value


def _agreed(start: Any, each: Any) -> Iterator[str]:
    """The shared numbers of which components would have the same if they were alone: there is no better one, or a floor."""
    for leaf in leaves(start):
        own = get_at(each, leaf.path)
        if own.ndim > leaf.value.ndim and leaf.space.event_axes == 0:
            for place in np.argwhere(own.min(axis=0) == own.max(axis=0)):
                yield f"{leaf.path}[{', '.join(map(str, place))}]" if len(place) else leaf.path


def _within(best: Any, each: Any, height: Any, now: Any) -> Any:
    """`best` with numbers that are shared between the least and the greatest that components would have alone.

    A sum of functions with one summit each has its own between theirs, unless a floor held these.
    """
    changes = {}
    for leaf in leaves(best):
        own = get_at(each, leaf.path)
        if own.ndim > leaf.value.ndim and leaf.space.event_axes == 0:
            changes[leaf.path] = np.clip(leaf.value, own.min(axis=0), own.max(axis=0))
    kept = replace_at(best, changes) if changes else best
    return kept if height(kept).value >= height(now).value else best


@dataclass(frozen=True)
class _OfEach(Spread):
    """The spread of the components with everything written out for each of them."""

    inner: Spread

    def slivers(self, params: Any, rows: Array) -> Mask:
        return self.inner.slivers(_apiece(params), rows)

    def endless(self, params: Any, profile: AnyProfile) -> tuple[int, ...]:
        return self.inner.endless(_apiece(params), profile)


@dataclass(frozen=True)
class _FloorOfEach(Floor):
    """The floor of the family, with what is shared held or freed for all components at once."""

    inner: Floor
    fields: tuple[str, ...]

    def resting(self, params: Any) -> Mapping[str, Mask]:
        each = _apiece(params)
        tied = own_paths(each, self.fields)
        return {path: np.asarray(mask.all(axis=0)) if path in tied else mask for path, mask in self.inner.resting(each).items()}

    def loosened(self, params: Any, rows: Array) -> Any:
        loose = self.inner.loosened(_apiece(params), np.full(len(rows), rows.sum()))
        return None if loose is None else shared(loose, self.fields)

    def within(self, params: Any, like: Any) -> bool:
        return self.inner.within(_apiece(params), _apiece(like))
