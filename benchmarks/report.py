"""The results as a page."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.paired import Measured

HEAD = """# Measured speed and memory

Written by `make bench`. Times are medians; a ratio is the median over pairs of neighbouring runs in one process, the peer's
figure over emkit's. The limit of a workload is the time of its matrix products at the machine's dgemm rate, plus its
exponentials, over all cores, measured in the same run.
"""


def markdown(machine: str, measured: Sequence[Measured]) -> str:
    """A table of all measurements below a description of the machine."""
    lines = [
        HEAD,
        machine,
        "",
        "| workload | peer | ratio | emkit | peer's | times the limit | target | met |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for m in measured:
        ratio = f"≥ {_number(m.ratio)}" if m.at_least else _number(m.ratio)
        lines.append(
            f"| {m.workload} | {m.peer} | {ratio} | {_number(m.ours)} {m.unit} | {_number(m.theirs)} {m.unit} "
            f"| {_number(m.roofline)} | {m.target} | {'' if m.met is None else 'yes' if m.met else '**no**'} |"
        )
    notes = [f"- {m.workload}: {m.note}" for m in measured if m.note]
    return "\n".join([*lines, "", *notes]) + "\n"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
