"""What factors have to do with columns, and how many of them the columns may carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.errors import ModelError, ParameterError, did_you_mean
from emkit.families.gaussian.regressions import among_gaps
from emkit.fitted import AnyFitted
from emkit.models.confirmatory import ConfirmatoryFactorModel
from emkit.models.factor_model import FactorModel
from emkit.models.frozen import bare
from emkit.models.rotations import ROTATIONS, rotated

DRAWS, SEED = 200, 0  # tables of columns that have nothing to do with each other
HIGH = 0.95  # of which so many have a lower eigenvalue


@dataclass(frozen=True)
class FactorLoadings:
    """Loadings (d, m) of `columns` on factors, where both have variance 1, and correlations (m, m) of the factors."""

    columns: tuple[str, ...]
    loadings: Array
    correlations: Array

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {
            "columns": list(self.columns), "loadings": self.loadings.tolist(), "correlations": self.correlations.tolist()
        }  # fmt: skip


@dataclass(frozen=True)
class Scree:
    """Eigenvalues (d,) of the correlations of columns, the largest first, and those of columns that are independent.

    `by_chance` (d,): which 95 of 100 tables of as many rows stay below. `factors`: how many eigenvalues are higher, before the
    first that is not.
    """

    eigenvalues: Array
    by_chance: Array

    @property
    def factors(self) -> int:
        """How many factors the eigenvalues ask for."""
        return int(np.append(self.eigenvalues > self.by_chance, False).argmin())

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {
            "eigenvalues": self.eigenvalues.tolist(), "by_chance": self.by_chance.tolist(), "factors": self.factors
        }  # fmt: skip


def factor_model_of(result: AnyFitted) -> FactorModel | ConfirmatoryFactorModel:
    """The model of a fit. Errors: ModelError for one without factors."""
    inner = bare(result.model)
    if not isinstance(inner, FactorModel | ConfirmatoryFactorModel):
        raise ModelError(f"{type(inner).__name__} has no factors; a FactorModel or a ConfirmatoryFactorModel has.")
    return inner


def factor_loadings(result: AnyFitted, rotation: str | None = None) -> FactorLoadings:
    """Loadings of all columns, turned by a `rotation`, unless it is known beforehand which factors columns have.

    Errors: ModelError; ParameterError for a rotation that there is not.
    """
    model, params, columns = factor_model_of(result), result.params, tuple(result.source.columns)
    if not model.n_factors:
        raise ModelError("the model has 0 factors, so no column has loadings.")
    if rotation not in ROTATIONS:
        known = [str(name) for name in ROTATIONS]
        raise ParameterError(f"rotation is {rotation!r}; there are {', '.join(known)}.{did_you_mean(str(rotation), known)}")
    if isinstance(model, ConfirmatoryFactorModel):
        if rotation is not None:
            raise ModelError("these factors are not free to turn: their zeros say how they are. Leave out the rotation.")
        shown = model.standardised(params)
        return FactorLoadings(columns, shown.loadings, shown.correlations)
    noise = np.broadcast_to(params.uniquenesses, params.means.shape)
    found = rotated(params.loadings, noise, rotation)
    return FactorLoadings(columns, found.loadings / np.sqrt(np.diag(params.covariance))[:, None], found.correlation)


def scree(result: AnyFitted) -> Scree:
    """Eigenvalues of the correlations, beside those of random tables with as many rows and columns: parallel analysis.

    Correlations of rows with gaps are those of greatest likelihood. The random tables are the same in every call.
    Source: Horn (1965), Psychometrika 30, 179-185; for high quantiles, Glorfeld (1995), Educ. Psychol. Meas. 55, 377-393.
    """
    factor_model_of(result)
    profile = result.source.profile
    covariance = among_gaps(profile).covariance if profile.has_gaps else profile.covariance
    rows, d = max(round(profile.total_weight), 2), len(covariance)
    rng = np.random.default_rng(SEED)
    random = np.array([_eigenvalues(_random_products(rng, rows - 1, d)) for _ in range(DRAWS)])
    return Scree(_eigenvalues(covariance), np.quantile(random, HIGH, axis=0))


def _eigenvalues(covariance: Array) -> Array:
    """Of the correlations, the largest first."""
    unit = np.sqrt(np.diag(covariance))
    return np.asarray(np.linalg.eigvalsh(covariance / np.outer(unit, unit))[::-1])


def _random_products(rng: np.random.Generator, rows: int, d: int) -> Array:
    """Sums of products (d, d) of so many rows of independent normal columns, without the rows where they are many.

    Source: Smith & Hocking (1972), Appl. Statist. 21, 341-345 (Bartlett's decomposition).
    """
    if rows < d:
        x = rng.standard_normal((rows, d))
        return np.asarray(x.T @ x)
    root = np.tril(rng.standard_normal((d, d)), -1) + np.diag(np.sqrt(rng.chisquare(rows - np.arange(d))))
    return np.asarray(root @ root.T)
