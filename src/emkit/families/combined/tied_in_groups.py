"""Groups of components of a `Tied` family, each of which shares fields that are written out for every component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emkit.core.arrays import Array
from emkit.core.parameters import get_at, in_a_row, part_of, replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import some_of
from emkit.families.combined.sharing import apiece, shared
from emkit.families.combined.wrapped import Wrapped
from emkit.families.linear import LinearForm


@dataclass(frozen=True)
class TiedInGroups(Wrapped[Any, Any]):
    """`family` with the statistics, the linear form and the M-step of `tied`, which takes `number` components at a time."""

    tied: Any
    number: int

    def statistics(self, params: Any, x: Array, weights: Array) -> Any:
        return self.tied.statistics(params, x, weights)

    def linear(self, params: Any) -> LinearForm[Any] | None:
        form: LinearForm[Any] | None = self.tied.linear(params)
        return form

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        return {path: self._of_groups(path, update) for path, update in self.tied.updates().items()}

    def _of_groups(self, path: str, update: Update[Any, Any]) -> Update[Any, Any]:
        """A link for one group after the other."""

        def found(stats: Any, before: Any, now: Any) -> Any:
            total = len(stats.mass)
            groups = (slice(first, first + self.number) for first in range(0, total, self.number))
            each = []
            for places in groups:
                start, here = (shared(part_of(params, places), self.tied.fields) for params in (before, now))
                moved = replace_at(here, {path: update(some_of(stats, places), start, here)})
                each.append(apiece(moved))
            return get_at(in_a_row(each), path)

        return found
