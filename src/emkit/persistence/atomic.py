"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from emkit.errors import DataError


def write(path: str | Path, content: bytes) -> Path:
    """Write a file that only its owner may read, in place of the one that is there, if there is one.

    It is written beside its place and moved there when it is on the disk: whatever happens meanwhile, the place holds what
    it held, or all of `content`. Errors: DataError if it cannot be written.
    """
    place = Path(path)
    written = None
    try:
        handle, written = tempfile.mkstemp(prefix=f".{place.name[:40]}.", dir=place.parent)  # exclusive, 0600
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        os.replace(written, place)
        written = None
        _sync_folder(place.parent)
    except (OSError, ValueError) as error:  # a path with a NUL in it is a ValueError
        raise DataError(f"cannot write {str(place)!r}: {getattr(error, 'strerror', None) or error}.") from None
    finally:
        if written is not None:
            with suppress(OSError):
                os.unlink(written)
    return place


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, too, where folders can be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
