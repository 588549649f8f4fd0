"""Every row comes from one of K components; which one is not observed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask, readonly
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, in_a_row, maximise_in_turn, with_trusted
from emkit.core.protocols import Complete, Expectation, Update
from emkit.core.spaces import Simplex
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk, as_float64
from emkit.data.patterns import collapsed
from emkit.data.profile import AnyProfile, Profile
from emkit.data.source import ArraySource
from emkit.data.sparse import is_sparse
from emkit.errors import ModelError
from emkit.families import as_family
from emkit.families.family import Family, for_rows, safe_log, slope_of_log
from emkit.families.linear import LinearForm, linear_form, with_features
from emkit.models import compiled, products
from emkit.models.assignment import Assignment, Posterior, Soft, impossible_row
from emkit.models.components import Components, SeveralStats, as_shares
from emkit.models.narrowed import Narrowed
from emkit.models.order import apart, component_count, component_leaves, of_components
from emkit.models.relocations import relocations
from emkit.models.split_merge import split_merges

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class MixtureParams(Parameters, Generic[P]):
    """`proportions` (K,) that sum to 1, and the parameters of the K `components`.

    >>> import emkit as ek
    >>> params = ek.MixtureParams([0.25, 0.75], ek.PoissonParams([[1.0], [4.0]]))
    >>> params.proportions.tolist(), params.components.rates.tolist()
    ([0.25, 0.75], [[1.0], [4.0]])
    """

    proportions: Annotated[Array, Simplex(), Axes("component")]
    components: P

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, proportions: ArrayLike, components: P) -> None: ...


@dataclass(frozen=True)
class MixtureStats(Additive, Generic[S]):
    """`mass` (K,): the expected number of rows of each component; `components`: the family's statistics."""

    mass: Array
    components: S

    @property
    def belonging(self) -> Array:
        """Who belongs where: the mass of each component, shape (K,)."""
        return self.mass


