"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from errno import EISDIR
from pathlib import Path

from emkit.errors import DataError


def write(path: str | Path, content: bytes, mode: int = 0o600) -> Path:
    """Write a file that only its owner may read (or with another `mode`), in place of the one that is there, if there is one.

    It is written beside its place and moved there when it is on the disk: whatever happens meanwhile, the place holds what
    it held, or all of `content`. What a link leads to is written, and the link stays. The path comes back as it was given.
    Errors: DataError if it cannot be written.
    """
    written = None
    try:
        place = Path(os.path.realpath(path))
        handle, written = tempfile.mkstemp(prefix=f".{place.name[:40]}.", dir=place.parent)  # exclusive, 0600
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        os.chmod(written, mode)
        os.replace(written, place)
        written = None
        _sync_folder(place.parent)
    except (OSError, ValueError) as error:  # a path with a NUL in it is a ValueError
        raise _refusal(Path(path), error) from None
    finally:
        if written is not None:
            with suppress(OSError):
                os.unlink(written)
    return Path(path)


def refuse_unwritable(path: str | Path) -> None:
    """Raise DataError, as `write` would, unless files can be written where `path` is, and it is no folder."""
    place = Path(path)
    try:
        with tempfile.TemporaryFile(dir=place.parent):
            pass
        if place.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    except (OSError, ValueError) as error:
        raise _refusal(place, error) from None


def _refusal(place: Path, error: Exception) -> DataError:
    return DataError(f"cannot write {str(place)!r}: {getattr(error, 'strerror', None) or error}.")


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, too, where folders can be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
