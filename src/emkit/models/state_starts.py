"""Starts for state spaces, from moments of the columns."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.models import state_long_run
from emkit.models.factor_data import correlations
from emkit.models.state_layout import Layout
from emkit.models.state_params import EFFECTS

ERRORS, SHOCKS = 0.5, 0.1  # of the variance of a column, as that of its errors, and of a shock each row
STAYS = 0.5  # of a state that moves on to itself
SHRINKS, SMALLEST = 0.8, 1e-9  # how entries of a transition that explodes are made smaller, and when that is given up
LEAST, MOST = -5.0, 2.0  # by how much the logarithm of a variance of a random start differs


def from_moments(layout: Layout, profile: AnyProfile) -> dict[str, Array]:
    """The fields of a start, by name, with what is given as it is."""
    d = len(layout.noise)
    variances = np.asarray(profile.variance[:d], dtype=np.float64)
    free, seen = layout.free("observation"), np.nan_to_num(layout.observation)
    loading = np.zeros_like(seen)
    if free.any():
        with np.errstate(invalid="ignore"):  # inputs that never vary
            means, _, correlation = correlations(profile)
        values, vectors = np.linalg.eigh(correlation[:d, :d])
        means = means[:d]
        level = (np.nan_to_num(layout.mean) != 0) & layout.certain  # a state that is a number
        others = layout.transition * ~np.eye(len(layout.transition), dtype=bool)
        follows = ~layout.selection.any(axis=1) & (np.nan_to_num(others) != 0).any(axis=1)  # what others were, seen as little
        turn = 0
        for k in np.flatnonzero(free.any(axis=0)):
            if level[k]:
                loading[:, k] = means / layout.mean[k]
            if level[k] or follows[k]:
                continue
            way = len(values) - 1 - turn % len(values)
            loading[:, k] = np.sqrt(variances * max(values[way], 1.0) / 2) * vectors[:, way]
            turn += 1
    observation = np.where(free, loading, seen)
    reach = np.where(seen != 0, np.sqrt(variances)[:, None] / np.where(seen != 0, np.abs(seen), 1.0), np.inf).min(axis=0)
    told = reach[np.isfinite(reach)]
    unit = np.where(np.isfinite(reach), reach, np.where(free.any(axis=0) | (not told.size), 1.0, told.min(initial=np.inf)))
    size = SHOCKS * unit[layout.places] ** 2
    begins = np.linalg.lstsq(observation, np.nan_to_num(profile.mean[:d]), rcond=None)[0][: len(layout.start_mean)]
    return {
        "transition": _with_a_long_run(
            np.where(layout.free("transition"), STAYS * np.eye(len(unit)), layout.transition), layout.free("transition"), layout
        ),
        "state_noise": np.where(
            layout.free("state_noise"), size if layout.state_noise.ndim == 1 else np.diag(size), layout.state_noise
        ),
        "observation": observation,
        "noise": np.where(layout.free("noise"), ERRORS * variances, layout.noise),
        "start_mean": np.where(layout.free("start_mean"), begins, layout.start_mean),
        "start_covariance": np.where(
            layout.free("start_covariance"), unit[: len(layout.start_covariance)] ** 2, layout.start_covariance
        ),
        **{name: np.nan_to_num(getattr(layout, name)) for name in EFFECTS},  # the first step finds them
    }


def at_random(first: dict[str, Array], layout: Layout, rng: np.random.Generator) -> dict[str, Array]:
    """The fields of a start with other variances and entries where these are estimated."""
    made = dict(first)
    for name, value in first.items():
        free = layout.free(name)
        if name in ("state_noise", "noise", "start_covariance"):
            factor = np.exp(rng.uniform(LEAST, MOST, value.shape[:1]))
            made[name] = np.where(free, value * (factor if value.ndim == 1 else np.sqrt(np.outer(factor, factor))), value)
        elif name == "start_mean":
            variances = first["start_covariance"] if layout.free("start_covariance").any() else np.diag(layout.covariance)
            spread = np.sqrt(variances)[: len(value)]
            made[name] = np.where(free, value + spread * rng.standard_normal(len(value)), value)
        elif name == "transition":
            turned = rng.uniform(-1, 1, value.shape) / np.sqrt(len(value))
            made[name] = _with_a_long_run(np.where(free, turned, value), free, layout)
        elif name == "observation":
            size = np.sqrt((value**2).mean(axis=1, keepdims=True))
            made[name] = np.where(free, size * rng.standard_normal(value.shape), value)
    return made


def _with_a_long_run(transition: Array, free: Mask, layout: Layout) -> Array:
    """The same (m, m), with what is `free` in it so much smaller that states which begin in the long run have one.

    Errors: ParameterError if what is given leaves them none.
    """
    block, factor = np.ix_(layout.stationary, layout.stationary), 1.0
    while factor > SMALLEST:
        found = np.where(free, factor * transition, transition)
        if not state_long_run.explodes(found[block]):
            return found
        factor *= SHRINKS
    raise ParameterError(
        "states in stationary have no long run, however small the entries of transition are that are estimated: of those that "
        "are given, some lead to an eigenvalue of size 1 or more. Give others, or leave these states out of stationary."
    )
