"""Log-densities that are linear in features, or see linear predictors: what the compiled E-step needs to know of a family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import Memo
from emkit.data.chunk import Chunk, as_float64
from emkit.data.sparse import as_sparse
from emkit.families.affine import Affine, base_of

S = TypeVar("S")
MOST_FEATURES = 1 << 22  # numbers, 32 MiB
Features = Callable[[Array], Array]
LONG = 1_000  # rows: of so many, copies of base rows cost more than one call for each product
READ_ROWS = 8_192  # at a time, where features are worked out before they are read


class BaseRows(Protocol):
    """How tiles of base rows are made of rows of data, and features of base rows."""

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        """Add the weighted feature sums (K, G) of the rows x (n, d) to `sums`, and what is seen of them to `log_likelihoods`.

        `coefficients` (F, K) give the scores of the rows for the components; the first feature is 1. A single weight holds
        for all rows. There are as many mixtures, their components one behind the other, as `log_likelihoods` (S,).
        """

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        """Put the scores (K, n) of the rows x (n, d) into `scores`: the first half of `add_up`."""

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        """Add the feature sums (K, G) of the rows to `sums`, weighted (K, n): the second half of `add_up`."""


@dataclass(frozen=True)
class Columns:
    """Base rows 1 and z_j = (x_j - origin_j) / unit_j, and |z|^2 where `pairs` (F, 2) refer to a row behind these.

    `pairs` of whole numbers are two base rows, whose product is a feature. Of floats, they are a base row and a value: the
    feature is 1 where the row has it, and 0 elsewhere. `unit` are powers of 2.
    """

    pairs: Integers | Array
    origin: Array
    unit: Array

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        from emkit.kernels.mixture_pass import add_columns

        base, scratch = self._workspace(len(sums) + 3)
        plan = self.origin, 1 / self.unit, coefficients, self.pairs
        add_columns(frozen(x), frozen(weights), *plan, base, scratch, sums, log_likelihoods)

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        from emkit.kernels.halves import score_columns

        base, tile = self._workspace(len(scores))
        score_columns(frozen(x), self.origin, 1 / self.unit, coefficients, self.pairs, base, tile, scores)

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        from emkit.kernels.halves import sum_columns

        base, tile = self._workspace(len(sums))
        sum_columns(frozen(x), frozen(weights), self.origin, 1 / self.unit, self.pairs, base, tile, sums)

    def features(self, x: Array) -> Array:
        """The features (F, n) of the rows themselves, for few rows: nothing compiled."""
        base = np.ones((int(self.pairs.max()) + 1, len(x)))
        columns = slice(1, 1 + len(self.origin))
        np.divide(x.T - self.origin[:, None], self.unit[:, None], out=base[columns])
        if len(base) > 1 + len(self.origin):
            base[-1] = np.einsum("jn,jn->n", base[columns], base[columns])
        first, second = self.pairs.T
        if self.pairs.dtype == np.float64:
            return np.where(base[first.astype(np.intp)] == second[:, None], 1.0, 0.0)
        if len(first) == len(base) and not first.any():
            return base
        if len(x) < LONG:
            return base[first] * base[second]
        found = np.empty((len(first), len(x)))
        for product, one, other in zip(found, first, second, strict=True):
            np.multiply(base[one], base[other], out=product)
        return found

    def _workspace(self, height: int) -> tuple[Array, ...]:
        """A tile of base rows, and one of `height` rows."""
        from emkit.kernels.workspace import TILE_ROWS, workspace

        last = len(self.origin) if self.pairs.dtype.kind == "f" else int(self.pairs.max())
        return workspace((last + 1, TILE_ROWS), (height, TILE_ROWS))


@dataclass(frozen=True)
class Mixed:
    """Base rows as those of `Columns`, of which some features are `products` (F, 2), and those behind tell `levels` (G, 2)."""

    products: Integers
    levels: Array
    origin: Array
    unit: Array

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        from emkit.kernels.mixed_pass import add_rows

        base, scratch = self._workspace(2 * len(sums) + 3)
        found, halves = self._empty_sums(len(sums)), self._halves(coefficients)
        add_rows(frozen(x), frozen(weights), self._frame, halves, base, scratch, found, log_likelihoods)
        sums += np.concatenate(found, axis=1)

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        from emkit.kernels.mixed_pass import score_rows

        base, scratch = self._workspace(2 * len(scores))
        score_rows(frozen(x), self._frame, self._halves(coefficients), base, scratch, scores)

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        from emkit.kernels.mixed_pass import sum_rows

        base, tile = self._workspace(len(sums))
        found = self._empty_sums(len(sums))
        sum_rows(frozen(x), frozen(weights), self._frame, base, tile, found)
        sums += np.concatenate(found, axis=1)

    def features(self, x: Array) -> Array:
        """The features (F + G, n) of the rows themselves, for few rows: nothing compiled."""
        base = np.concatenate([np.ones((1, len(x))), (x.T - self.origin[:, None]) / self.unit[:, None]])
        first, second = self.products.T
        column, level = self.levels.T
        tells = base[column.astype(np.intp)] == level[:, None]
        return np.concatenate([base[first] * base[second], np.where(tells, 1.0, 0.0)])

    @property
    def _frame(self) -> tuple[Array, Array, Integers, Array]:
        return self.origin, 1 / self.unit, self.products, self.levels

    def _halves(self, coefficients: Array) -> tuple[Array, Array]:
        return coefficients[: len(self.products)], coefficients[len(self.products) :]

    def _empty_sums(self, n_components: int) -> tuple[Array, Array]:
        return np.zeros((n_components, len(self.products))), np.zeros((n_components, len(self.levels)))

    def _workspace(self, height: int) -> tuple[Array, ...]:
        """A tile of base rows, and one of `height` rows."""
        from emkit.kernels.workspace import TILE_ROWS, workspace

        return workspace((1 + len(self.origin), TILE_ROWS), (height, TILE_ROWS))


@dataclass(frozen=True)
class Read:
    """Base rows as those of `rows`, of columns that `read` works out from the rows of data, some of these at a time."""

    read: Callable[[Array], Array]
    rows: BaseRows

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        for some, part in self._parts(x):
            self.rows.add_up(part, weights if len(weights) == 1 else weights[some], coefficients, sums, log_likelihoods)

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        for some, part in self._parts(x):
            self.rows.score(part, coefficients, scores[:, some])

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        for some, part in self._parts(x):
            self.rows.sum_up(part, weights[:, some], sums)

    def _parts(self, x: Array) -> Iterator[tuple[slice, Array]]:
        for start in range(0, len(x), READ_ROWS):
            some = slice(start, start + READ_ROWS)
            yield some, self.read(as_float64(x[some]))


@dataclass(frozen=True)
class OfCells:
    """Base rows as those of `rows`; of sparse rows, nothing but the cells that are not 0 is looked at: see `Affine`."""

    rows: BaseRows
    affine: Affine

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        sparse = as_sparse(x)
        if sparse is None:
            self.rows.add_up(x, weights, coefficients, sums, log_likelihoods)
        else:
            self.affine.add_up(sparse, weights, coefficients, sums, log_likelihoods)

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        sparse = as_sparse(x)
        if sparse is None:
            self.rows.score(x, coefficients, scores)
        else:
            scores[:] = self.affine.scores(sparse, coefficients).T

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        sparse = as_sparse(x)
        if sparse is None:
            self.rows.sum_up(x, weights, sums)
        else:
            sums += self.affine.sums(sparse, weights.T)


def frozen(array: Array) -> Array:
    """A read-only view: compiled code takes writable arrays for another type."""
    view = np.asarray(array).view()  # all cells of sparse rows, for a family that needs them
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class LinearForm(Generic[S]):
    """log p(x_i | k) = features(x_i) . coefficients_k + base(x_i), with what is needed to sum it over a chunk.

    `coefficients` (K, F); `rows` make the features; feature 0 is 1. `base(x)` (n,); `constant(chunk)` is its weighted sum.
    `statistics(sums, chunk)` turns weighted feature sums (K, G) of a chunk into the family's statistics. G is F, unless `width`
    says otherwise: `rows` may score by a law of predictors of their own, and sum up what is made of these.
    `rough` is a form that keeps fewer digits where this one takes features about more than one origin.
    """

    coefficients: Array
    rows: BaseRows
    base: Callable[[Array], Array]
    constant: Callable[[Chunk], float]
    statistics: Callable[[Array, Chunk], S]
    rough: Callable[[], LinearForm[S]] | None = None
    width: int | None = None

    def no_sums(self) -> Array:
        """The sums (K, G) of no rows, in C order, whatever that of the coefficients."""
        return np.zeros((len(self.coefficients), self.coefficients.shape[1] if self.width is None else self.width))

    def reading(
        self, read: Callable[[Array], Array], base: Callable[[Array], Array], constant: Callable[[Chunk], float]
    ) -> LinearForm[S]:
        """The same form of columns that `read` works out from the data, with this `base`, where it had none."""
        rough = self.rough
        less = None if rough is None else lambda: rough().reading(read, base, constant)
        return replace(self, rows=Read(read, self.rows), base=base, constant=constant, rough=less)


def base_of_rows(form: LinearForm[Any], x: Any) -> Array:
    """What no parameter enters of the log-density of rows as a chunk has them, shape (n,)."""
    return base_of(x, form.base, form.rows.affine if isinstance(form.rows, OfCells) else None)


def _linear_form(family: Any, params: Any) -> LinearForm[Any] | None:
    form: LinearForm[Any] | None = family.linear(params)
    return form


def with_features(family: Any, params: Any, rows: int, exact: bool = False) -> tuple[LinearForm[Any], Features] | None:
    """A form, and what makes features (F, n) of so many rows: for few rows, of which a height to six digits is enough.

    None where there is no such form (none that is `exact`), or where the features are too many to be kept at once.
    """
    form: LinearForm[Any] | None = family.linear(params)
    if form is not None and form.rough is not None:
        form = None if exact else form.rough()
    if form is None or form.coefficients.shape[1] * rows > MOST_FEATURES:
        return None
    features = features_of(form.rows)
    return None if features is None else (form, features)


def mixed(products: Integers, levels: Array, origin: Array, unit: Array) -> BaseRows:
    """Base rows with features that are `products` (F, 2), of which the first is 1, and others that tell `levels` (G, 2)."""
    if not len(levels):
        return Columns(products, origin, unit)
    if len(products) == 1:
        return Columns(np.concatenate([indicators(()), levels]), origin, unit)
    return Mixed(products, levels, origin, unit)


def features_of(rows: BaseRows) -> Features | None:
    """What makes features of rows without anything compiled; None if these rows do not say."""
    if isinstance(rows, OfCells):
        return features_of(rows.rows)
    if isinstance(rows, Read):
        read, inner = rows.read, features_of(rows.rows)
        return None if inner is None else lambda x: inner(read(as_float64(x)))
    return rows.features if isinstance(rows, Columns | Mixed) else None


linear_form = Memo(_linear_form)  # worked out once for each set of parameters, however many chunks ask


@cache
def single(n_features: int) -> Integers:
    """The `pairs` of features that are base rows themselves."""
    return np.stack([np.zeros(n_features, dtype=np.int64), np.arange(n_features)], axis=1)


@cache
def indicators(counts: tuple[int, ...]) -> Array:
    """The `pairs` of a feature that is 1 and, for each column, of as many as it has levels: 1 where it has the level."""
    return np.array(
        [(0.0, 1.0), *((1 + j, level) for j, count in enumerate(counts) for level in range(count))], dtype=np.float64
    )


def no_base(x: Array) -> Array:
    """Everything is in the coefficients."""
    return np.zeros(len(x))


def no_constant(chunk: Chunk) -> float:
    """Everything is in the coefficients."""
    return 0.0
