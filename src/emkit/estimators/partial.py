"""Mixtures that are fitted block by block, in scikit-learn's habit."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from emkit.estimators.components import ComponentsEstimator
from emkit.estimators.validated import as_before_if_it_fails
from emkit.streaming import Online, naming_block


class PartialFit(ComponentsEstimator):
    """An estimator that learns from one block of rows after another."""

    _of_rows: ClassVar[tuple[str, ...]] = ("result_", "converged_", "n_iter_", "lower_bound_", "lower_bounds_", "degenerate_")
    online_: Online[Any]

    def partial_fit(self, X: object, y: object = None, sample_weight: object = None, groups: object = None) -> Self:
        """Learn from one more block of rows, by stepwise EM: see `fit_online`, whose steps are those of its defaults.

        The first block is searched as by `fit` for where to begin, and settles columns and levels, and whether there may be
        gaps; so it should have a few hundred rows of every component. A call after `fit` begins anew (with `warm_start`, where
        `fit` ended). `X`, `sample_weight`, `groups`: as in `fit`.
        Attributes are the parameters that `fit` sets, and `online_`, an `ek.Online`: it counts `blocks` and `rows`, and
        ``online_.full_pass(X)`` is a `Result`. There is no `result_`, nor what else tells of all rows, since none are kept.
        Pickles go on where they were; a file of a `Result` holds no statistics, so that no stream goes on from it.
        Errors: as `fit`; then the estimator stays as it was. ModelError where statistics do not add up: see `fit_online`.
        """
        with as_before_if_it_fails(self):
            if hasattr(self, "online_"):
                begun = self.online_
                with naming_block(begun.blocks + 1):
                    source = self._source(X, sample_weight, reset=False, groups=groups)
            else:
                found, reporter = self._searched(X, y, {"sample_weight": sample_weight, "labels": None, "groups": groups})
                reporter.done()
                begun, source = Online.begun(found.model, found.params, found.source), found.source
            online = begun.more([source])
            for name in self._of_rows:
                self.__dict__.pop(name, None)
            self.online_ = online
            self.__dict__.update(self._fitted(online.params))
        return self
