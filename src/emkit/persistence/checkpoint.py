"""The file of a fit that goes on: what is asked, the runs that ended, and where the run in progress stands."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from emkit.core.engine import Record, RunState
from emkit.core.journal import Go, Journal, Unkept
from emkit.core.parameters import Parameters
from emkit.core.solvers import Anderson, Plain, Squarem
from emkit.core.stopping import Budget, Decreased, Drawn, Iterations, Moved, Settled
from emkit.errors import DataError, ModelError
from emkit.persistence import atomic
from emkit.persistence.archive import LIMIT, Content, packed, unpacked
from emkit.persistence.digest import digest_of_passes
from emkit.persistence.document import Kind, opened
from emkit.persistence.known import known
from emkit.persistence.run_state import OF_RUNS, StoredState
from emkit.persistence.stored import AnyLatentModel, StoredRun
from emkit.persistence.values import REFUSALS, Reader, Writer
from emkit.version import __version__

CHECKPOINT = Kind("checkpoint", 1)
EVERY = 3.0  # seconds at least between two writings


@dataclass(frozen=True)
class Asked:
    """What `fit` is asked for, beside the data."""

    model: AnyLatentModel
    starts: tuple[Parameters, ...]
    solver: Any
    rules: tuple[Any, ...]
    escape: bool


@dataclass(frozen=True)
class StoredCheckpoint:
    """A fit that goes on, in a file. `of` are hashes of all that it depends on, by what messages call it.

    `asked` is what it can be begun with again: of `fit`, an `Asked`; of the command line, text; None of an estimator. `runs`
    are those that ended, by their `numbers` in the order of the fit; number `at` stands at `state`, if it has begun.
    """

    emkit: str
    of: Mapping[str, str]
    asked: Any
    kinds: tuple[Parameters, ...] = ()
    numbers: tuple[int, ...] = ()
    runs: tuple[StoredRun, ...] = ()
    at: int = 0
    state: StoredState | None = None


class Place(NamedTuple):
    """Where a checkpoint is, the `classes` that it may name beside emkit's, and the most bytes that it may have."""

    path: str | Path
    classes: tuple[type, ...] = ()
    limit: int = LIMIT


class Checkpoint:
    """The journal of a fit in a file, which it writes when it is entered, every few seconds, and when it is left."""

    def __init__(self, path: str | Path, stored: StoredCheckpoint, go_on: str) -> None:
        self._path, self._go_on, self._stored = path, go_on, stored
        self._runs: dict[int, Record[Any]] = {}
        self._at, self._state = stored.at, None if stored.state is None else stored.state.state()
        for number, run in zip(stored.numbers, stored.runs, strict=True):
            self._runs[number] = run.record(stored.kinds)
        self._followed = 0
        self._written = 0.0
        self._is_written = False

    def follow(self, go: Go) -> Record[Any]:
        """The next run: see `Journal`. Errors: DataError if the file cannot be written."""
        number = self._followed
        self._followed += 1
        if number not in self._runs:
            begun = self._state if self._at == number else None
            record = go(begun, partial(self._keep, number))
            self._runs[number], self._at, self._state = record, number + 1, None
            self._changed()
        return self._runs[number]

    def _keep(self, number: int, state: RunState[Any]) -> None:
        self._at, self._state = number, state
        self._changed()

    def _changed(self) -> None:
        self._is_written = False
        if time.monotonic() - self._written >= EVERY:
            self.write()

    def write(self) -> None:
        """Write the file. Errors: DataError if that cannot be; the file that was there is there still."""
        kinds: list[Parameters] = []
        runs = tuple(StoredRun.of(run, kinds) for run in self._runs.values())
        state = None if self._state is None else StoredState.of(self._state)
        said = self._stored
        stored = StoredCheckpoint(said.emkit, said.of, said.asked, tuple(kinds), tuple(self._runs), runs, self._at, state)
        writer = Writer(known(KEPT))
        content = CHECKPOINT.text(writer.plain(stored, CHECKPOINT.name))
        atomic.write(self._path, packed(Content(content, tuple(writer.arrays))))
        self._written, self._is_written = time.monotonic(), True

    def __enter__(self) -> Self:
        try:
            self.write()
        except KeyboardInterrupt as interrupt:  # it may come when the file is there already
            self.__exit__(type(interrupt), interrupt, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or isinstance(error, KeyboardInterrupt):
            if not self._is_written:
                self.write()
            if error is not None:
                error.add_note(f"The fit is kept in {str(self._path)!r}. To go on: {self._go_on}")


def journal_of(
    place: Place | None, asked: Any, parts: Mapping[str, Any], source: Any, go_on: str
) -> AbstractContextManager[Journal]:
    """The journal of a fit at a `place`, as a context; one that keeps nothing if there is no place.

    If there is a file, the fit goes on from it. `parts`: all that the fit depends on beside the rows of the `source`, by name;
    `asked`: see `StoredCheckpoint`; `go_on` tells people how to go on.
    Errors: DataError if the file is of another fit, or cannot be read or written; ModelError for what a file cannot hold.
    """
    if place is None:
        return nullcontext(Unkept())
    given: Any = place.path
    if not isinstance(given, str | os.PathLike) or not str(given):
        raise ModelError(f"checkpoint is {given!r}; it must be the path of a file.")
    of = {name: _hash_of(value, name) for name, value in parts.items()} | {"data": digest_of_passes(source)}
    path = Path(place.path)
    if not os.path.exists(path):  # of a folder that may not be looked into, writing says so
        return Checkpoint(path, StoredCheckpoint(__version__, of, asked), go_on)
    stored = read(place)
    other = {name for name in of.keys() | stored.of.keys() if of.get(name) != stored.of.get(name)}
    if other:
        told = "data" if "data" in other else " and ".join(sorted(other))  # a model and starts may follow from the data
        raise DataError(
            f"{str(path)!r} is the checkpoint of another fit: it began with other {told}. Give what it began with, or keep "
            "this fit in another file."
        )
    try:
        return Checkpoint(path, stored, go_on)
    except REFUSALS as error:
        raise DataError(f"{str(path)!r} cannot be gone on from: its parts do not fit together: {error}") from None


def read(place: Place) -> StoredCheckpoint:
    """What is in a file. Errors: DataError naming it, and what is wrong with it or with the emkit that wrote it."""
    return opened(place.path, lambda file: _read(file, place.classes, place.limit), "gone on from")


def _read(file: BinaryIO, classes: Iterable[type], limit: int) -> StoredCheckpoint:
    content = unpacked(file, limit)
    reader = Reader(known((*KEPT, *classes)), content.arrays)
    stored: StoredCheckpoint = reader.value(CHECKPOINT.plain(content.text), StoredCheckpoint, CHECKPOINT.name)
    if stored.emkit != __version__:
        raise DataError(
            f"emkit {stored.emkit} wrote it, and this is {__version__}, whose steps may be others in the last digits: go on "
            "with that version, or begin anew"
        )
    return stored


def _hash_of(value: Any, name: str) -> str:
    """A hash of a value. Errors: ModelError if a file cannot hold it."""
    writer = Writer(known(KEPT))
    text = json.dumps(writer.plain(value, name), allow_nan=False)
    return sha256(packed(Content(text, tuple(writer.arrays)))).hexdigest()


KEPT: tuple[type, ...] = (
    StoredCheckpoint, StoredRun, Asked, *OF_RUNS,
    Anderson, Plain, Squarem, Budget, Decreased, Drawn, Iterations, Moved, Settled,
)  # fmt: skip
