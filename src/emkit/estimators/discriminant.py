"""Discriminant analysis: known classes, each of one or several components, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import _safe_indexing, check_consistent_length, check_random_state, get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_is_fitted, column_or_1d

from emkit.core.arrays import Array, Integers
from emkit.core.checks import check_count
from emkit.core.protocols import Executor
from emkit.errors import DataError, ParameterError
from emkit.estimators.mixture import MixtureModel
from emkit.estimators.stored import WithoutData


class Discriminant(ClassifierMixin, WithoutData):
    """A classifier: the rows of each known class come from a mixture of their own, and a new row from the likeliest class.

    Parameters:
        family: of the components, as in `MixtureModel`. With one component for each class, "gaussian" is quadratic and
            "gaussian-tied" linear discriminant analysis, "bernoulli" naive Bayes.
        n_components: the number of components of every class, or of each in a mapping by class.
        tol, max_iter, n_init, random_state, solver, n_jobs: as in `MixtureModel`, for the search within each class.

    All classes are one mixture, of which it is known that rows belong to a component of their class: its log-likelihood is that
    of rows and classes together, and what the family shares between components (a covariance) all classes share.

    Attributes: `classes_`; `class_priors_`, the share of each; `mixture_`, the fitted `MixtureModel` of all components, and
    `class_of_component_` (K,), the place in `classes_` that each belongs to; `result_`, with `summary()` ...
    Source: Fraley & Raftery (2002), J. Amer. Statist. Assoc. 97, 611-631 (MclustDA and EDDA in mclust).

    >>> import emkit as ek
    >>> X = [[1.0], [1.2], [0.8], [1.1], [5.0], [5.3], [4.9], [5.1]]
    >>> lda = ek.Discriminant("gaussian-tied").fit(X, ["a", "a", "a", "a", "b", "b", "b", "b"])
    >>> lda.predict([[0.9], [6.0]]).tolist()
    ['a', 'b']
    """

    def __init__(
        self,
        family: Any = "gaussian",
        n_components: Any = 1,
        *,
        tol: float = 1e-8,
        max_iter: int = 1000,
        n_init: int | str = "auto",
        random_state: Any = None,
        solver: Any = "anderson",
        n_jobs: int | Executor | None = None,
    ) -> None:
        self.family = family
        self.n_components = n_components
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.random_state = random_state
        self.solver = solver
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the mixture of each class. `X` (n, d) as in `MixtureModel`, `y` (n,): the class of each row.

        Errors: DataError, ParameterError (both are ValueErrors) naming what cannot be.
        """
        if y is None:
            raise DataError("Discriminant requires y to be passed, but the target y is None: give the class of each row.")
        given = column_or_1d(y, warn=True)
        assert_all_finite(given, input_name="y")
        check_classification_targets(given)
        check_consistent_length(X, given, sample_weight)
        self.classes_, code = np.unique(given, return_inverse=True)
        numbers = [self._number(label) for label in self.classes_.tolist()]
        self.class_of_component_ = np.repeat(np.arange(len(numbers)), numbers)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        shares = self._shares(X, code, sample_weight, numbers, seed)
        own = (code[:, None] == self.class_of_component_).astype(np.float64)
        known = dict(zip(self._component_names(numbers), own.T, strict=True))
        self.mixture_ = self._mixture(len(known), seed, start=shares).fit(X, sample_weight=sample_weight, labels=known)
        self.class_priors_ = np.bincount(self.class_of_component_, self.mixture_.weights_)
        self.result_, self.n_iter_ = self.mixture_.result_, self.mixture_.n_iter_
        self.n_features_in_ = self.mixture_.n_features_in_
        if hasattr(self.mixture_, "feature_names_in_"):
            self.feature_names_in_ = self.mixture_.feature_names_in_
        return self

    def predict(self, X: Any) -> Any:
        """The likeliest class of each row, shape (n,)."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, in the order of `classes_`, given each row, shape (n, classes)."""
        check_is_fitted(self)
        return np.asarray(self.mixture_.predict_proba(X) @ np.eye(len(self.classes_))[self.class_of_component_])

    def _mixture(self, number: int, seed: int, start: Any = None) -> MixtureModel:
        options = {name: getattr(self, name) for name in ("tol", "max_iter", "n_init", "solver", "n_jobs")}
        return MixtureModel(self.family, number, random_state=seed, start=start, **options)

    def _number(self, label: Any) -> int:
        """How many components a class has. Errors: ParameterError."""
        given = self.n_components
        if isinstance(given, Mapping):
            if label not in given:
                raise ParameterError(f"n_components says nothing of class {label!r}.")
            given = given[label]
        check_count("n_components", given, ParameterError)
        return int(given)

    def _component_names(self, numbers: Sequence[int]) -> list[str]:
        """The class of each component, with its number within the class where that has several."""
        each = zip(map(str, self.classes_.tolist()), numbers, strict=True)
        return [label if number == 1 else f"{label} ({i + 1})" for label, number in each for i in range(number)]

    def _shares(self, X: Any, code: Integers, sample_weight: Any, numbers: list[int], seed: int) -> Array:
        """The responsibilities (n, K) to start from: those of a mixture fitted to each class."""
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        shares = np.zeros((len(code), sum(numbers)))
        for c, number in enumerate(numbers):
            rows, own = np.flatnonzero(code == c), np.flatnonzero(self.class_of_component_ == c)
            if weights is not None and not weights[rows].any():
                raise DataError(f"the weights of all rows of class {self.classes_.tolist()[c]!r} are zero; leave its rows out.")
            if number == 1:
                shares[rows, own] = 1.0
                continue
            inner, some = self._mixture(number, seed), _safe_indexing(X, rows)
            inner.fit(some, sample_weight=None if weights is None else weights[rows])
            shares[np.ix_(rows, own)] = inner.predict_proba(some)
        return shares

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's own: what cells may be follows from the family."""
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._mixture(1, 0)).input_tags
        return tags
