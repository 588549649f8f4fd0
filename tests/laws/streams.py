"""Laws of what streams of rows need: statistics of E-steps at different parameters add up, and the free energy rises."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

import emkit as ek
from emkit.core.incremental import refreshed
from tests.laws.floors import settled
from tests.laws.sums import numbers

Array = np.ndarray


def assert_carried_statistics_tell_the_same(model: Any, params: Any, x: Array) -> None:
    """Carried to where EM leads: the expected log-likelihood is the same up to a constant, and so is the M-step."""
    model = settled(model, ek.ArraySource(x))
    em = ek.EMMap(model, ek.ArraySource(x), params)
    stats = em.expectation(params).statistics
    now = model.m_step(stats, params)
    later = model.m_step(em.expectation(now).statistics, now)
    carried = model.carried(stats, params, now)
    apart = [
        model.expected(carried, now, there).value - model.expected(stats, params, there).value for there in (params, now, later)
    ]
    size = 1 + abs(model.expected(stats, params, now).value)
    assert max(apart) - min(apart) <= 1e-10 * size, "carried statistics tell another expected log-likelihood"
    np.testing.assert_allclose(
        numbers(model.m_step(carried, now)), numbers(now), rtol=1e-7, atol=1e-8, err_msg="or another M-step"
    )


def assert_free_energy_rises(model: Any, params: Any, x: Array, steps: int = 8) -> None:
    """Refreshing one of three cuts at a time never lowers the free energy, which is a lower bound of the objective."""
    em = ek.EMMap(settled(model, ek.ArraySource(x)), ek.ArraySource(x, chunk_rows=-(-len(x) // 3)), params)
    before = em.objective(params)
    for step in islice(refreshed(em, params), steps):
        slack = 1e-10 * (1 + abs(before))
        assert step.free_energy >= before - slack, f"the free energy fell in sweep {step.sweep}, at cut {step.cut}"
        assert step.free_energy <= em.objective(step.params) + slack, "the free energy lies above what it bounds"
        before = step.free_energy
