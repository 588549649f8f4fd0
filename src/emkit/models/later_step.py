"""The last of several steps, whose log-likelihood takes estimates of the steps before for known."""

from __future__ import annotations

from typing import Self, TypeVar

from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.models.around import Around

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


class LaterStep(Around[P, S]):
    """`model` after a first step of which it takes estimates for known: its log-likelihood is a pseudo log-likelihood.

    So its curvature tells how far estimates would vary if the first step were known, and AIC and BIC leave its parameters out.
    Source: Gong & Samaniego (1981), Annals of Statistics 9, 861-869.
    """

    def __init__(self, model: LatentModel[P, S]) -> None:
        self.model = model

    def __repr__(self) -> str:
        return f"LaterStep({self.model!r})"

    def around(self, model: LatentModel[P, S]) -> Self:
        return type(self)(model)

    @property
    def said(self) -> str:
        return "after a first step"

    @property
    def is_pseudo(self) -> bool:
        return True
