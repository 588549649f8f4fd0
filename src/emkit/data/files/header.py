"""The header of a file: the names of its columns, and which of them are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from emkit.data.files.numerals import is_number
from emkit.errors import DataError, did_you_mean

MOST_COLUMNS = 100_000
MOST_LISTED = 20  # columns in a message


@dataclass(frozen=True)
class Choice:
    """The columns to read: places in a `header`, those `beside` the data behind these, and that of the weights last.

    Those called as in `words` may be of words; in others a cell that is no number is an error. With `gaps` one that says that
    there is no value is none, but for the weights. Columns beside the data, such as labels, may be of words and have gaps.
    """

    header: tuple[str, ...]
    places: tuple[int, ...]
    has_weights: bool
    words: frozenset[str]
    gaps: bool = False
    beside: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Of the chosen columns."""
        return tuple(self.header[place] for place in self.places)

    def admits_words(self, k: int) -> bool:
        """Whether the chosen column number `k` may be one of words."""
        return self._is_beside(k) or (self.names[k] in self.words and not self._is_weight(k))

    def admits_gaps(self, k: int) -> bool:
        """Whether a cell of the chosen column number `k` may be missing."""
        return self._is_beside(k) or (self.gaps and not self._is_weight(k))

    @property
    def data(self) -> int:
        """How many of the chosen columns are data."""
        return len(self.places) - self.beside - self.has_weights

    def _is_beside(self, k: int) -> bool:
        return self.data <= k < self.data + self.beside

    def _is_weight(self, k: int) -> bool:
        return self.has_weights and k == len(self.places) - 1


def check_names(names: Sequence[str]) -> None:
    """Raise DataError for too many columns, and for two of one name."""
    if len(names) > MOST_COLUMNS:
        raise DataError(f"the header has {len(names):,} columns; at most {MOST_COLUMNS:,} are read.")
    first: dict[str, int] = {}
    for j, name in enumerate(names, 1):
        if name and first.setdefault(name, j) < j:
            raise DataError(f"columns {first[name]} and {j} are both called {name!r}; give each its own name.")


def refuse_numbers(names: Sequence[str]) -> None:
    """Raise DataError for a first line of numbers, which are no names."""
    if all(is_number(name) for name in names):
        some = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        raise DataError(f"the first line holds only numbers ({some}); it must name the columns. Add a header line.")


def choose(
    header: Sequence[str],
    columns: Sequence[str] | None,
    weights: str | None,
    words: bool | Collection[str] = False,
    gaps: bool = False,
    beside: Sequence[str] = (),
) -> Choice:
    """The columns to read; `words`: those that may be of words, or whether all of them may; `gaps`, `beside`: see `Choice`.

    Errors: DataError naming the columns that there are.
    """
    names = list(columns) if columns is not None else [name for name in header if name != weights and name not in beside]
    for name, times in Counter(names).items():
        if not name:
            raise _nameless(header)
        if times > 1:
            raise DataError(f"column {name!r} is chosen twice.")
    if weights in names or weights in beside:
        raise DataError(f"column {weights!r} cannot be both {'data' if weights in names else 'known of rows'} and weights.")
    for name in (name for name in beside if name in names or beside.count(name) > 1):
        raise DataError(f"column {name!r} is chosen twice: as what is known of rows, and as something else.")
    if not names:
        raise DataError("there is no column of data: name at least one.")
    names += beside
    if weights is not None:
        names.append(weights)
    places = {name: j for j, name in enumerate(header)}
    for name in names:
        if name not in places:
            raise DataError(f"there is no column {name!r}; the columns are {_listed(header)}.{did_you_mean(name, header)}")
    may_be_words = (names if words else ()) if isinstance(words, bool) else words
    chosen = tuple(places[name] for name in names)
    return Choice(tuple(header), chosen, weights is not None, frozenset(may_be_words), gaps, len(beside))


def _nameless(header: Sequence[str]) -> DataError:
    place, named = header.index(""), [name for name in header if name]
    if place == 0 and named and len(named) == len(header) - 1:
        return DataError(
            "the first column has no name in the header, as an index has that was written with the table. Leave it out: choose "
            f"the others, --columns {','.join(named[:MOST_LISTED])}, or write the table without its index."
        )
    return DataError(f"column {place + 1} has no name in the header; name it, or choose others with --columns.")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_LISTED
    return ", ".join(map(repr, names[:MOST_LISTED])) + (f" and {more:,} more" if more > 0 else "")
