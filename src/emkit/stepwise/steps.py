"""The last step of a latent class analysis: with the items, all free or held, or with rows that are assigned to classes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.evaluation import EMMap
from emkit.core.ready import refuse_gaps
from emkit.core.solvers import Anderson
from emkit.data.source import ArraySource
from emkit.fitted import Fitted
from emkit.fitting import default_rules, fit_each
from emkit.inference.near import Near
from emkit.inference.scores import score
from emkit.inferred import Inferred
from emkit.models.components import AnyComponents
from emkit.models.frozen import Frozen, bare
from emkit.models.gated_mixture import GatedMixture
from emkit.models.later_step import LaterStep
from emkit.stepwise.classified import Assignment, Correction, Evidence, table_of_errors
from emkit.stepwise.no_maximum import refuse_below_zero, refuse_unbounded
from emkit.stepwise.roles import Block
from emkit.stepwise.structure import Structure, with_items

ITEMS = "components.parts.0"


@dataclass(frozen=True, eq=False)
class Step:
    """The last step, after a first one in which a latent class model of the items alone was `measured`."""

    measured: Inferred[Any]
    structure: Structure

    @property
    def tells_classes(self) -> bool:
        """Whether the model of the last step tells to which classes rows belong."""
        return True

    @abstractmethod
    def fit(self, tol: float, most: int) -> Fitted[Any]:
        """What there is left to estimate: until log-likelihood of `tol` is left to gain, in `most` passes at most."""

    def source_of(self, last: Fitted[Any]) -> Any:
        """The rows of the `last` step, as this one has them: by default they know of no classes."""
        return last.source

    @abstractmethod
    def slope(self, last: Fitted[Any], near: Near, first: Any) -> Array:
        """The score (q,) at the estimates of the `last` step, with other parameters `first` of the first step."""

    def slopes_of_table(self, last: Fitted[Any], near: Near) -> tuple[Array, Array] | None:
        """What else the last step takes from the rows: how each moves it (n, m), and the derivatives (m, q) of the score by it.

        None where it takes nothing but the parameters of the first step.
        """
        return None

    def entries(self) -> Integers:
        """Of which row (n) each entry of the last step is: by default each row is an entry."""
        return np.arange(len(self.structure.weights))

    @cached_property
    def items(self) -> Block:
        """The answers (n, d), in codes."""
        source: Any = self.measured.source
        return Block(np.asarray(source.x, dtype=np.float64), source.columns, source.levels)

    def posterior(self, first: Any) -> Array:
        """How probable each class is for each row (n, K) by its answers alone, at parameters of the first step."""
        source: Any = self.measured.source
        return np.asarray(bare(self.measured.model).posterior(first, source.whole).responsibilities)

    def _start(self, model: AnyComponents, source: ArraySource, shares: Array) -> Any:
        """Outcomes estimated from rows in these shares (n, K) of the classes, whose sizes are even."""
        model = model.of_settled_family(source.profile)
        return model.estimated_from(source.whole, model.even(source.profile, shares.shape[1]), shares)

    def _run(self, model: Any, source: ArraySource, start: Any, tol: float, most: int) -> Fitted[Any]:
        refuse_gaps(model, source)
        model.check(start, source.profile)
        settled = model.settled(source.profile)
        rules = default_rules(settled, tol, most, setting="max_iter")  # as estimators call it
        return fit_each(settled, source, [start], solver=Anderson(), rules=rules)


@dataclass(frozen=True, eq=False)
class WithItems(Step):
    """The whole model: with the items as they were measured where they are `held` (two steps), else all at once (one step).

    Source of two steps: Bakk & Kuha (2018), Psychometrika 83, 871-892.
    """

    held: bool

    @cached_property
    def whole(self) -> tuple[GatedMixture[Any, Any], ArraySource]:
        """The whole model, and its rows."""
        return self.structure.with_items(self.items)

    def fit(self, tol: float, most: int) -> Fitted[Any]:
        model, source = self.whole
        first = self.measured.params
        return self.followed(with_items(self._start(model, source, self.posterior(first)), first.components), tol, most)

    def followed(self, start: Any, tol: float, most: int) -> Fitted[Any]:
        """Where a `start` of the whole model leads to; see `fit`."""
        model, source = self.whole
        return self._run(LaterStep(Frozen(model, ITEMS)) if self.held else model, source, start, tol, most)

    def slope(self, last: Fitted[Any], near: Near, first: Any) -> Array:
        params = with_items(last.params, first.components)
        return near.pulled(score(EMMap(last.model, last.passes, params), params))


@dataclass(frozen=True, eq=False)
class WithClasses(Step):
    """Three steps: rows are assigned to classes, and these take the place of the items, with a correction of their errors."""

    assignment: Assignment
    correction: Correction

    @property
    def tells_classes(self) -> bool:
        return False

    @cached_property
    def shares(self) -> Array:
        """The shares (n, K) in which rows are assigned to classes."""
        return self.assignment.shares(self.posterior(self.measured.params))

    @cached_property
    def table(self) -> Array:
        """P(assigned to class s | of class t) (K, K), t down."""
        return table_of_errors(self.posterior(self.measured.params), self.shares, self.structure.weights)

    @cached_property
    def evidence(self) -> Evidence:
        """What assigned rows tell of the classes."""
        return self.correction.evidence(self.shares, self.table)

    def entries(self) -> Integers:
        return self.evidence.rows

    def fit(self, tol: float, most: int) -> Fitted[Any]:
        model, source = self.structure.given_classes(self.evidence)
        refuse_below_zero(self.structure, self.evidence, self.correction)
        start = self._start(model, source, self.posterior(self.measured.params)[self.evidence.rows])
        found = self._run(LaterStep(model), source, start, tol, most)
        refuse_unbounded(found, self.structure, self.evidence, self.correction)
        return found

    def source_of(self, last: Fitted[Any]) -> Any:
        return self.structure.given_classes(self.evidence)[1]

    def slope(self, last: Fitted[Any], near: Near, first: Any) -> Array:
        posterior = self.posterior(first)
        shares = self.assignment.nearby(self.shares, posterior)
        return self._slope(last, near, shares, table_of_errors(posterior, shares, self.structure.weights))

    def slopes_of_table(self, last: Fitted[Any], near: Near) -> tuple[Array, Array]:
        """Those of the entries of the table of errors."""
        posterior, number = self.posterior(self.measured.params), len(self.table)
        mass = self.structure.weights @ posterior
        moves = (posterior / mass)[:, :, None] * (self.shares[:, None, :] - self.table)
        slopes = np.empty((number, number, near.size))
        for entry in np.ndindex(number, number):
            step = np.zeros_like(self.table)
            step[entry] = TABLE_STEP * float(np.maximum(self.table[entry], TABLE_STEP))
            ahead, behind = (self._slope(last, near, self.shares, self.table + way * step) for way in (1, -1))
            slopes[entry] = (ahead - behind) / (2 * step[entry])
        return moves.reshape(len(moves), -1), slopes.reshape(-1, near.size)

    def _slope(self, last: Fitted[Any], near: Near, shares: Array, table: Array) -> Array:
        _, source = self.structure.given_classes(self.correction.evidence(shares, table))
        return near.pulled(score(EMMap(last.model, source, last.params), last.params))


TABLE_STEP = 1e-4  # of an entry of the table of errors: of differences of scores
