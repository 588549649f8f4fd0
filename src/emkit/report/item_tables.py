"""Items of a test on one screen."""

from __future__ import annotations

from collections.abc import Sequence

from emkit.core.arrays import Array
from emkit.report.tables import WIDTH, as_text, grid_of

DIGITS = 3


def items_table(
    items: Sequence[str], intercepts: tuple[Array, Array], slopes: tuple[Array, Array], difficulties: Array, width: int = WIDTH
) -> str:
    """Intercepts and slopes, each with their standard errors, and difficulties, all (J,)."""
    told = {
        "intercept": intercepts[0], "(error)": intercepts[1], "slope": slopes[0], "(error) ": slopes[1],
        "difficulty": difficulties,
    }  # fmt: skip
    numbers = {name: [f"{value:.{DIGITS}f}" for value in values] for name, values in told.items()}
    return as_text(grid_of({"item": list(items), **numbers}), width).rstrip("\n")
