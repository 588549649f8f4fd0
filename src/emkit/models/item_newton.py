"""The M-step of one item of any kind, abilities given."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import block_diag

from emkit.core.arrays import Array
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import leaves
from emkit.models.climbing import Bend, climbed
from emkit.models.item_kinds import ItemKind


def height(kind: ItemKind, params: Any, counts: Array, places: Array) -> float:
    """The expected log-likelihood of how many (L, Q) are expected with each answer at `places` (Q,), with the log-prior."""
    scored = kind.log_chances(params, places)
    found = float(np.where(counts > 0, counts * np.where(counts > 0, scored, 0.0), 0.0).sum())
    return found + kind.log_prior(params)


def slopes(kind: ItemKind, params: Any, counts: Array, places: Array) -> dict[str, Array]:
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


def highest(kind: ItemKind, params: Any, counts: Array, places: Array) -> Any:
    """Parameters at which the expected log-likelihood with the log-prior is greatest, from those given; never a lower one."""

    def tall(item: Any) -> float:
        return height(kind, item, counts, places)

    def bent(item: Any) -> Bend:
        return bend(kind, item, counts, *told(kind, item, places))

    return climbed(params, Coordinates(params), tall, bent, float(counts.sum()))


def told(kind: ItemKind, params: Any, places: Array) -> tuple[Array, Array]:
    """The derivatives (p, L, Q) of the log-chances of answers along free coordinates, and the chances (L, Q)."""
    found = kind.derivatives(params, places)
    return np.tensordot(pull(params), found, 1), np.exp(kind.log_chances(params, places))


def bend(kind: ItemKind, params: Any, counts: Array, along: Array, chances: Array) -> Bend:
    """Slope and curvature of the height along free coordinates, by what is `told`."""
    expected, flat = counts.sum(axis=0) * chances, along.reshape(len(along), -1)
    slope = flat @ counts.ravel() + pull(params) @ kind.prior_slope(params)
    curvature = (flat * expected.ravel()) @ flat.T + np.diag(kind.prior_information(params))
    return Bend(slope, curvature, np.ones(len(slope)))


def pull(params: Any) -> Array:
    """The matrix (p, p) that makes derivatives along free coordinates of those along the parameters."""
    made = []
    for leaf in leaves(params):
        units = np.eye(leaf.value.size)
        made.append(np.stack([leaf.space.pull(leaf.value, unit.reshape(leaf.value.shape)) for unit in units], axis=1))
    return np.asarray(block_diag(*made))
