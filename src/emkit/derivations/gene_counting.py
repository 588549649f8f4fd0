"""Tables of sums of latent cells: gene counting, with the cells and parameters of the table at hand."""

from __future__ import annotations

from sympy import Eq, IndexedBase, Integer, Product, Sum, Symbol, log, symbols

from emkit.derivations.algebra import in_letters
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.lagrange import Shares, solved_shares
from emkit.explain.cells_formulas import occurrences as occurrences_of
from emkit.models.cells import Cells

j, a, J, A = symbols("j a J A", integer=True, positive=True)
count, expected = IndexedBase("n"), IndexedBase("nbar")
coefficient, theta, power = IndexedBase("c"), IndexedBase("theta"), IndexedBase("e")
occurrences = IndexedBase("S")
CELLS, PARAMETERS = (j, 1, J), (a, 1, A)


def derive(title: str, table: Cells) -> Derivation:
    """The updates of `table`: each parameter is its share of the expected occurrences of its group."""
    shares = Shares(theta[a], occurrences[a], a, A)
    steps, _, _ = solved_shares(shares, Symbol("Q"))
    own = [_own(table, group) for group in table.groups]
    every = [
        *_opening(),
        *steps,
        Step(
            "In this table, with {n} for the expected count of a latent cell:",
            tuple(Eq(solved.symbol, solved.value) for group in own for solved in group),
            {"n": expected},
        ),
    ]
    return Derivation("cells", title, tuple(every), tuple(solved for group in own for solved in group))


def _opening() -> tuple[Step, ...]:
    probability = coefficient[j] * Product(theta[a] ** power[j, a], PARAMETERS)
    likelihood = Product(probability ** count[j], CELLS)
    q = Sum(expected[j] * (log(coefficient[j]) + Sum(power[j, a] * log(theta[a]), PARAMETERS)), CELLS)
    return (
        Step(
            "Latent cell {j} has probability {p}: a number {c} times parameters to whole powers. If its count {n} were known, "
            "the complete-data likelihood would be, up to a factor without parameters,",
            (Eq(Symbol("L"), likelihood),),
            {"j": j, "p": probability, "c": coefficient[j], "n": count[j]},
        ),
        Step(
            "E-step. Only sums of latent cells are observed. An observed count is divided among its latent cells in "
            "proportion to their probabilities; {n} is the expected count of cell {j}. The expected complete log-likelihood is",
            (Eq(Symbol("Q"), q),),
            {"n": expected[j], "j": j},
        ),
        Step(
            "M-step. {S} counts how often parameter {a} occurs in all cells together; apart from a constant, Q is",
            (
                Eq(occurrences[a], Sum(power[j, a] * expected[j], CELLS)),
                Eq(Symbol("Q"), Sum(occurrences[a] * log(theta[a]), PARAMETERS) + Symbol("const")),
            ),
            {"S": occurrences[a], "a": a},
        ),
    )


def _own(table: Cells, group: tuple[str, ...]) -> list[Solved]:
    """The updates of one group of parameters with the names of the table."""
    counts = {cell.name: expected[Symbol(cell.name)] for cell in table.cells}
    occurring = {name: in_letters(occurrences_of(table, name), counts) for name in group}
    total = sum(occurring.values(), Integer(0))
    solved = []
    for name in group:
        symbol = Symbol(name, positive=True)
        value = occurring[name] / total
        # with a multiplier equal to the total, d/dtheta (S log theta - total * theta) = 0
        solved.append(Solved(name, symbol, occurring[name] / symbol - total, value))
    return solved
