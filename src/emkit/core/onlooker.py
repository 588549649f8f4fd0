"""Whoever looks on at all that is worked out in a thread: they are told of every stream that goes by here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, TypeVar

T = TypeVar("T")


class Onlooker(Protocol):
    """Somebody who is told what goes on, the outer streams before those that begin within them."""

    def following(self, stream: Iterator[T], of: str = "") -> Iterator[T]:
        """Pass a stream on as it comes, and look at it; `of` says in a few words what its items are."""

    def amid(self, what: str) -> AbstractContextManager[None]:
        """Within it, `what` goes on."""


class _OfThread(threading.local):
    onlooker: Onlooker | None = None


_HERE = _OfThread()


def seen(stream: Iterator[T], of: str = "") -> Iterator[T]:
    """The stream, which whoever looks on here follows; the very same one where nobody does."""
    return stream if _HERE.onlooker is None else _HERE.onlooker.following(stream, of)


def amid(what: str) -> AbstractContextManager[None]:
    """Within it, `what` goes on, for whoever looks on here."""
    return nullcontext() if _HERE.onlooker is None else _HERE.onlooker.amid(what)


def is_seen() -> bool:
    """Whether somebody looks on here."""
    return _HERE.onlooker is not None


@contextmanager
def seen_by(onlooker: Onlooker) -> Iterator[None]:
    """Within it, in this thread, the `onlooker` is told; whoever was before, is again after it."""
    before, _HERE.onlooker = _HERE.onlooker, onlooker
    try:
        yield
    finally:
        _HERE.onlooker = before
