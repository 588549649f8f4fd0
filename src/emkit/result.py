"""What users hold: `fit`, and a `Result` with the things one asks of a fit."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from emkit.by_formula import Means, means_of
from emkit.by_group import means_by_group
from emkit.core.arrays import Array, Integers
from emkit.core.engine import Watch, unwatched
from emkit.core.json_types import Json
from emkit.core.mapreduce import as_executor
from emkit.core.parameters import Parameters
from emkit.core.protocols import Executor
from emkit.core.ready import check_is_model, ready
from emkit.core.restarts import Restarts
from emkit.core.stopping import Rule
from emkit.data.frames import as_frame, beside, library_of
from emkit.data.given import as_source
from emkit.data.like import rows_like
from emkit.errors import DataError, DegenerateFitWarning, ModelError
from emkit.fitted import TOLD, Fitted, ModelOf, SolverOf
from emkit.fitting import MAX_EVALUATIONS, SOLVERS, TOL, default_rules, fit_each, reunited, solver_named
from emkit.inference import Classification, GenericRank, Merging, Univariate, classification, generic_rank, merging
from emkit.inferred import Inferred
from emkit.markup import text_as_html
from emkit.models.around import bare
from emkit.models.assignment import Posterior
from emkit.models.mixture import Mixture
from emkit.models.order import component_count
from emkit.models.prediction import (
    admitted,
    belonging,
    drawn_from,
    heights_of,
    latent_of,
    posterior_of,
    refuse_without_components,
)
from emkit.persistence import fit_file
from emkit.persistence.archive import LIMIT
from emkit.persistence.checkpoint import Asked, Place, journal_of, read
from emkit.persistence.not_stored import NotStoredSource
from emkit.report.collapse import collapsed
from emkit.report.frames import assigned, estimates, in_one_line, of_rows
from emkit.report.summary import text, to_dict
from emkit.selection.bootstrap import Bootstrap, all_of_them, bootstrap
from emkit.selection.bootstrap import Watch as Watched
from emkit.selection.bootstrap_test import BootstrapTest, bootstrap_test, check_comparable
from emkit.selection.bootstrap_test import Watch as Drawn
from emkit.selection.bootstrap_test import all_of_them as every_statistic
from emkit.selection.choice import Choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from emkit.explain import Explanation
    from emkit.explain.subject import Fit
    from emkit.views.quantiles import PseudoResiduals
    from emkit.views.residuals import BivariateResiduals
    from emkit.views.sequences import DwellTimes
    from emkit.writeup import Document

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, eq=False, repr=False)
class Result(Inferred[P]):
    """A fitted model, and the verbs one asks of it: summaries, standard errors, explanations, figures, pages.

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start)
    >>> result.converged, round(result.log_likelihood, 3), round(result.bic, 2)
    (True, -21.847, 50.6)
    >>> result.predict([0, 3, 9]).tolist()
    [0, 1, 1]
    >>> print(result.summary().splitlines()[0])
    Mixture of 2 poisson components
    >>> errors = result.standard_errors()
    >>> {name: round(errors[name], 2) for name in errors.names}
    {'proportions[0]': 0.17, 'proportions[1]': 0.17, 'components.rates[0, 0]': 0.43, 'components.rates[1, 0]': 1.21}
    """

    @classmethod
    def of(cls, fitted: Fitted[P]) -> Result[P]:
        """The result that a record makes."""
        made = cls(fitted.model, fitted.source, fitted.passes, fitted.runs, fitted.executor)
        made.__dict__.update({name: fitted.__dict__[name] for name in TOLD if name in fitted.__dict__})
        return made

    def generic_rank(self) -> GenericRank:
        """Whether data of this kind could ever tell all parameters: of discrete columns, the rank of their cell probabilities.

        Errors: ModelError for other columns, or more than some 100,000 cells.
        """
        from emkit.views.residuals import every_cell

        return generic_rank(self.model, self.params, every_cell(self.model, self.source))

    def bivariate_residuals(self) -> BivariateResiduals:
        """Which pairs of discrete columns go together in a way that the components do not explain.

        Errors: ModelError for other columns, or those that admit no gaps.
        """
        from emkit.views.residuals import bivariate_residuals

        return bivariate_residuals(self._subject(), self.params)

    def quantile_residuals(self, seed: int = 0) -> Array:
        """Randomised quantile residuals (n, d): standard normal, column by column, if the model is right; NaN in gaps.

        Of a regression, they are of the response given the covariates (n, 1). Those of rows in sequence are of what the rows
        before lead one to expect: see `pseudo_residuals`, which has others; so are those of mixed models and state spaces.
        Errors: ModelError for a model that does not say what its residuals are, or of a family that nothing can be drawn from.
        """
        return self.pseudo_residuals().randomised(seed)

    def pseudo_residuals(self, kind: str = "forecast") -> PseudoResiduals:
        """Where each value lies in the distribution that the model expects it to have, as quantiles of the normal.

        `kind`, of rows in sequence: "forecast", given the rows before; "ordinary", given all other rows. Counts lie somewhere
        in a segment: `segments` (n, d, 2), its `middle` (n, d), or a place in it by lot, `randomised(seed)`.
        Errors: ModelError for another kind, and as `quantile_residuals`.
        """
        from emkit.views.quantiles import pseudo_residuals

        return pseudo_residuals(self._subject(), self.params, kind)

    def dwell_times(self) -> DwellTimes:
        """How long each state of rows in sequence lasts: expected, by the fit, and on the likeliest paths through the rows.

        Errors: ModelError for a model whose rows are in no order.
        """
        from emkit.views.sequences import dwell_times

        return dwell_times(self)

    def _subject(self) -> Fit:
        from emkit.explain.subject import subject_of

        return subject_of(self)

    def bootstrap(
        self,
        number: int = 999,
        *,
        kind: str = "parametric",
        random_state: Any = None,
        n_jobs: int | Executor | None = None,
        watch: Watched = all_of_them,
    ) -> Bootstrap:
        """So many estimates from data made anew: standard errors, and percentile and BCa intervals follow from them.

        `kind`: "parametric" (rows drawn from the fitted model), "case" (rows drawn from the rows; groups as groups), or
        "bayesian" (the rows with Dirichlet weights). Each estimate is where a short run from this one ends, its components in
        the order of those here. `n_jobs`: processes (None: this one; -1: all cores), or an executor, ``ek.Dask(client)``;
        the numbers do not depend on it. `watch` wraps the stream of replicates (`ek.progress()`). `Bootstrap.more` goes on.
        Errors: ModelError for a model that cannot be drawn from, for rows that are not in memory, and for what cannot be.
        """
        return bootstrap(self, number, kind, random_state, n_jobs, watch)

    def test(
        self,
        larger: Fitted[Any],
        number: int = 99,
        *,
        random_state: Any = None,
        n_jobs: int | Executor | None = None,
        watch: Drawn = every_statistic,
    ) -> BootstrapTest:
        """The likelihood-ratio test of this fit against a `larger` one of the same data, by `number` data sets drawn from this.

        It holds on edges, too, where no chi-square does: of a variance that may be 0, of one factor more, of one class more.
        Both models are fitted to each data set, from the estimates and from starts of their own. `n_jobs`, `watch`: see
        `bootstrap`.
        Errors: ModelError unless the larger model has more free parameters and is no lower, both fits are of the same rows, in
        memory, and restricted likelihoods are of the same fixed effects.
        Source: McLachlan (1987), Applied Statistics 36, 318-324.

        Do people differ in their slopes, or in their levels alone?

        >>> import emkit as ek
        >>> import numpy as np
        >>> rng, who, time = np.random.default_rng(0), np.repeat(np.arange(20), 5), np.tile(np.arange(5.0), 20)
        >>> y = rng.standard_normal(20)[who] + rng.standard_normal(20)[who] * time + rng.standard_normal(100)
        >>> people = ek.ArraySource(np.column_stack([y, time]), groups=who)
        >>> models = ek.MixedModel(0, (1,)), ek.MixedModel(0, (1,), (1,))
        >>> levels, slopes = (ek.fit(each, people, each.start(people.profile), solver="anderson") for each in models)
        >>> print(levels.test(slopes, 9, random_state=0).sentence)
        4 against 6 free parameters: likelihood-ratio statistic 54.9823, p = 0.1 from 9 replicates (with ...).
        """
        check_comparable(self, larger)
        return bootstrap_test(self, larger, number, random_state, n_jobs, watch)

    def starts(self) -> Restarts[P]:
        """Every run, from every start."""
        return self.runs

    def posterior(self, X: object, groups: object = None) -> Posterior:
        """Responsibilities (n, K) and log-likelihoods (n,) of rows: NaN and -inf for one that is impossible.

        `X`: an array or data frame with the columns of the fit, which are found by their names where both have names.
        `groups` (n,): labels of rows that belong together, as in `fit`; log-likelihoods are then of groups (G,). Without them,
        rows stand for themselves, those of a hidden Markov model are one sequence, and a formula knows its groups itself.
        Errors: DataError naming row, column and value; ModelError for a model of no components.
        """
        refuse_without_components(self.model)
        return posterior_of(self.model, self.params, rows_like(self.source, X, groups))

    def predict(self, X: object, groups: object = None) -> Integers:
        """The most probable component of every row, shape (n,). `groups`: see `posterior`. Of a regression, see `means`, too.

        Errors: DataError naming a row that is impossible in all; ModelError for a model of no components, with what to ask.
        """
        return self.predict_proba(X, groups).argmax(axis=1)

    def predict_proba(self, X: object, groups: object = None) -> Array:
        """The probability of every component given each row, and all rows of its group, shape (n, K). Errors: as `predict`."""
        refuse_without_components(self.model)
        return belonging(self.model, self.params, rows_like(self.source, X, groups))

    def score_samples(self, X: object, groups: object = None) -> Array:
        """The log-likelihood of every row (n,), or group (G,): -inf for one that is impossible under every component.

        `X` and `groups`: as in `posterior`, also of models without components.
        """
        return heights_of(self.model, self.params, rows_like(self.source, X, groups))

    def means(self, X: object, groups: object = None, random: bool = True) -> Means:
        """What a regression says of rows whose response need not be known: the mean of the response, and the proportions.

        `of_all` (n,) is the mean over all components by their proportions, as the gate has them; `each` (n, K) is that given
        each component. `X`: a data frame with the columns of the formula but the response; of a fit by no formula, rows with
        all columns, in which the response may hold anything. Of a mixed model, with the `random` effects of the groups that
        the fit knows, of which a formula finds the labels; of a fit by no formula, `groups` (n,) are these.
        Errors: ModelError for a fit of no regression; DataError for rows that cannot be.

        >>> import emkit as ek
        >>> frame = {"age": [0, 1, 2, 3, 0, 1, 2, 3], "size": [0.1, 0.9, 2.1, 2.9, 9.9, 9.1, 7.9, 7.1]}
        >>> found = ek.MixtureRegression("size ~ age", 2, random_state=0).fit(frame).result_
        >>> found.means({"age": [1, 5]}).each.round(2).tolist()
        [[1.02, 8.98], [4.86, 5.14]]
        """
        if self.effects is not None:
            mean = means_by_group(self, X, groups, random)[:, None]
            return Means(mean, np.ones_like(mean))
        return means_of(self, X)

    def latent(self, X: object, groups: object = None) -> tuple[Array, Array]:
        """What is expected of the continuous latent variables of rows, with the covariances: factors, abilities, states.

        Of a mixed model by likelihood, the random effects of each of the `groups`, which need not be those of the fit. `X`, and
        `groups`: as in `posterior`; the numbers are those of the model's `latent`. The data of the fit are not needed.
        Errors: ModelError for a model that has none; DataError for rows that cannot be.

        >>> import emkit as ek
        >>> tests = [[1.0, 0.56, 0.4, 0.24], [0.56, 1.0, 0.35, 0.21], [0.4, 0.35, 1.0, 0.15], [0.24, 0.21, 0.15, 1.0]]
        >>> found = ek.FactorAnalysis(1).fit_covariance(tests, 100).result_.without_data()
        >>> found.latent([[1.0, 1.0, 1.0, 1.0]])[0].round(2).tolist()
        [[1.1]]
        """
        return latent_of(self.model, self.params, rows_like(self.source, X, groups))

    def sample(self, n: int = 1, random_state: Any = None) -> tuple[Any, Integers]:
        """`n` rows (n, d) drawn from the fit, and the component (n,) that each comes from.

        Rows are objects where columns were of text, and can be given back. Those of a hidden Markov chain are one sequence.
        `random_state`: a seed, or a numpy generator.
        Errors: ModelError for a model of no components, or of a family that nothing can be drawn from.
        """
        return drawn_from(self.model, self.params, self.source.levels, n, random_state)

    def save(self, path: str | Path) -> Path:
        """Write the fit, without its data, to a file that `emkit.load` reads: see docs/file_format.md.

        Errors: DataError if the file cannot be written; ModelError if the model is made with what a file cannot hold.
        """
        return fit_file.save(self, path)

    def without_data(self) -> Result[P]:
        """The same fit for a file: without the rows of its `ArraySource`, but with what the summary says of them.

        What else needs the rows, such as standard errors or another order, raises DataError from then on.
        """
        if isinstance(self.source, NotStoredSource):
            return self
        not_stored = NotStoredSource.of(self.source)
        kept = replace(self, source=not_stored, passes=not_stored)
        kept.__dict__.update({name: getattr(self, name) for name in TOLD})
        return kept

    def with_data(self, data: object, weights: object = None, groups: object = None, labels: object = None) -> Result[P]:
        """The same fit with the data that it was fitted to, for one that comes from a file: it can be asked everything again.

        Errors: DataError unless the rows, with their weights and what is known of them, have the log-likelihood of the fit;
        ModelError for the last of several steps, of which a file does not hold those before.
        """
        if self.model.is_pseudo:
            raise ModelError(
                "this is the last of several steps, and what is asked of its data, such as standard errors, needs the steps "
                "before, which are not stored with it: fit the estimator again, or work it out before saving."
            )
        source = rows_like(self.source, data, groups, labels, component_count(self.params) or 1, weights)
        return Result.of(reunited(self, source))

    def summary(self, standard_errors: bool = False, width: int = 80) -> str:
        """What was fitted, how it ended, how well it fits, and the estimates, as text of at most `width` characters a line.

        With `standard_errors` (see there for the cost) every number is on its own line, with its standard error and, as far as
        the width goes, its 95 % interval, z and p.
        """
        return text(self, self.covariance() if standard_errors else None, width)

    def classification(self) -> Classification:
        """How well the components are told apart: entropy, and the mean posterior probabilities of assigned rows. One pass.

        Errors: ModelError for a model without components.
        """
        return classification(self.model, self.params, self.passes)

    def merging(self) -> Merging:
        """Components merged into clusters, two at a time, by the entropy of who belongs where. One pass.

        Errors: ModelError for a model without components.
        """
        return merging(self.model, self.params, self.passes)

    def density(self, x: Any) -> Array:
        """The density of a fit to one column, for counts the probability, at each x. Errors: ModelError for several columns.

        Of a regression, `x` are rows, and it is that of their response given the other columns; of rows in sequence, given the
        rows before, too.
        """
        if not self._is_given_columns:
            return self._univariate.density(x)
        from emkit.views.expected_responses import densities

        return densities(self.model, self.params, self._rows_like(x))

    def cdf(self, x: Any) -> Array:
        """The probability of values <= each x, likewise: by numerical integration, to about 1e-10.

        Of a regression it is a formula or a sum; where none is written, as for numbers within a `Product`, the share among rows
        that are drawn, which has an error of about 0.02.
        """
        if not self._is_given_columns:
            return self._univariate.cdf(x)
        from emkit.views.quantiles import residuals_of

        return residuals_of(self.model, self.params, self._rows_like(x)).up_to[:, 0]

    def _rows_like(self, x: Any) -> Any:
        return admitted(self.model, self.params, rows_like(self.source, x))

    def quantile(self, p: Any) -> Array:
        """The least value whose `cdf` is p or more, for each probability p, of a fit to one column."""
        return self._univariate.quantile(p)

    @cached_property
    def _is_given_columns(self) -> bool:
        """Whether one column of the fit is described given the others, as in a regression."""
        from emkit.views.expected_responses import laws_given

        laws = laws_given(self.model, len(self.source.columns))
        return laws is not None and len(laws) == 1

    @cached_property
    def _univariate(self) -> Univariate:
        model = bare(self.model)
        if self._is_given_columns:
            raise ModelError("quantile is of fits to one column, and not of a response that covariates are given for: see cdf.")
        if not isinstance(model, Mixture):
            raise ModelError(f"{type(model).__name__} is no mixture: density, cdf and quantile are of mixtures of one column.")
        return Univariate(model, self.params)

    def _repr_html_(self) -> str:
        """The summary, for notebooks."""
        return text_as_html(self.summary())

    def tidy(self, standard_errors: bool | None = None) -> Any:
        """A row for each estimate: parameter, column or covariate, level, component (from 1), estimate, std_error, path.

        In a data frame of the library that the data came in; as a dictionary of columns if they came in none, which any library
        makes a frame of. `standard_errors` take 2 passes over the data for each parameter; by default they are there where the
        data are, so not for a fit that comes from a file.
        Errors: DataError if they are asked for, and the data are not here.
        """
        wanted = self.source.is_here if standard_errors is None else standard_errors
        return as_frame(estimates(self, self.standard_errors() if wanted else None), self.source.library)

    def glance(self) -> Any:
        """The fit in one row, likewise: rows, log-likelihood, free parameters, AIC, BIC, ICL, relative entropy, its end.

        ICL and entropy need the data, and are left out of a fit that comes from a file.
        """
        told = self.classification() if hasattr(self.model, "posterior") and self.source.is_here else None
        return as_frame(in_one_line(self, told), self.source.library)

    def augment(self, data: object = None, labels: object = None, groups: object = None) -> Any:
        """Rows with the component that each most probably belongs to, counted from 1, and the probability of each component.

        `data`: the rows that were fitted, or others; a data frame may have more columns, and comes back with all of them. None:
        the rows of the fit, without those of weight 0. `labels` and `groups`: what is known of the rows of `data`, see `fit`.
        Errors: DataError naming a cell that cannot be, or a column that is not there or there already.
        """
        refuse_without_components(self.model)
        if data is None:
            own = of_rows(self.source)
            found = assigned(posterior_of(self.model, self.params, self.source), self.source.component_names)
            return as_frame({**own, **found}, self.source.library)
        source = rows_like(self.source, data, groups, labels, component_count(self.params) or 1)
        found = assigned(posterior_of(self.model, self.params, source), self.source.component_names)
        return beside(data if library_of(data) is not None else of_rows(source), found)

    def explain(
        self, step: int = 1, notation: str = "coin", rows: int | None = None, *, sequence: int = 1, row: int | None = None
    ) -> Explanation:
        """EM step `step` (counted from 1) of plain EM from the start of the best run, in numbers; print it to read it.

        `notation`: coin, cs229, slides or bishop; `rows`: how many different rows to show. The sums are of all rows. Of a
        hidden Markov model, `sequence` is shown, and its `row` worked out, both counted from 1.
        Errors: ModelError for a model whose latent states cannot be listed row by row, or a place that there is not.
        """
        from emkit.explain import explain, subject_of_fit

        subject = subject_of_fit(self.model, self.occurring, self.record.start)
        return explain(subject, step, notation, rows, sequence=sequence, row=row)

    def plot(self, kind: str, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a figure of the fit on `ax` (or on axes of its own), and return the axes.

        `kind`: trace, path (`parameters`, `profile`), bound (`step`), jensen; classification, pairs and uncertainty (each of
        some `columns`), responsibilities, density (`rows`; one `column` of several), profiles, rootogram, qq and residuals
        (`which`: a kind of `pseudo_residuals`) or starts; of regressions, lines and gate, too (`over`: a covariate); of rows in
        sequence, states (`column`, `first`), transitions and dwell_times; of state spaces, smoothed (`column`, `steps` to come
        and their `inputs_ahead`, `series`), of mixed models, effects of groups (`effect`); of tests, items (`item`) and
        information; of factors, loadings (`rotation`) and scree. The numbers alone are in `emkit.views` and `emkit.teach.why`.
        Errors: ModelError for a figure that there is not, or not of this fit, or without matplotlib (the extra emkit[plot]).
        """
        from emkit.plots import draw

        return draw(self, kind, ax, **options)

    def to_html(self, path: str | Path, *, title: str | None = None, include_data: bool = False) -> Path:
        """Write a page that shows every step of plain EM from the start of the best run: one file that needs no network.

        It holds sums and counts in bins, and no row of the data, unless `include_data` (then at most 500 rows).
        Errors: DataError if the file cannot be written; ModelError for a model that cannot be explained row by row.
        """
        from emkit.page import result_page, write

        return write(path, result_page(self, title, include_data))

    def report(
        self,
        path: str | Path | None = None,
        *,
        choice: Choice[Any] | None = None,
        title: str | None = None,
        include_data: bool = False,
        standard_errors: bool | None = None,
        steps: str | Path | None = None,
    ) -> Document:
        """The fit written up: a record, whose `to_dict()` has the numbers that are shown; also as a file, .html or .md.

        The file needs no network, prints well, and holds no row of the data unless `include_data`. `choice`: the models among
        which this one was chosen, see `Selection.report`. `standard_errors` as in `tidy`. `steps`: a file for the page of every
        step, see `to_html`, to which the report then leads.
        Errors: ModelError for a file of another ending; DataError if it cannot be written.
        """
        from emkit.page.report import check_place, way_to, write_report
        from emkit.plots import pictures
        from emkit.writeup import document

        check_place(path)  # rather than after all the work
        if choice is not None and not isinstance(choice, Choice):
            raise ModelError("choice is that of a selection: give choice=s.choice, or write s.report(path).")
        if steps is not None:
            self.to_html(steps, title=title, include_data=include_data)
        way = "" if steps is None else way_to(steps, path)
        made = document(self, choice, title, include_data, standard_errors, way)
        write_report(path, made, lambda: pictures(made, self, choice, include_data))
        return made

    def to_dict(self) -> Json:
        """The fit as plain dictionaries, lists and numbers, for JSON."""
        return to_dict(self)


