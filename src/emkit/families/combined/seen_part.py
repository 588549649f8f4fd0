"""What is shared by families of which only a part is seen: the M-step, and the estimate for all rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import COMPONENT
from emkit.core.climb import climb
from emkit.core.expected import Expected
from emkit.core.memo import Memo
from emkit.core.parameters import leaves, maximise_in_turn, part_of, replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import some_of
from emkit.data.profile import AnyProfile
from emkit.families.combined.wrapped import Wrapped
from emkit.families.family import Carry

STEPS = 100  # of the estimate for all rows
SETTLED = 1e-12  # relative to 1 + the height
FAR = -1e5  # the logarithm of what is seen, below which sums over rows lose what tells heights apart
FALLEN = 1e-12  # the same, more than rounding
NUDGE = 1e-6  # along a coordinate, to see whether there is a height
STEEP = 1e-6  # a slope along a coordinate, for each row, where no M-step would end but at a floor


class Share(NamedTuple):
    """Of what is seen of components: its logarithms, weighted and summed, their slopes along fields, and the least of them."""

    value: float
    slopes: Mapping[str, Array]
    least: float


@dataclass(frozen=True)
class SeenPart(Wrapped[Any, Any]):
    """`family`, of which only what lies in windows is seen: log p(x|k) less the log of what lies there.

    Statistics have the `mass` (K,) of each component, and its `own`, those of the family. The M-step is numeric, finds all
    fields at once, and never falls; what the family's own would hold at its floor stays there.
    """

    @abstractmethod
    def share(self, stats: Any, params: Any) -> Share:
        """What is seen, summed over the rows of which `stats` are."""

    @abstractmethod
    def unseen_left_out(self, profile: AnyProfile) -> Any:
        """What one component would be for all rows without any window."""

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        return {"": self._all}

    def _all(self, stats: Any, before: Any, now: Any) -> Any:
        """The parameters with the greatest expected log-likelihood, less the log of what is seen for each row.

        Source: McLachlan & Krishnan (2008), The EM Algorithm and Extensions, 2.8, of which this is the likelihood itself.
        """
        own = maximise_in_turn(self.family.updates(), stats.own, before)
        with np.errstate(all="ignore"):  # beyond a floor, slopes overflow
            held = list(self._held(stats, before, own))
        start = own if held else now
        if not all(leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,) for leaf in leaves(now)):
            return self._summit(stats, before, start, held)  # something is shared
        found = []
        for k in range(len(stats.mass)):
            one = slice(k, k + 1)
            still = [path.replace(f"[{k}", "[0") for path in held if f"[{k}," in path or f"[{k}]" in path]
            found.append(self._summit(some_of(stats, one), part_of(before, one), part_of(start if still else now, one), still))
        every = zip(*(leaves(each) for each in found), strict=True)
        return replace_at(now, {same[0].path: np.concatenate([leaf.value for leaf in same]) for same in every})

    def _summit(self, stats: Any, before: Any, start: Any, still: list[str]) -> Any:
        """The highest point up from `start`, no lower than `before`.

        Rows that fill their window evenly, or like a tail, are best told from ever farther away: no step goes on where a sum
        loses the digits that tell one height from another.
        """
        told = Memo(partial(self._expected, stats, before))
        least = min(FAR, told(before)[1])

        def height(params: Any) -> Expected:
            found, seen = told(params)
            return found if seen >= least else Expected(-np.inf, found.slopes)

        best = climb(height, start, ("",), self.scales(start), still)
        heights = [height(params).value for params in (best, before)]
        return best if heights[0] >= heights[1] - FALLEN * (1 + abs(heights[1])) else before

    def _held(self, stats: Any, before: Any, own: Any) -> Iterator[str]:
        """The numbers that the M-step of the family keeps above its floor: it ends there although higher points are near.

        Where it ended because its statistics tell of nothing farther off, there is no height beyond.
        """
        slopes = self.family.expected(stats.own, before, own).slopes
        for leaf in leaves(own):
            if leaf.path in slopes and leaf.space.event_axes == 0:
                uphill = leaf.space.pull(leaf.value, slopes[leaf.path]).reshape(leaf.value.shape)
                for place in np.argwhere((np.abs(uphill) > STEEP * (1 + stats.mass.sum())) & (leaf.value != 0)):
                    step = np.zeros(leaf.value.shape)
                    step[tuple(place)] = np.sign(uphill[tuple(place)]) * NUDGE
                    moved = leaf.space.unpack(leaf.space.pack(leaf.value) + step.ravel(), leaf.value.shape)
                    if np.isfinite(self.family.expected(stats.own, before, replace_at(own, {leaf.path: moved})).value):
                        yield f"{leaf.path}[{', '.join(map(str, place))}]"

    def expected(self, stats: Any, before: Any, now: Any) -> Expected:
        return self._expected(stats, before, now)[0]

    def _expected(self, stats: Any, before: Any, now: Any) -> tuple[Expected, float]:
        """What is expected, and the logarithm of the least share of a component that is seen."""
        with np.errstate(all="ignore"):  # of scales next to 0, slopes overflow
            found, share = self.family.expected(stats.own, before, now), self.share(stats, now)
            slopes = {path: slope - share.slopes[path] for path, slope in found.slopes.items()}
            return Expected(found.value - share.value, slopes), share.least

    @property
    def carry(self) -> Carry[Any, Any] | None:
        own = self.family.carry
        return None if own is None else partial(_carried, own)

    def pooled(self, profile: AnyProfile, n_components: int) -> Any:
        """By M-steps on all rows, from what the family would be without a window."""
        now, height = self.unseen_left_out(profile), -np.inf
        for _ in range(STEPS):
            before = now
            stats = profile.total(partial(self._of_all, before))
            now = self._all(stats, before, before)
            reached = self.expected(stats, before, now).value
            start = self.expected(stats, before, before).value
            if reached - start <= SETTLED * (1 + abs(reached)) or height == reached or self.spread.endless(now, profile):
                break
            height = reached
        every = (leaf for leaf in leaves(now) if leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,))
        return replace_at(now, {leaf.path: np.repeat(leaf.value, n_components, axis=0) for leaf in every})

    def _of_all(self, params: Any, x: Array, weights: Array) -> Any:
        return self.statistics(params, x, weights[:, None])


def _carried(own: Carry[Any, Any], stats: Any, before: Any, now: Any) -> Any:
    return replace(stats, own=own(stats.own, before, now))
