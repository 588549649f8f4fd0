"""The one list of families and models: each with parameters, rows drawn from it, and the lessons it is worked out on.

The laws (tests/laws), the explanations (tests/explained.py, tests/explain), the checks of worked numbers (tests/teach), the
derivations (tests/derivations), the starts (tests/search) and the reports (tests/report) all draw from it: a new family enters
here, once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import brentq, root
from scipy.special import comb, digamma, expit, ive

import emkit as ek
from emkit.core.parameters import leaves, maximise_in_turn, replace_at
from emkit.families.combined.sharing import component_number
from emkit.families.gaussian.latent_cells import LatentCells
from emkit.lessons import Lesson, three_coins, two_coins
from emkit.models.order import component_count, kinds
from emkit.search.seeding import spread_start

Array = np.ndarray
Grid = tuple[Array, Array]  # points (m, d) and the volume around each (m,)
SOLVERS = {"plain": ek.solvers.Plain(), "squarem": ek.solvers.Squarem(), "anderson": ek.solvers.Anderson()}


@dataclass(frozen=True)
class FamilyCase:
    """A family with `params` of K components. `sample(rng, k, n)` draws from component k without the family's help.

    `grid` covers the sample space; `closed_form(x, w)` is the weighted maximum-likelihood estimate of one component, written
    down independently (None where one EM step does not get there); `shared` are fields without a component axis;
    `exchange_columns` reorders the columns of parameters where columns can be exchanged. `lessons` are problems on which
    worksheets are tested, for families that have worksheets.
    """

    name: str
    family: Any
    params: Any
    sample: Callable[[np.random.Generator, int, int], Array]
    grid: Callable[[], Grid]
    closed_form: Callable[[Array, Array], list[Any]] | None
    shared: tuple[str, ...] = ()
    exchange_columns: Callable[[Any, Array], Any] | None = None
    lessons: tuple[Lesson, ...] = ()

    @property
    def n_components(self) -> int:
        return component_count(self.params) or component_number(self.params)

    @property
    def alike(self) -> bool:
        """Whether any number of components can be asked for: not where each has a family of its own."""
        return len(kinds(self.params)) == 1

    def several(self, number: int) -> int:
        """So many components, or as many as the family is for."""
        return number if self.alike else self.n_components

    @property
    def by_column(self) -> bool:
        """Whether every parameter is one number for each component and each column of the rows."""
        shape = (self.n_components, self.draw(np.random.default_rng(0), 1).shape[1])
        return all("." not in leaf.path and np.shape(leaf.value) == shape for leaf in leaves(self.params))

    @property
    def proportions(self) -> Array:
        return np.array([0.45, 0.55]) if self.n_components == 2 else np.array([0.5, 0.3, 0.2])

    @property
    def mixture(self) -> Any:
        return ek.MixtureParams(self.proportions, self.params)

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Rows of the mixture, shape (n, d)."""
        states = rng.choice(self.n_components, size=n, p=self.proportions)
        draws = np.stack([self.sample(rng, k, n) for k in range(self.n_components)])
        return np.asarray(draws[states, np.arange(n)], dtype=np.float64)


@dataclass(frozen=True)
class ModelCase:
    """A model with parameters and rows drawn near them; `held` are the paths that must not move; `lessons` as above."""

    name: str
    model: Any
    params: Any
    draw: Callable[[np.random.Generator, int], Array]
    held: tuple[str, ...] = ()
    lessons: tuple[Lesson, ...] = ()


def product_grid(*axes: Grid) -> Grid:
    points = np.stack([p.ravel() for p in np.meshgrid(*(axis for axis, _ in axes), indexing="ij")], axis=1)
    volumes = np.prod([v.ravel() for v in np.meshgrid(*(volume for _, volume in axes), indexing="ij")], axis=0)
    return points, volumes


def counting(highest: int) -> Grid:
    return np.arange(highest + 1.0), np.ones(highest + 1)


def line(low: float, high: float, points: int) -> Grid:
    """The trapezoidal rule, which is exact to rounding for smooth functions that vanish at both ends."""
    x = np.linspace(low, high, points)
    return x, np.full(points, x[1] - x[0])


def peak(*kinks: float) -> Grid:
    """All numbers, by the rule of Gauss between kinks, and beyond them up to where nothing is left."""
    ends = sorted({*np.arange(-60.0, 60.5, 2.0), *kinks})
    nodes, weights = np.polynomial.legendre.leggauss(8)
    pairs = [((b - a) / 2, (a + b) / 2) for a, b in itertools.pairwise(ends)]
    return np.concatenate([h * nodes + m for h, m in pairs]), np.concatenate([h * weights for h, _ in pairs])


def heavy_line(points: int) -> Grid:
    """All numbers, in even steps of arsinh: far out in steps as wide as the number is large."""
    t, step = line(-16.0, 16.0, points)
    return np.sinh(t), np.cosh(t) * step


def half_line(points: int) -> Grid:
    """The positive numbers, in even steps of their logarithm."""
    t, step = line(-42.0, 6.0, points)
    return np.exp(t), np.exp(t) * step


def unit_interval(points: int) -> Grid:
    """The numbers between 0 and 1, in even steps of their log-odds."""
    t, step = line(-30.0, 30.0, points)
    return expit(t), expit(t) * expit(-t) * step


def circle(points: int) -> Grid:
    """The angles, in even steps."""
    return np.linspace(-np.pi, np.pi, points, endpoint=False), np.full(points, 2 * np.pi / points)


def by_column(field: str) -> Callable[[Any, Array], Any]:
    return lambda params, order: replace_at(params, {field: getattr(params, field)[:, order]})


def weighted_mean(x: Array, w: Array) -> Array:
    return w @ x / w.sum()


def weighted_covariance(x: Array, w: Array) -> Array:
    deviation = x - weighted_mean(x, w)
    return (deviation * w[:, None]).T @ deviation / w.sum()


RATES = np.array([[1.0, 4.0], [6.0, 2.0], [2.5, 9.0]])
MEANS = np.array([[0.0, 0.0], [3.0, 1.0], [-1.0, 4.0]])
SQUARES = np.array([[[1.0, 0.3], [0.3, 0.5]], [[0.6, -0.2], [-0.2, 1.2]], [[0.8, 0.0], [0.0, 0.7]]])
ITEMS = np.array([[0.2, 0.5, 0.7, 0.35], [0.8, 0.4, 0.1, 0.9]])
LEVELS = ([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]], [[0.9, 0.1], [0.25, 0.75]], [[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]])
SHAPES = np.array([[2.0, 5.0], [9.0, 1.5]])
TIMES = np.array([[1.0, 4.0], [6.0, 0.5]])
PARTS = np.array([[0.2, 0.4], [0.7, 0.6]])
OUTCOMES = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
DIRECTIONS = np.array([[0.5, -2.0], [2.5, 1.0]])
CONCENTRATIONS = np.array([[2.0, 5.0], [8.0, 1.0]])
DRIFTS = np.array([[2.0, 12.0], [30.0, 0.8]])
WEAR = np.array([[1.0, 1.8], [1.6, 0.9]])
COUNTED = np.array([[2.0, 9.0], [12.0, 3.0]])
SEDIMENTS = np.array([[6.0, 3.0, 2.5], [2.0, 7.0, 5.0]])
COMPASS = np.array([[3.0, 0.0, 4.0], [-2.0, 5.0, 1.0]])
SLANTS = np.array([[2.0, -1.5], [-1.0, 1.5]]) / np.sqrt([[0.5, 1.0], [0.3, 0.8]])
SKEW_SCALES = np.sqrt(np.array([[4.5, 3.25], [1.3, 3.05]]))
DISPERSIONS = np.array([[0.6, 0.2], [0.3, 0.5]])


def normal(rng: np.random.Generator, mean: Array, covariance: Array, n: int) -> Array:
    return rng.multivariate_normal(mean, covariance, n, method="cholesky")


def exchanged_normal(field: str) -> Callable[[Any, Array], Any]:
    def exchange(params: Any, order: Array) -> Any:
        spread = getattr(params, field)
        spread = spread[..., order][..., order, :] if field.startswith("covariance") else spread[:, order]
        return replace_at(params, {"means": params.means[:, order], field: spread})

    return exchange


