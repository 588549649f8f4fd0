"""What estimators of mixtures share: everything but the parameters and the names of the fitted attributes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, DensityMixin, TransformerMixin

from emkit.core.arrays import Array, Integers
from emkit.estimators.callbacks import with_callbacks
from emkit.estimators.partial import PartialFit
from emkit.models.mixture import MixtureParams
from emkit.models.prediction import belonging, log_likelihood_of, posterior_of


class MixtureEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, PartialFit):
    """A mixture with scikit-learn's interface. A subclass has the parameters, the mixture and the fitted attributes."""

    def _fitted(self, params: MixtureParams[Any]) -> dict[str, Any]:
        """The fitted attributes that follow from the parameters."""
        return {"params_": params, "weights_": params.proportions}

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self, X: object, y: object = None, sample_weight: object = None, labels: object = None, groups: object = None
    ) -> Self:
        """Fit the mixture.

        `X` (n, d): array, data frame whose column names are kept, or matrix of scipy.sparse. Families whose log-density is a
        sum over cells (Poisson, multinomial, Bernoulli, exponential, geometric) then pass over the cells that are not 0 alone;
        all cells are looked at, some rows at a time, before the first pass, and in the passes of other families.
        `sample_weight` (n,) >= 0 counts how often each row occurs: weight 2 is the row twice, weight 0 is no row.
        `labels` (n,): the component of each row, counted from 0, or names (text, also of numbers), which stand in sorted order
        (categories in their own) for the first components; -1 or a gap where it is not known. Or (n, K): how plausible
        each component is for each row, 0 where it is impossible, NaN in a row of which nothing is known. Components then keep
        the order of the labels. `groups` (n,): whose each row is; all rows of a group lie one after the other and share one
        component.
        `y` is ignored, as scikit-learn's mixtures ignore it: in a pipeline or a search it is what is to be predicted.
        Warns: ConvergenceWarning with the reason if the fit did not converge.
        Errors: DataError, ParameterError (both are ValueErrors) or DegenerateFitError, naming what cannot be.
        """
        return self._fit(X, y, sample_weight=sample_weight, labels=labels, groups=groups)

    def fit_predict(
        self, X: object, y: object = None, sample_weight: object = None, labels: object = None, groups: object = None
    ) -> Integers:
        """Fit, and return the most probable component of every row, shape (n,), given what is known of it: see `fit`."""
        return self.fit(X, y, sample_weight=sample_weight, labels=labels, groups=groups).predict(X, labels, groups)

    def predict(self, X: object, labels: object = None, groups: object = None) -> Integers:
        """The most probable component of every row, shape (n,), given what is known of it: `labels`, `groups` as in `fit`.

        Errors: DataError naming a row that is impossible under every component.
        """
        return self.predict_proba(X, labels, groups).argmax(axis=1)

    def predict_proba(self, X: object, labels: object = None, groups: object = None) -> Array:
        """The responsibilities: the probability of every component given each row, shape (n, K).

        Given, too, what is known of it, and all rows of its group: see `fit`.
        Errors: DataError naming a row that is impossible under every component.
        """
        source = self._source(X, None, False, labels, groups)
        return belonging(self.model_, self.params_, source)

    def transform(self, X: object) -> Any:
        """The responsibilities as features: `predict_proba`, named by `get_feature_names_out`, as `set_output` says."""
        return self.predict_proba(X)

    def score_samples(self, X: object) -> Array:
        """The log-likelihood of every row, shape (n,): -inf for a row that is impossible under every component."""
        source = self._source(X, None, reset=False)
        return posterior_of(self.model_, self.params_, source).log_likelihood

    def score(self, X: object, y: object = None, sample_weight: object = None) -> float:
        """The mean log-likelihood of a row, weighted by `sample_weight` if it is given."""
        log_likelihood, rows = self._total(X, sample_weight)
        return log_likelihood / rows

    def aic(self, X: object, sample_weight: object = None) -> float:
        """Akaike's information criterion of the mixture on `X`; lower is better."""
        log_likelihood, _ = self._total(X, sample_weight)
        return -2 * log_likelihood + 2 * self._free_parameters

    def bic(self, X: object, sample_weight: object = None) -> float:
        """Schwarz's information criterion of the mixture on `X`; lower is better."""
        log_likelihood, rows = self._total(X, sample_weight)
        return -2 * log_likelihood + float(np.log(rows)) * self._free_parameters

    @property
    def _n_features_out(self) -> int:
        return self._number

    def _total(self, X: object, sample_weight: object) -> tuple[float, float]:
        """The total log-likelihood of the rows, and their number (their total weight)."""
        source = self._source(X, sample_weight, reset=False)
        return log_likelihood_of(self.model_, self.params_, source), source.total_weight
