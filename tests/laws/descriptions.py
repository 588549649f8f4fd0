"""Laws of a description: its density and its M-step are those of the family, worked out from the formulas alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.parameters import get_at

Array = np.ndarray


def assert_the_density_is_the_familys(family: Any, params: Any, x: Array) -> None:
    """The factors multiplied over the columns are exp(log_density), times what rows in an order are not counted for."""
    described = family.described
    cells = described.cells(x)
    parameters = get_at(params, described.field)
    written = np.ones((len(x), len(parameters)))
    for i, k, j in np.ndindex(len(x), *parameters.shape):
        at = {described.parameter: float(parameters[k, j]), **{name: float(side[i, j]) for name, side in cells.items()}}
        written[i, k] *= described.factors.value(at)
    own = np.exp(family.log_density(params, x))
    off = np.abs(written / own - 1).max()
    assert off < 1e-9, f"the density as it is described is off by {off:.3g}"


def assert_the_m_step_is_the_familys(family: Any, params: Any, x: Array, weights: Array) -> None:
    """Every line of the M-step has the value that the family's updates give, and no entry is without a line."""
    stats = family.statistics(params, x, weights)
    found = params
    for path, update in family.updates().items():
        found = type(params)(**{**vars(found), path: update(stats, params, found)})
    lines = list(family.described.estimates(stats, params, found))
    assert lines, "a family that describes its density describes its M-step"
    for line in lines:
        right = float(get_at(found, line.field)[line.index])
        assert abs(line.value - right) <= 1e-9 * (1 + abs(right)), f"{line.field}{line.index} is {line.value}, not {right}"


def assert_the_totals_are_sums_over_rows(family: Any, params: Any, x: Array, weights: Array) -> None:
    """The named totals are the cells, added up over the rows."""
    described = family.described
    cells = {side.total: side.of(x) for side in described.sides}
    for total in described.totals(family.statistics(params, x, weights), params):
        right = weights.T @ cells[total.what][:, total.columns[0]]
        assert np.allclose(total.values, right, rtol=1e-9), f"{total.what} is not the sum of its cells"


def assert_worked_by_hand(family: Any, params: Any, x: Array, weights: Array) -> None:
    """What a person works out, total by total, is the update of the family."""
    described = family.described.by_hand
    stats = family.statistics(params, x, weights)
    right = family.updates()[described.field](stats, params, params)
    cells = {side.total: side.of(x) for side in described.sides}
    for k, j in np.ndindex(right.shape):
        at = {"rows": weights[:, k].sum(), **{name: float(weights[:, k] @ cell[:, j]) for name, cell in cells.items()}}
        value = described.update.value(at)
        assert abs(value - right[k, j]) <= 1e-9 * (1 + abs(right[k, j])), f"by hand it is {value}, not {right[k, j]}"
