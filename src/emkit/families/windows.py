"""Which rows are possible where a value is known up to an interval, and is seen at all only in a window of its row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.data.profile import AnyProfile, Bad
from emkit.data.some import some_columns
from emkit.data.survival import outside
from emkit.errors import DataError
from emkit.families.intervals import ENDS, IntervalSupport, about, of_intervals
from emkit.families.support import Support

IN_WINDOWS = (*ENDS, "entry", "until")  # what the four columns are


def in_windows(inner: Support) -> WindowSupport:
    """Four columns: the ends of intervals in which values lie that are possible by `inner`, and those of the rows' windows."""
    rules = [(partial(_of_ends, bad), sentence) for bad, sentence in of_intervals(inner).rules]
    return WindowSupport(
        (
            *rules,
            (_empty, "a window must end after it begins (entry < until). Are the columns exchanged?"),
            (_without_window, "its value lies outside the window (entry, until], in which alone it would have been seen."),
        ),
        width=4,
        roles=IN_WINDOWS,
        least=inner.least,
        most=inner.most,
        inner=inner,
    )


@dataclass(frozen=True)
class WindowSupport(IntervalSupport):
    """Intervals in which a value of the family may lie, with windows."""

    def check(self, profile: AnyProfile) -> None:
        if len(profile.columns) != 4:
            raise DataError(
                f"the data have {len(profile.columns)} columns; values in windows have four, the lower and the upper end of an "
                "interval, and those of the window. See ek.survival(time, event, entry)."
            )
        Support.check(self, profile)
        if self.about(profile).rows == 0:
            raise DataError("no row says anything of a value: in each, both ends of its interval are missing.")

    def about(self, profile: AnyProfile) -> AnyProfile:
        """The profile of about where the values of the rows lie."""
        return about(ends_alone(profile), self.inner)

    def seen(self, profile: AnyProfile) -> AnyProfile:
        return self.inner.seen(self.about(profile))

    def untold(self, x: Array) -> Mask:
        return super().untold(x[:, :2])


def ends_alone(profile: AnyProfile) -> AnyProfile:
    """The profile of the ends of intervals, without windows."""
    return some_columns(profile, (0, 1))


def clipped(x: Array) -> tuple[Array, Array, Mask]:
    """Of rows x (n, 4): the parts (n, 2) of the intervals in the windows, the windows (n, 2), and which rows are `beyond` them.

    A missing end is NaN in the parts, and infinite in the windows.
    """
    windows = np.column_stack([np.where(np.isnan(x[:, 2]), -np.inf, x[:, 2]), np.where(np.isnan(x[:, 3]), np.inf, x[:, 3])])
    low, high = np.fmax(x[:, 0], x[:, 2]), np.fmin(x[:, 1], x[:, 3])
    return np.column_stack([low, high]), windows, outside(x)


def _of_ends(bad: Bad, x: Array) -> Mask:
    return np.column_stack([bad(x[:, :2]), np.zeros((len(x), 2), dtype=bool)])


def _empty(x: Array) -> Mask:
    nothing = np.zeros(len(x), dtype=bool)
    return np.column_stack([nothing, nothing, nothing, x[:, 3] <= x[:, 2]])


def _without_window(x: Array) -> Mask:
    """The first end that is there, of a row beyond its window."""
    out, first = outside(x), ~np.isnan(x[:, 0])
    nothing = np.zeros(len(x), dtype=bool)
    return np.column_stack([out & first, out & ~first, nothing, nothing])
