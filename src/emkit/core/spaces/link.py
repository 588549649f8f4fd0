"""Scales on which a number has no bounds: where an interval about an estimate keeps inside its space."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy

from emkit.core.arrays import Array


class Link(NamedTuple):
    """`forward` to the scale without bounds, its `slope`, and `back`; `null` is the value that says "nothing", if one does."""

    forward: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    back: Callable[[Array], Array]
    null: float | None = None


REAL = Link(np.asarray, lambda value: np.ones_like(value), np.asarray, null=0.0)
LOG = Link(np.log, lambda value: 1 / value, np.exp)
LOGIT = Link(
    lambda value: scipy.special.logit(value), lambda value: 1 / (value * (1 - value)), lambda free: scipy.special.expit(free)
)
FISHER = Link(np.arctanh, lambda value: 1 / (1 - value**2), np.tanh, null=0.0)  # of correlations