def turned(angle: float) -> Array:
    """The axes of a plane, turned."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


PARSIMONIOUS = ("EII", "EEI", "VEI", "EVI", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV")
FORM_FIELDS = {  # of two components in two columns
    "volume": 0.7,
    "volumes": [0.5, 1.2],
    "shape": [2.0, 0.5],
    "shapes": [[2.0, 0.5], [0.6, 1 / 0.6]],
    "orientation": turned(0.3),
    "orientations": [turned(0.3), turned(-0.6)],
}


def of_form(form: str) -> Any:
    """Parameters of a parsimonious form."""
    kind = getattr(ek, f"{form}Params")
    names = [leaf for leaf in kind.__annotations__ if leaf in FORM_FIELDS]
    return kind(MEANS[:2], *(FORM_FIELDS[name] for name in names))


def form_fit(form: str) -> Callable[[Array, Array], list[Any]]:
    """The fields of one component, from its weighted covariance: round, along the columns, or by its eigenvectors."""

    def fit(x: Array, w: Array) -> list[Any]:
        covariance = weighted_covariance(x, w)
        if form[2] == "I":
            variances = np.diag(covariance)
            variances = np.full(2, variances.mean()) if form[1] == "I" else variances
            axes: list[Any] = []
        else:
            values, vectors = np.linalg.eigh(covariance)
            order = np.abs(vectors).argmax(axis=1)  # each axis with the column that it lies nearest to
            variances, axes = values[order], [vectors[:, order] * np.sign(np.diag(vectors[:, order]))]
        volume = np.sqrt(variances.prod())
        return [weighted_mean(x, w), volume, *([] if form[1] == "I" else [variances / volume]), *axes]

    return fit


def exchanged_form(params: Any, order: Array) -> Any:
    """The columns in another order: shapes go with the columns or, with the axes, stay; one axis is reversed, not to mirror."""
    changes = {"means": params.means[:, order]}
    for leaf in leaves(params):
        if leaf.path.startswith("shape") and leaf.axes.names[-1] == "column":
            changes[leaf.path] = leaf.value[..., order]
        elif leaf.path.startswith("orientation"):
            changes[leaf.path] = leaf.value[..., order, :] * [-1.0, 1.0]
    return replace_at(params, changes)


def parsimonious(form: str) -> FamilyCase:
    params = of_form(form)
    return FamilyCase(
        f"gaussian-{form}",
        ek.ParsimoniousGaussian(form),
        params,
        lambda rng, k, n: normal(rng, MEANS[k], params.covariances[k], n),
        PLANE,
        form_fit(form),
        shared=tuple(leaf.path for leaf in leaves(params) if leaf.path in ("volume", "shape", "orientation")),
        exchange_columns=exchanged_form,
    )


ENDLESS = {  # M-steps without a floor along which a uniqueness runs to 0, where rounding says how far (a fault)
    "gaussian-factors-shared-loadings": "of mixed rows, no uniqueness is left in the first column, and loadings end 1e-7 apart"
}
FACTORS = {  # of two components in three columns, whose rows leave no uniqueness on its floor; by the axes of uniquenesses
    "loadings": np.array([[[1.2], [1.4], [1.5]], [[1.1], [-1.2], [1.1]]]),
    "kj": np.array([[0.3, 0.7, 0.7], [0.3, 0.7, 0.2]]),
    "k": np.array([0.4, 0.6]),
    "j": np.array([0.5, 0.6, 0.4]),
    "": np.array(0.5),
}
PLACES = np.array([[0.0, 0.0, 1.0], [5.0, 2.0, -2.0]])


def factors(equal: bool = False, shared: str | None = None) -> FamilyCase:
    family = ek.FactorNormal(1, equal, shared=shared)
    made = type(family.pooled(ek.ArraySource(np.random.default_rng(0).standard_normal((40, 3))).profile, 2))
    loadings = FACTORS["loadings"]
    params = made(PLACES, loadings[0] if shared in ("loadings", "covariance") else loadings, FACTORS[made.by_component])
    covariances = params.covariances
    named = "equal" * equal, f"shared-{shared}" if shared else ""
    return FamilyCase(
        "-".join(["gaussian-factors", *filter(None, named)]),
        family,
        params,
        lambda rng, k, n: normal(rng, PLACES[k], covariances[k], n),
        lambda: product_grid(*[line(-13.0, 15.5, 60)] * 3),
        None,
        shared=tuple(leaf.path for leaf in leaves(params) if leaf.axes is not None and leaf.axes.names[:1] != ("component",)),
    )


def common_factors(equal: bool = False) -> FamilyCase:
    made = ek.EqualCommonFactorsParams if equal else ek.CommonFactorsParams
    noise = FACTORS["" if equal else "j"]
    params = made.of([0.0, 1.0, -1.0], [[1.2], [1.4], [-0.9]], noise, [[0.0], [3.0]], [[[1.0]], [[0.6]]])
    return FamilyCase(
        f"gaussian-common-factors{'-equal' * equal}",
        ek.CommonFactors(1, equal),
        params,
        lambda rng, k, n: normal(rng, params.means[k], params.covariances[k], n),
        lambda: product_grid(*[line(-13.0, 15.5, 60)] * 3),
        None,
        shared=("intercepts", "loadings", "uniquenesses"),
    )


def gamma_fit(x: Array, w: Array) -> list[Any]:
    """Shapes by SciPy's solver on rows repeated as often as their whole-number weights say, and means."""
    rows = np.repeat(x, w.astype(int), axis=0)
    fits = [stats.gamma.fit(column, floc=0) for column in rows.T]
    return [[shape for shape, _, _ in fits], [shape * scale for shape, _, scale in fits]]


def negative_binomial_fit(x: Array, w: Array) -> list[Any]:
    """Means, and dispersions at which SciPy's solver finds no slope of the log-likelihood."""

    def slope(log_size: float, column: Array) -> float:
        s, mean = np.exp(log_size), weighted_mean(column, w)
        return float(w @ (digamma(column + s) - digamma(s) - np.log1p(mean / s)))

    sizes = [np.exp(brentq(slope, -6, 8, args=(column,), xtol=1e-13)) for column in x.T]
    return [weighted_mean(x, w), 1 / np.array(sizes)]


def weibull_fit(x: Array, w: Array) -> list[Any]:
    """Shapes by SciPy's solver of the equation that they solve, and the scales for them."""

    def slope(a: float, y: Array) -> float:
        return float(1 / a + w @ y / w.sum() - (w * np.exp(a * y)) @ y / (w @ np.exp(a * y)))

    shapes = [brentq(slope, 1e-2, 50, args=(np.log(column),), xtol=1e-13) for column in x.T]
    scales = [(w @ column**a / w.sum()) ** (1 / a) for column, a in zip(x.T, shapes, strict=True)]
    return [shapes, scales]


def beta_fit(x: Array, w: Array) -> list[Any]:
    """Means and precisions by SciPy's solver of the two equations in log a and log b."""
    found = []
    for column in x.T:
        wanted = np.array([weighted_mean(np.log(column), w), weighted_mean(np.log1p(-column), w)])
        slopes = lambda z, wanted=wanted: digamma(np.exp(z)) - digamma(np.exp(z).sum()) - wanted  # noqa: E731
        found.append(np.exp(root(slopes, [0.5, 0.5], tol=1e-13).x))
    a, b = np.array(found).T
    return [a / (a + b), a + b]


def von_mises_fit(x: Array, w: Array) -> list[Any]:
    """Directions of the resultants, and concentrations at which SciPy's ratio of Bessel functions is their length."""
    cosines, sines = weighted_mean(np.cos(x), w), weighted_mean(np.sin(x), w)
    lengths = np.hypot(cosines, sines)
    concentrations = [brentq(lambda c, r=r: ive(1, c) / ive(0, c) - r, 1e-9, 1e4, xtol=1e-13) for r in lengths]
    return [np.arctan2(sines, cosines), concentrations]


def dirichlet_fit(x: Array, w: Array) -> list[Any]:
    """Concentrations by SciPy's solver of the equations in their logarithms."""
    wanted = weighted_mean(np.log(x), w)
    slopes = lambda z: digamma(np.exp(z)) - digamma(np.exp(z).sum()) - wanted  # noqa: E731
    return [np.exp(root(slopes, np.full(len(wanted), 0.5), tol=1e-13).x)]


def von_mises_fisher_fit(x: Array, w: Array) -> list[Any]:
    """The direction of the resultant, and the concentration at which SciPy's ratio of Bessel functions is its length."""
    mean = weighted_mean(x, w)
    length = np.linalg.norm(mean)
    concentration = brentq(lambda c: ive(1.5, c) / ive(0.5, c) - length, 1e-9, 1e4, xtol=1e-13)
    return [mean / length * concentration]


def triangle() -> Grid:
    """Rows of three shares: the first, and how the second and third divide the rest."""
    (first, one), (second, two) = unit_interval(300), unit_interval(300)
    a, b = np.meshgrid(first, second, indexing="ij")
    points = np.stack([a, (1 - a) * b, (1 - a) * (1 - b)], axis=2).reshape(-1, 3)
    return points, np.outer(one * (1 - first), two).ravel()


def sphere() -> Grid:
    """Unit vectors in three dimensions: Gauss's places for the height, and even angles."""
    (heights, weights), angles = np.polynomial.legendre.leggauss(60), np.linspace(0, 2 * np.pi, 120, endpoint=False)
    z, a = np.meshgrid(heights, angles, indexing="ij")
    r = np.sqrt(1 - z**2)
    points = np.stack([r * np.cos(a), r * np.sin(a), z], axis=2).reshape(-1, 3)
    return points, np.repeat(weights * 2 * np.pi / 120, 120)


def inside(draw: Callable[[], Array], low: float, high: float, n: int) -> Array:
    """`n` rows of those that `draw` gives that lie in a window, in every column."""
    rows = np.concatenate([draw() for _ in range(40)])
    return rows[((rows >= low) & (rows <= high)).all(axis=1)][:n]


def between(low: float, high: float, points: int) -> Grid:
    places, weights = np.polynomial.legendre.leggauss(points)
    return (low + high) / 2 + (high - low) / 2 * places, (high - low) / 2 * weights


def seen_poisson_fit(x: Array, w: Array) -> list[Any]:
    """Rates by SciPy's solver of the equation that those of counts without zeros solve."""
    return [[brentq(lambda r, m=m: r / -np.expm1(-r) - m, 1e-9, 100, xtol=1e-14) for m in weighted_mean(x, w)]]


