"""Where rows come from: sources, which cut them into chunks, always in the same way."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import compress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import Memory, once
from emkit.core.protocols import Source
from emkit.data.chunk import Chunk, alike, as_float64
from emkit.data.chunk_sizes import rows_of_chunks
from emkit.data.frames import TRUTHS
from emkit.data.groups import cuts_between, group_starts, labels_of_groups, weights_of_groups
from emkit.data.membership import is_known, of_groups
from emkit.data.profile import Bad, Levels, Profile, Tally
from emkit.data.sparse import MOST_SAMPLED, is_sparse
from emkit.data.subsample import SUBSAMPLE, chosen_rows, in_order_of_values
from emkit.data.validate import RowName, as_table, as_weights
from emkit.errors import DataError, ModelError, WeightsWarning

if TYPE_CHECKING:
    from emkit.data.design import Design

FINITE = (
    "every value must be a finite number. Correct it, or leave the row out; of intervals, an end that is not known is NaN (a "
    "missing value)."
)
NO_GAPS = (
    "every value must be a finite number, as what is fitted takes no gaps. Remove or fill in such rows first, or choose a "
    "family that takes them: `emkit families` says which do."
)
FRACTIONS = 0.5  # mean weight below which weights are no counts of rows, nor near them
MOST_NAMED = 12  # levels in a message


def names_of_columns(number: int) -> tuple[str, ...]:
    """What columns without names are called."""
    return tuple(f"x{j}" for j in range(number))


class RowSource(Source[Chunk]):
    """A source of rows with named columns. A subclass hands out `chunks` and knows `columns`, `rows` and `total_weight`."""

    columns: tuple[str, ...]
    rows: float
    total_weight: float
    is_here = True  # whether the rows can still be had
    is_elsewhere = False  # whether they are loaded anew in every pass
    cut_by_hand = False  # whether chunks are as they were asked for, and stay so
    groups: Integers | None = None  # where groups of rows begin, and last the number of rows; None if rows are by themselves
    group_labels: tuple[Any, ...] = ()  # of the groups, where there are groups
    membership: Array | None = None  # what is known of who belongs where (n, K): see `membership_of`
    component_names: tuple[str, ...] = ()  # of the first components, where what is known of rows gives them names
    parameter_names: Mapping[str, str] = MappingProxyType({})  # entries, by what the author of the data calls them
    library: str | None = None  # of the data frame that the rows came in
    design: Design | None = None  # the formula, and its codings, that made the columns, if one did

    @property
    def group_names(self) -> tuple[str, ...]:
        """The labels of groups, where these are all text; none otherwise."""
        return self.group_labels if all(isinstance(label, str) for label in self.group_labels) else ()

    @property
    def levels(self) -> Levels:
        """For each column the names behind its codes; None for a column of numbers."""
        return (None,) * len(self.columns)

    @property
    def memory(self) -> Memory:
        """What is worked out `once` from the rows."""
        return self.profile.memory

    @cached_property
    def profile(self) -> Profile[ArraySource]:
        """What is known of the rows."""
        return Profile(self)

    def forget(self) -> None:
        """Forget what is known of the rows: it holds them, so that they would be in memory until a circle is collected."""
        self.__dict__.pop("profile", None)

    def tallies(self) -> tuple[Tally, ...]:
        """What one pass over the rows is to tell, besides what a profile asks for, where they are elsewhere."""
        return ()

    def sample(self, rows: int = SUBSAMPLE) -> ArraySource:
        """At most about `rows` rows that stand for all of them."""
        raise ModelError(f"{type(self).__name__} cannot draw a sample of its rows: give the model a start.")

    def shared_out(self, numbers: int) -> RowSource:
        """The same rows in chunks for many threads, where so many `numbers` are worked on for each row; as they are by default.

        How many threads there are does not matter: the sums are the same bits for any number.
        """
        return self

    def cut_for(self, numbers: int) -> RowSource:
        """The same rows in chunks of so many `numbers`, where these can be cut anew."""
        return self

    def as_one_group(self) -> Self:
        """The same rows, all in one group where they come in none; as they are, where only chunks know of groups."""
        return self

    def coded(self, levels: Levels) -> Self:
        """The same rows with columns of these levels. Errors: DataError, unless they have them already."""
        if levels != self.levels:
            raise DataError(f"{type(self).__name__} cannot give its columns other levels.")
        return self

    def place_of_row(self, row: int) -> str:
        """How messages call a row."""
        return f"row {row}"

    def place(self, row: int, column: int) -> str:
        """How messages call one cell."""
        return f"{self.place_of_row(row)}, column {self.columns[column]!r}"

    def refuse(self, bad: Bad, rule: str) -> None:
        """Raise DataError for the first cell for which `bad` is true, naming it, its value and the `rule` it breaks."""
        for chunk in self.chunks():
            for rows, x in chunk.blocks():
                found = bad(x)
                if found.any():
                    row, column = (int(i) for i in np.argwhere(found)[0])
                    place = self.place(chunk.start + rows.start + row, column)
                    raise DataError(f"{place} is {self._shown(x[row, column], column)}; {rule}")

    def refuse_gaps(self) -> None:
        """Raise DataError naming row and column of the first gap."""
        self.refuse(np.isnan, NO_GAPS)

    def warn_of_small_weights(self) -> None:
        """Warn if the weights sum to far less than the rows are, as densities do, and weights that sum to 1."""
        if self.total_weight < FRACTIONS * self.rows:
            warnings.warn(
                f"the weights sum to {self.total_weight:.6g} over {self.rows:,} rows. Estimates are the same for any scale of "
                "the weights, but BIC and standard errors take that sum for the number of rows: scale the weights so that they "
                "sum to as many rows as were observed.",
                WeightsWarning,
                stacklevel=5,
            )

    def _shown(self, value: float, column: int) -> str:
        """A value of a column as its reader knows it."""
        names = self.levels[column]
        if np.isnan(value):
            return "nan" if names is None else "missing"
        known = names is not None and value in range(len(names))
        return repr(names[int(value)]) if names is not None and known else f"{value:g}"


class ArraySource(RowSource):
    """Rows in memory, cut into chunks of `chunk_rows` rows, always the same way (by default 1 to 4 chunks, or more).

    Without `chunk_rows`, a fit cuts them anew, into as many as its work is worth. `levels` name the codes 0, 1, ... of columns
    of levels. `groups` (n,) label rows that belong together (a person, a sequence): those of one group lie one after the other,
    and no chunk ends within a group; `weights` are then of groups, one for each, or equal within each. Rows of weight 0 are
    left out on entry, so that they cannot have any influence. A gap is NaN; models say whether they admit gaps. `membership`
    (n, K) says how plausible each component is for each row, the most plausible one 1 (see `membership_of`), and
    `component_names` how the first components are called. `row_name` says how messages call a row, given its index in the
    original data; `library` is that of the data frame that the rows came in.
    Errors: DataError naming row, column and value.

    Three rows, of which the second counts twice, and the third not at all:

    >>> import emkit as ek
    >>> source = ek.ArraySource([[1.0], [2.0], [3.0]], weights=[1, 2, 0])
    >>> source.rows, source.total_weight
    (2, 3.0)
    """

    def __init__(
        self,
        x: Any,
        weights: Any = None,
        columns: Sequence[str] | None = None,
        chunk_rows: int | None = None,
        row_name: RowName = "row {}".format,
        levels: Levels | None = None,
        groups: Any = None,
        membership: Array | None = None,
        library: str | None = None,
        component_names: tuple[str, ...] = (),
    ) -> None:
        self.row_name, self.library, self.component_names = row_name, library, component_names
        self.x = as_table(x, row_name)
        self.rows_given = len(self.x)
        self.columns = tuple(columns) if columns is not None else names_of_columns(self.x.shape[1])
        if len(self.columns) != self.x.shape[1]:
            raise DataError(f"{len(self.columns)} column names for {self.x.shape[1]} columns.")
        if len(set(self.columns)) < len(self.columns):
            twice = next(name for name in self.columns if self.columns.count(name) > 1)
            raise DataError(f"columns have the same name, {twice!r}; give each its own.")
        self._levels = levels if levels is not None else (None,) * len(self.columns)
        self.chunk_rows = chunk_rows or rows_of_chunks(self.x)
        self.cut_by_hand = chunk_rows is not None
        self.groups = group_starts(groups, len(self.x), row_name) if groups is not None else None
        self.group_labels = () if self.groups is None else labels_of_groups(groups, self.groups)
        given = weights if self.groups is None or weights is None else weights_of_groups(weights, self.groups, row_name)
        self.weights = as_weights(given, len(self.x), row_name)
        self.membership = self._known(membership)
        self._index: Integers | None = None
        if given is not None and not self.weights.all():
            self._leave_out(self.weights == 0)
        if given is not None and (self.weights == 1).all():
            self.weights = as_weights(None, len(self.x), row_name)  # as if there were none, to the last bit
        self.refuse(np.isinf, FINITE)

    def _known(self, membership: Array | None) -> Array | None:
        if membership is None:
            return None
        if membership.shape[:1] != self.weights.shape:
            raise DataError(f"there are {len(self.x)} rows but what is known of them has shape {membership.shape}.")
        known = membership if self.groups is None else of_groups(membership, self.groups, self.row_name)
        return known if (known != 1).any() else None

    def _leave_out(self, out: Any) -> None:
        self._index = np.flatnonzero(~out)
        if self.groups is not None:
            kept = ~out[self.groups[:-1]]
            lengths, self.group_labels = np.diff(self.groups)[kept], tuple(compress(self.group_labels, kept))
            self.groups = np.concatenate([[0], np.cumsum(lengths)])
        self.x, self.weights = self.x[self._index], self.weights[self._index]
        if self.membership is not None:
            self.membership = self.membership[self._index]

    @property
    def levels(self) -> Levels:
        return self._levels

    @property
    def rows(self) -> int:  # type: ignore[override]
        """The number of rows with a positive weight."""
        return len(self.x)

    @cached_property
    def total_weight(self) -> float:  # type: ignore[override]
        """The sum of the weights: the sample size if weights are frequencies."""
        return float(self.weights.sum())

    @cached_property
    def _chunks(self) -> tuple[Chunk, ...]:
        made = []
        for start, end, groups in cuts_between(self.rows, self.chunk_rows, self.groups, self._known_first):
            known = self.membership[start:end] if self.membership is not None else None
            if known is not None and not is_known(known).any():
                known = None
            made.append(Chunk(self.x[start:end], self.weights[start:end], start, groups, known))
        return tuple(made)

    @property
    def _known_first(self) -> int:
        """How many rows stand before the first of which nothing is known: they are chunks of their own."""
        if self.membership is None:
            return 0
        known = is_known(self.membership)
        return len(known) if known.all() else int(known.argmin())

    @property
    def whole(self) -> Chunk:
        """All rows at once, each by itself: for those of a sample."""
        return Chunk(self.x, self.weights, membership=self.membership)

    def chunks(self) -> Iterator[Chunk]:
        """The rows in order, `chunk_rows` at a time."""
        return iter(self._chunks)

    def cuts(self) -> Iterator[Chunk]:
        return iter(self._chunks)

    def sample(self, rows: int = SUBSAMPLE) -> ArraySource:
        few = is_sparse(self.x) and rows == SUBSAMPLE  # of which starts are made, which takes all cells
        return _sample(self, min(rows, max(MOST_SAMPLED // self.x.shape[1], 1)) if few else rows)

    def shared_out(self, numbers: int) -> ArraySource:
        return self._cut_anew(rows_of_chunks(self.x, numbers))

    def cut_for(self, numbers: int) -> ArraySource:
        return self if is_sparse(self.x) else self._cut_anew(min(max(numbers // self.x.shape[1], 1), self.rows))

    def _cut_anew(self, rows: int) -> ArraySource:
        if self.cut_by_hand or rows == self.chunk_rows:
            return self
        made = copy(self)
        made.__dict__.pop("_chunks", None)
        made.chunk_rows = rows
        return made

    def as_one_group(self) -> Self:
        if self.groups is not None or not self.rows:
            return self
        odd = np.flatnonzero(self.weights != self.weights[0])
        if len(odd):
            raise DataError(
                f"{self.place_of_row(int(odd[0]))} has weight {self.weights[odd[0]]:g}, unlike others, and without groups all "
                "rows are one sequence: a weight is of a sequence. Say with groups which rows belong together."
            )
        return self._changed(groups=np.array([0, self.rows]))

    def coded(self, levels: Levels) -> Self:
        """The same rows with each column of named `levels` as codes, in the order of the names; itself if it is so already.

        Errors: DataError naming a cell that is none of them.
        """
        if levels == self.levels and [*map(type, levels)] == [*map(type, self.levels)]:  # also in order, or not
            return self
        if len(levels) != len(self.columns):
            raise DataError(f"levels are given for {len(levels)} columns but the data have {len(self.columns)}.")
        x = np.array(self.x, dtype=np.float64)
        for j, names in enumerate(levels):
            own = self.levels[j]
            if names is None and own is not None and own != TRUTHS:
                some = ", ".join(own[:3]) + (" ..." if len(own) > 3 else "")
                raise DataError(f"column {self.columns[j]!r} holds names ({some}), where numbers are asked for.")
            if names is not None and names != own:
                x[:, j] = self._codes(j, names)
        return self._changed(x=x, _levels=levels)

    def of_columns(self, places: Sequence[int]) -> Self:
        """The same rows with the columns at these places alone."""
        columns, levels = tuple(self.columns[j] for j in places), tuple(self.levels[j] for j in places)
        return self._changed(x=self.x[:, list(places)], columns=columns, _levels=levels)

    def _changed(self, **changes: Any) -> Self:
        """A copy with other attributes, of which nothing has been worked out yet."""
        made = copy(self)
        for worked_out in ("profile", "_chunks"):
            made.__dict__.pop(worked_out, None)
        made.__dict__.update(changes)
        return made

    def naming(self, components: Sequence[str], parameters: Mapping[str, str] | None = None) -> ArraySource:
        """The same rows, with names for the first components, and for `parameters` (name to entry)."""
        made = copy(self)
        made.component_names = tuple(components)
        made.parameter_names = dict(parameters or {})
        return made

    def _codes(self, column: int, names: tuple[str, ...]) -> Array:
        own = self.levels[column]
        values = np.unique(self.x[:, column])
        code = {name: float(i) for i, name in enumerate(names)} | ({"0": 0.0, "1": 1.0} if names == TRUTHS else {})
        known = {
            value: code.get(own[int(value)] if own is not None else f"{value:.17g}") for value in values[~np.isnan(values)]
        }
        for value in (value for value, found in known.items() if found is None):
            row = int(np.flatnonzero(self.x[:, column] == value)[0])
            raise DataError(
                f"{self.place(row, column)} is {self._shown(value, column)}; its levels are {', '.join(names[:MOST_NAMED])}"
                f"{' ...' if len(names) > MOST_NAMED else ''}, and a fit knows no other."
            )
        table = np.array([known.get(value, np.nan) for value in values.tolist()], dtype=np.float64)
        return table[np.searchsorted(values, self.x[:, column])]

    def of_rows_kept(self, values: Array) -> Array:
        """Of `values` (n, ...) of all rows that were given, those of the rows with a positive weight."""
        return values if self._index is None else np.asarray(values[self._index])

    def place_of_row(self, row: int) -> str:
        """How messages call a row, given its place among those with a positive weight."""
        return self.row_name(row if self._index is None else int(self._index[row]))

    def __getstate__(self) -> dict[str, Any]:
        """What is stored and sent: weights of 1 stay what they are; what was worked out `once` travels with the rows."""
        state = {name: value for name, value in self.__dict__.items() if name != "_chunks"}
        return {**state, "weights": None if alike(self.weights) else self.weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if state["weights"] is None:
            self.weights = as_weights(None, len(self.x), self.row_name)


@once
def _sample(source: ArraySource, rows: int) -> ArraySource:
    known, chosen = source.membership, chosen_rows(source.x, rows)
    if not is_sparse(source.x):
        some = source.x[chosen]
        chosen = chosen[in_order_of_values(some if known is None else np.column_stack([some, known[chosen]]))]
    own = known[chosen] if known is not None else None
    x = source.x[chosen]
    return ArraySource(
        x if is_sparse(x) else as_float64(x), source.weights[chosen], source.columns, levels=source.levels, membership=own
    )


def columns_of(source: object) -> tuple[str, ...]:
    """The names of the columns of the rows that `source` hands out, if they have any."""
    return tuple(getattr(source, "columns", ()))
