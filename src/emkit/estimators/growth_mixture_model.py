"""Growth mixtures by formula, as an estimator of data frames: groups of rows, such as persons, in classes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from textwrap import fill as wrapped
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.design import INTERCEPT, Design, DesignRows, parsed
from emkit.data.design.random_terms import MixedFormula
from emkit.data.formula_rows import NameOfKept
from emkit.data.source import ArraySource
from emkit.errors import DegenerateFitError, DegenerateFitWarning, ParameterError, some_of
from emkit.estimators.allowed import Allowed, Count, OneOf
from emkit.estimators.choosable import Choosable
from emkit.estimators.components import ConvergenceWarning
from emkit.estimators.mixed_frames import FRAMES, OfFrames
from emkit.estimators.mixed_rows import codes, labels_in
from emkit.estimators.setting_terms import says_intercept, terms_in
from emkit.estimators.validated import as_before_if_it_fails
from emkit.fitted import AnyFitted
from emkit.models.growth_mixture import GrowthMixture
from emkit.models.growth_params import AnyGrowthParams
from emkit.models.growth_spread import SPREADS
from emkit.models.mixed_model import MixedModel
from emkit.report.collapse import collapsed
from emkit.report.growth_tables import classes_table, gates_table, shared_table, spreads_table
from emkit.report.sentences import capital
from emkit.report.summary import infinite_told, warn_of_separation
from emkit.result import Result
from emkit.search.plan import MOST_STARTS, PLAN, Stage

SLOWLY = replace(PLAN, race=(Stage(47, 1.0), Stage(47, 0.5)))  # classes come apart late: few passes do not tell good starts


class GrowthMixtureModel(Choosable, OfFrames):
    """Persons, or other groups of rows, in classes that nobody saw, each of which develops in a way of its own.

    All rows of a group are of one class, and given it they are those of a linear mixed model: fixed effects of the class, and
    random effects of the group.

    Parameters:
        formula: such as ``"y ~ t + (1 + t | id)"``: left of the bracket are the fixed effects, which every class has of its
            own; in it are the random effects of the groups that the column `id` names: see `MixedRegression`.
        n_components: how many classes.
        spread: "shared", if random effects and errors vary alike in all classes, which then differ by their fixed effects
            (as by default in R's lcmm and in Mplus); "own", if each class has variances of its own.
        predictors: a formula such as ``"~ sex"``, or a list: sizes of classes depend on these columns, which are the same in
            all rows of a group, by a multinomial logit.
        shared: covariates of the fixed effects whose coefficients all classes have in common, such as ``"~ sex"`` or a list.
        covariance: of the random effects of a group: "unstructured", "diagonal" (as of two bars) or "scalar", one variance.
            None is what the formula says.
        gaps: rows with gaps are left out with a warning ("drop"), or refused.
        n_init: how many starts a search begins from, of which those are followed that promise most; or "auto".
        tol, solver, max_iter, random_state: as in `FactorAnalysis`.

    `fit` takes a data frame or a dictionary of columns, whose rows come in any order. Attributes after it: `weights_` (K,),
    the proportions of groups in the classes, by their predictors if there are any; `gates_` (K, q), with `predictors`:
    log-odds of each class against the first, which `gate_names_` tell; `coefficients_` (K, p), which `coefficient_names_`
    tell; `effect_covariances_` (K, r, r) of the random effects, which `effect_names_` tell, and `error_variances_` (K,);
    `groups_`, the labels of the G groups, and `responsibilities_` (G, K), how likely each class is for each; `converged_`,
    `n_iter_` (passes over the data), and `result_`, an `ek.Result` with `standard_errors()`, `bic`, `icl`,
    `plot("trajectories")` ... Classes stand in the order of their first coefficient, lowest first. BIC and its kin count
    groups. ``ek.select(model, frame, range(1, 5))`` chooses a number of classes.
    Source: Muthén & Shedden (1999), Biometrics 55, 463-469; Proust-Lima, Philipps & Liquet (2017), J. Statist. Software 78(2).

    >>> import emkit as ek
    >>> import numpy as np
    >>> rng, person, time = np.random.default_rng(0), np.repeat(np.arange(40), 4), np.tile(np.arange(4.0), 40)
    >>> grows = person % 2
    >>> size = 5 + rng.standard_normal(40)[person] + (1 + 2 * grows) * time + rng.standard_normal(160) / 2
    >>> frame = {"person": person, "time": time, "size": size}
    >>> model = ek.GrowthMixtureModel("size ~ time + (1 | person)", 2, random_state=0).fit(frame)
    >>> model.coefficients_[:, 1].round(1).tolist(), model.coefficient_names_
    ([0.9, 3.0], ('intercept', 'time'))
    >>> model.predict(frame)[:4].tolist()
    [0, 1, 0, 1]
    """

    _allowed: ClassVar[dict[str, Allowed]] = {
        "n_components": Count(),
        "spread": OneOf(tuple(SPREADS)),
        "n_init": Count(or_one_of=("auto",), also=", or 'auto'", most=MOST_STARTS),
        **FRAMES,
    }

    def __init__(
        self,
        formula: str,
        n_components: int = 2,
        *,
        spread: str = "shared",
        predictors: Any = None,
        shared: Any = None,
        covariance: str | None = None,
        gaps: Any = "drop",
        n_init: int | str = 10,
        tol: float = 1e-8,
        max_iter: int = 10_000,
        solver: Any = "anderson",
        random_state: Any = None,
    ) -> None:
        self.formula = formula
        self.n_components = n_components
        self.spread = spread
        self.predictors = predictors
        self.shared = shared
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
        Warns: ConvergenceWarning with the reason if the fit did not converge; DegenerateFitWarning naming classes that are
        none; SeparationWarning naming infinite log-odds; EmkitWarning of rows that are left out.
        Errors: DataError, ParameterError (both are ValueErrors) or DegenerateFitError, naming what cannot be.
        """
        self._check_settings()
        with as_before_if_it_fails(self):
            return self._fit(frame, sample_weight)

    def _fit(self, frame: object, sample_weight: object) -> Self:
        said, source, names = self._read(frame, sample_weight)
        mixed, seed, by = self._mixed(MixedModel, said, names), self._seed(), self._columns(said, frame)
        found = self._best(GrowthMixture(mixed, "shared", *by), source, seed, ())
        if self.spread != "shared":  # it is a special case, whose best is a start that few others come up to
            found = self._best(GrowthMixture(mixed, self.spread, *by), source, seed, [found.params])
        return self._take(Result.of(found.in_order()))

    @property
    def _predictors(self) -> str:
        return "" if self.predictors is None else terms_in("predictors", self.predictors, "what classes depend on")

    def _columns(self, said: MixedFormula, frame: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The columns of predictors, and those whose coefficients are shared. Errors: ParameterError."""
        if self.predictors is not None and INTERCEPT not in self._gate_names:
            raise ParameterError(f"predictors is {self.predictors!r:.60}: sizes of classes need an intercept, leave it in.")
        predictors = tuple(name for name in self._gate_names if name != INTERCEPT)
        if self.predictors is not None and not predictors:
            raise ParameterError(f"predictors is {self.predictors!r:.60}, which names no column: leave them out.")
        if self.shared is None:
            return predictors, ()
        terms = terms_in("shared", self.shared, "the covariates whose coefficients all classes have in common")
        if says_intercept(terms):
            raise ParameterError(f"shared is {self.shared!r:.60}: each class has an intercept of its own, leave the 1 out.")
        own = Design.of(f"{said.fixed.partition('~')[0]} ~ {terms}", frame, gaps=self.gaps)
        shared = tuple(name for name in own.covariates if name != INTERCEPT)
        if not shared:
            raise ParameterError(f"shared is {self.shared!r:.60}, which names no covariate: leave it out.")
        for name in (name for name in shared if name not in self.design_.covariates):
            raise ParameterError(
                f"{name!r} is shared by all classes, and is none of the fixed effects; they are of "
                f"{some_of(self.design_.covariates)}."
            )
        return predictors, shared

    def _rows_of(self, frame: object, sample_weight: object = None) -> ArraySource:
        """Rows as those of the fit. Errors: DataError for predictors that are not the same in all rows of a group."""
        source = super()._rows_of(frame, sample_weight)
        self.result_.model.check(self.params_, source.profile)
        return source

    def _best(self, model: GrowthMixture, source: Any, seed: int, before: Sequence[AnyGrowthParams]) -> AnyFitted:
        """The best fit that a search finds, which also begins where estimates of a model `before` lie."""
        model, classes = model.settled(source.profile), int(self.n_components)
        given = [model.way.params(each.sizes, each.each) for each in before] if classes > 1 else []
        return self._searched(model, source, classes, self.n_init, seed, given, SLOWLY)

    def _take(self, result: Result[Any]) -> Self:
        """The attributes that follow from a fit."""
        if result.outcome.failed:
            raise DegenerateFitError(result.outcome.sentence)
        params = result.params
        model: Any = result.model
        layout, each = model.model.known_layout, params.each
        self.result_, self.params_, self.weights_ = result, params, model.proportions(params, result.source)
        if self.predictors is not None:
            self.gates_, self.gate_names_ = params.gates, params.predictors
        self.coefficient_names_, self.effect_names_ = layout.fixed.coefficient_names, sum(layout.effect_names, ())
        self.coefficients_ = np.array([own.fixed for own in each])
        roots = np.array([model.model.root(own.between) for own in each])
        self.effect_covariances_ = roots @ roots.swapaxes(1, 2)
        self.error_variances_ = np.array([own.within for own in each])
        self.responsibilities_ = model.shares(params, result.source)
        self.converged_, self.n_iter_, self.degenerate_ = result.converged, result.evaluations, result.degenerate
        if not self.converged_:
            warnings.warn(result.outcome.sentence, ConvergenceWarning, stacklevel=4)
        if self.degenerate_:
            warnings.warn(collapsed(model, result), DegenerateFitWarning, stacklevel=4)
        if self.predictors is not None:
            warn_of_separation(result, stacklevel=4)
        return self

    def predict(self, frame: object) -> Integers:
        """The most probable class (G,) of each group of a frame, counted from 0, given its rows: see `predict_proba`."""
        return self.predict_proba(frame).argmax(axis=1)

    def predict_proba(self, frame: object) -> Array:
        """The probability of each class (G, K) given the responses and covariates of all rows of a group.

        Groups, which need not be those of the fit, stand in the order in which they first come in the frame.
        """
        source = self._rows_of(frame)
        shares: Array = self.result_.model.shares(self.params_, source)
        return shares

    def trajectories(self, frame: object) -> Array:
        """The mean of the response (n, K) in each class given the covariates of a row, whose response need not be known.

        It is that of any group of the class, by the columns of the fixed effects; NaN where gaps were dropped.
        """
        check_is_fitted(self)
        fixed = parsed(self._said.fixed)
        codings = {factor.name: self.design_.codings[factor.name] for factor in fixed.factors()}
        rows = Design(fixed.text, codings).rows(frame, response=False, gaps=self.gaps)
        return rows.of_all(self.result_.model.means(self.params_, rows.among(self.result_.source.columns)))

    def score(self, frame: object, y: object = None, *, sample_weight: object = None) -> float:
        """The mean log-likelihood of a row of groups, at the estimates. `y` is ignored."""
        source = self._rows_of(frame, sample_weight)
        model = self.result_.model
        found = sum(float(each.group_weights @ model.row_objectives(self.params_, each)) for each in source.chunks())
        return found / source.total_weight

    def sample(self, frame: object) -> tuple[Array, Integers]:
        """A response (n,) drawn for each row of a frame, and its class (n,), drawn for each group with new random effects.

        Errors: DataError for gaps among the covariates.
        """
        check_is_fitted(self)
        rows = self.design_.rows(frame, response=False)
        rng, layout = np.random.default_rng(self._seed()), self.result_.model.model.known_layout
        code, known = codes(labels_in(frame, self._said, rows, self.design_)[0], rows)
        x = rows.among(self.result_.source.columns)
        self._refuse_varying(x, code, known, rows)
        ahead = np.cumsum(self.result_.model.outlook(self.params_, Chunk(x, unit_weights(len(x)))), axis=1)
        _, first = np.unique(code, return_index=True)
        of = (rng.random((len(known), 1)) * ahead[first][:, -1:] > ahead[first]).sum(axis=1)[code]
        mixed, each = self.result_.model.model, self.params_.each
        roots = [np.array([mixed.root(own.between)[level, level] for own in each]) for level in layout.own]
        drawn = np.einsum("np,np->n", layout.fixed.plain(x), self.coefficients_[of])
        drawn = drawn + self._drawn(frame, rows, layout, roots, of, rng)
        return drawn + np.sqrt(self.error_variances_[of]) * rng.standard_normal(len(of)), of

    def _refuse_varying(self, x: Array, code: Integers, known: list[Any], rows: DesignRows) -> None:
        """Errors: DataError for predictors that are not the same in all rows (n, d) of a group, by the `code` of each."""
        order = np.argsort(code, kind="stable")
        called, columns = NameOfKept("row {}".format, rows.kept[order]), self.result_.source.columns
        source = ArraySource(x[order], None, columns, row_name=called, groups=code[order])
        source.group_labels = tuple(known)
        self.result_.model.check(self.params_, source.profile)

    def summary(self, width: int = 80) -> str:
        """The fit on one screen: how it ended, each class with standard errors, and how far groups and rows vary."""
        check_is_fitted(self)
        result, here = self.result_, self.result_.source.is_here
        icl = f" and ICL {result.icl:.4f}" if here else ""
        own = 1 if self.spread == "shared" else len(self.weights_)
        head = (
            f"{self.formula}: {self.n_components} class{'es' * (self.n_components > 1)} of {len(self.groups_):,} groups, "
            f"{result.rows:,.10g} rows; log-likelihood {result.log_likelihood:.4f}, {result.free_parameters} free parameters, "
            f"BIC {result.bic:.4f}{icl} of {result.sample_size:,.10g} groups"
        )
        found = result.covariance() if here else None
        told = [
            wrapped(head, width),
            classes_table(result, found, self.weights_, width),
            *([] if self.shared is None else [shared_table(result, found, width)]),
            *([] if self.predictors is None else [gates_table(result, found, width)]),
            spreads_table(self.effect_names_, self.effect_covariances_[:own], self.error_variances_[:own], width),
        ]
        off = [] if self.predictors is None else infinite_told(result)
        said = [result.runs.sentence, capital(str(result.outcome)), *off]
        return "\n\n".join(filter(None, [*told, *(wrapped(sentence, width) for sentence in said)]))
