"""Linear mixed models by formula, as an estimator of data frames."""

from __future__ import annotations

import warnings
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.by_group import means_by_group
from emkit.core.arrays import Array
from emkit.data.source import ArraySource
from emkit.errors import EmkitWarning
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.mixed_frames import FRAMES, OfFrames
from emkit.estimators.validated import as_before_if_it_fails
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_params import MixedModelParams
from emkit.models.of_groups import OfGroups
from emkit.models.restricted_mixed_model import RestrictedMixedModel
from emkit.report.mixed_tables import coefficients_table, effects_table
from emkit.report.sentences import capital, listed

METHODS: dict[str, type[OfGroups[Any]]] = {"ml": MixedModel, "reml": RestrictedMixedModel}
MOST_NAMED = 6


class MixedRegression(OfFrames):
    """A linear mixed model: a regression of which some coefficients vary between groups of rows, normally distributed.

    Parameters:
        formula: such as ``"y ~ x + (x | id)"``: left of the bar in the bracket is what varies between the groups that the
            column behind it names, `(1 | id)` intercepts, `(x | id)` also slopes, `(0 + x | id)` slopes alone; two bars,
            `(x || id)`, if they do not correlate. `(x | school/class)` is of classes in schools, the same as
            `(x | school) + (x | school:class)` and, where each label of a class is of one school,
            `(x | school) + (x | class)`. Otherwise as in docs/formulas.md.
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
    `effect_spreads_` (G, r, r); the same of J groups within groups, `inner_groups_`, pairs of labels, `inner_effect_names_`,
    `inner_effect_covariance_`, `inner_effects_` and `inner_effect_spreads_`; `still_`, names of effects that do not vary, given
    those before them; `converged_`, `n_iter_` (passes), and `result_`, an `ek.Result` with `standard_errors()`, `bic` ...
    Likelihoods of "reml" compare fits with the same coefficients.

    >>> import emkit as ek
    >>> rails, times = [1, 1, 1, 2, 2, 2, 3, 3, 3], [55, 53, 54, 26, 37, 32, 78, 91, 85]
    >>> model = ek.MixedRegression("time ~ (1 | rail)").fit({"rail": rails, "time": times})
    >>> model.coefficients_.round(2).tolist(), model.effect_covariance_.round(1).tolist(), round(model.error_variance_, 2)
    ([56.78], [[699.9]], 24.56)
    >>> model.effects_.round(2).ravel().tolist()
    [-2.75, -24.82, 27.57]
    """

    _allowed: ClassVar[dict[str, Allowed]] = {"method": OneOf(tuple(METHODS)), "n_init": Count(), **FRAMES}

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
        said, source, names = self._read(frame, sample_weight)
        model: Any = self._mixed(METHODS[self.method], said, names)
        return self._keep(self._fit_from(model, source, self._starts(model, source.profile, int(self.n_init))), source)

    def _keep(self, result: Any, source: ArraySource) -> Self:
        """The attributes that follow from a fit."""
        model: OfGroups[Any] = result.model
        told, layout, nothing = result.effects, model.known_layout, np.zeros((0, 0))
        self.coefficient_names_, self.coefficients_, self.coefficient_covariance_ = told.names, told.fixed, told.covariance
        self.error_variance_ = float(result.params.within)
        names = (*(level.coefficient_names for level in layout.levels), ())
        self.effect_names_, self.inner_effect_names_ = names[:2]
        self.effect_covariance_, self.inner_effect_covariance_ = (*model.matrices(result.params.between), nothing)[:2]
        each = [(level.means, level.covariances) for level in told.levels]
        (self.effects_, self.effect_spreads_), inner = (*each, (nothing, nothing))[:2]
        self.inner_effects_, self.inner_effect_spreads_ = inner
        still = np.diag(model.root(result.params.between)) == 0
        self.still_ = tuple(name for name, own in zip(self._varying, still, strict=True) if own)
        if self.still_:
            warnings.warn(self._still_told, EmkitWarning, stacklevel=4)
        return self

    def predict(self, frame: object, random: bool = True) -> Array:
        """The mean of the response (n,) given the covariates of each row; NaN where gaps were dropped.

        With the `random` effects of its group as far as the fit knows it, 0 for other groups; without, that of any group.
        Errors: DataError for rows that cannot be, and for labels of groups that no group of the fit could have: gaps, and
        numbers where labels are text, or text where they are numbers.
        """
        check_is_fitted(self)
        return means_by_group(self.result_, frame, random=random, gaps=self.gaps)

    def residuals(self, frame: object, random: bool = True) -> Array:
        """The response less its mean (n,), as `predict` tells it."""
        check_is_fitted(self)
        rows = self.design_.rows(frame, gaps=self.gaps)
        return rows.of_all(rows.response[:, 0]) - self.predict(frame, random)

    def score(self, frame: object, y: object = None, *, sample_weight: object = None) -> float:
        """The mean log-likelihood of a row of groups, at the estimates. `y` is ignored."""
        source = self._rows_of(frame, sample_weight)
        model, params = self._by_likelihood
        found = [(chunk.group_weights, model.row_objectives(params, chunk)) for chunk in source.chunks()]
        return float(sum(weights @ heights for weights, heights in found) / source.total_weight)

    def sample(self, frame: object) -> Array:
        """A response (n,) drawn for each row of a frame, with new random effects for each group; NaN where there are gaps."""
        check_is_fitted(self)
        rows = self.design_.rows(frame, response=False, gaps=self.gaps)
        rng = np.random.default_rng(self._seed())
        roots = [root[None] for root in self._roots]
        one = np.zeros(len(rows.x), dtype=np.intp)
        drawn = rows.covariates @ self.coefficients_
        drawn = drawn + self._drawn(frame, rows, self.result_.model.known_layout, roots, one, rng)
        return rows.of_all(drawn + np.sqrt(self.error_variance_) * rng.standard_normal(len(drawn)))

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how it ended, coefficients with standard errors, and how far they vary between groups."""
        check_is_fitted(self)
        result = self.result_
        kind = "restricted log-likelihood" if self.method == "reml" else "log-likelihood"
        head = (
            f"{self.formula}: {result.rows:,.10g} rows in {len(self.groups_):,} groups{self._inner_told}, {kind} "
            f"{result.log_likelihood:.4f}, "
            f"{result.free_parameters} free parameters"
        )
        told = [
            wrapped(head, width),
            coefficients_table(self.coefficient_names_, self.coefficients_, self.coefficient_covariance_, width),
            effects_table(self._varying, [self.effect_covariance_, self.inner_effect_covariance_], self.error_variance_, width),
        ]
        said = [*([self._still_told] if self.still_ else []), capital(str(result.outcome))]
        return "\n\n".join([*told, *(wrapped(sentence, width) for sentence in said)])

    @property
    def _inner_told(self) -> str:
        return f" and {len(self.inner_groups_):,} inner groups" if self.inner_groups_ else ""

    @property
    def _varying(self) -> tuple[str, ...]:
        """The names of the effects of all levels; with those of their groups, if there are several."""
        return tuple(name for names in self.result_.model.known_layout.effect_names for name in names)

    @property
    def _roots(self) -> list[Array]:
        """The root of the covariance of the effects of each level."""
        model, between = self.result_.model, self.result_.params.between
        return [level.root(side.size) for level, side in zip(between.levels, model.sides, strict=True)]

    @property
    def _still_told(self) -> str:
        beside = "" if len(self._varying) == 1 else ", given those before"
        return (
            f"On an edge: the variance of {listed(map(repr, self.still_), MOST_NAMED)} between groups is 0"
            f"{beside}. Fewer random effects, or more groups, may tell more."
        )

    @property
    def _by_likelihood(self) -> tuple[MixedModel, MixedModelParams]:
        """The model whose likelihood is a sum over groups, and the estimates as its parameters."""
        fitted, params = self.result_.model, self.result_.params
        known = (fitted.response, fitted.covariates, fitted.effects, fitted.intercept, fitted.random_intercept)
        model = MixedModel(*known, fitted.covariance, fitted.layout, fitted.nested)
        return model, MixedModelParams(self.coefficients_, params.between, params.within)
