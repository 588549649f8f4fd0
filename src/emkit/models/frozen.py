"""Parameters that keep the value they start with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.axes import COMPONENT
from emkit.core.coordinates import Scale, held_mask, is_under, split_path
from emkit.core.expected import Expected
from emkit.core.guard import no_lower
from emkit.core.parameters import Leaf, Parameters, get_at, leaves, maximise_in_turn, replace_at
from emkit.core.protocols import Complete, Expectation, LatentModel, MapReduce, Source, Update
from emkit.core.spaces import Simplex
from emkit.errors import ModelError
from emkit.models.assignment import Enumerable, Posterior

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")
AnyModel = LatentModel[Any, Any]
AnySource = Source[Any]


class Frozen(LatentModel[P, S]):
    """`model` with the parameters at the given dotted paths held at their start.

    ``Frozen(Mixture(Binomial(10)), "proportions")`` or ``Frozen(Mixture(FullGaussian()), "components.means")``; with places
    behind it, a path holds a part of a field: ``"components.rates[0]"`` the rates of component 0, ``"transitions[0, 2]"`` one
    probability (held at 0: a structural zero), while the others of its vector share what is left. The other parameters are
    still maximised, given the held ones, and the held ones are not counted as free.
    Errors: ModelError if a path is none of the model's updates, or if what lies there cannot be held alone.
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
            if not isinstance(path, str):
                raise ModelError(f"a path to hold is text, such as 'components.means', not {path!r}.")
            bare_path, _ = split_path(path)
            if any(is_under(name, [bare_path]) or _is_inside(bare_path, name) for name in known):
                continue
            parts = [name for name in known if is_under(bare_path, [name])]
            whole = f" ({parts[0]} as a whole, since the best values in it depend on each other)" if parts else ""
            raise ModelError(f"there is no parameter {path!r} to freeze; this model updates {', '.join(known)}{whole}.")
        self.model = model
        self.paths = paths

    def __repr__(self) -> str:
        return f"Frozen({self.model!r}, {', '.join(map(repr, self.paths))})"

    def m_step(self, stats: S, params: P) -> P:
        """The chain without what is held; of a model that writes an M-step besides, as far as the expectation rises."""
        proposed = maximise_in_turn(self.updates(), stats, params)
        inner = type(bare(self.model))
        if inner.m_step is LatentModel.m_step:
            return proposed
        try:
            return no_lower(self, stats, params, proposed)
        except NotImplementedError:
            raise ModelError(
                f"{inner.__name__} writes m_step beside updates(), so the chain alone may fall: write expected, too, to hold "
                "a part of it."
            ) from None

    def _around(self, model: LatentModel[P, S]) -> Self:
        """The same parameters of another model held."""
        return self if model is self.model else type(self)(model, *self.paths)

    def updates(self) -> Mapping[str, Update[S, P]]:
        whole = [path for path, place in map(split_path, self.paths) if place is None]
        kept = {path: update for path, update in self.model.updates().items() if not is_under(path, whole)}
        return {path: self._holding(path, update) for path, update in kept.items()}

    def _holding(self, path: str, update: Update[S, P]) -> Update[S, P]:
        """The link of a field, after which what is held of it is put back."""
        if not any(is_under(split_path(held)[0], [path]) for held in self.paths):
            return update

        def put_back(stats: S, before: P, now: P) -> Any:
            moved = replace_at(now, {path: update(stats, before, now)})
            return get_at(self._restored(moved, before), path)

        return put_back

    def _restored(self, moved: P, before: P) -> P:
        """`moved` with what is held as in `before`."""
        old = {leaf.path: leaf.value for leaf in leaves(before)}
        masks = {leaf.path: self._mask(leaf) for leaf in leaves(moved)}
        return replace_at(moved, {leaf.path: _put(leaf, old[leaf.path], masks[leaf.path]) for leaf in leaves(moved)})

    def _mask(self, leaf: Leaf) -> Mask:
        """Which elements of a field are held."""
        mask = np.zeros(leaf.value.shape, dtype=bool)
        for path, place in map(split_path, self.paths):
            if place is None and is_under(leaf.path, [path]):
                mask |= True
            elif path == leaf.path and place is not None:
                mask |= held_mask(leaf, [place])
        return mask

    def held(self, params: P) -> tuple[str, ...]:
        return (*self.model.held(params), *self.paths)

    def check(self, params: P, profile: Any) -> None:
        for leaf in leaves(params):
            for each in self.paths:
                path, place = split_path(each)
                if path == leaf.path and place is not None:
                    _check_place(each, place, leaf)
        self.coordinates(params).free(params)
        self.model.check(params, profile)

    def settled(self, profile: Any) -> Self:
        return self._around(self.model.settled(profile))

    def coinciding(self, params: P, profile: Any) -> tuple[tuple[int, ...], ...]:
        return self.model.coinciding(params, profile)

    def planar(self, params: P, profile: Any) -> tuple[int, ...]:
        return self.model.planar(params, profile)

    def slivers(self, params: P, profile: Any) -> tuple[int, ...]:
        return self.model.slivers(params, profile)

    def moves(self, params: P, profile: Any) -> Iterator[P]:
        return (self._restored(start, params) for start in self.model.moves(params, profile))

    def relocations(self, params: P, profile: Any, seed: int) -> Iterator[P]:
        return (self._restored(start, params) for start in self.model.relocations(params, profile, seed))

    # -- what the model says, unchanged

    def e_step(self, params: P, chunk: Any) -> Expectation[S]:
        return self.model.e_step(params, chunk)

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

    def log_prior(self, params: P) -> float:
        return self.model.log_prior(params)

    @property
    def states_prior(self) -> bool:
        return self.model.states_prior

    @property
    def admits_gaps(self) -> bool:
        return self.model.admits_gaps

    def recoded(self, source: Any) -> Any:
        return self.model.recoded(source)

    def prepare(self, source: AnySource) -> AnySource:
        return self.model.prepare(source)

    def on_floor(self, params: P, profile: Any) -> Mapping[str, Mask]:
        return self.model.on_floor(params, profile)

    def loosened(self, params: P, profile: Any) -> Iterator[P]:
        """Those of the model, with what is held where it was."""
        return (self._restored(moved, params) for moved in self.model.loosened(params, profile))

    def within(self, params: P, like: P, profile: Any) -> bool:
        return self.model.within(params, like, profile)

    def undetermined(self, params: P) -> Mapping[str, Mask]:
        return self.model.undetermined(params)

    def degenerate(self, params: P, profile: Any) -> tuple[int, ...]:
        """Those of the model, without components that are held at having no rows."""
        held = {
            int(k)
            for leaf in leaves(params)
            if _one_a_component(leaf)
            for k in np.flatnonzero(self._mask(leaf) & (leaf.value == 0))
        }
        return tuple(k for k in self.model.degenerate(params, profile) if k not in held)

    def starts(self, profile: Any, n_components: int, seeds: Iterable[int]) -> list[P]:
        """The starts of the model, all with what is held as in the first of them: runs from them are of one model."""
        found = self.model.starts(profile, n_components, seeds)
        return [self._restored(start, found[0]) for start in found]

    def scales(self, params: P) -> Mapping[str, Scale]:
        return self.model.scales(params)

    @property
    def ascends(self) -> bool:
        return self.model.ascends


