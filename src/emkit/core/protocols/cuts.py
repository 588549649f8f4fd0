"""Where rows lie, and who goes over them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

C = TypeVar("C")
ChunkT_co = TypeVar("ChunkT_co", covariant=True)


class Cut(Protocol[ChunkT_co]):
    """Where a chunk lies: it can be pickled, and loads the rows wherever it has been sent to."""

    def load(self) -> ChunkT_co:
        """The chunk."""


class Source(Protocol[ChunkT_co]):
    """Hands out the data in chunks, always cut the same way."""

    @abstractmethod
    def chunks(self) -> Iterator[ChunkT_co]:
        """The chunks, in order."""

    @property
    def profile(self) -> Any:
        """What is known of the data before a fit; None where nothing is."""
        return None

    def cuts(self) -> Iterator[Cut[ChunkT_co]]:
        """Where the chunks lie, in the same order: what an executor may send to where the work is done."""
        return (Loaded(chunk) for chunk in self.chunks())


@dataclass(frozen=True)
class Loaded(Generic[C]):
    """A chunk that is here."""

    chunk: C

    def load(self) -> C:
        return self.chunk


MapReduce = Callable[[Callable[[Any], Any], Source[Any]], Any]
Executor = Callable[[], AbstractContextManager[MapReduce]]