AnyResult = Result[Any]


def load(path: str | Path, classes: Iterable[type] = (), limit: int = LIMIT) -> AnyResult:
    """The fit that `Result.save` wrote to a file: everything but what needs the data again, and it predicts other rows.

    Nothing in the file is imported or run. `classes`: those of your own that the fit is made of, models, families and
    parameters. `limit`: the most bytes that the file may hold, unpacked.
    Errors: DataError naming the file and what is wrong with it.

    >>> import emkit as ek
    >>> from tempfile import TemporaryDirectory
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start)
    >>> with TemporaryDirectory() as folder:
    ...     again = ek.load(result.save(f"{folder}/counts.emk"))
    >>> again.log_likelihood == result.log_likelihood, again.predict([0, 3, 9]).tolist()
    (True, [0, 1, 1])
    """
    return Result.of(fit_file.load(path, classes, limit))


def fit(
    model: ModelOf[P],
    data: object,
    start: P | Iterable[P],
    *,
    weights: object = None,
    groups: object = None,
    labels: object = None,
    solver: SolverOf[P] | str | None = None,
    tol: float = TOL,
    max_evaluations: int = MAX_EVALUATIONS,
    rules: Iterable[Rule] | None = None,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    watch: Watch = unwatched,
    escape: bool = True,
    checkpoint: str | Path | None = None,
) -> Result[P]:
    """Fit any latent-variable model by expectation-maximization.

    `data`: an array or data frame (n,) or (n, d), or a source of chunks; `weights` (n,) >= 0 count how often each row
    occurs; `groups` (n,) label rows that belong together (a person, a sequence): a mixture gives them one component.
    `labels` (n,) or (n, K): the component of each row, counted from 0, -1 or a gap where it is not known; or how plausible each
    component is, NaN where nothing is known.
    `start`: parameters, or several to start from (the best run is the result; `Result.starts` shows all).
    `solver`: "plain" (the default), "squarem", "anderson", or a solver such as `Squarem()` or your own.
    `tol`: how much log-likelihood may be left.
    `max_evaluations`: the budget of passes over the data of one run. `rules` replace the default stopping rules; `watch`
    wraps the stream of steps of each run (`ek.progress()`). `n_jobs`: threads (None: all cores, where there is work for
    them), or an `executor` of your own that goes over the chunks; the result is the same bits for any of them.
    `escape`: whether a run that has come to a saddle goes on from a higher point beside it, or ends there and says so.
    `checkpoint`: a file that keeps where the fit stands, at most every few seconds and when it is interrupted; if it is there,
    the fit goes on from it, to the same bits. See `resume`.
    Warns: DegenerateFitWarning if components collapsed or received no rows.
    Errors: DataError, ParameterError or ModelError naming what cannot be; a run that goes wrong is an outcome, not an error.

    Ten counts, two kinds of them:

    >>> import emkit as ek
    >>> counts = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6]
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit(ek.Mixture("poisson"), counts, start, solver="squarem")
    >>> print(result.params.components.rates.round(2).ravel(), round(result.log_likelihood, 3), result.outcome.name)
    [0.73 6.07] -21.847 CONVERGED
    """
    check_is_model(model)
    ending = tuple(rules) if rules is not None else default_rules(model, tol, max_evaluations)
    asked = Asked(model, _as_starts(start), _as_solver(solver), ending, escape)
    place = None if checkpoint is None else Place(checkpoint)
    return _fit(asked, (data, weights, groups, labels), _as_workers(executor, n_jobs), watch, place)


