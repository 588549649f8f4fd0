"""Responses that covariates tell exactly, so that nothing is left of which a spread could be estimated."""

from __future__ import annotations

import warnings

from emkit.errors import DegenerateDataWarning


def warn_of_exactly_told(response: str, number: str, floored: str) -> None:
    """Warn that the `number` of a law about a line has no estimate, and that the floor under the `floored` stands for it."""
    warnings.warn(
        f"the covariates tell {response!r} exactly, so its {number} has no maximum-likelihood value; the floor under the "
        f"{floored} takes its place.",
        DegenerateDataWarning,
        stacklevel=3,
    )
