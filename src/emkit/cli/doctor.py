"""``emkit doctor``: is this machine fit to fit?"""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata, util
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from emkit.cli.failures import FAILED, OK
from emkit.cli.screen import console, examples, json_option, print_json, show
from emkit.core.mapreduce import usable_cores
from emkit.core.stopping import Budget, Moved
from emkit.lessons import two_coins
from emkit.version import __version__

if TYPE_CHECKING:
    from rich.console import RenderableType

NEEDED = ("numpy", "scipy", "numba", "scikit-learn", "click", "rich", "threadpoolctl")
EXTRAS = {
    "plot": ("matplotlib",),
    "arrow": ("pyarrow",),
    "dask": ("dask", "distributed"),
    "formula": ("formulaic",),
    "teach": ("sympy",),
    "autodiff": ("jax",),
    "gpu": ("torch",),
}
COINS = (0.7967890669226469, 0.5195831201451351)
LOG_LIKELIHOOD = -31.57020023599690413206945
TOLERANCE = 1e-12


EXAMPLES = ("emkit doctor", "emkit doctor --json")


@click.command("doctor", epilog=examples(*EXAMPLES))
@json_option
def command(as_json: bool) -> int:
    """Check that emkit works here: versions, extras, a small fit with a known answer, the terminal."""
    found = examined()
    if as_json:
        print_json(found)
    else:
        show(_table(found))
    return OK if found["healthy"] else FAILED


def examined() -> dict[str, Any]:
    """Everything that the command looks at."""
    packages = {name: _version(name) for name in NEEDED}
    error = self_test()
    return {
        "healthy": error <= TOLERANCE and None not in packages.values(),
        "emkit": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages,
        "extras": {extra: all(util.find_spec(name) for name in names) for extra, names in EXTRAS.items()},
        "self_test": {"fit": "two coins", "largest_error": error, "tolerance": TOLERANCE},
        "cores": usable_cores(),
        "terminal": {
            "stdout": sys.stdout.isatty(),
            "width": console().width,
            "encoding": sys.stdout.encoding,
            "no_color": bool(os.environ.get("NO_COLOR")),
        },
    }


def self_test() -> float:
    """The largest error of a fit whose answer is known to more digits than a double has."""
    result = two_coins().fit(rules=(Moved(1e-15), Budget(1000)))
    off = [*(result.params.components.probabilities.ravel() - COINS), (result.log_likelihood - LOG_LIKELIHOOD) / LOG_LIKELIHOOD]
    return float(np.abs(off).max())


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _table(found: dict[str, Any]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from emkit.report.tables import cell, new_grid

    grid = new_grid()
    test, terminal = found["self_test"], found["terminal"]
    extras = [extra if there else f"{extra} (absent)" for extra, there in found["extras"].items()]
    color = "NO_COLOR is set" if terminal["no_color"] else "colours allowed"
    sort = f"terminal, {terminal['width']} columns" if terminal["stdout"] else "not a terminal"
    lines = {
        "emkit": found["emkit"],
        "python": f"{found['python']} on {found['platform']}",
        **{name: version or "MISSING" for name, version in found["packages"].items()},
        "extras": ", ".join(extras),
        "cores": str(found["cores"]),
        "output": f"{sort}, {terminal['encoding']}, {color}",
        "self-test": f"two coins, largest error {test['largest_error']:.1g} (allowed: {test['tolerance']:g})",
    }
    for name, value in lines.items():
        grid.add_row(cell(name), cell(value))
    verdict = "emkit works on this machine." if found["healthy"] else "emkit does NOT work as it should on this machine."
    return Group(grid, Text(), Text(verdict, style="bold"))
