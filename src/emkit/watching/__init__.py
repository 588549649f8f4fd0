"""Show a person who waits how far things have come, and about how long they will take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from emkit.core.onlooker import is_seen, seen_by
from emkit.watching.line import Line

__all__ = ["Line", "Progress", "Watching", "progress"]

T = TypeVar("T")


def progress() -> Watching:
    """Show how far fits, searches, choices, bootstraps and tests have come, and about how long they will take.

    ``with ek.progress():`` shows all that is worked out within it, in this thread: estimators, `ek.select`, whatever
    scikit-learn fits one after the other, and the replicates or models that processes send back. It is a `watch`, too, of one
    call: ``result.bootstrap(999, watch=ek.progress())``. The line appears after a second, where stderr is a terminal, or in a
    notebook, and goes when all is done; anywhere else nothing is shown. What is watched is the same bits.

    >>> import emkit as ek
    >>> counts = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6]
    >>> with ek.progress():
    ...     chosen = ek.select(ek.MixtureModel("poisson"), counts, n_components=[1, 2])
    >>> len(chosen.best.result_.bootstrap(5, random_state=0, watch=ek.progress()))
    5
    """
    return Watching()


class Watching:
    """What `ek.progress` returns: ``with`` it, everything in this thread is shown; as a `watch`, the one stream it is given."""

    def __init__(self) -> None:
        self._within: list[ExitStack] = []

    def __call__(self, stream: Iterator[T]) -> Iterator[T]:
        """Pass a stream on, and show how far it has come, unless what goes on here is shown already."""
        if is_seen():
            yield from stream
            return
        with Line() as line:
            yield from line.following(stream)

    def __enter__(self) -> Self:
        opened = ExitStack()
        if not is_seen():
            opened.enter_context(Progress())
        self._within.append(opened)
        return self

    def __exit__(self, *raised: Any) -> None:
        self._within.pop().close()


class Progress(Line):
    """A line that is told, besides, of everything that is worked out in this thread within ``with Progress()``."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = ExitStack()

    def __enter__(self) -> Self:
        super().__enter__()
        self._seen.enter_context(seen_by(self))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._seen.close()
        super().__exit__(kind, error, trace)
