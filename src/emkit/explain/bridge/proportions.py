"""The links for the chances of the components, where they are estimated."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.explain.bridge.letters import Letters, some
from emkit.explain.bridge.link import Link


def proportions(letters: Letters) -> Iterator[Link]:
    """Expected rows times the logarithm of each proportion; the derivative; the share of the rows."""
    entries = [entry for k in range(letters.count) if (entry := letters.entry("proportions", k)) is not None]
    if len(entries) < letters.count or letters.count < 2:
        return
    first, second = (f"{{s{entry}}}" for entry in entries[:2])
    rows = [f"{{t0_{k}}}" for k in range(letters.count)]
    begin = f"sum_{letters.i} {letters.shares[0]} = {rows[0]}"
    if letters.count == 2:  # one number says both
        collected = f"{rows[0]} {letters.log} {first} + {rows[1]} {letters.log} (1 - {first})"
        slope, said = f"{rows[0]} / {first} - {rows[1]} / (1 - {first}) = 0", "the other chance is what is left of 1"
    else:
        collected = (
            f"{rows[0]} {letters.log} {first} + {rows[1]} {letters.log} {second} + ... + lambda (1 - {first} - {second} - ...)"
        )
        slope, said = f"{rows[0]} / {first} - lambda = 0", "the chances must sum to 1, which the multiplier lambda sees to"
    yield Link(
        "chances",
        f"The first part: the logarithm of a chance is the same in every row, so the expected number of rows is left; {said}.",
        (begin, f"argmax {collected}"),
    )
    yield Link("chances-slope", "Where it is highest, its derivative is 0; the second derivative is negative.", (slope,))
    lines, more = some(
        [
            f"{{s{entry}}} = sum_{letters.i} {letters.shares[k]} / {{n}} = {{u{entry}}} = {{v{entry}}}"
            for k, entry in enumerate(entries)
        ]
    )
    yield Link("chances-ratio", f"Solved: the expected share of the rows.{more}", lines)
