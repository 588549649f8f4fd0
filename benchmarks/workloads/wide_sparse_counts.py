"""A search for multinomial components over 20,000 x 5,000 sparse counts, of which one cell in a hundred is not 0.

In a process of its own: its seconds, and the peak of its memory above the data.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.paired import Measured

ROWS, COLUMNS, COMPONENTS, EACH = 20_000, 5_000, 4, 50
MOST_SECONDS, MOST_MIB = 10.0, 256.0
PROBE = f"""
import gc, time, warnings
import numpy as np
from scipy.sparse import csr_array
import emkit as ek
warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
def memory(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
def counts(rows, columns):
    words = rng.dirichlet(np.full(columns, 0.05), {COMPONENTS})
    of = rng.integers({COMPONENTS}, size=rows)
    places = np.concatenate([rng.choice(columns, {EACH}, p=words[k]) for k in of])
    x = csr_array((np.ones(len(places)), (np.repeat(np.arange(rows), {EACH}), places)), shape=(rows, columns))
    x.sum_duplicates()
    return x
def fit(x):
    return ek.MixtureModel(ek.Multinomial(), {COMPONENTS}, random_state=0).fit(x).result_
fit(counts(500, 200))  # libraries are loaded before
x = counts({ROWS}, {COLUMNS})
gc.collect()
with open("/proc/self/clear_refs", "w") as reset: reset.write("5")  # the peak counts from here
before, start = memory("VmRSS"), time.perf_counter()
fit(x)
print(time.perf_counter() - start, memory("VmHWM") - before)
"""


def run(quick: bool) -> list[Measured]:
    """One search."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stdout.split())
    what = f"multinomial search over sparse N={ROWS:,} d={COLUMNS:,} K={COMPONENTS}"
    return [
        Measured(f"{what}: time", "", None, ours=seconds * 1e3, target=f"<= {MOST_SECONDS:g} s", met=seconds <= MOST_SECONDS),
        Measured(
            f"{what}: peak memory above the data",
            "",
            None,
            ours=peak,
            unit="MiB",
            target=f"<= {MOST_MIB:g} MiB",
            met=peak <= MOST_MIB,
            note=f"all cells take {ROWS * COLUMNS * 8 / 2**20:,.0f} MiB",
        ),
    ]
