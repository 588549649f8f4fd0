"""One EM iteration of a Gaussian mixture beside scikit-learn's: same start, same log-likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture

import emkit as ek
from benchmarks.machine import limits
from benchmarks.paired import Measured, pairs
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import threads, usable_cores
from emkit.families.linear import linear_form
from emkit.fitting import row_work
from emkit.search.seeding import spread_start


@dataclass(frozen=True)
class Case:
    """A workload and what it must reach: the ratio to scikit-learn, and the factor of the machine's limit."""

    covariance: str
    rows: int
    columns: int
    components: int
    ratio: float
    roofline: float


CASES = (
    Case("full", 1_000_000, 2, 4, 30, 3),
    Case("full", 200_000, 8, 8, 22, 2.5),
    Case("full", 100_000, 16, 32, 20, 2),
    Case("full", 50_000, 64, 16, 5, 1.8),
    Case("diag", 500_000, 16, 16, 11, 3),
    Case("tied", 200_000, 8, 8, 25, 3),
    Case("spherical", 200_000, 8, 8, 12, 3),
)
FAMILIES = {"full": ek.FullGaussian, "diag": ek.DiagonalGaussian, "tied": ek.TiedGaussian, "spherical": ek.SphericalGaussian}
CHECKED_ITERATIONS = 3
BURST = 0.5  # seconds a side: after a pause, some virtual machines keep all threads on one core for the first hundredths


def data(case: Case) -> np.ndarray:
    """Overlapping normal clusters."""
    rng = np.random.default_rng(0)
    centres = rng.normal(scale=2, size=(case.components, case.columns))
    return centres[rng.integers(case.components, size=case.rows)] + rng.normal(size=(case.rows, case.columns))


def peer_at(case: Case, start: Any) -> GaussianMixture:
    """scikit-learn's estimator standing at our start, ready for its own E- and M-step."""
    peer = GaussianMixture(case.components, covariance_type=case.covariance, reg_covar=0.0)
    covariance = next(value for name, value in vars(start.components).items() if name != "means")
    peer.weights_, peer.means_, peer.covariances_ = start.proportions.copy(), start.components.means.copy(), covariance.copy()
    peer.precisions_cholesky_ = _precisions_cholesky(peer.covariances_, case.covariance)
    return peer


def _precisions_cholesky(covariances: np.ndarray, kind: str) -> np.ndarray:
    if kind in ("diag", "spherical"):
        return 1 / np.sqrt(covariances)
    return np.swapaxes(np.linalg.inv(np.linalg.cholesky(covariances)), -1, -2)


def peer_iteration(peer: GaussianMixture, x: np.ndarray) -> float:
    """One EM iteration as in scikit-learn's own loop; returns the log-likelihood before it."""
    log_likelihood, log_responsibilities = peer._e_step(x)
    peer._m_step(x, log_responsibilities)
    return float(log_likelihood) * len(x)


def measure(case: Case, count: int, burst: float) -> Measured:
    """Pairs of iterations, ours with as many threads as there are cores, theirs as it comes."""
    x = data(case)
    model = ek.Mixture(FAMILIES[case.covariance]())
    rows = ek.ArraySource(x)
    start = spread_start(model, rows, case.components, 0)
    source = rows.shared_out(row_work(start))  # cut as a fit cuts them
    peer = peer_at(case, start)
    with threads() as map_reduce:
        em = EMMap(model, source, start, map_reduce)
        here = em(start)
        for _ in range(CHECKED_ITERATIONS):
            theirs = peer_iteration(peer, x)
            off = abs(theirs - here.objective) / abs(here.objective)
            if off > 1e-9:
                raise AssertionError(f"{case}: log-likelihoods differ by {off:.1e} relative")
            here = em(here.update)
    form = linear_form(model.family, here.params.components)
    assert form is not None
    n_features = form.coefficients.shape[1]
    least = limits().seconds(4.0 * case.rows * n_features * case.components, case.rows * case.components, usable_cores())
    state = here

    def ours() -> None:
        nonlocal state
        with threads() as map_reduce:
            step = EMMap(model, source, state.params, map_reduce)
            for _ in range(10):
                state = step(state.update)

    mine, other, ratio = pairs(ours, lambda: peer_iteration(peer, x), count, burst)
    mine, ratio = mine / 10, ratio * 10
    return Measured(
        workload=f"{case.covariance} N={case.rows:,} d={case.columns} K={case.components}, an EM iteration",
        peer="scikit-learn GaussianMixture",
        ratio=ratio,
        roofline=mine / least,
        ours=mine * 1e3,
        theirs=other * 1e3,
        target=f"ratio >= {case.ratio:g}, within {case.roofline:g} of the limit",
        met=ratio >= case.ratio and mine / least <= case.roofline,
    )


def run(quick: bool) -> list[Measured]:
    """Every case; the quick run takes fewer pairs."""
    return [measure(case, *((2, BURST / 4) if quick else (9, BURST))) for case in CASES]
