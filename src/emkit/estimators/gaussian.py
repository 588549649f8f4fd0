"""A mixture of normal distributions, as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, Integers
from emkit.core.checks import check_count
from emkit.core.parameters import leaves
from emkit.core.protocols import Executor
from emkit.core.spaces.positive_definite import is_definite
from emkit.errors import ParameterError
from emkit.estimators.base import MixtureEstimator
from emkit.families.gaussian import (
    DiagonalGaussian,
    FullGaussian,
    GaussianFamily,
    ParsimoniousGaussian,
    SphericalGaussian,
    TiedGaussian,
)
from emkit.families.gaussian.parsimonious_params import PARAMETERS
from emkit.models.mixture import Mixture, MixtureParams

FORMS: dict[str, Any] = {"full": FullGaussian, "tied": TiedGaussian, "diag": DiagonalGaussian, "spherical": SphericalGaussian}
SINGLE = float(np.finfo(np.float32).eps)  # the rounding of a weight given in single precision
FIELDS = {"full": "covariances", "tied": "covariance", "diag": "variances", "spherical": "variances"}
ALSO = {"VVV": "full", "EEE": "tied", "VVI": "diag", "VII": "spherical"}  # as mclust calls them


class GaussianMixture(MixtureEstimator):
    """A mixture of normal distributions, fitted by expectation-maximization.

    Parameters and attributes are called as in ``sklearn.mixture.GaussianMixture`` where they mean the same.

    Parameters:
        n_components: the number of components K.
        covariance_type: "full" (a matrix for each component), "tied" (one for all), "diag" or "spherical"; or one of the 14
            forms of mclust, three letters for volume, shape and orientation, each equal in all components (E), of their own
            (V) or none (I): "VVV" is "full", "EEE" "tied", "VVI" "diag", "VII" "spherical", and EII, EEI, VEI, EVI, VEE, EVE,
            VVE, EEV, VEV and EVV lie between, with `covariances_` as in "full": see `ek.ParsimoniousGaussian`.
        tol: stop when at most this much total log-likelihood is left to gain, and the parameters are within
            ``1e-3 * sqrt(tol)`` standard errors of their limit. (scikit-learn's bounds the mean gain of the last step.)
        max_iter: at most this many steps of the solver in a run.
        n_init: how many starts to try; "auto": 60 for small problems and 20 for larger ones, but 8 where these agree at
            once, and down to 4 where each takes long. All are tried in short runs, and only the best are followed to the
            end; `result_.starts()` shows what became of each.
        random_state: seed or ``RandomState`` of the starts.
        start: where to start from: parameters (``ek.MixtureParams``) or several of them, labels (n,), or responsibilities
            (n, K). One start is simply followed; of labels and responsibilities, the estimates that they lead to are the start.
        frozen: dotted paths of parameters that are held at their start, such as "proportions" or "components.means[0]", of
            the first component.
        warm_start: whether `fit` goes on from where the last `fit` ended. Two such fits of one step each are one of two steps
            with ``solver="plain"``; the other solvers learn from the steps before, and begin anew.
        weights_init, means_init, precisions_init: start from these. With `means_init` there is one start; what is not given
            is estimated from the rows nearest to each mean.
        solver: "anderson" or "squarem" (accelerated EM, never downhill), "plain" (EM), or a solver such as
            ``ek.solvers.Squarem()``.
        floor: the least variance of a component in any direction, as a fraction of the variance of the data. It keeps
            components from collapsing onto few or equal rows, whatever the unit of the data, and does nothing to others,
            however thin; 0 takes it away. (scikit-learn's `reg_covar` adds an absolute constant to every variance. There is
            none here: its effect depends on the unit of the data, and the result maximises no likelihood.)
        n_jobs: threads; -1: all cores; None: all cores where there is enough to do. The result does not depend on it.
        checkpoint: a file that keeps where the fit stands, at most every few seconds and when it is interrupted. If it is
            there, `fit` goes on from it, to the same bits: it must be of the same parameters and data, and `random_state` a
            whole number.

    Attributes:
        weights_ (K,), means_ (K, d), covariances_, precisions_, precisions_cholesky_: as in scikit-learn. After starts of
            its own, components are in ascending order of their means.
        converged_: True only if the stopping rule was met at a maximum.
        n_iter_: steps of the solver in the best run. lower_bound_: log-likelihood of a row, on average, at the parameters
            found. lower_bounds_: the same for every step.
        degenerate_: components that collapsed and rest on the floor.
        params_, model_, result_: parameters, model and `ek.Result`, with `summary()`, `starts()`, `standard_errors()` ...
            `result_` refers to the data; they are left out when the estimator is pickled or copied.

    >>> import emkit as ek
    >>> X = [[1.0], [1.2], [0.8], [1.1], [5.0], [5.3], [4.9], [5.1]]
    >>> gm = ek.GaussianMixture(2, random_state=0).fit(X)
    >>> gm.means_.round(3).ravel().tolist()
    [1.025, 5.075]
    >>> gm.predict([[0.9], [6.0]]).tolist()
    [0, 1]
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-8,
        max_iter: int = 1000,
        n_init: int | str = "auto",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        random_state: Any = None,
        start: Any = None,
        frozen: Any = None,
        warm_start: bool = False,
        solver: Any = "anderson",
        floor: float = 1e-6,
        n_jobs: int | Executor | None = None,
        checkpoint: Any = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.start = start
        self.frozen = frozen
        self.warm_start = warm_start
        self.solver = solver
        self.floor = floor
        self.n_jobs = n_jobs
        self.checkpoint = checkpoint

    def _model(self) -> Mixture[Any, Any]:
        known = [*FORMS, *ALSO, *PARAMETERS]
        if self.covariance_type not in known:
            raise ParameterError(f"covariance_type is {self.covariance_type!r}; it must be one of {', '.join(known)}.")
        family: GaussianFamily[Any]
        if self.covariance_type in PARAMETERS:
            family = ParsimoniousGaussian(self.covariance_type, floor=self.floor)
        else:
            family = FORMS[self._layout](floor=self.floor)
        return Mixture(family)

    @property
    def _layout(self) -> str:
        """How covariances are laid out: as in one of the forms of scikit-learn."""
        return ALSO.get(self.covariance_type, self.covariance_type if self.covariance_type in FORMS else "full")

    def _given(self, columns: int) -> dict[str, Array]:
        K, d = self.n_components, columns
        shape = {"full": (K, d, d), "tied": (d, d), "diag": (K, d), "spherical": (K,)}[self._layout]
        precisions = _given("precisions_init", self.precisions_init, shape)
        given = {
            "proportions": _summing_to_one(_given("weights_init", self.weights_init, (K,))),
            "components.means": _given("means_init", self.means_init, (K, d)),
        }
        found = {path: value for path, value in given.items() if value is not None}
        return found if precisions is None else found | self._spread(_inverse(precisions, self._layout), d)

    def _spread(self, covariances: Array, columns: int) -> dict[str, Array]:
        """The fields that say how components spread, by path: of a form between others, the nearest to the covariances."""
        if self.covariance_type not in PARAMETERS:
            return {f"components.{FIELDS[self._layout]}": covariances}
        family = ParsimoniousGaussian(self.covariance_type)
        nearest = family.nearest(np.zeros((self.n_components, columns)), covariances)
        return {f"components.{leaf.path}": leaf.value for leaf in leaves(nearest) if leaf.path != "means"}

    def _fitted(self, params: MixtureParams[Any]) -> dict[str, Any]:
        covariances = getattr(params.components, FIELDS[self._layout])
        factor = _precision_factor(covariances, self._layout)
        matrices = self._layout in ("full", "tied")
        return {
            **super()._fitted(params),
            "means_": params.components.means,
            "covariances_": covariances,
            "precisions_cholesky_": factor,
            "precisions_": factor @ np.swapaxes(factor, -1, -2) if matrices else factor**2,
        }

    def sample(self, n_samples: int = 1) -> tuple[Array, Integers]:
        """Draw `n_samples` rows from the fitted mixture: the rows (n, d), component by component, and their components (n,)."""
        check_is_fitted(self)
        check_count("n_samples", n_samples, ParameterError)
        rng = check_random_state(self.random_state)
        counts = rng.multinomial(int(n_samples), self.weights_ / self.weights_.sum())
        labels = np.repeat(np.arange(len(counts)), counts)
        noise = rng.standard_normal((int(n_samples), self.means_.shape[1]))
        if self._layout in ("full", "tied"):
            factors = np.linalg.cholesky(np.broadcast_to(self.covariances_, (len(counts), *self.covariances_.shape[-2:])))
            bounds = np.concatenate([[0], np.cumsum(counts)])
            scaled = np.concatenate([noise[a:b] @ L.T for a, b, L in zip(bounds[:-1], bounds[1:], factors, strict=True)])
        else:
            scaled = noise * np.sqrt(self.covariances_.reshape(len(counts), -1))[labels]
        return self.means_[labels] + scaled, labels


def _given(name: str, value: Any, shape: tuple[int, ...]) -> Array | None:
    """The array that a user gave, or None. Errors: ParameterError if it is not numbers, or of another shape."""
    if value is None:
        return None
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} is not an array of numbers of shape {shape}.") from None
    if array.shape != shape:
        raise ParameterError(f"{name} has shape {array.shape}; it must have shape {shape}.")
    return array


