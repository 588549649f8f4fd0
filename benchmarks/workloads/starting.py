"""CPU seconds of what starts again and again: the import, the help, a small fit from the command line.

Modules are compiled to bytecode before, ours and the peer's, as installing compiles them: an editable checkout on a
machine that writes no bytecode would compile each of ours anew.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from importlib import resources

from benchmarks.paired import Measured

FAITHFUL = str(resources.files("emkit.lessons") / "data" / "faithful.csv")
COMMANDS = {  # and the CPU seconds that they may take
    "import emkit": (["-c", "import emkit"], 0.5),
    "emkit --help": (["-m", "emkit", "--help"], 0.5),
    "emkit fit, Old Faithful, K=2": (["-m", "emkit", "fit", FAITHFUL, "--model", "gaussian", "-k", "2"], 0.8),
}
PEER = ["-c", "import sklearn.mixture"]


def cpu_seconds(arguments: list[str], bytecode: str) -> float:
    """Of a process of its own, on one thread, with its bytecode in a folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPYCACHEPREFIX": bytecode}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(quick: bool) -> list[Measured]:
    """Pairs with the import of scikit-learn's mixtures."""
    found = []
    with tempfile.TemporaryDirectory() as bytecode:
        cpu_seconds(PEER, bytecode)
        for name, (arguments, most) in COMMANDS.items():
            cpu_seconds(arguments, bytecode)
            pairs = [(cpu_seconds(arguments, bytecode), cpu_seconds(PEER, bytecode)) for _ in range(3 if quick else 9)]
            own = statistics.median(ours for ours, _ in pairs)
            found.append(
                Measured(
                    workload=f"{name}, CPU",
                    peer="import sklearn.mixture",
                    ratio=statistics.median(theirs / ours for ours, theirs in pairs),
                    ours=own,
                    theirs=statistics.median(theirs for _, theirs in pairs),
                    unit="s",
                    target=f"<= {most:g} s",
                    met=own <= most,
                )
            )
    return found
