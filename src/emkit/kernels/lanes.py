"""Forward and backward through rows that are cut into lanes, which are gone through side by side.

A lane may begin and end within a sequence. Then it needs to know what its neighbours find: the shares of the states given the
rows before it, and the evidence of the rows behind it. Chains forget, so a short run over the neighbour's nearest rows finds
that, if it is as long as it takes until a longer one finds the same. When the lanes have been gone through, what they found is
compared with what was assumed. Where it differs, somebody else has to go through the rows in order.

Arrays over rows in lanes are (..., T L): T steps of L lanes each, those of one step side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.elementary import log_of_normal
from emkit.kernels.forward_backward import LOST, LOWEST
from emkit.kernels.lane_steps import SIDE_BY_SIDE, filter_step, smooth_step
from emkit.kernels.responsibilities import weigh_block
from emkit.kernels.vectors import LANES

BLOCK = 8  # steps that are laid out at a time
WARM = 64  # steps over a neighbour's rows, at first
MOST_SWEEPS = 2
AGREE = 1e-13  # of a share, what lanes may have assumed otherwise
NEGLIGIBLE = np.log(LOST)  # log-likelihood beside the highest of a row, below which a state has none

weigh = weigh_block(2, NEGLIGIBLE)


@njit(nogil=True, cache=True, error_model="numpy")
def lay_out(x: Any, heads: Any, out: Any) -> None:
    """Rows x (n, d) in lanes, to `out` (T L, d); lane l has the rows from heads[l] to heads[l + 1], its first again behind."""
    steps = len(out) // SIDE_BY_SIDE
    for start in range(0, steps, BLOCK):
        for lane in range(SIDE_BY_SIDE):
            for t in range(start, min(start + BLOCK, steps)):
                row = heads[lane] + t if heads[lane] + t < heads[lane + 1] else heads[lane]
                for j in range(x.shape[1]):
                    out[t * SIDE_BY_SIDE + lane, j] = x[row, j]


@njit(nogil=True, cache=True, error_model="numpy")
def sweep_forward(
    initial: Any, transitions: Any, likelihood: Any, begins: Any, start: int, forward: Any, inverse: Any
) -> None:  # fmt: skip
    """`filter_step` of all steps from `start` on; `begins` (B, 2) are steps and lanes at which a sequence begins."""
    n_states, steps, e = len(initial), len(inverse) - 1, np.searchsorted(begins[:, 0], start)
    for t in range(start, steps):
        filter_step(forward, t, transitions, likelihood, steps, inverse)
        while e < len(begins) and begins[e, 0] == t:
            lane, total = begins[e, 1], 0.0
            for k in range(n_states):
                joint = initial[k] * likelihood[k * steps + t, lane]
                forward[(t + 1) * n_states + k, lane] = joint
                total += joint
            inverse[t + 1, lane] = 1.0 / total
            e += 1


@njit(nogil=True, cache=True, error_model="numpy")
def take_exits(heads: Any, joined: Any, forward: Any, inverse: Any, entering: Any) -> bool:
    """Shares at the ends of lanes to those `entering` (K, L) the next ones; whether they were there already."""
    n_states, agreed = len(entering), True
    for lane in range(SIDE_BY_SIDE - 1):
        if joined[lane]:
            end = heads[lane + 1] - heads[lane]
            for k in range(n_states):
                found, assumed = forward[end * n_states + k, lane] * inverse[end, lane], entering[k, lane + 1]
                agreed &= abs(found - assumed) <= AGREE * (max(found, assumed) + LOST)
                entering[k, lane + 1] = found
    return agreed


@njit(nogil=True, cache=True, error_model="numpy")
def filter_lanes(
    initial: Any, transitions: Any, likelihood: Any, heads: Any, joined: Any, begins: Any, before: Any, forward: Any,
    inverse: Any,
) -> bool:  # fmt: skip
    """`sweep_forward` over all lanes, the first of which is entered with shares `before` (K,). Whether they agree."""
    n_states, shortest, warm, agreed = len(initial), len(inverse), WARM, False
    entering = np.full((n_states, SIDE_BY_SIDE), 1.0 / n_states)
    for lane in range(SIDE_BY_SIDE - 1):
        if joined[lane]:
            shortest = min(shortest, heads[lane + 1] - heads[lane])
    while warm <= shortest < len(inverse) and not agreed:
        start = shortest - warm
        forward[start * n_states : (start + 1) * n_states], inverse[start] = 1.0 / n_states, 1.0
        sweep_forward(initial, transitions, likelihood, begins, start, forward, inverse)
        agreed = take_exits(heads, joined, forward, inverse, entering)
        warm *= 2
    entering[:, 0] = before
    for _ in range(MOST_SWEEPS):
        forward[:n_states], inverse[0] = entering, 1.0
        sweep_forward(initial, transitions, likelihood, begins, 0, forward, inverse)
        if take_exits(heads, joined, forward, inverse, entering):
            return True
    return False


@njit(nogil=True, cache=True, error_model="numpy")
def keeps_all(initial: Any, transitions: Any, begins: Any, forward: Any, inverse: Any, refills: bool) -> bool:
    """Whether every step leaves enough and, unless `refills`, no state that can be reached has lost its share."""
    n_states, e = len(initial), 0
    begun = np.zeros(SIDE_BY_SIDE, dtype=np.bool_)
    for t in range(1, len(inverse)):
        for lane in range(SIDE_BY_SIDE):
            if not inverse[t, lane] < 1.0 / LOST:
                return False
        if refills:
            continue
        begun[:] = False
        while e < len(begins) and begins[e, 0] == t - 1:
            begun[begins[e, 1]] = True
            e += 1
        for k in range(n_states):
            for lane in range(SIDE_BY_SIDE):
                if not forward[t * n_states + k, lane] * inverse[t, lane] > LOST:
                    reached = False
                    for i in range(n_states):
                        reached |= forward[(t - 1) * n_states + i, lane] > 0.0 and transitions[i, k] > 0.0
                    if initial[k] > 0.0 if begun[lane] else reached:
                        return False
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def sweep_backward(
    transitions: Any, likelihood: Any, forward: Any, inverse: Any, ends: Any, weights: Any, joins: Any, behind: Any, last: int,
    shares: Any, pairs: Any, evidence: Any, peak: Any,
) -> float:  # fmt: skip
    """`smooth_step` of all steps from `last` on; the `evidence` (K, L) of step 0, and the log-likelihood, weighted.

    `shares`: as of `smooth_step`. `ends` (E, 2) are steps and lanes at which a sequence of these `weights` (E,) ends or, where
    it `joins` (E,), goes on in another lane: then evidence `behind` (K, L) comes from there. `peak` (1, T L): see `weigh`.
    """
    n_states, steps, e = len(transitions), len(inverse) - 1, 0
    counted, heights, ending = np.zeros((1, SIDE_BY_SIDE)), np.zeros(SIDE_BY_SIDE), np.zeros_like(evidence)
    later, own = evidence.copy(), np.zeros_like(evidence)
    stride = 1 if len(shares) == n_states else steps
    while e < len(ends) and ends[e, 0] > last:
        e += 1
    for back in range(last + 1):
        t, first = last - back, e
        while e < len(ends) and ends[e, 0] == t:
            lane = ends[e, 1]
            counted[0, lane] = weights[e]
            for k in range(n_states):
                later[k, lane] = behind[k, lane] if joins[e] else 0.0
                ending[k, lane] = likelihood[k * steps + t, lane] * inverse[t + 1, lane]
            e += 1
        smooth_step(forward, t, transitions, likelihood, steps, inverse, counted, later, own, shares, pairs)
        for each in range(first, e):
            if not joins[each]:
                lane = ends[each, 1]
                for k in range(n_states):
                    share = forward[(t + 1) * n_states + k, lane] * inverse[t + 1, lane]
                    shares[k * stride + (t if stride > 1 else 0), lane] = weights[each] * share
                    own[k, lane] = ending[k, lane] if share > 0.0 else 0.0
        add_heights(counted, peak[0, t * SIDE_BY_SIDE : (t + 1) * SIDE_BY_SIDE], inverse[t + 1], heights)
        later, own = own, later
    evidence[:] = later
    return heights.sum()


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def add_heights(counted: Any, peak: Any, inverse: Any, heights: Any) -> None:
    """Add the weighted log-likelihoods of the rows of one step, given those before, to `heights` (L,)."""
    for lane in range(SIDE_BY_SIDE):
        heights[lane] += counted[0, lane] * (peak[lane] - log_of_normal(inverse[lane]))


@njit(nogil=True, cache=True, error_model="numpy")
def expect(
    transitions: Any, heads: Any, forward: Any, inverse: Any, lane: int, evidence: Any, ahead: Any
) -> float:  # fmt: skip
    """The probabilities `ahead` (K,) of the states behind the end of a lane, and what `evidence` (K,) is expected to be."""
    n_states, end, total = len(ahead), heads[lane + 1] - heads[lane], 0.0
    for k in range(n_states):
        ahead[k] = 0.0
        for i in range(n_states):
            ahead[k] += forward[end * n_states + i, lane] * inverse[end, lane] * transitions[i, k]
        total += ahead[k] * evidence[k] if ahead[k] > 0.0 else 0.0
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def take_evidence(
    transitions: Any, heads: Any, joined: Any, forward: Any, inverse: Any, evidence: Any, behind: Any
) -> bool:  # fmt: skip
    """Evidence (K, L) of the first steps of lanes to that `behind` (K, L) the lanes before; whether it was there already."""
    n_states, agreed = len(behind), True
    ahead = np.empty(n_states)
    for lane in range(SIDE_BY_SIDE - 1):
        if joined[lane]:
            total = expect(transitions, heads, forward, inverse, lane, evidence[:, lane + 1], ahead)
            for k in range(n_states):
                found = evidence[k, lane + 1] / total
                agreed &= abs(found - behind[k, lane]) * ahead[k] <= AGREE
                behind[k, lane] = found
    return agreed


@njit(nogil=True, cache=True, error_model="numpy")
def look_back(
    transitions: Any, likelihood: Any, forward: Any, inverse: Any, heads: Any, joined: Any, ends: Any, weights: Any,
    behind: Any, pairs: Any, peak: Any,
) -> None:  # fmt: skip
    """Evidence `behind` (K, L) lanes that are joined, from the first steps of the next ones, as many as it takes to settle."""
    n_states, steps, warm, agreed = len(transitions), len(inverse) - 1, WARM, False
    alone, evidence, unread = np.zeros(len(ends), dtype=np.bool_), np.empty_like(behind), np.empty_like(behind)
    while not agreed and warm < 2 * steps:
        start = min(warm, steps) - 1
        for k in range(n_states):
            for lane in range(SIDE_BY_SIDE):
                alive = forward[(start + 1) * n_states + k, lane] > 0.0
                evidence[k, lane] = likelihood[k * steps + start, lane] * inverse[start + 1, lane] if alive else 0.0
        sweep_backward(
            transitions, likelihood, forward, inverse, ends, weights, alone, behind, start - 1, unread, pairs, evidence, peak
        )  # fmt: skip
        agreed = take_evidence(transitions, heads, joined, forward, inverse, evidence, behind)
        warm *= 2


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_lanes(
    transitions: Any, likelihood: Any, forward: Any, inverse: Any, heads: Any, joined: Any, ends: Any, weights: Any,
    joins: Any, after: Any, pairs: Any, peak: Any,
) -> float:  # fmt: skip
    """`sweep_backward` over all lanes, in place: `likelihood` becomes shares. NaN unless the lanes agree.

    `after` (K,) is evidence behind the last lane, to a factor.
    """
    n_states, last = len(transitions), SIDE_BY_SIDE - 1
    evidence, behind = np.zeros((n_states, SIDE_BY_SIDE)), np.zeros((n_states, SIDE_BY_SIDE))
    if joined[:last].any():
        look_back(transitions, likelihood, forward, inverse, heads, joined, ends, weights, behind, pairs, peak)
    if joined[last]:
        behind[:, last] = after / expect(transitions, heads, forward, inverse, last, after, np.empty(n_states))
    pairs[:] = 0.0
    log_likelihood = sweep_backward(
        transitions, likelihood, forward, inverse, ends, weights, joins, behind, len(inverse) - 2, likelihood, pairs, evidence,
        peak,
    )  # fmt: skip
    return log_likelihood if take_evidence(transitions, heads, joined, forward, inverse, evidence, behind) else np.nan


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_side_by_side(
    initial: Any, transitions: Any, refills: bool, scores: Any, heads: Any, joined: Any, begins: Any, ends: Any, weights: Any,
    joins: Any, before: Any, after: Any, peak: Any, forward: Any, inverse: Any, starts: Any, moves: Any,
) -> float:  # fmt: skip
    """The log-likelihood, weighted, the weighted `starts` (K,) and `moves` (K, K) of the states given all rows.

    `scores` (K, T L), the log-densities of rows in lanes, become their weighted shares. NaN, with anything in the results,
    where this is no way to go through these rows. `heads` (L + 1,): the row at which each lane begins; `joined` (L,): lanes
    whose last sequence goes on, in the next one or beyond the rows. `begins`, `ends`, `weights`, `joins`: see `sweep_forward`
    and `sweep_backward`. `before` (K,): the shares that the first lane is entered with, if no sequence begins there; `after`
    (K,): evidence behind the last one, to a factor, if none ends. `peak` (1, T L), `forward`, `inverse`: room. `refills`: see
    `forward_backward.smooth`.
    """
    n_states, steps = len(initial), len(inverse) - 1
    weigh(scores, peak)
    likelihood = scores.reshape(n_states * steps, SIDE_BY_SIDE)
    if not peak.min() > LOWEST:
        return np.nan
    if not filter_lanes(initial, transitions, likelihood, heads, joined, begins, before, forward, inverse):
        return np.nan
    if not keeps_all(initial, transitions, begins, forward, inverse, refills):
        return np.nan
    pairs = np.empty((n_states, n_states * LANES))
    log_likelihood = smooth_lanes(
        transitions, likelihood, forward, inverse, heads, joined, ends, weights, joins, after, pairs, peak
    )  # fmt: skip
    for i in range(n_states):
        starts[i] = 0.0
        for e in range(len(begins)):
            starts[i] += likelihood[i * steps + begins[e, 0], begins[e, 1]]
        for k in range(n_states):
            moves[i, k] = transitions[i, k] * pairs[i, k * LANES : (k + 1) * LANES].sum()
    return log_likelihood
