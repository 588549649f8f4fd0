"""What a fit says of rows, its own and others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from emkit.by_formula import Means, means_of
from emkit.by_group import means_by_group
from emkit.core.arrays import Array, Integers
from emkit.core.parameters import Parameters
from emkit.data.frames import as_frame, beside, library_of
from emkit.data.like import rows_like
from emkit.errors import ModelError
from emkit.inference import Univariate
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
from emkit.report.frames import assigned, of_rows
from emkit.result.checked import Checked

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, eq=False, repr=False)
class AboutRows(Checked[P]):
    """A fit and what it says of rows: where they belong, what is expected of them, how likely they are; and rows drawn."""

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
