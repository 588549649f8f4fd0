"""The one array type of the library, and read-only copies of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[Any]
ArrayLike = npt.ArrayLike  # what an array can be made from: lists, numbers, arrays


def readonly(value: Any) -> Array:
    """Return `value` as a float64 array that cannot be written to (a copy, unless it already is one)."""
    array = np.asarray(value, dtype=np.float64)
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array
