"""Normal components of joined columns, among rows of which cells are missing: what was not seen is latent, too.

The density of a row is that of the cells seen. The E-step adds to the sums what the component expects of the others, given
these, with what that leaves uncertain; the M-step is that of the family.
Source: Little & Rubin (2002), Statistical Analysis with Missing Data, 11.2; Ghahramani & Jordan (1994), NIPS 6, 120-127.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.memo import Memo
from emkit.core.protocols import Update
from emkit.data.chunk import as_float64
from emkit.data.gaps import Patterns, patterns_among, patterns_of
from emkit.data.profile import AnyProfile
from emkit.families.description import Description
from emkit.families.family import Carry, Family
from emkit.families.floor import Floor
from emkit.families.gaussian.gap_form import gap_form
from emkit.families.gaussian.normal import GaussianFamily, Moments
from emkit.families.gaussian.regressions import (
    Regressions,
    Sums,
    among_gaps,
    completed,
    deviations_by_pattern,
    log_density,
    regressions,
    sums_by_pattern,
)
from emkit.families.in_groups import InGroups
from emkit.families.linear import LinearForm
from emkit.families.spread import Spread
from emkit.families.support import Support
from emkit.families.unseen import ExpectedCells

G = TypeVar("G", bound=Any)
MOST_PATTERNS = 1 << 10  # that a compiled pass keeps features of: 2^8 for eight columns, all of them missing now and then


class JoinedColumns(GaussianFamily[G], Generic[G]):
    """A normal family of which cells may be missing, though its columns are joined."""

    @property
    def among_gaps(self) -> Family[G, Any]:
        return LatentCells(self)


@dataclass(frozen=True)
class LatentCells(Family[G, Moments], Generic[G]):
    """`family`, whose rows may lack cells. `patterns`: which ones, in rows for which it was settled; any will do."""

    family: GaussianFamily[G]
    patterns: tuple[bytes, ...] = ()

    @property
    def name(self) -> str:
        return self.family.name

    @property
    def support(self) -> Support:
        return self.family.support

    @property
    def described(self) -> Description:
        return self.family.described

    @property
    def spread(self) -> Spread:
        return self.family.spread

    @property
    def among_gaps(self) -> Self:
        return self

    @property
    def in_groups(self) -> InGroups[G] | None:
        inner = self.family.in_groups
        return None if inner is None else inner._replace(family=lambda number: replace(self, family=inner.family(number)))

    @property
    def latent_cells(self) -> Self:
        return self

    def expected_cells(self, params: G, x: Array) -> ExpectedCells:
        """By one regression for each pattern of gaps."""
        patterns, (k, d) = patterns_of(x), params.means.shape
        found = self._regressions(params, patterns)
        values, onto, rest = np.empty((len(x), k, d)), np.empty((len(x), k, d, d)), np.empty((len(x), k, d, d))
        for p, rows, away in deviations_by_pattern(x, params.means, patterns):
            values[rows] = params.means + (found.onto[p] @ away).transpose(2, 0, 1)
            onto[rows], rest[rows] = found.onto[p], found.rest[p]
        return ExpectedCells(np.where(np.isnan(x)[:, None], values, x[:, None]), onto, rest)

    def settled(self, profile: AnyProfile) -> Self:
        settled = self.family.settled(among_gaps(profile))
        return replace(self, family=settled, patterns=patterns_among(profile, MOST_PATTERNS))

    def pooled(self, profile: AnyProfile, n_components: int) -> G:
        return self.family.pooled(among_gaps(profile) if profile.has_gaps else profile, n_components)

    def log_density(self, params: G, x: Array) -> Array:
        patterns = patterns_of(x)
        return log_density(params.means, x, patterns, self._regressions(params, patterns))

    def statistics(self, params: G, x: Array, weights: Array) -> Moments:
        patterns = patterns_of(x)
        sums = sums_by_pattern(params.means, x, weights, patterns)
        return self._moments(completed(*sums, self._regressions(params, patterns)))

    def _moments(self, sums: Sums) -> Moments:
        mass, shift, scatter = sums
        each = np.broadcast_to(np.eye(scatter.shape[1]), scatter.shape)
        return Moments(mass, shift, self.family.scatter(each, scatter))

    def _regressions(self, params: G, patterns: Patterns) -> Regressions:
        return _known_regressions(self.family, params, patterns)

    def updates(self) -> Mapping[str, Update[Any, G]]:
        return self.family.updates()

    def expected(self, stats: Moments, before: G, now: G) -> Expected:
        """That of rows with all their cells, as they are expected at `before`."""
        return self.family.expected(stats, before, now)

    @property
    def carry(self) -> Carry[Moments, G] | None:
        return self.family.carry

    def draw(self, params: G, rng: np.random.Generator, components: Integers) -> Array:
        return self.family.draw(params, rng, components)

    def scales(self, params: G) -> Mapping[str, Scale]:
        return self.family.scales(params)

    @property
    def held(self) -> Callable[[G], tuple[str, ...]]:
        return self.family.held

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return self.family.lower_bound(among_gaps(profile) if profile.has_gaps else profile)

    def linear(self, params: G) -> LinearForm[Moments] | None:
        """Features of each pattern by themselves; None where patterns are unknown or many, or digits would be lost."""
        if not self.patterns:
            return None
        plain = partial(_of_any_pattern, self, params)
        return gap_form(params.means, covariances_of(self.family, params), self.patterns, plain, self._moments)


def _of_any_pattern(family: LatentCells[Any], params: Any, x: Array) -> Array:
    return family.log_density(params, as_float64(x))


def covariances_of(family: GaussianFamily[Any], params: Any) -> Array:
    """The covariance matrices (K, d, d) of all components."""
    found = family.described.covariances(params)
    assert found is not None
    return np.broadcast_to(found, (len(params.means), *found.shape[-2:]))


def _regressions(family: GaussianFamily[Any], params: Any, patterns: Patterns) -> Regressions:
    return regressions(covariances_of(family, params), patterns.seen)


_known_regressions = Memo(_regressions)  # asked for twice in a pass
