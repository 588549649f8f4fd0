"""The contract stays small, and what it forbids is nowhere done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emkit.families import Family

SOURCE = Path(__file__).parents[2] / "src" / "emkit"


def test_a_family_has_ten_methods_at_most():
    methods = [name for name, value in vars(Family).items() if not name.startswith("_") and callable(value)]
    assert len(methods) <= 10, methods


@pytest.mark.parametrize("room", ["core", "families", "models", "inference"])
def test_rows_are_seen_in_chunks_and_through_the_profile_only(room):
    """`source.x` is for rows in memory; a sample (`some.x`) and a chunk are in memory always."""
    found = [
        f"{path.name}: {line.strip()}"
        for path in (SOURCE / room).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"(source|profile|passes)\.(x|weights)\b", line)
    ]
    allowed = [line for line in found if line.startswith(("patterns.py", "check_model.py"))]
    assert sorted(found) == sorted(allowed)


def test_no_room_below_the_face_asks_a_family_its_name():
    rooms = ("core", "data", "models", "inference", "search")
    lines = [line for room in rooms for path in (SOURCE / room).rglob("*.py") for line in path.read_text().splitlines()]
    assert not [line for line in lines if re.search(r"family\.name\b", line)]
