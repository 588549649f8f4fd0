"""Parameters that keep the value they start with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters
from emkit.core.protocols import Complete, Expectation, LatentModel, Source, Update
from emkit.errors import ModelError
from emkit.models.assignment import Enumerable

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
AnyModel = LatentModel[Any, Any]
AnySource = Source[Any]


class Frozen(LatentModel[P, S]):
    """`model` with the parameters at the given dotted paths held at their start.

    ``Frozen(Mixture(Binomial(10)), "proportions")`` or ``Frozen(Mixture(FullGaussian()), "components.means")``. The other
    parameters are still maximised, given the held ones, and the held ones are not counted as free.
    Errors: ModelError if a path is none of the model's updates.
    """

    def __init__(self, model: LatentModel[P, S], *paths: str) -> None:
        try:
            known = model.updates()
        except NotImplementedError:
            raise ModelError(
                f"{type(model).__name__} writes its M-step as a whole, so no part of it can be held. Write it as a chain, "
                "`updates()`, with one maximiser for each parameter: see docs/write_your_own_model.md."
            ) from None
        for path in paths:
            if not any(name == path or name.startswith(path + ".") for name in known):
                raise ModelError(f"there is no parameter {path!r} to freeze; this model updates {', '.join(known)}.")
        self.model = model
        self.paths = paths

    def __repr__(self) -> str:
        return f"Frozen({self.model!r}, {', '.join(map(repr, self.paths))})"

    def _held(self, path: str) -> bool:
        return any(path == held or path.startswith(held + ".") for held in self.paths)

    def e_step(self, params: P, chunk: Any) -> Expectation[S]:
        return self.model.e_step(params, chunk)

    def updates(self) -> Mapping[str, Update[S, P]]:
        return {path: update for path, update in self.model.updates().items() if not self._held(path)}

    def complete(self, params: P, chunk: Any) -> Complete:
        """The chunk with its latent states written out."""
        inner: Enumerable = bare(self.model)
        return inner.complete(params, chunk)

    def log_prior(self, params: P) -> float:
        return self.model.log_prior(params)

    def check(self, params: P, source: AnySource) -> None:
        self.model.check(params, source)

    def degenerate(self, params: P, source: AnySource) -> tuple[int, ...]:
        return self.model.degenerate(params, source)

    def caution(self, source: AnySource) -> None:
        self.model.caution(source)

    def prepare(self, source: AnySource) -> AnySource:
        return self.model.prepare(source)

    def coordinates(self, params: P) -> Coordinates[P]:
        return self.model.coordinates(params).without(self.paths)

    @property
    def ascends(self) -> bool:
        return self.model.ascends


def bare(model: AnyModel) -> Any:
    """The model inside its wrappers."""
    while isinstance(model, Frozen):
        model = model.model
    return model
