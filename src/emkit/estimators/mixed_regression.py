"""Linear mixed models by formula, as an estimator of data frames."""

from __future__ import annotations

import warnings
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, Integers
from emkit.data.design import INTERCEPT, Design, DesignRows
from emkit.data.design.named_columns import labels
from emkit.data.design.random_terms import MixedFormula, mixed_formula
from emkit.data.formula_rows import NameOfKept
from emkit.data.frames import library_of
from emkit.data.groups import labels_of
from emkit.data.source import ArraySource
from emkit.data.validate import Kind, kind_of
from emkit.errors import DataError, EmkitWarning, ParameterError
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.one_model import FITTING, OneModel
from emkit.estimators.validated import as_before_if_it_fails
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_params import MixedModelParams
from emkit.models.of_groups import OfGroups
from emkit.models.random_effects import COVARIANCES
from emkit.models.restricted_mixed_model import RestrictedMixedModel
from emkit.report.mixed_tables import coefficients_table, effects_table
from emkit.report.sentences import capital, listed

METHODS: dict[str, type[OfGroups[Any]]] = {"ml": MixedModel, "reml": RestrictedMixedModel}
MOST_NAMED = 6
RANDOM = "the part of the formula with random effects"


class MixedRegression(OneModel):
    """A linear mixed model: a regression of which some coefficients vary between groups of rows, normally distributed.

    Parameters:
        formula: such as ``"y ~ x + (x | id)"``: left of the bar in the bracket is what varies between the groups that the
            column behind it names, `(1 | id)` intercepts, `(x | id)` also slopes, `(0 + x | id)` slopes alone; two bars,
            `(x || id)`, if they do not correlate. Otherwise as in docs/formulas.md.
        method: "reml", by restricted likelihood, or "ml".
        covariance: of the random effects of a group: "unstructured", "diagonal" (as of two bars) or "scalar", one variance.
            None is what the formula says.
        gaps: rows with gaps are left out with a warning ("drop"), or refused.
        n_init: how many starts; the first is made of least squares, others are random.
        tol, solver, max_iter, random_state: as in `NormalMissing`.

    `fit` takes a data frame or a dictionary of columns, whose rows come in any order. Attributes after it:
    `coefficients_` (p,), which `coefficient_names_` tell, and their `coefficient_covariance_` (p, p), given the variances;
    `effect_covariance_` (r, r) of the random effects, which `effect_names_` tell, and `error_variance_`; `groups_`, the labels
    of the G groups, their `effects_` (G, r), the means of these given the data and the estimates (BLUPs), with covariances
    `effect_spreads_` (G, r, r); `still_`, names of effects that do not vary, given those before them; `converged_`, `n_iter_`
    (passes), and `result_`, an `ek.Result` with `standard_errors()`, `bic` ... Likelihoods of "reml" compare fits with the
    same coefficients.

    >>> import emkit as ek
    >>> rails, times = [1, 1, 1, 2, 2, 2, 3, 3, 3], [55, 53, 54, 26, 37, 32, 78, 91, 85]
    >>> model = ek.MixedRegression("time ~ (1 | rail)").fit({"rail": rails, "time": times})
    >>> model.coefficients_.round(2).tolist(), model.effect_covariance_.round(1).tolist(), round(model.error_variance_, 2)
    ([56.78], [[699.9]], 24.56)
    >>> model.effects_.round(2).ravel().tolist()
    [-2.75, -24.82, 27.57]
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        "method": OneOf(tuple(METHODS)),
        "covariance": OneOf(tuple(COVARIANCES), also=" or None", or_none=True),
        "gaps": OneOf(("refuse", "drop")),
        "n_init": Count(),
        **FITTING,
    }

    def __init__(
        self,
        formula: str,
        *,
        method: str = "reml",
        covariance: str | None = None,
        gaps: Any = "drop",
        n_init: int = 1,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = None,
    ) -> None:
        self.formula = formula
        self.method = method
        self.covariance = covariance
        self.gaps = gaps
        self.n_init = n_init
        self.tol = tol
        self.max_iter = max_iter
        self.solver = solver
        self.random_state = random_state

    def fit(self, frame: object, y: object = None, *, sample_weight: object = None) -> Self:
        """Estimate from a `frame` with the columns of the formula. `sample_weight` (n,) >= 0 is equal within each group.

        `y` is ignored: the formula names the response.
        Warns: ConvergenceWarning with the reason if the fit did not converge; EmkitWarning of rows that are left out, and
        naming effects that do not vary.
        Errors: DataError, ParameterError (both are ValueErrors) or DegenerateFitError, naming what cannot be.
        """
        self._check_settings()
        with as_before_if_it_fails(self):
            return self._fit(frame, sample_weight)

    def _fit(self, frame: object, sample_weight: object) -> Self:
        said = mixed_formula(self.formula)
        options: dict[str, Any] = {"gaps": self.gaps, "weights": sample_weight}
        self.design_ = Design.of(said.with_gate, frame, groups=said.groups, gate_called=RANDOM, **options)
        if len(self.design_.response) != 1 or self.design_.response_levels is not None:
            raise ParameterError(f"the response of {said.fixed!r:.60} must be one column of numbers.")
        rows = self.design_.rows(frame, **options)
        if rows.dropped:
            warnings.warn(rows.sentence, EmkitWarning, stacklevel=4)
        source, groups = _in_groups(self.design_, rows, sample_weight, library_of(frame))
        model = self._model(said)
        result = self._fit_from(model, source, self._starts(model, source.profile, int(self.n_init)))
        return self._keep(result, source, groups)

    def _keep(self, result: Any, source: ArraySource, groups: Any) -> Self:
        """The attributes that follow from a fit."""
        model: OfGroups[Any] = result.model
        self.coefficient_names_, self.effect_names_ = self.design_.covariates, self.design_.gate
        self.coefficients_, self.coefficient_covariance_ = model.fixed_effects(result.params, source)
        self.effect_covariance_ = result.params.between.matrix(model.n_effects)
        self.error_variance_ = float(result.params.within)
        self.groups_ = groups
        told = [model.effects_of(result.params, chunk, self.coefficients_) for chunk in source.chunks()]
        self.effects_, self.effect_spreads_ = (np.concatenate(each) for each in zip(*told, strict=True))
        varies = np.diag(result.params.between.root(model.n_effects)) > 0
        self.still_ = tuple(name for name, own in zip(self.effect_names_, varies, strict=True) if not own)
        if self.still_:
            warnings.warn(self._still_told, EmkitWarning, stacklevel=4)
        return self

    def predict(self, frame: object, random: bool = True) -> Array:
        """The mean of the response (n,) given the covariates of each row; NaN where gaps were dropped.

        With the `random` effects of its group as far as the fit knows it, 0 for other groups; without, that of any group.
        """
        check_is_fitted(self)
        rows = self.design_.rows(frame, response=False, gaps=self.gaps)
        mean = rows.covariates @ self.coefficients_
        if random:
            mean = mean + (rows.gate * self._effects_at(labels(frame, self._said.groups, rows.kept))).sum(axis=1)
        return rows.of_all(mean)

    def residuals(self, frame: object, random: bool = True) -> Array:
        """The response less its mean (n,), as `predict` tells it."""
        check_is_fitted(self)
        rows = self.design_.rows(frame, gaps=self.gaps)
        return rows.of_all(rows.response[:, 0]) - self.predict(frame, random)

    def score(self, frame: object, y: object = None, *, sample_weight: object = None) -> float:
        """The mean log-likelihood of a row of groups, at the estimates. `y` is ignored."""
        source = self._rows(frame, sample_weight)[0]
        model, params = self._by_likelihood
        found = [(chunk.group_weights, model.row_objectives(params, chunk)) for chunk in source.chunks()]
        return float(sum(weights @ heights for weights, heights in found) / source.total_weight)

    def sample(self, frame: object) -> Array:
        """A response (n,) drawn for each row of a frame, with new random effects for each group; NaN where there are gaps."""
        check_is_fitted(self)
        rows = self.design_.rows(frame, response=False, gaps=self.gaps)
        code, _ = _codes(labels(frame, self._said.groups, rows.kept), rows)
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        root = self.result_.params.between.root(len(self.effect_names_))
        effects = (rng.standard_normal((code.max(initial=0) + 1, len(root))) @ root.T)[code]
        errors = np.sqrt(self.error_variance_) * rng.standard_normal(len(code))
        return rows.of_all(rows.covariates @ self.coefficients_ + (rows.gate * effects).sum(axis=1) + errors)

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how it ended, coefficients with standard errors, and how far they vary between groups."""
        check_is_fitted(self)
        result = self.result_
        kind = "restricted log-likelihood" if self.method == "reml" else "log-likelihood"
        head = (
            f"{self.formula}: {result.rows:,.10g} rows in {len(self.groups_):,} groups, {kind} {result.log_likelihood:.4f}, "
            f"{result.free_parameters} free parameters"
        )
        told = [
            wrapped(head, width),
            coefficients_table(self.coefficient_names_, self.coefficients_, self.coefficient_covariance_, width),
            effects_table(self.effect_names_, self.effect_covariance_, self.error_variance_, width),
        ]
        said = [*([self._still_told] if self.still_ else []), capital(str(result.outcome))]
        return "\n\n".join([*told, *(wrapped(sentence, width) for sentence in said)])

    @property
    def _said(self) -> MixedFormula:
        return mixed_formula(self.formula)

    @property
    def _still_told(self) -> str:
        beside = "" if len(self.effect_names_) == 1 else ", given those before"
        return (
            f"On an edge: the variance of {listed(map(repr, self.still_), MOST_NAMED)} between groups is 0"
            f"{beside}. Fewer random effects, or more groups, may tell more."
        )

    def _model(self, said: MixedFormula) -> OfGroups[Any]:
        design = self.design_
        fixed, random = (tuple(name for name in side if name != INTERCEPT) for side in (design.covariates, design.gate))
        covariance = self.covariance or ("diagonal" if said.apart else "unstructured")
        if said.apart and covariance == "unstructured":
            raise ParameterError("covariance is 'unstructured', and two bars in the formula say that effects do not correlate.")
        ones = (INTERCEPT in design.covariates, INTERCEPT in design.gate)
        return METHODS[self.method](design.response[0], fixed, random, *ones, covariance)

    @property
    def _by_likelihood(self) -> tuple[MixedModel, MixedModelParams]:
        """The model whose likelihood is a sum over groups, and the estimates as its parameters."""
        fitted, params = self.result_.model, self.result_.params
        known = (fitted.response, fitted.covariates, fitted.effects, fitted.intercept, fitted.random_intercept)
        model = MixedModel(*known, fitted.covariance, fitted.layout)
        return model, MixedModelParams(self.coefficients_, params.between, params.within)

    def _rows(self, frame: object, sample_weight: object) -> tuple[ArraySource, Any]:
        check_is_fitted(self)
        rows = self.design_.rows(frame, gaps=self.gaps, weights=sample_weight)
        return _in_groups(self.design_, rows, sample_weight, None)

    def _effects_at(self, given: Any) -> Array:
        """The random effects (n, r) of the groups of rows; 0 of unknown ones."""
        place = {name: g for g, name in enumerate(labels_of(self.groups_).tolist())}
        at = np.array([place.get(name, -1) for name in labels_of(given).tolist()], dtype=np.intp)
        return np.where(at[:, None] >= 0, self.effects_[at], 0.0)


