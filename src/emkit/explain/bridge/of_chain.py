"""The bridge of a hidden Markov chain: paths are collected to states and moves, and each of three parts is a count of these."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.explain.bridge.chances import Chances, Told, chances
from emkit.explain.bridge.letters import LettersInSequence
from emkit.explain.bridge.link import Link
from emkit.explain.bridge.opening import bound, drop
from emkit.explain.bridge.reasons import reasons
from emkit.explain.notation import Notation
from emkit.explain.steps import Step
from emkit.explain.subject import Subject
from emkit.models.hidden_markov import AnyHiddenMarkovChain

FIRST = Told(
    "first",
    "The first part has the chances of the first state alone. What multiplies the logarithm of each is the expected number of "
    "sequences that begin there",
    "the expected share of the sequences that begin there",
)
MOVES = Told(
    "moves",
    "The second part has the chances of the moves alone, those from each state by themselves. What multiplies the logarithm of "
    "each is the expected number of such moves",
    "the expected share of the moves from there",
)


def of_chain(model: AnyHiddenMarkovChain, subject: Subject, step: Step, notation: Notation) -> Iterator[Link]:
    """The links of a chain."""
    letters = LettersInSequence(subject, step, notation)
    yield from _opening(letters)
    yield from chances(letters, FIRST, _first(letters))
    yield from chances(letters, MOVES, _moves(letters))
    yield from reasons(letters, model.family.described)


def _opening(letters: LettersInSequence) -> Iterator[Link]:
    """The argmax of the bound over paths; Q is dropped; the joint is split; paths are collected."""
    own, log = letters.notation.in_sequence, letters.log
    sums = f"sum_{own.path}"
    paths = "What was not seen is a path through the states, and the sum is over all paths (and over all sequences)."
    yield bound(letters, sums, own.posterior, own.joint, f" {paths}")
    yield drop(letters, sums, own.posterior, own.joint)
    yield Link(
        "split",
        "The chance of a path and the rows is that of its first state, times that of every move, times that of every row given "
        "its state, and the logarithm of a product is a sum.",
        (f"= argmax_theta {sums} {own.posterior} [{log} {own.first} + sum_t {log} {own.move} + sum_t {log} {own.emission}]",),
    )
    first = own.share.format(t="1", k="k")
    yield Link(
        "paths",
        "Every term looks at one state of the path, or at two in a row. So the paths can be collected: what multiplies a term "
        "is the share of all paths that go through that state, or make that move, which forward and backward gave. Here pi_k "
        "is the chance to begin in state k, A_jk that to move from j to k, and b_k(t) that of row t in state k.",
        (
            f"= argmax_theta sum_k {first} {log} pi_k",
            f"+ sum_t sum_j sum_k {letters.pair('j', 'k')} {log} A_jk",
            f"+ sum_t sum_k {letters.share} {log} b_k(t)",
        ),
    )


def _first(letters: LettersInSequence) -> list[Chances]:
    """The chances of the first state, of those that sequences can begin in."""
    entries = letters.entries("initial", range(letters.count))
    starts, shares = letters.tally("starts"), letters.shares_at("1")
    sums = {k: f"sum {shares[k]}" for k in entries}
    return _group(entries, {k: f"{{t{starts}_{k}}}" for k in entries}, sums, f"{{n{starts}}}")


def _moves(letters: LettersInSequence) -> list[Chances]:
    """The chances to move from each state, to those that can be reached from there."""
    states = range(letters.count)
    moves = letters.first_tally("moves")
    found = []
    for j in states:
        entries = letters.entries("transitions", states, j)
        counts = {k: f"{{t{moves + k}_{j}}}" for k in entries}
        sums = {k: f"sum_t {letters.pair(f'{{k{j}}}', f'{{k{k}}}')}" for k in entries}
        found += _group(entries, counts, sums, f"(sum_t sum_k {letters.pair(f'{{k{j}}}', 'k')})")
    return found


def _group(entries: dict[int, int], counts: dict[int, str], sums: dict[int, str], below: str) -> list[Chances]:
    """The chances of some states, by state; none if there are none."""
    if not entries:
        return []
    first = next(iter(entries))
    ratios = tuple(f"{sums[k]} / {below}" for k in entries)
    return [Chances(tuple(entries.values()), tuple(counts.values()), f"{sums[first]} = {counts[first]}", ratios)]
