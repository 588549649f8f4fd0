"""Parameters that keep the value they start with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.axes import COMPONENT
from emkit.core.coordinates import is_under, split_path
from emkit.core.parameters import Leaf, Parameters, get_at, leaves, replace_at
from emkit.core.protocols import LatentModel, Update
from emkit.core.spaces import Simplex
from emkit.errors import ModelError
from emkit.models.around import AnyModel, AnySource, Around, bare, links
from emkit.models.told_apart import held_of

__all__ = ["AnyModel", "AnySource", "Frozen", "bare"]

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


class Frozen(Around[P, S]):
    """`model` with the parameters at the given dotted paths held at their start.

    ``Frozen(Mixture(Binomial(10)), "proportions")`` or ``Frozen(Mixture(FullGaussian()), "components.means")``; with places
    behind it, a path holds a part of a field: ``"components.rates[0]"`` the rates of the first component,
    ``"transitions[0, 2]"`` one probability (held at 0: a structural zero), while the others of its vector share what is left.
    The other parameters are still maximised, given the held ones, and the held ones are not counted as free.
    Errors: ModelError if a path is none of the model's updates, or if what lies there cannot be held alone.

    The rate of the first component stays where it is, and the other is fitted beside it:

    >>> import emkit as ek
    >>> model = ek.Frozen(ek.Mixture("poisson"), "components.rates[0]")
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit(model, [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start)
    >>> result.params.components.rates.round(2).tolist(), result.free_parameters
    ([[1.0], [6.15]], 2)
    """

    def __init__(self, model: LatentModel[P, S], *paths: str) -> None:
        known = links(model, "no part of it can be held")
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

    def around(self, model: LatentModel[P, S]) -> Self:
        return type(self)(model, *self.paths)

    @property
    def said(self) -> str:
        return f"{' and '.join(self.paths)} held"

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
        masks = {leaf.path: held_of(leaf, self.paths) for leaf in leaves(moved)}
        return replace_at(moved, {leaf.path: _put(leaf, old[leaf.path], masks[leaf.path]) for leaf in leaves(moved)})

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

    def moves(self, params: P, profile: Any) -> Iterator[P]:
        return (self._restored(start, params) for start in self.model.moves(params, profile))

    def relocations(self, params: P, profile: Any, seed: int) -> Iterator[P]:
        return (self._restored(start, params) for start in self.model.relocations(params, profile, seed))

    def loosened(self, params: P, profile: Any) -> Iterator[P]:
        """Those of the model, with what is held where it was."""
        return (self._restored(moved, params) for moved in self.model.loosened(params, profile))

    def conventional(self, params: P) -> P:
        """Those of the model, if they have what is held where it was."""
        there = self.model.conventional(params)
        held = zip(leaves(self._restored(there, params)), leaves(there), strict=True)
        return there if all(np.array_equal(one.value, other.value) for one, other in held) else params

    def degenerate(self, params: P, profile: Any) -> tuple[int, ...]:
        """Those of the model, without components that are held at having no rows."""
        held = {
            int(k)
            for leaf in leaves(params)
            if _one_a_component(leaf)
            for k in np.flatnonzero(held_of(leaf, self.paths) & (leaf.value == 0))
        }
        return tuple(k for k in self.model.degenerate(params, profile) if k not in held)

    def starts(self, profile: Any, n_components: int, seeds: Iterable[int]) -> list[P]:
        """The starts of the model, all with what is held as in the first of them: runs from them are of one model."""
        found = self.model.starts(profile, n_components, seeds)
        return [self._restored(start, found[0]) for start in found]


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
    if bound and not (isinstance(leaf.space, Simplex) and not leaf.value[place].any()):  # a probability of 0 moves no others
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
