"""Normal components whose covariances share volume, shape or orientation: the forms of mclust between round and full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.axes import component_name
from emkit.core.expected import Expected
from emkit.core.protocols import Update
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.description import Description, Word
from emkit.families.family import repeat
from emkit.families.floor import FREED, THIN, Floor, bounds, too_thin
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.described import MEANS
from emkit.families.gaussian.ellipsoid_floor import EllipsoidFloor
from emkit.families.gaussian.ellipsoids import LOWEST, Ellipsoids, Form, best, heights, of_matrix
from emkit.families.gaussian.forms import diagonal_form, full_form
from emkit.families.gaussian.latent_cells import JoinedColumns
from emkit.families.gaussian.normal import Moments
from emkit.families.gaussian.parsimonious_params import (
    PARAMETERS,
    EEIParams,
    EEVParams,
    EIIParams,
    EllipsoidParams,
    EVEParams,
    EVIParams,
    EVVParams,
    VEEParams,
    VEIParams,
    VEVParams,
    VVEParams,
    VVIParams,
    VVVParams,
)
from emkit.families.in_groups import InGroups
from emkit.families.linear import LinearForm
from emkit.families.spread import Covariances, Spread, Variances

__all__ = [
    "EEIParams",
    "EEVParams",
    "EIIParams",
    "EVEParams",
    "EVIParams",
    "EVVParams",
    "ParsimoniousGaussian",
    "VEEParams",
    "VEIParams",
    "VEVParams",
    "VVEParams",
]
WORDS = MEANS | {
    "volume": Word("volume", "lambda"),
    "volumes": Word("volume", "lambda"),
    "shape": Word("shape", "A"),
    "shapes": Word("shape", "A"),
    "orientation": Word("orientation", "D"),
    "orientations": Word("orientation", "D"),
}
SHARED = {"E": "one {} for all", "V": "a {} for each component"}
ANY_UNITS = ("EEI", "VEI", "EVI", "VEE", "EVV")  # forms that a column in another unit still has
NAMED = {"VVV": "FullGaussian", "EEE": "TiedGaussian", "VVI": "DiagonalGaussian", "VII": "SphericalGaussian"}


@dataclass(frozen=True)
class ParsimoniousGaussian(JoinedColumns[EllipsoidParams]):
    """log p(x|k) = -1/2 [(x - m_k)' C_k^-1 (x - m_k) + log |C_k| + d log 2 pi] with C_k = volume * D diag(shape) D'.

    `form` has a letter for the volume, the shape and the orientation D: E, equal in all components; V, its own in each; I, the
    unit matrix: round components as shapes, axes along the columns as orientations. EII, EEI, VEI, EVI, VEE, EVE, VVE, EEV, VEV
    and EVV; VVV, EEE, VVI and VII are families by themselves. `number` is how many components in a row share what is shared,
    where that is written out for each; 0 for all.
    Data: x (n, d) of real numbers. But for EEI, VEI, EVI, VEE and EVV, the form depends on the units of the columns.
    Source: Celeux & Govaert (1995), Pattern Recognition 28, 781-793.

    Iris flowers, petals alone, measured in cm (Anderson 1935); a few of two species:

    >>> import emkit as ek
    >>> petals = (
    ...     "1.4 0.2, 1.4 0.2, 1.3 0.2, 1.5 0.2, 1.7 0.4, 1.5 0.1, 4.7 1.4, 4.5 1.5, 4.9 1.5, 4.0 1.3, 4.6 1.5, 3.3 1.0"
    ... ).split(",")
    >>> rows = [[float(cell) for cell in row.split()] for row in petals]
    >>> fit = ek.MixtureModel(ek.ParsimoniousGaussian("VEV"), 2, random_state=0).fit(rows).result_
    >>> print(fit.params.components.volumes.round(4), fit.params.components.shape.round(3))
    [0.0109 0.0405] [4.833 0.207]
    """

    form: str
    number: int = field(default=0, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form in NAMED:
            raise ModelError(f"the form {self.form} is a family by itself: {NAMED[self.form]}.")
        if self.form not in PARAMETERS:
            raise ModelError(f"there is no form {self.form!r}; the forms are {', '.join(PARAMETERS)}.")

    @property
    def _letters(self) -> Form:
        return Form(*self.form)

    @property
    def name(self) -> str:
        return f"gaussian-{self.form}"

    @property
    def described(self) -> Description:
        parts = [
            SHARED[letter].format(part)
            for letter, part in zip(self.form, ("volume", "shape", "orientation"), strict=True)
            if letter != "I"
        ]
        known = {"means", *PARAMETERS[self.form].__annotations__}
        return Description(
            {path: word for path, word in WORDS.items() if path in known},
            data="columns of numbers" if self.form in ANY_UNITS else "columns of numbers in one unit",
            parameters=f"means; {', '.join(parts)}",
            matrices=_covariances,
        )

    @property
    def spread(self) -> Spread:
        if not self._letters.own:
            return Spread()
        return Covariances("covariances") if self.joins_columns else Variances("variances")

    @property
    def joins_columns(self) -> bool:
        return self._letters.turned

    def metric(self, params: EllipsoidParams) -> tuple[Callable[[Array], Array], Array]:
        logs, axes = params.ellipsoids
        narrow = np.exp(-logs / 2)[:, :, None]
        if not self.joins_columns:
            return lambda deviation: normal.squares(deviation * narrow), logs.sum(axis=1)
        whiten = narrow * axes.swapaxes(1, 2)
        return lambda deviation: normal.squares(whiten @ deviation), logs.sum(axis=1)

    def variances(self, params: EllipsoidParams) -> Array:
        return params.variances

    def scatter(self, deviation: Array, weighted: Array) -> Array:
        return weighted @ deviation.swapaxes(1, 2) if self.joins_columns else np.einsum("kjn,kjn->kj", deviation, weighted)

    def updates(self) -> Mapping[str, Update[Moments, EllipsoidParams]]:
        return {"means": normal.updated_means, "": self._spread}

    def _spread(self, stats: Moments, before: EllipsoidParams, now: EllipsoidParams) -> EllipsoidParams:
        """The best volumes, shapes and orientations about the means `now`, no variance along an axis below the floor.

        Shapes: scatter (K, d, d), or (K, d) of forms along the columns. Unit: squares of the data's.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: see `ellipsoids.py`.
        """
        about, move = self._about(stats, before, now)
        padding = normal.padding(stats.mass, move)
        about = about + padding[:, :, None] * np.eye(move.shape[1]) if self.joins_columns else np.maximum(about, 0) + padding
        old, (unit, floor) = before.ellipsoids, self.least(move.shape[1])
        number = self.number or len(stats.mass)
        mass = stats.mass.reshape(-1, number)
        every = stats.mass if self._letters.own else mass.sum(axis=1).repeat(number)
        freed = np.asarray((old.logs < np.log(FREED * max(floor, THIN) * unit)).any(axis=1))
        least = bounds(freed, self.few(every, move.shape[1]), floor, 1.0)[:, None] * unit
        bound = np.log(np.maximum(least, THIN * unit)).reshape(len(mass), number, -1)
        scatter, start = about.reshape(len(mass), number, *about.shape[1:]), old.in_groups(number, self._letters)
        found = best(self._letters, mass, scatter, start, bound)
        low = (found.logs <= np.log(THIN * unit * normal.LIFTED)).any(axis=-1).ravel()
        if floor == 0 and low.any():
            raise normal.collapsed(int(low.argmax()))
        self._refuse(mass, scatter, start, found, freed)
        return type(now).of(now.means, found.in_a_row)

    def _refuse(self, mass: Array, about: Array, before: Ellipsoids, found: Ellipsoids, freed: Mask) -> None:
        """Raise DegenerateFitError for a component that had been freed from the floor, and was likelier than it is found."""
        if freed.any():
            old, new = (
                heights(mass, each.squares(about) if self.joins_columns else about, each.logs) for each in (before, found)
            )
            fell = (new < old - columns.EPSILON * np.abs(old))[:, None] & freed.reshape(mass.shape)
            if fell.any():
                raise too_thin(f"component {component_name(int(fell.argmax()))}")

    def _about(self, stats: Moments, before: EllipsoidParams, now: EllipsoidParams) -> tuple[Array, Array]:
        about = normal.products_about if self.joins_columns else normal.squares_about
        return about(stats, before, now)

    def units(self, profile: AnyProfile) -> Array:
        """The variance of each column; for round components the mean of these, and where axes lie anywhere, the least."""
        mean, spread, each = columns.pooled_spread(profile)
        if self._letters.shape == "I":
            one = columns.positive_units(spread.mean(), np.abs(mean).max())
        elif not self.joins_columns:
            return each
        else:
            varies = spread > (8 * columns.EPSILON * mean) ** 2
            one = spread[varies].min() if varies.any() else each.min()
        return np.full(len(spread), one)

    def expected(self, stats: Moments, before: EllipsoidParams, now: EllipsoidParams) -> Expected:
        about, move = self._about(stats, before, now)
        logs, axes = now.ellipsoids
        mass, precisions = stats.mass[:, None], np.exp(-logs)
        first = stats.shift - mass * move
        if self.joins_columns:
            within = axes.swapaxes(1, 2) @ about @ axes
            squares, turning = np.einsum("kaa->ka", within), (axes * precisions[:, None, :]) @ within
            of_means = np.einsum("kja,ka,kla,kl->kj", *(axes + 0 * within, precisions, axes + 0 * within, first))
        else:
            squares, turning, of_means = about, np.zeros((1, 1, 1)), first * precisions
        value = -0.5 * float((mass * (logs + normal.LOG_2_PI) + squares * precisions).sum())
        slopes = now.slopes((squares * precisions - mass) / 2, turning)
        return Expected(value, {"means": of_means, **slopes})

    def draw(self, params: EllipsoidParams, rng: np.random.Generator, components: Integers) -> Array:
        logs, axes = params.ellipsoids
        return normal.drawn(params.means, axes * np.exp(logs / 2)[:, None, :], rng, components)

    def linear(self, params: EllipsoidParams) -> LinearForm[Moments]:
        if self.joins_columns:
            return full_form(params.means, params.covariances)
        return diagonal_form(params.means, np.exp(params.ellipsoids.logs))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        unit = self.units(profile)
        whole = profile.covariance if self.joins_columns else profile.variance
        return EllipsoidFloor(self._letters, self.floor, unit, whole, len(unit) + self.across, self.number)

    def pooled(self, profile: AnyProfile, n_components: int) -> EllipsoidParams:
        mean, variance, _ = columns.pooled_spread(profile)
        least = np.log(max(self.floor, columns.EPSILON) * self.units(profile))
        one = Ellipsoids(np.log(np.maximum(variance, np.exp(least)))[None], np.eye(len(mean))[None])
        scatter = variance[None]
        if self.joins_columns:
            scatter, one = profile.covariance[None], of_matrix(profile.covariance)
        logs, axes = best(self._letters, np.ones((1, 1)), scatter[None], one.in_groups(1, self._letters), least[None, None])
        many = Ellipsoids(repeat(logs[0, 0], n_components), repeat(axes[0, 0], n_components))
        return self._made.of(repeat(mean, n_components), many)

    def nearest(self, means: Array, covariances: Array) -> EllipsoidParams:
        """The parameters of this form that are best for rows of these means and `covariances` (K, d, d), as many in each."""
        pooled, number = of_matrix(covariances.mean(axis=0)), len(means)
        before = Ellipsoids(repeat(pooled.logs[0], number), repeat(pooled.axes[0], number)).in_groups(number, self._letters)
        scatter = covariances if self.joins_columns else np.einsum("kjj->kj", covariances)
        least = np.full((1, *means.shape), LOWEST)
        return self._made.of(means, best(self._letters, np.ones((1, number)), scatter[None], before, least).in_a_row)

    @property
    def _made(self) -> type[EllipsoidParams]:
        """The class of its parameters."""
        own = VVVParams if self.joins_columns else VVIParams
        return own if self.number else PARAMETERS[self.form]

    @property
    def in_groups(self) -> InGroups[EllipsoidParams]:
        form, each = PARAMETERS[self.form], replace(self, number=1)._made

        def apiece(params: EllipsoidParams) -> EllipsoidParams:
            return each.of(params.means, params.ellipsoids.in_groups(len(params.means), self._letters).in_a_row)

        def shared(params: EllipsoidParams) -> EllipsoidParams:
            return form.of(params.means, params.ellipsoids)

        return InGroups(lambda number: replace(self, number=number), apiece, shared)


def _covariances(params: Any) -> Array:
    return np.asarray(params.covariances)