def _is_inside(path: str, name: str) -> bool:
    """Whether `path` leads into a tuple of parameters that has one update, called `name`: ``columns.0`` of ``columns``."""
    return path.startswith(name + ".") and path[len(name) + 1 :].partition(".")[0].isdigit()


def _one_a_component(leaf: Leaf) -> bool:
    """Whether a field is a share of the rows for each component."""
    return isinstance(leaf.space, Simplex) and leaf.axes is not None and leaf.axes.names == (COMPONENT,)


def _check_place(path: str, place: tuple[int, ...], leaf: Leaf) -> None:
    """Raise ModelError unless what lies at `place` of a field can be held while the rest of the field moves."""
    names = leaf.axes.names if leaf.axes is not None else ()
    bound = [name for name in names[: len(place)] if leaf.axes is not None and name in leaf.axes.coupled]
    if bound:
        free = [i for i, name in zip(place, names, strict=False) if name not in bound]
        instead = f"{leaf.path}[{', '.join(map(str, free))}]" if free else leaf.path
        raise ModelError(
            f"{path} cannot be held alone: along the {bound[0]} axis the best values depend on each other. Hold {instead}."
        )


def _put(leaf: Leaf, old: Array, mask: Mask) -> Array:
    """The value of a field with the elements of `mask` as in `old`; the others of a vector that sums to 1 share the rest."""
    if not isinstance(leaf.space, Simplex):
        return np.where(mask, old, leaf.value)
    kept = np.where(mask, old, 0.0).sum(axis=-1, keepdims=True)
    others = np.where(mask, 0.0, leaf.value)
    total = others.sum(axis=-1, keepdims=True)
    before = np.where(mask, 0.0, old)  # where no rows are left to share, as it was
    share = np.where(total > 0, others / np.where(total > 0, total, 1.0) * (1 - kept), before)
    return np.asarray(np.where(mask, old, share))


def bare(model: AnyModel) -> Any:
    """The model inside its wrappers."""
    while isinstance(model, Frozen):
        model = model.model
    return model
