"""What the page's own EM needs so that a reader can ask "what if".

Columns with a probability are described to it by their formulas; normal components in one or two columns it knows.
"""

from __future__ import annotations

from dataclasses import replace
from string import ascii_letters

import numpy as np

from emkit.core.coordinates import Coordinates
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters, leaves
from emkit.core.spaces import Probability
from emkit.data.source import ArraySource
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.families.description import Columns
from emkit.formulas.expressions import Expression, Given, Ref, names_in
from emkit.models.around import AnyModel, bare, wrappers
from emkit.models.assignment import Hard, Soft
from emkit.models.frozen import Frozen
from emkit.models.mixture import Mixture
from emkit.page.walk import Walk

MOST_ROWS = 500
MOST_COMPONENTS = 4


def browser_em(walk: Walk) -> Json | None:
    """Data and model as plain values, with names for other numbers of components; None where the page cannot compute.

    `x` (n, d) are the data, or the cells of the rows of the table, such as heads and tails. The page's EM is tested
    against this library.
    """
    subject, model = walk.subject, bare(walk.subject.model)
    source = subject.source
    if not isinstance(model, Mixture) or not isinstance(source, ArraySource) or source.rows > MOST_ROWS:
        return None
    if source.profile.has_gaps:  # what a page would expect of missing cells, nobody has written
        return None
    if subject.model.states_prior or not isinstance(model.assignment, Soft | Hard):
        return None
    described = model.family.described
    if isinstance(described, Columns):
        return _columns(walk, described)
    if described.browser and len(source.columns) <= 2:
        return {**_common(walk), **described.browser, "x": source.x.tolist(), "weights": source.weights.tolist()}
    return None


def _columns(walk: Walk, described: Columns) -> Json | None:
    """One column with a probability, of whose rows the table shows all: its formulas and numbers."""
    rows, start = walk.steps[0].rows, walk.subject.start
    leaf = next(leaf for leaf in leaves(start.components) if leaf.path == described.field)
    if walk.steps[0].distinct > len(rows) or leaf.value.shape[1] != 1 or not isinstance(leaf.space, Probability):
        return None
    x = np.array([list(row.values.values()) for row in rows])
    fixed = [factor for _, factor in described.factors.factors if described.parameter not in names_in(factor)]
    return {
        **_common(walk),
        "family": "columns",
        "parameter": described.parameter,
        "cells": [side.cell for side in described.sides],
        "totals": [side.total for side in described.sides],
        "is_count": [described.is_count(side.total) for side in described.sides],
        "density": _tree(described.factors),
        "update": {**_tree(described.update), "text": described.update.text(None)},
        "x": np.concatenate(list(described.cells(x).values()), axis=1).tolist(),
        "weights": [row.weight for row in rows],
        "log_base": sum((np.log(described.each(factor, x)) for factor in fixed), np.zeros(len(x))).tolist(),
    }


def _tree(formula: Expression) -> Json:
    """A formula as plain values: a name, a number, or a kind of arithmetic with its parts."""
    if isinstance(formula, Ref):
        return {"name": formula.name}
    if isinstance(formula, Given):
        return {"number": float(formula.number)}
    return {"kind": type(formula).__name__, "parts": [_tree(part) for part in formula.parts()]}


def _common(walk: Walk) -> Json:
    subject = walk.subject
    return {
        "columns": list(subject.source.columns),
        "held": holds_proportions(subject.model),
        "hard": isinstance(bare(subject.model).assignment, Hard),
        "names": {str(k): _names(subject, k) for k in range(1, MOST_COMPONENTS + 1)},
    }


def holds_proportions(model: AnyModel) -> bool:
    """Whether the proportions keep the values that they start with."""
    return any(isinstance(wrapper, Frozen) and "proportions" in wrapper.paths for wrapper in wrappers(model))


def _names(subject: Subject, k: int) -> dict[str, list[str]]:
    """The names of `k` components and of the parameters that go with them, in the order of `Coordinates.entries`."""
    components = list(subject.components)[:k]
    unused = (letter for letter in ascii_letters if letter.lower() not in {name.lower() for name in components})
    while len(components) < k:
        components.append(_next_name(components) or next(unused))
    given = _extended(subject.symbols, subject.components, components)
    like = bare(subject.model).even(subject.source.profile, k)
    symbols = replace(Symbols.of(subject), components=tuple(components), given=given)
    return {"components": components, "symbols": list(symbols.entries(like).values())}


def _next_name(names: list[str]) -> str | None:
    """The letter or number after the last name, if names are in order."""
    last = names[-1] if names else ""
    if last.isdigit():
        return str(int(last) + 1)
    return chr(ord(last) + 1) if len(last) == 1 and last in ascii_letters and last.lower() != "z" else None


def _extended(given: dict[str, str], names: tuple[str, ...], components: list[str]) -> dict[str, str]:
    """Symbols of an author such as ``theta_A``, carried on to ``theta_C``."""
    found = {symbol: entry for symbol, entry in given.items() if _component(entry) < len(components)}
    for symbol, entry in given.items():
        base, _, mark = symbol.rpartition("_")
        if names and mark == names[0] and _component(entry) == 0:
            for k in range(len(names), len(components)):
                found[f"{base}_{components[k]}"] = entry.replace("[0", f"[{k}", 1)
    return found


def _component(entry: str) -> int:
    return int(entry.partition("[")[2].rstrip("]").split(",")[0] or 0)


def entries(params: Parameters) -> list[float]:
    """Every distinct number of the parameters, in the order of the names."""
    return Coordinates(params).entries(params).tolist()
