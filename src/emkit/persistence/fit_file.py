"""A fit as a file, without its data: docs/file_format.md says what stands in it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from emkit.errors import DataError, ModelError
from emkit.fitted import AnyFitted
from emkit.persistence import atomic
from emkit.persistence.archive import LIMIT, Content, packed, unpacked
from emkit.persistence.document import Kind, opened
from emkit.persistence.known import known
from emkit.persistence.stored import STORED, StoredFit
from emkit.persistence.values import REFUSALS, Reader, Writer

FIT = Kind("fit", 1)


def written(fitted: AnyFitted) -> bytes:
    """The file of a fit, without its data. Errors: ModelError if the model is made with what a file cannot hold."""
    writer = Writer(known(STORED))
    plain = writer.plain(StoredFit.of(fitted), FIT.name)
    content = packed(Content(FIT.text(plain), tuple(writer.arrays)))
    try:
        _read(io.BytesIO(content), writer.classes, LIMIT)
    except DataError as error:
        raise ModelError(f"this fit cannot be saved, since it could not be loaded again: {error}.") from None
    return content


def save(fitted: AnyFitted, path: str | Path) -> Path:
    """Write a fit without its data to a file, which `load` reads.

    Errors: those of `written`; DataError if the file cannot be written.
    """
    return atomic.write(path, written(fitted))


def load(path: str | Path, classes: Iterable[type] = (), limit: int = LIMIT) -> AnyFitted:
    """The fit in a file. Errors: DataError naming the file and what is wrong with it."""
    given = tuple(classes)
    known((*STORED, *given))  # for its errors, which are no fault of the file
    return opened(path, lambda file: _read(file, given, limit), "loaded")


def _read(file: BinaryIO, classes: Iterable[type], limit: int) -> AnyFitted:
    """The fit in a file. Errors: DataError."""
    content = unpacked(file, limit)
    plain = FIT.plain(content.text)
    reader = Reader(known((*STORED, *classes)), content.arrays)
    stored: StoredFit = reader.value(plain, StoredFit, FIT.name)
    try:
        return stored.fitted()
    except REFUSALS as error:
        raise DataError(f"its parts do not fit together: {error}".rstrip(".")) from None
