"""A fit as a file, without its data: docs/file_format.md says what stands in it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from emkit.errors import DataError, EmkitError, ModelError
from emkit.fitted import AnyFitted
from emkit.persistence import atomic
from emkit.persistence.archive import LIMIT, Content, packed, unpacked
from emkit.persistence.known import known
from emkit.persistence.stored import STORED, StoredFit
from emkit.persistence.values import REFUSALS, Reader, Writer

FORMAT, SCHEMA = "emkit fit", 1


def written(fitted: AnyFitted) -> bytes:
    """The file of a fit, without its data. Errors: ModelError if the model is made with what a file cannot hold."""
    writer = Writer(known(STORED))
    plain = writer.plain(StoredFit.of(fitted), "fit")
    text = json.dumps({"format": FORMAT, "schema": SCHEMA, "fit": plain}, indent=1, allow_nan=False)
    content = packed(Content(text, tuple(writer.arrays)))
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
    try:
        with open(path, "rb") as file:
            return _read(file, given, limit)
    except FileNotFoundError:
        raise DataError(f"there is no file {str(path)!r}.") from None
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, EmkitError) else getattr(error, "strerror", None) or error
        raise DataError(f"{str(path)!r} cannot be loaded: {reason}.") from None


def _read(file: BinaryIO, classes: Iterable[type], limit: int) -> AnyFitted:
    """The fit in a file. Errors: DataError."""
    content = unpacked(file, limit)
    document = _parsed(content.text)
    if document.get("format") != FORMAT:
        raise DataError(f"it is not the file of a fit, whose format is {FORMAT!r}")
    schema = document.get("schema")
    if type(schema) is not int or schema < 1:
        raise DataError("its schema is no whole number >= 1")
    if schema > SCHEMA:
        raise DataError(f"a later emkit wrote it, and this one reads schemas up to {SCHEMA}: update emkit")
    reader = Reader(known((*STORED, *classes)), content.arrays)
    stored: StoredFit = reader.value(document.get("fit"), StoredFit, "fit")
    try:
        return stored.fitted()
    except REFUSALS as error:
        raise DataError(f"its parts do not fit together: {error}".rstrip(".")) from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_refused)
    except RecursionError:
        raise DataError("it is nested too deeply") from None
    except ValueError as error:
        raise DataError(f"its model.json is not JSON: {error}".rstrip(".")) from None
    if not isinstance(document, dict):
        raise DataError("its model.json is no object")
    return document


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
