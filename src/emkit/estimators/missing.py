"""A normal distribution of rows with missing cells, as a scikit-learn estimator and transformer."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.core.evaluation import EMMap
from emkit.data.source import ArraySource
from emkit.errors import EmkitWarning, ParameterError
from emkit.estimators.allowed import Allowed
from emkit.estimators.gappy_rows import GappyRows
from emkit.estimators.one_model import FITTING
from emkit.estimators.validated import as_before_if_it_fails
from emkit.families.gaussian import FullGaussian
from emkit.families.gaussian.imputed import drawn_cells, expected_cells
from emkit.inference import observed_information
from emkit.inference.mcar import McarTest, mcar_test
from emkit.models.mixture import Mixture, MixtureParams

TRIES = 100  # of parameters drawn that cannot be


class NormalMissing(OneToOneFeatureMixin, TransformerMixin, GappyRows):
    """Mean and covariance of one normal distribution by maximum likelihood, from rows of which cells are missing (NaN).

    Cells may be missing at random: whether one is may depend on the cells seen, but not on what it would have been.

    Parameters:
        tol, solver, floor: as in `GaussianMixture`.
        max_iter: at most this many passes over the data.
        random_state: seed or ``RandomState`` of the draws.

    Attributes after `fit`: `means_` (d,), `covariance_` (d, d), `converged_`, `n_iter_` (passes over the data), and `result_`:
    an `ek.Result` with `standard_errors()`, `summary()` ...

    >>> import emkit as ek
    >>> nan = float("nan")
    >>> plots = [[8, 12], [11, 15], [16, 15], [18, 17], [6, 8], [4, nan], [20, nan], [25, nan]]
    >>> normal = ek.NormalMissing().fit(plots)
    >>> normal.means_.round(3).tolist()
    [13.5, 14.445]
    >>> normal.transform(plots)[5:].round(2).tolist()
    [[4.0, 8.61], [20.0, 18.44], [25.0, 21.51]]
    """

    _allowed: ClassVar[dict[str, Allowed]] = {**FITTING}

    def __init__(
        self,
        *,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        floor: float = 1e-6,
        random_state: Any = None,
    ) -> None:
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver
        self.floor = floor
        self.random_state = random_state

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:
        """Estimate mean and covariance from `X` (n, d), array or data frame. `y` is ignored.

        Warns: ConvergenceWarning with the reason if the fit did not converge.
        Errors: DataError or ParameterError, naming what cannot be.
        """
        self._check_settings()
        with as_before_if_it_fails(self):
            return self._fit(self._source(X, sample_weight))

    def _fit(self, source: ArraySource) -> Self:
        model = Mixture(FullGaussian(floor=self.floor))
        rows = model.admitted(source)
        rows.profile.refuse_empty_columns()
        components = self._fit_from(model, rows, model.even(rows.profile, 1)).params.components
        self.__dict__.pop("_root", None)
        self.means_, self.covariance_ = components.means[0], components.covariances[0]
        return self

    def transform(self, X: object, draws: int | None = None) -> Any:
        """`X` (n, d) with its gaps filled in: by their conditional means given the cells seen.

        With `draws`, that many completed data sets (draws, n, d), for an analysis of each and `ek.pool`: each with parameters
        drawn from the normal distribution of the estimates (in unconstrained coordinates), and cells from their conditional
        distribution under these. Where there is no standard error, parameters are the estimates, and a warning says so.
        """
        x = self._source(X, None, reset=False).x.astype(np.float64)
        if draws is None:
            return expected_cells(self.means_, self.covariance_, x)
        check_count("draws", draws, ParameterError)
        rng = np.random.default_rng(self._seed())
        return np.stack([drawn_cells(*self._drawn(rng), x, rng) for _ in range(int(draws))])

    def mcar_test(self) -> McarTest:
        """Little's test that the cells were missing completely at random, from the rows of `fit`."""
        check_is_fitted(self)
        return mcar_test(self.result_.source, self.means_, self.covariance_)

    def _drawn(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Mean and covariance, drawn from the normal distribution of the estimates."""
        if self._root is None:
            return self.means_, self.covariance_
        root, params = self._root, self.result_.params
        coordinates = self.result_.model.coordinates(params)
        here = coordinates.pack(params)
        for _ in range(TRIES):
            drawn = coordinates.unpack(here + root @ rng.standard_normal(len(here)), params).components
            if np.isfinite(drawn.covariances).all():
                return drawn.means[0], drawn.covariances[0]
        return self.means_, self.covariance_

    @cached_property
    def _root(self) -> Array | None:
        """A square root of the covariance of the estimates in unconstrained coordinates; None, with a warning, if none is."""
        result = self.result_
        em: EMMap[MixtureParams[Any]] = EMMap(result.model, result.passes, result.params)
        information = observed_information(em, result.params)
        unit = np.sqrt(np.abs(np.diag(information)))
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = information / np.outer(unit, unit)
        values = np.linalg.eigvalsh(scaled) if np.isfinite(scaled).all() else np.zeros(1)
        if len(information) != em.coordinates.size or values.min() <= 0:
            warnings.warn(
                "the estimates have no standard errors (see result_.standard_errors()), so cells are drawn as if mean and "
                "covariance were known: pooled standard errors are too small.",
                EmkitWarning,
                stacklevel=4,
            )
            return None
        return np.asarray(np.linalg.inv(np.linalg.cholesky(scaled)).T / unit[:, None])