def _in_groups(design: Design, rows: DesignRows, weights: Any, library: str | None) -> tuple[ArraySource, Any]:
    """The rows, group after group, as a source, and the labels of the groups."""
    code, names = _codes(rows.groups, rows)
    order = np.argsort(code, kind="stable")
    columns = [j for j, name in enumerate(rows.columns) if name != INTERCEPT]
    kept = rows.of_kept(weights)
    source = ArraySource(
        rows.x[order][:, columns],
        None if kept is None else np.asarray(kept)[order],
        [rows.columns[j] for j in columns],
        row_name=NameOfKept("row {}".format, rows.kept[order]),
        levels=tuple(rows.levels[j] for j in columns),
        groups=code[order],
        library=library,
    )
    source.design = design
    return source, names


def _codes(given: Any, rows: DesignRows) -> tuple[Integers, Any]:
    """The number of the group of each row, and the labels of groups, in the order in which they come. Errors: DataError."""
    every = labels_of(given).tolist()
    for row in (row for row, label in enumerate(every) if kind_of(label) is Kind.GAP):
        raise DataError(f"the group of row {rows.kept[row]} is missing; give every row a label, or leave the row out.")
    number = {label: g for g, label in enumerate(dict.fromkeys(every))}
    return np.array([number[label] for label in every], dtype=np.intp), list(number)