def resume(
    path: str | Path,
    data: object,
    *,
    weights: object = None,
    groups: object = None,
    labels: object = None,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    watch: Watch = unwatched,
    classes: Iterable[type] = (),
    limit: int = LIMIT,
) -> AnyResult:
    """Go on with a fit that was stopped, from the file that ``fit(..., checkpoint=path)`` kept: the result is the same bits.

    `data`, `weights`, `groups`, `labels`: those that the fit began with; `n_jobs`, `executor` and `watch` may be others.
    `classes`: those of your own that the fit is made of; `limit`: the most bytes that the file may hold, see `load`.
    Errors: DataError naming the file and what is wrong with it, or for other data than those of the fit.

    >>> import emkit as ek
    >>> from tempfile import TemporaryDirectory
    >>> counts = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6]
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> with TemporaryDirectory() as folder:
    ...     path = f"{folder}/run.ckpt"
    ...     result = ek.fit(ek.Mixture(ek.Poisson()), counts, start, checkpoint=path)
    ...     again = ek.resume(path, counts)
    >>> again.log_likelihood == result.log_likelihood and again.history == result.history
    True
    """
    place = Place(path, tuple(classes), limit)
    asked = read(place).asked
    if not isinstance(asked, Asked):
        raise DataError(
            f"{str(path)!r} is the checkpoint of an estimator, or of the command line: go on with the estimator, by `fit` with "
            "the same data, or with `emkit resume`."
        )
    return _fit(asked, (data, weights, groups, labels), _as_workers(executor, n_jobs), watch, place)


