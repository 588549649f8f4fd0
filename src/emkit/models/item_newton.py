"""The M-step of one item of any kind: Fisher's scoring in free coordinates, which only climbs."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import block_diag

from emkit.core.arrays import Array
from emkit.core.coordinates import Coordinates
from emkit.core.newton import solved
from emkit.core.parameters import leaves
from emkit.errors import ParameterError
from emkit.models.item_kinds import ItemKind

STEPS, HALVINGS = 100, 40
ENOUGH = 1e-13  # of what a step promises, relative to 1 + the height: nothing is left to gain
FARTHEST = 3.0  # in a free coordinate: from farther off, the curvature here tells nothing


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
    coordinates = Coordinates(params)
    here, tall = coordinates.pack(params), height(kind, params, counts, places)
    for _ in range(STEPS):
        step, gain = _scoring(kind, params, counts, places)
        if not gain > ENOUGH * (1 + abs(tall)):
            break
        step *= min(1.0, FARTHEST / max(float(np.abs(step).max()), FARTHEST))
        for _ in range(HALVINGS):
            try:
                ahead = coordinates.unpack(here + step, params)
                reached = height(kind, ahead, counts, places)
            except ParameterError:
                reached = -np.inf
            if reached >= tall:
                break
            step /= 2
        else:
            break
        here, params, tall = here + step, ahead, reached
    return params


def _scoring(kind: ItemKind, params: Any, counts: Array, places: Array) -> tuple[Array, float]:
    """The step (p,) in free coordinates, and twice the gain that it promises."""
    pulled = _pull(params)
    number = len(pulled)
    derivatives = (pulled @ kind.derivatives(params, places).reshape(number, -1)).reshape(number, *counts.shape)
    expected = counts.sum(axis=0) * np.exp(kind.log_chances(params, places))
    flat = derivatives.reshape(number, -1)
    slope = flat @ counts.ravel() + pulled @ kind.prior_slope(params)
    curvature = (flat * expected.ravel()) @ flat.T + np.diag(kind.prior_information(params))
    step = solved(curvature, slope, np.asarray(counts.sum()))
    return step, float(step @ slope)


def _pull(params: Any) -> Array:
    """The matrix (p, p) that makes derivatives along free coordinates of those along the parameters."""
    made = []
    for leaf in leaves(params):
        units = np.eye(leaf.value.size)
        made.append(np.stack([leaf.space.pull(leaf.value, unit.reshape(leaf.value.shape)) for unit in units], axis=1))
    return np.asarray(block_diag(*made))
