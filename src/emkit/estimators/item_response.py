"""Item response, as a scikit-learn estimator and transformer."""

from __future__ import annotations

import warnings
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, ArrayLike
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.source import ArraySource
from emkit.errors import DegenerateFitError, EmkitWarning, SeparationWarning, some_of
from emkit.estimators.allowed import Allowed, Count, Number, OneOf
from emkit.estimators.components import ConvergenceWarning
from emkit.estimators.gappy_rows import RowsOfModel
from emkit.estimators.validated import as_before_if_it_fails
from emkit.fitting import SOLVERS
from emkit.models.item_response import ItemResponseModel
from emkit.models.most_likely import most_likely
from emkit.report.item_tables import items_table
from emkit.report.sentences import capital
from emkit.result import fit

NARROW = 0.9  # steps between places of ability: where an ability is known better than that, their sum is no integral
STEEP = 1.4  # logits a step: up to there, sums over logistic lines are integrals to 1e-6, by exp(-2 pi^2 / STEEP)


class ItemResponse(ClassNamePrefixFeaturesOutMixin, TransformerMixin, RowsOfModel):
    """Answers of 0 and 1 to items, whose odds rise with an ability: logit P(right) = intercept_j + slope_j * ability.

    Ability is standard normal, and given it answers are independent. Answers may be missing (NaN), as by design.

    Parameters:
        slopes: "free", one for each item (the two-parameter logistic model), or "equal", one for all (Rasch's model).
        scores: what `transform` returns: "eap", the mean of the ability given the answers; "map", the most likely one, given
            that abilities are normal; or "ml", the most likely one by the answers alone, which is infinite where all are right,
            or all wrong.
        nodes: over how many places of ability sums stand for integrals: see `ek.ItemResponseModel`.
        tol, solver, max_iter, random_state: as in `FactorAnalysis`.

    Attributes after `fit`: `intercepts_` (J,), `slopes_` (J,), `difficulties_` (J,): the abilities at which one in two is
    right; `converged_`, `n_iter_` (passes over patterns of answers), and `result_`: an `ek.Result` with `standard_errors()` ...

    >>> import emkit as ek
    >>> answers = [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]]
    >>> rasch = ek.ItemResponse(slopes="equal").fit(answers)
    >>> rasch.difficulties_.round(2).tolist()
    [-1.02, 0.32, 0.64]
    >>> rasch.transform([[1, 1, 1], [1, float("nan"), 0]]).round(2).ravel().tolist()
    [1.18, -0.11]
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        "slopes": OneOf(("free", "equal")),
        "scores": OneOf(("eap", "map", "ml")),
        "nodes": Count(least=3),
        "max_iter": Count(),
        "tol": Number("it must be a number >= 0 (of log-likelihood still to be gained)"),
        "solver": OneOf(tuple(SOLVERS), or_with="step", also=" or a solver"),
    }

    def __init__(
        self,
        slopes: str = "free",
        *,
        scores: str = "eap",
        nodes: int = 81,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = None,
    ) -> None:
        self.slopes = slopes
        self.scores = scores
        self.nodes = nodes
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver
        self.random_state = random_state

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:
        """Estimate items from answers `X` (n, J), array or data frame. `y` is ignored.

        Warns: ConvergenceWarning with the reason if the fit did not converge; SeparationWarning for slopes that run off;
        EmkitWarning if `nodes` are too few.
        Errors: DataError, ParameterError or DegenerateFitError, naming what cannot be.
        """
        for name, allowed in self._allowed.items():
            allowed.check(name, getattr(self, name))
        with as_before_if_it_fails(self):
            return self._fit(self._source(X, sample_weight))

    def _fit(self, source: ArraySource) -> Self:
        model = self._model
        result = fit(
            model, source, model.start(source.profile), solver=self.solver, tol=self.tol, max_evaluations=int(self.max_iter)
        )
        if result.outcome.failed:
            raise DegenerateFitError(result.outcome.sentence)
        self.result_ = result
        self.intercepts_, self.difficulties_ = result.params.intercepts, result.params.difficulties
        self.slopes_ = np.array(np.broadcast_to(result.params.slopes, self.intercepts_.shape))
        self.converged_, self.n_iter_ = result.converged, result.evaluations
        if not self.converged_:
            warnings.warn(result.outcome.sentence, ConvergenceWarning, stacklevel=3)
        self._warn_of_sums(model.places[1] - model.places[0])
        return self

    def _warn_of_sums(self, step: float) -> None:
        """Warn where sums in such steps are no integrals: of items that are nearly steps themselves, and of abilities known."""
        result = self.result_
        steep = np.flatnonzero(np.abs(self.slopes_) * step > STEEP)
        if len(steep):
            named = some_of([f"{result.source.columns[j]!r} ({self.slopes_[j]:.3g})" for j in steep])
            warnings.warn(
                f"slopes run off: {named}. By these answers ability decides the item, or nearly, and the likelihood rises with "
                "its slope for ever, or hardly falls. Use slopes='equal', leave the item out, or give slopes a prior "
                "(ek.WithPrior).",
                SeparationWarning,
                stacklevel=4,
            )
            return
        narrowest = min(self._model.latent(result.params, chunk)[1].min() for chunk in result.passes.chunks())
        if narrowest < NARROW * step:
            more = int(np.ceil(self.nodes * NARROW * step / narrowest))
            warnings.warn(
                f"answers tell some ability to {narrowest:.2g}, and sums go in steps of {step:.2g}: set nodes={more} or more.",
                EmkitWarning,
                stacklevel=4,
            )

    def transform(self, X: object) -> Any:
        """The ability scores (n, 1) of rows, as `scores` says: see `ability_scores`."""
        return self.ability_scores(X)[0][:, None]

    def ability_scores(self, X: object) -> tuple[Array, Array]:
        """Ability scores (n,) of rows, and their standard deviations or, of the most likely ones, standard errors, (n,).

        Errors are infinite where scores are; where nothing was answered, a most likely score is NaN.
        """
        x = self._source(X, None, reset=False).x.astype(np.float64)
        if self.scores == "eap":
            return self._model.latent(self.result_.params, Chunk(x, unit_weights(len(x))))
        standard = np.zeros(len(x)), np.ones(len(x))
        return most_likely(self._model, self.result_.params, x, standard if self.scores == "map" else None)

    def information(self, ability: ArrayLike) -> Array:
        """What each item (n, J) tells at abilities (n,): Fisher's information. Its sum over items is that of the test."""
        check_is_fitted(self)
        return self._model.information(self.result_.params, ability)

    def predict_proba(self, ability: ArrayLike) -> Array:
        """The probability (n, J) that each item is right, at abilities (n,)."""
        check_is_fitted(self)
        return self._model.chances(self.result_.params, ability)

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how it ended, and the items with standard errors."""
        check_is_fitted(self)
        result = self.result_
        told = (
            f"{len(self.intercepts_)} items, {self.slopes} slopes: {result.rows:,.10g} rows, log-likelihood "
            f"{result.log_likelihood:.4f}, {result.free_parameters} free parameters, BIC {result.bic:.4f}"
        )
        errors = result.standard_errors().errors
        count = len(self.intercepts_)
        beside = np.broadcast_to(errors[count:], self.slopes_.shape)
        table = items_table(
            result.source.columns, (self.intercepts_, errors[:count]), (self.slopes_, beside), self.difficulties_, width
        )
        return "\n\n".join([wrapped(told, width), table, wrapped(capital(str(result.outcome)), width)])

    @property
    def _model(self) -> ItemResponseModel:
        return ItemResponseModel(equal=self.slopes == "equal", nodes=int(self.nodes))

    @property
    def _n_features_out(self) -> int:
        return 1
