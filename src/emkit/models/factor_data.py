"""Can these data carry so many factors? And what a start needs to know of them."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array
from emkit.data.profile import AnyProfile, Profile
from emkit.data.stand_ins import rows_known, standing_in
from emkit.errors import DataError, ParameterError, some_of
from emkit.families.gaussian.columns import LARGEST, refuse_vanishing
from emkit.families.support import reals

UNLIKE = 1e8  # times the least variance of a column: where errors are equal, so many digits of the largest are left to tell
CONSTANT = 1e-28  # of the square of a column's mean: a variance that is rounding


def refuse(profile: AnyProfile, m: int, equal: bool) -> None:
    """Errors: DataError if the data cannot carry `m` factors; `equal`: with one uniqueness for all columns.

    ParameterError for rows instead of their profile.
    """
    if not isinstance(profile, Profile):
        raise ParameterError(
            f"factors are started from the profile of a source, and not from {type(profile).__name__}: "
            "model.start(ek.ArraySource(rows).profile)."
        )
    profile.refuse_names("factors are of numbers")
    profile.refuse_empty_columns()
    for bad, sentence in reals(LARGEST).rules:
        profile.refuse(bad, sentence)
    refuse_vanishing(profile)
    columns, variances = profile.columns, profile.variance
    constant = np.flatnonzero(variances <= CONSTANT * profile.mean**2)
    if len(constant):
        named = some_of([repr(columns[j]) for j in constant])
        raise DataError(f"columns that never vary have no variance to explain: {named}. Leave them out.")
    if m > len(columns):
        raise DataError(f"{m} factors are more than the {len(columns)} columns of the data. Use fewer factors.")
    widest, narrowest = int(variances.argmax()), int(variances.argmin())
    if equal and variances[widest] > UNLIKE * variances[narrowest]:
        raise DataError(
            f"column {columns[widest]!r} varies {np.sqrt(variances[widest] / variances[narrowest]):.2g} times as much as "
            f"{columns[narrowest]!r}, and digits do not suffice for an error that is equal in both. Give columns in like "
            "units, such as standard deviations."
        )
    rows = rows_known(profile.source)
    if m and rows < m + 2:
        raise DataError(f"{m} factors explain {rows:g} rows without error; at least {m + 2} are needed.")


def correlations(profile: AnyProfile) -> tuple[Array, Array, Array]:
    """Means and variances (d,) of the columns, and correlations (d, d) in which gaps stand for means."""
    means, variances = np.asarray(profile.mean), np.asarray(profile.variance)
    total: Array = np.zeros((len(means), len(means)))
    for chunk in standing_in(profile.source).chunks():
        apart = np.nan_to_num((chunk.x - means) / np.sqrt(variances), nan=0.0)
        total += (apart * chunk.weights[:, None]).T @ apart
    unit = np.sqrt(np.maximum(np.diag(total), np.finfo(float).tiny))
    return means, variances, total / np.outer(unit, unit)
