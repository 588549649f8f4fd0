"""What the parameters are called in an explanation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from emkit.core.axes import COLUMN, COMPONENT, singular
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Leaf, Parameters, leaves
from emkit.data.profile import Levels
from emkit.data.source import columns_of
from emkit.explain.subject import Subject
from emkit.families.description import Word
from emkit.models.around import bare
from emkit.models.cells import CellsParams
from emkit.models.components import Components

BY_COLUMN = ((COMPONENT,), (COMPONENT, COLUMN))  # axes of fields that are named by what one number of them is
BY_PAIR = (COMPONENT, COMPONENT)  # of those that tell of two components each
ENTRY = re.compile(r"(?P<path>[^\[]+)(?:\[(?P<index>[\d, ]+)\])?")
LEVELS = re.compile(r"components\.(?:parts\.\d+\.)*columns\.(\d+)\.probabilities")


@dataclass(frozen=True)
class Symbols:
    """Names of entries: those that the author of the subject gave, else ``mean_A``, with several columns ``mean_A_height``.

    `nouns` are what one number of a field is called, by path; `pairs` are fields of which each number is of two components;
    `scoped` are fields that are not of all columns or components.
    """

    components: tuple[str, ...]
    columns: tuple[str, ...]
    given: Mapping[str, str]
    levels: Levels = ()
    nouns: Mapping[str, str] = field(default_factory=dict)
    scoped: Mapping[str, Leaf] = field(default_factory=dict)
    pairs: frozenset[str] = frozenset()

    @classmethod
    def of(cls, subject: Subject) -> Symbols:
        """The symbols of a subject."""
        columns, model = columns_of(subject.source), bare(subject.model)
        words: Mapping[str, Word] = {}
        if isinstance(model, Components):
            columns, words = model.family.support.parameter_columns(columns), model.family.described.words
        axes = {leaf.path: leaf.axes.names for leaf in leaves(subject.start) if leaf.axes}
        fields = {path: path.rpartition(".")[2] for path, names in axes.items() if names in (*BY_COLUMN, BY_PAIR)}
        nouns = {path: words[name].noun if name in words else singular(name) for path, name in fields.items()}
        scoped = {leaf.path: leaf for leaf in leaves(subject.start) if leaf.scopes}
        pairs = frozenset(path for path, names in axes.items() if names == BY_PAIR)
        return cls(subject.components, columns, subject.symbols, getattr(subject.source, "levels", ()), nouns, scoped, pairs)

    @cached_property
    def by_author(self) -> dict[str, str]:
        """The symbols that the author of the subject gave, by entry."""
        return {entry.replace(" ", ""): symbol for symbol, entry in self.given.items()}

    def __call__(self, path: str, *index: int) -> str:
        """The symbol of one entry, such as ``theta_A`` for ``("components.probabilities", 0, 0)``."""
        entry = f"{path}[{','.join(map(str, index))}]" if index else path
        return self.by_author.get(entry) or self.systematic(path, *index)

    def systematic(self, path: str, *index: int) -> str:
        """The name that an entry has where its author gave none."""
        entry = f"{path}[{','.join(map(str, index))}]" if index else path
        if path in ("components.covariance", "components.covariances"):
            owner, (a, b) = self._owner(index[:-2]), index[-2:]
            if a == b:
                return f"variance{owner}{self.mark(a)}"
            return f"covariance{owner}{self._called(b)}{self._called(a)}"
        level = LEVELS.fullmatch(path) if len(index) > 1 else None  # of each component; what all share has no place among them
        if path in self.scoped and (path in self.nouns or level):
            at = self.scoped[path].places(index)
            of, columns = (tuple(i for axis, i in at if axis == wanted) for wanted in (COMPONENT, COLUMN))
        elif path in self.pairs:
            of, columns = index, ()
        else:
            of, columns = index[:1], (int(level[1]),) if level else index[1:]
        if path in self.nouns:
            return self.nouns[path] + self._owner(of) + "".join(map(self.mark, columns))
        if level:
            return f"probability{self._owner(of)}{self.mark(columns[0])}[{self.level(columns[0], index[1])}]"
        return entry

    def _owner(self, index: tuple[int, ...]) -> str:
        return "".join(f"_{self.components[k] if k < len(self.components) else k}" for k in index)

    def _called(self, j: int) -> str:
        return f"_{self.columns[j] if j < len(self.columns) else j}"

    def mark(self, j: int) -> str:
        """How column j is marked in a name: not at all, if it is the only one."""
        return f"_{self.columns[j]}" if len(self.columns) > 1 and j < len(self.columns) else ""

    def level(self, column: int, code: int) -> str:
        """A level of a column by its name; by its code, if it has none."""
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
