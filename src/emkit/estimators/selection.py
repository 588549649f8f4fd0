"""Choice among models of an estimator, as users hold it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from emkit.core.json_types import Json
from emkit.core.protocols import Executor
from emkit.data.blocks import as_blocks
from emkit.data.source import RowSource
from emkit.errors import EmkitWarning, ModelError, ParameterError
from emkit.estimators.components import ComponentsEstimator
from emkit.estimators.factor_analysis import FactorAnalysis
from emkit.estimators.growth_mixture_model import GrowthMixtureModel
from emkit.estimators.item_mixture import ItemResponseMixture
from emkit.estimators.one_model import OneModel
from emkit.fitted import AnyFitted
from emkit.markup import text_as_html
from emkit.report.choices import choice_text
from emkit.selection.bootstrap_test import BootstrapTest, Watch, all_of_them, bootstrap_test
from emkit.selection.choice import Cell, Choice, Line
from emkit.selection.grid import checked_numbers, choose, told_once

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from emkit.writeup import Document

VLMR = (
    "the likelihood-ratio test of Vuong, Lo, Mendell and Rubin is not offered: its proof needs conditions that mixtures do not "
    "meet (Jeffries 2003, Biometrika 90, 991-994), and its level is not what it says. Use method='bootstrap'."
)


Chosen = ComponentsEstimator | FactorAnalysis | GrowthMixtureModel | ItemResponseMixture  # what a number is chosen for


@dataclass(frozen=True)
class Fits:
    """How an estimator is fitted with the settings of one cell of a grid. `known`: what `fit` is given besides the rows."""

    estimator: Chosen
    names: tuple[str, ...]
    X: object
    known: Mapping[str, Any]

    def __call__(self, cell: Cell) -> Chosen:
        settings = dict(zip(self.names, cell.form, strict=True))
        made: Any = clone(self.estimator).set_params(**settings, n_components=cell.components)
        fitted: Chosen = made.fit(self.X, **self.known)
        return fitted

    def record(self, fit: Chosen) -> AnyFitted:
        return fit.chosen_by

    def adopted(self, fit: Chosen, better: AnyFitted) -> Chosen:
        return fit.adopt(better)


@dataclass(frozen=True)
class Selection:
    """Fitted estimators by form and number of components, and which of them is best. Made by `ek.select`.

    ``s[3]``, ``s["VVV", 3]`` are estimators; so is `best`. Print it, or `table()`, for all criteria; `plot()` draws one line
    for each form; `test(2)` is the bootstrap test of 2 against 3 components.
    """

    choice: Choice[Chosen]
    fits: Fits

    @property
    def best(self) -> Chosen:
        """The fitted estimator with the lowest criterion, of those whose fit is sound. Errors: ModelError if none is."""
        return self._fit(self.choice.best)

    @property
    def lines(self) -> tuple[Line[Chosen], ...]:
        """Every model of the grid, with its fit and its criteria, or what kept it from being fitted or chosen."""
        return self.choice.lines

    def __getitem__(self, key: Any) -> Chosen:
        """Errors: KeyError if there is no such model; ModelError if it could not be fitted."""
        return self._fit(self.choice[key])

    def _fit(self, line: Line[Chosen]) -> Chosen:
        if line.fit is None:
            raise ModelError(f"there is no fit of {line.cell.components} components here: {line.trouble}")
        return line.fit

    def table(self, width: int = 80) -> str:
        """All models and criteria as text, no line longer than `width`; the best model is marked.

        Of more than 24 models, one number each, by how much the criterion is above the lowest, and lines of the best six.
        """
        return choice_text(self.choice, width)

    __str__ = table

    def _repr_html_(self) -> str:
        return text_as_html(self.table())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw by how much the criterion is above the lowest, by number of components, one line for each form.

        Errors: ModelError without matplotlib.
        """
        from emkit.plots import choice
        from emkit.views import choice_view

        return choice(choice_view(self.choice), ax)

    def test(
        self,
        n_components: int,
        *,
        form: Any = None,
        number: int = 99,
        method: str = "bootstrap",
        random_state: Any = None,
        n_jobs: int | Executor | None = None,
        watch: Watch = all_of_them,
    ) -> BootstrapTest:
        """Whether `n_components` are too few: the bootstrap likelihood-ratio test against one more, of the best form.

        `form`: another one, as it stands in a key. See `bootstrap_lrt`. Errors: ModelError, KeyError.
        """
        chosen = self.choice.best.cell.form if form is None else form if isinstance(form, tuple) else (form,)
        return _tested(self.fits, chosen, n_components, number, method, random_state, n_jobs, watch)

    def report(self, path: str | Path | None = None, **options: Any) -> Document:
        """The best model written up, with the table of all: see `Result.report`, which has the `options`.

        If none can be chosen, that is what is told, with the reason of each; another one is reported by
        ``s[2].result_.report(path, choice=s.choice)``.
        """
        if self.choice.chosen is not None:
            made: Document = self.best.result_.report(path, choice=self.choice, **options)
            return made
        return _report_of_none(self.choice, path, **options)

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return self.choice.to_dict()


