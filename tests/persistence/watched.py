"""`python -m tests.persistence.watched N FILE ...` loads files of fits and tells what became of all but the first N, as JSON.

It tells of every import, program, network connection, and file opened for writing, removed or renamed while they were loaded,
and of the most memory that the process held.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import emkit as ek

WATCHED = ("import", "exec", "os.", "subprocess.", "socket.", "shutil.", "pickle.", "ctypes.", "tempfile.", "marshal.")


def most_memory() -> int | None:
    """The most kilobytes that this process has held (ru_maxrss would count those of the process that started it, too)."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


def main(files: list[str]) -> None:
    """Load the first files, which are good, so that all of emkit is there, and then each of the others."""
    number = 1 + int(files[0])
    for file in files[1:number]:
        ek.load(file)
    seen: list[str] = []
    ready = [True]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if ready[0] and (writes or event.startswith(WATCHED)):
            seen.append(f"{event} {arguments[:2]}"[:200])

    sys.addaudithook(watch)
    told = {}
    for file in files[number:]:
        try:
            ek.load(file)
            told[file] = "loaded"
        except ek.EmkitError as error:
            told[file] = f"{type(error).__name__}: {error}"
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
            told[file] = f"fault {type(error).__name__}: {error}"
    ready[0] = False
    print(json.dumps({"told": told, "seen": seen, "kilobytes": most_memory()}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
