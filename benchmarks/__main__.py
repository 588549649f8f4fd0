"""Run the workloads: one JSON line each on stdout.

All but quick runs also keep the lines in results.jsonl, in place of those that the same modules left before, and write
RESULTS.md from all that is kept.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

from benchmarks import workloads
from benchmarks.machine import description
from benchmarks.paired import Measured
from benchmarks.report import markdown

HERE = Path(__file__).parent
KEPT, RESULTS = HERE / "results.jsonl", HERE / "RESULTS.md"


def main() -> int:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions; keeps nothing")
    parser.add_argument("--only", default="", help="only workloads whose module's name contains this")
    options = parser.parse_args()
    every = [module.name for module in pkgutil.iter_modules(workloads.__path__)]
    found: dict[str, list[Measured]] = {}
    for name in every:
        if options.only in name:
            found[name] = []
            for line in importlib.import_module(f"benchmarks.workloads.{name}").run(options.quick):
                found[name].append(line)
                print(json.dumps(line.as_dict()), flush=True)
    if not options.quick:
        keep({name: lines for name, lines in ({**kept(), **found}).items() if name in every})
        print(f"wrote {RESULTS.name}", file=sys.stderr)
    return 0


def kept() -> dict[str, list[Measured]]:
    """The lines of earlier runs, by module."""
    results: dict[str, list[Measured]] = {}
    for line in KEPT.read_text().splitlines() if KEPT.exists() else ():
        fields = json.loads(line)
        results.setdefault(fields.pop("module"), []).append(Measured(**fields))
    return results


def keep(results: dict[str, list[Measured]]) -> None:
    """Write the lines of all modules, and the page."""
    ordered = [(name, line) for name in sorted(results) for line in results[name]]
    KEPT.write_text("".join(json.dumps({"module": name, **line.as_dict()}) + "\n" for name, line in ordered))
    RESULTS.write_text(markdown(description(), [line for _, line in ordered]))


if __name__ == "__main__":
    sys.exit(main())