def _report_of_none(
    choice: Choice[Any], path: str | Path | None, title: str | None = None, include_data: bool = False, **of_a_fit: Any
) -> Document:
    """The report of a choice that has no best model; what is asked `of_a_fit` has nothing to be asked of."""
    from emkit.page.report import write_report
    from emkit.plots import pictures
    from emkit.writeup import document_of_choice

    made = document_of_choice(choice, title, include_data)
    some = next(line.record for line in choice.lines if line.record is not None)
    write_report(path, made, lambda: pictures(made, some, choice))
    return made


def select(
    estimator: Chosen,
    X: object,
    n_components: Iterable[int] | int = range(1, 10),
    *,
    grid: Mapping[str, Iterable[Any]] | None = None,
    criterion: str = "bic",
    random_state: int = 0,
    n_jobs: int | Executor | None = None,
    **known: Any,
) -> Selection:
    """Fit an estimator with several numbers of components, and several values of its settings, and choose among the fits.

    `estimator`: such as ``ek.GaussianMixture()``, whose other settings stay; of ``ek.FactorAnalysis()``, numbers of factors are
    chosen. `X` (n, d); `n_components`: 1 is always among
    them. `grid`: values of settings by name, such as ``{"covariance_type": ["VVV", "EEE"]}``. `criterion`: aic, aicc, bic,
    sabic, caic, icl, or cv (rows left out, which are in memory; `random_state` deals them). All are lower where a model is
    better. `n_jobs`: processes (-1: one for each core) or an executor, ``ek.Dask(client)``, for fits from starts of their own
    and those of cv, each of which works on one thread, and brings its own copy of the rows back. The numbers do not depend on
    it.
    What is `known` besides (`sample_weight`, `lengths`) goes to `fit`. Each model is fitted from starts of its own, mixtures
    from what their neighbours lead to, too. What did not converge, or collapsed, stands in the table with its reason, and is
    never chosen. BIC and its kin count rows, those in sequence as others.
    Errors: ModelError or ParameterError for what cannot be; DataError if nothing can be fitted.

    Two clusters in one column; a criterion is lower where a model is better:

    >>> import emkit as ek
    >>> import numpy as np
    >>> x = np.r_[np.linspace(-1, 1, 40), np.linspace(4, 6, 40)][:, None]
    >>> chosen = ek.select(ek.GaussianMixture(), x, n_components=[1, 2, 3])
    >>> chosen.best.n_components, [round(chosen[k].result_.bic, 1) for k in (1, 2, 3)]
    (2, [386.8, 276.0, 283.0])
    """
    fits = _fits(estimator, X, grid, known)
    forms = _forms(grid)
    rows = as_blocks(X)
    if criterion == "cv" and isinstance(rows, RowSource) and rows.is_elsewhere:
        raise ModelError("rows can be left out where they are in memory, and these are read as they are worked on: use bic.")
    if n_jobs is not None and callable(getattr(estimator, "n_jobs", None)):
        raise ModelError(
            "n_jobs is for whole fits, and the estimator's own executor for the passes of one: give one of the two."
        )
    if criterion == "icl" and isinstance(estimator, FactorAnalysis):
        raise ModelError("icl is of components that rows belong to, and here are factors: use bic, or another.")
    with told_once():
        choice = choose(fits, checked_numbers(n_components), forms, criterion, fits.names, random_state, n_jobs)
    return Selection(choice, fits)


