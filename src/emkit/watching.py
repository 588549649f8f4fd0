"""What is going on, for a person who looks: a line on a terminal or in a notebook, if it takes longer than a second."""

from __future__ import annotations

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib import import_module
from math import inf, isfinite, log
from operator import length_hint
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from emkit.core.stopping import Settled, Step, remaining

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

PATIENCE = 1.0  # seconds before the line appears
BETWEEN = 0.2  # seconds between two updates of a notebook
BAR = 24  # characters
T = TypeVar("T")


def progress() -> Callable[[Iterator[T]], Iterator[T]]:
    """A `watch` that shows how far a fit, a bootstrap or a test has come, and about how long it will take.

    ``ek.fit(model, data, start, watch=ek.progress())``, ``result.bootstrap(999, watch=ek.progress())``. The line appears after
    a second, where stderr is a terminal, or in a notebook, and goes when all is done; anywhere else nothing is shown. What it
    watches is the same bits. Estimators take scikit-learn's callbacks instead.

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start, watch=ek.progress())
    >>> len(result.bootstrap(5, random_state=0, watch=ek.progress()))
    5
    """
    return _shown


def _shown(stream: Iterator[T]) -> Iterator[T]:
    with Progress() as shown:
        yield from shown.following(stream)


class Progress:
    """Within ``with Progress() as progress``, `progress.say` sets the line. Silent unless a person may be looking."""

    def __init__(self) -> None:
        self._text, self._done, self._left = "", None, None
        self._start = time.monotonic()
        self._screen = _screen(self.line)

    _done: float | None  # the share that is done, where that is known
    _left: float | None  # seconds, likewise

    def __enter__(self) -> Self:
        self._screen.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._screen.end()

    def say(self, text: str, done: float | None = None, left: float | None = None) -> None:
        """What is going on now; the share of it that is `done`, and the seconds that are `left`, where these are known."""
        self._text, self._done, self._left = text, done, left
        self._screen.changed()

    def lines(self, number: int) -> None:
        """So many lines of a file have been read."""
        self.say(f"reading line {number:,}")

    def following(self, stream: Iterator[T]) -> Iterator[T]:
        """A `watch`: passes everything on, and tells of a step of EM its number and objective, of others how many there were.

        How many there will be, a stream says by `operator.length_hint`; of steps, it is estimated by how fast EM moves.
        """
        total, begun = length_hint(stream), time.monotonic()
        for number, item in enumerate(stream, 1):
            pace = (time.monotonic() - begun) / number
            if isinstance(item, Step):
                self.say(f"iteration {item.number}: {item.here.objective:.4f}", left=_finite(pace * steps_left(item)))
            elif total:
                self.say(f"{number:,} of {total:,}", number / total, pace * (total - number))
            else:
                self.say(f"{number:,}")
            yield item

    def line(self) -> str:
        """What the line says now."""
        bar = "" if self._done is None else f"{_bar(self._done)}  "
        left = "" if self._left is None else f", about {_span(self._left)} left"
        return f"{bar}{self._text}  ({_span(time.monotonic() - self._start)}{left})"


def steps_left(step: Step) -> float:
    """About how many steps of plain EM are left until the parameters have settled; infinite if there is no telling."""
    if step.em_rate is None:
        return inf
    _, way = remaining(step.em_rate)
    if way <= Settled.distance:
        return 0.0
    rate = step.em_rate.contraction
    return log(way / Settled.distance) / -log(rate) if isfinite(way) and 0 < rate < 1 else inf


def _finite(seconds: float) -> float | None:
    return seconds if isfinite(seconds) else None


def _bar(share: float) -> str:
    full = round(BAR * min(max(share, 0.0), 1.0))
    return "━" * full + "╌" * (BAR - full)


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


class _Screen(ABC):
    """Where a line stands."""

    def __init__(self, line: Callable[[], str]) -> None:
        self._line = line

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def changed(self) -> None:
        """The line says something else."""

    @abstractmethod
    def end(self) -> None: ...


def _screen(line: Callable[[], str]) -> _Screen:
    """The screen that a person looks at, if there is one."""
    if _display() is not None:
        return _Notebook(line)
    return _Terminal(line) if sys.stderr.isatty() else _Nobody(line)


class _Nobody(_Screen):
    """No screen."""

    def begin(self) -> None:
        pass

    def changed(self) -> None:
        pass

    def end(self) -> None:
        pass


class _Terminal(_Screen):
    """A line at the end of what stands on stderr, which a thread of its own draws anew."""

    def __init__(self, line: Callable[[], str]) -> None:
        super().__init__(line)
        self._live: Live | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True

    def begin(self) -> None:
        self._timer.start()

    def changed(self) -> None:
        pass

    def end(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._ended = True
            if self._live is not None:
                self._live.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.live import Live

        with self._lock:
            if not self._ended:
                screen = Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
                self._live = Live(get_renderable=self._text, console=screen, refresh_per_second=8, transient=True)
                self._live.start()

    def _text(self) -> Text:
        from rich.text import Text

        return Text(self._line(), style="dim", overflow="ellipsis", no_wrap=True)


class _Notebook(_Screen):
    """A line below a cell, as plain text, which is drawn anew as it changes: no widget, so no extension, is needed."""

    def __init__(self, line: Callable[[], str]) -> None:
        super().__init__(line)
        self._handle: Any = None
        self._last = time.monotonic() + PATIENCE - BETWEEN

    def begin(self) -> None:
        pass

    def changed(self) -> None:
        now = time.monotonic()
        if now - self._last < BETWEEN:
            return
        self._last = now
        if self._handle is None:
            display = _display()
            self._handle = None if display is None else display({"text/plain": self._line()}, raw=True, display_id=True)
        else:
            self._handle.update({"text/plain": self._line()}, raw=True)

    def end(self) -> None:
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)


def _display() -> Callable[..., Any] | None:
    """What displays values below the cell of a notebook; None outside of one."""
    package = sys.modules.get("IPython")
    shell = None if package is None else package.get_ipython()
    if getattr(shell, "kernel", None) is None:
        return None
    found: Callable[..., Any] = import_module("IPython.display").display
    return found
