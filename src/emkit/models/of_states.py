"""What models of moving states share: what series tell of their states, at any parameters, and series drawn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation, LatentModel
from emkit.data.chunk import Chunk
from emkit.errors import DegenerateFitError
from emkit.models import state_series, state_sums
from emkit.models.state_layout import Layout
from emkit.models.state_stats import StateSums
from emkit.models.state_system import System

P = TypeVar("P", bound=Parameters)


class OfStates(LatentModel[P, StateSums]):
    """A model of states that are seen through a linear map; a subclass says by which matrices, and estimates what is in these.

    `layout` says what of the matrices is given.
    """

    layout: Layout
    latent_name = "state"
    groups_called: ClassVar[str] = "series"

    @abstractmethod
    def system(self, params: P) -> System:
        """All matrices as they are at these parameters."""

    def e_step(self, params: P, chunk: Chunk) -> Expectation[StateSums]:
        sums, heights = state_sums.summed(self.system(params), chunk, self.layout.coefficients)
        return Expectation(sums, float(chunk.group_weights @ heights), chunk.total_weight)

    def row_objectives(self, params: P, chunk: Chunk) -> Array:
        return state_sums.log_density(self.system(params), chunk)

    def latent(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, m) and covariance (n, m, m) of the states at each row, given all rows of its series."""
        system = self.system(params)
        found = [state_sums.smoothed(system, chunk.x[a:z]) for a, z in zip(chunk.bounds, chunk.bounds[1:], strict=False)]
        return np.concatenate([each.means for each in found]), np.concatenate([each.spreads for each in found])

    def signal(self, params: P, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, d) and covariance (n, d, d) of each row without its errors, given all rows of its series."""
        return state_series.signal(self.system(params), chunk, *self.latent(params, chunk))

    def normal_residuals(self, params: P, source: Any) -> Mapping[int, Array]:
        """What each cell differs from its forecast, by the spread of that; NaN in gaps, and until an unknown start is told."""
        return dict(enumerate(state_series.innovations(self.system(params), self.prepare(source).chunks()).T))

    def forecast(self, params: P, chunk: Chunk, steps: int, inputs: Array | None = None) -> tuple[Array, Array]:
        """Mean (G, steps, d) and covariance (G, steps, d, d) of the rows after the last one of each series, given all.

        `inputs`: those of these rows (steps, p), or (G, steps, p) of each series.
        Errors: DataError for inputs that are missing, or others than the model has.
        """
        return state_series.forecast(self.system(params), chunk, steps, inputs, self.layout.inputs)

    def draw(self, params: P, rng: np.random.Generator, n: int, inputs: Array | None = None) -> Array:
        """A series of n rows (n, d), by their inputs (n, p); of a start of which nothing is known, from its mean.

        Errors: DataError as for `forecast`.
        """
        return state_series.drawn(self.system(params), rng, n, inputs, self.layout.inputs)

    def redrawn(self, params: P, rng: np.random.Generator, rows: Array, lengths: Integers | None = None) -> Array:
        d = len(self.layout.noise)
        ends = [len(rows)] if lengths is None else np.cumsum(lengths).tolist()
        parts = [rows[a:z, d:] for a, z in pairwise([0, *ends])]
        made = [np.hstack([self.draw(params, rng, len(each), each), each]) for each in parts]
        return np.concatenate(made)

    @property
    def admits_gaps(self) -> bool:
        return True

    def recoded(self, source: Any) -> Any:
        """All rows as one series, where nothing says which are."""
        return source.as_one_group()

    def prepare(self, source: Any) -> Any:
        return self.recoded(source)

    @property
    def climbs(self) -> bool:
        return True

    def is_stuck(self, params: P) -> bool:
        """Whether a column is seen without error, or a shock is none, of which entries are to be estimated."""
        lay, system = self.layout, self.system(params)
        blind = lay.free("observation").any(axis=1) & (system.noise == 0)
        still = lay.free("transition")[lay.places].any(axis=1) & (np.diag(system.shocks) == 0)
        return bool(blind.any() or still.any())

    def information(self, params: P, source: Any) -> Array:
        """What all rows tell of the coefficients (q, q) that cells are linear in, with all else as it is; 0 if no density."""
        try:
            told = [self.e_step(params, chunk).statistics.information for chunk in self.prepare(source).chunks()]
            return np.asarray(np.sum(told, axis=0))
        except DegenerateFitError:
            return np.zeros((0, 0))