def seen_normal_fit(low: float, high: float) -> Callable[[Array, Array], list[Any]]:
    """Means and variances at which SciPy's truncated normal has the mean and variance of the rows, one column at a time."""

    def fit(x: Array, w: Array) -> list[Any]:
        found = []
        for mean, variance in zip(weighted_mean(x, w), np.diag(weighted_covariance(x, w)), strict=True):

            def off(z: Array, mean: float = mean, variance: float = variance) -> list[float]:
                sd = np.exp(z[1])
                seen = stats.truncnorm((low - z[0]) / sd, (high - z[0]) / sd, z[0], sd)
                return [seen.mean() - mean, seen.var() - variance]

            z = root(off, [mean, np.log(variance) / 2], tol=1e-13).x
            found.append((z[0], np.exp(2 * z[1])))
        return list(map(list, zip(*found, strict=True)))

    return fit


def compositions(total: int) -> Array:
    """All rows of three counts with this total."""
    return np.array([(a, b, total - a - b) for a in range(total + 1) for b in range(total + 1 - a)], dtype=float)


def outcomes_grid() -> Grid:
    points = np.concatenate([compositions(4), compositions(7)])
    return points, np.full(len(points), 1 / 2)


def with_trials(rng: np.random.Generator, k: int, n: int) -> Array:
    trials = rng.choice([4, 6, 9], n)
    return np.stack([rng.binomial(trials, [0.3, 0.8][k]), trials], axis=1)


def trials_grid() -> Grid:
    pairs = [(h, m) for m in (4, 6, 9) for h in range(m + 1)]
    return np.array(pairs, dtype=float), np.full(len(pairs), 1 / 3)


MIXED = ek.Product({(1, 3): ek.DiagonalGaussian(), 0: ek.Poisson(), 2: ek.Categorical()})
MIXED_PARTS = (
    ek.DiagonalGaussianParams([[0.0, 1.0], [2.5, -1.0]], [[1.0, 0.5], [0.6, 1.2]]),
    ek.PoissonParams([[1.0], [5.0]]),
    ek.CategoricalParams([[[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]]),
)


def mixed_columns(rng: np.random.Generator, k: int, n: int) -> Array:
    """A count, two normal columns with a level between them."""
    normals = rng.normal([[0.0, 1.0], [2.5, -1.0]][k], np.sqrt([[1.0, 0.5], [0.6, 1.2]][k]), (n, 2))
    level = rng.choice(3, n, p=[[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]][k])
    return np.column_stack([rng.poisson([1.0, 5.0][k], n), normals[:, 0], level, normals[:, 1]])


NOISY = ek.PerComponent((ek.DiagonalGaussian(), 2), ek.Uniform(-10, 14))
MORE_ZEROS = ek.PerComponent((ek.Poisson(), 2), ek.PointMass(0))
SHARES = np.array([[0.3, 0.1], [0.2, 0.4]])
INNER = ((MEANS[:2], [[1.0, 0.5], [0.6, 1.2]]), ([[-4.0, 5.0], [6.0, -3.0]], [[0.8, 0.7], [1.0, 0.5]]))


def noisy(rng: np.random.Generator, k: int, n: int) -> Array:
    return rng.uniform(-10, 14, (n, 1)) if k == 2 else rng.normal([0.0, 5.0][k], [1.0, 0.7][k], (n, 1))


def zero_inflated(rng: np.random.Generator, k: int, n: int) -> Array:
    return np.where(rng.random((n, 2)) < SHARES[k], 0, rng.poisson([[2.0, 6.0], [5.0, 3.0]][k], (n, 2)))


def mixture_of_two(rng: np.random.Generator, k: int, n: int) -> Array:
    part = (rng.random(n) < [0.4, 0.7][k]).astype(int)
    draws = [
        np.asarray(means)[k] + np.sqrt(np.asarray(variances)[k]) * rng.standard_normal((n, 2)) for means, variances in INNER
    ]
    return np.stack(draws)[part, np.arange(n)]


def nested(rng: np.random.Generator, k: int, n: int) -> Array:
    """Counts with more zeros, and a column that is a mixture of two normals."""
    counts = rng.poisson(rng.gamma(1 / [0.6, 0.3][k], [0.6, 0.3][k] * [2.0, 12.0][k], n))
    return np.column_stack([mixture_of_two(rng, k, n)[:, 1], np.where(rng.random(n) < SHARES[k, 0], 0, counts)])


NESTED = ek.Product({1: ek.ZeroInflated(ek.NegativeBinomial()), 0: ek.MixtureOf(ek.DiagonalGaussian(), 2)})


def mixed_fit(x: Array, w: Array) -> list[Any]:
    """The estimates of every block by itself."""
    normals = x[:, [1, 3]]
    spread = np.diag(weighted_covariance(normals, w))
    return [weighted_mean(normals, w), spread, [weighted_mean(x[:, 0], w)], [w @ (x[:, 2] == c) / w.sum() for c in range(3)]]


PLANE = lambda: product_grid(line(-14, 17, 200), line(-14, 17, 200))  # noqa: E731
WIDE_PLANE = lambda: product_grid(heavy_line(500), heavy_line(500))  # noqa: E731
QUADRANT = lambda: product_grid(half_line(300), half_line(300))  # noqa: E731


def _lesson(name: str, model: Any, source: Any, start: Any, components: tuple[str, ...], **symbols: str) -> Lesson:
    return Lesson(name, name, "", model, source, start, components, symbols)


def death_notices() -> Lesson:
    counts = ek.ArraySource(range(10), [162, 267, 271, 185, 111, 61, 27, 8, 3, 1], ["deaths"])
    start = ek.MixtureParams([0.3, 0.7], ek.PoissonParams([[1.0], [2.5]]))
    return _lesson("death-notices", ek.Mixture(ek.Poisson()), counts, start, ("low", "high"), pi="proportions[0]")


def linkage_cells() -> ek.Cells:
    return ek.Cells(
        [("t", "u")],
        [
            ek.Cell("half", "y1", 1 / 2),
            ek.Cell("rest", "y1", 1 / 4, {"t": 1}),
            ek.Cell("second", "y2", 1 / 4, {"u": 1}),
            ek.Cell("third", "y3", 1 / 4, {"u": 1}),
            ek.Cell("fourth", "y4", 1 / 4, {"t": 1}),
        ],
    )


def linkage() -> Lesson:
    model = linkage_cells()
    cells = tuple(cell.name for cell in model.cells)
    return _lesson("linkage", model, ek.ArraySource([[125, 18, 20, 34]]), model.params(t=0.5, u=0.5), cells)


def blood_cells() -> ek.Cells:
    return ek.Cells(
        [("p", "q", "r")],
        [
            ek.Cell("AA", "A", 1, {"p": 2}),
            ek.Cell("AO", "A", 2, {"p": 1, "r": 1}),
            ek.Cell("BB", "B", 1, {"q": 2}),
            ek.Cell("BO", "B", 2, {"q": 1, "r": 1}),
            ek.Cell("AB", "AB", 2, {"p": 1, "q": 1}),
            ek.Cell("OO", "O", 1, {"r": 2}),
        ],
    )


def blood_groups() -> Lesson:
    model = blood_cells()
    cells = tuple(cell.name for cell in model.cells)
    return _lesson("blood-groups", model, ek.ArraySource([[186, 38, 13, 284]]), model.params(p=0.3, q=0.2, r=0.5), cells)


def heights(held: tuple[str, ...] = ()) -> Lesson:
    x = np.random.default_rng(1).normal(np.repeat([160.0, 178.0], 8), 6.0)
    mixture = ek.Mixture(ek.FullGaussian())
    start = ek.MixtureParams([0.4, 0.6], ek.FullGaussianParams([[158.0], [180.0]], [[[40.0]], [[55.0]]]))
    model = ek.Frozen(mixture, *held) if held else mixture
    return _lesson("heights" + "-held" * bool(held), model, ek.ArraySource(x, columns=["cm"]), start, ("short", "tall"))


def two_columns() -> Lesson:
    x = np.random.default_rng(2).normal(np.repeat([[0.0, 10.0], [3.0, 14.0]], 6, axis=0), 1.0)
    start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[0.5, 11.0], [2.0, 13.0]], [[1.0, 2.0], [1.5, 1.0]]))
    source = ek.ArraySource(x, columns=["a", "b"])
    return _lesson("two-columns", ek.Mixture(ek.DiagonalGaussian()), source, start, ("I", "II"))


def three_classes() -> Lesson:
    answers = np.random.default_rng(3).integers(0, 2, (30, 2))
    start = ek.MixtureParams([0.5, 0.3, 0.2], ek.SuccessParams([[0.2, 0.7], [0.6, 0.4], [0.9, 0.1]]))
    source = ek.ArraySource(answers, columns=["q1", "q2"])
    return _lesson("three-classes", ek.Mixture(ek.Bernoulli()), source, start, ("X", "Y", "Z"))


def uneven_tosses() -> Lesson:
    x = [[3, 7], [8, 9], [2, 10], [5, 6], [1, 4]]
    start = ek.MixtureParams([0.7, 0.3], ek.SuccessParams([[0.7], [0.3]]))
    source = ek.ArraySource(x, columns=["heads", "tosses"])
    return _lesson("uneven-tosses", ek.Mixture(ek.Binomial()), source, start, ("A", "B"), pi="proportions[0]")


def bell(x: Array, centre: float, width: float) -> Array:
    """A log-density that a test gives as a function."""
    return -0.5 * ((x - centre) / width) ** 2 - np.log(width) - 0.5 * np.log(2 * np.pi)


def drawn_from_bell(rng: np.random.Generator, size: int, centre: Array, width: Array) -> Array:
    return rng.normal(centre, width, size)


BELL = ek.families.from_density(bell, {"centre": ek.Real(), "width": ek.Positive()}, draw=drawn_from_bell)
WAITS = ek.families.from_scipy(stats.geom, loc=-1)


