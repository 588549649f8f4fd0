"""The bridge of a table of cells: what is expected in latent cells, how often parameters occur in these, and shares of that."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.explain.bridge.chances import Chances, Told, chances
from emkit.explain.bridge.letters import Letters, some
from emkit.explain.bridge.link import Link
from emkit.explain.bridge.opening import bound, drop
from emkit.explain.notation import Notation
from emkit.explain.steps import Step
from emkit.explain.subject import Subject
from emkit.formulas.numerals import plain
from emkit.models.cells import Cells

TOLD = Told(
    "chances",
    "What multiplies the logarithm of a parameter is how often it is expected to occur, and those that sum to 1 stand by "
    "themselves",
    "the share of all that is expected to occur",
)


def of_cells(model: Cells, subject: Subject, step: Step, notation: Notation) -> Iterator[Link]:
    """The links of a table of cells."""
    letters = Letters(subject, step, notation)
    counted = f"N_{letters.i}"
    share, joint = letters.general("share"), letters.general("joint")
    sums = f"sum_{letters.i} {counted} sum_{letters.general('state')}"
    yield bound(letters, sums, share, joint, f" {counted} are counted in cell {letters.i}.")
    yield drop(letters, sums, share, joint)
    yield from _density(letters, model)
    lines, more = some([f"sum_{letters.i} {counted} {share_of} = {{t0_{j}}}" for j, share_of in enumerate(letters.shares)])
    yield Link("collect", f"What multiplies these logarithms is the expected count of each latent cell.{more}", lines)
    yield from _occurrences(letters, model)
    yield from chances(letters, TOLD, [_group(letters, model, g) for g in range(len(model.groups))])


def _density(letters: Letters, model: Cells) -> Iterator[Link]:
    """The logarithm of the chance of each latent cell."""
    lines, more = some([_logarithm(letters, model, j) for j in range(len(model.cells))])
    yield Link(
        "density",
        "Whatever is in a latent cell is seen in one way only. So the joint is the chance of the latent cell, a coefficient "
        f"times parameters, and its logarithm a sum, in which the coefficient moves nothing.{more}",
        lines,
    )


def _logarithm(letters: Letters, model: Cells, j: int) -> str:
    cell, log = model.cells[j], letters.log
    chance = letters.notation.prior.format(i=letters.i, k=f"{{k{j}}}")
    held = [f"{log} {plain(cell.coefficient)}"] if cell.coefficient != 1 or not cell.powers else []
    powers = [f"{_times(times)}{log} {_symbol(letters, name)}" for name, times in cell.powers.items() if times]
    return f"{log} {chance} = {' + '.join([*held, *powers])}"


def _symbol(letters: Letters, name: str) -> str:
    return f"{{s{list(letters.step.after).index(name)}}}"


def _times(number: int) -> str:
    return "" if number == 1 else f"{number} "


def _cells_with(model: Cells, name: str) -> list[tuple[int, int]]:
    """The latent cells in which a parameter occurs, and how often."""
    return [(j, cell.powers[name]) for j, cell in enumerate(model.cells) if cell.powers.get(name, 0)]


def _count(model: Cells, name: str) -> str:
    """How often a parameter is expected to occur."""
    return "{a0_" + "_".join(f"{j}_{times}" for j, times in _cells_with(model, name)) + "}"


def _occurrences(letters: Letters, model: Cells) -> Iterator[Link]:
    """Expected counts of latent cells collected to those of parameters."""

    def line(name: str) -> str:
        added = " + ".join(f"{times} * {{t0_{j}}}" if times > 1 else f"{{t0_{j}}}" for j, times in _cells_with(model, name))
        logarithm = f"{letters.log} {_symbol(letters, name)}"
        return f"({added}) {logarithm} = {_count(model, name)} {logarithm}"

    lines, more = some([line(name) for name in model.names if name in letters.updated and _cells_with(model, name)])
    said = "Collected: the logarithm of a parameter stands once for every time that the parameter occurs in a latent cell."
    yield Link("occurrences", said + more, lines)


def _group(letters: Letters, model: Cells, g: int) -> Chances:
    """The parameters of one group that occur."""
    names = [name for name in model.groups[g] if name in letters.updated and _cells_with(model, name)]
    entries = tuple(list(letters.step.after).index(name) for name in names)
    return Chances(entries, tuple(_count(model, name) for name in names), "", ("",) * len(names))
