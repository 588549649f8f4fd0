"""Can these data tell so many effects? And what a start needs to know of them."""

from __future__ import annotations

from itertools import chain

import numpy as np

from emkit.core.arrays import Array
from emkit.data.profile import AnyProfile
from emkit.errors import DataError
from emkit.models.digits import refuse_extremes, refuse_far
from emkit.models.mixed_layout import MixedLayout
from emkit.models.mixed_sums import sums_of_units

EXACT = 1e-12  # of the variance of the response: a variance of errors that is rounding
LEFT = 1e-10  # of the squares of a random effect's columns: what fixed effects leave of these, if that is rounding
NEAREST = 1e-6  # of how far a column with slopes is from 0, where intercepts are: the least that it may vary by


def refuse(profile: AnyProfile, layout: MixedLayout) -> None:
    """Errors: DataError for groups that cannot tell so many effects."""
    chunks = list(profile.source.chunks())
    if all(chunk.groups is None for chunk in chunks):
        raise DataError("a mixed model is of rows in groups: say with `groups` whose each row is.")
    every = [sums_of_units(chunk, layout) for chunk in chunks]
    rows, fixed = int(sum(sums.rows.sum() for sums in every)), len(layout.fixed.factor)
    numbers = [round(sum(sums.counts[level].sum() for sums in every)) for level in range(len(layout.levels))]
    if numbers[0] < 2:
        raise DataError("there is one group with a response, and how groups differ cannot be told: at least 2 are needed.")
    if len(numbers) > 1 and numbers[1] <= numbers[0]:
        raise DataError(
            f"there are {numbers[1]:,} inner groups in {numbers[0]:,} groups, so that nothing tells their effects apart: leave "
            "the inner groups out."
        )
    for number, level, kind in zip(numbers, layout.levels, ("group", "inner group"), strict=False):
        random = len(level.factor)
        if rows <= number * random:
            raise DataError(
                f"{rows:,} rows in {number:,} {kind}s cannot tell {random} random effect{'s' * (random > 1)} of each {kind} "
                f"from errors: leave out some effects, or give {kind}s of more rows."
            )
    if rows <= fixed:
        raise DataError(f"{rows:,} rows cannot tell {fixed} fixed effects: leave some out.")
    _refuse_scales(profile, layout)
    _refuse_told(profile, layout)


def _refuse_scales(profile: AnyProfile, layout: MixedLayout) -> None:
    """Errors: DataError for units that leave too few digits, or slopes of what is too far from its intercept."""
    refuse_extremes(profile, sorted({layout.response, *layout.fixed.places, *chain(*(each.places for each in layout.levels))}))
    for level in layout.levels:
        if level.intercept:
            refuse_far(profile, level.places, NEAREST)


def _refuse_told(profile: AnyProfile, layout: MixedLayout) -> None:
    """Errors: DataError for random effects that fixed effects tell, group by group: nothing is left that could vary."""
    chunks = [sums_of_units(chunk, layout) for chunk in profile.source.chunks()]
    xx, zz = (sum(getattr(each, name).sum(axis=0) for each in chunks) for name in ("xx", "zz"))
    inverse = np.linalg.pinv(xx, rcond=EXACT, hermitian=True)
    for own, level, kind in zip(layout.own, layout.levels, ("group", "inner group"), strict=False):
        outer = level is layout.random
        xz = [np.add.reduceat(each.xz, each.firsts, axis=0) if outer else each.xz for each in chunks]
        told = sum(np.einsum("gpr,pq,gqr->r", each[:, :, own], inverse, each[:, :, own]) for each in xz)
        whole = np.diag(zz)[own]
        for k in np.flatnonzero(whole - told <= LEFT * whole):
            name = "the intercept" if level.intercept and k == 0 else repr(level.names[k - level.intercept])
            raise DataError(
                f"fixed effects tell {name} of every {kind}, so that nothing says how far it varies between {kind}s. Leave out "
                f"the fixed effects that tell {kind}s apart, or this random effect."
            )


def least_squares(profile: AnyProfile, layout: MixedLayout) -> tuple[Array, float]:
    """Framed fixed effects (p,) by least squares, and the variance that is left. Errors: DataError if none is."""
    p = len(layout.fixed.factor)
    xx, xy, yy, mass = np.zeros((p, p)), np.zeros(p), 0.0, 0.0
    for chunk in profile.source.chunks():
        sums = sums_of_units(chunk, layout)
        weights = chunk.group_weights[sums.of]
        xx += np.tensordot(weights, sums.xx, 1)
        xy += weights @ sums.xy
        yy, mass = yy + float(weights @ sums.yy), mass + float(weights @ sums.rows)
    fixed = np.asarray(np.linalg.lstsq(xx, xy, rcond=EXACT)[0])
    left = float(yy - fixed @ xy) / mass
    if left <= EXACT * layout.variance:
        raise DataError("fixed effects alone reproduce the response without error: there is nothing left to tell.")
    return fixed, left