def student_t(name: str, tails: tuple[float, float]) -> FamilyCase:
    """Two components with such tails, in two columns."""
    return FamilyCase(
        name,
        ek.StudentT(),
        ek.StudentTParams(MEANS[:2], SQUARES[:2], tails),
        lambda rng, k, n: stats.multivariate_t(MEANS[k], SQUARES[k], 1 / tails[k]).rvs(n, random_state=rng).reshape(n, 2),
        WIDE_PLANE,
        None,
        exchange_columns=lambda p, order: ek.StudentTParams(
            p.means[:, order], p.scale_matrices[..., order][..., order, :], p.tails
        ),
    )


LINES = np.array([[0.5, 1.0], [4.0, -0.8]])
GIVEN = np.array([-1.0, 0.5, 2.0])  # values of covariates


def with_predictors(rng: np.random.Generator, n: int, covariates: int, draw: Callable[[Array], Array]) -> Array:
    """A response drawn given covariates, which are in the columns behind it."""
    x = rng.choice(GIVEN, (covariates, n))
    return np.stack([draw(x), *x], axis=1).astype(float)


def normal_responses(rng: np.random.Generator, k: int, n: int) -> Array:
    return with_predictors(rng, n, 1, lambda x: LINES[k, 0] + LINES[k, 1] * x[0] + rng.normal(0, np.sqrt([0.5, 1.2][k]), n))


def shared_responses(rng: np.random.Generator, k: int, n: int) -> Array:
    def draw(x: Array) -> Array:
        return LINES[k, 0] + LINES[k, 1] * x[0] + 0.7 * x[1] + rng.normal(0, np.sqrt([0.5, 1.2][k]), n)

    return with_predictors(rng, n, 2, draw)


def poisson_responses(rng: np.random.Generator, k: int, n: int) -> Array:
    return with_predictors(rng, n, 1, lambda x: rng.poisson(np.exp([0.4, 1.5][k] + [0.5, -0.4][k] * x[0])))


def multinomial_responses(rng: np.random.Generator, k: int, n: int) -> Array:
    def draw(x: Array) -> Array:
        others = np.exp([[0.5, -0.6][k] + [1.0, 0.2][k] * x[0], [-0.3, 0.8][k] + [0.4, -1.0][k] * x[0]])
        lots = rng.random(n) * (1 + others.sum(axis=0))
        return (lots > 1).astype(int) + (lots > 1 + others[0])

    return with_predictors(rng, n, 1, draw)


SLOPES, CUTPOINTS = np.array([[3.0, -1.0], [-4.0, 2.0]]), np.array([[-1.0, 0.2, 1.5], [-0.4, 0.3, 2.0]])


def ordered_responses(rng: np.random.Generator, k: int, n: int) -> Array:
    """Levels by where a hidden number lies."""
    return with_predictors(rng, n, 2, lambda x: np.digitize(SLOPES[k] @ x + rng.logistic(size=n), CUTPOINTS[k]))


def hurdle_responses(rng: np.random.Generator, k: int, n: int) -> Array:
    """Counts of a regression without zeros, or nothing but zeros."""
    if k == 2:
        return with_predictors(rng, n, 1, lambda x: np.zeros(n))

    def seen(x: Array) -> Array:
        mean = np.exp([0.4, 1.5][k] + [0.5, -0.4][k] * x[0])
        return stats.poisson.ppf(rng.uniform(np.exp(-mean), 1), mean)

    return with_predictors(rng, n, 1, seen)


HURDLE = ek.PerComponent((ek.ZeroTruncatedRegression(ek.PoissonRegression(0, 1)), 2), ek.ExactZeros(0))


def response_grid(responses: Grid, covariates: int = 1) -> Grid:
    """All responses, for each of some values of the covariates."""
    return product_grid(responses, *[(GIVEN, np.full(3, 1 / 3))] * covariates)


SEEN_UP_TO = 2.5  # where a study of times ends
ENTRIES = (np.nan, 0.3)
LIVES = np.array([[0.9, 0.5], [0.2, -0.4]])  # logarithms of times about which they lie, and how these depend on a covariate


def seen_times(rng: np.random.Generator, k: int, n: int) -> Array:
    """The ends of intervals in which Weibull times lie, of which the long ones are not seen to end."""
    time = [0.5, 2.0][k] * rng.weibull([1.3, 4.0][k], n)
    return np.stack([np.minimum(time, SEEN_UP_TO), np.where(time < SEEN_UP_TO, time, np.nan)], axis=1)


def late_times(rng: np.random.Generator, k: int, n: int, entries: tuple[float, ...] = ENTRIES) -> Array:
    """The same before the ends of windows: half of the times would not have been seen if they were short."""
    entry = rng.choice(entries, n)
    drawn = lambda: seen_times(rng, k, n)  # noqa: E731
    found = drawn()
    while (early := found[:, 0] <= entry).any():
        found = np.where(early[:, None], drawn(), found)
    return np.column_stack([found, entry, np.full(n, np.nan)])


def late_times_grid() -> Grid:
    points, volumes = zip(*(seen_times_grid(-42 if np.isnan(entry) else np.log(entry)) for entry in ENTRIES), strict=True)
    windows = [np.tile([entry, np.nan], (len(some), 1)) for entry, some in zip(ENTRIES, points, strict=True)]
    rows = np.concatenate([np.column_stack(both) for both in zip(points, windows, strict=True)])
    return rows, np.concatenate(volumes) / len(ENTRIES)


def seen_times_grid(least: float = -42) -> Grid:
    logs, volumes = between(least, np.log(SEEN_UP_TO), 400)
    x, volumes = np.exp(logs), volumes * np.exp(logs)
    return np.concatenate([np.stack([x, x], axis=1), [[SEEN_UP_TO, np.nan]]]), np.append(volumes, 1.0)


def seen_responses(rng: np.random.Generator, k: int, n: int) -> Array:
    """The same with logarithms that depend on a covariate, behind whether each time was seen to end."""
    x = rng.choice(GIVEN, n)
    time = np.exp(LIVES[k, 0] + LIVES[k, 1] * x + [0.8, 0.5][k] * np.log(rng.exponential(size=n)))
    return np.stack([np.minimum(time, SEEN_UP_TO), time < SEEN_UP_TO, x], axis=1).astype(float)


def late_responses(rng: np.random.Generator, k: int, n: int) -> Array:
    """The same with the time from which on each was watched."""
    entry = rng.choice(ENTRIES, n)
    found = seen_responses(rng, k, n)
    while (early := found[:, 0] <= entry).any():
        found = np.where(early[:, None], seen_responses(rng, k, n), found)
    return np.column_stack([found, entry])


def late_responses_grid() -> Grid:
    grids = []
    for entry in ENTRIES:
        ends, volumes = seen_times_grid(-42 if np.isnan(entry) else np.log(entry))
        points, all_volumes = response_grid((ends[:, 0], volumes))
        rows = np.insert(points, 1, points[:, 0] < SEEN_UP_TO, axis=1)
        grids.append((np.column_stack([rows, np.full(len(rows), entry)]), all_volumes / len(ENTRIES)))
    return np.concatenate([points for points, _ in grids]), np.concatenate([volumes for _, volumes in grids])


def seen_responses_grid() -> Grid:
    ends, volumes = seen_times_grid()
    points, all_volumes = response_grid((ends[:, 0], volumes))
    return np.insert(points, 1, points[:, 0] < SEEN_UP_TO, axis=1), all_volumes


def settled(family: Any, draw: Callable[..., Array]) -> Any:
    """A family with what rows of its components settle."""
    rng = np.random.default_rng(0)
    return family.settled(ek.ArraySource(np.concatenate([draw(rng, 0, 60), draw(rng, 1, 60)])).profile)


def normal_regression_fit(x: Array, w: Array) -> list[Any]:
    """Weighted least squares, by NumPy."""
    design, root = np.column_stack([np.ones(len(x)), x[:, 1]]), np.sqrt(w)
    line = np.linalg.lstsq(design * root[:, None], x[:, 0] * root, rcond=None)[0]
    return [line, w @ (x[:, 0] - design @ line) ** 2 / w.sum()]


