"""What an E-step hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from emkit.core.arrays import Array
from emkit.core.statistics import Additive

S = TypeVar("S")


@dataclass(frozen=True)
class Expectation(Additive, Generic[S]):
    """What an E-step returns; every field adds up over chunks.

    `statistics` are expected sufficient statistics (an `Additive`, an array or a number); `log_likelihood` is that of the
    rows at the parameters the E-step was given; `rows` is their number (their total weight); `gap` is the divergence of the
    distribution that the E-step used from the posterior: 0 for the exact E-step, more for hard assignment.

    Those of two chunks add up to that of both:

    >>> import emkit as ek
    >>> both = ek.Expectation(1.5, log_likelihood=-3.0, rows=2.0) + ek.Expectation(0.5, log_likelihood=-1.0, rows=1.0)
    >>> both.statistics, both.log_likelihood, both.rows
    (2.0, -4.0, 3.0)
    """

    statistics: S
    log_likelihood: float
    rows: float
    gap: float = 0.0


@dataclass(frozen=True)
class Complete:
    """A chunk with its latent states written out.

    `log_joint` (n, K) is log p(x_i, z=k; theta); `weights` (n,) counts how often each row occurs.
    """

    log_joint: Array
    weights: Array
