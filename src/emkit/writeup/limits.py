"""What the data cannot tell: flat directions, components that coincide or collapsed, estimates on an edge, what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import ModelError
from emkit.inference import Identifiability, generic_rank
from emkit.inference import identifiability as identified
from emkit.inference.identifiability import SHOWN
from emkit.report.collapse import collapsed
from emkit.report.sentences import capital, joined, listed
from emkit.report.summary import infinite_told
from emkit.views.residuals import every_cell
from emkit.writeup.document import Paragraph, Section
from emkit.writeup.words import AnyInferred, answer, component, has_components, words_for

MOST_NAMED = 12  # things in one sentence
FEW_CELLS = 2_000  # of which the rank of their probabilities is told unasked
NOTHING = "No component collapsed or coincides with another, and no estimate lies on an edge of its space."
NO_EDGES = "No estimate lies on an edge of its space."  # of models of no components
FLAT = "Not identified: the likelihood is flat along {}; other estimates fit as well."


def limits_section(result: AnyInferred, wanted: bool) -> Section:
    """Sentences, one for each thing; `wanted`: whether the information may be worked out for them."""
    said = [*_components(result), *_edges(result), *infinite_told(result)]
    if not said:
        said = [NOTHING if has_components(result) else NO_EDGES]
    more = [*_flat(result), *_missing(result)] if wanted else [FLAT.format(joined(result.flat))] if result.flat else []
    return Section("limits", "What the data cannot tell", tuple(map(Paragraph, [*said, *more])))


def _components(result: AnyInferred) -> Iterator[str]:
    if result.degenerate:
        yield capital(collapsed(result.model, result))
    for group in result.coinciding:
        names = joined([component(result, k) for k in group])
        yield f"{capital(names)} coincide: no row tells them apart, and their proportions mean nothing. Use fewer."


def _edges(result: AnyInferred) -> Iterator[str]:
    if result.boundary:
        words = words_for(result)
        edge = listed((str(words[path]) for path in result.boundary), MOST_NAMED)
        yield f"On the boundary of its space, or held by a floor, so without a standard error: {edge}."


def _flat(result: AnyInferred) -> Iterator[str]:
    found = answer(lambda: identified(result.information))
    if isinstance(found, str):
        yield f"Whether the parameters are identified is not known: {found}"
        return
    if found.negative or found:
        yield capital(found.sentence)
    else:
        yield FLAT.format("; ".join(_in_words(result, found, move) for move in found.vectors))
    rank = answer(lambda: generic_rank(result.model, result.params, _few_cells(result)))
    if not isinstance(rank, str):
        yield capital(rank.sentence)


def _few_cells(result: AnyInferred) -> Array:
    cells = every_cell(result.model, result.source)
    if len(cells) > FEW_CELLS:
        raise ModelError(f"{len(cells)} cells are many.")
    return cells


def _in_words(result: AnyInferred, found: Identifiability, move: Array) -> str:
    words = words_for(result)
    moved = zip(found.names, move.tolist(), strict=True)
    return "(" + listed((f"{value:+.2g} {words[path]}" for path, value in moved if abs(value) > SHOWN), MOST_NAMED) + ")"


def _missing(result: AnyInferred) -> Iterator[str]:
    """Which share of the information is missing, since it is hidden who belongs where, and cells were not seen."""
    found = answer(result.fraction_missing)
    known = {path: share for path, share in found.items() if np.isfinite(share)} if isinstance(found, dict) else {}
    if known:
        least, most = (choose(known, key=known.__getitem__) for choose in (min, max))
        words = words_for(result)
        yield (
            f"Of the information that complete data would have, {100 * known[least]:.1f} % is missing about the "
            f"{words[least]}, the least, and {100 * known[most]:.1f} % about the {words[most]}, the most."
        )
