"""Gene counting in formulas, of which explanations, worksheets and the derivation of a table of cells are made."""

from __future__ import annotations

from emkit.formulas.expressions import Given, Power, Product, Ref, Sum
from emkit.models.cells import Cell, Cells


def probability(cell: Cell) -> Product:
    """The probability of a latent cell: its coefficient times parameters, by their names, to whole powers."""
    powers = ((name, Power(Ref(name), Given("power", float(times)))) for name, times in cell.powers.items())
    return Product((("coefficient", Given("coefficient", float(cell.coefficient))), *powers))


def occurrences(table: Cells, name: str) -> Sum:
    """How often a parameter occurs: the counts of latent cells, by their names, each times how often it occurs in one."""
    cells = (cell for cell in table.cells if cell.powers.get(name, 0))
    return Sum(tuple(Product((("times", _whole(c.powers[name])), ("count", Ref(c.name)))) for c in cells))


def _whole(number: int) -> Given:
    return Given(str(number), float(number))
