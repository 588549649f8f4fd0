"""What the data of a state space must be."""

from __future__ import annotations

import numpy as np

from emkit.data.frames import TRUTHS
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ParameterError, some_of
from emkit.models.digits import refuse_extremes, refuse_far
from emkit.models.factor_data import CONSTANT
from emkit.models.state_layout import Layout

NEAREST = 5e-9  # of how far a column is from 0: the least that it may vary by


def refuse(layout: Layout, profile: AnyProfile) -> None:
    """Errors: DataError or ParameterError if the data cannot carry the model."""
    columns, d = profile.columns, len(layout.noise)
    if len(columns) != d:
        raise ParameterError(f"the model is of {d} column{'s' * (d != 1)}, but the data have {len(columns)}.")
    names = [column for column, levels in zip(columns, profile.levels, strict=True) if levels not in (None, TRUTHS)]
    if names:
        raise DataError(f"a state space is of numbers, but columns hold names: {some_of([*map(repr, names)])}.")
    profile.refuse_empty_columns()
    refuse_extremes(profile, range(d))
    constant = np.flatnonzero((profile.variance <= CONSTANT * profile.mean**2) & (layout.free("noise") | (profile.mean != 0)))
    if len(constant):
        named = some_of([repr(columns[j]) for j in constant])
        raise DataError(f"columns that never vary have no variance to explain: {named}. Leave them out.")
    refuse_far(profile, range(d), NEAREST)
    _refuse_few(layout, profile)


def _refuse_few(layout: Layout, profile: AnyProfile) -> None:
    """Errors: DataError for columns or series that are too short for what is estimated of them."""
    entries = layout.free("observation").sum(axis=1)
    for j in np.flatnonzero(layout.free("noise") & (entries > 0) & (profile.rows - profile.missing <= entries)):
        cells, number = int(profile.rows - profile.missing[j]), int(entries[j])
        raise DataError(
            f"column {profile.columns[j]!r} has {cells} cell{'s' * (cells != 1)}, which cannot tell {number} of its entries in "
            "observation from errors. Leave it out, or give such entries."
        )
    steps = layout.free("transition").any() or layout.free("state_noise").any()
    if steps and profile.rows <= _series(profile):
        raise DataError(
            "every series is of one row, so nothing tells how states move. Give series of more rows: if groups say which rows "
            "belong together, each label stands for one series."
        )
    if len(layout.start_covariance) and _series(profile) < 2:
        raise DataError(
            "there is one series, which tells nothing of how far series begin from each other: the variance of its start would "
            "be 0. Give start_covariance numbers, or more series."
        )
    shocks = len(layout.state_noise)
    number = int(profile.rows - _series(profile))
    if layout.state_noise.ndim == 2 and layout.free("state_noise").any() and number < shocks:
        raise DataError(
            f"{number} step{'s' * (number > 1)} from row to row cannot tell a covariance of {shocks} shocks. Give their "
            "variances alone, or longer series."
        )


def _series(profile: AnyProfile) -> int:
    """How many series there are: all rows are one, where nothing says which belong together."""
    return 1 if all(chunk.groups is None for chunk in profile.source.chunks()) else profile.groups
