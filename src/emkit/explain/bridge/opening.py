"""The links that every bridge begins with: the bound, and the bound without what holds no theta."""

from __future__ import annotations

from emkit.explain.bridge.letters import Letters
from emkit.explain.bridge.link import Link


def bound(letters: Letters, sums: str, share: str, joint: str, more: str = "") -> Link:
    """The argmax of the bound, `sums` of what was not seen; `more` is said of these."""
    return Link(
        "bound",
        "The M-step asks for the theta at which the bound is highest. The responsibilities stay as the E-step left them: they "
        f"are numbers now.{more}",
        (f"argmax_theta {sums} {share} {letters.log} ({joint} / ({share}))",),
    )


def drop(letters: Letters, sums: str, share: str, joint: str) -> Link:
    """The same without the entropy."""
    log = letters.log
    return Link(
        "drop",
        f"The logarithm of the ratio is {log} of the joint less {log} of the responsibility. There is no theta in the latter: "
        "it moves no maximum and is dropped.",
        (f"= argmax_theta {sums} {share} {log} {joint}",),
    )
