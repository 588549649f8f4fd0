"""The text of a file: JSON that says what kind of file it is, and which schema it has."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from emkit.errors import DataError, EmkitError

T = TypeVar("T")


@dataclass(frozen=True)
class Kind:
    """A kind of file: its `name`, which is in its format and what its value is called; and the latest schema that is read."""

    name: str
    schema: int

    @property
    def format(self) -> str:
        return f"emkit {self.name}"

    def text(self, plain: Any) -> str:
        """The text of a file with this value."""
        return json.dumps({"format": self.format, "schema": self.schema, self.name: plain}, indent=1, allow_nan=False)

    def plain(self, text: str) -> Any:
        """The value in a text. Errors: DataError unless it is that of such a file, of a schema that is read."""
        document = _parsed(text)
        if document.get("format") != self.format:
            raise DataError(f"it is not the file of a {self.name}, whose format is {self.format!r}")
        schema = document.get("schema")
        if type(schema) is not int or schema < 1:
            raise DataError("its schema is no whole number >= 1")
        if schema > self.schema:
            raise DataError(f"a later emkit wrote it, and this one reads schemas up to {self.schema}: update emkit")
        return document.get(self.name)


def opened(path: str | Path, read: Callable[[BinaryIO], T], done: str) -> T:
    """What `read` makes of the file at `path`. Errors: DataError naming the file, and why it cannot be `done`."""
    try:
        with open(path, "rb") as file:
            return read(file)
    except FileNotFoundError:
        raise DataError(f"there is no file {str(path)!r}.") from None
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, EmkitError) else getattr(error, "strerror", None) or error
        raise DataError(f"{str(path)!r} cannot be {done}: {reason}.") from None


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