def _summing_to_one(weights: Array | None) -> Array | None:
    """The weights, but for the rounding of numbers in single precision."""
    total = 1.0 if weights is None else float(weights.sum())
    return weights if weights is None or abs(total - 1) > len(weights) * SINGLE else weights / total


def _inverse(precisions: Array, form: str) -> Array:
    """The covariances. Errors: ParameterError if a precision is not positive (definite)."""
    matrices = form in ("full", "tied")
    positive = (np.linalg.eigvalsh(precisions) if matrices else precisions) > 0
    if not positive.all():
        raise ParameterError(
            f"precisions_init is not positive{' definite' if matrices else ''}; it must be an inverse covariance."
        )
    return np.asarray(np.linalg.inv(precisions) if matrices else 1 / precisions)


def _precision_factor(covariances: Array, form: str) -> Array:
    """U with U U' = the inverse of each covariance: upper triangular matrices, or square roots."""
    if form in ("diag", "spherical"):
        return 1 / np.sqrt(covariances)
    unit = np.sqrt(np.diagonal(covariances, axis1=-2, axis2=-1))  # columns of unlike units would cost digits
    correlations = covariances / (unit[..., :, None] * unit[..., None, :])
    if not is_definite(correlations):  # but for rounding
        correlations, unit = covariances, np.ones_like(unit)
    return np.triu(np.swapaxes(np.linalg.inv(np.linalg.cholesky(correlations)), -1, -2)) / unit[..., :, None]
