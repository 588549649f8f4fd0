"""The M-step of linear mixed models: variances, and the expected log-likelihood along them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.expected import Expected
from emkit.core.protocols import LatentModel
from emkit.core.spaces.semidefinite import free_places, slope_of
from emkit.errors import DegenerateFitError
from emkit.models.mixed_data import EXACT
from emkit.models.mixed_layout import MixedLayout, Side, in_blocks
from emkit.models.mixed_params import AnyMixedParams
from emkit.models.mixed_sums import MixedSums

NO_ERROR = (
    "fixed and random effects reproduce the response without error, so the likelihood has no maximum: leave out some effects, "
    "or give groups of more rows."
)

V = TypeVar("V", bound=AnyMixedParams)


class MixedLinks(LatentModel[V, MixedSums]):
    """Links of the M-step of mixed models, whose `sides` are the columns of the effects of each level of groups."""

    sides: tuple[Side, ...]

    @property
    @abstractmethod
    def known_layout(self) -> MixedLayout:
        """Where the columns lie."""

    def matrices(self, between: Any) -> list[Array]:
        """The covariance of the effects of each level, as a matrix."""
        return [level.matrix(side.size) for level, side in zip(between.levels, self.sides, strict=True)]

    def root(self, between: Any) -> Array:
        """The lower triangular root (r, r) of the covariance of all effects of a row, those of each level in a block."""
        return in_blocks([level.root(side.size) for level, side in zip(between.levels, self.sides, strict=True)])

    def _moved(self, before: V, now: V) -> Array:
        """The root from which errors are counted: levels that tilt have that of `now`, others that of `before`."""
        levels = zip(before.between.levels, now.between.levels, self.sides, strict=True)
        return in_blocks([(new if old.tilts else old).root(side.size) for old, new, side in levels])

    def _between(self, stats: MixedSums, before: V, now: V) -> Any:
        """The covariance of effects; of a level that tilts, by a regression on the standard effects that vary."""
        root, levels = self.root(before.between), before.between.levels
        if any(level.tilts for level in levels):
            root = self._regressed(stats, before, root, self.shift(stats, before, now))
        found = []
        for level, own, moments, groups in zip(levels, self.known_layout.own, stats.moments, stats.groups, strict=True):
            block = root[own, own]
            tilted = level.tilts
            found.append(
                level.tilted(block @ block.T) if tilted else type(level).near(block @ moments @ block.T / groups, level.effects)
            )
        return type(before.between).of_levels(found)

    def left_within(self, stats: MixedSums, before: V, now: V) -> float:
        """The variance of errors that has the highest expected log-likelihood."""
        turned = self._moved(before, now) - self.root(before.between)
        return self._left(stats, self.shift(stats, before, now), turned) / stats.mass

    def _within(self, stats: MixedSums, before: V, now: V) -> float:
        found = self.left_within(stats, before, now)
        if found <= EXACT * self.known_layout.variance or found <= 0:
            raise DegenerateFitError(NO_ERROR)
        return found

    def shift(self, stats: MixedSums, before: V, now: V) -> Array:
        """How far framed fixed effects are from those of the E-step."""
        return np.zeros(len(stats.along))

    def _left(self, stats: MixedSums, shift: Array, turned: Array) -> float:
        """The expected sum of squares of errors, by a `shift` of the fixed effects, and a root that is `turned` (r, r)."""
        moved = self.known_layout.turn @ turned
        along = stats.along - np.einsum("pas,as->p", stats.shared, moved)
        left = stats.squares - 2 * np.sum(moved * stats.cross) + np.einsum("as,bt,abst->", moved, moved, stats.gram)
        return float(left - 2 * shift @ along + shift @ stats.design @ shift)

    def _along_root(self, stats: MixedSums, shift: Array, turned: Array) -> Array:
        """The slope (r, r) of minus half that sum along the root of the covariance of the effects as they are."""
        turn = self.known_layout.turn
        cross = stats.cross - np.tensordot(shift, stats.shared, 1)
        return np.asarray(turn.T @ (cross - np.einsum("abst,bt->as", stats.gram, turn @ turned)))

    def _regressed(self, stats: MixedSums, before: V, root: Array, shift: Array) -> Array:
        """The root with the least sum of squares, of places that tilt in `root`; itself if a sign would turn."""
        turn, free = self.known_layout.turn, self._tilting(before, root)
        gram = np.einsum("ax,by,abst->xsyt", turn, turn, stats.gram)[free][:, free[0], free[1]]
        found = root.copy()
        found[free] += np.linalg.solve(gram, self._along_root(stats, shift, np.zeros_like(root))[free])
        return root if np.any(np.diag(found) < 0) else found

    def _tilting(self, before: V, root: Array) -> tuple[Array, Array]:
        """The places of the root that are free where a level tilts."""
        pairs = zip(before.between.levels, self.known_layout.own, strict=True)
        found = [np.add(free_places(root[own, own]), own.start) for level, own in pairs if level.tilts]
        rows, columns = np.concatenate(found, axis=1)
        return rows, columns

    def _of_variances(self, stats: MixedSums, before: V, now: V, shift: Array) -> Expected:
        """The expected log-likelihood, with slopes along `between` and `within`."""
        root, moved = self.root(before.between), self._moved(before, now)
        left = self._left(stats, shift, moved - root)
        value = -0.5 * (stats.mass * np.log(2 * np.pi * now.within) + left / now.within)
        levels = zip(before.between.levels, now.between.levels, strict=True)
        parts = []
        for (old, new), own, moments, groups in zip(levels, self.known_layout.own, stats.moments, stats.groups, strict=True):
            if old.tilts:
                along = self._along_root(stats, shift, moved - root)[own, own] / now.within
                parts.append(Expected(0.0, {"covariance": slope_of(moved[own, own], along)}))
            else:
                block = root[own, own]
                parts.append(new.expected(block @ moments @ block.T, groups))
        within = np.asarray((left / now.within - stats.mass) / (2 * now.within))
        return Expected(value, {"within": within}).plus(now.between.joined(parts).inside("between"))