FAMILIES = [
    FamilyCase(
        "bernoulli",
        ek.Bernoulli(),
        ek.SuccessParams(ITEMS),
        lambda rng, k, n: rng.random((n, 4)) < ITEMS[k],
        lambda: product_grid(*[counting(1)] * 4),
        lambda x, w: [weighted_mean(x, w)],
        exchange_columns=by_column("probabilities"),
        lessons=(three_coins(), three_classes()),
    ),
    FamilyCase(
        "binomial",
        ek.Binomial(trials=10),
        ek.SuccessParams(ITEMS[:, :2]),
        lambda rng, k, n: rng.binomial(10, ITEMS[k, :2], (n, 2)),
        lambda: product_grid(counting(10), counting(10)),
        lambda x, w: [weighted_mean(x, w) / 10],
        exchange_columns=by_column("probabilities"),
    ),
    FamilyCase(
        "binomial-ordered",
        ek.Binomial(trials=10, ordered=True),
        ek.SuccessParams([[0.6], [0.3]]),
        lambda rng, k, n: rng.binomial(10, [0.6, 0.3][k], (n, 1)),
        lambda: (counting(10)[0][:, None], comb(10, np.arange(11))),
        lambda x, w: [weighted_mean(x, w) / 10],
        lessons=(two_coins(), two_coins(free_proportions=True)),
    ),
    FamilyCase(
        "binomial-with-trials",
        ek.Binomial(),
        ek.SuccessParams([[0.3], [0.8]]),
        with_trials,
        trials_grid,
        lambda x, w: [[w @ x[:, 0] / (w @ x[:, 1])]],
        lessons=(uneven_tosses(),),
    ),
    FamilyCase(
        "poisson",
        ek.Poisson(),
        ek.PoissonParams(RATES),
        lambda rng, k, n: rng.poisson(RATES[k], (n, 2)),
        lambda: product_grid(counting(60), counting(60)),
        lambda x, w: [weighted_mean(x, w)],
        exchange_columns=by_column("rates"),
        lessons=(death_notices(),),
    ),
    FamilyCase(
        "poisson-large",
        ek.Poisson(),
        ek.PoissonParams([[2000.0], [2300.0]]),
        lambda rng, k, n: rng.poisson([2000, 2300][k], (n, 1)),
        lambda: product_grid(counting(4000)),
        lambda x, w: [weighted_mean(x, w)],
    ),
    FamilyCase(
        "binomial-large",
        ek.Binomial(trials=3000),
        ek.SuccessParams([[0.3], [0.33]]),
        lambda rng, k, n: rng.binomial(3000, [0.3, 0.33][k], (n, 1)),
        lambda: product_grid(counting(3000)),
        lambda x, w: [weighted_mean(x, w) / 3000],
    ),
    FamilyCase(
        "negative-binomial",
        ek.NegativeBinomial(),
        ek.NegativeBinomialParams(COUNTED, DISPERSIONS),
        lambda rng, k, n: rng.poisson(rng.gamma(1 / DISPERSIONS[k], DISPERSIONS[k] * COUNTED[k], (n, 2))),
        lambda: product_grid(counting(150), counting(150)),
        negative_binomial_fit,
        exchange_columns=lambda p, order: ek.NegativeBinomialParams(p.means[:, order], p.dispersions[:, order]),
    ),
    FamilyCase(
        "categorical",
        ek.Categorical(),
        ek.CategoricalParams(LEVELS),
        lambda rng, k, n: np.stack([rng.choice(len(p[k]), n, p=p[k]) for p in LEVELS], axis=1),
        lambda: product_grid(counting(2), counting(1), counting(2)),
        lambda x, w: [[w @ (x[:, j] == c) / w.sum() for c in range(len(p[0]))] for j, p in enumerate(LEVELS)],
        exchange_columns=lambda params, order: ek.CategoricalParams(tuple(params.columns[j] for j in order)),
    ),
    FamilyCase(
        "multinomial",
        ek.Multinomial(),
        ek.MultinomialParams(OUTCOMES),
        lambda rng, k, n: rng.multinomial(rng.choice([4, 7], n), OUTCOMES[k]),
        outcomes_grid,
        lambda x, w: [w @ x / (w @ x).sum()],
        exchange_columns=by_column("probabilities"),
    ),
    FamilyCase(
        "multinomial-of-nine",
        ek.Multinomial(trials=9),
        ek.MultinomialParams(OUTCOMES),
        lambda rng, k, n: rng.multinomial(9, OUTCOMES[k], n),
        lambda: (compositions(9), np.ones(len(compositions(9)))),
        lambda x, w: [w @ x / (w @ x).sum()],
        exchange_columns=by_column("probabilities"),
    ),
    FamilyCase(
        "exponential",
        ek.Exponential(),
        ek.ExponentialParams(1 / TIMES),
        lambda rng, k, n: rng.exponential(TIMES[k], (n, 2)),
        QUADRANT,
        lambda x, w: [1 / weighted_mean(x, w)],
        exchange_columns=by_column("rates"),
    ),
    FamilyCase(
        "geometric",
        ek.Geometric(),
        ek.GeometricParams([[0.3, 0.6], [0.7, 0.2]]),
        lambda rng, k, n: rng.geometric([[0.3, 0.6], [0.7, 0.2]][k], (n, 2)) - 1,
        lambda: product_grid(counting(200), counting(200)),
        lambda x, w: [1 / (1 + weighted_mean(x, w))],
        exchange_columns=by_column("chances"),
    ),
    FamilyCase(
        "gamma",
        ek.Gamma(),
        ek.GammaParams(SHAPES, TIMES),
        lambda rng, k, n: rng.gamma(SHAPES[k], TIMES[k] / SHAPES[k], (n, 2)),
        QUADRANT,
        gamma_fit,
        exchange_columns=lambda p, order: ek.GammaParams(p.shapes[:, order], p.means[:, order]),
    ),
    FamilyCase(
        "weibull",
        ek.Weibull(),
        ek.WeibullParams(WEAR, TIMES),
        lambda rng, k, n: TIMES[k] * rng.weibull(WEAR[k], (n, 2)),
        QUADRANT,
        weibull_fit,
        exchange_columns=lambda p, order: ek.WeibullParams(p.shapes[:, order], p.scales[:, order]),
    ),
    FamilyCase(
        "log-normal",
        ek.LogNormal(),
        ek.LogNormalParams([[0.0, 1.0], [2.0, -0.5]], [[0.3, 0.5], [0.2, 0.8]]),
        lambda rng, k, n: np.exp(normal(rng, np.array([[0.0, 1.0], [2.0, -0.5]][k]), np.diag([[0.3, 0.5], [0.2, 0.8]][k]), n)),
        QUADRANT,
        lambda x, w: [weighted_mean(np.log(x), w), np.diag(weighted_covariance(np.log(x), w))],
        exchange_columns=exchanged_normal("variances"),
    ),
    FamilyCase(
        "inverse-gaussian",
        ek.InverseGaussian(),
        ek.InverseGaussianParams(TIMES, DRIFTS),
        lambda rng, k, n: rng.wald(TIMES[k], DRIFTS[k], (n, 2)),
        QUADRANT,
        lambda x, w: [weighted_mean(x, w), 1 / (weighted_mean(1 / x, w) - 1 / weighted_mean(x, w))],
        exchange_columns=lambda p, order: ek.InverseGaussianParams(p.means[:, order], p.shapes[:, order]),
    ),
    FamilyCase(
        "beta",
        ek.Beta(),
        ek.BetaParams(PARTS, [[9.0, 4.0], [20.0, 6.0]]),
        lambda rng, k, n: rng.beta(*(np.array([[9.0, 4.0], [20.0, 6.0]][k]) * [PARTS[k], 1 - PARTS[k]]), (n, 2)),
        lambda: product_grid(unit_interval(300), unit_interval(300)),
        beta_fit,
        exchange_columns=lambda p, order: ek.BetaParams(p.means[:, order], p.precisions[:, order]),
    ),
    FamilyCase(
        "von-mises",
        ek.VonMises(),
        ek.VonMisesParams(DIRECTIONS, CONCENTRATIONS),
        lambda rng, k, n: rng.vonmises(DIRECTIONS[k], CONCENTRATIONS[k], (n, 2)),
        lambda: product_grid(circle(120), circle(120)),
        von_mises_fit,
        exchange_columns=lambda p, order: ek.VonMisesParams(p.directions[:, order], p.concentrations[:, order]),
    ),
    FamilyCase(
        "dirichlet",
        ek.Dirichlet(),
        ek.DirichletParams(SEDIMENTS),
        lambda rng, k, n: rng.dirichlet(SEDIMENTS[k], n),
        triangle,
        dirichlet_fit,
        exchange_columns=by_column("concentrations"),
    ),
    FamilyCase(
        "von-mises-fisher",
        ek.VonMisesFisher(),
        ek.VonMisesFisherParams(COMPASS),
        lambda rng, k, n: stats.vonmises_fisher(COMPASS[k] / np.linalg.norm(COMPASS[k]), np.linalg.norm(COMPASS[k])).rvs(
            n, random_state=rng
        ),
        sphere,
        von_mises_fisher_fit,
        exchange_columns=by_column("vectors"),
    ),
    FamilyCase(
        "gaussian",
        ek.FullGaussian(),
        ek.FullGaussianParams(MEANS, SQUARES),
        lambda rng, k, n: normal(rng, MEANS[k], SQUARES[k], n),
        PLANE,
        lambda x, w: [weighted_mean(x, w), weighted_covariance(x, w)],
        exchange_columns=exchanged_normal("covariances"),
        lessons=(heights(), heights(held=("components.means",))),
    ),
    FamilyCase(
        "gaussian-diag",
        ek.DiagonalGaussian(),
        ek.DiagonalGaussianParams(MEANS, [[1.0, 0.5], [0.6, 1.2], [0.8, 0.7]]),
        lambda rng, k, n: normal(rng, MEANS[k], np.diag([[1.0, 0.5], [0.6, 1.2], [0.8, 0.7]][k]), n),
        PLANE,
        lambda x, w: [weighted_mean(x, w), np.diag(weighted_covariance(x, w))],
        exchange_columns=exchanged_normal("variances"),
        lessons=(two_columns(),),
    ),
    FamilyCase(
        "gaussian-tied",
        ek.TiedGaussian(),
        ek.TiedGaussianParams(MEANS, SQUARES[0]),
        lambda rng, k, n: normal(rng, MEANS[k], SQUARES[0], n),
        PLANE,
        lambda x, w: [weighted_mean(x, w), weighted_covariance(x, w)],
        shared=("covariance",),
        exchange_columns=exchanged_normal("covariance"),
    ),
    FamilyCase(
        "gaussian-spherical",
        ek.SphericalGaussian(),
        ek.SphericalGaussianParams(MEANS, [1.0, 0.5, 0.8]),
        lambda rng, k, n: normal(rng, MEANS[k], np.eye(2) * [1.0, 0.5, 0.8][k], n),
        PLANE,
        lambda x, w: [weighted_mean(x, w), [np.diag(weighted_covariance(x, w)).mean()]],
        exchange_columns=lambda p, order: ek.SphericalGaussianParams(p.means[:, order], p.variances),
    ),
    *map(parsimonious, PARSIMONIOUS),
    factors(),
    factors(equal=True),
    factors(shared="uniquenesses"),
    factors(equal=True, shared="uniquenesses"),
    factors(shared="loadings"),
    factors(equal=True, shared="loadings"),
    factors(shared="covariance"),
    common_factors(),
    common_factors(equal=True),
    FamilyCase(
        "product",
        MIXED,
        MIXED.params(*MIXED_PARTS),
        mixed_columns,
        lambda: product_grid(counting(40), line(-7, 8, 60), counting(2), line(-8, 8, 60)),
        mixed_fit,
    ),
    FamilyCase(
        "normals-and-noise",
        NOISY,
        NOISY.params(ek.DiagonalGaussianParams([[0.0], [5.0]], [[1.0], [0.49]]), ek.UniformParams([[-10.0]], [[14.0]])),
        noisy,
        lambda: (np.arange(-14.95, 19, 0.1)[:, None], np.full(340, 0.1)),
        None,
    ),
    FamilyCase(
        "counts-and-zero",
        MORE_ZEROS,
        MORE_ZEROS.params(ek.PoissonParams([[2.0], [9.0]]), ek.PointMassParams([[0.0]])),
        lambda rng, k, n: rng.poisson([2.0, 9.0, 0.0][k], (n, 1)),
        lambda: product_grid(counting(60)),
        None,
    ),
    FamilyCase(
        "zero-inflated",
        ek.ZeroInflated(ek.Poisson()),
        ek.ZeroInflatedParams(SHARES, ek.PoissonParams([[2.0, 6.0], [5.0, 3.0]])),
        zero_inflated,
        lambda: product_grid(counting(50), counting(50)),
        None,
        exchange_columns=lambda p, order: ek.ZeroInflatedParams(p.zeros[:, order], ek.PoissonParams(p.counts.rates[:, order])),
    ),
    FamilyCase(
        "mixture-of",
        ek.MixtureOf(ek.DiagonalGaussian(), 2),
        ek.MixtureOfParams([[0.6, 0.4], [0.3, 0.7]], tuple(ek.DiagonalGaussianParams(*part) for part in INNER)),
        mixture_of_two,
        PLANE,
        None,
    ),
    FamilyCase(
        "nested",
        NESTED,
        NESTED.params(
            ek.ZeroInflatedParams(SHARES[:, :1], ek.NegativeBinomialParams([[2.0], [12.0]], [[0.6], [0.3]])),
            ek.MixtureOfParams(
                [[0.6, 0.4], [0.3, 0.7]],
                tuple(ek.DiagonalGaussianParams(np.asarray(m)[:, 1:], np.asarray(v)[:, 1:]) for m, v in INNER),
            ),
        ),
        nested,
        lambda: product_grid(line(-14, 17, 200), counting(150)),
        None,
    ),
    FamilyCase(
        "density",
        BELL,
        BELL.params(centre=[0.0, 4.0], width=[1.0, 0.7]),
        lambda rng, k, n: rng.normal([0.0, 4.0][k], [1.0, 0.7][k], (n, 1)),
        lambda: (line(-14, 17, 3000)[0][:, None], line(-14, 17, 3000)[1]),
        lambda x, w: [weighted_mean(x, w), np.sqrt(np.diag(weighted_covariance(x, w)))],
    ),
    FamilyCase(
        "scipy-geom",
        WAITS,
        WAITS.params(p=[0.3, 0.6]),
        lambda rng, k, n: rng.geometric([0.3, 0.6][k], (n, 1)) - 1,
        lambda: product_grid(counting(200)),
        lambda x, w: [1 / (1 + weighted_mean(x, w))],
    ),
    FamilyCase(
        "repeated",
        ek.Repeated(ek.Poisson(), 2),
        ek.PoissonParams(RATES[:2, :1]),
        lambda rng, k, n: rng.poisson(RATES[k, 0], (n, 2)),
        lambda: product_grid(counting(60), counting(60)),
        lambda x, w: [[weighted_mean(x, w).mean()]],
    ),
    FamilyCase(
        "repeated-normal",
        ek.Repeated(ek.FullGaussian(), 2),
        ek.FullGaussianParams(MEANS[:, :1], SQUARES[:, :1, :1]),
        lambda rng, k, n: rng.normal(MEANS[k, 0], np.sqrt(SQUARES[k, 0, 0]), (n, 2)),
        PLANE,
        lambda x, w: [weighted_mean(x.reshape(-1, 1), np.repeat(w, 2)), weighted_covariance(x.reshape(-1, 1), np.repeat(w, 2))],
    ),
    FamilyCase(
        "truncated",
        ek.Truncated(ek.Poisson(), 1),
        ek.PoissonParams(RATES[:2]),
        lambda rng, k, n: inside(lambda: rng.poisson(RATES[k], (n, 2)), 1, np.inf, n),
        lambda: product_grid((np.arange(1.0, 60), np.ones(59)), (np.arange(1.0, 60), np.ones(59))),
        seen_poisson_fit,
        exchange_columns=by_column("rates"),
    ),
    FamilyCase(
        "truncated-normal",  # a window so wide that one component for all rows has a maximum, too
        ek.Truncated(ek.DiagonalGaussian(), -2.2, 5.2),
        ek.DiagonalGaussianParams([[0.0], [3.0]], [[1.0], [0.6]]),
        lambda rng, k, n: inside(lambda: rng.normal([0.0, 3.0][k], np.sqrt([1.0, 0.6][k]), (n, 1)), -2.2, 5.2, n),
        lambda: product_grid(between(-2.2, 5.2, 200)),
        seen_normal_fit(-2.2, 5.2),
    ),
    FamilyCase(
        "tied-variances",
        ek.Tied(ek.DiagonalGaussian(), "variances"),
        ek.Tied(ek.DiagonalGaussian(), "variances").tied(ek.DiagonalGaussianParams(MEANS, np.full((3, 2), 0.8))),
        lambda rng, k, n: normal(rng, MEANS[k], 0.8 * np.eye(2), n),
        PLANE,
        lambda x, w: [weighted_mean(x, w), np.diag(weighted_covariance(x, w))],
        shared=("variances",),
    ),
    FamilyCase(
        "tied-shapes",
        ek.Tied(ek.Gamma(), "shapes"),
        ek.Tied(ek.Gamma(), "shapes").tied(ek.GammaParams([[2.0, 5.0]] * 2, TIMES)),
        lambda rng, k, n: rng.gamma([2.0, 5.0], TIMES[k] / [2.0, 5.0], (n, 2)),
        QUADRANT,
        gamma_fit,
        shared=("shapes",),
    ),
    FamilyCase(
        "tied-wear",  # one link finds both fields
        ek.Tied(ek.Weibull(), "shapes"),
        ek.Tied(ek.Weibull(), "shapes").tied(ek.WeibullParams([[1.3, 1.8]] * 2, TIMES)),
        lambda rng, k, n: TIMES[k] * rng.weibull([1.3, 1.8], (n, 2)),
        QUADRANT,
        weibull_fit,
        shared=("shapes",),
    ),
    FamilyCase(
        "tied-rates",  # components that are all alike
        ek.Tied(ek.Poisson(), "rates"),
        ek.Tied(ek.Poisson(), "rates").tied(ek.PoissonParams([[1.0, 4.0]] * 2)),
        lambda rng, k, n: rng.poisson([1.0, 4.0], (n, 2)),
        lambda: product_grid(counting(60), counting(60)),
        lambda x, w: [weighted_mean(x, w)],
        shared=("rates",),
    ),
    FamilyCase(
        "tied-levels",  # of one column
        ek.Tied(ek.Categorical(), "columns.1"),
        ek.Tied(ek.Categorical(), "columns.1").tied(ek.CategoricalParams((*LEVELS[:1], [[0.6, 0.4]] * 2, *LEVELS[2:]))),
        lambda rng, k, n: np.stack([rng.choice(len(p), n, p=p) for p in (LEVELS[0][k], [0.6, 0.4], LEVELS[2][k])], axis=1),
        lambda: product_grid(counting(2), counting(1), counting(2)),
        lambda x, w: [[w @ (x[:, j] == c) / w.sum() for c in range(len(p[0]))] for j, p in enumerate(LEVELS)],
        shared=("columns.1.probabilities",),
    ),
    FamilyCase(
        "skew-normal",
        ek.SkewNormal(),
        ek.SkewNormalParams(MEANS[:2], [[2.0, -1.5], [-1.0, 1.5]], [[0.5, 1.0], [0.3, 0.8]]),
        lambda rng, k, n: stats.skewnorm.rvs(SLANTS[k], MEANS[k], SKEW_SCALES[k], (n, 2), random_state=rng),
        PLANE,
        None,
        exchange_columns=lambda p, order: ek.SkewNormalParams(*(value[:, order] for value in vars(p).values())),
    ),
    FamilyCase(
        "laplace",
        ek.Laplace(),
        ek.LaplaceParams(MEANS[:2], [[1.0, 0.5], [0.6, 1.2]]),
        lambda rng, k, n: rng.laplace(MEANS[k], [[1.0, 0.5], [0.6, 1.2]][k], (n, 2)),
        lambda: product_grid(peak(0.0, 3.0), peak(1.0, 0.0)),
        None,
        exchange_columns=lambda p, order: ek.LaplaceParams(p.locations[:, order], p.scales[:, order]),
    ),
    student_t("student-t-light", (0.15, 0.05)),
    student_t("student-t", (0.5, 0.4)),
    FamilyCase(
        "normal-regression",
        settled(ek.NormalRegression(0, 1), normal_responses),
        ek.NormalRegressionParams(LINES, [0.5, 1.2], covariates=("intercept", "column 1")),
        normal_responses,
        lambda: response_grid(line(-14, 17, 400)),
        normal_regression_fit,
    ),
    FamilyCase(
        "normal-regression-shared",
        ek.NormalRegression(0, 1, shared=2),
        ek.NormalRegression(0, 1, shared=2).params(LINES, shared=[0.7], variances=[0.5, 1.2]),
        shared_responses,
        lambda: response_grid(line(-20, 20, 400), 2),
        None,
        shared=("shared",),
    ),
    FamilyCase(
        "poisson-regression",
        settled(ek.PoissonRegression(0, 1), poisson_responses),
        ek.RegressionParams([[0.4, 0.5], [1.5, -0.4]]),
        poisson_responses,
        lambda: response_grid(counting(80)),
        None,
    ),
    FamilyCase(
        "poisson-regression-offset",
        ek.PoissonRegression(0, shared=1, offset=2),
        ek.PoissonRegression(0, shared=1, offset=2).params([[0.4], [1.5]], shared=[-0.4]),
        lambda rng, k, n: with_predictors(rng, n, 2, lambda x: rng.poisson(np.exp([0.4, 1.5][k] - 0.4 * x[0] + x[1]))),
        lambda: response_grid(counting(250), 2),
        None,
        shared=("shared",),
    ),
    FamilyCase(
        "negative-binomial-regression",
        settled(ek.NegativeBinomialRegression(0, 1), poisson_responses),
        ek.NegativeBinomialRegressionParams([[0.4, 0.5], [1.5, -0.4]], [0.3, 0.1]),
        lambda rng, k, n: with_predictors(
            rng,
            n,
            1,
            lambda x: rng.poisson(rng.gamma([3.0, 9.0][k], np.exp([0.4, 1.5][k] + [0.5, -0.4][k] * x[0]) / [3.0, 9.0][k])),
        ),
        lambda: response_grid(counting(250)),
        None,
    ),
    FamilyCase(
        "student-t-regression",
        settled(ek.StudentTRegression(0, 1), normal_responses),
        ek.StudentTRegressionParams(LINES, [0.5, 1.2], [0.2, 0.1], covariates=("intercept", "column 1")),
        lambda rng, k, n: with_predictors(
            rng, n, 1, lambda x: LINES[k, 0] + LINES[k, 1] * x[0] + [0.7, 1.1][k] * rng.standard_t([5, 10][k], n)
        ),
        lambda: response_grid(heavy_line(2000)),
        None,
    ),
    FamilyCase(
        "binomial-regression",
        ek.BinomialRegression(0, 1, trials=7),
        ek.RegressionParams([[0.4, 1.0], [-1.5, -0.4]]),
        lambda rng, k, n: with_predictors(rng, n, 1, lambda x: rng.binomial(7, expit([0.4, -1.5][k] + [1.0, -0.4][k] * x[0]))),
        lambda: response_grid(counting(7)),
        None,
    ),
    FamilyCase(
        "weibull-regression",  # times that may not be seen to end
        settled(ek.WeibullRegression(0, 2, event=1), seen_responses),
        ek.SurvivalParams(LIVES, [0.8, 0.5], covariates=("intercept", "column 2")),
        seen_responses,
        seen_responses_grid,
        None,
    ),
    FamilyCase(
        "censored-weibull",
        ek.Censored(ek.Weibull()),
        ek.WeibullParams([[1.3], [4.0]], [[0.5], [2.0]]),
        seen_times,
        seen_times_grid,
        None,
    ),
    FamilyCase(
        "weibull-regression-entry",  # of which short ones may not be seen at all
        settled(ek.WeibullRegression(0, 2, event=1, entry=3), late_responses),
        ek.SurvivalParams(LIVES, [0.8, 0.5], covariates=("intercept", "column 2")),
        late_responses,
        late_responses_grid,
        None,
    ),
    FamilyCase(
        "censored-in-windows",
        ek.CensoredInWindows(ek.Weibull()),
        ek.WeibullParams([[1.3], [4.0]], [[0.5], [2.0]]),
        late_times,
        late_times_grid,
        None,
    ),
    FamilyCase(
        "censored-truncated",  # all of one window
        ek.Censored(ek.Truncated(ek.Weibull(), 0.3)),
        ek.WeibullParams([[1.3], [4.0]], [[0.5], [2.0]]),
        lambda rng, k, n: late_times(rng, k, n, ENTRIES[1:])[:, :2],
        lambda: seen_times_grid(np.log(0.3)),
        None,
    ),
    FamilyCase(
        "gamma-regression",
        ek.GammaRegression(0, 1),
        ek.GammaRegressionParams([[0.4, 0.5], [1.5, -0.4]], [2.0, 5.0], covariates=("intercept", "column 1")),
        lambda rng, k, n: with_predictors(
            rng, n, 1, lambda x: rng.gamma([2.0, 5.0][k], np.exp([0.4, 1.5][k] + [0.5, -0.4][k] * x[0]) / [2.0, 5.0][k])
        ),
        lambda: response_grid(half_line(2000)),
        None,
    ),
    FamilyCase(
        "hurdle-regression",
        HURDLE,
        HURDLE.params(ek.RegressionParams([[0.4, 0.5], [1.5, -0.4]]), ek.ExactZerosParams()),
        hurdle_responses,
        lambda: response_grid(counting(80)),
        None,
    ),
    FamilyCase(
        "multinomial-regression",
        ek.MultinomialRegression(0, 1),
        ek.MultinomialRegressionParams([[[0, 0], [0.5, 1.0], [-0.3, 0.4]], [[0, 0], [-0.6, 0.2], [0.8, -1.0]]]),
        multinomial_responses,
        lambda: response_grid(counting(2)),
        None,
    ),
    FamilyCase(
        "ordered-regression",
        settled(ek.OrderedRegression(0, (1, 2)), ordered_responses),
        ek.OrderedRegressionParams(SLOPES, CUTPOINTS, covariates=("column 1", "column 2")),
        ordered_responses,
        lambda: response_grid(counting(3), 2),
        None,
    ),
]
CASE = {case.name: case for case in FAMILIES}
FORMS: dict[str, Callable[..., Any]] = {  # of covariances, as mclust calls them
    form: partial(ek.ParsimoniousGaussian, form) for form in PARSIMONIOUS
} | {"VII": ek.SphericalGaussian, "VVI": ek.DiagonalGaussian, "EEE": ek.TiedGaussian, "VVV": ek.FullGaussian}
OF_FAMILY = {name: case for name, make in ek.FAMILIES.items() for case in FAMILIES if case.family == make()}
INSIDE = (
    "censored-weibull",
    "censored-in-windows",
    "censored-truncated",
    "student-t",
    "skew-normal",
    "laplace",
    "student-t-regression",
)  # latent variables inside the family: what an M-step maximises is a bound
STEPPING = (  # an M-step is one step of Newton's method, along a bound
    "poisson-regression", "binomial-regression", "gamma-regression", "negative-binomial-regression", "hurdle-regression",
    "gated", "multinomial-regression", "ordered-regression",
)  # fmt: skip
OF_OTHERS = ("hurdle-regression",)  # made of regressions, for which laws hold: what repeats laws for these is long
BOUNDED = (*INSIDE, *STEPPING, "stays")  # these, and stays that are cut off, of which the law before says how long they last
IN_TURN = (
    "normal-regression-shared",
    "student-t-regression",
)  # links that are each the best given the others, and not all of them together
KINKED = ("laplace",)  # a bound in pieces of straight lines, which has no slope at its highest point
NOT_LINEAR = (  # in any features, or not without loss of digits
    "gamma", "negative-binomial", "weibull", "inverse-gaussian",
    "normals-and-noise", "counts-and-zero", "zero-inflated", "mixture-of", "nested", "student-t-light", *INSIDE,
    "density", "scipy-geom", "repeated", "repeated-normal", "tied-shapes", "tied-wear", "poisson-regression-offset",
    "weibull-regression", "weibull-regression-entry", *STEPPING,
)  # fmt: skip
INNER_STATES = ("zero-inflated", "mixture-of", "nested")  # components that have latent states of their own
GAUSSIANS = [case for case in FAMILIES if case.name.startswith("gaussian")]


