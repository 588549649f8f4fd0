"""How surely rows are told to belong to components."""

from __future__ import annotations

import numpy as np

from emkit.core.parameters import leaves
from emkit.inference import Classification, classification
from emkit.writeup.document import Cell, Paragraph, Section, Table, alike, fixed
from emkit.writeup.words import NOT_HERE, AnyInferred, component, has_components, names_in

MOST_ACROSS = 8  # components of a square table that stands upright on a page
SIZES = ("component", "share by the model", "share of rows assigned", "average posterior probability")
RELATIVE = "Relative entropy is 1 where it is certain whose every row is, and 0 where nothing is known."


def classification_section(result: AnyInferred) -> Section | None:
    """Entropy, sizes, and the average posterior probabilities; none for a model of no components."""
    if not has_components(result):
        return None
    if not result.source.is_here:
        return Section("classification", "Classification", (Paragraph(NOT_HERE.format("how surely rows are classified")),))
    found = classification(result.model, result.params, result.passes)
    facts = Table("", (), tuple(_facts(found)), (RELATIVE,))
    number = len(found.sizes)
    known = (leaf.value for leaf in leaves(result.params) if leaf.path == "proportions")
    proportions = np.asarray(next(known, np.full(number, np.nan)))
    columns = [proportions, found.sizes, np.diag(found.table)]
    called = names_in(result).component
    rows = tuple((called(k), *(fixed(float(column[k]), 4) for column in columns)) for k in range(number))
    parts = [facts, Table("Sizes of the components", SIZES, rows)]
    if 1 < number <= MOST_ACROSS:
        headings = ("assigned to", *(component(result, k) for k in range(number)))
        square = tuple((component(result, k), *(fixed(float(p), 4) for p in found.table[k])) for k in range(number))
        parts.append(Table("Average posterior probabilities of the rows assigned to each component", headings, square))
    return Section("classification", "Classification", tuple(parts))


def _facts(found: Classification) -> list[tuple[Cell, ...]]:
    sure = np.nansum(found.sizes * np.diag(found.table))
    return [
        ("relative entropy", fixed(found.relative_entropy, 4)),
        ("entropy", fixed(found.entropy, 4)),
        ("expected share of rows assigned wrongly", alike([1 - sure])[0]),
    ]
