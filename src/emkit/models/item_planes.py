"""Logistic planes through expected answers at places of several abilities: the M-step of models of these, which is exact."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array, Mask
from emkit.core.newton import solved

STEPS, HALVINGS = 50, 40
ENOUGH = 1e-13  # of what a Newton step promises, relative to 1 + the height: nothing is left to gain


def heights(answers: Array, design: Array, planes: Array) -> Array:
    """The expected log-likelihood (J,) of the answers (2 J, N), wrong and right, to each item.

    `design` (N, 1 + d): a 1 and the places; `planes` (J, 1 + d): intercepts and slopes.
    """
    logits = planes @ design.T
    right = scipy.special.log_expit(logits)
    return np.asarray((answers[1::2] * right + answers[::2] * (right - logits)).sum(axis=1))


def slopes(answers: Array, design: Array, planes: Array) -> Array:
    """The derivatives (J, 1 + d) of the heights along the planes."""
    wrong, right = answers[::2], answers[1::2]
    return np.asarray((right - (wrong + right) * scipy.special.expit(planes @ design.T)) @ design)


def highest(answers: Array, design: Array, planes: Array, moves: Mask) -> Array:
    """Planes (J, 1 + d) at which heights are greatest, by Newton's method from those given, where they move.

    They are concave, and no step goes lower.
    """
    size = design.shape[1]
    squares = (design[:, :, None] * design[:, None, :]).reshape(len(design), size**2)
    persons = answers[::2] + answers[1::2]
    mass = persons.sum(axis=1)
    found, tall = np.array(planes), heights(answers, design, planes)
    for _ in range(STEPS):
        chance = scipy.special.expit(found @ design.T)
        slope = np.where(moves, slopes(answers, design, found), 0.0)
        bent = ((persons * chance * (1 - chance)) @ squares).reshape(-1, size, size)
        bent = np.where(moves[:, :, None] & moves[:, None, :], bent, 0.0)
        step = np.where(moves, solved(bent, slope, mass), 0.0)
        if not ((step * slope).sum(axis=1) > ENOUGH * (1 + np.abs(tall))).any():
            break
        share = np.ones(len(found))
        for _ in range(HALVINGS):
            lower = heights(answers, design, found + share[:, None] * step) < tall
            if not lower.any():
                break
            share = np.where(lower, share / 2, share)
        else:
            share = np.where(lower, 0.0, share)
        found = found + share[:, None] * step
        tall = heights(answers, design, found)
    return found
