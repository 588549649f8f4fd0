"""What the parameters are called in an explanation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters
from emkit.data.profile import Levels
from emkit.data.source import columns_of
from emkit.explain.subject import Subject
from emkit.families.successes import SuccessParams
from emkit.models.cells import CellsParams
from emkit.models.mixture import MixtureParams

ENTRY = re.compile(r"(?P<path>[^\[]+)(?:\[(?P<index>[\d, ]+)\])?")
SINGULAR = {
    "proportions": "proportion",
    "components.probabilities": "probability",
    "components.rates": "rate",
    "components.means": "mean",
    "components.shapes": "shape",
    "components.variances": "variance",
}


@dataclass(frozen=True)
class Symbols:
    """Names of entries: those that the author of the subject gave, else ``mean_A``, with several columns ``mean_A_height``."""

    components: tuple[str, ...]
    columns: tuple[str, ...]
    given: Mapping[str, str]
    levels: Levels = ()

    @classmethod
    def of(cls, subject: Subject) -> Symbols:
        """The symbols of a subject."""
        columns, start = columns_of(subject.source), subject.start
        if isinstance(start, MixtureParams) and isinstance(start.components, SuccessParams):  # trials may stand beside
            columns = columns[: start.components.probabilities.shape[1]]
        return cls(subject.components, columns, subject.symbols, getattr(subject.source, "levels", ()))

    @cached_property
    def _by_entry(self) -> dict[str, str]:
        return {entry.replace(" ", ""): symbol for symbol, entry in self.given.items()}

    def __call__(self, path: str, *index: int) -> str:
        """The symbol of one entry, such as ``theta_A`` for ``("components.probabilities", 0, 0)``."""
        entry = f"{path}[{','.join(map(str, index))}]" if index else path
        return self._by_entry.get(entry) or self._systematic(path, index, entry)

    def _systematic(self, path: str, index: tuple[int, ...], entry: str) -> str:
        if path in ("components.covariance", "components.covariances"):
            owner, (a, b) = self._owner(index[:-2]), index[-2:]
            if a == b:
                return f"variance{owner}{self._column(a)}"
            return f"covariance{owner}{self._called(b)}{self._called(a)}"
        if path in SINGULAR:
            return SINGULAR[path] + self._owner(index[:1]) + "".join(map(self._column, index[1:]))
        level = re.fullmatch(r"components\.columns\.(\d+)\.probabilities", path)
        if level:
            return f"probability{self._owner(index[:1])}{self._column(int(level[1]))}[{self._level(int(level[1]), index[1])}]"
        return entry

    def _owner(self, index: tuple[int, ...]) -> str:
        return "".join(f"_{self.components[k] if k < len(self.components) else k}" for k in index)

    def _called(self, j: int) -> str:
        return f"_{self.columns[j] if j < len(self.columns) else j}"

    def _column(self, j: int) -> str:
        return f"_{self.columns[j]}" if len(self.columns) > 1 and j < len(self.columns) else ""

    def _level(self, column: int, code: int) -> str:
        names = self.levels[column] if column < len(self.levels) else None
        return names[code] if names is not None and code < len(names) else str(code)

    def entries(self, params: Parameters) -> dict[str, str]:
        """The symbol of every distinct number of the parameters, held ones included, by entry (``components.rates[1, 0]``)."""
        groups = params.groups if isinstance(params, CellsParams) else ()
        names = {f"groups.{g}.probabilities": group.names for g, group in enumerate(groups)}
        found: dict[str, str] = {}
        for entry in Coordinates(params).entry_names(params):
            match = ENTRY.fullmatch(entry)
            index = tuple(int(i) for i in match["index"].split(",")) if match and match["index"] else ()
            path = match["path"] if match else entry
            symbol = names[path][index[0]] if path in names else self(path, *index)
            found[entry] = entry if symbol in found.values() else symbol
        return found

    def values(self, params: Parameters) -> dict[str, float]:
        """The distinct numbers of the parameters by their symbols."""
        values = Coordinates(params).entries(params)
        return {symbol: float(value) for symbol, value in zip(self.entries(params).values(), values, strict=True)}
