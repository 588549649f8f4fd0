"""Times of which some were seen to end, and intervals, as the two columns that censored families take."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.data.validate import numbers_in
from emkit.errors import DataError


def survival(time: Any, event: Any, entry: Any = None) -> Array:
    """Times (n,), and whether each was seen to end (1) or only to last so long (0), as two columns (n, 2) for `ek.Censored`.

    The upper end of a time that was not seen to end is missing (NaN). With the times of `entry` (n,) from which on each was
    watched, NaN for from the beginning, four columns (n, 4) for `ek.CensoredInWindows`: windows that have no other end.
    Errors: DataError naming what cannot be.

    >>> import emkit as ek
    >>> ek.survival([6, 9, 13], [1, 0, 1])
    array([[ 6.,  6.],
           [ 9., nan],
           [13., 13.]])
    >>> ek.survival([6, 9], [1, 0], entry=[2, 5])
    array([[ 6.,  6.,  2., nan],
           [ 9., nan,  5., nan]])
    """
    times, seen = _column("time", time), _column("event", event)
    if len(times) != len(seen):
        raise DataError(f"there are {len(times)} times but {len(seen)} events; give one event, 0 or 1, for each time.")
    for row in np.flatnonzero(~np.isfinite(times))[:1]:
        raise DataError(
            f"the time of row {row} is {times[row]:g}; every time must be a finite number: of a time that is only "
            "known to be larger than another, give that one, with the event 0. Else leave the row out."
        )
    for row in np.flatnonzero((seen != 0) & (seen != 1))[:1]:
        raise DataError(
            f"the event of row {row} is {seen[row]:g}; it must be 1 (the time was seen to end) or 0 (it lasted longer). Where "
            "events are coded 1 and 2, take 1 off."
        )
    ends = np.column_stack([times, np.where(seen == 1, times, np.nan)])
    return ends if entry is None else np.column_stack([ends, _entries(entry, times), np.full(len(times), np.nan)])


def _entries(entry: Any, times: Array) -> Array:
    """Times of entry (n,), NaN where there is none. Errors: DataError."""
    entries = _column("entry", entry)
    if len(entries) != len(times):
        raise DataError(f"there are {len(times)} times but {len(entries)} entries; give one for each, or none (NaN).")
    for row in np.flatnonzero(entries >= times)[:1]:
        raise DataError(f"row {row} enters at {entries[row]:g}, and its time is {times[row]:g}; it must be later.")
    return np.where(entries == -np.inf, np.nan, entries)


def intervals(lower: Any, upper: Any) -> tuple[Array, Array]:
    """The ends (n,) and (n,) of intervals (lower, upper], -infinity and infinity where there are none (also NaN).

    Errors: DataError naming what cannot be.
    """
    low, high = _column("lower", lower), _column("upper", upper)
    if len(low) != len(high):
        raise DataError(f"there are {len(low)} lower ends but {len(high)} upper ones; give both for each row.")
    if not len(low):
        raise DataError("there are no rows: nothing can be estimated.")
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    for row in np.flatnonzero(high < low)[:1]:
        raise DataError(f"the interval of row {row} ends at {high[row]:g}, before it begins at {low[row]:g}.")
    for row in np.flatnonzero((low == np.inf) | (high == -np.inf))[:1]:
        raise DataError(f"the interval of row {row} is from {low[row]:g} to {high[row]:g}, where no number lies.")
    return low, high


def windows(entry: Any, until: Any, low: Array, high: Array) -> Array | None:
    """The ends (n, 2) of the windows (entry, until] of intervals from `low` to `high`, (n,) each, infinite where none are.

    None if no row has a window. Errors: DataError naming what cannot be.
    """
    if entry is None and until is None:
        return None
    nothing = np.full(len(low), np.nan)
    given = [nothing if each is None else _column(name, each) for name, each in (("entry", entry), ("until", until))]
    for name, each in zip(("entry", "until"), given, strict=True):
        if len(each) != len(low):
            raise DataError(f"there are {len(low)} intervals but {len(each)} of {name}; give one for each, missing for none.")
    begin, end = np.where(np.isnan(given[0]), -np.inf, given[0]), np.where(np.isnan(given[1]), np.inf, given[1])
    for row in np.flatnonzero(end <= begin)[:1]:
        raise DataError(f"the window of row {row} ends at {end[row]:g}, and begins at {begin[row]:g}; it must end later.")
    rows = np.column_stack([low, high, begin, end])
    for row in np.flatnonzero(outside(np.where(np.isinf(rows), np.nan, rows)))[:1]:
        raise DataError(
            f"row {row}, from {low[row]:g} to {high[row]:g}, lies outside of its window from {begin[row]:g} to {end[row]:g}, "
            "in which alone it would have been seen."
        )
    return rows[:, 2:]


def outside(x: Array) -> Mask:
    """Whether a value is known to lie outside its window, or was last seen before that began: (n,).

    Columns of x (n, 4): lower and upper end, entry and until, NaN where there is none.
    """
    low, high, entry, until = x.T
    with np.errstate(invalid="ignore"):
        after = np.where(low == high, low > until, low >= until)
        before = np.where(np.isnan(high), low < entry, high <= entry)
    return np.asarray(after | before)


def _column(name: str, given: Any) -> Array:
    try:
        numbers = numbers_in(given, "row {}".format)
    except DataError:
        raise DataError(f"{name} is not numbers; give one number for each row.") from None
    if numbers.ndim != 1:
        raise DataError(f"{name} has shape {numbers.shape}; give one number for each row.")
    return numbers