def bootstrap_lrt(
    estimator: Chosen,
    X: object,
    n_components: int,
    *,
    number: int = 99,
    method: str = "bootstrap",
    random_state: Any = None,
    n_jobs: int | Executor | None = None,
    watch: Watch = all_of_them,
    **known: Any,
) -> BootstrapTest:
    """The parametric bootstrap likelihood-ratio test of `n_components` against one more.

    Both models are fitted to `number` data sets drawn from the smaller one, each from starts of their own as `estimator` asks
    for them, and from the estimates. `n_jobs`: processes, or an executor; the numbers do not depend on it.
    Source: McLachlan (1987), Applied Statistics 36, 318-324. Errors: ModelError for what cannot be, and for `method` "vlmr".

    >>> import emkit as ek
    >>> counts = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6]
    >>> estimator = ek.MixtureModel("poisson", n_init=1, random_state=0)
    >>> test = ek.bootstrap_lrt(estimator, counts, 1, number=9, random_state=0)  # none of the 9 is as high: (0 + 1) / (9 + 1)
    >>> round(test.statistic, 2), test.p_value
    (11.62, 0.1)
    """
    return _tested(_fits(estimator, X, None, known), (), n_components, number, method, random_state, n_jobs, watch)


def _tested(fits: Fits, form: tuple[Any, ...], n_components: int, number: int, method: str, *how: Any) -> BootstrapTest:
    if method == "vlmr":
        raise ModelError(VLMR)
    if method != "bootstrap":
        raise ModelError(f"method is {method!r}; there is only 'bootstrap'.")
    fewer = checked_numbers([n_components])[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmkitWarning)
        smaller, larger = (fits(Cell(form, components)) for components in (fewer, fewer + 1))
    return bootstrap_test(smaller.chosen_by, larger.chosen_by, number, *how)


def _fits(estimator: Chosen, X: object, grid: Mapping[str, Any] | None, known: Mapping[str, Any]) -> Fits:
    if isinstance(estimator, OneModel) and not isinstance(estimator, Chosen):
        raise ModelError(
            f"{type(estimator).__name__} has no number of components to choose. Fit each form that you compare, and hold their "
            "result_.bic against each other, lower is better; result_.test(larger) is the bootstrap likelihood-ratio test of "
            "one fit against a larger one."
        )
    if not isinstance(estimator, Chosen):
        raise ModelError(f"estimator is {estimator!r}; it must be one of emkit's, such as ek.GaussianMixture().")
    if getattr(estimator, "checkpoint", None) is not None:
        raise ModelError("a checkpoint keeps one fit, and here are several: leave out the estimator's checkpoint.")
    names = tuple(grid or ())
    for name in (name for name in names if name not in estimator.get_params() or name == "n_components"):
        raise ParameterError(f"the grid has {name!r}, which is no setting of {type(estimator).__name__} to choose by.")
    return Fits(estimator, names, X, {name: value for name, value in known.items() if value is not None})


def _forms(grid: Mapping[str, Iterable[Any]] | None) -> list[tuple[Any, ...]]:
    """Every combination of the values. Errors: ParameterError if there are none."""
    values = [[each] if isinstance(each, str) else list(each) for each in (grid or {}).values()]
    if not all(values):
        raise ParameterError("the grid has a setting without values.")
    return list(product(*values))
