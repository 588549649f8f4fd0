"""What a solver sees of model and data, and what it chooses from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters
from emkit.core.rate import EMRate

P = TypeVar("P", bound=Parameters)
St = TypeVar("St")


@dataclass(frozen=True)
class Evaluation(Generic[P]):
    """The atom of the algorithm: one pass over the data.

    `objective` and `log_likelihood` are those of `params`; `update` is m_step(e_step(params)), whose own objective is not
    known until it is evaluated in its turn. `em_rate` is how fast EM moved into `params`; None if no EM step led there.

    One round of the two coins; the parameters that it leads to have an objective once they are evaluated in their turn:

    >>> import emkit as ek
    >>> coins = ek.lessons.two_coins()
    >>> em = ek.EMMap(coins.model, coins.source, coins.start)
    >>> here = em(coins.start)
    >>> round(here.objective, 4), round(em(here.update).objective, 4)
    (-33.0939, -31.8593)
    """

    params: P
    objective: float
    log_likelihood: float
    update: P
    em_rate: EMRate | None = None


class EM(Protocol[P]):
    """What a solver sees of model and data: a map from parameters to their evaluation, and free coordinates."""

    coordinates: Coordinates[P]

    def __call__(self, params: P) -> Evaluation[P]:
        """Evaluate `params`: one pass over the data."""

    def attempt(self, params: P, like: P | None = None) -> Evaluation[P] | None:
        """Evaluate a guess; None if it has no finite objective or no M-step, or if none from `like` would go so far."""


class Solver(Protocol[P, St]):
    """Chooses the next parameters: knows no data and no model, and keeps its state outside itself."""

    def init(self, first: Evaluation[P]) -> St:
        """The state before the first step."""

    def step(self, em: EM[P], here: Evaluation[P], state: St) -> tuple[Evaluation[P], St]:
        """The next evaluation, never one with a lower objective unless the EM step itself is lower."""
