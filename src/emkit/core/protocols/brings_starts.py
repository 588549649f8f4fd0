"""Where a model would begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

from emkit.core.parameters import Parameters
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)


class BringsStarts(Protocol[P]):
    """Starts of its own, and starts that lead out of poor maxima."""

    def starts(self, profile: Any, n_components: int, seeds: Iterable[int]) -> list[P]:
        """A start for each seed. Errors: ModelError if the model brings none."""
        raise ModelError(f"{type(self).__name__} brings no starts of its own: give it parameters to start from.")

    def moves(self, params: P, profile: Any) -> Iterator[P]:
        """Starts that may lead higher than a run that has come to `params`, the most promising first."""
        return iter(())

    def relocations(self, params: P, profile: Any, seed: int) -> Iterator[P]:
        """Starts near `params`, at random, of which nothing is known; there may be no end."""
        return iter(())
