"""Which rooms data pass on their way from `GaussianMixture(2).fit(X)` to the kernel: `python -m tests.house.calls`.

A room is a folder of src/emkit, or a file on its ground level. Every call of a function of emkit is seen, from the estimator's
`fit` to the first compiled loop; a call goes back up if the room it enters lies on a higher floor than the room it comes from
(the floors stand in pyproject.toml). A pair of rooms counts once, however often it is called.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import numpy as np

import emkit as ek

SOURCE = Path(ek.__file__).parent
PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def floors() -> dict[str, int]:
    """The floor of every room, 0 at the bottom."""
    contract = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"][0]
    return {room.strip(): i for i, layer in enumerate(reversed(contract["layers"])) for room in layer.split("|")}


def room_of(file: str) -> str | None:
    """The room of a file of emkit; None for the files of others."""
    path = Path(file)
    return path.relative_to(SOURCE).parts[0].removesuffix(".py") if SOURCE in path.parents else None


def rooms_on_the_way(rows: int = 50_000) -> list[tuple[str, str]]:
    """The calls from room to room, each pair once, in the order in which they are first made."""
    x = np.random.default_rng(0).normal(size=(rows, 4)) + np.repeat([[0.0], [5.0]], rows // 2, axis=0)
    estimator = ek.GaussianMixture(2, random_state=0, n_jobs=1)
    seen: dict[tuple[str, str], None] = {}
    arrived = False

    def watch(frame, event, argument):
        nonlocal arrived
        if event != "call" or arrived or (room := room_of(frame.f_code.co_filename)) is None:
            return
        caller = frame.f_back
        while caller is not None and room_of(caller.f_code.co_filename) is None:
            caller = caller.f_back
        before = room_of(caller.f_code.co_filename) if caller is not None else None
        if before is not None and before != room:
            seen[before, room] = None
        arrived = room == "kernels"

    sys.setprofile(watch)
    try:
        estimator.fit(x)
    finally:
        sys.setprofile(None)
    return list(seen)


def upward(calls: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The calls that go back up."""
    floor = floors()
    return [(before, after) for before, after in calls if floor[after] > floor[before]]


if __name__ == "__main__":
    calls = rooms_on_the_way()
    for before, after in calls:
        print(f"{before:>12} -> {after}{'   (up)' if (before, after) in upward(calls) else ''}")  # noqa: T201
    print(f"{len({room for pair in calls for room in pair})} rooms, {len(upward(calls))} times back up")  # noqa: T201
