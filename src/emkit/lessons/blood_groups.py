"""The ABO blood groups: four groups are seen, six genotypes are not."""

from __future__ import annotations

from emkit.data.source import ArraySource
from emkit.lessons.lesson import Lesson
from emkit.models.cells import Cell, Cells

COUNTS = {"A": 186, "B": 38, "AB": 13, "O": 284}
SOURCE = "Clarke et al. (1959); gene counting: Ceppellini, Siniscalco & Smith (1955), Ann. Hum. Genet. 20, 97-115"


def blood_groups() -> Lesson:
    """The lesson, from p = 0.3, q = 0.2, r = 0.5."""
    cells = (
        Cell("AA", "A", 1, {"p": 2}),
        Cell("AO", "A", 2, {"p": 1, "r": 1}),
        Cell("BB", "B", 1, {"q": 2}),
        Cell("BO", "B", 2, {"q": 1, "r": 1}),
        Cell("AB", "AB", 2, {"p": 1, "q": 1}),
        Cell("OO", "O", 1, {"r": 2}),
    )
    model = Cells([("p", "q", "r")], cells)
    return Lesson(
        name="blood-groups",
        title="ABO blood groups of 521 people",
        story=(
            "Everybody has two of the genes A, B and O, whose shares in the population are p, q and r. A and B cover O: group "
            "A is AA or AO, group B is BB or BO, and nobody can see which."
        ),
        model=model,
        source=ArraySource([[COUNTS[group] for group in model.observed]], columns=list(model.observed)),
        start=model.params(p=0.3, q=0.2, r=0.5),
        components=tuple(cell.name for cell in cells),
        symbols={name: f"groups.0.probabilities[{a}]" for a, name in enumerate("pqr")},
        notice=NOTICE,
        reference=SOURCE,
    )


NOTICE = (
    "The E-step divides the people of group A between AA and AO as p^2 to 2 p r; the M-step counts genes: two A in every AA, "
    "one in every AO and AB, out of twice as many genes as people.",
    "EM ends at p = 0.2136, q = 0.0501, r = 0.7363. Geneticists counted genes like this years before EM had its name.",
)
