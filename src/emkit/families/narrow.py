"""Rows of which fewer columns tell as much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emkit.core.arrays import Array


@dataclass(frozen=True)
class Narrow:
    """An equivalent `family` for rows of fewer columns, which `within` (n, d) -> (n, r) makes of the given ones.

    Its estimates are those of the given family, `widened`; the log-density of every row is then higher by `gain`.
    """

    family: Any
    within: Callable[[Array], Array]
    widened: Callable[[Any], Any]
    gain: float
