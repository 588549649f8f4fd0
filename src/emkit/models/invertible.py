"""Moving averages as they are told: of those that fit alike, the one that can be inverted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.models.state_layout import Layout
from emkit.models.state_params import StateSpaceParams

OUTSIDE = 1 + 1e-6  # the size of a root that is beyond the unit circle, and not on it but for rounding


def inverted(layout: Layout, params: StateSpaceParams) -> StateSpaceParams:
    """The same distribution of rows with a moving average that can be inverted; `params` if it is, or if there is none.

    With the roots of z^q + theta_1 z^(q-1) + ... outside the unit circle exchanged for 1 / root, and the variance of the shock
    times the product of their squares, all autocovariances are what they were.
    Source: Brockwell & Davis (1991), Time Series: Theory and Methods, 2nd ed., proposition 4.4.2.
    """
    states = _of_average(layout)
    if not len(states):
        return params
    roots = np.roots(np.concatenate([[1.0], params.observation[0, states[1:]]]))
    outside = np.abs(roots) > OUTSIDE
    if not outside.any():
        return params
    seen, shocks = params.observation.copy(), params.state_noise.copy()
    seen[0, states[1:]] = _coefficients(np.where(outside, 1 / np.where(outside, roots, 1.0).conj(), roots), len(states) - 1)
    shocks[layout.selection[states[0]] != 0] *= (np.abs(roots[outside]) ** 2).prod()
    return replace(params, observation=seen, state_noise=shocks)


def _of_average(layout: Layout) -> Integers:
    """The states (q + 1,) that one column sees with coefficients 1, theta_1 ... theta_q, all theta estimated; none if none.

    They are the last values of one autoregression that begins in its long run, moved by a shock of its own, whose variance is
    estimated; no input adds to them.
    """
    states, none = layout.stationary, np.empty(0, dtype=np.intp)
    if len(layout.observation) > 1 or len(states) < 2 or layout.state_noise.ndim > 1:
        return none
    seen, moves, picks = layout.observation[0, states], layout.transition[np.ix_(states, states)], layout.selection[states]
    shocks = (picks != 0).any(axis=0)
    shifts = np.array_equal(moves[1:], np.eye(len(states))[:-1])
    if not shifts or shocks.sum() != 1 or picks[1:].any() or not np.isnan(layout.state_noise[shocks]).all():
        return none
    if layout.state_effects.size and (layout.state_effects[states] != 0).any():
        return none
    q = int(np.isnan(seen[1:]).sum())
    one = seen[0] == 1 and np.isnan(seen[1 : q + 1]).all() and not seen[q + 1 :].any()
    return states[: q + 1] if one and q else none


def _coefficients(roots: Array, number: int) -> Array:
    """So many theta, of a polynomial with these roots, and 0 as the others."""
    found = np.real(np.poly(roots))[1:]
    return np.concatenate([found, np.zeros(number - len(found))])
