"""Mixed models on one screen: coefficients, and how far they vary between groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.inference.delta import p_told
from emkit.report.tables import WIDTH, as_text, grid_of

if TYPE_CHECKING:
    from rich.table import Table


def coefficients_table(names: Sequence[str], values: Array, covariance: Array, width: int = WIDTH) -> str:
    """Coefficients (p,) with standard errors, and the chance of one as far from 0."""
    return as_text(coefficients_grid(names, values, covariance), width).rstrip("\n")


def coefficients_grid(names: Sequence[str], values: Array, covariance: Array) -> Table:
    """The same as a table of rich."""
    errors = np.sqrt(np.diag(covariance))
    z = values / errors
    told = {
        "coefficient": list(names),
        "estimate": [f"{value:.6g}" for value in values],
        "error": [f"{value:.4g}" for value in errors],
        "z": [f"{value:.2f}" for value in z],
        "p": [p_told(float(p)) for p in 2 * scipy.special.ndtr(-np.abs(z))],
    }
    return grid_of(told)


def effects_table(names: Sequence[str], levels: Sequence[Array], within: float, width: int = WIDTH) -> str:
    """Variances, standard deviations and correlations of random effects, (r, r) of each level; in the last line, of errors."""
    variances = np.concatenate([np.diag(covariance) for covariance in levels])
    told = {
        "varies": [*names, "error"],
        "variance": [f"{value:.6g}" for value in [*variances, within]],
        "deviation": [f"{value:.4g}" for value in np.sqrt([*variances, within])],
    }
    if any(len(covariance) > 1 for covariance in levels):
        told["correlations"] = [
            _correlations(covariance[j, :j], np.sqrt(np.diag(covariance)), j)
            for covariance in levels
            for j in range(len(covariance))
        ] + [""]
    return as_text(grid_of(told), width).rstrip("\n")


def _correlations(row: Array, deviations: Array, j: int) -> str:
    """Of an effect with those before it; - with one that does not vary."""
    products = deviations[j] * deviations[:j]
    return " ".join(f"{c / product:.2f}" if product > 0 else "-" for c, product in zip(row, products, strict=True))
