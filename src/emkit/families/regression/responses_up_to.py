"""Which rows are possible where responses are known up to intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.data.framed_design import place_of
from emkit.data.frames import TRUTHS
from emkit.data.profile import AnyProfile
from emkit.data.some import some_columns
from emkit.errors import DataError, some_of
from emkit.families.family import Totals
from emkit.families.intervals import of_intervals
from emkit.families.regression.layout import WHOSE, Layout
from emkit.families.regression.responses import ResponseSupport

UPPER_ENDS = (
    "Upper ends of responses that are known up to intervals are no events, and no formula says them: a regression does, by "
    'upper=, as in ek.MixtureModel(ek.WeibullRegression("lo", "x", upper="hi"), 1).'
)


@dataclass(frozen=True)
class UpToIntervals(ResponseSupport):
    """Rows in which the law of a `regression` allows a response in the interval; only its ends may be missing."""

    def check(self, profile: AnyProfile) -> None:
        if self.regression.event is not None:
            yes_or_no_event(some_columns(profile, (place_of(self.regression.event, profile, WHOSE),)))
        self.regression.law.check(some_columns(profile, (place_of(self.regression.response, profile, WHOSE),)))
        super().check(profile)
        layout = self.regression.laid_out(profile)
        if layout.entry is not None:
            some_columns(profile, (layout.entry,)).refuse_names("an entry is a number, after which the response is seen")
        of_ends = self.regression.upper is not None
        read = (*layout.places, *(() if of_ends else (layout.response, layout.upper)))
        for j in (place for place in read if place is not None and profile.missing[place]):
            instead = f" {UPPER_ENDS}" if j == layout.upper else ""
            raise DataError(
                f"column {profile.columns[j]!r} has missing cells; of the columns of this regression, only the ends of "
                f"intervals may be missing. Leave the rows out.{instead}"
            )
        if layout.upper is not None:
            pair = some_columns(profile, (layout.response, layout.upper))
            if of_ends:
                of_intervals(self.regression.law).check(pair)
            _check_seen(*pair.total(_seen_ends if of_ends else _seen_events).sums[0])

        if layout.entry is not None:
            rule = "it must be larger than the entry of its row, before which it would not have been seen."
            profile.refuse(partial(_too_early, layout, of_ends), rule)

    def impossible(self, x: Array) -> Mask:
        layout = self.regression.layout
        if layout is None:
            return super().impossible(x)
        early = _too_early(layout, self.regression.upper is not None, x).any(axis=1)
        if self.regression.upper is None:
            return np.asarray(super().impossible(x) | early)
        return np.asarray(of_intervals(self.regression.law).impossible(x[:, [layout.response, layout.upper]]) | early)

    def known(self, x: Array, place: int) -> tuple[Array, Array]:
        layout = self.regression.layout
        if layout is None or place not in (layout.response, None if self.regression.upper is None else layout.upper):
            return super().known(x, place)
        low, high = self.regression.ends(x)
        return np.where(np.isfinite(low), low, -np.inf), np.where(np.isfinite(high), high, np.inf)

    def untold(self, x: Array) -> Mask:
        layout = self.regression.layout
        if layout is None or layout.upper is None:
            return super().untold(x)
        if self.regression.upper is None:
            return np.asarray(x[:, layout.upper] == 0)
        return of_intervals(self.regression.law).untold(x[:, [layout.response, layout.upper]])


def _too_early(layout: Layout, of_ends: bool, x: Array) -> Mask:
    """The last number that is known of a response (n, d), where it is no larger than the entry of its row."""
    found = np.zeros(x.shape, dtype=bool)
    if layout.entry is None:
        return found
    last = np.full(len(x), layout.response)
    if of_ends and layout.upper is not None:
        last = np.where(np.isnan(x[:, layout.upper]), layout.response, layout.upper)
    every = np.arange(len(x))
    found[every, last] = x[every, last] <= x[:, layout.entry]
    return found


def yes_or_no_event(profile: AnyProfile) -> None:
    """Raise DataError for a column of events that are neither 0 nor 1: words do not say which of them was seen."""
    for name, held in zip(profile.columns, profile.levels, strict=True):
        if held not in (None, TRUTHS):
            raise DataError(
                f"column {name!r} holds words, {some_of([*map(repr, held or ())])}, and nothing tells which of them is an "
                "event: give 1 where the response was seen, and 0 where it is larger."
            )
    rule = "an event is 1 (the response was seen) or 0 (it is larger). Where events are coded 1 and 2, take 1 off."
    profile.refuse(lambda x: (x != 0) & (x != 1), f"{rule} {UPPER_ENDS}")


def _check_seen(lower: float, upper: float, neither: float) -> None:
    """Raise DataError unless some rows have each end, and all have one."""
    for side, number in (("lower", lower), ("upper", upper)):
        if not number:
            raise DataError(
                f"no response is known to have {'a lower' if side == 'lower' else 'an upper'} end, so the likelihood rises for "
                f"ever as responses become {'smaller' if side == 'lower' else 'larger'}: there is no best estimate."
            )
    if neither:
        raise DataError(
            f"{neither:g} rows say nothing of the response: in each, both ends of its interval are missing. Leave them out."
        )


def _seen_ends(x: Array, weights: Array) -> Totals:
    """How many rows have a lower end, an upper end, and neither."""
    gaps = np.isnan(x)
    return Totals(np.array([[*(~gaps).sum(axis=0), gaps.all(axis=1).sum()]], dtype=np.float64))


def _seen_events(x: Array, weights: Array) -> Totals:
    """The same where responses were seen, or are larger."""
    return Totals(np.array([[len(x), x[:, 1].sum(), 0.0]]))
