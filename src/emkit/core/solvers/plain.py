"""Expectation-maximization as it was written down: the update is the next point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from emkit.core.parameters import Parameters
from emkit.core.protocols import EM, Evaluation

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class Plain:
    """theta := m_step(e_step(theta)). One pass over the data a step; the objective never falls.

    Source: Dempster, Laird & Rubin (1977), J. R. Statist. Soc. B 39, 1-38.
    """

    def init(self, first: Evaluation[P]) -> None:
        return None

    def step(self, em: EM[P], here: Evaluation[P], state: None) -> tuple[Evaluation[P], None]:
        return em(here.update), None
