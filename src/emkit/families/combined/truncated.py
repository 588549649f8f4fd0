"""A family of which only a window is seen: no zeros, nothing below a limit of detection, nothing beyond the end of a scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.axes import COLUMN, COMPONENT
from emkit.core.climb import climb
from emkit.core.expected import Expected
from emkit.core.memo import Memo
from emkit.core.parameters import leaves, maximise_in_turn, part_of, replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import Additive, some_of
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.combined.window import Seen, column_of, refuse_many, seen
from emkit.families.combined.wrapped import Wrapped
from emkit.families.description import Description
from emkit.families.family import LOG_OF_ZERO
from emkit.families.linear import LinearForm
from emkit.families.named import PREFIXES, Prefix
from emkit.families.support import Support

__all__ = ["Truncated"]

STEPS = 100  # of the estimate for all rows
SETTLED = 1e-12  # relative to 1 + the height
FAR = -1e5  # the logarithm of what is seen, below which sums over rows lose what tells heights apart
FALLEN = 1e-12  # the same, more than rounding
STEEP = 1e-6  # a slope along a coordinate, for each row, where no M-step would end but at a floor
ROUNDS = 1_000  # of drawing rows until they lie in the window
Bound = float | tuple[float, ...] | None


@dataclass(frozen=True)
class TruncatedStats(Additive):
    """`mass` (K,): the expected number of rows of each component; `own`: the statistics of the family."""

    mass: Array
    own: Any


@dataclass(frozen=True)
class Truncated(Wrapped[Any, Any]):
    """`family`, of which only rows from `low` to `high` are seen: log p(x|k) less the log of what lies in the window.

    `low` and `high` belong to the window: one number, or one for each column, None where there is no bound. Columns must be
    independent. Parameters are those of the whole, unseen rows included: ``Truncated(Poisson(), 1)`` are Poisson counts whose
    zeros nobody sees. The M-step is numeric, finds all fields at once, and never falls; what the family's own would
    hold at its floor stays there.
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
        return replace(inner, rules=(*inner.rules, (partial(_outside, low, high), said)))

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

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        return {"": self._all}

    def _all(self, stats: TruncatedStats, before: Any, now: Any) -> Any:
        """The parameters with the greatest expected log-likelihood, less mass times the log of what is seen.

        Source: McLachlan & Krishnan (2008), The EM Algorithm and Extensions, 2.8, of which this is the likelihood itself.
        """
        own = maximise_in_turn(self.family.updates(), stats.own, before)
        held = list(self._held(stats, before, own))
        start = own if held else now
        if not all(leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,) for leaf in leaves(now)):
            return self._summit(stats, before, start, held)  # something is shared
        found = []
        for k in range(len(stats.mass)):
            one = slice(k, k + 1)
            still = [path.replace(f"[{k}", "[0") for path in held if f"[{k}," in path or f"[{k}]" in path]
            found.append(self._summit(some_of(stats, one), part_of(before, one), part_of(start if still else now, one), still))
        every = zip(*(leaves(each) for each in found), strict=True)
        return replace_at(now, {same[0].path: np.concatenate([leaf.value for leaf in same]) for same in every})

    def _summit(self, stats: TruncatedStats, before: Any, start: Any, still: list[str]) -> Any:
        """The highest point up from `start`, no lower than `before`.

        Rows that fill their window evenly, or like a tail, are best told from ever farther away: no step goes on where a sum
        loses the digits that tell one height from another.
        """
        least = min(FAR, *(float(each.log_mass.min()) for _, each in self.windows(before)))

        def height(params: Any) -> Expected:
            found, seen = self._expected(stats, before, params)
            return found if seen >= least else Expected(-np.inf, found.slopes)

        best = climb(height, start, ("",), self.scales(start), still)
        heights = [height(params).value for params in (best, before)]
        return best if heights[0] >= heights[1] - FALLEN * (1 + abs(heights[1])) else before

    def _held(self, stats: TruncatedStats, before: Any, own: Any) -> Iterator[str]:
        """The numbers that the M-step of the family keeps above its floor: it ends there although there is a slope."""
        slopes = self.family.expected(stats.own, before, own).slopes
        for leaf in leaves(own):
            if leaf.path in slopes and leaf.space.event_axes == 0:
                uphill = np.abs(leaf.space.pull(leaf.value, slopes[leaf.path])).reshape(leaf.value.shape)
                for place in np.argwhere((uphill > STEEP * (1 + stats.mass.sum())) & (leaf.value != 0)):
                    yield f"{leaf.path}[{', '.join(map(str, place))}]"

    def expected(self, stats: TruncatedStats, before: Any, now: Any) -> Expected:
        return self._expected(stats, before, now)[0]

    def _expected(self, stats: TruncatedStats, before: Any, now: Any) -> tuple[Expected, float]:
        """What is expected, and the logarithm of the least share of a component that is seen."""
        found = self.family.expected(stats.own, before, now)
        windows = self.windows(now)
        value = found.value - sum(float(stats.mass @ each.log_mass) for _, each in windows)
        lost = [each.slopes(self.family, own, stats.mass) for own, each in windows]
        slopes = {path: slope - _joined([each[path] for each in lost], now, path) for path, slope in found.slopes.items()}
        return Expected(value, slopes), min(float(each.log_mass.min()) for _, each in windows)

    def pooled(self, profile: AnyProfile, n_components: int) -> Any:
        """By M-steps on all rows, from what the family would be without a window."""
        now, height = self.family.pooled(profile, 1), -np.inf
        for _ in range(STEPS):
            before = now
            stats = profile.total(partial(self._of_all, before))
            now = self._all(stats, before, before)
            reached = self.expected(stats, before, now).value
            start = self.expected(stats, before, before).value
            if reached - start <= SETTLED * (1 + abs(reached)) or height == reached:
                break
            height = reached
        every = (leaf for leaf in leaves(now) if leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,))
        return replace_at(now, {leaf.path: np.repeat(leaf.value, n_components, axis=0) for leaf in every})

    def _of_all(self, params: Any, x: Array, weights: Array) -> TruncatedStats:
        return self.statistics(params, x, weights[:, None])

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
