"""Every row comes from one of K components; which one is not observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters, leaves
from emkit.core.protocols import Complete, Expectation, LatentModel, Update
from emkit.core.spaces import Simplex
from emkit.core.statistics import Additive
from emkit.data.patterns import collapsed
from emkit.data.source import ArraySource, Chunk, as_float64
from emkit.errors import DataError, ParameterError
from emkit.families.family import Family, safe_log
from emkit.families.linear import LinearForm, linear_form
from emkit.models import compiled
from emkit.models.assignment import Assigned, Assignment, Soft

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class MixtureParams(Parameters, Generic[P]):
    """`proportions` (K,) that sum to 1, and the parameters of the K `components`."""

    proportions: Annotated[Array, Simplex()]
    components: P

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, proportions: ArrayLike, components: P) -> None: ...


@dataclass(frozen=True)
class MixtureStats(Additive, Generic[S]):
    """`mass` (K,): the expected number of rows of each component; `components`: the family's statistics."""

    mass: Array
    components: S


@dataclass(frozen=True)
class Mixture(LatentModel[MixtureParams[P], MixtureStats[S]]):
    """p(x) = sum_k proportions_k p(x | component k), for any family; `assignment` is how the E-step assigns rows.

    To hold the proportions at their start, wrap it: ``Frozen(Mixture(family), "proportions")``.
    """

    family: Family[P, S]
    assignment: Assignment = field(default_factory=Soft)

    def log_joint(self, params: MixtureParams[P], x: Array) -> Array:
        """Log p(x_i, z=k; theta), shape (n, K)."""
        density = self.family.log_density(params.components, as_float64(x))
        return np.add(safe_log(params.proportions), density, order="F")  # sums over components run along the rows, in step

    def complete(self, params: MixtureParams[P], chunk: Chunk) -> Complete:
        """The chunk with its latent states written out."""
        return Complete(self.log_joint(params, chunk.x), chunk.weights)

    def assign(self, params: MixtureParams[P], chunk: Chunk) -> Assigned:
        """The responsibilities that the E-step uses, with the log-likelihood of each row."""
        return self.assignment.assign(self.log_joint(params, chunk.x), chunk.weights, chunk.start)

    def e_step(self, params: MixtureParams[P], chunk: Chunk) -> Expectation[MixtureStats[S]]:
        large = compiled.worth_compiling(chunk.x, len(params.proportions))
        form = linear_form(self.family, params.components) if large and self.assignment.is_posterior else None
        return self.plain_e_step(params, chunk) if form is None else self._tiled_e_step(form, params, chunk)

    def _tiled_e_step(self, form: LinearForm[S], params: MixtureParams[P], chunk: Chunk) -> Expectation[MixtureStats[S]]:
        mass, components, log_likelihood = compiled.expectation(form, params.proportions, chunk)
        return Expectation(MixtureStats(mass, components), log_likelihood, chunk.total_weight)

    def plain_e_step(self, params: MixtureParams[P], chunk: Chunk) -> Expectation[MixtureStats[S]]:
        """The E-step in plain NumPy, for any family and assignment; the compiled road is held against it."""
        assigned = self.assign(params, chunk)
        weights = assigned.responsibilities * chunk.weights[:, None]
        return Expectation(
            MixtureStats(weights.sum(axis=0), self.family.statistics(params.components, as_float64(chunk.x), weights)),
            log_likelihood=float(chunk.weights @ assigned.log_likelihood),
            rows=chunk.total_weight,
            gap=float(chunk.weights @ assigned.gap),
        )

    def updates(self) -> Mapping[str, Update[MixtureStats[S], MixtureParams[P]]]:
        inner = {f"components.{path}": _inside(update) for path, update in self.family.updates().items()}
        return {"proportions": _proportions, **inner}

    def check(self, params: MixtureParams[P], source: ArraySource) -> None:
        try:
            family, width = self.family.sized(params.components), self.family.width(params.components)
        except AttributeError:
            raise ParameterError(
                f"the components are {type(params.components).__name__}, which are not the parameters of {self.family!r}."
            ) from None
        if width is not None and width != len(source.columns):
            raise DataError(
                f"the parameters are for {width} columns but the data have {len(source.columns)} ({', '.join(source.columns)})."
            )
        family.check(source)
        _check_component_axis(params)

    def coordinates(self, params: MixtureParams[P]) -> Coordinates[MixtureParams[P]]:
        inner = self.family.scales(params.components)
        return Coordinates(params, scales={f"components.{path}": scale for path, scale in inner.items()})

    def degenerate(self, params: MixtureParams[P], source: ArraySource) -> tuple[int, ...]:
        """Components that rest on the family's floor, and components that received no rows."""
        empty = {int(k) for k in np.flatnonzero(params.proportions == 0)}
        return tuple(sorted(empty | set(self.family.degenerate(params.components, source))))

    def caution(self, source: ArraySource) -> None:
        self.family.caution(source)

    def prepare(self, source: ArraySource) -> ArraySource:
        """Repeated rows of discrete data are looked at once."""
        return collapsed(source)

    @property
    def ascends(self) -> bool:
        return self.assignment.ascends


AnyMixtureParams = MixtureParams[Any]
AnyMixture = Mixture[Any, Any]
AnyFamily = Family[Any, Any]


def _proportions(stats: MixtureStats[S], before: MixtureParams[P], now: MixtureParams[P]) -> Array:
    """Expected number of rows / number of rows.

    Shapes: mass (K,) -> (K,).
    Source: maximise sum_k mass_k log proportion_k with a Lagrange multiplier for their sum.
    """
    return stats.mass / stats.mass.sum()


def _inside(update: Update[S, P]) -> Update[MixtureStats[S], MixtureParams[P]]:
    return lambda stats, before, now: update(stats.components, before.components, now.components)


def _check_component_axis(params: MixtureParams[P]) -> None:
    first = next(leaves(params.components)).value
    if len(first) != len(params.proportions):
        raise ParameterError(
            f"there are {len(params.proportions)} proportions but {len(first)} components; give one proportion each."
        )
