"""Run the workloads: one JSON line each on stdout; the whole run also writes benchmarks/RESULTS.md."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

from benchmarks import workloads
from benchmarks.machine import description
from benchmarks.report import markdown

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> int:
    """Measure, print, and (whole runs of everything) write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions; writes no file")
    parser.add_argument("--only", default="", help="only workloads whose module's name contains this")
    options = parser.parse_args()
    names = [m.name for m in pkgutil.iter_modules(workloads.__path__) if options.only in m.name]
    measured = []
    for name in names:
        for line in importlib.import_module(f"benchmarks.workloads.{name}").run(options.quick):
            measured.append(line)
            print(json.dumps(line.as_dict()), flush=True)
    if not options.quick and not options.only:
        RESULTS.write_text(markdown(description(), measured))
        print(f"wrote {RESULTS.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
