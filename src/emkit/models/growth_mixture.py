"""Growth mixtures: groups of rows, such as people, in classes that are not observed, each with a mixed model of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.checks import check_count, check_settled, several_seeds
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.protocols import Expectation, Source, Update
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk, as_float64
from emkit.data.framed_design import Column
from emkit.data.profile import AnyProfile
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.models.assignment import Posterior, impossible_row, normalise
from emkit.models.belonging import Belonging
from emkit.models.gates import FirstStates, Gate, Unconditional, columns_of, gate_on, plain_gate, refuse_varying
from emkit.models.growth_params import AnyGrowthParams
from emkit.models.growth_shared import design_of
from emkit.models.growth_spread import SPREADS, Spread
from emkit.models.growth_starts import GrowthStarts
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_sums import MixedSums, Told, sums_at, sums_of_units

UNTOLD = 1e-11  # of 1, an eigenvalue of correlations of covariates: one tells the others
FLOOR = 1e-6  # of the variance of the response: a variance of errors that only a spike has


@dataclass(frozen=True)
class ClassSums(Additive):
    """What sizes of classes follow from, `belonging`; `classes`, the sums of each over the shares of its groups."""

    belonging: Any
    classes: tuple[MixedSums, ...]


class GrowthMixture(Belonging[AnyGrowthParams, ClassSums]):
    """p(rows of a group) = sum_k proportions_k p(rows | mixed model k): all rows of a group are of one class.

    `model` is a `MixedModel`, whose fixed effects are estimated for each class. By `spread` "own", each class has covariances
    of random effects and a variance of errors of its own, by "shared" all have the same. The variance of errors is at least
    1e-6 of that of the response: a class that comes to rest there is a spike, of few groups whose responses its effects
    reproduce, and the fit says so. `predictors` are columns, by name or place, on which log-odds of the classes depend, the
    same in all rows of a group; `shared` are those of the covariates of fixed effects whose coefficients all classes have in
    common; `gate` is where predictors lie, once there are data. `starts` makes starts from what groups tell of their effects,
    and `shares` tells how likely each class is for each group. BIC and its kin count groups.
    Errors: ModelError for what is no `MixedModel`, and for what is shared and no covariate.
    Source: Muthén & Shedden (1999), Biometrics 55, 463-469; Verbeke & Lesaffre (1996), JASA 91, 217-221; predictors,
    Proust-Lima, Philipps & Liquet (2017), J. Statist. Software 78(2).

    People of whom some grow, and others do not:

    >>> import emkit as ek
    >>> import numpy as np
    >>> rng, time = np.random.default_rng(0), np.tile(np.arange(4.0), 40)
    >>> y = np.repeat(rng.standard_normal(40), 4) + np.repeat(np.arange(40) % 2 * 2.0, 4) * time + rng.standard_normal(160) / 2
    >>> people = ek.ArraySource(np.column_stack([y, time]), groups=np.repeat(np.arange(40), 4))
    >>> model = ek.GrowthMixture(ek.MixedModel(0, (1,)))
    >>> fit = ek.fit(model, people, model.starts(people.profile, 2, range(3)), solver="anderson")
    >>> sorted(each.fixed[1].round(1).item() for each in fit.params.classes)
    [-0.1, 2.0]
    >>> grows = max((0, 1), key=lambda k: fit.params.classes[k].fixed[1])
    >>> fit.model.shares(fit.params, people)[:4, grows].round(2).tolist()
    [0.0, 1.0, 0.0, 1.0]
    """

    def __init__(
        self,
        model: MixedModel,
        spread: str = "own",
        predictors: Sequence[Column] | Column = (),
        shared: Sequence[Column] | Column = (),
        gate: Gate | None = None,
    ) -> None:
        if not isinstance(model, MixedModel):
            raise ModelError(f"classes are mixed models, and {model!r:.40} is none: give an ek.MixedModel.")
        if spread not in SPREADS:
            raise ModelError(f"spread is {spread!r:.40}; it must be one of {', '.join(map(repr, SPREADS))}.")
        self.model, self.spread, self.gate = model, spread, gate
        self.predictors, self.shared = columns_of(predictors), columns_of(shared)
        check_settled("gate", gate, Gate)
        for column in self.shared:
            if column not in model.covariates:
                raise ModelError(f"{column!r} is shared by all classes, and is none of the covariates {model.covariates!r}.")
        if model.covariates and not model.intercept and {*self.shared} >= {*model.covariates}:
            raise ModelError("all fixed effects are shared, so that nothing tells classes apart: leave one to each class.")

    @property
    def _gate(self) -> Gate:
        """The gate. Errors: ModelError while predictors are known by name only."""
        return self.gate if self.gate is not None else plain_gate(self.predictors)

    @property
    def sizes(self) -> FirstStates:
        """How sizes of classes depend on columns."""
        return self._gate if self.predictors else Unconditional()

    def _log_sizes(self, params: AnyGrowthParams, chunk: Chunk) -> Array:
        """The logarithm of the proportions (G, K) of classes, by the first row of each group."""
        return self.sizes.log_proportions(params.sizes, as_float64(chunk.x[chunk.bounds[:-1]]))

    # -- the E-step

    def told(self, params: AnyGrowthParams, chunk: Chunk) -> list[Told]:
        """What groups tell, if they are of each of the classes."""
        return self.way.told(params.each, chunk)

    def _told_apart(self, params: AnyGrowthParams, chunk: Chunk) -> tuple[Array, Array]:
        """Responsibilities (G, K), and log-likelihoods (G,)."""
        return self._of_sizes(self.told(params, chunk), self._log_sizes(params, chunk))

    @staticmethod
    def _of_sizes(told: list[Told], log_sizes: Array) -> tuple[Array, Array]:
        """Responsibilities (G, K), and log-likelihoods (G,), given the logarithm of the sizes (G, K) of classes."""
        return normalise(np.column_stack([one.log_density for one in told]) + log_sizes)

    def e_step(self, params: AnyGrowthParams, chunk: Chunk) -> Expectation[ClassSums]:
        told, log_sizes, weights = self.told(params, chunk), self._log_sizes(params, chunk), chunk.group_weights
        shares, heights = self._of_sizes(told, log_sizes)
        if np.isneginf(heights).any():
            raise impossible_row()
        first, counts = as_float64(chunk.x[chunk.bounds[:-1]]), weights[:, None] * shares
        belonging = self.sizes.sums(first, counts, np.exp(log_sizes))
        stats = ClassSums(belonging, self.class_sums(told, weights, shares))
        return Expectation(stats, float(weights @ heights), float(weights @ told[0].rows))

    def class_sums(self, told: list[Told], weights: Array, shares: Array) -> tuple[MixedSums, ...]:
        """The sums of each class over its shares (G, K) of groups."""
        layout = self.model.known_layout
        return tuple(sums_at(one, weights * own, layout) for one, own in zip(told, shares.T, strict=True))

    def row_objectives(self, params: AnyGrowthParams, chunk: Chunk) -> Array:
        return self._told_apart(params, chunk)[1]

    def posterior(self, params: AnyGrowthParams, chunk: Chunk) -> Posterior:
        """The responsibilities (n, K) of rows, alike in each group, and the log-likelihoods (G,) of groups."""
        shares, heights = self._told_apart(params, chunk)
        return Posterior(np.repeat(shares, np.diff(chunk.bounds), axis=0), heights, latent=shares)

    def means(self, params: AnyGrowthParams, x: Array) -> Array:
        """The mean of the response of rows (n, K) given each class, of any group."""
        return np.asarray(self.model.known_layout.fixed.plain(x) @ np.array([own.fixed for own in params.each]).T)

    def outlook(self, params: AnyGrowthParams, chunk: Chunk) -> Array:
        """The proportions (n, K) of the classes, by what these depend on, whatever responses are."""
        return np.exp(self.sizes.log_proportions(params.sizes, as_float64(chunk.x)))

    def sample_size(self, params: AnyGrowthParams, source: Any) -> float:
        """The number of groups that have a response."""
        layout = self.model.known_layout
        sums = ((chunk.group_weights, sums_of_units(chunk, layout)) for chunk in source.chunks())
        return float(sum(weights @ np.add.reduceat(each.counts[0], each.firsts) for weights, each in sums))

    def shares(self, params: AnyGrowthParams, source: Source[Any]) -> Array:
        """The responsibilities (G, K) of all groups."""
        return np.concatenate([self._told_apart(params, chunk)[0] for chunk in source.chunks()])

    def proportions(self, params: AnyGrowthParams, source: Source[Any]) -> Array:
        """The proportions (K,) of groups in classes: where these depend on something, their mean over groups."""
        if not self.predictors:
            return params.sizes
        parts = [(chunk.group_weights, np.exp(self._log_sizes(params, chunk))) for chunk in source.chunks()]
        total = sum(weights.sum() for weights, _ in parts)
        return np.asarray(sum(weights @ shares for weights, shares in parts) / total)

    def redrawn(self, params: AnyGrowthParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None) -> Array:
        each = np.ones(len(rows), dtype=np.int64) if lengths is None else lengths
        ahead = np.cumsum(np.exp(self.sizes.log_proportions(params.sizes, rows[np.cumsum(each) - each])), axis=1)
        belongs = (rng.random((len(each), 1)) * ahead[:, -1:] > ahead).sum(axis=1)
        found, of_row = np.array(rows, dtype=np.float64), np.repeat(belongs, each)
        for k, own in enumerate(params.each):
            found[of_row == k] = self.model.redrawn(own, rng, rows[of_row == k], each[belongs == k])
        return found

    # -- the M-step

    def updates(self) -> Mapping[str, Update[ClassSums, AnyGrowthParams]]:
        """None: how many classes there are, parameters say. Errors: NotImplementedError; `m_step` is the whole."""
        raise NotImplementedError("the M-step of a growth mixture is written as a whole.")

    def m_step(self, stats: ClassSums, params: AnyGrowthParams) -> AnyGrowthParams:
        self._refuse_undetermined(stats.classes)
        sizes = self.sizes.moved(stats.belonging, params.sizes, params.sizes)
        return self.way.params(sizes, self.way.maximised(stats.classes, params.each))

    def _refuse_undetermined(self, classes: Sequence[MixedSums]) -> None:
        """Errors: DegenerateFitError for a class whose groups do not tell fixed effects apart, by X'X of its design."""
        some, own = [k for k, sums in enumerate(classes) if sums.mass > 0], self.way.own
        designs = [classes[k].design if not self.shared else design_of(self.model, classes[k])[np.ix_(own, own)] for k in some]
        curved = np.array(designs).reshape(-1, len(own), len(own))
        unit = np.sqrt(np.diagonal(curved, axis1=1, axis2=2))
        unit = np.where(unit > 0, unit, 1.0)
        least = np.linalg.eigvalsh(curved / (unit[:, :, None] * unit[:, None, :]))[:, 0]
        for k in np.array(some)[least <= UNTOLD][:1]:
            raise DegenerateFitError(
                f"class {k + 1} has come to groups in which one covariate tells the others, so that nothing says what each "
                "does there. Leave the covariate out, use fewer classes, or begin elsewhere."
            )

    @cached_property
    def way(self) -> Spread:
        """How classes share how groups and rows vary."""
        layout = self.model.known_layout
        at = tuple(self.model.intercept + self.model.covariates.index(column) for column in self.shared)
        names = None if not self.predictors else self._gate.coefficient_names
        return SPREADS[self.spread](self.model, FLOOR * layout.variance, tuple(sorted(at)), names)

    def expected(self, stats: ClassSums, before: AnyGrowthParams, now: AnyGrowthParams) -> Expected:
        every = zip(stats.classes, before.each, now.each, strict=True)
        each = [self.model.expected(own, old, new) for own, old, new in every]
        sized = self.sizes.bound(stats.belonging, before.sizes, now.sizes)
        value = sized.value + sum(own.value for own in each)
        return Expected(value, {now.sized_by: sized.slopes, **self.way.slopes([own.slopes for own in each])})

    def scales(self, params: AnyGrowthParams) -> Mapping[str, Scale]:
        gates = {} if self.gate is None else {"gates": self.gate.scale(params.sizes)}
        return {**gates, **self.way.scales(params)}

    # -- what is no class

    def on_floor(self, params: AnyGrowthParams, profile: AnyProfile) -> Mapping[str, Mask]:
        return self.way.on_floor(params)

    def degenerate(self, params: AnyGrowthParams, profile: AnyProfile) -> tuple[int, ...]:
        """Classes that rest on the floor, and those without groups."""
        return tuple(sorted({*self.way.spikes(params), *params.absent}))

    # -- data and start

    @property
    def admits_gaps(self) -> bool:
        """Rows without a response tell nothing."""
        return True

    def settled(self, profile: AnyProfile) -> Self:
        """With the columns found."""
        gate = gate_on(self.predictors, profile) if self.predictors and self.gate is None else self.gate
        return type(self)(self.model.settled(profile), self.spread, self.predictors, self.shared, gate)

    def check(self, params: AnyGrowthParams, profile: AnyProfile) -> None:
        if not isinstance(params, SPREADS[self.spread].kinds()):
            raise ParameterError(f"spread is {self.spread!r}, and the parameters are {type(params).__name__}.")
        settled = self.settled(profile)
        if not isinstance(params, settled.way.kind):
            by = "depend on predictors" if self.predictors else "depend on nothing"
            raise ParameterError(f"sizes of classes {by}, and the parameters are {type(params).__name__}.")
        if len(params.each) != len(params.sizes):
            raise ParameterError(f"there are {len(params.sizes)} {params.sized_by} and {len(params.each)} classes.")
        if tuple(params.shared_at) != settled.way.shared:
            raise ParameterError(f"classes share the fixed effects at {settled.way.shared}, parameters at {params.shared_at}.")
        for own in params.each:
            self.model.check(own, profile)
        if settled.gate is not None:
            if params.sizes.shape[1:] != (len(settled.gate.coefficient_names),):
                raise ParameterError(
                    f"`gates` has shape {params.sizes.shape}; there are {len(settled.gate.coefficient_names)} coefficients of "
                    "each class."
                )
            refuse_varying(settled.gate, profile.source)

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[AnyGrowthParams]:
        """For each seed, classes estimated from a division of the groups: see `GrowthStarts`.

        Errors: DataError for more classes than groups; ModelError for numbers that cannot be.
        """
        check_count("the number of classes", n_components, ModelError)
        made = GrowthStarts(self.settled(profile), profile, int(n_components))
        return [made(seed) for seed in several_seeds(seeds)]
