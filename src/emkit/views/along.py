"""Along one column of the data: what each row has there, and rows that differ in it alone, as a formula makes their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.design import Design
from emkit.data.design.codings import Coding, Recurrence, Treatment
from emkit.data.design.factors import Factor
from emkit.data.design.named_columns import NamedColumns
from emkit.data.frames import Names
from emkit.errors import ModelError, some_of

POINTS = 101  # of a line
IN_PRODUCTS = "{} stands in products alone, so that no column tells what rows have there."


@dataclass(frozen=True)
class Along:
    """The column called `name`, with the names of its `levels` (None for numbers): what each row has there, `rows` (n,).

    `x` (m, d) are rows of the columns of the fit `at` (m,) places along it, with all other columns at their means.
    """

    name: str
    levels: Names
    rows: Array
    at: Array
    x: Array


def along(source: Any, x: Array, weights: Array, over: str | None, likely: tuple[str, ...], gate: bool = False) -> Along:
    """Along the column `over` of rows x (n, d); None: the first of the `likely` columns, or that a formula names first.

    Errors: ModelError for a column that there is not, or that a formula joins with others so that no row differs in it alone.
    """
    columns: tuple[str, ...] = tuple(source.columns)
    means = np.average(x, axis=0, weights=weights)
    if source.design is None:
        name = over if over is not None else likely[0]
        if name not in likely:
            raise ModelError(f"there is no covariate {name!r:.60}; the covariates are {some_of(likely)}.")
        own = x[:, columns.index(name)]
        at = _grid(own, None)
        made = np.tile(means, (len(at), 1))
        made[:, columns.index(name)] = at
        return Along(name, None, own, at, made)
    place = {name: j for j, name in enumerate(columns)}
    return _of_formula(source.design, {name: x[:, j] for name, j in place.items()}, means, place, over, gate)


def _of_formula(
    design: Design, columns: Mapping[str, Array], means: Array, place: Mapping[str, int], over: str | None, gate: bool
) -> Along:
    factor, labels = _factor(design, over, gate), dict([*design.cells(), *design.cells(gate=True)])
    coding = design.codings[factor.name]
    levels = coding.names if isinstance(coding, Treatment) else None
    own = _told(factor, coding, columns)
    at = _grid(own, levels)
    values = at if levels is None else list(levels)
    raw = NamedColumns.read(dict.fromkeys(factor.columns, values), factor.columns, "row {}".format)
    is_plain = len(factor.columns) == 1 and np.allclose(_told(factor, coding, _encoded(raw, factor, coding)), at)

    def cell(one: Factor, reduced: bool, j: int) -> Any:
        known = design.codings[one.name]
        if one == factor and not is_plain:
            return at
        if set(one.columns) & set(factor.columns):
            if not is_plain or one.columns != factor.columns:
                raise ModelError(f"no row differs in {factor.name} alone: {one.name} is made of it and of others.")
            return one.encoded(raw, known, reduced)[:, j]
        names = [known.labels(one.name, each)[j] for each in (reduced, True) if j < len(known.labels(one.name, each))]
        for name in (name for name in names if name in place):
            return means[place[name]]
        raise ModelError(f"{factor.name} is joined with {one.name}, which has no column of its own to be held at its mean.")

    x = np.tile(means, (len(at), 1))
    for label, cells in labels.items():
        if label in place and any(set(one.columns) & set(factor.columns) for one, *_ in cells):
            x[:, place[label]] = prod((cell(*each) for each in cells), start=np.ones(len(at)))
    return Along(factor.columns[0] if is_plain else factor.name, levels, own, at, x)


def _factor(design: Design, over: str | None, gate: bool) -> Factor:
    """The factor of one side of a formula that a column is called by, as it is or as what is made of it."""
    factors = list(dict.fromkeys(one for _, cells in design.cells(gate) for one, *_ in cells))
    if not factors:
        raise ModelError(f"the {'gate' if gate else 'right side'} of the formula has no column that a figure could go along.")
    named: list[Callable[[Factor], bool]] = [lambda one: one.name == over, lambda one: one.columns == (over,)]
    found = [one for rule in named for one in factors if rule(one)] if over is not None else factors
    if not found:
        raise ModelError(f"there is no column {over!r:.60} here; there are {some_of([one.name for one in factors])}.")
    return found[0]


def _encoded(raw: NamedColumns, factor: Factor, coding: Coding) -> dict[str, Array]:
    return dict(zip(coding.labels(factor.name, False), factor.encoded(raw, coding, False).T, strict=True))


def _told(factor: Factor, coding: Coding, columns: Mapping[str, Array]) -> Array:
    """What rows have of a factor, told by its columns: numbers, or codes of levels."""
    if isinstance(coding, Treatment):
        whole = dict(zip(coding.labels(factor.name, False), range(len(coding.names)), strict=True))
        reduced = dict(zip(coding.labels(factor.name, True), coding.shown(True), strict=True))
        there = {name: code for name, code in {**whole, **reduced}.items() if name in columns}
        marked = [columns[name] for name in there]
        if not marked:
            raise ModelError(IN_PRODUCTS.format(factor.name))
        rest = np.full(marked[0].shape, coding.reference)
        return np.asarray(np.select([column == 1 for column in marked], list(there.values()), rest), dtype=np.float64)
    first = coding.labels(factor.name, False)[0]
    if first not in columns:
        raise ModelError(IN_PRODUCTS.format(factor.name))
    if isinstance(coding, Recurrence):
        return coding.centre + coding.unit * (columns[first] * np.sqrt(coding.norms[1]) + coding.shifts[0])
    return columns[first]


def _grid(rows: Array, levels: Names) -> Array:
    if levels is not None:
        return np.arange(float(len(levels)))
    return np.unique(rows) if len(np.unique(rows)) <= 2 else np.linspace(rows.min(), rows.max(), POINTS)
