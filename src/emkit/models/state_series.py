"""Series of a state space whose parameters are known: what is expected of rows, and rows drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk
from emkit.errors import DataError
from emkit.models.state_filter import Filtered
from emkit.models.state_sums import smoothed
from emkit.models.state_system import System


def series_of(chunk: Chunk) -> Iterator[Array]:
    """The rows of each series of a chunk."""
    return (chunk.x[a:z] for a, z in zip(chunk.bounds, chunk.bounds[1:], strict=False))


def signal(system: System, chunk: Chunk, states: Array, spreads: Array) -> tuple[Array, Array]:
    """Mean (n, d) and covariance (n, d, d) of rows without errors, given those of their states, (n, m) and (n, m, m)."""
    seen, d = system.observation, len(system.noise)
    means = states @ seen.T
    if system.effects.size:
        means = means + chunk.x[:, d:] @ system.effects.T
    return means, seen @ spreads @ seen.T


def innovations(system: System, chunks: Iterable[Chunk]) -> Array:
    """Each cell (n, d) less what earlier ones of its series lead one to expect, by its spread."""
    return np.concatenate([Filtered.of(system, rows).innovations() for chunk in chunks for rows in series_of(chunk)])


def forecast(system: System, chunk: Chunk, steps: int, inputs: Array | None, number: int) -> tuple[Array, Array]:
    """Mean (G, steps, d) and covariance (G, steps, d, d) of the rows after each series, of which so many inputs are known."""
    every, d = list(series_of(chunk)), len(system.noise)
    shared = inputs is None or np.ndim(inputs) != 3
    if inputs is not None and not shared and len(inputs) != len(every):
        raise DataError(f"inputs are of {len(inputs)} series, but there are {len(every)}.")
    means, spreads = [], []
    for g, rows in enumerate(every):
        known = _known(inputs if inputs is None or shared else inputs[g], steps, number)
        beyond = np.hstack([np.full((steps, d), np.nan), known])
        ahead = Chunk(beyond, np.ones(steps), 0, np.array([0, steps]))
        found = smoothed(system, np.concatenate([rows, beyond]))
        mean, spread = signal(system, ahead, found.means[len(rows) :], found.spreads[len(rows) :])
        means.append(mean)
        spreads.append(spread + np.diag(system.noise))
    return np.array(means), np.array(spreads)


def drawn(system: System, rng: np.random.Generator, n: int, inputs: Array | None, number: int) -> Array:
    """A series of n rows (n, d), of which so many inputs are known; of an unknown start, from its mean."""
    d, m = system.observation.shape
    known = _known(inputs, n, number)
    x = rng.multivariate_normal(system.mean, system.covariance, method="svd")
    moved = rng.multivariate_normal(np.zeros(len(system.shocks)), system.shocks, n, method="svd") @ system.selection.T
    if system.state_effects.size:
        moved = moved + known @ system.state_effects.T
    states = np.empty((n, m))
    for t in range(n):
        states[t] = x
        x = system.transition @ x + moved[t]
    made = states @ system.observation.T + np.sqrt(system.noise) * rng.standard_normal((n, d))
    return np.asarray(made + known @ system.effects.T if system.effects.size else made)


def _known(inputs: Array | None, n: int, number: int) -> Array:
    """So many inputs of n rows (n, p). Errors: DataError for others."""
    if inputs is None and not (number and n):
        return np.empty((n, number))
    what = f"{number} input{'s' * (number != 1)}"
    if inputs is None:
        raise DataError(f"this model has {what}, whose values are needed for each of these rows: give `inputs`.")
    try:
        given = np.asarray(inputs, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"inputs are no numbers: {inputs!r:.60}.") from None
    if given.shape != (n, number):
        raise DataError(f"inputs have shape {given.shape}; of {what} in {n} row{'s' * (n != 1)}, it is {(n, number)}.")
    if not np.isfinite(given).all():
        t, k = (int(i) for i in np.argwhere(~np.isfinite(given))[0])
        raise DataError(f"inputs[{t}, {k}] is {given[t, k]:g}; inputs are known: give it a finite number.")
    return given
