"""Arrays in which a thread works, kept from one chunk to the next."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


# rows of data that are worked on at a time: a multiple of 64, and no power of 2, since rows of such a width get in each other's
# way in the first-level cache
TILE_ROWS = 320
TRIANGLE_ROWS = 4  # of a whitening matrix that are worked on at a time
LINE = 8  # doubles in a cache line of 64 bytes
KEPT = 2  # sets of arrays of a thread: those in which rows are scored, and those in which sequences are gone through
MOST_KEPT = 8_000_000  # doubles in a set: larger ones are made anew, which costs little beside what is done in them

_own = threading.local()


def aligned(*shape: int) -> Array:
    """Zeros whose first element, and every 8th after it, starts a cache line."""
    size = int(np.prod(shape))
    buffer = np.zeros(size + LINE)
    skipped = -(buffer.ctypes.data // 8) % LINE
    return buffer[skipped : skipped + size].reshape(shape)


def workspace(*shapes: tuple[int, ...]) -> tuple[Array, ...]:
    """Arrays of these shapes, the same ones as long as this thread asks for few different shapes."""
    if not hasattr(_own, "kept"):
        _own.kept = {}
    kept: dict[tuple[tuple[int, ...], ...], tuple[Array, ...]] = _own.kept
    arrays = kept.pop(shapes, None) or tuple(aligned(*shape) for shape in shapes)
    if sum(array.size for array in arrays) <= MOST_KEPT:
        kept[shapes] = arrays  # the last, so that others go first
        while len(kept) > KEPT:
            del kept[next(iter(kept))]
    return arrays
