"""`python -m tests.data.design.watched` reads formulas and tells what Python ran, opened or started meanwhile."""

from __future__ import annotations

import contextlib
import sys
from importlib import import_module
from typing import Any

import emkit as ek
from emkit.data.design import Design, parsed
from tests.data.design.payloads import PAYLOADS

WATCHED = ("import", "exec", "open", "os.", "subprocess.", "socket.", "shutil.", "pickle.", "ctypes.", "tempfile.", "marshal.")
GOOD = "log(y) ~ poly(x, 2) + g + C(h, Treatment(2)) + `a b` | exp(z)"
DATA = {
    "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 9.0],
    "x": [1.0, 2.0, 0.0, 1.5, 4.0, 7.0, -2.0, 0.5],
    "g": ["a", "b", "a", "b", "a", "b", "a", "a"],
    "h": [1, 2, 2, 1, 2, 1, 1, 2],
    "a b": [0.0, 1.0, 0.0, 2.0, 9.0, 3.0, 5.0, 8.0],
    "z": [0.0, 1.0, 2.0, 3.0, 2.0, 1.0, 0.0, 7.0],
}


def main() -> None:
    """Read a good formula, so that all that is needed is there, and then that and all others again."""
    Design.of(GOOD, DATA).rows(DATA)
    heard: list[str] = []
    ready = [True]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if ready[0] and event.startswith(WATCHED):
            heard.append(f"{event} {arguments[:2]}"[:200])

    sys.addaudithook(watch)
    import_module("colorsys")
    print("awake" if heard else "deaf")  # noqa: T201
    heard.clear()
    Design.of(GOOD, DATA).rows(DATA)
    for payload in PAYLOADS.values():
        with contextlib.suppress(ek.ParameterError):
            parsed(payload)
    ready[0] = False
    print("\n".join(heard) or "silence")  # noqa: T201


if __name__ == "__main__":
    main()
