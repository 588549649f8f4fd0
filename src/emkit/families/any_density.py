"""A family made of nothing but a log-density: its M-step is numeric, and exact to rounding.

The statistics are the rows themselves, each different one once, with their weights for the components: so they add up like
others, but grow with the rows. It is for data in memory, and for densities that no family here writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.axes import Axes
from emkit.core.climb import climb
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, declared_spaces, part_of
from emkit.core.protocols import Update
from emkit.core.spaces import Positive, Real, Space, UnitInterval
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.description import Description, Word
from emkit.families.family import LOG_OF_ZERO, Family, repeat
from emkit.families.made import made
from emkit.families.support import Support

__all__ = ["AnyDensity", "from_density", "from_scipy"]

MIDDLE: dict[type[Space], float] = {Positive: 1.0, UnitInterval: 0.5}  # where an estimate begins if nothing is said; else at 0
NUDGE = 1e-5  # of differences of heights, in free coordinates
LogDensity = Callable[..., Any]
Spaces = tuple[tuple[str, type[Space]], ...]


@cache
def params_class(spaces: Spaces) -> Any:
    """The class of parameters with one number of each name for every component."""
    hints = {name: Annotated[Array, space(), Axes("component")] for name, space in spaces}
    kind = made("DensityParams", Parameters, hints, params_class, spaces)
    kind.__doc__ = f"{', '.join(f'`{name}` (K,)' for name, _ in spaces)}: parameters of a density."
    return kind


@dataclass(frozen=True)
class Kept(Additive):
    """Different rows (m, d) in order, and the weight of each for every component, `weights` (K, m)."""

    rows: Array
    weights: Array

    @classmethod
    def of(cls, rows: Array, weights: Array) -> Self:
        """Of rows that may be equal, in any order."""
        order = np.lexsort(rows.T[::-1])
        rows, weights = rows[order], weights[:, order]
        first = np.flatnonzero(np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)])) if len(rows) else order
        return cls(rows[first], np.add.reduceat(weights, first, axis=1) if len(rows) else weights)

    def __add__(self, other: Self) -> Self:
        return self.of(np.concatenate([self.rows, other.rows]), np.concatenate([self.weights, other.weights], axis=1))

    def __mul__(self, factor: float) -> Self:
        return replace(self, weights=self.weights * factor)

    __rmul__ = __mul__

    @classmethod
    def beside(cls, items: Sequence[Self]) -> Self:
        """The rows of all, which have no weight for the components of others; mostly all are of the same rows."""
        if all(np.array_equal(item.rows, items[0].rows) for item in items[1:]):
            return cls(items[0].rows, np.concatenate([item.weights for item in items]))
        from scipy.linalg import block_diag

        return cls.of(np.concatenate([item.rows for item in items]), block_diag(*(item.weights for item in items)))

    def part(self, places: slice) -> Self:
        return replace(self, weights=self.weights[places])


@dataclass(frozen=True)
class AnyDensity(Family[Any, Kept]):
    """The family of a density with one number of each parameter for every component: see `from_density` and `from_scipy`.

    `density` is a function of rows and of parameters by name; `start` is where an estimate for all rows begins.
    There is no floor: a component of few rows may collapse where the density allows it.
    """

    title: str
    density: LogDensity
    spaces: Spaces
    start: tuple[tuple[str, float], ...] = ()
    sampler: Callable[..., Any] | None = None
    whole: bool = False

    @property
    def name(self) -> str:
        return self.title

    @property
    def support(self) -> Support:
        rule = "this density is of whole numbers."
        return Support(((lambda x: x != np.floor(x), rule),), whole=True) if self.whole else Support()

    @property
    def described(self) -> Description:
        words = {name: Word(name, typical=MIDDLE.get(space, 0.0)) for name, space in self.spaces}
        return Description(words, data="rows of a density of its own")

    def params(self, **values: Any) -> Any:
        """Parameters by name, one number (or an array (K,)) each."""
        return params_class(self.spaces)(**{name: np.atleast_1d(values[name]) for name, _ in self.spaces})

    def log_density(self, params: Any, x: Array) -> Array:
        given = x[:, 0] if x.shape[1] == 1 else x
        names = [name for name, _ in self.spaces]
        found = np.empty((len(getattr(params, names[0])), len(x)))
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            for k, row in enumerate(found):
                value = np.asarray(self.density(given, **{name: float(getattr(params, name)[k]) for name in names}))
                if value.shape != row.shape:
                    raise ModelError(
                        f"the log-density of {self.title} returned an array of shape {value.shape} for {len(x)} rows of "
                        f"{x.shape[1]} columns; it must return one number for each row."
                    )
                row[:] = np.maximum(value, LOG_OF_ZERO)
        return found.T

    def statistics(self, params: Any, x: Array, weights: Array) -> Kept:
        return Kept.of(x, weights.T)

    def updates(self) -> Mapping[str, Update[Kept, Any]]:
        return {"": self._all}

    def _all(self, stats: Kept, before: Any, now: Any) -> Any:
        """The parameters of each component with the greatest sum of weighted log-densities, by Newton's method from `now`.

        Shapes: rows (m, d), weights (K, m) -> (K,) each.
        """
        parts = [self._one(stats.rows, weights, part_of(now, slice(k, k + 1))) for k, weights in enumerate(stats.weights)]
        names = [name for name, _ in self.spaces]
        return type(now)(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def _one(self, rows: Array, weights: Array, now: Any) -> Any:
        some = weights > 0
        if not some.any():
            return now
        x, w = rows[some], weights[some]
        return climb(lambda params: Expected(float(w @ self.log_density(params, x)[:, 0])), now)

    def expected(self, stats: Kept, before: Any, now: Any) -> Expected:
        slopes, kind = {}, params_class(self.spaces)
        for name, space in declared_spaces(kind).items():
            value = getattr(now, name)
            there = space.pack(value)
            up, down = (space.unpack(there + sign * NUDGE, value.shape) for sign in (1, -1))
            slopes[name] = (self._heights(stats, now, name, up) - self._heights(stats, now, name, down)) / (up - down)
        first = self.spaces[0][0]
        return Expected(float(self._heights(stats, now, first, getattr(now, first)).sum()), slopes)

    def _heights(self, stats: Kept, now: Any, name: str, value: Array) -> Array:
        """The expected log-likelihood of each component, shape (K,), with another value of one field."""
        log_density = self.log_density(replace(now, **{name: value}), stats.rows).T
        return np.where(stats.weights > 0, stats.weights * log_density, 0.0).sum(axis=1)

    def pooled(self, profile: AnyProfile, n_components: int) -> Any:
        """The best parameters for all rows, from `start`."""
        known = {"loc": float(profile.mean[0]), "scale": float(np.sqrt(profile.variance[0])) or 1.0} | dict(self.start)
        begin = self.params(**{name: known.get(name, MIDDLE.get(space, 0.0)) for name, space in self.spaces})
        all_rows = profile.total(lambda x, weights: Kept.of(x, weights[None]))
        best = self._all(all_rows, begin, begin)
        return type(best)(**{name: repeat(getattr(best, name)[0], n_components) for name, _ in self.spaces})

    def draw(self, params: Any, rng: np.random.Generator, components: Integers) -> Array:
        if self.sampler is None:
            return super().draw(params, rng, components)
        values = {name: getattr(params, name)[components] for name, _ in self.spaces}
        drawn = np.asarray(self.sampler(rng=rng, size=len(components), **values), dtype=np.float64)
        return drawn.reshape(len(components), -1)


def from_density(
    log_density: LogDensity,
    spaces: Mapping[str, Space],
    *,
    start: Mapping[str, float] | None = None,
    draw: Callable[..., Any] | None = None,
) -> AnyDensity:
    """A family of any density. `log_density(x, **parameters)` returns log p (n,) for rows x (n,) of one column, or (n, d).

    `spaces` say where each parameter may live, by name: numbers (`Real`, `Positive`, `UnitInterval`). `start` are the values
    from which the estimate for all rows begins; `draw(rng, size, **parameters)` draws rows. A function that is defined at the
    top of a module can be pickled. Errors: ModelError for a space that is not one of single numbers.

    Minutes between eruptions as two logistic components:

    >>> import emkit as ek
    >>> def logistic(x, centre, width):
    ...     z = np.abs(x - centre) / width
    ...     return -z - 2 * np.log1p(np.exp(-z)) - np.log(width)
    >>> family = ek.families.from_density(logistic, {"centre": ek.Real(), "width": ek.Positive()}, start={"centre": 60})
    >>> minutes = [79, 54, 74, 62, 85, 55, 88, 85, 51, 85, 54, 84, 78, 47, 83, 52, 62, 84, 52, 79, 51, 47, 78, 69, 74, 83]
    >>> fit = ek.fit(ek.Mixture(family), minutes, ek.MixtureParams([0.5, 0.5], family.params(centre=[50, 80], width=[3, 3])))
    >>> print(fit.params.components.centre.round(2), fit.params.components.width.round(3))
    [52.94 80.97] [2.733 3.004]
    """
    if not spaces:
        raise ModelError("a density needs a parameter: give `spaces`, such as {'rate': Positive()}.")
    given: dict[str, Any] = dict(spaces)
    for name, space in given.items():
        if not isinstance(space, Space) or space.event_axes:
            raise ModelError(
                f"{name} has the space {space!r}; a parameter here is one number: Real(), Positive(), UnitInterval()."
            )
    title = getattr(log_density, "__name__", "density").replace("_", "-")
    kinds = tuple((name, type(space)) for name, space in spaces.items())
    return AnyDensity(title, log_density, kinds, tuple((start or {}).items()), draw)


@dataclass(frozen=True)
class Named:
    """The log-density, or what draws, of the distribution that SciPy has under a name, with some parameters `fixed`."""

    name: str
    method: str
    fixed: tuple[tuple[str, float], ...] = ()

    def __call__(self, *rows: Any, rng: Any = None, **parameters: Any) -> Any:
        options = {} if rng is None else {"random_state": rng}
        return getattr(_stats(self.name), self.method)(*rows, **parameters, **dict(self.fixed), **options)


def from_scipy(distribution: Any, *, start: Mapping[str, float] | None = None, **fixed: float) -> AnyDensity:
    """The family of a distribution of `scipy.stats`, by its shapes, loc and scale; those that are `fixed` stay.

    A parameter is positive, between 0 and 1, or any number as SciPy has its domain; that of a distribution of whole numbers
    has no scale, and a loc of 0. Where the possible rows begin at loc, fix it: ``from_scipy(scipy.stats.lomax, loc=0)``.
    `start` are the values from which the estimate for all rows begins.
    Errors: ModelError for what is no distribution of one number there, and for whole-numbered parameters that are not fixed.

    Minutes between eruptions as two hyperbolic secant components:

    >>> import emkit as ek
    >>> import scipy.stats
    >>> minutes = [79, 54, 74, 62, 85, 55, 88, 85, 51, 85, 54, 84, 78, 47, 83, 52, 62, 84, 52, 79, 51, 47, 78, 69, 74, 83]
    >>> family = ek.families.from_scipy(scipy.stats.hypsecant)
    >>> fit = ek.fit(ek.Mixture(family), minutes, ek.MixtureParams([0.5, 0.5], family.params(loc=[50, 80], scale=[3, 3])))
    >>> print(fit.params.components.loc.round(2), fit.params.components.scale.round(3))
    [52.66 81.14] [3.08  3.764]
    """
    if not _is_known(distribution):
        what = f"{_shown(distribution)} is no distribution of scipy.stats, such as scipy.stats.gamma."
        raise ModelError(f"{what}{_instead(distribution)}")
    name: str = distribution.name
    discrete = not hasattr(distribution, "pdf")
    fixed = {"loc": 0.0, **fixed} if discrete else fixed
    spaces: dict[str, type[Space]] = {}
    for info in distribution._shape_info():
        if info.integrality and info.name not in fixed:
            raise ModelError(f"{info.name} of {name} is a whole number, which no slope leads to: fix it, as in {info.name}=10.")
        spaces[info.name] = _space(*info.domain)
    spaces |= {"loc": Real} if discrete else {"loc": Real, "scale": Positive}
    unknown = sorted(fixed.keys() - spaces.keys())
    if unknown:
        raise ModelError(f"{name} has no parameter {unknown[0]!r}; it has {', '.join(spaces)}.")
    kinds = tuple((each, space) for each, space in spaces.items() if each not in fixed)
    held = tuple(fixed.items())
    density = Named(name, "logpmf" if discrete else "logpdf", held)
    return AnyDensity(name, density, kinds, tuple((start or {}).items()), Named(name, "rvs", held), discrete)


def _shown(given: Any) -> str:
    return "a frozen distribution" if hasattr(given, "dist") else repr(given)


def _instead(given: Any) -> str:
    """What to write in place of a name, or of a distribution whose parameters are held."""
    name = given if isinstance(given, str) else getattr(getattr(given, "dist", None), "name", None)
    if not isinstance(name, str) or not _is_known(_stats(name)):
        return ""
    held = "" if isinstance(given, str) else ", and parameters to hold by name, as loc=0"
    return f" Write from_scipy(scipy.stats.{name}){held}."


def _stats(name: str) -> Any:
    """What `scipy.stats` has under a name, None if nothing; loaded when first asked for, as loading takes half a second."""
    import scipy.stats

    return vars(scipy.stats).get(name)


def _is_known(given: Any) -> bool:
    """Whether something is a distribution that SciPy has under its name, and says what parameters it has."""
    name = getattr(given, "name", None)
    return isinstance(name, str) and _stats(name) is given and hasattr(given, "_shape_info")


def _space(low: float, high: float) -> type[Space]:
    if low >= 0:
        return UnitInterval if high == 1 else Positive
    return Real
