"""What users hold: a `Result`, with the verbs that show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.data.frames import as_frame
from emkit.data.like import rows_like
from emkit.errors import ModelError
from emkit.fitted import TOLD, Fitted
from emkit.fitting import reunited
from emkit.markup import text_as_html
from emkit.models.order import component_count
from emkit.persistence import fit_file
from emkit.persistence.not_stored import NotStoredSource
from emkit.report.frames import estimates, in_one_line
from emkit.report.summary import text, to_dict
from emkit.result.about_rows import AboutRows
from emkit.selection.choice import Choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from emkit.explain import Explanation
    from emkit.writeup import Document

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, eq=False, repr=False)
class Result(AboutRows[P]):
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

    def summary(self, standard_errors: bool = False, width: int = 80) -> str:
        """What was fitted, how it ended, how well it fits, and the estimates, as text of at most `width` characters a line.

        With `standard_errors` (see there for the cost) every number is on its own line, with its standard error and, as far as
        the width goes, its 95 % interval, z and p.
        """
        return text(self, self.covariance() if standard_errors else None, width)

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


AnyResult = Result[Any]
