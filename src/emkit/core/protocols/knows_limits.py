"""What a model says of parameters that EM steps alone do not: of bounds, edges and what lies beyond."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar

from emkit.core.arrays import Mask
from emkit.core.parameters import Parameters

P = TypeVar("P", bound=Parameters)


class KnowsLimits(Protocol[P]):
    """A bound that holds estimates, components that have come to nothing, and where a run goes on that EM would end."""

    def on_floor(self, params: P, profile: Any) -> Mapping[str, Mask]:
        """Which elements of which fields a bound holds where the likelihood alone would move them on: no maximum of it."""
        return {}

    def within(self, params: P, like: P, profile: Any) -> bool:
        """Whether an extrapolation from `like` to `params` keeps to the bounds that an M-step keeps to."""
        return True

    def loosened(self, params: P, profile: Any) -> Iterator[P]:
        """Parameters with what a bound holds a little beyond it, where the data may support an estimate there.

        An M-step from there keeps such an estimate, and undoes what is none.
        """
        return iter(())

    def undetermined(self, params: P) -> Mapping[str, Mask]:
        """Which elements of which fields the likelihood does not depend on at `params`: those of components without rows."""
        return {}

    def degenerate(self, params: P, profile: Any) -> tuple[int, ...]:
        """Components at `params` that only a bound keeps from collapsing: their likelihood says nothing about the data."""
        return ()

    def planar(self, params: P, profile: Any) -> tuple[int, ...]:
        """Degenerate components that are clusters all the same: many rows in one plane, as no others are."""
        return ()

    def spikes(self, params: P, profile: Any) -> tuple[int, ...]:
        """Degenerate components that are no clusters."""
        found = self.degenerate(params, profile)
        planar = self.planar(params, profile) if found else ()
        return tuple(k for k in found if k not in planar)

    def slivers(self, params: P, profile: Any) -> tuple[int, ...]:
        """Components of few rows that happen to lie close together: no clusters, though their likelihood is high."""
        return ()

    def coinciding(self, params: P, profile: Any) -> tuple[tuple[int, ...], ...]:
        """Groups of components that no row tells apart: whatever their shares are, the likelihood is the same."""
        return ()

    def endless(self, params: P, profile: Any) -> tuple[int, ...]:
        """Components at `params` that run off without end: the likelihood is highest infinitely far off."""
        return ()

    @property
    def climbs(self) -> bool:
        """Whether runs may climb the log-likelihood by Newton's method where EM is slow, by the slopes of `expected`."""
        return False

    def is_stuck(self, params: P) -> bool:
        """Whether the M-step leaves parameters where they are along which the log-likelihood may have slopes."""
        return False

    def conventional(self, params: P) -> P:
        """Of parameters under which rows have one distribution, those that are told; as a rule `params` themselves."""
        return params
