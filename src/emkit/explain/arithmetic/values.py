"""What arithmetic is made of: tallies of expected counts, and the updates worked out from them."""

from __future__ import annotations

from dataclasses import dataclass

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.formulas.numerals import count, significant

AGREES = 1e-9  # beyond this, relative, something other than the ratio decided: a floor under a variance


@dataclass(frozen=True)
class Tally:
    """One number out of the expected sufficient statistics for each component, shape (K,), or one `shared` by all, (1,).

    `what` is counted (``heads``), in the column that `mark` names (``_height``, or nothing if there is only one). The tally
    ``n`` is the expected number of rows, the sum of the responsibilities. `is_count` says that it is a number of things.
    """

    what: str
    values: Array
    mark: str = ""
    shared: bool = False
    is_count: bool = False

    def amount(self, value: float) -> str:
        """One of the values for a reader: counts with two decimals, sums of measurements with five digits."""
        return count(value) if self.is_count else significant(value, 5)

    def key(self, component: str) -> str:
        """The name of the number for one component: ``heads_A``, ``heads_A_height``."""
        return self.what + ("" if self.shared else f"_{component}") + self.mark


@dataclass(frozen=True)
class Update:
    """One line of the M-step: `symbol` = `formula` = `substituted` = value.

    `computed` is the arithmetic of the line in full precision; `value` is what the model's own `m_step` returned.
    """

    symbol: str
    formula: str
    substituted: str
    computed: float
    value: float

    @property
    def agrees(self) -> bool:
        """Whether the line gives the value (it does not where a floor under the variance has decided)."""
        return bool(abs(self.computed - self.value) <= AGREES * max(abs(self.computed), abs(self.value)))

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"symbol": self.symbol, "formula": self.formula, "substituted": self.substituted, "value": self.value}
