"""Rows on a device, and the `BaseRows` of linear forms over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import as_float64
from emkit.devices.device import Device, Tensor
from emkit.devices.tiles import BLOCK, Features, Own, Pairs, TilePlan, levels, products, share_out, standard
from emkit.families.gaussian.gap_form import PatternRows
from emkit.families.gaussian.tight import OwnMeans
from emkit.families.linear import BaseRows, Columns, Mixed, OfCells, Read
from emkit.families.linear_map import LinearlyMapped


class DeviceRows:
    """Rows that `make` hands out (n, d), on a device: sent there when they are first asked for, and kept if there is room."""

    def __init__(self, make: Callable[[], Array], device: Device) -> None:
        self._make, self.device = make, device
        self._columns: Tensor | None = None
        self._weights: tuple[Array, Tensor] | None = None
        self._read: tuple[Callable[[Array], Array], DeviceRows] | None = None
        self._parts: dict[int, DeviceRows] = {}

    @property
    def columns(self) -> Tensor:
        """The rows (d, n), each column in one piece."""
        if self._columns is not None:
            return self._columns
        made = self.device.tensor(self._make()).T.contiguous()
        if self.device.has_room:
            self._columns = made
        return made

    def weights(self, given: Array) -> Tensor:
        """Their weights, which are the same array in every pass."""
        if self._weights is None or self._weights[0] is not given:
            self._weights = given, self.device.tensor(given)
        return self._weights[1]

    def read(self, by: Callable[[Array], Array]) -> DeviceRows:
        """The columns that `by` makes of the rows; kept until they are to be read otherwise."""
        if self._read is None or self._read[0] != by:
            make = self._make
            self._read = by, DeviceRows(lambda: by(as_float64(make())), self.device)
        return self._read[1]

    def part(self, number: int, places: Integers) -> DeviceRows:
        """Some of the rows, of which the part of this `number` always consists."""
        if number not in self._parts:
            make = self._make
            self._parts[number] = DeviceRows(lambda: make()[places], self.device)
        return self._parts[number]

    def form_rows(self, rows: BaseRows) -> BaseRows:
        """The base rows of a form over these rows on the device; as they are, if nobody has written them for devices."""
        found = on_device(rows, self)
        return rows if found is None else found


@dataclass(frozen=True, eq=False)
class TensorRows:
    """`BaseRows` whose tiles are made by a plan, of rows on a device."""

    rows: DeviceRows
    plan: TilePlan

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        columns, given = self.rows.columns, self.rows.weights(weights)
        own = self.rows.device.tensor(coefficients.T)
        found = own.new_zeros(sums.size + log_likelihoods.size)
        total, reached = found[: sums.size].view(sums.shape), found[sums.size :]
        for some in self._tiles(columns, len(sums)):
            tile = self.plan.made(columns[:, some])
            scores = tile.scores(own)
            reached += share_out(scores.unflatten(0, (len(reached), -1)), given if len(given) == 1 else given[some])
            total += tile.sums(scores)
        here = found.cpu().numpy()  # at once
        sums += here[: sums.size].reshape(sums.shape)
        log_likelihoods += here[sums.size :]

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        own, columns = self.rows.device.tensor(coefficients.T), self.rows.columns
        for some in self._tiles(columns, len(scores)):
            scores[:, some] = self.plan.made(columns[:, some]).scores(own).cpu().numpy()

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        send, columns = self.rows.device.tensor, self.rows.columns
        for some in self._tiles(columns, len(sums)):
            sums += self.plan.made(columns[:, some]).sums(send(weights[:, some])).cpu().numpy()

    def _tiles(self, columns: Tensor, components: int) -> Iterator[slice]:
        """As many rows at a time as fit: whole blocks, where these are more than one."""
        rows = max(self.rows.device.tile // (self.plan.height + 4 * components), 1)
        rows = rows // BLOCK * BLOCK if rows > BLOCK else rows
        return (slice(start, start + rows) for start in range(0, columns.shape[1], rows))


@dataclass(frozen=True, eq=False)
class OfPatterns:
    """`BaseRows` of rows that lack cells: see `PatternRows`. The rows of each pattern are by themselves on the device."""

    rows: DeviceRows
    form: PatternRows

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        for block, places, own in self._patterns(x):
            part = np.zeros((len(sums), len(self.form.pairs)))
            some = weights if len(weights) == 1 else weights[places]
            own.add_up(x, some, _coefficients(coefficients, block), part, log_likelihoods)
            _add(part, block, sums)

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        if not self.form.knows(x):
            self.form.score(x, coefficients, scores)
            return
        for block, places, own in self._patterns(x):
            part = np.empty((len(scores), len(places)))
            own.score(x, _coefficients(coefficients, block), part)
            scores[:, places] = part

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        for block, places, own in self._patterns(x):
            part = np.zeros((len(sums), len(self.form.pairs)))
            own.sum_up(x, weights[:, places], part)
            _add(part, block, sums)

    def _patterns(self, x: Array) -> Iterator[tuple[slice, Integers, TensorRows]]:
        """Of each pattern: where its features are, which rows have it, and their base rows."""
        form, (_, order, bounds, which, _) = self.form, self.form.in_order(x)
        base = standard(self.rows.device, form.origin, form.unit, gaps=True)
        plan = _product_plan(base, form.pairs, len(form.origin))
        for b, pattern in enumerate(which.tolist()):
            places = order[bounds[b] : bounds[b + 1]]
            first = 1 + pattern * len(form.pairs)
            yield slice(first, first + len(form.pairs)), places, TensorRows(self.rows.part(b, places), plan)


def _coefficients(coefficients: Array, block: slice) -> Array:
    own = coefficients[block].copy()
    own[0] += coefficients[0]
    return own


def _add(part: Array, block: slice, sums: Array) -> None:
    sums[:, 0] += part[:, 0]
    sums[:, block] += part


def _product_plan(base: Any, pairs: Pairs, columns: int) -> TilePlan:
    return TilePlan(lambda x: Features(products(base(x), pairs)), len(pairs) + 1 + columns)


@singledispatch
def on_device(rows: Any, held: DeviceRows) -> BaseRows | None:
    """The base rows `rows` of a form over rows that are held on a device; None if nobody has written them for devices."""
    return None


@on_device.register
def _columns(rows: Columns, held: DeviceRows) -> BaseRows:
    return TensorRows(held, _plan_of(rows, held.device))


def _plan_of(rows: Columns, device: Device) -> TilePlan:
    pairs, columns = rows.pairs, len(rows.origin)
    if pairs.dtype.kind == "f":
        base = standard(device, rows.origin, rows.unit)
        return TilePlan(lambda x: Features(levels(base(x), pairs)), len(pairs) + 1 + columns)
    return _product_plan(_base_of(rows, rows.origin, device), pairs, columns)


def _base_of(rows: Columns, origin: Array, device: Device) -> Any:
    """What makes the base rows of `rows` about an origin."""
    return standard(device, origin, rows.unit, squares=bool(rows.pairs.max() > len(rows.origin)))


@on_device.register
def _mixed(rows: Mixed, held: DeviceRows) -> BaseRows:
    from torch import cat

    base = standard(held.device, rows.origin, rows.unit)

    def made(x: Tensor) -> Features:
        z = base(x)
        return Features(cat([products(z, rows.products), levels(z, rows.levels)]))

    height = 2 * (len(rows.products) + len(rows.levels)) + 1 + len(rows.origin)
    return TensorRows(held, TilePlan(made, height))


@on_device.register
def _read(rows: Read, held: DeviceRows) -> BaseRows | None:
    return on_device(rows.rows, held.read(rows.read))


@on_device.register
def _mapped(rows: LinearlyMapped, held: DeviceRows) -> BaseRows:
    by, inner = rows.by, rows.rows
    places = list(by.places)
    read = standard(held.device, by.origin, np.ones(len(places)))
    matrix, base = held.device.tensor(by.matrix.T), _base_of(inner, inner.origin, held.device)

    def made(x: Tensor) -> Features:
        return Features(products(base(matrix @ read(x[places])), inner.pairs))

    return TensorRows(held, TilePlan(made, len(inner.pairs) + sum(by.matrix.shape) + len(places)))


@on_device.register
def _of_cells(rows: OfCells, held: DeviceRows) -> BaseRows | None:
    return on_device(rows.rows, held)


@on_device.register
def _own_means(rows: OwnMeans, held: DeviceRows) -> BaseRows:
    device, roads, columns = held.device, rows.roads, rows.columns
    d = len(columns.origin)
    shared = _plan_of(columns, device)
    any_shared = bool(roads.shared[1] > roads.shared[0])
    base = tuple(_base_of(columns, mean, device) for mean in roads.means)
    tight, whiten = tuple(roads.tight.tolist()), device.tensor(roads.whiten[:, :d])

    def made(x: Tensor) -> Own:
        return Own(x, shared.made(x) if any_shared else None, tight, base, whiten, columns.pairs)

    return TensorRows(held, TilePlan(made, 2 * shared.height))


@on_device.register
def _of_patterns(rows: PatternRows, held: DeviceRows) -> BaseRows:
    return OfPatterns(held, rows)
