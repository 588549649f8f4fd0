"""The links that every mixture begins with: the bound, without the entropy, with the joint split."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.explain.bridge.letters import Letters
from emkit.explain.bridge.link import Link
from emkit.formulas.numerals import plain


def opening(letters: Letters) -> Iterator[Link]:
    """The argmax of the bound; Q is dropped; the joint is split."""
    share, joint, prior, likelihood = map(letters.general, ("share", "joint", "prior", "likelihood"))
    log, sums = letters.log, f"sum_{letters.i} sum_{letters.general('state')}"
    yield Link(
        "bound",
        "The M-step asks for the theta at which the bound is highest. The responsibilities stay as the E-step left them: they "
        "are numbers now.",
        (f"argmax_theta {sums} {share} {log} ({joint} / ({share}))",),
    )
    yield Link(
        "drop",
        f"The logarithm of the ratio is {log} of the joint less {log} of the responsibility. There is no theta in the latter: "
        "it moves no maximum and is dropped.",
        (f"= argmax_theta {sums} {share} {log} {joint}",),
    )
    yield Link(
        "split",
        "The joint is the chance of the component times the chance of the row given that component, and the logarithm of a "
        f"product is a sum.{_held(letters)}",
        (f"= argmax_theta {sums} {share} [{log} {prior} + {log} {likelihood}]",),
    )


def _held(letters: Letters) -> str:
    if letters.entry("proportions", 0) is not None:
        return " The first part has the chances of the components alone, the second what the components look like."
    held = [letters.step.before[letters.symbols("proportions", k)] for k in range(letters.count)]
    at = plain(held[0]) if len(set(held)) == 1 else ", ".join(map(plain, held))
    return f" The chances of the components are held at {at}, so the first part moves nothing either."
