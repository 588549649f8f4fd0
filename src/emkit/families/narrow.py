"""Rows of which fewer columns tell as much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class Narrow(Generic[P]):
    """An equivalent `family` for rows of fewer columns, which `within` (n, d) -> (n, r) makes of the given ones.

    Its estimates are those of the given family, `widened`; the log-density of every row is then higher by `gain`.
    """

    family: Any
    within: Callable[[Array], Array]
    widened: Callable[[P], P]
    gain: float
