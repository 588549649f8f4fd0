"""Turns of factors after which most loadings are near 0 or far from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from emkit.core.arrays import Array

POWER = 4  # of loadings, by which promax sets small ones off from large ones
MOST_TURNS = 1000
STILL = 1e-13  # of the sum of singular values: no turn gains more


@dataclass(frozen=True)
class Rotated:
    """Loadings (d, m) = those before @ `turn` (m, m), and the `correlation` (m, m) of the factors that they are of."""

    loadings: Array
    turn: Array

    @property
    def correlation(self) -> Array:
        back = np.linalg.inv(self.turn)
        return np.asarray(back @ back.T)


class Rotation(Protocol):
    """A turn of loadings (d, m), found from these in units of the standard deviations of their columns."""

    def __call__(self, loadings: Array) -> Array:
        """The turn (m, m)."""


def unrotated(loadings: Array) -> Array:
    """Factors as they are."""
    return np.eye(loadings.shape[1])


def varimax(loadings: Array) -> Array:
    """The rotation after which the squares of loadings vary most within each factor, columns taken at equal length.

    Source: Kaiser (1958), Psychometrika 23, 187-200, with his normalisation of rows; by singular values.
    """
    m = loadings.shape[1]
    turn: Array = np.eye(m)
    if m < 2:
        return turn
    lengths = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    equal = loadings / np.where(lengths > 0, lengths, 1.0)
    reached = 0.0
    for _ in range(MOST_TURNS):
        turned = equal @ turn
        left, values, right = np.linalg.svd(equal.T @ (turned**3 - turned * (turned**2).mean(axis=0)))
        turn = np.asarray(left @ right, dtype=np.float64)
        if values.sum() <= reached * (1 + STILL):
            break
        reached = float(values.sum())
    return turn


def promax(loadings: Array) -> Array:
    """From varimax on towards its own fourth powers by least squares: factors may correlate, and have variance 1.

    Source: Hendrickson & White (1964), Brit. J. Statist. Psychol. 17, 65-70.
    """
    turn = varimax(loadings)
    if loadings.shape[1] < 2:
        return turn
    turned = loadings @ turn
    target = np.sign(turned) * np.abs(turned) ** POWER
    oblique = np.linalg.lstsq(turned, target, rcond=None)[0]
    units = np.sqrt(np.diag(np.linalg.inv(oblique.T @ oblique)))
    return np.asarray(turn @ oblique * units)


def oblimin(loadings: Array) -> Array:
    """Factors of variance 1 that may correlate, after which squares of loadings have the least products across factors.

    It is direct quartimin, oblimin with a parameter of 0, without a normalisation of rows; by projected gradients, from varimax
    and from the factors as they are.
    Source: Jennrich & Sampson (1966), Psychometrika 31, 313-323; Jennrich (2002), Psychometrika 67, 7-20.
    """
    if loadings.shape[1] < 2:
        return np.eye(loadings.shape[1])
    found = [_least_products(loadings, start) for start in (varimax(loadings), np.eye(loadings.shape[1]))]
    return np.asarray(np.linalg.inv(min(found, key=lambda factors: _products(loadings, factors)[0])).T)


def _products(loadings: Array, factors: Array) -> tuple[float, Array]:
    """Half the sum of the products across factors, whose directions (m, m) are columns of length 1; and its slopes."""
    back = np.linalg.inv(factors)
    turned = loadings @ back.T
    squares = turned**2
    others = squares.sum(axis=1, keepdims=True) - squares
    return float((squares * others).sum()) / 4, -((turned.T @ (turned * others)) @ back).T


def _least_products(loadings: Array, factors: Array) -> Array:
    height, slope = _products(loadings, factors)
    step, unit = 1.0, float((loadings**2).sum()) ** 2
    for _ in range(MOST_TURNS):
        along = slope - factors * (factors * slope).sum(axis=0)
        length = float((along**2).sum())
        if length <= (STILL * unit) ** 2:
            break
        step *= 2
        while step * length > STILL * height:
            there = factors - step * along
            there = there / np.sqrt((there**2).sum(axis=0))
            if _products(loadings, there)[0] < height - 0.5 * step * length:
                break
            step /= 2
        else:
            break
        factors = there
        height, slope = _products(loadings, factors)
    return factors


ROTATIONS: Mapping[str | None, Rotation] = MappingProxyType(
    {None: unrotated, "varimax": varimax, "promax": promax, "oblimin": oblimin}
)


def principal(loadings: Array, uniquenesses: Array) -> Array:
    """The same loadings (d, m) along principal axes in units of uniquenesses, the longest first, with positive sums.

    Where a uniqueness is next to 0, it counts as next to 0. Source: Lawley & Maxwell (1971), Factor Analysis as a
    Statistical Method, section 2.3.
    """
    variances = (loadings**2).sum(axis=1) + uniquenesses
    unit = np.sqrt(np.maximum(uniquenesses, 1e-8 * variances))
    turn = np.linalg.svd(loadings / unit[:, None], full_matrices=False)[2].T
    turned = loadings @ turn
    return np.asarray(turned * np.where(turned.sum(axis=0) < 0, -1.0, 1.0))


def rotated(loadings: Array, uniquenesses: Array, how: str | None) -> Rotated:
    """Loadings turned by one of `ROTATIONS`, the factors of most variance first, with positive sums."""
    first = principal(loadings, uniquenesses)
    unit = np.sqrt((loadings**2).sum(axis=1) + uniquenesses)
    turn = ROTATIONS[how](first / unit[:, None])
    shares = ((first / unit[:, None] @ turn) ** 2).sum(axis=0)
    order = np.argsort(-shares, kind="stable") if how is not None else np.arange(len(shares))
    turn = turn[:, order] * np.where((first @ turn[:, order]).sum(axis=0) < 0, -1.0, 1.0)
    whole = np.linalg.lstsq(loadings, first @ turn, rcond=None)[0] if loadings.shape[1] else turn
    return Rotated(first @ turn, np.asarray(whole))
