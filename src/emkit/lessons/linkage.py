"""Genetic linkage: four phenotypes of 197 animals, the first of which is two latent cells taken together."""

from __future__ import annotations

from emkit.data.source import ArraySource
from emkit.lessons.lesson import Lesson, Printed
from emkit.models.cells import Cell, Cells

COUNTS = (125, 18, 20, 34)
PAPER = "Dempster, Laird & Rubin (1977), J. R. Statist. Soc. B 39, 1-38, section 1; data of Rao (1973)"
MODEL = (("y1", 1 / 2, None), ("y1'", 1 / 4, "theta"), ("y2", 1 / 4, "rest"), ("y3", 1 / 4, "rest"), ("y4", 1 / 4, "theta"))


def linkage() -> Lesson:
    """The lesson, from the paper's start theta = 0.5."""
    cells = [Cell(name, name.rstrip("'"), share, {symbol: 1} if symbol else {}) for name, share, symbol in MODEL]
    model = Cells([("theta", "rest")], cells)
    return Lesson(
        name="linkage",
        title="Genetic linkage, 197 animals in four cells",
        story=(
            "Animals fall into four cells with probabilities 1/2 + theta/4, (1 - theta)/4, (1 - theta)/4 and theta/4. The "
            "first is two latent cells in one, of probability 1/2 (y1) and theta/4 (y1'); with these known, theta would be a "
            "share of counts. What is left of 1, 1 - theta, is called rest."
        ),
        model=model,
        source=ArraySource([COUNTS], columns=["y1", "y2", "y3", "y4"]),
        start=model.params(theta=0.5, rest=0.5),
        components=tuple(cell.name for cell in cells),
        symbols={"theta": "groups.0.probabilities[0]", "rest": "groups.0.probabilities[1]"},
        printed=ITERATES[:1],
        iterates=ITERATES,
        notice=NOTICE,
        errata=("The printed iterates of steps 2, 4 and 7 are one unit too high in their last digit.",),
        reference=PAPER,
    )


ITERATES = tuple(
    Printed("theta", text, f"table of iterates, step {step}")
    for step, text in enumerate(
        (
            "0.608247423",
            "0.624321051",
            "0.626488879",
            "0.626777323",
            "0.626815632",
            "0.626820719",
            "0.626821395",
            "0.626821484",
        ),
        start=1,
    )
)

NOTICE = (
    "Only one number is missing: how many of the 125 animals belong to y1'. The E-step expects 125 * (theta/4) / (1/2 + "
    "theta/4) of them, 25 at theta = 0.5; the M-step is the share (x + 34) / (x + 34 + 18 + 20) that one would take if x were "
    "counted.",
    "From step to step the error shrinks by the same factor, 0.1328: the share of the information that the missing split "
    "would have added. EM is as slow as data are missing.",
    "The limit is (15 + sqrt(53809)) / 394 = 0.6268214979, a root of a quadratic equation: here EM can be checked.",
)
