"""The M-step of one item of any kind, abilities given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import leaves
from emkit.models.climbing import Bend, climbed
from emkit.models.item_kinds import ItemKind
from emkit.models.plane_kinds import PlaneKind

Answering = ItemKind | PlaneKind


def height(kind: Answering, params: Any, counts: Array, places: Array) -> float:
    """The expected log-likelihood of how many (L, Q) are expected with each answer at `places` (Q,), with the log-prior."""
    scored = kind.log_chances(params, places)
    found = float(np.where(counts > 0, counts * np.where(counts > 0, scored, 0.0), 0.0).sum())
    return found + kind.log_prior(params)


def slopes(kind: Answering, params: Any, counts: Array, places: Array) -> dict[str, Array]:
    """The derivatives of the expected log-likelihood, without the prior, along the elements of the fields, by path."""
    along = np.einsum("plq,lq->p", kind.derivatives(params, places), counts)
    return by_field(params, along)


def by_field(params: Any, along: Array) -> dict[str, Array]:
    """Numbers (p,) in the order of the fields, by path in the shape of each."""
    found, begin = {}, 0
    for leaf in leaves(params):
        found[leaf.path] = along[begin : begin + leaf.value.size].reshape(leaf.value.shape)
        begin += leaf.value.size
    return found


def highest(
    kind: Answering, params: Any, counts: Array, places: Array, held: Sequence[str] = (), free: Mask | None = None
) -> Any:
    """Parameters at which the expected log-likelihood with the log-prior is greatest, from those given; never a lower one.

    Of several abilities, `free` (p,) says which of the numbers move, and `held` are the paths of the others.
    """

    def tall(item: Any) -> float:
        return height(kind, item, counts, places)

    def bent(item: Any) -> Bend:
        found = bend(kind, item, counts, told(kind, item, places))
        return found if free is None else found.part(free)

    return climbed(params, Coordinates(params, held), tall, bent, float(counts.sum()))


class Told(NamedTuple):
    """The derivatives of the log-chances of answers `along` free coordinates (p, L, Q), and the `chances` (L, Q).

    `pull` (p, p) makes derivatives along free coordinates of those along the parameters.
    """

    along: Array
    chances: Array
    pull: Array


def told(kind: Answering, params: Any, places: Array) -> Told:
    """What is told of an item at `places` (Q,)."""
    found, across = kind.derivatives(params, places), _pull(params)
    along = (across @ found.reshape(len(found), -1)).reshape(found.shape)
    return Told(along, np.exp(kind.log_chances(params, places)), across)


def bend(kind: Answering, params: Any, counts: Array, found: Told) -> Bend:
    """Slope and curvature of the height along free coordinates, by what is `told`."""
    expected, flat = counts.sum(axis=0) * found.chances, found.along.reshape(len(found.along), -1)
    slope = flat @ counts.ravel()
    curvature = (flat * expected.ravel()) @ flat.T
    if kind.has_prior:
        slope += found.pull @ kind.prior_slope(params)
        curvature += np.diag(kind.prior_information(params))
    return Bend(slope, curvature, np.ones(len(slope)))


def _pull(params: Any) -> Array:
    every = list(leaves(params))
    found, begin = np.zeros((sum(leaf.value.size for leaf in every),) * 2), 0
    for leaf in every:
        for place, unit in enumerate(np.eye(leaf.value.size)):
            moved = leaf.space.pull(leaf.value, unit.reshape(leaf.value.shape))
            found[begin : begin + leaf.value.size, begin + place] = np.ravel(moved)
        begin += leaf.value.size
    return found
