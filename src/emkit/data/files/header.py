"""The header of a file: the names of its columns, and which of them are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from emkit.data.files.numerals import is_number
from emkit.errors import DataError

MOST_COLUMNS = 100_000
MOST_LISTED = 20  # columns in a message


@dataclass(frozen=True)
class Choice:
    """The columns to read: places in a `header`, that of the weights last, if there are any.

    `may_be_words` says whether a column of data in which some cell is no number is one of words, or an error.
    """

    header: tuple[str, ...]
    places: tuple[int, ...]
    has_weights: bool
    may_be_words: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Of the chosen columns."""
        return tuple(self.header[place] for place in self.places)

    def admits_words(self, k: int) -> bool:
        """Whether the chosen column number `k` may be one of words."""
        return self.may_be_words and not (self.has_weights and k == len(self.places) - 1)


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


def choose(header: Sequence[str], columns: Sequence[str] | None, weights: str | None, may_be_words: bool = False) -> Choice:
    """The columns to read. Errors: DataError naming the columns that there are."""
    names = list(columns) if columns is not None else [name for name in header if name != weights]
    for name, times in Counter(names).items():
        if not name:
            raise DataError("a column has no name in the header; name it, or choose others with --columns.")
        if times > 1:
            raise DataError(f"column {name!r} is chosen twice.")
    if weights in names:
        raise DataError(f"column {weights!r} cannot be both data and weights.")
    if not names:
        raise DataError("there is no column of data: name at least one.")
    if weights is not None:
        names.append(weights)
    places = {name: j for j, name in enumerate(header)}
    for name in names:
        if name not in places:
            raise DataError(f"there is no column {name!r}; the columns are {_listed(header)}.")
    return Choice(tuple(header), tuple(places[name] for name in names), weights is not None, may_be_words)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_LISTED
    return ", ".join(map(repr, names[:MOST_LISTED])) + (f" and {more:,} more" if more > 0 else "")
