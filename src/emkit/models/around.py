"""A model made of one other: what every such model hands on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Self, TypeVar

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.guard import no_lower
from emkit.core.parameters import Parameters, maximise_in_turn
from emkit.core.protocols import Complete, Expectation, LatentModel, MapReduce, Source, Update
from emkit.errors import ModelError
from emkit.models.assignment import Enumerable, Posterior

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
AnyModel = LatentModel[Any, Any]
AnySource = Source[Any]


class Around(LatentModel[P, S]):
    """`model` with something held or added. A subclass writes only what is otherwise."""

    model: LatentModel[P, S]

    @abstractmethod
    def around(self, model: LatentModel[P, S]) -> Self:
        """The same of another model."""

    @property
    @abstractmethod
    def said(self) -> str:
        """What is otherwise, in words: ``proportions held``."""

    def e_step(self, params: P, chunk: Any) -> Expectation[S]:
        return self.model.e_step(params, chunk)

    def m_step(self, stats: S, params: P) -> P:
        """The chain of links; of a model that writes an M-step besides, as far as the expectation rises."""
        proposed = maximise_in_turn(self.updates(), stats, params)
        inner = type(bare(self.model))
        if inner.m_step is LatentModel.m_step:
            return proposed
        try:
            return no_lower(self, stats, params, proposed)
        except NotImplementedError:
            raise ModelError(
                f"{inner.__name__} writes m_step beside updates(), so the chain alone may fall: write expected, too, to hold "
                "a part of it, or to state a prior."
            ) from None

    def updates(self) -> Mapping[str, Update[S, P]]:
        return self.model.updates()

    def held(self, params: P) -> tuple[str, ...]:
        return self.model.held(params)

    def expectation(self, params: P, source: AnySource, map_reduce: MapReduce) -> Expectation[S]:
        return self.model.expectation(params, source, map_reduce)

    def complete(self, params: P, chunk: Any) -> Complete:
        """The chunk with its latent states written out."""
        inner: Enumerable = bare(self.model)
        return inner.complete(params, chunk)

    def posterior(self, params: P, chunk: Any) -> Posterior:
        """The distribution over latent states that the E-step uses."""
        posterior: Posterior = bare(self.model).posterior(params, chunk)
        return posterior

    def row_objectives(self, params: P, chunk: Any) -> Array | None:
        return self.model.row_objectives(params, chunk)

    def expected(self, stats: S, before: P, now: P) -> Expected:
        return self.model.expected(stats, before, now)

    def carried(self, stats: S, before: P, now: P) -> S:
        return self.model.carried(stats, before, now)

    def normal_residuals(self, params: P, source: Any) -> Mapping[int, Array]:
        return self.model.normal_residuals(params, source)

    def log_prior(self, params: P) -> float:
        return self.model.log_prior(params)

    @property
    def states_prior(self) -> bool:
        return self.model.states_prior

    @property
    def is_pseudo(self) -> bool:
        return self.model.is_pseudo

    @property
    def admits_gaps(self) -> bool:
        return self.model.admits_gaps

    @property
    def admits_membership(self) -> bool:
        return self.model.admits_membership

    def settled(self, profile: Any) -> Self:
        settled = self.model.settled(profile)
        return self if settled is self.model else self.around(settled)

    def check(self, params: P, profile: Any) -> None:
        self.model.check(params, profile)

    def recoded(self, source: Any) -> Any:
        return self.model.recoded(source)

    def prepare(self, source: AnySource) -> AnySource:
        return self.model.prepare(source)

    def occurring(self, source: AnySource) -> AnySource:
        return self.model.occurring(source)

    def redrawn(self, params: P, rng: Any, rows: Array, lengths: Integers | None = None) -> Array:
        return self.model.redrawn(params, rng, rows, lengths)

    def on_floor(self, params: P, profile: Any) -> Mapping[str, Mask]:
        return self.model.on_floor(params, profile)

    def loosened(self, params: P, profile: Any) -> Iterator[P]:
        return self.model.loosened(params, profile)

    @property
    def climbs(self) -> bool:
        return self.model.climbs

    def is_stuck(self, params: P) -> bool:
        return self.model.is_stuck(params)

    def conventional(self, params: P) -> P:
        return self.model.conventional(params)

    def within(self, params: P, like: P, profile: Any) -> bool:
        return self.model.within(params, like, profile)

    def undetermined(self, params: P) -> Mapping[str, Mask]:
        return self.model.undetermined(params)

    def degenerate(self, params: P, profile: Any) -> tuple[int, ...]:
        return self.model.degenerate(params, profile)

    def endless(self, params: P, profile: Any) -> tuple[int, ...]:
        return self.model.endless(params, profile)

    def planar(self, params: P, profile: Any) -> tuple[int, ...]:
        return self.model.planar(params, profile)

    def slivers(self, params: P, profile: Any) -> tuple[int, ...]:
        return self.model.slivers(params, profile)

    def coinciding(self, params: P, profile: Any) -> tuple[tuple[int, ...], ...]:
        return self.model.coinciding(params, profile)

    def starts(self, profile: Any, n_components: int, seeds: Iterable[int]) -> list[P]:
        return self.model.starts(profile, n_components, seeds)

    def moves(self, params: P, profile: Any) -> Iterator[P]:
        return self.model.moves(params, profile)

    def relocations(self, params: P, profile: Any, seed: int) -> Iterator[P]:
        return self.model.relocations(params, profile, seed)

    def scales(self, params: P) -> Mapping[str, Scale]:
        return self.model.scales(params)

    @property
    def ascends(self) -> bool:
        return self.model.ascends


def bare(model: AnyModel) -> Any:
    """The model inside its wrappers."""
    while isinstance(model, Around):
        model = model.model
    return model


def wrappers(model: AnyModel) -> Iterator[Around[Any, Any]]:
    """What a model is wrapped in, the outermost first."""
    while isinstance(model, Around):
        yield model
        model = model.model


def has_links(model: AnyModel) -> bool:
    """Whether the M-step of a model is a chain of links, so that parts of it can be held, and priors stated."""
    with suppress(ModelError):
        links(model, "")
        return True
    return False


def links(model: AnyModel, why: str) -> Mapping[str, Update[Any, Any]]:
    """The chain of links of a model. Errors: ModelError if it writes its M-step as a whole, with `why` that is in the way."""
    try:
        return model.updates()
    except NotImplementedError:
        raise ModelError(
            f"{type(model).__name__} writes its M-step as a whole, so {why}. Write it as a chain, `updates()`, with one "
            "maximiser for each parameter: see docs/write_your_own_model.md."
        ) from None
