"""How many free parameters factors have, and how many the columns tell."""

from __future__ import annotations

import warnings

from emkit.errors import EmkitWarning


def free_parameters(d: int, m: int, equal: bool) -> int:
    """Free parameters of a covariance of d columns by m factors."""
    return d * m - m * (m - 1) // 2 + (1 if equal else d)


def warn_of_too_many(d: int, m: int, equal: bool) -> None:
    """Warn of `m` factors with more free parameters than `d` columns have variances and covariances."""
    most = max((k for k in range(m) if free_parameters(d, k, equal) <= d * (d + 1) // 2), default=0)
    who = f"{m} factor{'s' * (m != 1)} of {d} column{'s' * (d != 1)}"
    warn_of_unknowns(who, free_parameters(d, m, equal), d, f"Use at most {most}." if most else "Give more columns.")


def warn_of_unknowns(who: str, free: int, d: int, advice: str) -> bool:
    """Warn if `free` parameters are more than the variances and covariances that tell them, of `d` columns; whether so."""
    told, has = d * (d + 1) // 2, "has" if who.startswith("1 ") else "have"
    if free > told:
        warnings.warn(
            f"{who} {has} {free} free parameters, but there are {told} variances and covariances to tell them: their "
            f"covariance fits, but loadings and uniquenesses may be others as well. {advice}",
            EmkitWarning,
            stacklevel=4,
        )
    return free > told