def with_gaps(draw: Callable[[np.random.Generator, int], Array], share: float = 0.2) -> Callable[..., Array]:
    """Rows as they are drawn, of which a share of the cells is missing."""

    def drawn(rng: np.random.Generator, n: int) -> Array:
        x = draw(rng, n)
        return np.where(rng.random(x.shape) < share, np.nan, x)

    return drawn


def among_gaps(case: FamilyCase) -> Any:
    """The family for rows of which any cell may be missing, settled."""
    rows = with_gaps(case.draw)(np.random.default_rng(0), 500)
    return case.family.among_gaps.settled(ek.ArraySource(rows).profile)


def _frozen() -> list[ModelCase]:
    """Every field of every mixture held, one at a time."""
    cases = []
    for case in FAMILIES:
        for path in ek.Mixture(case.family).updates():
            model = ek.Frozen(ek.Mixture(case.family), path)
            cases.append(ModelCase(f"{case.name}-{path}-frozen", model, case.mixture, case.draw, (path,)))
    return cases


MIXTURES = [ModelCase(case.name, ek.Mixture(case.family), case.mixture, case.draw) for case in FAMILIES]
HARD = [ModelCase(f"{case.name}-hard", ek.Mixture(case.family, ek.Hard()), case.mixture, case.draw) for case in FAMILIES]
SAMPLED = [ModelCase(f"{c.name}-sampled", ek.Mixture(c.family, ek.Sampled(7)), c.mixture, c.draw) for c in FAMILIES]
FROZEN = _frozen()
CELLS = [
    ModelCase(
        "cells-linkage",
        linkage_cells(),
        linkage_cells().params(t=0.5, u=0.5),
        lambda rng, n: rng.multinomial(20, [0.65, 0.1, 0.1, 0.15], n),
        lessons=(linkage(),),
    ),
    ModelCase(
        "cells-blood",
        blood_cells(),
        blood_cells().params(p=0.3, q=0.2, r=0.5),
        lambda rng, n: rng.multinomial(30, [0.36, 0.08, 0.03, 0.53], n),
        lessons=(blood_groups(),),
    ),
]
SAY_MORE = [case for case in FAMILIES if np.isnan(case.draw(np.random.default_rng(0), 100)).any()]  # gaps are what they tell
DRAWN_WHOLE = (
    "weibull-regression",
    "weibull-regression-entry",
    "censored-weibull",
    "censored-in-windows",
    "censored-truncated",
)  # the family draws rows of which nothing is hidden
ADMIT_GAPS = [case for case in FAMILIES if case.family.among_gaps is not None and case not in SAY_MORE]
GAPS = [ModelCase(f"{c.name}-gaps", ek.Mixture(among_gaps(c)), c.mixture, with_gaps(c.draw)) for c in ADMIT_GAPS]
LATENT_CELLS = [  # by itself, or several times in a row
    case
    for case in GAPS
    if isinstance(case.model.family, LatentCells) or isinstance(getattr(case.model.family, "family", None), LatentCells)
]


