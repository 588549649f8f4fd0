"""Where a line stands that a person looks at, if it takes longer than a second: a terminal, a notebook, or nowhere."""

from __future__ import annotations

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

PATIENCE = 1.0  # seconds before the line appears
BETWEEN = 0.2  # seconds between two updates of a notebook


class Screen(ABC):
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


def screen_for(line: Callable[[], str]) -> Screen:
    """The screen that a person looks at, if there is one."""
    if _display() is not None:
        return _Notebook(line)
    return _Terminal(line) if sys.stderr is not None and sys.stderr.isatty() else _Nobody(line)


class _Nobody(Screen):
    """No screen."""

    def begin(self) -> None:
        pass

    def changed(self) -> None:
        pass

    def end(self) -> None:
        pass


class _Terminal(Screen):
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


class _Notebook(Screen):
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
