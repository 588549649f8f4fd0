"""Item response, as a scikit-learn estimator and transformer."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, ArrayLike
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.source import ArraySource
from emkit.errors import DataError, ModelError, ParameterError
from emkit.estimators.allowed import Allowed, Count, OneOf, Truth
from emkit.estimators.differential import DifferentialItem, differential_items
from emkit.estimators.gappy_rows import RowsOfModel
from emkit.estimators.integral_warnings import warn_of_far_groups
from emkit.estimators.items_named import USUAL, NamesOfItems, PriorOfGuesses, grouped, kinds_named
from emkit.estimators.one_ability import OneAbility
from emkit.estimators.one_model import FITTING
from emkit.estimators.place_sums import error_said
from emkit.estimators.several_abilities import SeveralAbilities, model_of
from emkit.estimators.validated import as_before_if_it_fails
from emkit.models.abilities_on_grid import AbilitiesOnGrid
from emkit.models.ability_grid import NODES
from emkit.models.item_fit import ItemFit, PairFit, item_fits, pair_fit
from emkit.models.item_response import ItemResponseModel
from emkit.models.items_model import ItemsModel
from emkit.report.sentences import capital
from emkit.report.summary import untold
from emkit.result import fit

TOLD = {"slopes_", "intercepts_", "difficulties_", "means_", "spreads_", "ability_correlation_"}


class ItemResponse(ClassNamePrefixFeaturesOutMixin, TransformerMixin, RowsOfModel):
    """Answers to items that hang on an ability: of right and wrong ones, logit P(right) = intercept_j + slope_j * ability.

    Ability is standard normal, and given it answers are independent. Answers may be missing (NaN), as by design. There may be
    several abilities: the logit is then a plane in them.

    Parameters:
        slopes: "free", one for each item (the two-parameter logistic model), or "equal", one for all (Rasch's model).
        items: of what kind items are, or a list of kinds, one for each: "2pl", "3pl" (guessed, with a prior), "graded", "gpcm"
            and "pcm" (partial credit), or "rasch", of answers counted from 0; see `ek.ItemsModel`. None: right and wrong
            answers, as `slopes` says.
        guessing: what is known of the share of guesses of "3pl" items: "usual", a beta prior of about one in five that weighs
            as much as 20 answers; another `ek.BetaPrior`; or None, nothing.
        scores: what `transform` returns: "eap", the mean of the ability given the answers; "map", the most likely one, given
            that abilities are normal; or "ml", the most likely one by the answers alone, which is infinite where all are right,
            or all wrong.
        nodes: over how many places of ability sums stand for integrals. None: 81, and along each of several as many as
            `ek.AbilitiesModel` says; or more, if answers tell some ability better than sums over these do.
        n_abilities: how many abilities all items ask, 1 unless `loadings` say otherwise; several are turned to where slopes are
            largest, one by one.
        loadings: which items ask which abilities, (J, m) of 0 and 1, as where all ask one, and each one other (bifactor).
        correlated: whether abilities of `loadings` correlate, or are independent of each other.
        tol, solver, max_iter, random_state: as in `FactorAnalysis`.

    Attributes after `fit`: `converged_`, `n_iter_` (passes over patterns of answers), and `result_`: an `ek.Result` with
    `params`, `standard_errors()` ...; `integral_error_`, by how much its log-likelihood differs over finer places of ability.
    Of one ability: `slopes_` (J,); of right and wrong answers without guesses, also
    `intercepts_` (J,) and `difficulties_` (J,): the abilities at which one in two is right, NaN for slopes of 0. Where items
    have kinds, or people groups: `means_` (G,) and `spreads_` (G,) of abilities; of several groups, also `groups_`, their
    labels, the first of which has abilities of mean 0 and spread 1. Of several abilities: `slopes_` (J, m), of right and wrong
    answers without guesses `intercepts_` (J,), and `ability_correlation_` (m, m), how abilities correlate; of several groups,
    that is (G, m, m), and `means_` and `spreads_` are (G, m).

    >>> import emkit as ek
    >>> answers = [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]]
    >>> rasch = ek.ItemResponse(slopes="equal").fit(answers)
    >>> rasch.difficulties_.round(2).tolist()
    [-1.02, 0.32, 0.64]
    >>> rasch.transform([[1, 1, 1], [1, float("nan"), 0]]).round(2).ravel().tolist()
    [1.18, -0.11]

    Grades of essays, 0 to 2, by three readers; the third is stricter:

    >>> import numpy as np
    >>> model = ek.ItemsModel([ek.GradedResponse(3)] * 3)
    >>> true = model.params([*[ek.GradedItem([-1.0, 1.0], 1.5)] * 2, ek.GradedItem([0.5, 2.5], 1.5)])
    >>> essays = ek.ItemResponse(items="graded").fit(model.draw(true, np.random.default_rng(0), 2000))
    >>> [item.cuts.round(1).tolist() for item in essays.result_.params.items]
    [[-0.9, 1.1], [-1.0, 1.0], [0.6, 2.5]]
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        "slopes": OneOf(("free", "equal")),
        "items": NamesOfItems(),
        "guessing": PriorOfGuesses(),
        "scores": OneOf(("eap", "map", "ml")),
        "nodes": Count(least=3, or_one_of=(None,), also=" or None"),
        "n_abilities": Count(or_one_of=(None,), also=" or None"),
        "correlated": Truth(),
        **FITTING,
    }

    def __init__(
        self,
        slopes: str = "free",
        *,
        items: str | Sequence[str] | None = None,
        guessing: Any = USUAL,
        scores: str = "eap",
        nodes: int | None = None,
        n_abilities: int | None = None,
        loadings: Any = None,
        correlated: bool = False,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = None,
    ) -> None:
        self.slopes = slopes
        self.items = items
        self.guessing = guessing
        self.scores = scores
        self.nodes = nodes
        self.n_abilities = n_abilities
        self.loadings = loadings
        self.correlated = correlated
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver
        self.random_state = random_state

    def fit(self, X: object, y: object = None, sample_weight: object = None, groups: object = None) -> Self:
        """Estimate items from answers `X` (n, J), array or data frame. `groups`: a label for each row (n,). `y` is ignored.

        Items are the same in all groups, and abilities differ in mean and spread.
        Warns: ConvergenceWarning with the reason if the fit did not converge; SeparationWarning for slopes, or means of groups,
        that run off; EmkitWarning if `nodes` are too few.
        Errors: DataError, ParameterError or DegenerateFitError, naming what cannot be.
        """
        self._check_settings()
        with as_before_if_it_fails(self):
            self.groups_: tuple[Any, ...] | None = None
            for name in TOLD & vars(self).keys():
                delattr(self, name)  # of the fit before
            return self._fit(self._source(X, sample_weight), groups)

    def _fit(self, source: ArraySource, labels: object) -> Self:
        model, source = self._made_for(source, labels)
        found = fit(model, source, model.start(source.profile), **self._settings(model))
        if self.nodes is None:
            found = _view_of(found).over_enough_places(found, self._settings(model))
        return self._settled_on(found)

    def _settled_on(self, result: Any) -> Self:
        """What a fit tells, as attributes, and warnings of what it does not."""
        self._keep_result(result)
        told, sums = self._view.attributes, self._view.sums(result)
        self.__dict__.update(told)
        self.integral_error_ = sums.error(result)
        sums.warn()
        if self.groups_ is not None:
            warn_of_far_groups(self.groups_, told["means_"])
        return self

    def _made_for(self, source: ArraySource, labels: object) -> tuple[Any, ArraySource]:
        """The model of the items in these columns and of the groups of people, and the source that it takes."""
        answers, number, nodes = source, 1, int(self.nodes or NODES[1])
        if labels is not None:
            source, known = grouped(source, labels, None)
            self.groups_, number = known, len(known)
            if number < 2:
                raise DataError(f"all rows belong to one group, {known[0]!r}: fit them without groups.")
        several = model_of(self.get_params(), answers, number)
        if several is not None:
            return several, source
        if self.items is not None and self.slopes != "free":
            raise ParameterError(
                f"slopes={self.slopes!r} is of items that are right or wrong, and items={self.items!r:.60} says what each "
                'is: leave slopes out, or write items="rasch".'
            )
        if self.items is None and labels is None and self.guessing == USUAL:
            return ItemResponseModel(equal=self.slopes == "equal", nodes=nodes), source
        names = self.items or ("2pl" if self.slopes == "free" else "rasch")
        return ItemsModel(kinds_named(names, answers, self.guessing), number, nodes), source

    @property
    def _view(self) -> OneAbility | SeveralAbilities:
        """What the fit says of its abilities."""
        check_is_fitted(self)
        return _view_of(self.result_)

    def transform(self, X: object, groups: object = None) -> Any:
        """The ability scores (n, m) of rows, as `scores` says: see `ability_scores`."""
        found = self.ability_scores(X, groups)[0]
        return found.reshape(len(found), -1)

    def score_samples(self, X: object, groups: object = None) -> Array:
        """The log-likelihood (n,) of every row, given the label of the group of each where the fit has `groups`."""
        source = self._source(X, None, reset=False, groups=groups)
        found: Array = self._model.row_objectives(self.result_.params, Chunk(source.x, source.weights))
        return found

    def score(self, X: object, y: object = None, sample_weight: object = None, groups: object = None) -> float:
        """The mean log-likelihood of a row, weighted by `sample_weight` if it is given; `groups` as in `score_samples`."""
        source = self._source(X, sample_weight, reset=False, groups=groups)
        heights = self._model.row_objectives(self.result_.params, Chunk(source.x, source.weights))
        return float(source.weights @ heights / source.total_weight)

    def ability_scores(self, X: object, groups: object = None) -> tuple[Array, Array]:
        """Ability scores (n,) of rows, given the label of the group of each where the fit has `groups`; (n, m) of m abilities.

        And their standard deviations or, of the most likely ones, standard errors, of the same shape. Errors are infinite where
        scores are; where nothing was answered, a most likely score by the answers alone is NaN.
        """
        source = self._source(X, None, reset=False, groups=groups)
        x = source.x.astype(np.float64)
        return self._view.scores(Chunk(x, unit_weights(len(x))), self.scores)

    def sample(self, n_samples: int = 1) -> Any:
        """Answers (n_samples, J) drawn from the fit; of several groups, also the label (n_samples,) of each row's group.

        A row is as likely in each group.
        """
        drawn = super().sample(n_samples)
        if self.groups_ is None:
            return drawn
        labels = np.array(self.groups_)
        return drawn[:, :-1], labels[drawn[:, -1].astype(np.intp)]

    def item_fit(self) -> tuple[ItemFit, ...]:
        """S-X2 of each item, of right and wrong answers of one group: see `item_fits` in emkit.models.item_fit."""
        return item_fits(self._view.model, self.result_.params, self.result_.passes, self.result_.source.columns)

    def pair_fit(self) -> PairFit:
        """M2 of the whole test, of right and wrong answers of one group: how many have each pair of items right."""
        return pair_fit(self._view.model, self.result_.params, self.result_.passes)

    def differential_items(self) -> tuple[DifferentialItem, ...]:
        """Whether each item asks the same of all groups, by the likelihood ratio of letting it differ, the others tied."""
        check_is_fitted(self)
        if self.groups_ is None:
            raise ModelError("items differ between groups, and this fit is of one: fit with groups, a label for each row.")
        return differential_items(self.result_, **self._settings(self.result_.model))

    def information(self, ability: ArrayLike) -> Array:
        """What each item (n, J) tells at abilities (n,): Fisher's information. Its sum over items is that of the test.

        Errors: ParameterError for abilities that are no numbers, or missing.
        """
        return self._view.model.information(self.result_.params, ability)

    def predict_proba(self, ability: ArrayLike) -> Any:
        """The probability (n, J) that each item is right, at abilities (n,).

        Where `items` have kinds, a list with the probabilities (n, L) of the answers to each. Of m abilities, at (n, m).
        Errors: as `information`.
        """
        return self._view.chances(ability)

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how it ended, and the items with standard errors."""
        check_is_fitted(self)
        result = self.result_
        told = (
            f"{self.n_features_in_} items, {self._said}: {result.rows:,.10g} rows, log-likelihood "
            f"{result.log_likelihood:.4f}, {result.free_parameters} free parameters, BIC {result.bic:.4f}"
        )
        ended = f"{capital(str(result.outcome))} {error_said(self.integral_error_)}"
        errors = result.standard_errors()
        table = self._view.table(result.source.columns, self.groups_, errors, width)
        said = [ended, *untold(result, errors)]
        return "\n\n".join([wrapped(told, width), table, *(wrapped(sentence, width) for sentence in said)])

    @property
    def _said(self) -> str:
        of = (
            f"{self.slopes} slopes" if self.items is None else self.items if isinstance(self.items, str) else "of several kinds"
        )
        return self._view.said(of if self.groups_ is None else f"{of}, {len(self.groups_)} groups")

    def _source(self, X: object, sample_weight: object, reset: bool = True, groups: object = None) -> ArraySource:
        """The rows as a source; of a fit of several groups, with a last column that says which."""
        source = super()._source(X, sample_weight, reset)
        if reset or self.groups_ is None:
            if groups is not None and not reset:
                raise DataError("this fit is of one group: leave groups out.")
            return source
        if groups is None:
            raise DataError(
                f"abilities differ between groups: give groups, a label of {self.groups_} for each row, as in "
                "ability_scores(X, groups=...)."
            )
        return grouped(source, groups, self.groups_)[0]

    @property
    def _model(self) -> Any:
        return self.result_.model

    @property
    def _n_features_out(self) -> int:
        return self._view.width


def _view_of(result: Any) -> OneAbility | SeveralAbilities:
    """What a fit says of its abilities."""
    model, params = result.model, result.params
    return SeveralAbilities(model, params) if isinstance(model, AbilitiesOnGrid) else OneAbility(model, params)
