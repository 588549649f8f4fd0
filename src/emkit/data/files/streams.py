"""The bytes of whatever is handed over, as a stream that can go back, unpacked if they are packed."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from emkit.errors import DataError

GZIP = b"\x1f\x8b"
KEPT_IN_MEMORY = 64 << 20  # bytes of a pipe; what is more goes to a temporary file


@contextmanager
def opened(file: str | Path | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    """A file, or a stream from where it stands, and what messages call it. Errors: DataError if it cannot be read."""
    if not isinstance(file, str | Path):
        with _as_data_errors("the input"):
            yield _unpacked(_seekable(file)), "the input"
        return
    try:
        stream = open(file, "rb")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        raise DataError(f"there is no file {str(file)!r}.") from None
    except IsADirectoryError:
        raise DataError(f"{str(file)!r} is a directory; give a file in it.") from None
    except (OSError, ValueError) as error:
        raise _unreadable(repr(str(file)), error) from None
    with stream, _as_data_errors(repr(str(file))):
        yield _unpacked(_seekable(stream)), repr(str(file))


@contextmanager
def _as_data_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise DataError(f"{name} is packed with gzip, and damaged or cut short. Pack it again.") from None
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> DataError:
    return DataError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.")


def _seekable(stream: BinaryIO) -> BinaryIO:
    return stream if stream.seekable() else cast(BinaryIO, io.BufferedReader(_Kept(stream)))


def _unpacked(stream: BinaryIO) -> BinaryIO:
    packed = begins_with(stream, len(GZIP)) == GZIP
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb")) if packed else stream


def begins_with(stream: BinaryIO, length: int) -> bytes:
    """The next bytes of a stream, at most so many, without taking them."""
    here = stream.tell()
    found = stream.read(length)
    stream.seek(here)
    return found


class _Kept(io.RawIOBase):
    """A stream that cannot go back, kept as it is read, so that it can be read again."""

    def __init__(self, stream: BinaryIO) -> None:
        self._more = stream.read1 if isinstance(stream, io.BufferedIOBase) else stream.read
        self._kept = SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 - lives as long as the stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._kept.read(len(buffer))
        if not found:
            found = self._more(len(buffer))
            self._kept.write(found)
        buffer[: len(found)] = found
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:  # of the stream, and not of what was read so far
            self._kept.seek(0, io.SEEK_END)
            while found := self._more(io.DEFAULT_BUFFER_SIZE):
                self._kept.write(found)
        return self._kept.seek(offset, whence)

    def tell(self) -> int:
        return self._kept.tell()

    def close(self) -> None:
        self._kept.close()
        super().close()
