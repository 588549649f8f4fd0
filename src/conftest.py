"""Modules whose examples run are imported as programs import them, and once: a class is then one class to all that is run.

Left to itself, pytest makes a module anew that its package has imported already, so that what was made of the one is no
instance of the other, and cannot be pickled.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent


def pytest_collect_file(file_path: Path) -> None:
    """Import the module of a file, before its examples are looked for."""
    if file_path.suffix == ".py" and HERE / "emkit" in file_path.parents:
        parts = file_path.relative_to(HERE).with_suffix("").parts
        with suppress(ImportError):  # of what is not installed: whoever runs the examples says so
            import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