def _fit(
    asked: Asked, rows: tuple[Any, Any, Any, Any], workers: Executor | int | None, watch: Watch, place: Place | None
) -> AnyResult:
    """The fit that is asked for, from where it stands, if it is kept at a place. Warns, errors: see `fit`.

    `rows` are the data, with their weights, groups and labels.
    """
    source = asked.model.recoded(as_source(*rows, component_count(asked.starts[0]) or 1))
    model = ready(asked.model, source, asked.starts)
    parts = {field.name: getattr(asked, field.name) for field in fields(asked)} if place is not None else {}
    go_on = f"emkit.resume({str(place.path)!r}, data)" if place is not None else ""
    with journal_of(place, asked, parts, source, go_on) as journal:
        result = Result.of(
            fit_each(
                model,
                source,
                asked.starts,
                solver=asked.solver,
                rules=asked.rules,
                workers=workers,
                watch=watch,
                off_saddles=asked.escape,
                journal=journal,
            )
        )
    if result.degenerate:
        warnings.warn(collapsed(model, result), DegenerateFitWarning, stacklevel=3)
    return result


def _as_solver(given: Any) -> Any:
    """The solver that is given, or named; None leaves the choice. Errors: ModelError if it is none."""
    solver = solver_named(given) if isinstance(given, str) else given
    if solver is not None and (isinstance(solver, type) or not hasattr(solver, "step")):
        raise ModelError(
            f"solver is {given!r}; it must be one of {', '.join(SOLVERS)}, or a solver such as ek.solvers.Squarem()."
        )
    return solver


def _as_workers(executor: Any, n_jobs: int | None) -> Executor | int | None:
    """Who goes over the chunks: an executor, or so many threads. Errors: ModelError if it is none, or if both are given."""
    if executor is None:
        return n_jobs
    chosen = as_executor(executor)
    if n_jobs is not None:
        raise ModelError("n_jobs is for threads of this process, and an executor brings its own workers; give one of the two.")
    return chosen


def _as_starts(start: Any) -> tuple[Any, ...]:
    """The start or starts. Errors: ModelError unless each is a `Parameters` dataclass."""
    starts = (start,) if isinstance(start, Parameters) or not isinstance(start, Iterable) else tuple(start)
    if not starts:
        raise ModelError("there is no start: give parameters, or several of them.")
    for each in starts:
        if not isinstance(each, Parameters):
            raise ModelError(
                f"a start must be parameters (a frozen dataclass derived from emkit.Parameters), not {type(each).__name__}: "
                "such as MixtureParams([0.5, 0.5], PoissonParams([[1.0], [3.0]]))."
            )
    return starts
