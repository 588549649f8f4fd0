"""Stepwise (online) EM: an M-step after each block of rows, from a decaying average of the statistics of all blocks so far.

The statistics of a block are those of an E-step at the parameters that the blocks before have led to. With steps g_t that sum
to infinity while their squares do not, the parameters come to a stationary point of the likelihood of the source.
Source: Cappé & Moulines (2009), J. R. Statist. Soc. B 71, 593-613.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.checks import check_range
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation
from emkit.errors import DataError, ParameterError

P = TypeVar("P", bound=Parameters)
OF_ALPHA = "it must be a number above 0.5, up to 1: with other steps the average either never settles, or settles too soon"
OF_T0 = "it must be a number >= 0 (in blocks)"


@dataclass(frozen=True)
class Decay:
    """The steps g_t = (t + t0)^-alpha of block t = 1, 2, ...: the larger `alpha`, the longer are early blocks remembered.

    With alpha = 1 and t0 = 0 the average is over all blocks alike. Errors: ParameterError unless 0.5 < alpha <= 1, t0 >= 0.
    """

    alpha: float = 0.6
    t0: float = 0.0

    def __post_init__(self) -> None:
        check_range("alpha", self.alpha, ParameterError, OF_ALPHA, float(np.nextafter(0.5, 1)), float(np.nextafter(1, 2)))
        check_range("t0", self.t0, ParameterError, OF_T0, 0, float("inf"))

    def __call__(self, block: int) -> float:
        return float((block + self.t0) ** -self.alpha)


@dataclass(frozen=True)
class OnlineState(Generic[P]):
    """Stepwise EM between two blocks: all that the next one depends on, beside the model and the steps.

    `average` is what an E-step at `params` would tell of one row; None before the first block. Its `log_likelihood` is that
    of rows under the parameters before they were learned from. `rows` is the total weight of the `blocks` so far.
    """

    params: P
    average: Expectation[Any] | None = None
    blocks: int = 0
    rows: float = 0.0


def after_block(em: EMMap[P], state: OnlineState[P], decay: Decay) -> OnlineState[P]:
    """The state after one more block, whose rows are those of `em`.

    The M-step sees as many rows as there were so far, each of them the average one: beside these stands a prior.
    Errors: DataError for a block without rows; ModelError for statistics that cannot be carried to other parameters.
    """
    before, number = state.params, state.blocks + 1
    total = em.expectation(before)
    if not total.rows > 0:
        raise DataError("there are no rows of a positive weight.")
    average = total * (1 / total.rows)
    if state.average is not None:
        step = decay(number)
        average = state.average * (1 - step) + average * step
    rows = state.rows + total.rows
    params = em.maximised(average * rows, before)
    statistics = em.model.carried(average.statistics, before, params)
    return OnlineState(params, replace(average, statistics=statistics), number, rows)
