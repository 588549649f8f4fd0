"""Where the columns of a regression lie, and the frame of its covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from emkit.core.memo import once
from emkit.data.framed_design import Column, FramedDesign, centre_of, frame_of, place_of, plain_frame
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError

WHOSE = "regression"


class Named(NamedTuple):
    """The columns of a regression as they were given, by name or by place, the `own` and the `shared` covariates apart."""

    response: Column
    own: tuple[Column, ...]
    shared: tuple[Column, ...]
    intercept: bool
    offset: Column | None = None
    trials: Column | None = None
    upper: Column | None = None
    entry: Column | None = None

    @property
    def every(self) -> tuple[Column, ...]:
        """All columns that are read."""
        beside = tuple(column for column in (self.offset, self.trials, self.upper, self.entry) if column is not None)
        return (self.response, *self.own, *self.shared, *beside)

    def check(self) -> None:
        """Raise ModelError for what is no column, and for one that is named twice."""
        columns: tuple[Any, ...] = self.every
        for column in columns:
            if not isinstance(column, str) and not (isinstance(column, int) and column >= 0):
                raise ModelError(f"{column!r} is no column; give its name, or its place (0 is the first).")
        twice = [column for column in columns if columns.count(column) > 1]
        if twice:
            raise ModelError(f"the column {twice[0]!r} is named twice in one regression.")


@dataclass(frozen=True)
class Layout(FramedDesign):
    """The covariates, of which the last `common` are shared, and the places of the other columns.

    `datum`: a number in the midst of the response, from which normal responses are counted. `upper`: where the upper ends of
    responses lie that are known up to intervals, `entry`: where those that they were seen from.
    """

    common: int
    response: int
    offset: int | None
    trials: int | None
    datum: float
    upper: int | None = None
    entry: int | None = None

    @property
    def own_size(self) -> int:
        """How many coefficients each component has for itself."""
        return len(self.factor) - self.common

    @property
    def own_names(self) -> tuple[str, ...]:
        """What the coefficients are of that each component has for itself."""
        return self.coefficient_names[: self.own_size]

    @property
    def shared_names(self) -> tuple[str, ...]:
        """What the coefficients are of that all components share."""
        return self.coefficient_names[self.own_size :]


def as_places(named: Named) -> Layout:
    """The layout of columns that are known by place, in the frame of the data themselves. Errors: ModelError for others."""
    for column in named.every:
        if isinstance(column, str):
            raise ModelError(f"where {column!r} lies is not known before there are data: settled(profile) finds it.")
    places: Any = (*named.own, *named.shared)
    names = tuple(f"column {place}" for place in places)
    frame = plain_frame(len(places) + named.intercept, named.intercept)
    response: Any = named.response
    offset: Any = named.offset
    trials: Any = named.trials
    upper: Any = named.upper
    entry: Any = named.entry
    return Layout(places, names, named.intercept, *frame, len(named.shared), response, offset, trials, 0.0, upper, entry)


@once
def found_in(profile: AnyProfile, named: Named) -> Layout:
    """The layout of columns among those of the data.

    Errors: DataError for a column that is not there, and for covariates that depend on each other.
    """
    response = place_of(named.response, profile, WHOSE)
    places = tuple(place_of(column, profile, WHOSE) for column in (*named.own, *named.shared))
    beside = (named.offset, named.trials, named.upper, named.entry)
    offset, trials, *ends = (None if column is None else place_of(column, profile, WHOSE) for column in beside)
    names = tuple(profile.columns[place] for place in places)
    datum = float(centre_of(profile, [response])[0]) if named.intercept else 0.0
    frame = frame_of(profile, places, named.intercept)
    return Layout(places, names, named.intercept, *frame, len(named.shared), response, offset, trials, datum, *ends)
