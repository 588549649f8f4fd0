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

_own = threading.local()


def aligned(*shape: int) -> Array:
    """Zeros whose first element, and every 8th after it, starts a cache line."""
    size = int(np.prod(shape))
    buffer = np.zeros(size + LINE)
    skipped = -(buffer.ctypes.data // 8) % LINE
    return buffer[skipped : skipped + size].reshape(shape)


def workspace(*shapes: tuple[int, ...]) -> tuple[Array, ...]:
    """Arrays of these shapes, the same ones as long as this thread asks for the same shapes."""
    if getattr(_own, "shapes", None) != shapes:
        _own.shapes, _own.arrays = shapes, tuple(aligned(*shape) for shape in shapes)
    arrays: tuple[Array, ...] = _own.arrays
    return arrays
