"""The reference has an entry of every public name, once: what `emkit` offers, and what its public rooms offer besides."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import emkit as ek

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
ENTRY = re.compile(r"^::: (emkit\.[\w.]+)$", re.MULTILINE)


def public_names() -> set[str]:
    offered = {f"emkit.{name}" for name in ek.__all__}
    rooms = {name: room for name in ek.__all__ if isinstance(room := getattr(ek, name), ModuleType)}
    return offered | {f"emkit.{room}.{name}" for room, module in rooms.items() for name in set(of(module)) - set(ek.__all__)}


def of(room: ModuleType) -> list[str]:
    """What a room offers: its list, or without one the classes that it defines."""
    defined = [name for name, value in vars(room).items() if inspect.isclass(value) and value.__module__ == room.__name__]
    return list(getattr(room, "__all__", [name for name in defined if not name.startswith("_")]))


def test_the_reference_names_every_public_name_once():
    named = Counter(name for page in FOLDER.glob("*.md") for name in ENTRY.findall(page.read_text(encoding="utf-8")))
    assert sorted(public_names() - set(named)) == [], "without an entry in docs/reference"
    assert sorted(set(named) - public_names()) == [], "of docs/reference, and not public"
    assert [name for name, times in named.items() if times > 1] == []


def test_rooms_with_and_without_a_list_are_looked_into():
    assert {"emkit.solvers.Squarem", "emkit.stopping.Moved", "emkit.families.Family", "emkit.Poisson"} <= public_names()
    assert "emkit.families.Poisson" not in public_names()
