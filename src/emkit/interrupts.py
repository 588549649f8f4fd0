"""Ctrl-C while the command line is still being loaded."""

from __future__ import annotations

import os
import signal
import sys
from itertools import pairwise
from types import FrameType

INTERRUPTED = 130


def end_quietly_while_loading() -> None:
    """If emkit itself was started (``emkit``, ``python -m emkit``), let Ctrl-C end it with one line until `hand_over`.

    Loading takes tenths of a second, in which nobody is there yet to catch a KeyboardInterrupt. A program that imports emkit
    keeps its own ways.
    """
    if _is_command_line() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def hand_over() -> None:
    """From here on Ctrl-C is a KeyboardInterrupt again, if it was one before."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_command_line() -> bool:
    if sys.argv[:1] == ["-m"]:  # so it is while Python looks for the module
        return any(option[:1] == "-" and option[-1:] == "m" and word == "emkit" for option, word in pairwise(sys.orig_argv))
    return os.path.basename(sys.argv[0] if sys.argv else "") in ("emkit", "emkit.exe")


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"error: interrupted.\n")
    os._exit(INTERRUPTED)


end_quietly_while_loading()
