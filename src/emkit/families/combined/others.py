"""A family beside others: its components are some of all, but floors under their spread go by all rows.

An M-step finds the spread of the whole data from the statistics of its components. So the rows of other families' components
are counted as those of one component more, which the M-step then leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import COMPONENT
from emkit.core.expected import Expected
from emkit.core.parameters import get_at, leaves, part_of, replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import Additive, side_by_side
from emkit.families.combined.wrapped import Wrapped
from emkit.families.family import Carry, Family


@dataclass(frozen=True)
class OwnAndOthers(Additive):
    """The statistics of the family's `own` components, and those of the rows of `others`, as of one component more."""

    own: Any
    others: Any


@dataclass(frozen=True)
class AmongOthers(Wrapped[Any, Any]):
    """`family`, where the last of the weights of a row are those of other families' components.

    Where its components share a field, or have no floor, these rows count for nothing.
    """

    def statistics(self, params: Any, x: Array, weights: Array) -> Any:
        own = self.family.statistics(params, x, weights[:, :-1])
        if not self._counts_others(params):
            return own
        return OwnAndOthers(own, self.family.statistics(part_of(params, slice(0, 1)), x, weights[:, -1:]))

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        return {path: partial(self._moved, path, update) for path, update in self.family.updates().items()}

    def expected(self, stats: Any, before: Any, now: Any) -> Expected:
        return self.family.expected(stats.own if self._counts_others(now) else stats, before, now)

    @property
    def carry(self) -> Carry[Any, Any] | None:
        own = self.family.carry
        return None if own is None else partial(self._carried, own)

    def _carried(self, own: Carry[Any, Any], stats: Any, before: Any, now: Any) -> Any:
        if not self._counts_others(now):
            return own(stats, before, now)
        first = slice(0, 1)
        others = own(stats.others, part_of(before, first), part_of(now, first))
        return OwnAndOthers(own(stats.own, before, now), others)

    def _moved(self, path: str, update: Update[Any, Any], stats: Any, before: Any, now: Any) -> Any:
        if not self._counts_others(before):
            return update(stats, before, now)
        number = _length(stats.others) * len(next(leaves(now)).value) // _length(stats.own)
        every = _with_others(now, number)
        found = update(side_by_side([stats.own, stats.others]), _with_others(before, number), every)
        own = part_of(replace_at(every, {path: found}), slice(0, -number))
        return get_at(own, path) if path else own

    def _counts_others(self, params: Any) -> bool:
        is_floored = type(self.family).lower_bound is not Family.lower_bound
        return is_floored and all(leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,) for leaf in leaves(params))


def _with_others(params: Any, number: int) -> Any:
    """The same components, and so often the first once more at the end."""
    return replace_at(params, {leaf.path: np.concatenate([leaf.value, *[leaf.value[:1]] * number]) for leaf in leaves(params)})


def _length(stats: Any) -> int:
    """How long statistics are: as many for each component."""
    while not isinstance(stats, np.ndarray):
        stats = stats[0] if isinstance(stats, tuple) else getattr(stats, fields(stats)[0].name)
    return len(stats)
