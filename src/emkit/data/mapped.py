"""Rows in a file that is mapped into memory: they are sent as the place where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import DataError


@dataclass(frozen=True)
class Mapped:
    """An array of some `shape` and `kind` of numbers that begins `offset` bytes into a file, as it was at its last change."""

    path: str
    changed: int
    offset: int
    shape: tuple[int, ...]
    kind: str

    def rows(self) -> Array:
        """The array, which is read where it is worked on. Errors: DataError for a file that is another one by now."""
        try:
            if Path(self.path).stat().st_mtime_ns != self.changed:
                raise DataError(f"{self.path} has changed since the fit began, so that its rows are others.")
            return _mapped(self)
        except OSError as error:
            raise DataError(f"{self.path} cannot be read where the rows are worked on ({error.strerror}).") from None


@lru_cache(1024)
def _mapped(place: Mapped) -> Array:
    return np.memmap(place.path, np.dtype(place.kind), "r", place.offset, place.shape)


def mapped_at(x: Any) -> Mapped | None:
    """Where rows x lie in a file; None for rows that are in memory."""
    if not isinstance(x, np.ndarray) or not x.flags.c_contiguous:
        return None
    base: Any = x
    while isinstance(base, np.ndarray) and not (isinstance(base, np.memmap) and not isinstance(base.base, np.memmap)):
        base = base.base
    if not isinstance(base, np.memmap) or base.filename is None:
        return None
    path = str(base.filename)
    offset = base.offset + x.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return Mapped(path, Path(path).stat().st_mtime_ns, offset, x.shape, x.dtype.str)