def favours_small_shapes(shapes: Array) -> float:
    """The logarithm of a density that is conjugate to nothing here."""
    return -0.7 * float((np.log(shapes) ** 2).sum())


def _prior(name: str, case: str, priors: dict[str, Any]) -> ModelCase:
    of = CASE[case]
    return ModelCase(f"prior-{name}", ek.WithPrior(ek.Mixture(of.family), priors), of.mixture, of.draw)


NORMAL = ek.NormalPrior(0.5, (0.5, 1.0), 4.0, ((2.0, 0.2), (0.2, 1.5)))
PRIORS = [
    _prior(
        "rates", "poisson", {"proportions": ek.DirichletPrior((2.0, 3.0, 1.0)), "components.rates": ek.GammaPrior(3.0, 0.8)}
    ),
    _prior("times", "exponential", {"components.rates": ek.GammaPrior(3.0, 0.8)}),
    _prior("chances", "bernoulli", {"components.probabilities": ek.BetaPrior(2.0, 3.5)}),
    _prior("levels", "categorical", {"components": ek.DirichletPrior()}),
    _prior("normal", "gaussian", {"components": NORMAL}),
    _prior("diagonal", "gaussian-diag", {"components": NORMAL}),
    _prior("tied", "gaussian-tied", {"components": NORMAL}),
    _prior("spherical", "gaussian-spherical", {"components": NORMAL}),
    _prior("tied-variances", "tied-variances", {"components": NORMAL}),
    _prior("shapes", "gamma", {"components.shapes": favours_small_shapes}),
    ModelCase(
        "prior-held",
        ek.Frozen(ek.WithPrior(ek.Mixture(ek.Poisson()), {"components": ek.GammaPrior(3.0, 0.8)}), "components.rates[0]"),
        CASE["poisson"].mixture,
        CASE["poisson"].draw,
    ),
    ModelCase(
        "held-prior",
        ek.WithPrior(ek.Frozen(ek.Mixture(ek.Poisson()), "components.rates[0]"), {"components": ek.GammaPrior(3.0, 0.8)}),
        CASE["poisson"].mixture,
        CASE["poisson"].draw,
    ),
]
TURNS = {  # transitions between so many states
    2: [[0.9, 0.1], [0.3, 0.7]],
    3: [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6]],
}


