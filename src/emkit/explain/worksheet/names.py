"""What the entries of the parameters are called on a worksheet."""

from __future__ import annotations

from dataclasses import dataclass

from emkit.explain.subject import Subject
from emkit.explain.symbols import SINGULAR
from emkit.explain.worksheet.distinct import Rows

WORDS = {**SINGULAR, "components.covariances": "variance"}


@dataclass(frozen=True)
class Names:
    """Names: those that the author of the lesson gave (`symbols`), else ``mean_A``; with several columns ``mean_A_height``."""

    components: tuple[str, ...]
    columns: tuple[str, ...]
    symbols: dict[str, str]

    @classmethod
    def of(cls, subject: Subject, columns: tuple[str, ...]) -> Names:
        """The names of `subject`, whose components are described in these columns."""
        entries = {entry.replace(" ", ""): symbol for symbol, entry in subject.symbols.items()}
        return cls(subject.components, columns, entries)

    def column(self, j: int) -> str:
        """How a column is marked in a name: not at all, if it is the only one."""
        return f"_{self.columns[j]}" if len(self.columns) > 1 else ""

    def plain(self, path: str, k: int, *rest: int) -> str:
        """The systematic name of an entry."""
        return f"{WORDS.get(path, path)}_{self.components[k]}{self.column(rest[0]) if rest else ''}"

    def symbol(self, path: str, *index: int) -> str:
        """The name of an entry: component first, then column."""
        return self.symbols.get(f"{path}[{','.join(map(str, index))}]", self.plain(path, *index))

    def responsibility(self, rows: Rows, k: int, i: int) -> str:
        """What a responsibility is called: ``r[1]`` or ``mu[x=1]`` for the first component, ``r_B[1]`` for others."""
        return f"{'r' if rows.numbered else 'mu'}{f'_{self.components[k]}' if k else ''}[{rows.labels[i]}]"
