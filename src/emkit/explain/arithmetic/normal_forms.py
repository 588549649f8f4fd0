"""The four forms of a normal covariance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.explain.arithmetic.normal_arithmetic import G, Normal, less_move, signed
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.numbers import count, significant
from emkit.families.gaussian.diagonal import DiagonalGaussianParams
from emkit.families.gaussian.full import FullGaussianParams
from emkit.families.gaussian.normal import Moments
from emkit.families.gaussian.spherical import SphericalGaussianParams
from emkit.families.gaussian.tied import TiedGaussianParams


@dataclass(frozen=True)
class OwnColumns(Normal[DiagonalGaussianParams]):
    """A variance for every component and column."""

    def _squares(self, scatter: Array, d: int) -> Iterator[Tally]:
        return (Tally("squares", scatter[:, j], self.mark(j)) for j in range(d))

    def _spreads(self, statistics: Moments, after: DiagonalGaussianParams, move: Array) -> Iterator[Update]:
        for k, j in np.ndindex(statistics.scatter.shape):
            total, rows, way = float(statistics.scatter[k, j]), float(statistics.mass[k]), float(move[k, j])
            if rows > 0:
                yield Update(
                    self.symbol("variances", k, j),
                    "squares / rows - move^2",
                    less_move(total, rows, way, way),
                    total / rows - way**2,
                    float(after.variances[k, j]),
                )


@dataclass(frozen=True)
class OwnMatrix(Normal[FullGaussianParams]):
    """A covariance matrix for every component."""

    _path = "covariances"

    def _squares(self, scatter: Array, d: int) -> Iterator[Tally]:
        for a in range(d):
            for b in range(a + 1):
                yield Tally(*_named(self, a, b, scatter[:, a, b]))

    def _spreads(self, statistics: Moments, after: FullGaussianParams, move: Array) -> Iterator[Update]:
        d = move.shape[1]
        for k in np.flatnonzero(statistics.mass > 0):
            rows = float(statistics.mass[k])
            for a in range(d):
                for b in range(a + 1):
                    total, one, two = float(statistics.scatter[k, a, b]), float(move[k, a]), float(move[k, b])
                    yield Update(
                        self.symbol("covariances", int(k), a, b),
                        "squares / rows - move^2" if a == b else "products / rows - move * move",
                        less_move(total, rows, one, two),
                        total / rows - one * two,
                        float(after.covariances[k, a, b]),
                    )


@dataclass(frozen=True)
class SharedMatrix(Normal[TiedGaussianParams]):
    """One covariance matrix for all components: its sums run over them, too."""

    _path = "covariance"

    def _squares(self, scatter: Array, d: int) -> Iterator[Tally]:
        for a in range(d):
            for b in range(a + 1):
                yield Tally(*_named(self, a, b, scatter[a, b][None]), shared=True)

    def _spreads(self, statistics: Moments, after: TiedGaussianParams, move: Array) -> Iterator[Update]:
        rows = float(statistics.mass.sum())
        moved = (move * statistics.mass[:, None]).T @ move
        for a, b in zip(*np.tril_indices(move.shape[1]), strict=True):
            total, away = float(statistics.scatter[a, b]), float(moved[a, b])
            less = f" - {signed(away)} / {count(rows)}" if away != 0 else ""
            yield Update(
                self.symbol("covariance", int(a), int(b)),
                f"{'squares' if a == b else 'products'} / rows - sum of rows_k * move_k^2 / rows",
                f"{significant(total, 5)} / {count(rows)}{less}",
                (total - away) / rows,
                float(after.covariance[a, b]),
            )


@dataclass(frozen=True)
class Round(Normal[SphericalGaussianParams]):
    """One variance for all columns of a component."""

    def _squares(self, scatter: Array, d: int) -> Iterator[Tally]:
        yield Tally("squares", scatter)

    def _spreads(self, statistics: Moments, after: SphericalGaussianParams, move: Array) -> Iterator[Update]:
        d = move.shape[1]
        for k in np.flatnonzero(statistics.mass > 0):
            total, rows, way = float(statistics.scatter[k]), float(statistics.mass[k]), float(np.sqrt((move[k] ** 2).mean()))
            by = f"({count(rows)} * {d})" if d > 1 else count(rows)
            less = f" - {signed(way)}^2" if way != 0 else ""
            yield Update(
                self.symbol("variances", int(k)),
                "squares / (rows * columns) - mean move^2" if d > 1 else "squares / rows - move^2",
                f"{significant(total, 5)} / {by}{less}",
                total / (rows * d) - way**2,
                float(after.variances[k]),
            )


def _named(arithmetic: Normal[G], a: int, b: int, numbers: Array) -> tuple[str, Array, str]:
    if a == b:
        return "squares", numbers, arithmetic.mark(a)
    return "products", numbers, arithmetic.mark(b) + arithmetic.mark(a)
