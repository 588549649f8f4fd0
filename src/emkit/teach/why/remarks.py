"""Where the two published texts that this explains are imprecise, said with the numbers at hand."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.formulas.numerals import four_decimals, significant
from emkit.teach.why.theory import Theory


def cleared(gap: float) -> float:
    """A gap, which is >= 0, without the sign that rounding may have given it."""
    return abs(gap) if abs(gap) < 5e-5 else gap


def remarks(why: Theory) -> Iterator[str]:
    """One sentence or two for each."""
    start, raised, _ = (entry.account for entry in why.ledger)
    even = why.jensen[0]
    yield (
        'Jensen, "equality iff all x_i are equal or f is linear" (slides): only the x_i with weight > 0 need be equal, and the '
        f"logarithm is nowhere linear. With equal shares the gap of row {even.row} is {significant(even.gap, 3)}; it is 0 for "
        'the posterior, and for nothing else (the slides say "if").'
    )
    opened = f"opens the gap again, to {four_decimals(raised.gap)}"
    if raised.gap <= 1e-12:
        opened = "leaves it closed, since here the posterior does not change"
    yield (
        '"The M-step\'s argmax brings Q close to p" (the first answer): the other way round. The E-step closes '
        f"KL(q || posterior), to {four_decimals(0.0)}; the M-step, with q held, raises the bound by "
        f"{four_decimals(raised.bound - start.bound)} and {opened}."
    )
    yield (
        f"Two things are called Q. The bound after the M-step is {four_decimals(raised.bound)}; without the entropy of q, "
        f"{four_decimals(raised.entropy)}, it is {four_decimals(raised.expected)}. Theta does not touch the entropy, so both "
        'have their maximum at the same theta. And there is one logarithm in the bound: "log [log p(x,z) / Q]" (the second '
        "answer) has one too many."
    )
    yield (
        '"ln Pr{x, z | theta_t}" inside Q (slides): the logarithm stands at theta, which moves; only q stays at theta_t. At '
        f"theta_t throughout Q is the number {four_decimals(start.expected)}, and there is nothing to maximise."
    )
    yield (
        '"Sample z from q" (slides): EM does not sample, it takes the mean over every z. One drawn assignment gave a bound of '
        f"{four_decimals(why.splits[3].account.bound)} where the mean gives {four_decimals(start.bound)}."
    )
    yield (
        '"L(theta|theta_n) is upper-bounded by L(theta)" (slides, figure 2): two functions have one letter. The bound is below'
        f": at the new theta it is {four_decimals(raised.bound)}, the log-likelihood {four_decimals(raised.log_likelihood)}."
    )
