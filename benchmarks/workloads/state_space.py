"""One EM iteration of a linear Gaussian state space, beside pykalman's, and statsmodels' filter and smoother, a part of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured, pairs
from benchmarks.workloads.gaussian_iterations import BURST
from emkit.core.evaluation import EMMap

ROWS, COLUMNS, STATES = 10_000, 3, 4
GAPS = 0.1
TRANSITION = np.array([[0.8, 0.1, 0, 0], [0, 0.5, 0.2, 0], [0, 0, 0.9, 0.3], [0.1, 0, 0, 0.4]])
NOISE, STATE_NOISE = np.array([0.5, 1.0, 0.2]), np.array([1.0, 0.4, 0.3, 2.0])
SMOOTHED, ITERATED = 2, 50  # how many times as fast as a filter and smoother, and as a whole iteration


def run(quick: bool) -> list[Measured]:
    """Transitions and all variances are estimated, from those that the rows are drawn from."""
    observation = np.random.default_rng(3).standard_normal((COLUMNS, STATES))
    model = ek.StateSpace(np.full((STATES, STATES), np.nan), observation, start_covariance=np.ones(STATES))
    params = model.params(transition=TRANSITION, state_noise=STATE_NOISE, noise=NOISE)
    whole = model.draw(params, np.random.default_rng(1), ROWS)
    gappy = np.where(np.random.default_rng(2).random(whole.shape) < GAPS, np.nan, whole)
    statsmodels, times = "statsmodels filter and smoother", 3 if quick else 9
    found = []
    for name, x, peer, theirs, target, count in (
        ("no gaps", whole, statsmodels, _statsmodels(whole, observation), SMOOTHED, times),
        ("a tenth of cells missing", gappy, statsmodels, _statsmodels(gappy, observation), SMOOTHED, times),
        ("no gaps", whole, "pykalman, one EM iteration", _pykalman(whole, observation), ITERATED, times // 3),
    ):
        ours, other, ratio = pairs(partial(_step, model, model.prepare(ek.ArraySource(x)), params), theirs, count, BURST)
        found.append(
            Measured(
                workload=f"state space EM iteration, N={ROWS:,} d={COLUMNS} m={STATES}, {name}, 1 thread",
                peer=peer,
                ratio=ratio,
                ours=ours * 1e3,
                theirs=other * 1e3,
                target=f"ratio >= {target}",
                met=ratio >= target,
            )
        )
    return found


def _step(model: Any, source: Any, params: Any) -> None:
    EMMap(model, source, params)(params)


def _statsmodels(x: np.ndarray, observation: np.ndarray) -> Callable[[], Any]:
    """Its smoothed states, their covariances and the log-likelihood at the same parameters."""
    from statsmodels.tsa.statespace.mlemodel import MLEModel

    peer = MLEModel(x, k_states=STATES, k_posdef=STATES)
    peer["design"], peer["transition"], peer["selection"] = observation, TRANSITION, np.eye(STATES)
    peer["obs_cov"], peer["state_cov"] = np.diag(NOISE), np.diag(STATE_NOISE)
    peer.ssm.initialize_known(np.zeros(STATES), np.eye(STATES))
    return peer.ssm.smooth  # type: ignore[no-any-return]


def _pykalman(x: np.ndarray, observation: np.ndarray) -> Callable[[], Any]:
    """Its EM iteration from the same parameters, which also estimates covariances where emkit has variances."""
    from pykalman import KalmanFilter

    def iterate() -> None:
        KalmanFilter(
            TRANSITION, observation, np.diag(STATE_NOISE), np.diag(NOISE), initial_state_mean=np.zeros(STATES),
            initial_state_covariance=np.eye(STATES),
            em_vars=["transition_matrices", "transition_covariance", "observation_covariance"],
        ).em(x, n_iter=1)  # fmt: skip

    return iterate
