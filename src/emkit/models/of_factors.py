"""What models of latent factors share: rows, what they tell of their factors, and rows drawn."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation, LatentModel
from emkit.data.chunk import Chunk
from emkit.data.stand_ins import standing_in
from emkit.models.factor_sums import FactorSums, Told, sums_of, told

P = TypeVar("P", bound=Parameters)


class Independent(NamedTuple):
    """x = `means` + `loadings` g + e: g ~ N(0, I), e ~ N(0, diag(`uniquenesses`)); the factors of the model are `root` g.

    Shapes: (d,), (d, m), (d,) and (m, m).
    """

    means: Array
    loadings: Array
    uniquenesses: Array
    root: Array


class OfFactors(LatentModel[P, FactorSums]):
    """A model whose columns hang together by normal factors; a subclass says by which, as `independent` ones, and estimates."""

    n_factors: int

    @abstractmethod
    def independent(self, params: P) -> Independent:
        """The same model in independent factors of variance 1."""

    def e_step(self, params: P, chunk: Chunk) -> Expectation[FactorSums]:
        """Sums over independent factors."""
        one = self._told(params, chunk)
        return Expectation(sums_of(one, chunk.weights), float(chunk.weights @ one.log_density), float(chunk.weights.sum()))

    def _told(self, params: P, chunk: Chunk) -> Told:
        """What the rows of a chunk tell of independent factors."""
        system = self.independent(params)
        return told(system.means, system.loadings, system.uniquenesses, chunk.x)

    def row_objectives(self, params: P, chunk: Chunk) -> Array:
        return self._told(params, chunk).log_density

    latent_name = "factor"

    def latent(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, m) and covariance (n, m, m) of the factors of each row, given its cells."""
        (scores, spreads), root = self.of_independent(params, chunk), self.independent(params).root
        return scores @ root.T, root @ spreads @ root.T

    def of_independent(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """The same of the independent factors."""
        one = self._told(params, chunk)
        return one.scores, one.spreads[one.which]

    def implied_covariance(self, params: P) -> Array:
        system = self.independent(params)
        noise = np.broadcast_to(system.uniquenesses, system.means.shape)
        return np.asarray(system.loadings @ system.loadings.T + np.diag(noise))

    def draw(self, params: P, rng: np.random.Generator, n: int) -> Array:
        """Rows (n, d)."""
        system = self.independent(params)
        noise = np.sqrt(system.uniquenesses)
        factors = rng.standard_normal((n, self.n_factors))
        return np.asarray(system.means + factors @ system.loadings.T + noise * rng.standard_normal((n, len(noise))))

    def redrawn(self, params: P, rng: np.random.Generator, rows: Array, lengths: Integers | None = None) -> Array:
        return self.draw(params, rng, len(rows))

    @property
    def admits_gaps(self) -> bool:
        return True

    def prepare(self, source: Any) -> Any:
        """Of complete rows, and of many that lack the same cells, means and covariance are all that matters."""
        return standing_in(source)

    def occurring(self, source: Any) -> Any:
        """The rows themselves."""
        return source
