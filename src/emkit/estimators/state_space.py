"""Linear Gaussian state spaces as an estimator of series."""

from __future__ import annotations

from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.data.chunk import Chunk, joined
from emkit.data.frames import Table
from emkit.data.inputs import beside, inputs_of_each, read_inputs
from emkit.data.source import ArraySource
from emkit.errors import DataError, ParameterError, some_of
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.gappy_rows import GappyRows
from emkit.estimators.one_model import FITTING
from emkit.estimators.sequences import labels_of
from emkit.estimators.validated import as_before_if_it_fails
from emkit.models.state_data import refuse_fewer
from emkit.models.state_space import StateSpace
from emkit.models.structural import dynamic_factor, local_level, local_linear_trend
from emkit.models.tied_state_space import TiedStateSpace
from emkit.report.sentences import listed
from emkit.report.state_tables import estimated_table
from emkit.report.summary import MOST_NAMED, remarks

STRUCTURES = ("level", "trend", "factors")


class StateSpaceModel(GappyRows):
    """Series by a linear Gaussian state space, fitted by expectation-maximization. Cells may be missing (NaN).

    Parameters:
        structure: "level" (`local_level`) or "trend" (`local_linear_trend`) for one column, "factors" (`dynamic_factor`) for
            several; or any `StateSpace` or `TiedStateSpace`. Where `fit` is given inputs and the structure has none, all that
            they add to columns is estimated.
        seasons: of a level or trend, how many rows a year has; 0 for no seasons.
        n_factors: how many factors there are.
        n_init: how many starts; the first is made of moments of the columns, others are random.
        tol, solver, max_iter, random_state: as in `NormalMissing`.

    Attributes after `fit`: `model_`, the `StateSpace`; `params_`, with `transition`, `state_noise`, `observation` and `noise`;
    `converged_`, `n_iter_` (passes over the rows), and `result_`: an `ek.Result` with `standard_errors()`, `bic` ...

    >>> import emkit as ek
    >>> flow = [[5.1], [4.2], [5.9], [6.4], [float("nan")], [7.9], [6.3], [8.1], [7.0], [8.8]]
    >>> level = ek.StateSpaceModel("level").fit(flow)
    >>> level.predict(flow)[3:6].round(2).ravel().tolist()
    [6.29, 6.75, 7.21]
    >>> mean, spread = level.forecast(flow, steps=2)
    >>> mean.round(2).ravel().tolist(), spread.round(2).ravel().tolist()
    ([8.17, 8.17], [1.23, 1.44])

    Rain beside it, which is known:

    >>> rain = {"rain": [1.0, 0.2, 1.4, 1.9, 0.7, 2.5, 0.4, 2.2, 1.0, 2.4]}
    >>> wet = ek.StateSpaceModel("level").fit(flow, inputs=rain)
    >>> mean, spread = wet.forecast(flow, inputs=rain, inputs_ahead={"rain": [2.0]})
    >>> wet.params_.effects.round(2).tolist(), mean.round(1).tolist()
    ([[1.03]], [[8.4]])
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        "structure": OneOf(STRUCTURES, or_with="forecast", also=" or an ek.StateSpace"),
        "seasons": Count(least=0),
        "n_factors": Count(),
        "n_init": Count(),
        **FITTING,
    }

    def __init__(
        self,
        structure: Any = "level",
        *,
        seasons: int = 0,
        n_factors: int = 1,
        n_init: int = 1,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = None,
    ) -> None:
        self.structure = structure
        self.seasons = seasons
        self.n_factors = n_factors
        self.n_init = n_init
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver
        self.random_state = random_state

    def fit(
        self,
        X: object,
        y: object = None,
        *,
        inputs: object = None,
        lengths: object = None,
        groups: object = None,
        sample_weight: object = None,
    ) -> Self:
        """Estimate from rows `X` (n, d), array or data frame, of one series in order, or of several, one after the other.

        `inputs` (n, p), array or data frame: numbers that are known of every row, and add to it.
        `lengths` (G,): how many rows each series has; or `groups` (n,): a label for each row, which of one series are the same.
        `sample_weight` (G,) or (n,): how often each series counts. `y` is ignored.
        Warns: ConvergenceWarning with the reason if the fit did not converge.
        Errors: DataError, ParameterError or DegenerateFitError, naming what cannot be.
        """
        self._check_settings()
        with as_before_if_it_fails(self):
            table = self._read(X, reset=True)
            driven = None if inputs is None else read_inputs(inputs, len(table.x))
            self.input_names_: tuple[str, ...] = () if driven is None else driven.columns or ()
            return self._fit(self._of_rows(table, driven, sample_weight, labels_of(X, lengths, groups)))

    def _of_rows(self, table: Table, inputs: Table | None, sample_weight: object, groups: object) -> ArraySource:
        """Series, and inputs behind them, as a source."""
        whole = table if inputs is None else beside(table, inputs)
        return ArraySource(whole.x, sample_weight, whole.columns, levels=whole.levels, groups=groups)

    def _fit(self, source: ArraySource) -> Self:
        self.model_ = self._model(len(source.columns) - len(self.input_names_)).driven(self.input_names_)
        starts = self._starts(self.model_, source.profile, int(self.n_init))
        refuse_fewer(self.model_.layout, source.profile, self.model_.coordinates(starts[0]).size)
        self.params_ = self._fit_from(self.model_, source, starts).params
        return self

    def smooth(self, X: object, lengths: object = None, groups: object = None, *, inputs: object = None) -> tuple[Array, Array]:
        """Means (n, m) of the states at every row, given all rows of its series, and their covariances (n, m, m).

        `inputs` (n, p): those of the rows, if the fit had some; here and below.
        """
        chunk = self._rows(X, lengths, groups, inputs)
        return self.model_.latent(self.params_, chunk)

    def predict(self, X: object, lengths: object = None, groups: object = None, *, inputs: object = None) -> Array:
        """What each cell (n, d) is expected to be without its error, given all rows of its series: also where it is missing."""
        return self.model_.signal(self.params_, self._rows(X, lengths, groups, inputs))[0]

    def forecast(
        self,
        X: object,
        steps: int = 1,
        lengths: object = None,
        groups: object = None,
        *,
        inputs: object = None,
        inputs_ahead: object = None,
    ) -> tuple[Array, Array]:
        """Means and standard deviations (steps, d) of the rows 1, 2, ... steps after the last one of X, given X.

        With `lengths` or `groups`, X is several series, and there are such of each: (G, steps, d). `inputs_ahead`: the inputs
        of these rows (steps, p), or of each series (G, steps, p), if the fit had some.
        """
        check_count("steps", steps, ParameterError)
        chunk = self._rows(X, lengths, groups, inputs)
        ahead = inputs_of_each(inputs_ahead, len(chunk.bounds) - 1, self.input_names_)
        means, spreads = self.model_.forecast(self.params_, chunk, int(steps), ahead)
        wide = np.sqrt(np.diagonal(spreads, axis1=2, axis2=3))
        return (means[0], wide[0]) if lengths is None and groups is None else (means, wide)

    def score_samples(self, X: object, lengths: object = None, groups: object = None, *, inputs: object = None) -> Array:
        """The log-likelihood (G,) of every series, of its cells that are there."""
        chunk = self._rows(X, lengths, groups, inputs)
        return self.model_.row_objectives(self.params_, chunk)

    def score(
        self, X: object, y: object = None, lengths: object = None, groups: object = None, *, inputs: object = None
    ) -> float:
        """The log-likelihood of all series together. `y` is ignored."""
        return float(self.score_samples(X, lengths, groups, inputs=inputs).sum())

    def sample(self, n_samples: int = 1, *, inputs: object = None) -> Array:
        """A series of rows (n_samples, d) drawn from the fit; a start of which nothing is known is the one that is its mean."""
        check_is_fitted(self)
        check_count("n_samples", n_samples, ParameterError)
        rng = np.random.default_rng(self._seed())
        known = None if inputs is None else read_inputs(inputs, int(n_samples), self.input_names_).x
        return self.model_.draw(self.params_, rng, int(n_samples), known)

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how well it fits, how it ended, and what is estimated, with standard errors."""
        check_is_fitted(self)
        result = self.result_
        number = sum(len(chunk.bounds) - 1 for chunk in result.passes.chunks())
        told = (
            f"{self._said}: {result.rows:,.10g} rows in {number:,} series, log-likelihood {result.log_likelihood:.4f}, "
            f"{result.free_parameters} free parameters, AIC {result.aic:.4f}, BIC {result.bic:.4f}"
        )
        said = [wrapped(sentence, width) for sentence in remarks(result)]
        return "\n\n".join([wrapped(told, width), estimated_table(result, result.covariance(), width), *said])

    @property
    def _said(self) -> str:
        """What was fitted, in words."""
        names = f"State space of {listed(self.model_.states, MOST_NAMED)}"
        seen = self.result_.source.columns[: self.n_features_in_]
        given = f", given {listed(self.input_names_, MOST_NAMED)}" * bool(self.input_names_)
        return f"{names}, seen in {listed(seen, MOST_NAMED)}{given}"

    def _rows(self, X: object, lengths: object, groups: object, inputs: object) -> Chunk:
        """The rows as one chunk of series. Errors: NotFittedError before a fit, DataError for other inputs than the fit had."""
        check_is_fitted(self)
        table = self._read(X, reset=False)
        if inputs is None and self.input_names_:
            names = some_of([*map(repr, self.input_names_)])
            raise DataError(f"the fit had inputs, {names}, whose values in every row are needed: give inputs.")
        driven = None if inputs is None else read_inputs(inputs, len(table.x), self.input_names_)
        source = self._of_rows(table, driven, None, labels_of(X, lengths, groups))
        return joined(list(source.as_one_group().chunks()))

    def _model(self, columns: int) -> StateSpace | TiedStateSpace:
        """The model. Errors: ParameterError for what does not go together."""
        if self.structure == "factors":
            if self.n_factors > columns:
                raise ParameterError(f"n_factors is {self.n_factors}, more than the {columns} columns. Use fewer factors.")
            return dynamic_factor(columns, int(self.n_factors))
        if not isinstance(self.structure, str):
            made: StateSpace | TiedStateSpace = self.structure
            return made
        if columns != 1:
            raise ParameterError(
                f"structure={self.structure!r} is for one column, but there are {columns}. Take 'factors', or an ek.StateSpace."
            )
        make = local_level if self.structure == "level" else local_linear_trend
        return make(int(self.seasons))
