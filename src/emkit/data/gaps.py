"""Which cells rows lack: rows that lack the same ones, found once."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.memo import WhileItLives
from emkit.data.profile import AnyProfile


class Patterns(NamedTuple):
    """The P different patterns of cells that rows (n, d) have: `seen` (P, d), and `keys`, by which they are looked up.

    `order` (n,): the rows, those of one pattern behind those of another; `bounds` (P + 1,): where each pattern begins in it.
    """

    seen: Mask
    keys: tuple[bytes, ...]
    order: Integers
    bounds: Integers


def _patterns(x: Array) -> Patterns:
    seen = ~np.isnan(x)
    packed = np.packbits(seen, axis=1)
    whole = np.zeros((len(x), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    whole[:, : packed.shape[1]] = packed
    words = whole.view(np.uint64)
    keys = words[:, 0] if words.shape[1] == 1 else np.unique(words, axis=0, return_inverse=True)[1].ravel()
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(which, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(which, minlength=len(first)))])
    return Patterns(seen[first], tuple(row.tobytes() for row in packed[first]), order, bounds)


patterns_of = WhileItLives(_patterns)


def patterns_among(profile: AnyProfile, most: int) -> tuple[bytes, ...]:
    """The patterns of all rows, as `Patterns.keys`, in order; none where there are more than `most`."""
    found: set[bytes] = set()
    for chunk in profile.source.chunks():
        found.update(patterns_of(chunk.x).keys)
        if len(found) > most:
            return ()
    return tuple(sorted(found))


@cache
def unpacked(keys: tuple[bytes, ...], columns: int) -> Mask:
    """The cells (P, d) that rows of these patterns have."""
    bits = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), -1)
    return np.unpackbits(bits, axis=1, count=columns).astype(bool)
