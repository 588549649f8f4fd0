"""What `fit` hands back: the record of the best run, and the things one asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from emkit.core.engine import Moment, Record
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.core.protocols import Executor, LatentModel
from emkit.core.restarts import Restarts
from emkit.data.absent import AbsentSource
from emkit.errors import Outcome
from emkit.inference import (
    Identifiability,
    StandardErrors,
    identifiability,
    missing_information,
    standard_errors,
)
from emkit.inference.floors import Floors, held
from emkit.models.floors import floors
from emkit.models.order import component_order, reordered
from emkit.summary import text, to_dict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from emkit.explain import Explanation

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, eq=False, repr=False)
class Result(Generic[P]):
    """A fitted model. `params`, `log_likelihood` and `objective` belong together: they are of one evaluation."""

    model: LatentModel[P, Any]
    source: Any
    passes: Any  # the source that the passes went over: `source`, or one with repeated rows collapsed
    runs: Restarts[P]
    executor: Executor

    def __repr__(self) -> str:
        return f"Result({self.outcome.name}, log_likelihood={self.log_likelihood:.10g}, params={self.params!r})"

    @property
    def record(self) -> Record[P]:
        """The best run."""
        return self.runs.best

    @property
    def params(self) -> P:
        """The parameters at the end of the best run."""
        return self.record.params

    @property
    def log_likelihood(self) -> float:
        """Total log-likelihood of the data at `params`, natural logarithm."""
        return self.record.log_likelihood

    @property
    def objective(self) -> float:
        """What was maximised: the log-likelihood, plus log-prior, less the gap of an inexact E-step."""
        return self.record.objective

    @property
    def outcome(self) -> Outcome:
        """How the run ended, with its sentence."""
        return self.record.outcome

    @property
    def converged(self) -> bool:
        """True only if the run met the stopping rule for convergence."""
        return self.outcome.converged

    @property
    def iterations(self) -> int:
        """Steps of the solver in the best run."""
        return self.record.iterations

    @property
    def evaluations(self) -> int:
        """Passes over the data in the best run."""
        return self.record.evaluations

    @property
    def history(self) -> tuple[Moment, ...]:
        """Iteration, evaluations, objective and log-likelihood of every step of the best run."""
        return self.record.history

    @contextmanager
    def em(self) -> Iterator[EMMap[P]]:
        """The EM map of this model and these data, as a context: every further pass over the data goes through it."""
        with self.executor() as map_reduce:
            yield EMMap(self.model, self.passes, self.params, map_reduce)

    @cached_property
    def rows(self) -> float:
        """The number of rows (their total weight) that the likelihood is of."""
        with self.em() as em:
            return float(em.expectation(self.params).rows)

    @property
    def free_parameters(self) -> int:
        """The number of free parameters."""
        return self.model.coordinates(self.params).size

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 log-likelihood + 2 free parameters; lower is better."""
        return -2 * self.log_likelihood + 2 * self.free_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 log-likelihood + free parameters * log(rows); lower is better."""
        return -2 * self.log_likelihood + self.free_parameters * float(np.log(self.rows))

    @property
    def boundary(self) -> tuple[str, ...]:
        """Names of estimates on a boundary: probabilities of 0 or 1 (within 1e-8), and what a floor under the spread holds."""
        coordinates = self.model.coordinates(self.params)
        edge = {*coordinates.on_boundary(self.params), *held(coordinates, self.params, self._floors)[0]}
        return tuple(name for name in coordinates.entry_names(self.params) if name in edge)

    @cached_property
    def _floors(self) -> Floors:
        return floors(self.model, self.params, self.passes)

    @cached_property
    def degenerate(self) -> tuple[int, ...]:
        """Components that collapsed: those that only a floor keeps from a spike, and those without rows."""
        return self.model.degenerate(self.params, self.passes)

    def standard_errors(self) -> StandardErrors:
        """Standard errors of all parameters from the observed information (about 6 p^2 passes over the data)."""
        with self.em() as em:
            return standard_errors(em, self.params, self._floors)

    def identifiability(self) -> Identifiability:
        """Whether the data determine every free parameter near the estimate; if not, which directions are flat."""
        with self.em() as em:
            return identifiability(em, self.params, self._floors)

    def missing_information(self) -> Any:
        """Fractions of missing information, largest first: the largest is EM's rate of convergence."""
        with self.em() as em:
            return missing_information(em, self.params)

    def starts(self) -> Restarts[P]:
        """Every run, from every start."""
        return self.runs

    def in_order(self) -> Result[P]:
        """The same result with the components of every run in one order, by their first parameter, lowest first.

        Which component is which is an accident of the start; results in order can be compared. No change if the model is not
        a mixture.
        """
        return replace(self, runs=replace(self.runs, runs=tuple(_in_order(run) for run in self.runs.runs)))

    def without_data(self) -> Result[P]:
        """The same result for a file: without the rows of its `ArraySource`, but with what the summary says of them.

        What else needs the rows, such as standard errors or another order, raises DataError from then on.
        """
        if isinstance(self.source, AbsentSource):
            return self
        absent = AbsentSource(self.source.columns, self.source.rows, self.source.total_weight)
        kept = replace(self, source=absent, passes=absent)
        kept.__dict__.update(rows=self.rows, degenerate=self.degenerate, _floors=self._floors)
        return kept

    def summary(self, standard_errors: bool = False, width: int = 80) -> str:
        """What was fitted, how it ended, how well it fits, and the estimates, as text of at most `width` characters a line.

        With `standard_errors` (see there for the cost) every number is on its own line, with its standard error.
        """
        return text(self, self.standard_errors() if standard_errors else None, width)

    def explain(self, step: int = 1, notation: str = "coin", rows: int | None = None) -> Explanation:
        """EM step `step` (counted from 1) of plain EM from the start of the best run, in numbers; print it to read it.

        `notation`: coin, cs229 or slides; `rows`: how many different rows to show. The sums are of all rows.
        Errors: ModelError for a model whose latent states cannot be listed row by row.
        """
        from emkit.explain import explain, subject_of_fit

        return explain(subject_of_fit(self.model, self.passes, self.record.start), step, notation, rows)

    def plot(self, kind: str, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a figure of the fit on `ax` (or on axes of its own), and return the axes.

        `kind`: trace, path (`parameters`, `profile`), bound (`step`), jensen, classification (`columns`), uncertainty,
        responsibilities, density or starts. The numbers alone are in `emkit.explain.views` and `emkit.explain.why`.
        Errors: ModelError for a figure that there is not, or not of this fit, or without matplotlib (the extra emkit[plot]).
        """
        from emkit.plots import draw

        return draw(self, kind, ax, **options)

    def to_html(self, path: str | Path, *, title: str | None = None, include_data: bool = False) -> Path:
        """Write a page that shows every step of plain EM from the start of the best run: one file that needs no network.

        It holds sums and counts in bins, and no row of the data, unless `include_data` (then at most 500 rows).
        Errors: DataError if the file cannot be written; ModelError for a model that cannot be explained row by row.
        """
        from emkit.explain.page import result_page, write

        return write(path, result_page(self, title, include_data))

    def to_dict(self) -> dict[str, Any]:
        """The fit as plain dictionaries, lists and numbers, for JSON."""
        return to_dict(self)


def _in_order(run: Record[P]) -> Record[P]:
    order = component_order(run.params)
    if order is None:
        return run
    return replace(run, start=reordered(run.start, order), params=reordered(run.params, order))
