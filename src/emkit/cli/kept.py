"""A fit of the command line that is kept in a checkpoint."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from emkit.errors import DataError
from emkit.persistence.checkpoint import Asked, Place, read


class Kept(NamedTuple):
    """Where a fit is kept, and what is `asked`, as text: the files, and the options by name."""

    path: Path
    asked: str

    @classmethod
    def of(cls, path: Path, files: Sequence[str], options: Mapping[str, Any]) -> Self:
        return cls(path, json.dumps({"files": files, "options": options}))

    @property
    def go_on(self) -> str:
        """How to go on, as people type it."""
        return f"emkit resume {shlex.quote(str(self.path))}"


def kept_at(path: Path, names: set[str]) -> tuple[list[str], dict[str, Any]]:
    """The files and the options, which have these `names`, of a fit that is kept at a place.

    Errors: DataError naming the file, if it is none that the command line has kept, or cannot be read.
    """
    asked = read(Place(path)).asked
    if not isinstance(asked, str):
        how = "emkit.resume(path, data)" if isinstance(asked, Asked) else "fit the same estimator to the same data"
        raise DataError(f"{str(path)!r} is the checkpoint of a fit in Python. To go on: {how}.")
    match json.loads(asked):
        case {"files": [*files], "options": dict(options), **rest} if not rest and options.keys() == names:
            return files, options
    raise DataError(f"{str(path)!r} cannot be gone on from: it does not say what is asked.")
