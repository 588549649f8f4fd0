"""The estimate of one regression from all rows, in which starts have their centre: as many M-steps as it takes."""

from __future__ import annotations

from functools import partial
from typing import Any

from emkit.core.arrays import Array
from emkit.core.axes import COMPONENT
from emkit.core.memo import once
from emkit.core.parameters import leaves, maximise_in_turn, replace_at
from emkit.data.profile import AnyProfile
from emkit.families.family import repeat

STEPS = 100  # five are the rule
SETTLED = 1e-13  # a gain this small, relative to the rows, ends them


@once
def of_all_rows(profile: AnyProfile, regression: Any) -> Any:
    """The parameters of one component of a `regression`, which is worked out once for the same rows."""
    return regression.of_all_rows(profile)


def climbed(regression: Any, profile: AnyProfile, now: Any) -> Any:
    """The parameters of one component that M-steps lead to from those of `now`."""
    for _ in range(STEPS):
        sums = profile.total(partial(sums_of_all, regression, now))
        then = maximise_in_turn(regression.updates(), sums, now)
        risen = regression.expected(sums, now, then).value - regression.expected(sums, now, now).value
        now = then
        if not risen > SETTLED * profile.total_weight:
            break
    return now


def repeated(one: Any, n_components: int) -> Any:
    """The parameters of so many components that are all like the `one`."""
    own = [leaf for leaf in leaves(one) if leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,)]
    return replace_at(one, {leaf.path: repeat(leaf.value[0], n_components) for leaf in own})


def sums_of_all(regression: Any, params: Any, x: Array, weights: Array) -> Any:
    """The statistics of one component that has all rows x (n, d), of `weights` (n,)."""
    return regression.statistics(params, x, weights[:, None])
