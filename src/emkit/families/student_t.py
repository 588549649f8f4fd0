"""Columns with heavy tails: Student's t, in one or many columns.

A row is normal with its covariance divided by a weight of its own, a gamma variable of mean 1; given the row, its expected
weight u falls with the row's distance q. The log-density is convex in q, so the line that touches it at the q of the E-step is
a bound: linear in moments of rows weighted with u, for any tails. These moments are smooth functions of the tails, known near
by from their values at a few places (`span.py`), so an M-step maximises the bound over all parameters at once. It touches the
log-density for all tails: these move as if nothing were latent.
Source: Lange, Little & Taylor (1989), J. Amer. Statist. Assoc. 84, 881-896; Liu & Rubin (1994), Biometrika 81, 633-648, for
tails by the likelihood itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, replace_at
from emkit.core.protocols import Update
from emkit.core.spaces import NonNegative, PositiveDefinite, Real
from emkit.core.statistics import Additive, add_up
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.families.description import Description, Word
from emkit.families.family import Family, per_mass, repeat
from emkit.families.floor import CovarianceFloor, Floor, Floored
from emkit.families.gamma_shape import log_less_gammaln
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.normal import Moments
from emkit.families.span import Span
from emkit.families.spread import Covariances, Spread, few
from emkit.families.support import Support, reals

__all__ = ["StudentT", "StudentTParams"]

TYPICAL = 0.1  # the tails that starts have: ten degrees of freedom
LIGHT = 1e-12  # tails that no row tells from those of a normal distribution
NEAR = Span(reach=1.4, places=16)  # tails up to four times as heavy or light, known to eleven digits
BEYOND = 5  # times: more than the span, so that what leaves it for 0 is light


@dataclass(frozen=True, eq=False)
class StudentTParams(Parameters):
    """`means` (K, d), `scale_matrices` (K, d, d) and `tails` (K,), which are 1 / degrees of freedom.

    Scale matrices are in squares of the unit of the data. Tails of 0 are those of a normal distribution, tails of 1 those of a
    Cauchy distribution.

    Tails of 0.25 are those of four degrees of freedom; tails of 0, those of a normal distribution:

    >>> import emkit as ek
    >>> params = ek.StudentTParams([[0.0], [5.0]], [[[1.0]], [[2.0]]], tails=[0.25, 0.0])
    >>> params.freedoms.tolist()
    [4.0, inf]
    """

    means: Annotated[Array, Real(), Axes("component", "column", coupled=("column",))]
    scale_matrices: Annotated[Array, PositiveDefinite(), Axes("component", "column", "column")]
    tails: Annotated[Array, NonNegative(), Axes("component")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, scale_matrices: ArrayLike, tails: ArrayLike) -> None: ...

    @property
    def freedoms(self) -> Array:
        """The degrees of freedom, (K,)."""
        with np.errstate(divide="ignore"):
            return 1 / self.tails


@dataclass(frozen=True)
class TrustedMoments(Additive):
    """Sums about the means of the E-step, for tails at P places near those of the E-step, where u is the weight of a row.

    `mass` (K,) = sum w; `trust` (K, P) = sum w u; `shift` (K, P, d) = sum w u (x - mean); `scatter` (K, P, d, d) = sum w u
    (x - mean)(x - mean)'; `height` (K, P): the log-density but for |C|; `length` (K, P) = sum w u q.
    """

    mass: Array
    trust: Array
    shift: Array
    scatter: Array
    height: Array
    length: Array


@dataclass(frozen=True)
class StudentT(Floored, Family[StudentTParams, TrustedMoments]):
    """log p(x|k) = log Gamma((f + d) / 2) - log Gamma(f / 2) - 1/2 [d log(pi f) + log |C| + (f + d) log(1 + q / f)].

    Here f = 1 / tails_k are the degrees of freedom, C = scale_matrices_k, and q = (x - m_k)' C^-1 (x - m_k).
    `freedom`: degrees of freedom that all components have, and no fit moves; None: each component's are estimated.
    Data: x (n, d) of real numbers. The floor is under the scale in every direction, as under the variances of normals.

    Newcomb's measurements of the speed of light, deviations from 24,800 ns, with two that went wrong (Stigler 1977):

    >>> import emkit as ek
    >>> x = (
    ...     "28 26 33 24 34 -44 27 16 40 -2 29 22 24 21 25 30 23 29 31 19 24 20 36 32 36 28 25 21 28 29 37 25 28 "
    ...     "26 30 32 36 26 30 22 36 23 27 27 28 27 31 27 26 33 26 32 32 24 39 28 24 25 32 25 29 27 28 29 16 23"
    ... ).split()
    >>> found = ek.MixtureModel("student-t", 1, random_state=0).fit([float(cell) for cell in x]).params_.components
    >>> print(found.means.round(2), found.freedoms.round(2))
    [[27.4]] [2.13]
    """

    freedom: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.freedom is not None and not self.freedom > 0:
            raise ParameterError(f"freedom is {self.freedom!r}; degrees of freedom must be > 0, or None to estimate them.")

    @property
    def name(self) -> str:
        return "student-t"

    @property
    def support(self) -> Support:
        return reals(columns.LARGEST)

    @property
    def described(self) -> Description:
        words = {
            "means": Word("mean", "m", 0.0),
            "scale_matrices": Word("scale matrix", "C"),
            "tails": Word("tail", "a", TYPICAL),
        }
        return Description(
            words, data="columns of numbers, some far out", parameters="means, a scale matrix, and tails, for each component"
        )

    @property
    def spread(self) -> Spread:
        return Covariances("scale_matrices")

    def log_density(self, params: StudentTParams, x: Array) -> Array:
        found = np.empty((len(params.means), len(x)))
        whiten, log_determinant = _whitening(params.scale_matrices)
        for rows, deviation in normal.deviations(x, params.means):
            found[:, rows] = fall(normal.squares(whiten @ deviation), params.tails[:, None], x.shape[1])
        return ((peak(params.tails, x.shape[1]) - 0.5 * log_determinant)[:, None] - found).T

    def statistics(self, params: StudentTParams, x: Array, weights: Array) -> TrustedMoments:
        d, tails, parts = x.shape[1], self._near(params.tails)[:, :, None], []
        whiten, _ = _whitening(params.scale_matrices)
        summit = peak(tails[:, :, 0], d)
        for rows, deviation in normal.deviations(x, params.means, copies=tails.shape[1]):
            w = np.ascontiguousarray(weights[rows].T)
            length = normal.squares(whiten @ deviation)[:, None]
            trust = w[:, None] * (1 + d * tails) / (1 + tails * length)
            weighted = deviation[:, None] * trust[:, :, None]
            parts.append(
                TrustedMoments(
                    w.sum(axis=1),
                    trust.sum(axis=2),
                    weighted.sum(axis=3),
                    weighted @ deviation[:, None].swapaxes(2, 3),
                    w.sum(axis=1)[:, None] * summit - (w[:, None] * fall(length, tails, d)).sum(axis=2),
                    (trust * length).sum(axis=2),
                )
            )
        return add_up(parts)

    def updates(self) -> Mapping[str, Update[TrustedMoments, StudentTParams]]:
        if self.freedom is None:
            return {"": self._all}
        return {"means": self._means, "scale_matrices": self._scale_matrices}

    def _near(self, tails: Array) -> Array:
        """The places (K, P) around tails at which moments are taken; only these where they do not move."""
        return NEAR.around(tails) if self.freedom is None else tails[:, None]

    def _at(self, stats: TrustedMoments, before: StudentTParams, tails: Array) -> tuple[Array, Moments]:
        """The bound's part of the tails (K,), and the weighted moments, for tails (K,) near those of the E-step."""
        if self.freedom is not None:
            return (stats.height + stats.length / 2)[:, 0], Moments(stats.trust[:, 0], stats.shift[:, 0], stats.scatter[:, 0])
        t = place_near(tails, before.tails)

        def now(values: Array) -> Array:
            return NEAR.curve(np.moveaxis(values, 1, -1))(t.reshape(-1, *(1,) * (values.ndim - 2)))

        return now(stats.height + stats.length / 2), Moments(now(stats.trust), now(stats.shift), now(stats.scatter))

    def _means(self, stats: TrustedMoments, before: StudentTParams, now: StudentTParams) -> Array:
        """The mean of the rows of each component, each with its weight u.

        Shapes: trust (K,), shift (K, d) -> (K, d). Unit: that of the data.
        Source: set d/dmean [-1/2 sum w u (x - mean)' C^-1 (x - mean)] = 0.
        """
        moments = self._at(stats, before, now.tails)[1]
        return before.means + per_mass(moments.shift, moments.mass)

    def _scale_matrices(self, stats: TrustedMoments, before: StudentTParams, now: StudentTParams) -> Array:
        """The mean of u (x - m)(x - m)' about the means `now`, no direction of it below the floor.

        Shapes: mass (K,), scatter (K, d, d) -> (K, d, d). Unit: squares of the data's.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: set d/dC [-mass/2 log |C| - 1/2 tr(C^-1 scatter)] = 0.
        """
        about, move = normal.products_about(self._at(stats, before, now.tails)[1], before, now)
        j = np.arange(move.shape[1])
        about[:, j, j] += normal.padding(stats.mass, move)
        raw = per_mass(about, stats.mass, before.scale_matrices)
        least = normal.share_of(self.whole, self.floor, len(j))
        return normal.each_lifted(raw, *least, before.scale_matrices, few(stats.mass * self.rows_per_weight, len(j)))

    def _all(self, stats: TrustedMoments, before: StudentTParams, now: StudentTParams) -> StudentTParams:
        """Means, scales and tails that are best together: the tails at which the best means and scales reach highest.

        Tails are found within exp(1.4) times those before: what is lighter or heavier takes several steps.
        Shapes: mass (K,), height (K, P) and others -> (K, d), (K, d, d) and (K,).
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: see the top of the file.
        """
        some = stats.mass > 0
        trust = np.where(some[:, None], stats.trust, 1.0)
        about = stats.scatter - stats.shift[:, :, :, None] * stats.shift[:, :, None, :] / trust[:, :, None, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            volume = np.linalg.slogdet(about / np.where(some, stats.mass, 1.0)[:, None, None, None])[1]
        volume = np.where(some[:, None], volume, 0.0)
        reached = stats.height + stats.length / 2 - stats.mass[:, None] / 2 * volume
        known = some & np.isfinite(reached).all(axis=1) & (before.tails > 0)
        best = NEAR.curve(np.where(known[:, None], reached, 0.0)).climbing().summit()
        tails = np.where(known, before.tails * np.exp(NEAR.reach * best), before.tails)
        tails = np.where(tails < LIGHT, 0.0, tails)
        moved = self._given_tails(stats, before, tails)
        if self.floor == 0 or (moved.tails == before.tails).all():
            return moved
        stayed = self._given_tails(stats, before, before.tails)  # where the floor holds a scale, other tails may be no better
        lower = self._heights(stats, before, moved) < self._heights(stats, before, stayed)
        return self._given_tails(stats, before, np.where(lower, before.tails, tails)) if lower.any() else moved

    def _given_tails(self, stats: TrustedMoments, before: StudentTParams, tails: Array) -> StudentTParams:
        now = replace_at(before, {"tails": tails})
        now = replace_at(now, {"means": self._means(stats, before, now)})
        return replace_at(now, {"scale_matrices": self._scale_matrices(stats, before, now)})

    def _heights(self, stats: TrustedMoments, before: StudentTParams, now: StudentTParams) -> Array:
        """The bound of each component, (K,)."""
        of_tails, moments = self._at(stats, before, now.tails)
        about, _ = normal.products_about(moments, before, now)
        log_determinant = np.linalg.slogdet(now.scale_matrices)[1]
        lengths = np.einsum("kij,kij->k", np.linalg.inv(now.scale_matrices), about)
        return np.asarray(of_tails - 0.5 * (stats.mass * log_determinant + lengths))

    def expected(self, stats: TrustedMoments, before: StudentTParams, now: StudentTParams) -> Expected:
        """-infinity where tails lie beyond the places at which the statistics were taken."""
        moments = self._at(stats, before, now.tails)[1]
        about, move = normal.products_about(moments, before, now)
        precision, mass = np.linalg.inv(now.scale_matrices), stats.mass[:, None, None]
        of_means = (precision @ (moments.shift - moments.mass[:, None] * move)[:, :, None])[:, :, 0]
        of_matrices = normal.symmetric((precision @ about @ precision - mass * precision) / 2)
        slopes = {"means": of_means, "scale_matrices": of_matrices}
        if self.freedom is None:
            slopes["tails"] = self._slope_of_tails(stats, before, now, np.asarray(precision), move)
        heights = self._heights(stats, before, now)
        known = self.freedom is not None or not np.isnan(place_near(now.tails, before.tails)).any()
        return Expected(float(heights.sum()) if known else -np.inf, slopes)

    def _slope_of_tails(
        self, stats: TrustedMoments, before: StudentTParams, now: StudentTParams, precision: Array, move: Array
    ) -> Array:
        first, second = stats.shift, stats.scatter
        lengths = np.einsum("kij,kpij->kp", precision, second) - 2 * np.einsum("ki,kij,kpj->kp", move, precision, first)
        lengths += stats.trust * np.einsum("ki,kij,kj->k", move, precision, move)[:, None]
        climbing = NEAR.curve(stats.height + (stats.length - lengths) / 2).climbing()
        heavy = now.tails > 0
        t = np.where(heavy, place_near(now.tails, before.tails), 0.0)
        return np.where(heavy, climbing(t) / np.where(heavy, now.tails, 1.0), 0.0)

    def draw(self, params: StudentTParams, rng: np.random.Generator, components: Integers) -> Array:
        tails = params.tails[components]
        shapes = 0.5 / np.where(tails > 0, tails, 1.0)
        weights = np.where(tails > 0, rng.gamma(shapes) / shapes, 1.0)
        around = normal.drawn(np.zeros_like(params.means), normal.cholesky(params.scale_matrices), rng, components)
        return np.asarray(params.means[components] + around / np.sqrt(weights)[:, None])

    def scales(self, params: StudentTParams) -> Mapping[str, Scale]:
        """Means are counted in scales of their component, from where they are."""
        unit = np.sqrt(np.einsum("kjj->kj", params.scale_matrices))
        return {"means": Scale(params.means, unit), "scale_matrices": Scale(np.zeros(()), unit[:, :, None] * unit[:, None, :])}

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of columns along which no scale can be estimated."""
        columns.refuse_vanishing(profile)
        columns.warn_of_lost_columns(profile, joined=True)
        return self.measured(profile, columns.pooled_moments(profile)[2])

    def lower_bound(self, profile: AnyProfile) -> Floor:
        _, covariance, unit = columns.pooled_moments(profile)
        return CovarianceFloor("scale_matrices", self.floor, unit, covariance, len(unit))

    def pooled(self, profile: AnyProfile, n_components: int) -> StudentTParams:
        """Of the mean and covariance of all rows."""
        mean, covariance, unit = columns.pooled_moments(profile)
        lifted = normal.each_lifted(covariance[None], unit, max(self.floor, columns.EPSILON))
        tails = TYPICAL if self.freedom is None else 1 / self.freedom
        return StudentTParams(repeat(mean, n_components), repeat(lifted[0], n_components), np.full(n_components, tails))


def place_near(tails: Array, before: Array) -> Array:
    """Where `tails` lie in the spans around those `before`; NaN beyond. Of light ones, no row tells which they are."""
    light = (tails < LIGHT) & (before < LIGHT * BEYOND)
    return np.where(light, -1.0, NEAR.where(tails, before))


def _whitening(scales: Array) -> tuple[Array, Array]:
    """Inverse Cholesky factors (K, d, d) and log-determinants (K,)."""
    factors = normal.cholesky(scales)
    return np.asarray(np.linalg.inv(factors)), 2 * np.log(np.einsum("kjj->kj", factors)).sum(axis=1)


def fall(length: Array, tails: Array, d: int) -> Array:
    """By how much the log-density is lower than at the mean, of squared lengths and tails that broadcast against each other."""
    beyond = tails * length
    ratio = np.divide(np.log1p(beyond), beyond, out=np.ones_like(beyond), where=beyond > 0)
    return np.asarray(0.5 * (1 + d * tails) * length * ratio)


def peak(tails: Array, d: int) -> Array:
    """The log-density at the mean but for the determinant.

    It is above that of a normal distribution by log Gamma(s + d/2) - log Gamma(s) - d/2 log s, with s = 1 / (2 tails).
    """
    heavy, half = tails > 0, d / 2
    s = 0.5 / np.where(heavy, tails, 1.0)
    found = (s + half) * np.log1p(half / s) - half + log_less_gammaln(s) - log_less_gammaln(s + half)
    return np.where(heavy, found, 0.0) - half * normal.LOG_2_PI
