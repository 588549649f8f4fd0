"""What models of components share: a family, the E-step from who belongs where, the family's part of the M-step, starts."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.coordinates import Scale
from emkit.core.evaluation import STUMBLES
from emkit.core.expected import Expected
from emkit.core.memo import once
from emkit.core.parameters import Parameters, maximise_in_turn, replace_at
from emkit.core.protocols import Expectation, Update, not_carried
from emkit.core.ready import refuse_gaps
from emkit.core.statistics import Additive, side_by_side
from emkit.data.chunk import Chunk, alike, as_float64, occurring
from emkit.data.profile import AnyProfile, Profile
from emkit.data.source import ArraySource, RowSource
from emkit.data.sparse import is_sparse
from emkit.data.subsample import compared
from emkit.errors import DegenerateDataWarning, DegenerateFitError, ModelError, ParameterError
from emkit.families.family import Family, for_rows, safe_log
from emkit.families.in_groups import InGroups, as_they_are
from emkit.families.linear import LinearForm, linear_form
from emkit.models import compiled
from emkit.models.assignment import Posterior, impossible_row
from emkit.models.belonging import Belonging
from emkit.models.chains import Path, likeliest
from emkit.models.checks import check_components
from emkit.models.divisions import as_known, divisions
from emkit.models.messages import Chain
from emkit.models.order import apart, component_count, each_its_own
from emkit.models.spikes import coinciding, fallen, in_a_plane

BLUR = 0.1  # share of every row that is spread evenly over all components of a start, so that none starts out degenerate
C = TypeVar("C", bound=Parameters)
S = TypeVar("S")


P = TypeVar("P", bound=Any)
R = TypeVar("R", bound=RowSource)


@dataclass(frozen=True)
class SeveralStats(Additive):
    """Of S runs: sums of who belongs where, the statistics of all S K components, log-likelihoods and gaps (S,)."""

    belonging: tuple[Any, ...]
    components: Any
    log_likelihood: Array
    gap: Array

    @staticmethod
    def of_all(each: Sequence[SeveralStats]) -> SeveralStats:
        """Those of runs whose E-steps were made apart, in their order."""
        belonging = tuple(sums for stats in each for sums in stats.belonging)
        log_likelihood, gap = (np.concatenate(values) for values in ([s.log_likelihood for s in each], [s.gap for s in each]))
        return SeveralStats(belonging, side_by_side([stats.components for stats in each]), log_likelihood, gap)


@dataclass(frozen=True)
class ComponentStats(Additive, Generic[S]):
    """`belonging`: sums of who belongs where; `components`: the family's statistics.

    Of each of two states, the expected number of rows, and the total of their counts:

    >>> import emkit as ek
    >>> chunk = next(iter(ek.ArraySource([0.0, 1.0, 5.0, 6.0], groups=[0, 0, 0, 0]).chunks()))
    >>> params = ek.HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], ek.PoissonParams([[0.5], [5.5]]))
    >>> stats = ek.HiddenMarkovChain("poisson").e_step(params, chunk).statistics
    >>> stats.components.sums.round(2).tolist()
    [[1.92, 0.93], [2.08, 11.07]]
    """

    belonging: Any
    components: S


class Components(Belonging[P, Any], Generic[P, C, S]):
    """A model whose rows come from components of one `family`. A subclass says who belongs where.

    It writes `assign`, `gathered`, `belonging_updates` and `belonging_expected`; and `even`, if it is to bring starts.

    What mixtures and chains have in common is asked of both in the same words:

    >>> import emkit as ek
    >>> rates = ek.PoissonParams([[0.5], [5.5]])
    >>> mixture, chain = ek.Mixture("poisson"), ek.HiddenMarkovChain("poisson")
    >>> isinstance(mixture, ek.Components), isinstance(chain, ek.Components), chain.family == mixture.family
    (True, True, True)
    """

    family: Family[C, S]

    @property
    def depending(self) -> Mapping[str, Sequence[Any]]:
        """What of who belongs where depends on covariates, in words, and on which; nothing if there are none."""
        return {}

    @abstractmethod
    def assign(self, params: P, log_density: Array, chunk: Chunk) -> Posterior:
        """The distribution over latent states, given log p(x_i | component k) (n, K). A pure function.

        It has one log-likelihood for each row or, where rows come in groups, for each group: that of one which is impossible
        under every component is -inf.
        """

    def gathered(self, posterior: Posterior, chunk: Chunk) -> Any:
        """Sums of who belongs where: by default the mass of each component, shape (K,)."""
        return chunk.weights @ posterior.responsibilities

    @abstractmethod
    def belonging_updates(self) -> Mapping[str, Update[Any, P]]:
        """The links of the M-step that say who belongs where."""

    @abstractmethod
    def belonging_expected(self, belonging: Any, before: P, now: P) -> Expected:
        """The expected log-likelihood of who belongs where: see `LatentModel.expected`."""

    def belonging_carried(self, belonging: Any, before: P, now: P) -> Any:
        """Sums of who belongs where, told as those at `now` are: see `LatentModel.carried`. Counts are about no parameters."""
        return belonging

    def even(self, profile: Profile[ArraySource], n_components: int) -> P:
        """Components that are all alike, each estimated from all rows. Errors: ModelError if the model brings no starts."""
        raise ModelError(f"{type(self).__name__} brings no starts of its own: give it parameters to start from.")

    def statistics_of(self, belonging: Any, components: S) -> Any:
        """The two halves of the statistics as one."""
        return ComponentStats(belonging, components)

    def unit_weights(self, chunk: Chunk, posterior: Posterior) -> Array:
        """The weights of what the posterior has log-likelihoods of: rows or, where rows come in groups, groups.

        Errors: ModelError if there are not as many as groups: then the model takes rows for independent that are not.
        """
        number, rows, units = len(posterior.log_likelihood), len(chunk.x), chunk.group_weights
        if number == len(units):
            return units
        name = type(self).__name__
        if number == rows:
            raise ModelError(
                f"{name} takes rows for independent, whatever group they are in ({rows} rows here, in {len(units)} groups), so "
                "it would ignore the groups. Fit it without groups, or use a model whose `assign` returns one log-likelihood "
                "for each group: see docs/write_your_own_model.md."
            )
        raise ModelError(
            f"{name}.assign returned {number} log-likelihoods for {rows} rows in {len(units)} groups; there must be one for "
            "each group (without groups, one for each row)."
        )

    # -- the E-step

    def form(self, components: C, chunk: Chunk) -> LinearForm[S] | None:
        """The linear form of the components; None where the plain road is taken."""
        if is_sparse(chunk.x):
            return linear_form(self.family, components)
        if len(chunk.x) < compiled.LEAST_ROWS:
            return None
        if not (compiled.worth_compiling(chunk.x, 1) or compiled.worth_compiling(chunk.x, component_count(components) or 1)):
            return None
        return linear_form(self.family, components)

    def _form(self, params: P, chunk: Chunk) -> LinearForm[S] | None:
        return self.form(params.components, chunk)

    def posterior(self, params: P, chunk: Chunk) -> Posterior:
        """The distribution over latent states that the E-step uses, with the log-likelihood of each row or group."""
        model = self._for(chunk)
        return model._posterior(params, chunk, model._form(params, chunk))

    def plain_posterior(self, params: P, chunk: Chunk) -> Posterior:
        """The posterior in plain NumPy: where it is asked for once, nobody should wait for a compiler."""
        return self._for(chunk)._posterior(params, chunk, None)

    def log_density(self, params: P, chunk: Chunk) -> Array:
        """The log-density of each row under each component (n, K), together with what is known of each row."""
        model = self._for(chunk)
        return model._log_density(params.components, chunk, model._form(params, chunk))

    def chain(self, params: P) -> Chain:
        """The chain of states that rows follow each other in. Errors: ModelError for a model whose rows are in no order."""
        raise ModelError(f"{type(self).__name__} is no chain of states that follow each other: its rows are in no order.")

    def chain_over(self, params: P, chunk: Chunk) -> Chain:
        """The chain that the rows of a chunk follow: `chain`, unless rows say themselves how they follow each other."""
        return self.chain(params)

    def outlook(self, params: P, chunk: Chunk, by_others: bool = False) -> Array:
        """How probable each component is at each row (n, K) before the row is seen, or those after it.

        `by_others`: given all rows but itself. Errors: ModelError for a model that does not say.
        """
        raise ModelError(f"{type(self).__name__} does not say which components it expects of rows that are not seen yet.")

    def decode(self, params: P, chunk: Chunk) -> Path:
        """The likeliest path through the states of every sequence. Errors: as `chain`."""
        return self.path(params, self.log_density(params, chunk), chunk)

    def path(self, params: P, log_density: Array, chunk: Chunk) -> Path:
        """The same, given log p(x_t | state k) (n, K)."""
        return likeliest(*self.chain_over(params, chunk), log_density, chunk)

    def row_objectives(self, params: P, chunk: Chunk) -> Array:
        posterior = self.posterior(params, chunk)
        return posterior.log_likelihood if posterior.gap is None else posterior.log_likelihood - posterior.gap

    def _posterior(self, params: P, chunk: Chunk, form: LinearForm[S] | None) -> Posterior:
        return self.assign(params, self._log_density(params.components, chunk, form), chunk)

    def _log_density(self, components: C, chunk: Chunk, form: LinearForm[S] | None) -> Array:
        """Log-density of each row under each component, together with what is known of the row, which is evidence like it."""
        if form is not None:
            density = compiled.log_density(form, chunk)
        else:
            density = self.family.log_density(components, as_float64(chunk.x))
        known = log_membership(chunk)
        if known is None:
            return density
        return np.add(density, np.tile(known, density.shape[1] // known.shape[1]), order="F")

    def _statistics(self, components: C, chunk: Chunk, form: LinearForm[S] | None, weights: Array) -> S:
        if form is not None:
            return compiled.statistics(form, chunk, weights)
        return self.family.statistics(components, as_float64(chunk.x), weights)

    def e_step(self, params: P, chunk: Chunk) -> Expectation[Any]:
        return self._e_step(params, chunk, self._form(params, chunk))

    def plain_e_step(self, params: P, chunk: Chunk) -> Expectation[Any]:
        """The E-step in plain NumPy, for any family; the compiled road is held against it."""
        return self._e_step(params, chunk, None)

    def _e_step(self, params: P, chunk: Chunk, form: LinearForm[S] | None) -> Expectation[Any]:
        posterior = self._posterior(params, chunk, form)
        units = self.unit_weights(chunk, posterior)
        log_likelihood = float(units @ posterior.log_likelihood)
        if not log_likelihood > compiled.IMPOSSIBLE * chunk.least_weight:
            raise impossible_row()
        unit = alike(chunk.weights) and chunk.least_weight == 1  # then nothing need be multiplied
        weights = posterior.responsibilities if unit else posterior.responsibilities * chunk.weights[:, None]
        components = self._statistics(params.components, chunk, form, weights)
        return Expectation(
            self.statistics_of(self.gathered(posterior, chunk), components),
            log_likelihood,
            chunk.total_weight,
            posterior.total_gap(units),
        )

    def e_steps(self, runs: Sequence[P], components: C, chunk: Chunk) -> SeveralStats:
        """The E-steps of several runs over one chunk, their `components` one behind the other.

        A run under which a row is impossible has log-likelihood -inf. A run whose components have no linear form is alone on
        the plain road.
        """
        form = self.form(components, chunk)
        if form is None and len(runs) > 1 and compiled.worth_compiling(chunk.x, component_count(components) or 1):
            own = zip(runs, apart(components, len(runs)), strict=True)
            return SeveralStats.of_all([self.e_steps([run], each, chunk) for run, each in own])
        return self._e_steps(runs, components, chunk, form)

    def _e_steps(self, runs: Sequence[P], components: C, chunk: Chunk, form: LinearForm[S] | None) -> SeveralStats:
        log_density = self._log_density(components, chunk, form)
        number = log_density.shape[1] // len(runs)
        weights = np.empty(log_density.shape, order="F")
        log_likelihood, gap = np.empty(len(runs)), np.empty(len(runs))
        belonging = []
        for s, params in enumerate(runs):
            own = slice(s * number, (s + 1) * number)
            posterior = self.assign(params, log_density[:, own], chunk)
            units = self.unit_weights(chunk, posterior)
            reached = float(units @ posterior.log_likelihood)
            if not reached > compiled.IMPOSSIBLE * chunk.least_weight:
                reached, posterior = -np.inf, posterior._replace(responsibilities=np.nan_to_num(posterior.responsibilities))
            log_likelihood[s], gap[s] = reached, posterior.total_gap(units)
            np.multiply(posterior.responsibilities, chunk.weights[:, None], out=weights[:, own])
            belonging.append(self.gathered(posterior, chunk))
        statistics = self._statistics(components, chunk, form, weights)
        return SeveralStats(tuple(belonging), statistics, log_likelihood, gap)

    def e_steps_of_each(self, runs: Sequence[P], components: C, chunks: Sequence[Chunk]) -> SeveralStats:
        """The E-steps of several runs, each over the rows of a chunk of its own, of which some may have weight 0."""
        own = zip(runs, apart(components, len(runs)), chunks, strict=True)
        return SeveralStats.of_all([self.e_steps([run], each, occurring(chunk)) for run, each, chunk in own])

    def draw_given(
        self, params: P, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> tuple[Array, Integers]:
        """As many rows as are given (n, d), and the component (n,) of each, with those columns kept that the family is given.

        `lengths` (G,): the rows come in groups of so many rows each.
        Errors: ModelError unless the model says how rows, or groups of them, are drawn.
        """
        given = self.family.conditional
        if given is None and lengths is None:
            return self.draw(params, rng, len(rows))
        components = self.drawn_components(params, rng, rows, lengths)
        if given is None:
            return self.family.draw(params.components, rng, components), components
        return given.drawn(params.components, rng, components, rows), components

    def redrawn(self, params: P, rng: np.random.Generator, rows: Array, lengths: Integers | None = None) -> Array:
        """Errors: ModelError, too, for values known up to intervals: what made them unknown is no part of the model."""
        untold = int(self.family.support.untold(np.asarray(rows)).sum())
        if untold:
            raise ModelError(
                f"{untold} of {len(rows)} rows have a value that is known only up to an interval, and a model draws values, "
                "not how far they would have been known; bootstrap with kind='case'."
            )
        return self.draw_given(params, rng, rows, lengths)[0]

    def drawn_components(self, params: P, rng: np.random.Generator, rows: Array, lengths: Integers | None) -> Integers:
        """A component (n,) for each of the rows (n, d), drawn as far as these, and the groups that they come in, are given."""
        what = "rows are drawn from it" if lengths is None else "groups of rows are drawn from it"
        raise ModelError(f"{type(self).__name__} does not say how {what}; use kind='case' to bootstrap.")

    # -- the M-step

    def updates(self) -> Mapping[str, Update[Any, P]]:
        inner = {f"components.{path}".rstrip("."): _inside(update) for path, update in self.family.updates().items()}
        return {**self.belonging_updates(), **inner}

    def each_moved(self, runs: Sequence[P], belonging: Sequence[Any]) -> tuple[P, ...]:
        """The parameters of several runs with those links of the M-step that say who belongs where."""
        nothing: Any = None
        links, halves = self.belonging_updates(), (self.statistics_of(sums, nothing) for sums in belonging)
        return tuple(maximise_in_turn(links, half, run) for half, run in zip(halves, runs, strict=True))

    def expected(self, stats: Any, before: P, now: P) -> Expected:
        inner = self.family.expected(stats.components, before.components, now.components)
        return self.belonging_expected(stats.belonging, before, now).plus(inner.inside("components"))

    def carried(self, stats: Any, before: P, now: P) -> Any:
        carry = self.family.carry
        if carry is None:
            raise not_carried(self.family)
        components = carry(stats.components, before.components, now.components)
        return self.statistics_of(self.belonging_carried(stats.belonging, before, now), components)

    # -- data and start

    def recoded(self, source: RowSource) -> RowSource:
        return self.in_sequences(source.coded(self.family.support.declared_levels(source.profile)))

    def in_sequences(self, source: R) -> R:
        """The source with the groups that rows come in where none are said: each by itself, unless the model joins rows."""
        return source

    def admitted(self, source: R) -> R:
        """Rows that nothing is known of yet, with each column of levels as codes of those that it holds.

        Errors: DataError naming the first cell that is a gap, where the model admits none, or impossible for the family.
        """
        refuse_gaps(self, source)
        self.family.support.check(source.profile)
        return self.in_sequences(source.coded(self.family.support.levels(source.profile)))

    def settled(self, profile: AnyProfile) -> Self:
        self.family.support.refuse_empty(profile)
        return self.of_family(for_rows(self.family, profile).settled(profile))

    @property
    def admits_gaps(self) -> bool:
        return self.family.among_gaps is not None

    def of_family(self, family: Family[C, Any]) -> Self:
        """The same model of components of another family."""
        if family == self.family:
            return self
        other = copy(self)
        object.__setattr__(other, "family", family)  # models are mostly frozen dataclasses
        return other

    def held(self, params: P) -> tuple[str, ...]:
        return (*super().held(params), *(f"components.{path}" for path in self.family.held(params.components)))

    def in_groups(self, components: C) -> InGroups[C] | None:
        """How the components of several runs stand side by side, if these are those of one; None if they cannot."""
        found = as_they_are(self.family) if each_its_own(components) else self.family.in_groups
        return found if found is not None and each_its_own(found.apiece(components)) else None

    def _for(self, chunk: Chunk) -> Self:
        """The model for the rows of a chunk that may have gaps where those that it was settled by had none."""
        family = self.family.among_gaps
        return self if family is None or family == self.family or not chunk.has_gaps else self.of_family(family)

    @property
    def admits_membership(self) -> bool:
        return True

    def check(self, params: P, profile: AnyProfile) -> None:
        check_components(self.family, params, profile)

    def scales(self, params: P) -> Mapping[str, Scale]:
        return {f"components.{path}": scale for path, scale in self.family.scales(params.components).items()}

    def on_floor(self, params: P, profile: AnyProfile) -> Mapping[str, Mask]:
        held = self.family.lower_bound(profile).resting(params.components)
        return {f"components.{path}": mask for path, mask in held.items()}

    def loosened(self, params: P, profile: AnyProfile) -> Iterator[P]:
        """All components that rest on a floor with many rows a little below it, then each of them alone."""
        rows = self.rows_of(params, profile)
        number = component_count(params) or 1
        every = np.full(number, np.inf) if rows is None else rows
        alone = (np.where(np.arange(number) == k, every, 0.0) for k in range(number)) if number > 1 else ()
        for some in (every, *alone):
            components = self.family.lower_bound(profile).loosened(params.components, some)
            if components is not None:
                yield replace_at(params, {"components": components})

    def within(self, params: P, like: P, profile: AnyProfile) -> bool:
        return self.family.lower_bound(profile).within(params.components, like.components)

    def degenerate(self, params: P, profile: AnyProfile) -> tuple[int, ...]:
        """Components of which a floor holds more than it holds of the whole data."""
        found = fallen(self.family, params.components, component_count(params) or 1, profile)
        return tuple(map(int, np.flatnonzero(found)))

    def endless(self, params: P, profile: AnyProfile) -> tuple[int, ...]:
        return self.family.spread.endless(params.components, profile)

    def planar(self, params: P, profile: AnyProfile) -> tuple[int, ...]:
        rows, some = self.rows_of(params, profile), self.degenerate(params, profile)
        if rows is None:
            return ()
        return tuple(k for k in some if in_a_plane(self.family, params.components, k, float(rows[k]), profile))

    def spiked(self, runs: Sequence[P], components: C, profile: AnyProfile) -> Mask:
        """Which of several runs (S,), their `components` one behind the other, have a degenerate component or a sliver."""
        number = component_count(components) or 1
        found = fallen(self.family, components, number, profile).reshape(len(runs), -1)
        rows = [each for each in (self.rows_of(params, profile) for params in runs) if each is not None]
        if rows:
            found |= self.family.spread.slivers(components, np.stack(rows))
        return np.asarray(found.any(axis=1))

    def coinciding(self, params: P, profile: AnyProfile) -> tuple[tuple[int, ...], ...]:
        return coinciding(self.family, params.components, profile)

    def slivers(self, params: P, profile: AnyProfile) -> tuple[int, ...]:
        """Components of few rows in a space far narrower than another one's: see `Spread`."""
        rows = self.rows_of(params, profile)
        return tuple(map(int, np.flatnonzero(self.family.spread.slivers(params.components, rows)))) if rows is not None else ()

    def rows_of(self, params: P, profile: AnyProfile) -> Array | None:
        """About how many rows each component has, shape (K,); None where the parameters do not tell."""
        return None

    # -- starts and moves

    def starts(self, profile: Profile[ArraySource], n_components: int, seeds: Iterable[int]) -> list[P]:
        """For each seed, components estimated from a division of some rows among centres that lie far apart: see `divisions`.

        All starts look at the same sample.
        """
        self.family.support.refuse_empty(profile)
        model = self.of_settled_family(profile)
        if model is not self:
            return model.starts(profile, n_components, seeds)
        some = profile.sample
        even = self.even(some.profile, n_components)
        if n_components == 1:
            return [even for _ in seeds]
        chunk, x = some.whole, compared(some.x, some.weights)
        kinds = self._divisions(x, some.weights, n_components, seeds)
        found = self._estimated_together(chunk, even, [as_known(kind, chunk) for kind in kinds], BLUR)
        different = _different(x)
        if different[-1] + 1 == n_components:  # all the above are one; what rows they share then leads away from the highest
            with suppress(ParameterError, DegenerateFitError):  # there may be no maximum among equal rows
                found[0] = self.estimated(chunk, even, different, blur=0.0)
        return found

    def of_settled_family(self, profile: AnyProfile) -> Self:
        """The same model for a start from these rows: what `settled` warns of is said once, before a fit."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DegenerateDataWarning)
            return self.of_family(for_rows(self.family, profile).settled(profile))

    def _divisions(self, x: Array, weights: Array, n_components: int, seeds: Iterable[int]) -> Iterator[Integers]:
        """For each seed, the component (n,) of every row: as the family divides rows, if it describes columns given others."""
        given = self.family.conditional
        if given is None:
            yield from divisions(x, weights, n_components, seeds)
            return
        for seed in seeds:
            own = given.divided(x, weights, n_components, seed)
            yield from divisions(x, weights, n_components, [seed]) if own is None else [own]

    def each_estimated(self, chunk: Chunk, like: P, divisions: Sequence[Integers], blur: float = BLUR) -> Iterator[P]:
        """Parameters estimated from each of several divisions of rows, but for those in which some component has no maximum."""
        try:
            yield from self._estimated_together(chunk, like, divisions, blur)
        except STUMBLES:
            for nearest in divisions:
                with suppress(*STUMBLES):
                    yield self.estimated(chunk, like, nearest, blur)

    def _estimated_together(self, chunk: Chunk, like: P, divisions: Sequence[Integers], blur: float) -> list[P]:
        return [self.estimated(chunk, like, nearest, blur) for nearest in divisions]

    def estimated(self, chunk: Chunk, like: P, nearest: Integers, blur: float = BLUR) -> P:
        """Parameters (of the shapes of `like`) estimated from rows of which each mostly belongs to one component (n,).

        `blur` is the share of every row that is spread evenly over all components.
        """
        number = component_count(like) or 1
        shares = np.full((len(chunk.x), number), blur / number)
        shares[np.arange(len(chunk.x)), nearest] += 1 - blur
        return self.estimated_from(chunk, like, shares)

    def estimated_from(self, chunk: Chunk, like: P, shares: Array) -> P:
        """Parameters (of the shapes of `like`) estimated from rows that belong to components in these `shares` (n, K)."""
        moved = like
        for _ in range(self.family.rounds):
            _, statistics = self._shared(chunk, moved, shares)
            components = maximise_in_turn(self.family.updates(), statistics, moved.components)
            moved = replace_at(moved, {"components": components})
        return moved

    def _shared(self, chunk: Chunk, like: P, shares: Array) -> tuple[Array, S]:
        """The mass (K,) and the family's statistics of rows so shared out, as far as what is known of them admits it."""
        weights = as_shares(shares, chunk) * chunk.weights[:, None]
        return weights.sum(axis=0), self._statistics(like.components, chunk, self._form(like, chunk), weights)


@once
def log_membership(chunk: Chunk) -> Array | None:
    """Logarithm of how plausible each component is for each row (n, K); None if nothing is known of any."""
    return None if chunk.membership is None else safe_log(chunk.membership)


def as_shares(shares: Array, chunk: Chunk) -> Array:
    """How rows are shared out (n, K), corrected by what is known of them."""
    if chunk.membership is None:
        return shares
    possible = shares * chunk.membership
    nowhere = ~possible.any(axis=1)
    possible[nowhere] = chunk.membership[nowhere]
    return np.asarray(possible / possible.sum(axis=1, keepdims=True))


def _different(x: Array) -> Integers:
    """Which of the different rows each row of x (n, d) is, where equal rows are neighbours."""
    same = (x[1:] == x[:-1]) | (np.isnan(x[1:]) & np.isnan(x[:-1]))
    return np.concatenate([[0], np.cumsum(~same.all(axis=1))])


def _inside(update: Update[S, C]) -> Update[Any, Any]:
    return lambda stats, before, now: update(stats.components, before.components, now.components)


AnyComponents = Components[Any, Any, Any]
