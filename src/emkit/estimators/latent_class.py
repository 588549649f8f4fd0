"""Latent class analysis, as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from emkit.core.protocols import Executor
from emkit.data.frames import as_frame
from emkit.estimators.in_steps import InSteps
from emkit.families import family_named
from emkit.inference import goodness_of_fit
from emkit.models.mixture import Mixture, MixtureParams
from emkit.report.frames import estimates
from emkit.result import Result


class LatentClass(InSteps):
    """Latent class analysis: people of `n_components` classes, whose answers are independent within each class.

    Data: a data frame or array of answers, each column an item: text, categories, truths or codes. The levels of an item are
    those that occur, or the categories of its column. Parameters are those of `MixtureModel` without `family`; `fit` takes
    `sample_weight`, `labels` of classes that are known, and `groups` of rows of one person.

    Parameters of a structure around the classes:
        predictors: a formula such as ``"~ age + sex"``: sizes of classes depend on these columns, by a multinomial logit.
        outcomes: the name of a column, or several, that depends on the class: mean and variance of numbers, probabilities of
            text, categories or truths. With `predictors` or `outcomes` the items are all other columns of the data frame.
        steps: 1, everything at once, from where the items lead and from starts of its own; 2, the items first, and held; 3, the
            items first, then rows are assigned to classes, which take the place of the items.
        assignment: of three steps: each row to its likeliest class ("modal"), or to all classes by their posterior
            probabilities ("proportional").
        correction: of three steps: "BCH" (weights that undo the errors of classification), "ML" (classes as answers of known
            error), or None: estimates are then biased towards 0.
        gaps: rows with gaps in predictors are refused, or dropped ("drop"). Items and outcomes may have gaps.

    Attributes:
        class_sizes_ (K,): the share of each class, and what `MixtureModel` has, with ``components_.columns[j].probabilities``
            (K, C_j). Classes come in the order of the probability of the first level of the first item, lowest first.
        entropy_: relative entropy, 1 where every row surely belongs to one class; `classification_table_` (K, K): the mean
            posterior probability of each class among the rows assigned to each.
        G2_, X2_, degrees_of_freedom_: how well the table of all patterns is reproduced, as poLCA has them, from the rows
            without gaps; `goodness_of_fit_` has p-values, too. None if every row has a gap, or with `groups`.
        result_: the `ek.Result`, with `summary()`, `aic`, `bic`, `starts()`, `tidy()`, and `augment(frame)`, which puts the
            class of each respondent beside the answers.
        With predictors or outcomes, `result_` is of the last step, with standard errors that know of the steps before, and
            `measurement_` the `ek.Result` of the items alone, of which entropy, tables and goodness of fit tell. `class_sizes_`
            are the mean sizes among the rows, by their predictors; `components_` those of the step in which the items were
            estimated. `gates_` (K, q), log-odds of each class against the first, by `gate_names_`; `outcomes_` {name:
            parameters of it}; `classification_errors_` (K, K), of three steps: the probability of being assigned to each class,
            given the true one, which stand down.

    >>> import emkit as ek
    >>> answers = (
    ...     40 * [["yes", "yes", "no"]] + 10 * [["yes", "no", "no"]] + 30 * [["no", "no", "yes"]] + 9 * [["no", "yes", "yes"]]
    ... )
    >>> lc = ek.LatentClass(2, random_state=0).fit(answers)
    >>> lc.class_sizes_.round(3).tolist()
    [0.562, 0.438]
    >>> lc.predict([["no", "no", "yes"]]).tolist()
    [1]
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        predictors: str | None = None,
        outcomes: Any = None,
        steps: int = 1,
        assignment: str = "modal",
        correction: str | None = "BCH",
        gaps: Any = "refuse",
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
        self.n_components = n_components
        self.predictors = predictors
        self.outcomes = outcomes
        self.steps = steps
        self.assignment = assignment
        self.correction = correction
        self.gaps = gaps
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

    _of_rows = (
        *InSteps._of_rows,
        *("entropy_", "classification_table_", "goodness_of_fit_", "G2_", "X2_", "degrees_of_freedom_"),
    )

    def _model(self) -> Mixture[Any, Any]:
        return Mixture(family_named("categorical"))

    def _fitted(self, params: MixtureParams[Any]) -> dict[str, Any]:
        return {**super()._fitted(params), "components_": params.components, "class_sizes_": params.proportions}

    def _keep(self, result: Result[Any]) -> None:
        super()._keep(result)
        told = result.classification()
        self.entropy_, self.classification_table_ = told.relative_entropy, told.table
        levels = result.params.components.levels
        found = goodness_of_fit(result.model, result.params, result.source, levels, result.free_parameters)
        self.goodness_of_fit_ = found
        self.G2_ = found.G2 if found else None
        self.X2_ = found.X2 if found else None
        self.degrees_of_freedom_ = found.degrees_of_freedom if found else None

    def profiles(self, standard_errors: bool = True) -> Any:
        """The answers of each class: item, level, class (counted from 1), probability and std_error.

        A data frame of the library that the data came in; a dictionary of columns if they came in none. `std_error` is NaN for
        probabilities of 0 and 1, and takes 2 passes over the data for each parameter.
        """
        check_is_fitted(self)
        fit = self.of_items
        items = self.roles_.items if self._in_steps else fit.source.columns
        found = estimates(fit, fit.standard_errors() if standard_errors else None)
        rows = [i for i, path in enumerate(found["path"]) if path != "proportions" and found["column"][i] in items]
        names = {"column": "item", "level": "level", "component": "class", "estimate": "probability", "std_error": "std_error"}
        kept = {name: [found[key][i] for i in rows] for key, name in names.items() if key in found}
        return as_frame(kept, self.result_.source.library)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.string = tags.input_tags.positive_only = True
        return tags
