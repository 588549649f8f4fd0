"""A mixture of components of any family, as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emkit.core.protocols import Executor
from emkit.data.blocks import as_blocks
from emkit.data.frames import chosen_columns
from emkit.data.source import RowSource
from emkit.errors import ModelError, ParameterError
from emkit.estimators.base import MixtureEstimator
from emkit.models.mixture import Mixture, MixtureParams


class MixtureModel(MixtureEstimator):
    """A mixture of `n_components` components of one family, fitted by expectation-maximization.

    Parameters are those of `GaussianMixture` without what is about covariances, and `family`: a name (one of `FAMILIES`,
    such as "poisson" or "categorical") or a `Family` object with settings of its own, such as ``Binomial(trials=10)``.
    Families made of another one are named "zero-inflated:poisson", "zero-truncated:poisson", "repeated-4:poisson" and
    "mixture-of-2:gaussian".

    Columns of different families are given as a mapping from their names (in arrays: places, which count from 0) to families,
    ``{"age": "gaussian", "visits": "poisson", "ward": "categorical"}``; a tuple of columns gets one family together, and
    "gaussian" then has their covariances. Columns of a data frame that are not named are left out, and `predict` finds those
    that are by their names, in whatever order they come; of an array, every column must be in the mapping. `components_.parts`
    has the parameters of each family, in the order of the mapping. See `Product`. A list gives each component a family of its
    own, ``["poisson", "poisson", ek.PointMass(0)]``, as many as `n_components`: see `PerComponent`.

    Attributes after `fit`: `weights_` (K,), `components_` (the parameters of the components, such as ``components_.rates``),
    `params_` (both together), and those that `GaussianMixture` has of its fit.

    >>> import emkit as ek
    >>> counts = [[0], [1], [0], [2], [1], [6], [7], [5], [8], [6]]
    >>> model = ek.MixtureModel("poisson", n_components=2, random_state=0).fit(counts)
    >>> model.components_.rates.round(2).ravel().tolist()
    [0.73, 6.07]
    >>> model.predict([[0], [9]]).tolist()
    [0, 1]
    """

    def __init__(
        self,
        family: Any = "gaussian",
        n_components: int = 1,
        *,
        tol: float = 1e-8,
        max_iter: int = 1000,
        n_init: int | str = "auto",
        random_state: Any = None,
        start: Any = None,
        frozen: Any = None,
        warm_start: bool = False,
        solver: Any = "anderson",
        n_jobs: int | Executor | None = None,
        checkpoint: Any = None,
    ) -> None:
        self.family = family
        self.n_components = n_components
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.random_state = random_state
        self.start = start
        self.frozen = frozen
        self.warm_start = warm_start
        self.solver = solver
        self.n_jobs = n_jobs
        self.checkpoint = checkpoint

    def _source(self, X: object, *options: Any, **named: Any) -> RowSource:
        names = _columns(self.family) if isinstance(self.family, Mapping) else []
        if not names or not all(isinstance(name, str) for name in names):
            return super()._source(X, *options, **named)
        return super()._source(chosen_columns(as_blocks(X, names), names), *options, **named)

    def _model(self) -> Mixture[Any, Any]:
        try:
            return Mixture(self.family)
        except ModelError as error:
            if isinstance(self.family, Mapping | tuple | list):
                raise
            raise ParameterError(f"family: {error}") from None

    def _fitted(self, params: MixtureParams[Any]) -> dict[str, Any]:
        return {**super()._fitted(params), "components_": params.components}


def _columns(families: Mapping[Any, Any]) -> list[Any]:
    """The columns of a mapping to families, in order."""
    return [column for key in families for column in (key if isinstance(key, tuple) else (key,))]
