"""Several runs of one model at once: the components of all of them stand side by side, so that a pass pays for Python once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.evaluation import STUMBLES, EMMap
from emkit.core.parameters import in_a_row, maximise_in_turn, part_of, with_trusted
from emkit.core.protocols import Evaluation, LatentModel, MapReduce
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.data.source import RowSource
from emkit.families.in_groups import InGroups
from emkit.models.components import AnyComponents, Components, SeveralStats
from emkit.models.order import apart, component_count
from emkit.models.overrides import writer

P = TypeVar("P", bound=Any)
MOST_NUMBERS = 2_000_000  # rows x components worked on at a time


class Heights(NamedTuple):
    """What several runs have reached, shape (S,) each; -inf for a run that could not go on."""

    objective: Array
    log_likelihood: Array


class Several(Protocol[P]):
    """Some runs of one model, each a number of EM steps on."""

    def __len__(self) -> int: ...

    def params(self, run: int) -> P | None:
        """Where a run stands; None if it could not go on."""

    def spiked(self, profile: Any) -> Mask:
        """Which runs (S,) have a degenerate component or a sliver, where they stand."""

    def step(self, source: RowSource, map_reduce: MapReduce) -> tuple[Heights, Several[P]]:
        """What the runs have reached where they stand, and all of them one EM step on."""


def several(model: LatentModel[P, Any], starts: Sequence[P], rows: int) -> Iterator[Several[P]]:
    """Runs from `starts` over so many rows: together, as many as fit; apart where that cannot be."""
    if not can_go_together(model, starts[0]):
        yield Apart[P](model, tuple(starts))
        return
    assert isinstance(model, Components)
    most = max(1, MOST_NUMBERS // (rows * Together.of(model, starts[:1]).number))
    for first in range(0, len(starts), most):
        yield Together.of(model, starts[first : first + most])


def can_go_together(model: LatentModel[P, Any], params: P) -> bool:
    """Whether runs of a model can stand side by side: it steps as `Components` do, and a family does for all of them."""
    return isinstance(model, Components) and _as_written(model) and model.in_groups(params.components) is not None


def _as_written(model: AnyComponents) -> bool:
    """Whether a model steps as `Components` do, and who writes its E-step or its pass writes that of several runs, too."""
    own = type(model)
    several = writer(own, "_e_steps")
    return (
        writer(own, "e_step") is several
        and writer(own, "expectation") in (LatentModel, several)
        and own.updates is Components.updates
        and own.m_step is LatentModel.m_step
    )


@dataclass(frozen=True)
class Apart(Generic[P]):
    """Runs one after the other; None for one that could not go on."""

    model: LatentModel[P, Any]
    runs: tuple[P | None, ...]

    def __len__(self) -> int:
        return len(self.runs)

    def params(self, run: int) -> P | None:
        return self.runs[run]

    def spiked(self, profile: Any) -> Mask:
        at = ((self.model.spikes(run, profile), self.model.slivers(run, profile)) if run else ((), ()) for run in self.runs)
        return np.array([any(each) for each in at])

    def step(self, source: RowSource, map_reduce: MapReduce) -> tuple[Heights, Apart[P]]:
        found = [self._step(run, source, map_reduce) for run in self.runs]
        heights = Heights(
            np.array([each.objective if each else -np.inf for each in found]),
            np.array([each.log_likelihood if each else -np.inf for each in found]),
        )
        return heights, Apart(self.model, tuple(each.update if each else None for each in found))

    def _step(self, run: P | None, source: RowSource, map_reduce: MapReduce) -> Evaluation[P] | None:
        return EMMap(self.model, source, run, map_reduce).attempt(run) if run is not None else None


@dataclass(frozen=True)
class Together(Generic[P]):
    """S runs side by side. `components` are those of all runs, the `number` of one behind those of another (S K, ...).

    What components of a run share is written out for each of them, as `groups` say. Of the parameters in `runs`,
    those that say who belongs where are up to date, and no others.
    """

    model: AnyComponents
    runs: tuple[P, ...]
    components: Any
    number: int
    groups: InGroups[Any]

    @classmethod
    def of(cls, model: AnyComponents, starts: Sequence[P]) -> Self:
        """Runs that begin at `starts`."""
        groups = model.in_groups(starts[0].components)
        assert groups is not None
        each = [groups.apiece(start.components) for start in starts]
        number = component_count(each[0]) or 1
        return cls(model, tuple(starts), in_a_row(each), number, groups)

    def __len__(self) -> int:
        return len(self.runs)

    @cached_property
    def beside(self) -> AnyComponents:
        """The model of components of which each has its own of everything."""
        return self.model.of_family(self.groups.family(self.number))

    def params(self, run: int) -> P:
        places = slice(run * self.number, (run + 1) * self.number)
        return with_trusted(self.runs[run], components=self.groups.shared(part_of(self.components, places)))

    def spiked(self, profile: Any) -> Mask:
        return self.beside.spiked(self.runs, self.components, profile)

    def step(self, source: RowSource, map_reduce: MapReduce) -> tuple[Heights, Several[P]]:
        try:
            return self._step(source, map_reduce)
        except STUMBLES:  # of one of them; the others go on
            each = tuple(self.params(run) for run in range(len(self)))
            return Apart(self.model, each).step(source, map_reduce)

    def within(self, like: Together[P], profile: AnyProfile) -> Mask:
        """Which of the runs (S,) lie below no floor that those of `like` are not below already."""
        bound = self.beside.family.lower_bound(profile)
        if bound.within(self.components, like.components):
            return np.ones(len(self), dtype=bool)
        pairs = zip(apart(self.components, len(self)), apart(like.components, len(self)), strict=True)
        return np.array([bound.within(one, other) for one, other in pairs])

    def attempt(self, source: RowSource, map_reduce: MapReduce) -> tuple[Heights, Self] | None:
        """A step of guesses; None if one of them cannot be evaluated."""
        try:
            return self._step(source, map_reduce)
        except STUMBLES:
            return None

    def _expectations(self, source: RowSource, map_reduce: MapReduce) -> SeveralStats:
        total: SeveralStats = map_reduce(partial(self.beside.e_steps, self.runs, self.components), source)
        return total

    def _step(self, source: RowSource, map_reduce: MapReduce) -> tuple[Heights, Self]:
        total = self._expectations(source, map_reduce)
        objective = total.log_likelihood - total.gap
        if self.model.states_prior:
            objective += [self.model.log_prior(self.params(run)) for run in range(len(self))]
        components = maximise_in_turn(self.beside.family.updates(), total.components, self.components)
        moved = self.model.each_moved(self.runs, total.belonging)
        return Heights(objective, total.log_likelihood), replace(self, runs=moved, components=components)


@dataclass(frozen=True)
class OfEach(Together[P]):
    """Runs side by side, each over rows of its own: those of its chunk. The source says only what it has a profile of."""

    chunks: tuple[Chunk, ...] = ()

    def step(self, source: RowSource, map_reduce: MapReduce) -> tuple[Heights, Several[P]]:
        """As of all. Errors: those of any of the runs."""
        return self._step(source, map_reduce)

    @classmethod
    def of_each(cls, model: AnyComponents, starts: Sequence[P], chunks: Sequence[Chunk]) -> Self:
        """Runs that begin at `starts`, over the rows of `chunks`."""
        return replace(cls.of(model, starts), chunks=tuple(chunks))

    def _expectations(self, source: RowSource, map_reduce: MapReduce) -> SeveralStats:
        return self.beside.e_steps_of_each(self.runs, self.components, self.chunks)
