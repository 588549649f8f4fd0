"""How well a fit describes its own rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.core.protocols import Executor
from emkit.core.restarts import Restarts
from emkit.fitted import Fitted
from emkit.inference import Classification, GenericRank, Merging, classification, generic_rank, merging
from emkit.inferred import Inferred
from emkit.selection.bootstrap import Bootstrap, all_of_them, bootstrap
from emkit.selection.bootstrap import Watch as Watched
from emkit.selection.bootstrap_test import BootstrapTest, bootstrap_test, check_comparable
from emkit.selection.bootstrap_test import Watch as Drawn
from emkit.selection.bootstrap_test import all_of_them as every_statistic

if TYPE_CHECKING:
    from emkit.explain.subject import Fit
    from emkit.views.quantiles import PseudoResiduals
    from emkit.views.residuals import BivariateResiduals
    from emkit.views.sequences import DwellTimes

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, eq=False, repr=False)
class Checked(Inferred[P]):
    """A fit and how well it fits: what components leave unexplained, and whether a larger model would fit better."""

    def starts(self) -> Restarts[P]:
        """Every run, from every start."""
        return self.runs

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
