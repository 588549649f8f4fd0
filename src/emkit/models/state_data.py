"""What the data of a state space must be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emkit.core.arrays import Array
from emkit.data.frames import TRUTHS
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ParameterError, some_of
from emkit.models.digits import refuse_extremes, refuse_far
from emkit.models.factor_data import CONSTANT
from emkit.models.state_layout import Layout

ALIKE, SHARE = 1e-12, 0.1  # of what coefficients tell, below which that is rounding; and what takes part in it
NEAREST = 5e-9  # of how far a column is from 0: the least that it may vary by


def refuse(layout: Layout, profile: AnyProfile) -> None:
    """Errors: DataError or ParameterError if the data cannot carry the model."""
    columns, d, p = profile.columns, len(layout.noise), layout.inputs
    if len(columns) != d + p:
        behind = f" and {p} input{'s' * (p != 1)}" * bool(p)
        raise ParameterError(f"the model is of {d} column{'s' * (d != 1)}{behind}, but the data have {len(columns)}.")
    names = [column for column, levels in zip(columns, profile.levels, strict=True) if levels not in (None, TRUTHS)]
    if names:
        raise DataError(f"a state space is of numbers, but columns hold names: {some_of([*map(repr, names)])}.")
    profile.refuse_empty_columns()
    refuse_extremes(profile, range(d + p))
    if p:
        inputs = np.arange(d + p) >= d
        profile.source.refuse(lambda x: np.isnan(x) & inputs, "inputs take no gaps: fill the cell, or leave the row out.")
    mean, variance = profile.mean[:d], profile.variance[:d]
    constant = np.flatnonzero((variance <= CONSTANT * mean**2) & (layout.free("noise") | (mean != 0)))
    if len(constant):
        named = some_of([repr(columns[j]) for j in constant])
        raise DataError(f"columns that never vary have no variance to explain: {named}. Leave them out.")
    refuse_far(profile, range(d), NEAREST)
    _refuse_few(layout, profile)


def _refuse_few(layout: Layout, profile: AnyProfile) -> None:
    """Errors: DataError for columns or series that are too short for what is estimated of them."""
    entries, there = layout.free("observation").sum(axis=1), profile.rows - profile.missing[: len(layout.noise)]
    if layout.effects.size:
        entries = entries + layout.free("effects").sum(axis=1)
    for j in np.flatnonzero(layout.free("noise") & (entries > 0) & (there <= entries)):
        cells, number = int(there[j]), int(entries[j])
        raise DataError(
            f"column {profile.columns[j]!r} has {cells} cell{'s' * (cells != 1)}, which cannot tell {number} of its entries in "
            f"observation{' and effects' * bool(layout.effects.size)} from errors. Leave it out, or give such entries."
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


def refuse_fewer(layout: Layout, profile: AnyProfile, number: int) -> None:
    """Errors: DataError for fewer cells than the `number` of free parameters, which reproduce them in many ways."""
    d = len(layout.noise)
    cells = int((profile.rows - profile.missing[:d]).sum())
    if cells < number:
        raise DataError(
            f"{cells} cell{'s' * (cells != 1)} cannot tell {number} free parameters. Give longer series, or numbers for some "
            "of what is estimated."
        )


def coefficient_words(layout: Layout, columns: Sequence[str], states: Sequence[str]) -> list[str]:
    """What each of the coefficients (q,) is, that cells are linear in."""
    found, names = layout.coefficients, columns[len(layout.noise) :]
    return [
        *(f"where {states[i]!r} begins" for i in found.start),
        *(f"what {names[k]!r} adds to {columns[j]!r}" for j, k in found.effects),
        *(f"what {names[k]!r} adds to {states[i]!r}" for i, k in found.state_effects),
    ]


def refuse_untold(information: Array, words: Sequence[str]) -> None:
    """Errors: DataError for coefficients that data do not tell, given the `information` (q, q) that they have of these."""
    if not len(information):
        return
    own = np.diag(information)
    nothing = np.flatnonzero(own <= 0)
    if len(nothing):
        raise DataError(
            f"nothing tells {some_of([words[k] for k in nothing.tolist()])}: it cannot be told from where states begin, of "
            "which nothing is known, or is always 0. Leave such an input out."
        )
    values, vectors = np.linalg.eigh(information / np.sqrt(np.outer(own, own)))
    if values[0] <= ALIKE:
        together = np.flatnonzero(np.abs(vectors[:, 0]) > SHARE)
        raise DataError(
            f"{some_of([words[k] for k in together.tolist()])} cannot be told apart: inputs depend on each other, or are "
            "constant, as a mean is. Leave one out."
        )


def _series(profile: AnyProfile) -> int:
    """How many series there are: all rows are one, where nothing says which belong together."""
    return 1 if all(chunk.groups is None for chunk in profile.source.chunks()) else profile.groups
