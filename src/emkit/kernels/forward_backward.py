"""Forward and backward through sequences of hidden states, and the likeliest path: one sequence after the other.

Log-densities come with the rows of data along the last axis (K, n), as they are scored; the recursions keep the states of one
row together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.elementary import exp, log_of_normal

LOST = 1e-200  # a share that has become smaller has lost digits to underflow, or is about to
LOWEST = -5e299  # log-likelihood of a sequence; none that some path explains comes near


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def weigh(log_density: Any, first: int, likelihood: Any, peak: Any) -> bool:
    """exp(log_density - highest) of the rows from `first` on into `likelihood` (T, K), the highest into `peak` (T,).

    Whether all rows are possible in some state.
    """
    rows, n_states = likelihood.shape
    for t in range(rows):
        peak[t] = log_density[0, first + t]
    for k in range(1, n_states):
        for t in range(rows):
            peak[t] = max(peak[t], log_density[k, first + t])
    possible = True
    for t in range(rows):
        possible = possible and peak[t] > LOWEST
    if possible:
        for k in range(n_states):
            for t in range(rows):
                likelihood[t, k] = exp(log_density[k, first + t] - peak[t])
    return possible


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def filter_scaled(
    initial: Any, transitions: Any, refills: bool, underflows: bool, likelihood: Any, forward: Any, inverse: Any
) -> bool:
    """Shares (T, K) of the states given the rows so far, to `forward`, and what they were multiplied by, to `inverse` (T,).

    Whether nothing that matters underflows. `refills`: transitions give every state a share at every step; `underflows`: some
    transition may underflow beside small shares.
    """
    rows, n_states = likelihood.shape
    ahead = initial.copy()
    lost = underflows
    for t in range(rows):
        total = 0.0
        for k in range(n_states):
            joint = ahead[k] * likelihood[t, k]
            forward[t, k] = joint
            total += joint
        if not total > LOST:
            return False
        inverse[t] = scale = 1.0 / total
        for k in range(n_states):
            forward[t, k] *= scale
            lost |= ahead[k] > 0.0 and forward[t, k] < LOST
        for k in range(n_states):
            onward = 0.0
            for i in range(n_states):
                onward += forward[t, i] * transitions[i, k]
            ahead[k] = onward
    return refills or not lost


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def smooth_scaled(
    weight: float, transitions: Any, likelihood: Any, forward: Any, inverse: Any, shares: Any, moves: Any
) -> None:
    """Shares (K, T) of the states given all rows, and weighted sums of shares of pairs that follow each other to `moves`.

    These are still to be multiplied by the transitions. A state that has no share has no evidence either: of those that lead
    to it none is asked, and it might overflow.
    """
    rows, n_states = likelihood.shape
    evidence = np.zeros(n_states)
    for back in range(rows):
        t = rows - 1 - back
        for i in range(n_states):
            seen = 1.0
            if back > 0:
                seen = 0.0
                share = weight * forward[t, i]
                for k in range(n_states):
                    seen += transitions[i, k] * evidence[k]
                    moves[i, k] += share * evidence[k]
            shares[i, t] = seen
        for i in range(n_states):
            seen = shares[i, t]
            evidence[i] = likelihood[t, i] * inverse[t] * seen if forward[t, i] > 0.0 else 0.0
            shares[i, t] = forward[t, i] * seen if forward[t, i] > 0.0 else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def log_sum(values: Any) -> float:
    """The logarithm of the sum of exp(values)."""
    highest = values.max()
    total = 0.0
    for value in values:
        total += np.exp(value - highest)
    return highest + np.log(total)


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_in_logs(
    weight: float, log_initial: Any, log_transitions: Any, log_density: Any, forward: Any, shares: Any, moves: Any
) -> float:  # fmt: skip
    """The same in logarithms, of log-densities (K, T); `moves` are whole. The log-likelihood; -inf if no path has one."""
    n_states, rows = log_density.shape
    scale, ahead, ways = np.empty(rows), log_initial.copy(), np.empty(n_states)
    log_likelihood = 0.0
    for t in range(rows):
        for k in range(n_states):
            forward[t, k] = ahead[k] + log_density[k, t]
        scale[t] = log_sum(forward[t])
        log_likelihood += scale[t]
        for k in range(n_states):
            forward[t, k] -= scale[t]
        for k in range(n_states):
            for i in range(n_states):
                ways[i] = forward[t, i] + log_transitions[i, k]
            ahead[k] = log_sum(ways)
    if not log_likelihood > LOWEST:
        shares[:] = np.nan
        return -np.inf
    behind = np.empty(n_states)
    for back in range(rows):
        t = rows - 1 - back
        for i in range(n_states):
            shares[i, t] = 0.0
            if back > 0:
                for k in range(n_states):
                    ways[k] = log_transitions[i, k] + behind[k]
                    moves[i, k] += weight * np.exp(forward[t, i] + ways[k])
                shares[i, t] = log_sum(ways)
        for k in range(n_states):
            behind[k] = log_density[k, t] - scale[t] + shares[k, t]
            shares[k, t] = np.exp(forward[t, k] + shares[k, t])
    return log_likelihood


@njit(nogil=True, cache=True, error_model="numpy")
def smooth(
    initial: Any, transitions: Any, log_initial: Any, log_transitions: Any, refills: bool, underflows: bool,
    log_density: Any, bounds: Any, weights: Any, shares: Any, log_likelihood: Any, moves: Any,
) -> None:  # fmt: skip
    """The posterior `shares` (K, n), the `log_likelihood` of each sequence (G,), and weighted `moves` (K, K), from zeros on.

    `log_density` (K, n) of rows whose sequences begin at `bounds` (G + 1,) and have `weights` (G,). `refills`,
    `underflows`: see `filter_scaled`.
    """
    n_states, longest = len(initial), 0
    for g in range(len(weights)):
        longest = max(longest, bounds[g + 1] - bounds[g])
    likelihood, forward = np.empty((longest, n_states)), np.empty((longest, n_states))
    inverse, peak, pairs = np.empty(longest), np.empty(longest), np.zeros((n_states, n_states))
    for g in range(len(weights)):
        first, rows = bounds[g], bounds[g + 1] - bounds[g]
        own = shares[:, first : first + rows]
        sound = weigh(log_density, first, likelihood[:rows], peak)
        if sound and filter_scaled(initial, transitions, refills, underflows, likelihood[:rows], forward, inverse):
            smooth_scaled(weights[g], transitions, likelihood[:rows], forward, inverse, own, pairs)
            log_likelihood[g] = 0.0
            for t in range(rows):
                log_likelihood[g] += peak[t] - log_of_normal(inverse[t])
        else:
            some = log_density[:, first : first + rows]
            log_likelihood[g] = smooth_in_logs(weights[g], log_initial, log_transitions, some, forward, own, moves)
    for i in range(n_states):
        for k in range(n_states):
            moves[i, k] += transitions[i, k] * pairs[i, k]


@njit(nogil=True, cache=True, error_model="numpy")
def decode(log_initial: Any, log_transitions: Any, log_density: Any, bounds: Any, states: Any, log_joint: Any) -> None:
    """The likeliest `states` (n,) of every sequence, and the log-probability of rows and states together (G,)."""
    n_states, rows = log_density.shape
    came, now, then = np.empty((rows, n_states), dtype=np.int32), np.empty(n_states), np.empty(n_states)
    for g in range(len(log_joint)):
        first, end = bounds[g], bounds[g + 1]
        for k in range(n_states):
            now[k] = log_initial[k] + log_density[k, first]
        for t in range(first + 1, end):
            for k in range(n_states):
                best = 0
                for i in range(1, n_states):
                    if now[i] + log_transitions[i, k] > now[best] + log_transitions[best, k]:
                        best = i
                came[t, k] = best
                then[k] = now[best] + log_transitions[best, k] + log_density[k, t]
            now, then = then, now
        state = now.argmax()
        log_joint[g] = now[state]
        for back in range(end - first):
            t = end - 1 - back
            states[t] = state
            state = came[t, state]
