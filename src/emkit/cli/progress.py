"""A line on stderr that says what is going on, if that takes longer than a second and a person is looking."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from emkit.core.stopping import Step

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

PATIENCE = 1.0  # seconds before the line appears


class Progress:
    """Within ``with Progress() as progress``, `progress.say` sets the line. Silent unless stderr is a terminal."""

    def __init__(self) -> None:
        self._text = ""
        self._live: Live | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True
        self._done = False
        self._start = time.monotonic()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            self._done = True
            if self._live is not None:
                self._live.stop()

    def say(self, text: str) -> None:
        """What is going on now."""
        self._text = text

    def lines(self, number: int) -> None:
        """So many lines of a file have been read."""
        self.say(f"reading line {number:,}")

    def iterations(self, steps: Iterator[Step]) -> Iterator[Step]:
        """A `watch` for a run: says which iteration, and the objective."""
        for step in steps:
            self.say(f"following the best, iteration {step.number}: {step.here.objective:.4f}")
            yield step

    def _show(self) -> None:
        from rich.live import Live

        from emkit.cli.screen import console

        with self._lock:
            if not self._done:
                self._live = Live(get_renderable=self._line, console=console(stderr=True), refresh_per_second=8, transient=True)
                self._live.start()

    def _line(self) -> Text:
        from rich.text import Text

        return Text(f"{self._text}  ({time.monotonic() - self._start:.0f} s)", style="dim", overflow="ellipsis", no_wrap=True)
