"""Mixtures of people who answer items in different ways, as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.source import ArraySource
from emkit.errors import ParameterError, SeparationWarning, some_of
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.choosable import Choosable
from emkit.estimators.gappy_rows import RowsOfModel
from emkit.estimators.items_named import USUAL, NamesOfItems, PriorOfGuesses, kinds_named
from emkit.estimators.one_model import FITTING
from emkit.estimators.place_sums import PlaceSums, error_said, over_enough_places
from emkit.estimators.validated import as_before_if_it_fails
from emkit.models.ability_grid import NODES
from emkit.models.item_mixture import ItemMixture
from emkit.report.item_tables import EntryNames, classes_table
from emkit.report.sentences import capital
from emkit.report.summary import untold
from emkit.result import Result
from emkit.search.plan import MOST_STARTS
from emkit.search.seeding import check_components

NEVER = 1e-7  # of the people of a class: a share of answers that goes to 0


class ItemResponseMixture(Choosable, RowsOfModel):
    """Answers of people of `n_components` classes that nobody sees: in each of them, items may ask something else.

    In each class answers hang on an ability, which is normal there, as in `ItemResponse`. Answers may be missing (NaN).

    Parameters:
        n_components: how many classes there are.
        items: of what kind items are, or a list of kinds, one for each, as in `ItemResponse`: "rasch" is the mixed Rasch model.
        guessing: what is known of the share of guesses of "3pl" items, as in `ItemResponse`.
        shared: which items are the same in all classes: None, "all", or a list of columns, by name or place. Where none is,
            each class has its own origin of ability; else abilities of classes differ in mean and spread, beside the first one.
        spreads: "free", of abilities in each class, or "equal", one for all. Spreads of classes that share no items are those
            of items with slopes of 1.
        n_init: how many starts race; "auto", as many as seem worth while.
        nodes: over how many places of ability in each class sums stand for integrals; None: 81, or more if it takes them.
        tol, solver, max_iter, random_state: as in `FactorAnalysis`.

    Attributes after `fit`: `proportions_` (K,), `means_` (K,) and `spreads_` (K,) of abilities; `converged_`, `n_iter_`,
    `integral_error_` as in `ItemResponse`, and `result_`: an `ek.Result` with `params`, `standard_errors()`, `bic`, `icl`,
    `starts()` ... Classes come in the order of their mean abilities or, where they share no item, of the first parameter of
    their first item, lowest first.

    Two ways to go about six tasks, of which those that are hard for one class are easy for the other:

    >>> import emkit as ek
    >>> import numpy as np
    >>> model = ek.ItemMixture([ek.PartialCredit()] * 6)
    >>> ways = [[ek.UnitSlopeItem([sign * at]) for at in (-2, -1, -1, 1, 1, 2)] for sign in (1, -1)]
    >>> x, _ = model.draw(model.params([0.4, 0.6], ways), np.random.default_rng(0), 1500)
    >>> two = ek.ItemResponseMixture(2, random_state=0).fit(x)
    >>> two.proportions_.round(1).tolist()
    [0.4, 0.6]
    >>> two.predict([[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]]).tolist()
    [0, 1]
    >>> two.ability_scores([[0, 0, 0, 1, 1, 1]])[0].shape
    (1, 2)
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        "n_components": Count(),
        "items": NamesOfItems(),
        "guessing": PriorOfGuesses(),
        "spreads": OneOf(("free", "equal")),
        "n_init": Count(or_one_of=("auto",), also=", or 'auto'", most=MOST_STARTS),
        "nodes": Count(least=3, or_one_of=(None,), also=" or None"),
        **FITTING,
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        items: str | Sequence[str] = "rasch",
        guessing: Any = USUAL,
        shared: Any = None,
        spreads: str = "free",
        n_init: int | str = 10,
        nodes: int | None = None,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.items = items
        self.guessing = guessing
        self.shared = shared
        self.spreads = spreads
        self.n_init = n_init
        self.nodes = nodes
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver
        self.random_state = random_state

    def fit(self, X: object, y: object = None, sample_weight: object = None, groups: object = None) -> Self:
        """Estimate classes and items from answers `X` (n, J), array or data frame, by a search from many starts.

        `y` is ignored; `groups` of people that are known are refused, with what to do instead.
        Warns: ConvergenceWarning with the reason if the fit did not converge; SeparationWarning for slopes and intercepts that
        run off; EmkitWarning if `nodes` are too few. Errors: DataError, ParameterError or DegenerateFitError, naming what
        cannot be.
        """
        self._check_settings()
        if groups is not None:
            raise ParameterError(
                "classes are groups of people that nobody sees, and there is no model of them beside groups that are known. "
                "Leave groups out and cross predict_proba(X) with them; or fit ItemResponse with groups, of which the items "
                "that differ are told by differential_items(); or fit the people of each group alone."
            )
        with as_before_if_it_fails(self):
            return self._fit(self._source(X, sample_weight))

    def _fit(self, source: ArraySource) -> Self:
        check_components(source, self.n_components)
        kinds, nodes = kinds_named(self.items, source, self.guessing), int(self.nodes or NODES[1])
        model = ItemMixture(kinds, int(self.n_components), self._shared(source), self.spreads == "equal", nodes)
        found: Any = Result.of(self._searched(model, source, model.classes, self.n_init, self._seed()).in_order())
        if self.nodes is None:
            found = over_enough_places(found, _sums, self._settings(model)).in_order()
        return self._take(found)

    def _shared(self, source: ArraySource) -> list[int]:
        """The places of the items that are shared. Errors: ParameterError for what is no column."""
        columns = list(source.columns)
        if self.shared is None or (isinstance(self.shared, str) and self.shared == "all"):
            return [] if self.shared is None else [*range(len(columns))]
        if isinstance(self.shared, str) or not isinstance(self.shared, Sequence | np.ndarray):
            raise ParameterError(f"shared is {self.shared!r}; it must be None, 'all', or a list of columns.")
        return [self._place(each, columns) for each in self.shared]

    @staticmethod
    def _place(column: Any, columns: list[str]) -> int:
        if isinstance(column, str) and column in columns:
            return columns.index(column)
        if isinstance(column, int | np.integer) and not isinstance(column, bool) and 0 <= column < len(columns):
            return int(column)
        raise ParameterError(f"shared has {column!r}, which is no column; columns are {', '.join(map(repr, columns[:6]))} ...")

    def _take(self, result: Any) -> Self:
        """What a fit tells, as attributes, and warnings of what it does not."""
        self._keep_result(result)
        groups = result.params.abilities.groups
        self.proportions_, self.means_, self.spreads_ = result.params.proportions, groups.means, groups.spreads
        sums = _sums(result)
        self.integral_error_ = sums.error(result)
        sums.warn()
        alike = _answered_alike(result)
        if alike:
            warnings.warn(
                "in a class, next to nobody gives some answer, so that the item has no finite parameters there: "
                f"{some_of(alike)}. Errors of others may not be told either. Use fewer classes, or share the item.",
                SeparationWarning,
                stacklevel=4,
            )
        return self

    def predict_proba(self, X: object) -> Array:
        """How likely each class (n, K) is for each row, given its answers."""
        chunk = self._chunk(X)
        return self._model.posterior(self.result_.params, chunk).responsibilities

    def predict(self, X: object) -> Integers:
        """The likeliest class (n,) of each row, counted from 0."""
        return self.predict_proba(X).argmax(axis=1)

    def ability_scores(self, X: object) -> tuple[Array, Array]:
        """Means (n, K) and standard deviations (n, K) of the ability of each row, if it were of each class.

        Classes that share no item have origins and units of their own, so that these are told class by class.
        """
        chunk = self._chunk(X)
        return self._model.of_classes(self.result_.params, chunk)

    def sample(self, n_samples: int = 1) -> tuple[Array, Integers]:
        """Rows (n_samples, J) drawn from the fit, and the class (n_samples,) of each."""
        return super().sample(n_samples)

    def _chunk(self, X: object) -> Chunk:
        x = self._source(X, None, reset=False).x.astype(np.float64)
        return Chunk(x, unit_weights(len(x)))

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how it ended, and items and abilities of each class with standard errors."""
        check_is_fitted(self)
        result, kinds = self.result_, self.items if isinstance(self.items, str) else "of several kinds"
        many = "1 class" if self.n_components == 1 else f"{self.n_components} classes"
        told = (
            f"{self.n_features_in_} items, {kinds}, {many}: {result.rows:,.10g} rows, log-likelihood "
            f"{result.log_likelihood:.4f}, {result.free_parameters} free parameters, BIC {result.bic:.4f}"
        )
        names = EntryNames(result.source.columns, self._model.shared, range(1, self._model.classes + 1))
        errors = result.standard_errors()
        said = [f"{capital(str(result.outcome))} {error_said(self.integral_error_)}", *untold(result, errors)]
        sentences = (wrapped(sentence, width) for sentence in said)
        return "\n\n".join([wrapped(told, width), classes_table(names, errors, width), *sentences])

    @property
    def _model(self) -> Any:
        return self.result_.model


def _each(result: Any) -> list[Any]:
    """The items and abilities of each class."""
    return [result.model.layout.of_class(result.params, k) for k in range(result.model.classes)]


def _sums(result: Any) -> PlaceSums:
    """The sums over ability in the class in which they are told worst."""
    test, classes = result.model.test, _each(result)
    step = float(test.places[1] - test.places[0])  # in units of the spread of abilities in a class
    steepest = np.max([np.abs(test.slopes_of(own)) * own.abilities.spreads[0] for own in classes], axis=0)

    def narrowest() -> float:
        chunks = list(result.passes.chunks())
        return float(min(test.standard_latent(own, chunk)[1].min() for own in classes for chunk in chunks))

    instead = "Use items='rasch' or fewer classes"
    return PlaceSums(result.source.columns, steepest, step, result.model.nodes, narrowest, instead, step)


def _answered_alike(result: Any) -> list[str]:
    """The items, with the class, counted from 1, in which some answer is never given."""
    test, found = result.model.test, []
    for k, own in enumerate(_each(result)):
        shares = np.exp(test.log_chances(own, test.places_of(own)[0])) @ np.exp(test.log_mass)
        for name, part in zip(result.source.columns, test.parts, strict=True):
            if (shares[part] < NEVER).any():
                found.append(f"{name!r} in class {k + 1}")
    return found
