"""A hidden Markov model of any family, as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sized
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, Integers
from emkit.core.checks import check_count
from emkit.core.parameters import replace_at
from emkit.core.protocols import Executor
from emkit.data.dictionaries import rows_in
from emkit.data.source import ArraySource, RowSource
from emkit.errors import DataError, ModelError, ParameterError
from emkit.estimators.allowed import Allowed, OneOf
from emkit.estimators.callbacks import with_callbacks
from emkit.estimators.components import ComponentsEstimator
from emkit.estimators.gated_rows import GatedRows, is_formula
from emkit.estimators.sequences import labels_of
from emkit.models.frozen import bare
from emkit.models.gated_chain import GatedHiddenMarkovChain
from emkit.models.hidden_markov import AnyHiddenMarkovChain, HiddenMarkovChain
from emkit.models.prediction import belonging, filtered_by, forecasts_of, paths_of, posterior_of
from emkit.models.semi_markov import HiddenSemiMarkovChain
from emkit.models.stationary import StationaryHiddenMarkovChain
from emkit.search.seeding import Begin

ALGORITHMS = ("viterbi", "map")
SUM_TO_ONE = 1e-6  # as near as probabilities must, which may have been kept in single precision
LEAVE = 0.1  # of a start from left to right: the probability of going on, before the data say


class OneOfOrFormula(OneOf):
    """The same, or a formula, which is read once there are data."""

    def check(self, name: str, value: object) -> None:
        if not is_formula(value):
            super().check(name, value)


class HiddenMarkov(ComponentsEstimator):
    """A hidden Markov model with `n_components` states of one family, fitted by expectation-maximization.

    Parameters:
        family: a name (one of `FAMILIES`), a `Family`, or a mapping from columns to families: see `MixtureModel`. Cells may be
            missing where the family admits gaps; a row of which all are is a step at which nothing was seen.
        initial: the distribution of the first state: "free", "uniform", or "stationary": that of the long run, which follows
            from the transitions; or a formula such as "~ z": it depends on z, by a multinomial logit.
        transitions: None, or a formula of covariates that they depend on, such as "~ x + ward": multinomial logits with
            coefficients for each state that is gone on from. With formulas, rows are a data frame, and the states are told by
            the columns that no formula names, or that a mapping of families does: see `GatedHiddenMarkovChain`.
        topology: which transitions there are: "free", or "left-right": sequences begin in the first state, and from each go on
            to the next, or stay.
        durations: how long states last: None for a chain that forgets how long it has, or a family of counts for what a stay
            has beyond its first row: "negative-binomial" or, for any law, "categorical" ... See `HiddenSemiMarkovChain`.
        longest: with `durations`, the number of rows that no stay is longer than.
        tol, max_iter, n_init, random_state, start, frozen, warm_start, solver, n_jobs, checkpoint: as in `GaussianMixture`; a
            start is `HiddenMarkovParams` (or those of the other chains), and a transition that is 0 in it stays 0. (Of several
            starts, the search goes on from the best one, and estimates such transitions anew unless they are `frozen`, as in
            ``"transitions[1, 0]"``.)

    Attributes after `fit`: `startprob_` (K,), `transmat_` (K, K), `components_` (the parameters of the states, such as
    ``components_.rates``), with `durations` `durations_` (K, longest), `params_` (all together), `converged_`, `n_iter_`, and
    `result_`, the `ek.Result`, with `standard_errors()`, `summary()`, `save(path)` ... States stand in the order of their
    first parameter, lowest first. Instead of `transmat_`, a model with formulas has `gates_` (K, K, q), from each state to each
    the coefficients of `gate_names_`, and with one for `initial` `initial_gates_` (K, q) instead of `startprob_`.

    >>> import emkit as ek
    >>> counts = [[0], [1], [0], [2], [1], [6], [7], [5], [8], [6], [1], [0], [1]]
    >>> model = ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts)
    >>> model.predict(counts).tolist()
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]
    >>> model.forecast(counts, steps=2).round(3).tolist()
    [[0.849, 0.151], [0.754, 0.246]]
    """

    _gated: GatedRows | None = None
    _allowed: ClassVar[dict[str, Allowed]] = {
        **ComponentsEstimator._allowed,
        "initial": OneOfOrFormula(("free", "uniform", "stationary"), also=", or a formula such as '~ z'"),
        "transitions": OneOfOrFormula((), also="None, or a formula such as '~ x'", or_none=True),
        "topology": OneOf(("free", "left-right")),
    }

    def __init__(
        self,
        family: Any = "gaussian",
        n_components: int = 1,
        *,
        initial: str = "free",
        transitions: str | None = None,
        topology: str = "free",
        durations: Any = None,
        longest: int | None = None,
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
        self.family = family
        self.n_components = n_components
        self.initial = initial
        self.transitions = transitions
        self.topology = topology
        self.durations = durations
        self.longest = longest
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

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self, X: object, y: object = None, *, lengths: object = None, groups: object = None, sample_weight: object = None
    ) -> Self:
        """Fit the model.

        `X` (n, d): array or data frame, the rows of one sequence in order, or of several, one sequence after the other.
        `lengths` (G,): how many rows each sequence has; or `groups` (n,): a label for each row, which of one sequence are the
        same. `sample_weight` (G,) or (n,): how often each sequence counts. `y` is ignored.
        Warns: ConvergenceWarning with the reason if the fit did not converge.
        Errors: DataError, ParameterError (both are ValueErrors) or DegenerateFitError, naming what cannot be.
        """
        if isinstance(y, Sized) and len(y) != rows_in(X):
            raise DataError(f"y is ignored, and has {len(y)} entries for {rows_in(X)} rows; are these lengths? Say lengths=...")
        return self._fit(X, y, sample_weight=sample_weight, groups=labels_of(X, lengths, groups))

    def predict(self, X: object, lengths: object = None, groups: object = None, algorithm: str = "viterbi") -> Integers:
        """The state of each row (n,): on the likeliest path through its sequence, or by itself. See `decode`."""
        return self.decode(X, lengths, groups, algorithm)[1]

    def decode(
        self, X: object, lengths: object = None, groups: object = None, algorithm: str = "viterbi"
    ) -> tuple[float, Integers]:
        """A log-probability, and the state of each row (n,).

        `algorithm`: "viterbi", the likeliest path, with log p(X, path); or "map", the likeliest state of each row by itself,
        with the sum of the largest posterior probabilities, as hmmlearn has it.
        Errors: DataError naming the first row of a sequence that no path explains.
        """
        if algorithm not in ALGORITHMS:
            raise ParameterError(f"algorithm is {algorithm!r}; it must be one of {', '.join(map(repr, ALGORITHMS))}.")
        if algorithm == "map":
            shares = self.predict_proba(X, lengths, groups)
            return float(shares.max(axis=1).sum()), shares.argmax(axis=1)
        source = self._rows(X, lengths, groups)
        states, log_joint = paths_of(self.model_, self.params_, source)
        if np.isneginf(log_joint).any():
            belonging(self.model_, self.params_, source)  # says which sequence
        return float(log_joint.sum()), states

    def predict_proba(self, X: object, lengths: object = None, groups: object = None) -> Array:
        """The probability of each state at each row (n, K), given all rows of its sequence.

        Errors: DataError naming the first row of a sequence that no path explains.
        """
        source = self._rows(X, lengths, groups)
        return belonging(self.model_, self.params_, source)

    def filter(self, X: object, lengths: object = None, groups: object = None, before: object = None) -> Array:
        """The probability of each state at each row (n, K), given the rows of its sequence up to there, and none after it.

        `before` (K,), or (G, K) for several sequences: where these go on from rows seen earlier, the last row of what `filter`
        gave for those. So rows can come one at a time, and nothing else of the earlier ones need be kept:

        >>> import emkit as ek
        >>> model = ek.HiddenMarkov("poisson", 2, random_state=0).fit([[0], [1], [0], [2], [6], [7], [5], [8], [1], [0]])
        >>> first = model.filter([[0], [7]])
        >>> model.filter([[1]], before=first[-1]).round(3).tolist() == model.filter([[0], [7], [1]])[-1:].round(3).tolist()
        True

        Errors: DataError naming the first row that is impossible after those before it; ParameterError for a `before` that is
        no distribution.
        """
        source = self._rows(X, lengths, groups)
        number = 1 if source.groups is None else len(source.groups) - 1
        return filtered_by(self.model_, self.params_, source, None if before is None else self._before(before, number))

    def score_samples(self, X: object, lengths: object = None, groups: object = None) -> Array:
        """The log-likelihood of every sequence (G,): -inf for one that no path explains."""
        source = self._rows(X, lengths, groups)
        return posterior_of(self.model_, self.params_, source).log_likelihood

    def score(self, X: object, lengths: object = None, groups: object = None) -> float:
        """The log-likelihood of all sequences together, as hmmlearn has it."""
        return float(self.score_samples(X, lengths, groups).sum())

    def forecast(self, X: object, steps: int = 1, lengths: object = None, groups: object = None) -> Array:
        """The probability of each state (steps, K) at 1, 2, ... steps after the last row of X (n, d).

        With `lengths` or `groups`, X is several sequences, and there are such probabilities of each: (G, steps, K). The mean of
        what is then seen is ``forecast(X) @ means``.
        Errors: DataError naming the first row of a sequence that no path explains; ModelError where transitions depend on
        covariates, which are not known of steps to come.
        """
        check_count("steps", steps, ParameterError)
        source = self._rows(X, lengths, groups)
        found = forecasts_of(self.model_, self.params_, source, int(steps))
        return found[0] if lengths is None and groups is None else found

    def get_stationary_distribution(self) -> Array:
        """The share of the rows (K,) that each state has in the long run. Errors: ParameterError where there are several."""
        check_is_fitted(self)
        found: Array = bare(self.model_).long_run(self.params_)
        return found

    def aic(self, X: object, lengths: object = None, groups: object = None) -> float:
        """Akaike's information criterion of the model on `X`; lower is better."""
        return -2 * self.score(X, lengths, groups) + 2 * self._free_parameters

    def bic(self, X: object, lengths: object = None, groups: object = None) -> float:
        """Schwarz's information criterion of the model on `X`, by the number of rows; lower is better."""
        rows = self._rows(X, lengths, groups).rows
        return -2 * self.score(X, lengths, groups) + float(np.log(rows)) * self._free_parameters

    def _before(self, before: object, sequences: int) -> Array:
        """A distribution of the states (G, K) for each of the sequences. Errors: ParameterError unless that is what it is."""
        try:
            given = np.asarray(before, dtype=np.float64)
        except (TypeError, ValueError):
            given = np.empty(0)
        wanted = (sequences, self._number)
        if given.size != np.prod(wanted) or given.shape not in (wanted, wanted[1:]):
            raise ParameterError(
                f"before has the shape {given.shape}; give the probabilities of the {wanted[1]} states in the row before, "
                f"of each of the {sequences} sequences: the last row of what `filter` gave."
            )
        if not (np.all(given >= 0) and np.allclose(given.sum(axis=-1), 1, atol=SUM_TO_ONE, rtol=0)):
            raise ParameterError(
                "before holds no probabilities: the last row of what `filter` gave sums to 1, and none is negative."
            )
        return given.reshape(wanted)

    def _rows(self, X: object, lengths: object, groups: object) -> RowSource:
        return self._source(X, None, reset=False, groups=labels_of(X, lengths, groups))

    def _source(
        self, X: object, sample_weight: object, reset: bool = True, labels: object = None, groups: object = None
    ) -> RowSource:
        """The rows, with the columns that formulas make of them."""
        if reset:
            self._gated = self._gated_rows(X)
        if self._gated is None:
            return super()._source(X, sample_weight, reset, labels, groups)
        source = super()._source(self._gated.frame(X), sample_weight, reset, labels, groups)
        source.design = self._gated.design
        return source

    def _gated_rows(self, X: object) -> GatedRows | None:
        """What formulas make of rows; None if there are none. Errors: ParameterError for what does not go with formulas."""
        first = self.initial if is_formula(self.initial) else None
        if self.transitions is None and first is None:
            return None
        if self.durations is not None or self.topology != "free" or self.initial == "stationary":
            raise ParameterError(
                "formulas of transitions or first states go with neither durations, nor topology='left-right', nor "
                "initial='stationary'."
            )
        return GatedRows.of(self.transitions, first, self.family, X)

    def _model(self) -> AnyHiddenMarkovChain:
        try:
            return self._chain()
        except ModelError as error:
            raise ParameterError(f"family: {error}" if self.durations is None else f"family or durations: {error}") from None

    def _chain(self) -> AnyHiddenMarkovChain:
        """The model. Errors: ParameterError for what does not go together."""
        if (self.durations is None) != (self.longest is None):
            raise ParameterError(
                "durations and longest go together: a law of stays, and the number of rows of the longest one."
            )
        if self.initial == "stationary" and self.topology == "left-right":
            raise ParameterError("from left to right, a chain ends in its last state: no sequence begins in its long run.")
        if self.longest is not None:
            if self.initial == "stationary" or self.topology == "left-right":
                raise ParameterError(
                    "with durations, a sequence begins with a stay, and each state is left for another: give neither "
                    "initial='stationary' nor topology='left-right'."
                )
            if self.n_components < 2:
                raise ParameterError("with durations, each state is left for another: n_components must be 2 or more.")
            return HiddenSemiMarkovChain(self.family, durations=self.durations, longest=self.longest)
        if self._gated is not None:
            return self._gated.chain(self.family)
        return StationaryHiddenMarkovChain(self.family) if self.initial == "stationary" else HiddenMarkovChain(self.family)

    def _fitted(self, params: Any) -> dict[str, Any]:
        model, own = bare(self.model_), {"params_": params, "components_": params.components}
        if isinstance(model, GatedHiddenMarkovChain):
            first = {"initial_gates_": params.initial} if model.initial else {"startprob_": params.initial}
            return {**own, **first, "gates_": params.transitions, "gate_names_": params.covariates}
        if isinstance(model, HiddenSemiMarkovChain):
            own["durations_"] = model.stays.law(params.durations).lasting
        return {**own, "startprob_": params.initial, "transmat_": params.transitions}

    def _given(self, columns: int) -> dict[str, Array]:
        given = {"initial": np.full(self.n_components, 1 / self.n_components)} if self.initial == "uniform" else {}
        return {**given, **self._from_left()} if self.topology == "left-right" else given

    def _from_left(self) -> dict[str, Array]:
        """An initial distribution and transitions from left to right."""
        number = self.n_components
        transitions = (1 - LEAVE) * np.eye(number) + LEAVE * np.eye(number, k=1)
        transitions[-1, -1] = 1.0
        return {"initial": np.eye(number)[0], "transitions": transitions}

    def _begin(self, source: RowSource) -> Begin[Any]:
        """From left to right, where sequences are cut into as many parts as there are states; else as other models do."""
        if self._gated is not None:
            self.model_ = self.model_.settled(source.profile)
        if self.topology != "left-right" or self.start is not None or self.warm_start:
            return super()._begin(source)
        if not isinstance(source, ArraySource):
            raise ParameterError("rows that are not in memory are not cut from left to right: give start, parameters.")
        model = bare(self.model_)
        bounds = source.groups if source.groups is not None else [0, source.rows]
        parts = [np.arange(end - first) * self.n_components // (end - first) for first, end in pairwise(bounds)]
        even = model.even(source.profile.sample.profile, self.n_components)
        cut = model.estimated(source.whole, even, np.concatenate(parts))
        return Begin([replace_at(cut, self._from_left())])

    @property
    def _held(self) -> tuple[str, ...]:
        held = super()._held
        if self.topology == "left-right":
            zeros = np.argwhere(self._from_left()["transitions"] == 0)
            return (*held, "initial", *(f"transitions[{i}, {k}]" for i, k in zeros))
        return (*held, "initial") if self.initial == "uniform" else held
