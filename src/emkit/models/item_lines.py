"""Logistic lines through expected answers at places of ability: the M-step of item response, which is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.statistics import Additive

STEPS, HALVINGS = 50, 40
ENOUGH = 1e-13  # of what a Newton step promises, relative to 1 + the height: nothing is left to gain
FLAT = 1e-14  # of the persons: items that bend less tell no slope


@dataclass(frozen=True)
class ItemSums(Additive):
    """At each place of ability (Q): `persons` (Q, J), how many are expected there who answered item j, and `right` ones."""

    persons: Array
    right: Array


def height(sums: ItemSums, places: Array, intercepts: Array, slopes: Array) -> Array:
    """The expected log-likelihood (J,) of the answers to each item."""
    logits = intercepts + places[:, None] * slopes
    return np.asarray((sums.right * logits + sums.persons * scipy.special.log_expit(-logits)).sum(axis=0))


def left(sums: ItemSums, places: Array, intercepts: Array, slopes: Array) -> tuple[Array, Array]:
    """The derivatives (J,) of the height by intercepts and by slopes."""
    off = sums.right - sums.persons * scipy.special.expit(intercepts + places[:, None] * slopes)
    return off.sum(axis=0), places @ off


def highest(sums: ItemSums, places: Array, intercepts: Array, slopes: Array, moves: tuple[bool, bool]) -> tuple[Array, Array]:
    """Intercepts (J,) and slopes at which the height is greatest, by Newton's method from those given.

    It is concave, and no step goes lower. Slopes are (J,), or () one for all items. `moves`: whether intercepts do, and slopes.
    """
    together = np.ndim(slopes) == 0
    a, b = np.array(intercepts, dtype=np.float64), np.array(slopes, dtype=np.float64)
    tall = height(sums, places, a, b)
    for _ in range(STEPS):
        step_a, step_b, gain = _newton(sums, places, a, b, moves)
        if not (gain > ENOUGH * (1 + np.abs(tall.sum() if together else tall))).any():
            break
        share: Array = np.ones(np.shape(b))
        for _ in range(HALVINGS):
            there = height(sums, places, a + share * step_a, b + share * step_b)
            lower = np.asarray(there.sum() < tall.sum() if together else there < tall)
            if not lower.any():
                break
            share = np.where(lower, share / 2, share)
        else:
            share = np.where(lower, 0.0, share)
        a, b = a + share * step_a, b + share * step_b
        tall = height(sums, places, a, b)
    return a, b


def _newton(
    sums: ItemSums, places: Array, intercepts: Array, slopes: Array, moves: tuple[bool, bool]
) -> tuple[Array, Array, Array]:
    """Newton's steps of intercepts (J,) and slopes, and twice the gain that they promise (J,), or of all items ()."""
    chance = scipy.special.expit(intercepts + places[:, None] * slopes)
    off, bent = sums.right - sums.persons * chance, sums.persons * chance * (1 - chance)
    down_a, down_b = off.sum(axis=0), places @ off
    least = FLAT * (1 + sums.persons.sum(axis=0))
    aa, ab, bb = np.maximum(bent.sum(axis=0), least), places @ bent, places**2 @ bent
    if not moves[0]:
        ab, down_a = np.zeros_like(ab), np.zeros_like(down_a)
    alone, slant = np.maximum(bb - ab**2 / aa, least), down_b - ab * down_a / aa
    if np.ndim(slopes) == 0:
        alone, slant = alone.sum(), slant.sum()
    step_b = slant / alone if moves[1] else np.zeros(np.shape(slopes))
    step_a = (down_a - ab * step_b) / aa
    if np.ndim(slopes) == 0:
        return step_a, step_b, np.asarray(step_a @ down_a + step_b * down_b.sum())
    return step_a, step_b, np.asarray(step_a * down_a + step_b * down_b)
