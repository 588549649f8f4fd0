"""Whether rows tell the state of a chain, whatever it was before them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.elementary import exp
from emkit.kernels.forward_backward import LOST

AGREE = 1e-13  # of a share, what the state in the first row may change


@njit(nogil=True, cache=True, error_model="numpy")
def agreed(transitions: Any, log_density: Any, refills: bool, found: Any) -> bool:
    """The shares (K,) of the states in the last of rows (m, K) to `found`; whether any state in the first leads to the same.

    Unless `refills`, they are not if a state that can be reached has lost its share.
    """
    rows, n_states = log_density.shape
    share, ahead = np.eye(n_states), np.empty(n_states)
    for t in range(1, rows):
        peak = log_density[t].max()
        for start in range(n_states):
            total = 0.0
            for k in range(n_states):
                ahead[k] = 0.0
                for i in range(n_states):
                    ahead[k] += share[start, i] * transitions[i, k]
            for k in range(n_states):
                joint = ahead[k] * exp(log_density[t, k] - peak)
                if not (refills or joint > LOST or ahead[k] == 0.0):
                    return False
                ahead[k] = joint
                total += joint
            if not total > LOST:
                return False
            for k in range(n_states):
                share[start, k] = ahead[k] / total
    for k in range(n_states):
        found[k] = share[:, k].mean()
        if not share[:, k].max() - share[:, k].min() <= AGREE * (share[:, k].max() + LOST):
            return False
    return True
