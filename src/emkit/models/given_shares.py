"""Components among which rows are shared out beforehand, as the third step of a latent class analysis takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.core.protocols import Complete
from emkit.data.chunk import Chunk, as_float64
from emkit.errors import ModelError
from emkit.models.assignment import Posterior
from emkit.models.gated_mixture import GatedMixture, GatedMixtureParams

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


@dataclass(frozen=True)
class GivenShares(GatedMixture[P, S]):
    """A gated mixture whose rows bring their `shares` of the components along, one column for each, at these places.

    What it maximises is sum_i sum_k share_ik log(proportions_k(z_i) p(y_i | component k)). The shares of a row sum to 1. Some
    may be below 0, as those are that correct for errors of classification. The family must hold them to be `Covariates`.
    Errors: ModelError without shares, or where rows come in groups.
    Source: Bolck, Croon & Hagenaars (2004), Political Analysis 12, 3-27.

    Three people, of whom the second is as likely of either class:

    >>> import emkit as ek
    >>> from emkit.models.given_shares import GivenShares
    >>> model = GivenShares({0: "gaussian", (1, 2): ek.Covariates()}, shares=(1, 2))
    >>> parts = model.family.params(ek.DiagonalGaussianParams([[0.0], [1.0]], [[1.0], [1.0]]), ek.CovariatesParams())
    >>> rows = [[1.0, 1.0, 0.0], [4.0, 0.5, 0.5], [7.0, 0.0, 1.0]]
    >>> fit = ek.fit(model, rows, ek.GatedMixtureParams([[0.0], [0.0]], parts))
    >>> fit.params.components.parts[0].means.ravel().tolist()
    [2.0, 6.0]
    """

    shares: tuple[int, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.shares:
            raise ModelError("shares are the places of the columns that say how rows are shared out, one for each component.")

    def assign(self, params: GatedMixtureParams[P], log_density: Array, chunk: Chunk) -> Posterior:
        if chunk.groups is not None:
            raise ModelError("shares are those of rows, which come in groups here: give one row for each group.")
        shares = as_float64(chunk.x)[:, list(self.shares)]
        log_proportions = self.log_proportions(params, chunk.x)
        heights = np.where(shares != 0, shares * (log_proportions + log_density), 0.0).sum(axis=1)
        return Posterior(np.asfortranarray(shares), heights, latent=(shares, np.exp(log_proportions)))

    def complete(self, params: GatedMixtureParams[P], chunk: Chunk) -> Complete:
        """None. Errors: ModelError."""
        raise ModelError("rows are shared out beforehand here, so there is no step that shares them out to be shown.")
