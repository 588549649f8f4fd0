"""The linear form of normal components among rows that lack cells: the features of each pattern of gaps by themselves.

Of a row of one pattern, they are 1, z_j and z_a z_b in the place of that pattern, with z = 0 for cells that were not seen, and
0 in the places of others. So coefficients may differ from pattern to pattern, and sums come apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk
from emkit.data.gaps import patterns_of, unpacked
from emkit.errors import ModelError
from emkit.families.gaussian.forms import Frame, products
from emkit.families.gaussian.normal import LOG_2_PI, Moments
from emkit.families.gaussian.regressions import Sums
from emkit.families.linear import LinearForm, frozen, no_base, no_constant

MOST_COEFFICIENTS = 1 << 21  # 16 MiB: for more, a pass by matrix products is no slower


@dataclass(frozen=True, eq=False)
class PatternRows:
    """Base rows 1 and z_j = (x_j - origin_j) / unit_j, 0 where a cell was not seen; `pairs` (F, 2) make features of them.

    `keys`: the patterns that there are coefficients of. `plain` has the log-density of rows of any pattern (n, K).
    """

    keys: tuple[bytes, ...]
    plain: Callable[[Array], Array]
    origin: Array
    unit: Array
    pairs: Integers

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        from emkit.kernels.gaps import NARROW, add_gaps
        from emkit.kernels.workspace import TILE_ROWS, workspace

        height, d = len(sums) + 3, len(self.origin)
        work = workspace((d + 1, TILE_ROWS), (height, TILE_ROWS), (d + 1, NARROW), (height, NARROW))
        rows = (*self.in_order(x), frozen(weights), self.origin, 1 / self.unit)
        add_gaps(*(*rows, coefficients, self.pairs, *work, sums, log_likelihoods))

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        from emkit.kernels.gaps import score_gaps

        if not self.knows(x):
            scores[:] = self.plain(x).T
            return
        plan = self.origin, 1 / self.unit, coefficients, self.pairs
        score_gaps(*(*self.in_order(x), *plan, *self._workspace(len(scores)), scores))

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        from emkit.kernels.gaps import sum_gaps

        plan = self.origin, 1 / self.unit, self.pairs
        sum_gaps(*(*self.in_order(x), frozen(weights), *plan, *self._workspace(len(sums)), sums))

    def _workspace(self, height: int) -> tuple[Array, ...]:
        from emkit.kernels.gaps import NARROW
        from emkit.kernels.workspace import workspace

        return workspace((len(self.origin) + 1, NARROW), (height, NARROW))

    def knows(self, x: Array) -> bool:
        """Whether there are coefficients for the patterns of all rows."""
        return set(self.keys).issuperset(patterns_of(x).keys)

    def in_order(self, x: Array) -> tuple[Any, ...]:
        """The rows, their order by patterns, where patterns begin, which ones they are, and what is seen of all patterns."""
        patterns = patterns_of(x)
        place = {key: p for p, key in enumerate(self.keys)}
        if not self.knows(x):
            raise ModelError(
                "some rows lack cells that no row lacked for which the model was settled; settle it for these: "
                "model.settled(source.profile)."
            )
        which = np.array([place[key] for key in patterns.keys])
        seen = unpacked(self.keys, x.shape[1])
        return frozen(x), patterns.order, patterns.bounds, which, seen


def gap_form(
    means: Array,
    covariances: Array,
    keys: tuple[bytes, ...],
    plain: Callable[[Array], Array],
    moments: Callable[[Sums], Moments],
) -> LinearForm[Moments] | None:
    """The form of components with `covariances` (K, d, d) and rows of patterns `keys`.

    `plain` has the log-density of rows of any pattern, `moments` makes statistics of sums over all of them.

    None where digits would be lost about an origin that all components share, or coefficients are too many.
    """
    from emkit.kernels.regressions import complete, regress

    (k, d), number = means.shape, len(keys)
    pairs = products(d)[-1]
    if k * number * len(pairs) > MOST_COEFFICIENTS:
        return None
    seen = unpacked(keys, d)
    frame = Frame.around(means, np.einsum("kjj->kj", covariances))
    scale = np.outer(frame.unit, frame.unit)
    scaled = covariances / scale
    precision = np.linalg.inv(scaled)
    if frame.apart(np.einsum("kjj->kj", scaled), np.einsum("kjj->kj", precision)).tight.any():
        return None
    own, onto, rest = np.empty((k, number, len(pairs))), np.zeros((k, number, d, d)), np.zeros((k, number, d, d))
    if not regress(scaled, frame.centred, seen, own, onto, rest):
        return None
    own[:, :, 0] -= seen @ (np.log(frame.unit) + LOG_2_PI / 2)
    coefficients = np.concatenate([np.zeros((k, 1)), own.reshape(k, -1)], axis=1)

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        shift, scatter = np.zeros((k, d)), np.zeros((k, d, d))
        complete(sums, frame.centred, seen, onto, rest, shift, scatter)
        return moments((sums[:, 0].copy(), shift * frame.unit, scatter * scale))

    rows = PatternRows(keys, plain, frame.origin, frame.unit, pairs)
    return LinearForm(coefficients, rows, no_base, no_constant, statistics)
