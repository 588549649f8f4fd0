"""What a family expects of cells that were not seen, where they are latent values."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from emkit.core.arrays import Array


class ExpectedCells(NamedTuple):
    """Of n rows under K components: `values` (n, K, d), expected where a cell was not seen, and as they are elsewhere.

    `onto` (n, K, d, d) takes deviations of the cells seen from their means to those expected of all; `rest` (n, K, d, d) is the
    covariance that this leaves, 0 where a cell was seen.
    """

    values: Array
    onto: Array
    rest: Array


class ExpectsCells(Protocol):
    """Says what is expected of cells that were not seen."""

    def expected_cells(self, params: Any, x: Array) -> ExpectedCells:
        """Of rows x (n, d), NaN where a cell was not seen, given the others and the component."""
