"""The bridge of a mixture: the bound, the joint split, the chances of the components, and what the components look like."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.explain.bridge.chances import Chances, Told, chances
from emkit.explain.bridge.letters import Letters
from emkit.explain.bridge.link import Link
from emkit.explain.bridge.opening import bound, drop
from emkit.explain.bridge.reasons import reasons
from emkit.explain.notation import Notation
from emkit.explain.steps import Step
from emkit.explain.subject import Subject
from emkit.formulas.numerals import plain
from emkit.models.mixture import AnyMixture

TOLD = Told(
    "chances",
    "The first part: the logarithm of a chance is the same in every row, so the expected number of rows is left",
    "the expected share of the rows",
)


def of_mixture(model: AnyMixture, subject: Subject, step: Step, notation: Notation) -> Iterator[Link]:
    """The links of a mixture."""
    letters = Letters(subject, step, notation)
    yield from _opening(letters)
    yield from chances(letters, TOLD, _proportions(letters))
    yield from reasons(letters, model.family.described)


def _opening(letters: Letters) -> Iterator[Link]:
    """The argmax of the bound; Q is dropped; the joint is split."""
    share, joint, prior, likelihood = map(letters.general, ("share", "joint", "prior", "likelihood"))
    sums = f"sum_{letters.i} sum_{letters.general('state')}"
    yield bound(letters, sums, share, joint)
    yield drop(letters, sums, share, joint)
    yield Link(
        "split",
        "The joint is the chance of the component times the chance of the row given that component, and the logarithm of a "
        f"product is a sum.{_held(letters)}",
        (f"= argmax_theta {sums} {share} [{letters.log} {prior} + {letters.log} {likelihood}]",),
    )


def _held(letters: Letters) -> str:
    if letters.entry("proportions", 0) is not None:
        return " The first part has the chances of the components alone, the second what the components look like."
    held = [letters.step.before[letters.symbols("proportions", k)] for k in range(letters.count)]
    at = plain(held[0]) if len(set(held)) == 1 else ", ".join(map(plain, held))
    return f" The chances of the components are held at {at}, so the first part moves nothing either."


def _proportions(letters: Letters) -> list[Chances]:
    """The chances of the components, where all are estimated."""
    entries = letters.entries("proportions", range(letters.count))
    if len(entries) < letters.count:
        return []
    sums = [f"sum_{letters.i} {share}" for share in letters.shares]
    counts = tuple(f"{{t0_{k}}}" for k in range(letters.count))
    return [Chances(tuple(entries.values()), counts, f"{sums[0]} = {counts[0]}", tuple(f"{each} / {{n}}" for each in sums))]
