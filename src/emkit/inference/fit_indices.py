"""How well a model of covariances fits: against any covariance at all, and against columns that are independent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.data.profile import AnyProfile
from emkit.inference.delta import LEAST_P, p_told

UNIT = np.log(2 * np.pi) + 1  # twice the entropy of a normal variable of variance 1
LEVEL = 0.9  # of the interval of RMSEA
CLOSE = 0.05  # an RMSEA that is told to be a close fit


def nothing_to_test(degrees_of_freedom: int) -> str:
    """Why a model of covariances cannot be tested, by its degrees of freedom, 0 or fewer."""
    if degrees_of_freedom == 0:
        return "nothing to test: no degrees of freedom are left"
    more = -degrees_of_freedom
    return (
        f"nothing to test: there {'is' if more == 1 else 'are'} {more} parameter{'' if more == 1 else 's'} more than means and "
        "covariances, so that other estimates fit as well"
    )


class Height(NamedTuple):
    """A `log_likelihood`, and the `degrees_of_freedom` left to it: what any covariance has more."""

    log_likelihood: float
    degrees_of_freedom: int


@dataclass(frozen=True)
class FitIndices:
    """What is asked of a model of covariances first.

    `chi_squared` with its `degrees_of_freedom` and `p_value`, twice the log-likelihood that any covariance has more;
    `baseline` is the same of independent columns. `cfi` and `tli`, how far from independent columns to any covariance the model
    comes, 1 being all the way; `rmsea` with its 90 % interval `rmsea_interval` and `rmsea_close`, the chance of so high a
    chi-squared if RMSEA were 0.05; `srmr`, the root of the mean square by which correlations miss. NaN where there is none, as
    without degrees of freedom.
    """

    chi_squared: float
    degrees_of_freedom: int
    p_value: float
    baseline: tuple[float, int]
    cfi: float
    tli: float
    rmsea: float
    rmsea_interval: tuple[float, float]
    rmsea_close: float
    srmr: float

    def __str__(self) -> str:
        if self.degrees_of_freedom <= 0:
            said = nothing_to_test(self.degrees_of_freedom)
            return f"{said}; chi-squared {self.chi_squared:.3f}, SRMR {self.srmr:.3f}"
        p = f"p {p_told(self.p_value)}" if self.p_value < LEAST_P else f"p = {self.p_value:.3g}"
        low, high = self.rmsea_interval
        return (
            f"chi-squared {self.chi_squared:.3f} on {self.degrees_of_freedom} degrees of freedom, {p}; CFI {self.cfi:.3f}, "
            f"TLI {self.tli:.3f}, RMSEA {self.rmsea:.3f} ({low:.3f} to {high:.3f}), SRMR {self.srmr:.3f}"
        )


class Saturated(NamedTuple):
    """The `covariance` (d, d; divisor n) of rows that is likeliest without a model, and the `log_likelihood` of that."""

    log_likelihood: float
    covariance: Array


def saturated(profile: AnyProfile, n: float) -> Saturated:
    """Of `n` complete rows."""
    observed = profile.covariance
    return Saturated(-0.5 * n * float(len(observed) * UNIT + np.linalg.slogdet(observed)[1]), observed)


def in_a_plane(covariance: Array) -> bool:
    """Whether columns of this covariance (d, d) tell each other, so that none is likeliest: by their correlations."""
    unit = np.sqrt(np.diag(covariance))
    return not unit.all() or bool(np.linalg.matrix_rank(covariance / np.outer(unit, unit)) < len(unit))


def indices_of(profile: AnyProfile, n: float, fit: tuple[float, int], fitted: Array, whole: Saturated) -> FitIndices:
    """Of a model that has the covariance `fitted` (d, d), by its `fit`: log-likelihood, and number of free parameters."""
    d, variances = len(fitted), np.asarray(profile.variance)
    counted: Any = _seen
    mass = np.asarray(profile.total(counted))
    alone = -0.5 * float((mass * (UNIT + np.log(variances))).sum())
    free = d + d * (d + 1) // 2
    return fit_indices(Height(fit[0], free - fit[1]), Height(alone, free - 2 * d), whole.log_likelihood, n, whole[1], fitted)


def _seen(x: Array, weights: Array) -> Array:
    """The weight of the rows that have each column (d,)."""
    return np.asarray(weights @ ~np.isnan(x))


def fit_indices(model: Height, baseline: Height, saturated: float, n: float, observed: Array, fitted: Array) -> FitIndices:
    """Of n rows with the covariance `observed` (d, d; divisor n), where the model has the covariance `fitted`.

    `saturated`: the log-likelihood of any covariance at all.
    Source: Bentler (1990), Psychol. Bull. 107, 238-246 (CFI); Tucker & Lewis (1973), Psychometrika 38, 1-10 (TLI); Steiger
    (1990), Multivariate Behav. Res. 25, 173-180 (RMSEA), with Browne & Cudeck (1992), Sociol. Methods Res. 21, 230-258, for its
    interval; Hu & Bentler (1999), Struct. Equ. Modeling 6, 1-55 (SRMR).
    """
    chi, free = max(2 * (saturated - model.log_likelihood), 0.0), model.degrees_of_freedom
    base, others = max(2 * (saturated - baseline.log_likelihood), 0.0), baseline.degrees_of_freedom
    excess, most = max(chi - free, 0.0), max(base - others, chi - free, 0.0)
    none = free <= 0
    ratio = base / others if others > 0 else np.nan
    unit = np.sqrt(np.diag(observed))
    missed = ((observed - fitted) / np.outer(unit, unit))[np.tril_indices(len(unit))]
    return FitIndices(
        chi_squared=chi,
        degrees_of_freedom=free,
        p_value=np.nan if none else float(scipy.special.chdtrc(free, chi)),
        baseline=(base, others),
        cfi=1 - excess / most if most > 0 else 1.0,
        tli=np.nan if none or ratio == 1 else (ratio - chi / free) / (ratio - 1),
        rmsea=np.nan if none else float(np.sqrt(excess / (free * n))),
        rmsea_interval=(np.nan, np.nan) if none else _interval(chi, free, n),
        rmsea_close=np.nan if none else float(scipy.stats.ncx2.sf(chi, free, n * free * CLOSE**2)),
        srmr=float(np.sqrt((missed**2).mean())),
    )


def _interval(chi: float, free: int, n: float) -> tuple[float, float]:
    """The RMSEA for which a lower chi-squared, and one for which a higher one, has a chance of 5 %."""
    ends = []
    for chance in ((1 + LEVEL) / 2, (1 - LEVEL) / 2):
        if scipy.special.chdtrc(free, chi) >= 1 - chance:
            ends.append(0.0)
            continue
        high = chi + free + 10.0
        while scipy.stats.ncx2.cdf(chi, free, high) > chance:
            high *= 2
        beyond = scipy.optimize.brentq(lambda noncentral, of: _cdf(chi, free, noncentral) - of, 0.0, high, args=(chance,))
        ends.append(float(np.sqrt(beyond / (free * n))))
    return ends[0], ends[1]


def _cdf(chi: float, free: int, noncentral: float) -> float:
    return float(scipy.stats.ncx2.cdf(chi, free, noncentral)) if noncentral > 0 else 1 - float(scipy.special.chdtrc(free, chi))