def _chain(case: FamilyCase) -> ModelCase:
    params = ek.HiddenMarkovParams(case.proportions, TURNS[case.n_components], case.params)
    return ModelCase(f"{case.name}-chain", ek.HiddenMarkovChain(case.family), params, case.draw)


def _stationary(case: FamilyCase) -> ModelCase:
    params = ek.StationaryHiddenMarkovParams(TURNS[case.n_components], case.params)
    return ModelCase(f"{case.name}-stationary", ek.StationaryHiddenMarkovChain(case.family), params, case.draw)


def _semi_markov(case: FamilyCase) -> ModelCase:
    k = case.n_components
    durations, hollow = ek.NegativeBinomialParams([[1.5]] * k, [[0.4]] * k), (1 - np.eye(k)) / (k - 1)
    params = ek.HiddenSemiMarkovParams(case.proportions, hollow, durations, case.params)
    return ModelCase(
        f"stays-{case.name}", ek.HiddenSemiMarkovChain(case.family, durations="negative-binomial", longest=6), params, case.draw
    )


def gated(rng: np.random.Generator, n: int) -> Array:
    """Counts of two regressions on the covariate that decides between them."""
    x = rng.choice(GIVEN, n)
    k = (rng.random(n) < expit(0.5 - x)).astype(int)
    counts = rng.poisson(np.exp(np.array([0.4, 1.5])[k] + np.array([0.5, -0.4])[k] * x))
    return np.stack([counts, x], axis=1).astype(float)


STATIONARY = [_stationary(CASE[name]) for name in ("poisson", "gaussian")]
STAYS = [_semi_markov(CASE["poisson"])]
GATED_CHAINS = [
    ModelCase(
        "gated-chain",
        ek.GatedHiddenMarkovChain(ek.PoissonRegression(0, 1), transitions=1, initial=1),
        ek.GatedInitialHiddenMarkovParams(
            [[0.0, 0.0], [0.5, -1.0]],
            [[[0.0, 0.0], [-1.0, 0.5]], [[0.0, 0.0], [0.8, -0.3]]],
            ek.RegressionParams([[0.4, 0.5], [1.5, -0.4]]),
        ),
        gated,
    )
]
CHAINS = [  # rows in no groups: of one row each
    *(_chain(CASE[name]) for name in ("poisson", "categorical", "gaussian", "product", "mixture-of")),
    *STATIONARY,
    *STAYS,
    *GATED_CHAINS,
]
STICKY = {"transitions": ek.DirichletPrior(2 + 3 * np.eye(3)), "initial": ek.DirichletPrior(2.0)}
CHAINS.append(replace(CHAINS[0], name="prior-sticky", model=ek.WithPrior(ek.HiddenMarkovChain(ek.Poisson()), STICKY)))
DRAWN_CHAINS = [replace(CHAINS[0], name="poisson-chain-sampled", model=ek.HiddenMarkovChain(ek.Poisson(), ek.Sampled(7)))]


def gated_answers(rng: np.random.Generator, n: int) -> Array:
    """Answers of three classes, to which age and another number lead."""
    z = rng.choice(GIVEN, (n, 2))
    scores = np.column_stack([np.zeros(n), 0.3 + z[:, 0], -0.2 - 0.8 * z[:, 1]])
    shares = np.cumsum(np.exp(scores), axis=1)
    k = (rng.random((n, 1)) * shares[:, -1:] > shares).sum(axis=1)
    return np.column_stack([z[:, 0], rng.random((n, 4)) < GATED_ITEMS[k], z[:, 1]]).astype(float)


GATED_ITEMS = np.array([[0.2, 0.5, 0.7, 0.35], [0.8, 0.4, 0.1, 0.9], [0.5, 0.9, 0.5, 0.5]])
ANSWERS = ek.Product({0: ek.Covariates(), (1, 2, 3, 4): ek.Bernoulli(), 5: ek.Covariates()})
GATED = [
    ModelCase(
        "gated-counts",
        ek.GatedMixture(ek.PoissonRegression(0, 1), 1),
        ek.GatedMixtureParams([[0.0, 0.0], [0.5, -1.0]], ek.RegressionParams([[0.4, 0.5], [1.5, -0.4]])),
        gated,
    ),
    ModelCase(
        "gated-answers",
        ek.GatedMixture(ANSWERS, (0, 5)),
        ek.GatedMixtureParams(
            [[0.0, 0.0, 0.0], [0.3, 1.0, 0.0], [-0.2, 0.0, -0.8]],
            ANSWERS.params(ek.CovariatesParams(), ek.SuccessParams(GATED_ITEMS), ek.CovariatesParams()),
        ),
        gated_answers,
    ),
]
MODELS = [*MIXTURES, *HARD, *FROZEN, *GAPS, *CELLS, *PRIORS, *CHAINS, *GATED]
LESSONS = [lesson for case in [*FAMILIES, *CELLS] for lesson in case.lessons]


def estimate(family: Any, stats: Any, params: Any) -> Any:
    """The parameters that maximise the expected log-likelihood, given statistics that were taken at `params`."""
    return maximise_in_turn(family.updates(), stats, params)


def spread_mixture(name: str, k: int = 3) -> tuple[Any, Any, Any]:
    """Of a family with its default settings: a mixture, 40 rows of its case, and a start with components that differ."""
    case = OF_FAMILY[name]
    model, source = ek.Mixture(case.family), ek.ArraySource(case.draw(np.random.default_rng(5), 40))
    return model, source, spread_start(model, source, k, seed=1)