@dataclass(frozen=True)
class Mixture(Components[MixtureParams[P], P, S]):
    """p(x) = sum_k proportions_k p(x | component k), for any family; `assignment` is how the E-step assigns rows.

    A list of families is one for each component (`PerComponent`), a mapping one for each column (`Product`).

    Rows of one group all come from one component: p(group) = sum_k proportions_k prod_i p(x_i | component k). What is known of
    where a row belongs multiplies its density: ``membership_ik p(x_i | component k)``. So a row with a label z counts as
    proportions_z p(x_i | component z).
    Source: for labels, McLachlan & Peel (2000), Finite Mixture Models, 2.19; for shares, Côme, Oukhellou, Denoeux & Aknin
    (2009), Pattern Recognition 42, 334-348.

    To hold the proportions at their start, wrap it: ``Frozen(Mixture(family), "proportions")``.

    Tosses of two coins, five rows of ten (the lesson's data), from a guess:

    >>> import emkit as ek
    >>> model = ek.Mixture(ek.Binomial(10))
    >>> start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.6], [0.5]]))
    >>> result = ek.fit(ek.Frozen(model, "proportions"), [5, 9, 8, 4, 7], start)
    >>> result.params.components.probabilities.round(2).ravel().tolist()
    [0.8, 0.52]
    """

    family: Family[P, S]
    assignment: Assignment = field(default_factory=Soft)

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", as_family(self.family))

    def log_joint(self, params: MixtureParams[P], x: Array) -> Array:
        """Log p(x_i, z=k; theta), shape (n, K)."""
        return _joint(params, self.family.log_density(params.components, as_float64(x)))

    def complete(self, params: MixtureParams[P], chunk: Chunk) -> Complete:
        """The chunk with its latent states written out. Errors: ModelError where rows come in groups."""
        if chunk.groups is not None:
            raise ModelError("all rows of a group belong to one component, so the steps cannot be shown row by row.")
        form = linear_form(self.family, params.components) if is_sparse(chunk.x) else None
        return Complete(_joint(params, self._log_density(params.components, chunk, form)), chunk.weights)

    def assign(self, params: MixtureParams[P], log_density: Array, chunk: Chunk) -> Posterior:
        if chunk.groups is None:
            return self.assignment.assign(_joint(params, log_density), chunk.weights, chunk.start)
        of_groups = np.add.reduceat(log_density, chunk.groups[:-1], axis=0)
        found = self.assignment.assign(_joint(params, of_groups), chunk.group_weights, chunk.start)
        rows = np.repeat(found.responsibilities, np.diff(chunk.groups), axis=0)
        return found._replace(responsibilities=rows, latent=found.responsibilities)

    def gathered(self, posterior: Posterior, chunk: Chunk) -> Array:
        """The expected number of rows or, where rows come in groups, of groups of each component, shape (K,)."""
        if posterior.latent is None:
            return super().gathered(posterior, chunk)
        return np.asarray(chunk.group_weights @ posterior.latent)

    def e_step(self, params: MixtureParams[P], chunk: Chunk) -> Expectation[MixtureStats[S]]:
        form = self._form(params, chunk)
        if not self._in_one_call(form, chunk):
            return self._e_step(params, chunk, form)
        assert form is not None
        (mass,), components, (log_likelihood,) = compiled.expectations(form, params.proportions, chunk)
        if log_likelihood == -np.inf:
            raise impossible_row()
        return Expectation(MixtureStats(mass, components), float(log_likelihood), chunk.total_weight)

    def _e_steps(
        self, runs: Sequence[MixtureParams[P]], components: P, chunk: Chunk, form: LinearForm[S] | None
    ) -> SeveralStats:
        proportions = np.stack([params.proportions for params in runs])
        if self._in_one_call(form, chunk):
            assert form is not None
            mass, statistics, log_likelihood = compiled.expectations(form, proportions, chunk)
            return SeveralStats(tuple(mass), statistics, log_likelihood, np.zeros(len(runs)))
        if form is not None or not self.ascends or not _each_alone(chunk):
            return super()._e_steps(runs, components, chunk, form)
        small = with_features(self.family, components, len(chunk.x)) if self.assignment.is_posterior else None
        if small is None:
            return self._row_by_row(proportions, components, chunk)
        mass, statistics, log_likelihood = products.expectations(*small, proportions, chunk)
        return SeveralStats(tuple(mass), statistics, log_likelihood, np.zeros(len(runs)))

    def e_steps_of_each(self, runs: Sequence[MixtureParams[P]], components: P, chunks: Sequence[Chunk]) -> SeveralStats:
        lengths = {len(chunk.x) for chunk in chunks}
        alone = all(_each_alone(chunk) and not is_sparse(chunk.x) for chunk in chunks)
        if not self.assignment.is_posterior or len(lengths) > 1 or not alone:
            return super().e_steps_of_each(runs, components, chunks)
        rows = sum(lengths) * (1 if products.of_one_table(chunks) else len(chunks))
        small = with_features(self.family, components, rows, exact=True)
        if small is None:
            return super().e_steps_of_each(runs, components, chunks)
        proportions = np.stack([params.proportions for params in runs])
        mass, statistics, log_likelihood = products.expectations_of_each(*small, proportions, chunks)
        return SeveralStats(tuple(mass), statistics, log_likelihood, np.zeros(len(runs)))

    def _row_by_row(self, proportions: Array, components: P, chunk: Chunk) -> SeveralStats:
        """In plain NumPy: each row of the data is a row for every run, since rows are assigned one by one."""
        x, (number, k) = as_float64(chunk.x), proportions.shape
        joint = self.family.log_density(components, x).reshape(-1, number, k) + safe_log(proportions)
        posterior = self.assignment.assign(joint.reshape(-1, k), np.repeat(chunk.weights, number), chunk.start)
        log_likelihood = chunk.weights @ posterior.log_likelihood.reshape(-1, number)
        possible = log_likelihood > compiled.IMPOSSIBLE * chunk.least_weight
        weights = posterior.responsibilities.reshape(len(x), -1) * chunk.weights[:, None]
        if not possible.all():
            weights = np.nan_to_num(weights)
        gap = np.zeros(number) if posterior.gap is None else chunk.weights @ posterior.gap.reshape(-1, number)
        mass = weights.sum(axis=0).reshape(number, k)
        statistics = self.family.statistics(components, x, weights)
        return SeveralStats(tuple(mass), statistics, np.where(possible, log_likelihood, -np.inf), gap)

    def _in_one_call(self, form: LinearForm[S] | None, chunk: Chunk) -> bool:
        """Whether scores, shares and sums are one compiled call."""
        return form is not None and self.assignment.is_posterior and _each_alone(chunk)

    def statistics_of(self, belonging: Array, components: S) -> MixtureStats[S]:
        return MixtureStats(belonging, components)

    def belonging_updates(self) -> Mapping[str, Update[MixtureStats[S], MixtureParams[P]]]:
        return {"proportions": _proportions}

    def each_moved(self, runs: Sequence[MixtureParams[P]], belonging: Sequence[Array]) -> tuple[MixtureParams[P], ...]:
        mass = np.stack(belonging)
        proportions = readonly(mass / mass.sum(axis=1, keepdims=True))
        return tuple(with_trusted(run, proportions=own) for run, own in zip(runs, proportions, strict=True))

    def belonging_expected(self, belonging: Array, before: MixtureParams[P], now: MixtureParams[P]) -> Expected:
        slopes = {"proportions": slope_of_log(belonging, now.proportions)}
        return Expected(float(belonging @ safe_log(now.proportions)), slopes)

    def undetermined(self, params: MixtureParams[P]) -> Mapping[str, Mask]:
        empty = params.proportions == 0
        if not empty.any():
            return {}
        own = (leaf for leaf in component_leaves(params) if leaf.path != "proportions")
        return {leaf.path: of_components(leaf, empty) for leaf in own}

    def degenerate(self, params: MixtureParams[P], profile: AnyProfile) -> tuple[int, ...]:
        """Components that rest on the family's floor, and components that received no rows."""
        empty = {int(k) for k in np.flatnonzero(params.proportions == 0)}
        return tuple(sorted(empty | set(super().degenerate(params, profile))))

    def spiked(self, runs: Sequence[MixtureParams[P]], components: P, profile: AnyProfile) -> Mask:
        empty = [(params.proportions == 0).any() for params in runs]
        return super().spiked(runs, components, profile) | empty

    def prepare(self, source: Any) -> Any:
        """Repeated rows are looked at once, and rows of which something is known first."""
        return collapsed(source)

    def narrowed(self, source: Any) -> Narrowed[MixtureParams[P]] | None:
        return Narrowed.of(self, source)

    def even(self, profile: Profile[ArraySource], n_components: int) -> MixtureParams[P]:
        family = for_rows(self.family, profile)
        return MixtureParams(np.full(n_components, 1 / n_components), family.pooled(profile, n_components))

    def estimated_from(self, chunk: Chunk, like: MixtureParams[P], shares: Array) -> MixtureParams[P]:
        model, moved = self._for(chunk), like
        for _ in range(self.family.rounds):
            mass, statistics = model._shared(chunk, moved, shares)
            moved = model.m_step(MixtureStats(mass, statistics), moved)
        return moved

    def _estimated_together(
        self, chunk: Chunk, like: MixtureParams[P], divisions: Sequence[Integers], blur: float
    ) -> list[MixtureParams[P]]:
        runs, groups = len(divisions), self.in_groups(like.components)
        if runs < 2 or groups is None or is_sparse(chunk.x) or self.family.rounds > 1:
            return super()._estimated_together(chunk, like, divisions, blur)
        model, many = self.of_family(groups.family(len(like.proportions))), in_a_row([groups.apiece(like.components)] * runs)
        mass, statistics = model._divided_together(chunk, many, np.stack(divisions), blur)
        components = maximise_in_turn(model.family.updates(), statistics, many)
        moved = zip(self.each_moved([like] * runs, list(mass)), apart(components, runs), strict=True)
        return [with_trusted(run, components=groups.shared(own)) for run, own in moved]

    def _divided_together(self, chunk: Chunk, many: P, divisions: Integers, blur: float) -> tuple[Array, S]:
        """As `_shared`, of several blurred divisions (S, n): the masses (S, K), and the statistics of all S K components."""
        runs, rows = divisions.shape
        number = (component_count(many) or runs) // runs
        weights = np.full((runs, number, rows), blur / number)
        weights[np.arange(runs)[:, None], divisions, np.arange(rows)] += 1 - blur
        if chunk.membership is not None:
            weights = np.stack([as_shares(each.T, chunk).T for each in weights])
        weights *= chunk.weights
        mass, weights = weights.sum(axis=2), weights.reshape(-1, rows)
        found = with_features(self.family, many, rows)
        if found is None:
            return mass, self.family.statistics(many, as_float64(chunk.x), weights.T)
        form, features = found[0], found[1](as_float64(chunk.x))
        return mass, form.statistics(weights @ features.T, chunk)

    def moves(self, params: MixtureParams[P], profile: Profile[ArraySource]) -> Iterator[MixtureParams[P]]:
        return split_merges(self, params, profile)

    def relocations(self, params: MixtureParams[P], profile: Profile[ArraySource], seed: int) -> Iterator[MixtureParams[P]]:
        return relocations(self, params, profile, seed)

    def rows_of(self, params: MixtureParams[P], profile: AnyProfile) -> Array:
        return params.proportions * max(profile.rows, profile.total_weight)  # weights below 1 are shares, and no rows

    def outlook(self, params: MixtureParams[P], chunk: Chunk, by_others: bool = False) -> Array:
        """The proportions, whatever other rows are."""
        return np.broadcast_to(params.proportions, (len(chunk.x), len(params.proportions)))

    def draw(self, params: MixtureParams[P], rng: np.random.Generator, rows: int) -> tuple[Array, Integers]:
        """`rows` rows (n, d) and the component (n,) that each comes from."""
        components = _drawn(params, rng, rows)
        return self.family.draw(params.components, rng, components), components

    def drawn_components(
        self, params: MixtureParams[P], rng: np.random.Generator, rows: Array, lengths: Integers | None
    ) -> Integers:
        if lengths is None:
            return _drawn(params, rng, len(rows))
        return np.repeat(_drawn(params, rng, len(lengths)), lengths)

    @property
    def ascends(self) -> bool:
        return self.assignment.ascends


def _drawn(params: AnyMixtureParams, rng: np.random.Generator, number: int) -> Integers:
    """So many components, by their proportions."""
    return rng.choice(len(params.proportions), size=number, p=params.proportions / params.proportions.sum())


def _each_alone(chunk: Chunk) -> bool:
    """Whether rows stand for themselves, and nothing is known of where they belong."""
    return chunk.groups is None and chunk.membership is None


AnyMixtureParams = MixtureParams[Any]
AnyMixture = Mixture[Any, Any]
AnyFamily = Family[Any, Any]


def _joint(params: MixtureParams[P], log_density: Array) -> Array:
    return np.add(safe_log(params.proportions), log_density, order="F")  # sums over components run along the rows, in step


def _proportions(stats: MixtureStats[S], before: MixtureParams[P], now: MixtureParams[P]) -> Array:
    """Expected number of rows / number of rows.

    Shapes: mass (K,) -> (K,).
    Source: maximise sum_k mass_k log proportion_k with a Lagrange multiplier for their sum.
    """
    return stats.mass / stats.mass.sum()
