"""A family of which only a window is seen: no zeros, nothing below a limit of detection, nothing beyond the end of a scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.axes import COLUMN
from emkit.core.memo import Memo
from emkit.core.parameters import leaves
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.between import Between, Told
from emkit.families.combined.endless import WithoutEnd, is_flat
from emkit.families.combined.quadrature import between_of
from emkit.families.combined.seen_part import SeenPart, Share
from emkit.families.combined.window import Seen, column_of, refuse_many, seen
from emkit.families.description import Description
from emkit.families.family import LOG_OF_ZERO
from emkit.families.linear import LinearForm
from emkit.families.named import PREFIXES, Prefix
from emkit.families.spread import Spread
from emkit.families.support import Support

__all__ = ["Truncated"]

ROUNDS = 1_000  # of drawing rows until they lie in the window
Bound = float | tuple[float, ...] | None


@dataclass(frozen=True)
class TruncatedStats(Additive):
    """`mass` (K,): the expected number of rows of each component; `own`: the statistics of the family."""

    mass: Array
    own: Any


@dataclass(frozen=True)
class Truncated(SeenPart):
    """`family`, of which only rows from `low` to `high` are seen: log p(x|k) less the log of what lies in the window.

    `low` and `high` belong to the window: one number, or one for each column, None where there is no bound. Columns must be
    independent. Parameters are those of the whole, unseen rows included: ``Truncated(Poisson(), 1)`` are Poisson counts whose
    zeros nobody sees. The M-step is numeric, finds all fields at once, and never falls; what the family's own would
    hold at its floor stays there.
    Values that are also known only up to intervals are ``Censored(Truncated(family, low, high))``; windows that differ from row
    to row are those of `CensoredInWindows`.
    Errors: ModelError for an empty window, or joined columns.

    European red mites on apple leaves (Bliss & Fisher, 1953), if leaves without any had not been counted:

    >>> import emkit as ek
    >>> mites, leaves = [1, 2, 3, 4, 5, 6, 7], [38, 17, 10, 9, 3, 2, 1]
    >>> start = ek.MixtureParams([1.0], ek.PoissonParams([[1.0]]))
    >>> fit = ek.fit(ek.Mixture(ek.Truncated(ek.Poisson(), 1)), mites, start, weights=leaves)
    >>> print(fit.params.components.rates.round(4), round(fit.log_likelihood, 3))
    [[1.7916]] -122.795
    """

    low: Bound = None
    high: Bound = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("low", "high"):
            given: Any = getattr(self, name)
            object.__setattr__(self, name, tuple(map(float, given)) if isinstance(given, tuple | list) else given)
        if self.family.conditional is not None:
            raise ModelError(
                f"{self.family.name} describes a column given others, so that each row has a share of its own that is seen; of "
                "counts without zeros, use ZeroTruncatedRegression(family)."
            )
        if self.family.support.width != 1:
            raise ModelError(
                f"{self.family.name} has {self.family.support.width} columns of data for each of parameters, and a window is "
                "of one. Of values known up to intervals, the values lie in the window: Censored(Truncated(family, low, high))."
            )
        low, high = np.broadcast_arrays(*self._bounds())
        if not (low < high).all():
            raise ModelError(f"nothing lies from low={self.low!r} to high={self.high!r}.")

    def _bounds(self) -> tuple[Array, Array]:
        low, high = (-np.inf if self.low is None else self.low), (np.inf if self.high is None else self.high)
        return np.atleast_1d(np.asarray(low, dtype=np.float64)), np.atleast_1d(np.asarray(high, dtype=np.float64))

    def _bounds_of(self, columns: int) -> tuple[Array, Array]:
        """Those of each of so many columns. Errors: ModelError."""
        low, high = np.broadcast_arrays(*self._bounds())
        if len(low) not in (1, columns):
            raise ModelError(f"bounds are given for {len(low)} columns, but there are {columns}.")
        return np.broadcast_to(low, columns), np.broadcast_to(high, columns)

    @property
    def name(self) -> str:
        return f"truncated {self.family.name}"

    @property
    def support(self) -> Support:
        inner, (low, high) = self.family.support, self._bounds()
        bounds = [f"{word} {bound}" for word, bound in (("below", self.low), ("above", self.high)) if bound is not None]
        said = f"nothing {' or '.join(bounds)} is seen."
        return replace(inner, rules=(*inner.rules, (Outside(tuple(low), tuple(high)), said)))

    @property
    def described(self) -> Description:
        inner = self.family.described
        return Description(inner.words, data=f"{inner.data}, of which a window is seen")

    @property
    def among_gaps(self) -> Self | None:
        return None  # what of a row is seen would depend on which cells are

    def log_density(self, params: Any, x: Array) -> Array:
        low, high = self._bounds()
        found = self.family.log_density(params, x)
        if not len(x):  # asked for its shape alone, as of a file that nothing is known of yet
            for one, other in zip(*self._bounds_of(_columns(params)), strict=True):
                refuse_many(self.family, found.shape[1], one, other)
            return found
        found = found - _log_mass(self, params)
        return np.where(_outside(low, high, x).any(axis=1)[:, None], LOG_OF_ZERO, found)

    def windows(self, params: Any) -> list[tuple[Any, Seen]]:
        """For every column, its own parameters and what of it is seen."""
        columns = _columns(params)
        low, high = self._bounds_of(columns)
        found = []
        for j in range(columns):
            own = column_of(params, j, columns)
            found.append((own, seen(self.family, own, float(low[j]), float(high[j]))))
        return found

    def statistics(self, params: Any, x: Array, weights: Array) -> TruncatedStats:
        return TruncatedStats(weights.sum(axis=0), self.family.statistics(params, x, weights))

    def share(self, stats: TruncatedStats, params: Any) -> Share:
        windows = self.windows(params)
        lost = [each.slopes(self.family, own, stats.mass) for own, each in windows]
        slopes = {path: _joined([each[path] for each in lost], params, path) for path in lost[0]}
        value = sum(float(stats.mass @ each.log_mass) for _, each in windows)
        return Share(value, slopes, min(float(each.log_mass.min()) for _, each in windows))

    @property
    def spread(self) -> Spread:
        return WithoutEnd(self.family.spread, self._flat)

    def _flat(self, params: Any, profile: AnyProfile) -> Mask:
        """Of which components a column is flat where its rows are, or but a tail."""
        every = zip(self.windows(params), profile.least, profile.highest, strict=True)
        found = [is_flat(self.family, own, float(low), float(high), each.log_mass) for (own, each), low, high in every]
        return np.asarray(np.any(found, axis=0))

    def unseen_left_out(self, profile: AnyProfile) -> Any:
        return self.family.pooled(profile, 1)

    @property
    def between(self) -> Told[Any, TruncatedStats]:
        return self._between

    def _between(self, params: Any, low: Array, high: Array) -> Between[TruncatedStats]:
        """What is known of seen values: that of values in the part of each interval that lies in the window."""
        least, most = self._bounds_of(1)
        low, high = np.maximum(low, least), np.minimum(high, most)
        inner = between_of(self.family, params, low, np.maximum(low, high))
        log_mass = np.where((low < high)[:, None], inner.log_mass - _log_mass(self, params), LOG_OF_ZERO)
        return Between(log_mass, lambda weights: TruncatedStats(weights.sum(axis=0), inner.statistics(weights)))

    def draw(self, params: Any, rng: np.random.Generator, components: Integers) -> Array:
        low, high = self._bounds()
        drawn = self.family.draw(params, rng, components)
        for _ in range(ROUNDS):
            out = np.flatnonzero(_outside(low, high, drawn).any(axis=1))
            if not len(out):
                return drawn
            drawn[out] = self.family.draw(params, rng, components[out])
        raise ModelError(f"of {ROUNDS:,} rows drawn, none lies in the window: next to nothing of a component is seen.")

    def linear(self, params: Any) -> LinearForm[Any] | None:
        form = self.family.linear(params)
        return None if form is None else _less(form, _log_mass(self, params))


def _less(form: LinearForm[Any], log_mass: Array) -> LinearForm[Any]:
    """The form with so much less for each component."""
    coefficients, rough = form.coefficients.copy(), form.rough
    coefficients[:, 0] -= log_mass
    return replace(
        form,
        coefficients=coefficients,
        statistics=lambda sums, chunk: TruncatedStats(sums[:, 0].copy(), form.statistics(sums, chunk)),
        rough=None if rough is None else lambda: _less(rough(), log_mass),
    )


def _total_log_mass(family: Truncated, params: Any) -> Array:
    return np.asarray(sum(each.log_mass for _, each in family.windows(params)))


_log_mass = Memo(_total_log_mass)  # for each set of parameters, however many chunks ask


@dataclass(frozen=True)
class Outside:
    """Which cells lie outside a window: a rule that is equal by value."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __call__(self, x: Array) -> Mask:
        return np.asarray(_outside(np.array(self.low), np.array(self.high), x))


def _outside(low: Array, high: Array, x: Array) -> Any:
    return (x < low) | (x > high)


def _columns(params: Any) -> int:
    """How many columns parameters are of; 1 if they do not say."""
    for leaf in leaves(params):
        if leaf.axes is not None and COLUMN in leaf.axes.names:
            return leaf.value.shape[leaf.axes.names.index(COLUMN)]
    return 1


def _joined(parts: list[Array], params: Any, path: str) -> Array:
    """Slopes of columns, side by side along the column axis of a field."""
    leaf = next(leaf for leaf in leaves(params) if leaf.path == path)
    if len(parts) == 1 or leaf.axes is None:
        return parts[0]
    return np.concatenate(parts, axis=leaf.axes.names.index(COLUMN))


def without_zeros(family: Any) -> Truncated:
    """A family of counts of which nobody sees zeros. Errors: ModelError for a family that is of no counts."""
    made = Truncated(family, low=1)
    if not made.family.support.whole:
        raise ModelError(f"{made.family.name} is of no counts, whose zeros may go unseen; use Truncated(family, low, high).")
    return made


PREFIXES["zero-truncated"] = Prefix(without_zeros, "columns of counts whose zeros are not seen")
