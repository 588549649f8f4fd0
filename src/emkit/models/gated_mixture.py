"""Mixtures whose proportions depend on covariates: concomitant variables, or gates, as mixtures of experts call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Generic, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.checks import check_settled
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.newton import NewtonSums
from emkit.core.parameters import Parameters
from emkit.core.protocols import Complete, Update, not_carried
from emkit.core.spaces import Contrasts
from emkit.data.chunk import Chunk
from emkit.data.framed_design import Column
from emkit.data.multinomial_logits import from_first
from emkit.data.patterns import collapsed
from emkit.data.profile import AnyProfile, Profile
from emkit.data.source import ArraySource
from emkit.errors import ModelError
from emkit.families import as_family
from emkit.families.family import Family, for_rows
from emkit.models.assignment import Assignment, Posterior, Soft
from emkit.models.components import Components, ComponentStats
from emkit.models.gates import Gate, columns_of, gate_on, plain_gate, refuse_varying, refuse_whole_rows
from emkit.models.relocations import relocations

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class GatedMixtureParams(Parameters, Generic[P]):
    """`gates` (K, q): the log-odds of each component against the first, by intercept and covariates; the `components`.

    Only differences between rows matter: the first is taken off all of them. `covariates` are the names of the columns.

    The first row is taken off both, since differences between components are all that matters:

    >>> import emkit as ek
    >>> params = ek.GatedMixtureParams([[1.0, 0.0], [3.0, 0.5]], ek.PoissonParams([[1.0], [6.0]]), ("Intercept", "age"))
    >>> params.gates.tolist()
    [[0.0, 0.0], [2.0, 0.5]]
    """

    gates: Annotated[
        Array, Contrasts(), Axes("component", "covariate", coupled=("component", "covariate"), told_by="covariates")
    ]
    components: P
    covariates: tuple[str, ...] = ()

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, gates: ArrayLike, components: P, covariates: tuple[str, ...] = ()) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "gates", from_first(self.gates))
        super().__post_init__()


@dataclass(frozen=True)
class GatedMixture(Components[GatedMixtureParams[P], P, S]):
    """p(y | z) = sum_k proportions_k(z) p(y | component k), with log-odds of the proportions linear in `covariates` z.

    The `family` describes other columns than these, or some columns given them: a regression, or a product in which they are
    `Covariates`. Without covariates the intercept alone says the proportions. The rows of one group all come from one
    component; covariates are then the same in all of them.
    Errors: ModelError for a family that describes whole rows, the covariates among them; without covariates and intercept.
    Source: Dayton & Macready (1988), JASA 83, 173-178; Jacobs, Jordan, Nowlan & Hinton (1991), Neural Computation 3, 79-87.

    Answers of nine people to two questions; whoever is older mostly belongs to the second class:

    >>> import emkit as ek
    >>> import numpy as np
    >>> rows = [[0, 0, 20], [1, 1, 25], [1, 0, 30], [0, 0, 35], [0, 0, 40], [1, 1, 45], [0, 0, 50], [1, 0, 55], [1, 1, 60]]
    >>> model = ek.GatedMixture({(0, 1): "bernoulli", 2: ek.Covariates()}, 2)
    >>> parts = model.family.params(ek.SuccessParams([[0.2, 0.3], [0.9, 0.8]]), ek.CovariatesParams())
    >>> fit = ek.fit(model, rows, ek.GatedMixtureParams([[0, 0], [0, 0]], parts))
    >>> np.exp(fit.model.log_proportions(fit.params, np.array([[0, 0, 30], [0, 0, 50]]))).round(2)
    array([[0.57, 0.43],
           [0.36, 0.64]])
    """

    family: Family[P, S]
    covariates: tuple[Column, ...] = ()
    intercept: bool = field(default=True, kw_only=True)
    assignment: Assignment = field(default_factory=Soft)
    gate: Gate | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", as_family(self.family))
        object.__setattr__(self, "covariates", columns_of(self.covariates))
        check_settled("gate", self.gate, Gate)
        if not self.covariates and not self.intercept:
            raise ModelError("a gate needs covariates, as in GatedMixture(family, 'age'), or an intercept.")
        if self.covariates:
            refuse_whole_rows(self.family, "GatedMixture({('a', 'b'): family, 'age': ek.Covariates()}, 'age')")

    # -- the gate

    @property
    def _gate(self) -> Gate:
        """The gate. Errors: ModelError while covariates are known by name only."""
        return self.gate if self.gate is not None else plain_gate(self.covariates, self.intercept)

    def placed(self, profile: AnyProfile) -> Self:
        """The model with its covariates found in the data. Errors: DataError for one that is not there, or dependent."""
        model = self.of_family(for_rows(self.family, profile))
        return model if model.gate is not None else replace(model, gate=gate_on(self.covariates, profile, self.intercept))

    @property
    def depending(self) -> Mapping[str, Sequence[Column]]:
        return {"proportions": self.covariates}

    def settled(self, profile: AnyProfile) -> Self:
        return super(GatedMixture, self.placed(profile)).settled(profile)

    def check(self, params: GatedMixtureParams[P], profile: AnyProfile) -> None:
        """Also that covariates are the same in all rows of a group."""
        super().check(params, profile)
        refuse_varying(self.placed(profile)._gate, profile.source)

    def log_proportions(self, params: GatedMixtureParams[P], x: Array) -> Array:
        """The logarithm of the proportions (n, K) for the covariates of rows x (n, d)."""
        return self._gate.log_proportions(params.gates, x)

    # -- who belongs where

    def outlook(self, params: GatedMixtureParams[P], chunk: Chunk, by_others: bool = False) -> Array:
        return np.exp(self.log_proportions(params, chunk.x))

    def assign(self, params: GatedMixtureParams[P], log_density: Array, chunk: Chunk) -> Posterior:
        first = chunk.bounds[:-1]
        log_proportions = self.log_proportions(params, chunk.x[first])
        if chunk.groups is None:
            found = self.assignment.assign(np.add(log_proportions, log_density, order="F"), chunk.weights, chunk.start)
            return found._replace(latent=(found.responsibilities, np.exp(log_proportions)))
        joint = np.add(log_proportions, np.add.reduceat(log_density, first, axis=0), order="F")
        found = self.assignment.assign(joint, chunk.group_weights, chunk.start)
        rows = np.repeat(found.responsibilities, np.diff(chunk.groups), axis=0)
        return found._replace(responsibilities=rows, latent=(found.responsibilities, np.exp(log_proportions)))

    def gathered(self, posterior: Posterior, chunk: Chunk) -> NewtonSums:
        """Sums of the multinomial logit over rows or, where rows come in groups, over groups."""
        responsibilities, proportions = posterior.latent
        counts = responsibilities * chunk.group_weights[:, None]
        return self._gate.sums(chunk.x[chunk.bounds[:-1]], counts, proportions)

    def statistics_of(self, belonging: NewtonSums, components: S) -> Any:
        return ComponentStats(belonging, components)

    def belonging_carried(self, belonging: Any, before: Any, now: Any) -> Any:
        raise not_carried(self)

    def belonging_updates(self) -> Mapping[str, Update[Any, GatedMixtureParams[P]]]:
        return {"gates": self._gates}

    def _gates(self, stats: Any, before: GatedMixtureParams[P], now: GatedMixtureParams[P]) -> Array:
        """One step of Newton's method: see `Gate.moved`."""
        return self._gate.moved(stats.belonging, before.gates, now.gates)

    def belonging_expected(
        self, belonging: NewtonSums, before: GatedMixtureParams[P], now: GatedMixtureParams[P]
    ) -> Expected:  # fmt: skip
        """A bound that touches the expected log-likelihood of the multinomial logit at `before`."""
        found = self._gate.bound(belonging, before.gates, now.gates)
        return Expected(found.value, {"gates": found.slopes})

    def complete(self, params: GatedMixtureParams[P], chunk: Chunk) -> Complete:
        """The chunk with its latent states written out. Errors: ModelError where rows come in groups."""
        if chunk.groups is not None:
            raise ModelError("all rows of a group belong to one component, so the steps cannot be shown row by row.")
        density = self._log_density(params.components, chunk, None)
        return Complete(self.log_proportions(params, chunk.x) + density, chunk.weights)

    # -- starts, and what lies around them

    def even(self, profile: Profile[ArraySource], n_components: int) -> GatedMixtureParams[P]:
        model = self.placed(profile)
        names = model._gate.coefficient_names
        components = model.family.pooled(profile, n_components)
        return GatedMixtureParams(np.zeros((n_components, len(names))), components, names)

    def relocations(self, params: GatedMixtureParams[P], profile: Profile[ArraySource], seed: int) -> Iterator[Any]:
        return relocations(self, params, profile, seed)

    def prepare(self, source: Any) -> Any:
        """Repeated rows are looked at once."""
        return collapsed(source)

    def scales(self, params: GatedMixtureParams[P]) -> Mapping[str, Scale]:
        """Gates are counted in steps that move the log-odds of all rows by about 1, where the rows are known."""
        found = dict(super().scales(params))
        if self.gate is not None:
            found["gates"] = self.gate.scale(params.gates)
        return found

    def rows_of(self, params: GatedMixtureParams[P], profile: AnyProfile) -> Array:
        some = profile.sample
        shares = np.average(np.exp(self.log_proportions(params, some.x)), axis=0, weights=some.weights)
        return np.asarray(shares * max(profile.rows, profile.total_weight))

    def drawn_components(
        self, params: GatedMixtureParams[P], rng: np.random.Generator, rows: Array, lengths: Integers | None
    ) -> Integers:
        each = np.ones(len(rows), dtype=np.int64) if lengths is None else lengths
        ahead = np.cumsum(np.exp(self.log_proportions(params, rows[np.cumsum(each) - each])), axis=1)
        return np.repeat((rng.random((len(each), 1)) * ahead[:, -1:] > ahead).sum(axis=1), each)

    def draw(self, params: GatedMixtureParams[P], rng: np.random.Generator, rows: int) -> tuple[Array, Integers]:
        raise ModelError("covariates are data, and cannot be drawn: proportions that depend on them are drawn for given rows.")

    @property
    def ascends(self) -> bool:
        return self.assignment.ascends


AnyGatedMixture = GatedMixture[Any, Any]
