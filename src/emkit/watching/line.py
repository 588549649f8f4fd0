"""What is going on, in one line: what goes on within what, how much of it is done, and about how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf, isfinite, log
from operator import length_hint
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from emkit.core.stopping import Settled, Step, remaining
from emkit.watching.screen import screen_for

BAR = 24  # characters
T = TypeVar("T")


class _Part(NamedTuple):
    """One thing that goes on, perhaps within another: its text, the share that is done, and the seconds that are left."""

    text: str
    done: float | None = None
    left: float | None = None


class Line:
    """Within ``with Line() as line``, `line.say` sets the line. Silent unless a person may be looking."""

    def __init__(self) -> None:
        self._parts: tuple[_Part, ...] = ()  # the outer ones first; replaced as a whole, since another thread draws it
        self._depth = 0  # of what goes on now; parts below it are what was said last there
        self._runs = 0  # that began within nothing else
        self._start = time.monotonic()
        self._screen = screen_for(self.line)

    def __enter__(self) -> Self:
        self._screen.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._screen.end()

    def say(self, text: str, done: float | None = None, left: float | None = None) -> None:
        """What is going on now; the share of it that is `done`, and the seconds that are `left`, where these are known."""
        self._parts = (*self._parts[: self._depth], _Part(text, done, left))
        self._screen.changed()

    def lines(self, number: int) -> None:
        """So many lines of a file have been read."""
        self.say(f"reading line {number:,}")

    @contextmanager
    def amid(self, what: str) -> Iterator[None]:
        """Within it, whatever is said stands behind `what`."""
        self.say(what)
        with self._inside():
            yield

    def following(self, stream: Iterator[T], of: str = "") -> Iterator[T]:
        """A `watch`: passes everything on, and tells of a step of EM its number and objective, of others how many there were.

        How many there will be, a stream says by `operator.length_hint`; of steps, it is estimated by how fast EM moves. What
        is told while the stream makes its next item, or while that is looked at, stands behind it.
        """
        before, total, begun = f"{of} " if of else "", length_hint(stream), time.monotonic()
        if total:
            self.say(f"{before}0 of {total:,}", 0.0)
        with self._inside() as outside:
            for number, item in enumerate(stream, 1):
                self._depth = outside
                pace = (time.monotonic() - begun) / number
                if isinstance(item, Step):
                    if number == 1 and outside == 0:
                        self._runs += 1
                    which = f"run {self._runs}, " if self._runs > 1 and outside == 0 else ""
                    said = f"{which}iteration {item.number}: {item.here.objective:.4f}"
                    self.say(said, left=_finite(pace * steps_left(item)))
                elif total:
                    self.say(f"{before}{number:,} of {total:,}", number / total, pace * (total - number))
                else:
                    self.say(f"{before}{number:,}")
                self._depth = outside + 1
                yield item

    @contextmanager
    def _inside(self) -> Iterator[int]:
        """Within it, what is said stands behind what was said last; the depth of that."""
        outside = self._depth
        self._depth += 1
        try:
            yield outside
        finally:
            self._depth = outside

    def line(self) -> str:
        """What the line says now: the bar and the time left are those of the outermost part of which they are known."""
        parts = self._parts
        bar = next((f"{_bar(part.done)}  " for part in parts if part.done is not None), "")
        left = next((f", about {_span(part.left)} left" for part in parts if part.left is not None), "")
        return f"{bar}{' · '.join(part.text for part in parts)}  ({_span(time.monotonic() - self._start)}{left})"


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
