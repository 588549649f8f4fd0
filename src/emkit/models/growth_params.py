"""Parameters of growth mixtures: how large classes are, or what that depends on, and what each class is like."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Contrasts, Positive, Real, Simplex
from emkit.data.multinomial_logits import from_first
from emkit.models.mixed_params import MixedModelParams
from emkit.models.nested import NestedCovariance
from emkit.models.random_effects import AnyCovariance, DiagonalCovariance, EqualCovariance

Between: TypeAlias = AnyCovariance | DiagonalCovariance | EqualCovariance | NestedCovariance

OWN = Axes("component", "covariate", coupled=("covariate",), told_by="covariates")
SHARED = Axes("covariate", coupled=("covariate",), told_by="shared_covariates")
GATES = Axes("component", "covariate", coupled=("component", "covariate"), told_by="predictors")


def nothing() -> Array:
    """No coefficients."""
    return np.zeros(0)


def placed(own: Array, shared: Array, at: Sequence[int]) -> Array:
    """Coefficients (K, p): those `own` to each class (K, p - s), and the `shared` ones (s,), which lie `at` places."""
    if not len(at):
        return own
    found = np.empty((len(own), own.shape[1] + len(shared)))
    found[:, list(at)] = shared
    found[:, np.setdiff1d(np.arange(found.shape[1]), list(at))] = own
    return found


class AnyGrowthParams(Parameters):
    """Parameters that tell the mixed model of `each` class, and its size: `sizes`, of which each class has a row."""

    shared_at: tuple[int, ...]
    sized_by: ClassVar[str]  # the name of the field that has the sizes

    @property
    def sizes(self) -> Array:
        """Proportions (K,), or log-odds (K, q)."""
        found: Array = getattr(self, self.sized_by)
        return found

    @property
    def absent(self) -> tuple[int, ...]:
        """The classes of which no group is."""
        return ()

    @property
    @abstractmethod
    def each(self) -> tuple[MixedModelParams, ...]:
        """The parameters of the mixed model of each class."""


@dataclass(frozen=True, eq=False)
class ClassProportions(AnyGrowthParams):
    """`proportions` (K,) of the groups that are of each class."""

    sized_by: ClassVar[str] = "proportions"
    proportions: Annotated[Array, Simplex(), Axes("component")]

    @property
    def absent(self) -> tuple[int, ...]:
        return tuple(np.flatnonzero(self.proportions == 0).tolist())


@dataclass(frozen=True, eq=False)
class ClassGates(AnyGrowthParams):
    """`gates` (K, q): the log-odds of each class against the first, by what `predictors` name."""

    sized_by: ClassVar[str] = "gates"
    gates: Annotated[Array, Contrasts(), GATES]
    predictors: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gates", from_first(self.gates))
        super().__post_init__()


@dataclass(frozen=True, eq=False)
class ClassesApart(AnyGrowthParams):
    """A mixed model for each of the `classes`, of which some fixed effects, `shared` (s,), may be those of all.

    These lie at the places `shared_at` among all fixed effects, and are those of the `shared_covariates`.
    """

    classes: Annotated[tuple[MixedModelParams, ...], Axes("component")]
    shared: Annotated[Array, Real(), SHARED] = field(default_factory=nothing, kw_only=True)
    shared_covariates: tuple[str, ...] = field(default=(), kw_only=True)
    shared_at: tuple[int, ...] = field(default=(), kw_only=True)

    @cached_property
    def each(self) -> tuple[MixedModelParams, ...]:
        if not self.shared_at:
            return self.classes
        every = placed(np.array([own.fixed for own in self.classes]), self.shared, self.shared_at)
        return tuple(replace(own, fixed=fixed, covariates=()) for own, fixed in zip(self.classes, every, strict=True))


@dataclass(frozen=True, eq=False)
class ClassesAlike(AnyGrowthParams):
    """Classes that differ by `fixed` (K, p) effects alone, of the `covariates`; other effects may be `shared` (s,), too.

    `between`, the covariance of random effects, and `within` > 0, the variance of errors, are those of all classes.
    """

    fixed: Annotated[Array, Real(), OWN]
    between: Between
    within: Annotated[float, Positive()]
    covariates: tuple[str, ...] = field(default=(), kw_only=True)
    shared: Annotated[Array, Real(), SHARED] = field(default_factory=nothing, kw_only=True)
    shared_covariates: tuple[str, ...] = field(default=(), kw_only=True)
    shared_at: tuple[int, ...] = field(default=(), kw_only=True)

    @cached_property
    def each(self) -> tuple[MixedModelParams, ...]:
        every = placed(self.fixed, self.shared, self.shared_at)
        called = () if self.shared_at else self.covariates
        return tuple(MixedModelParams(own, self.between, self.within, covariates=called) for own in every)


@dataclass(frozen=True, eq=False)
class GrowthMixtureParams(ClassesApart, ClassProportions):
    """Parameters of `GrowthMixture`: `proportions` (K,) of groups that sum to 1, and a mixed model for each of the `classes`.

    `shared` (s,) are fixed effects of all classes, at the places `shared_at`; the classes then have the others.

    >>> import emkit as ek
    >>> flat = ek.MixedModelParams([10.0, 0.0], ek.models.EqualCovariance(1.0), 0.5)
    >>> steep = ek.MixedModelParams([10.0, 2.0], ek.models.EqualCovariance(1.0), 0.5)
    >>> params = ek.GrowthMixtureParams([0.7, 0.3], (flat, steep))
    >>> len(params.classes), params.classes[1].fixed.tolist()
    (2, [10.0, 2.0])
    """

    if TYPE_CHECKING:

        def __init__(self, proportions: ArrayLike, classes: tuple[MixedModelParams, ...], **shared: Any) -> None: ...


@dataclass(frozen=True, eq=False)
class SharedGrowthMixtureParams(ClassesAlike, ClassProportions):
    """The same where classes differ by their fixed effects alone: ``GrowthMixture(model, spread="shared")``.

    `proportions` (K,) of groups; `fixed` (K, p) effects of each class, of the `covariates`; `between`, the covariance of random
    effects, and `within` > 0, the variance of errors, of all classes.

    >>> import emkit as ek
    >>> params = ek.SharedGrowthMixtureParams([0.7, 0.3], [[10.0, 0.0], [10.0, 2.0]], ek.models.EqualCovariance(1.0), 0.5)
    >>> params.each[1].fixed.tolist(), params.each[1].within
    ([10.0, 2.0], 0.5)
    """

    if TYPE_CHECKING:

        def __init__(
            self,
            proportions: ArrayLike,
            fixed: ArrayLike,
            between: Between,
            within: float,
            *,
            covariates: tuple[str, ...] = (),
            **shared: Any,
        ) -> None: ...


@dataclass(frozen=True, eq=False)
class GatedGrowthMixtureParams(ClassesApart, ClassGates):
    """The same where sizes of classes depend on covariates: ``GrowthMixture(model, predictors=...)``.

    `gates` (K, q): the log-odds of each class against the first, by intercept and `predictors`, in place of proportions.

    >>> import emkit as ek
    >>> flat, steep = (ek.MixedModelParams([10.0, slope], ek.models.EqualCovariance(1.0), 0.5) for slope in (0.0, 2.0))
    >>> params = ek.GatedGrowthMixtureParams([[0.0, 0.0], [-1.0, 0.5]], (flat, steep), predictors=("Intercept", "girl"))
    >>> dict(zip(params.predictors, params.gates[1].tolist(), strict=True))
    {'Intercept': -1.0, 'girl': 0.5}
    """

    if TYPE_CHECKING:

        def __init__(
            self, gates: ArrayLike, classes: tuple[MixedModelParams, ...], *, predictors: tuple[str, ...] = (), **shared: Any
        ) -> None: ...


@dataclass(frozen=True, eq=False)
class GatedSharedGrowthMixtureParams(ClassesAlike, ClassGates):
    """The same of classes that differ by their fixed effects, and by what their sizes depend on, alone.

    >>> import emkit as ek
    >>> spread = ek.models.EqualCovariance(1.0), 0.5
    >>> params = ek.GatedSharedGrowthMixtureParams([[1.0, 0.0], [0.0, 0.5]], [[10.0, 0.0], [10.0, 2.0]], *spread)
    >>> params.gates.tolist(), params.each[1].fixed.tolist()
    ([[0.0, 0.0], [-1.0, 0.5]], [10.0, 2.0])
    """

    if TYPE_CHECKING:

        def __init__(
            self,
            gates: ArrayLike,
            fixed: ArrayLike,
            between: Between,
            within: float,
            *,
            covariates: tuple[str, ...] = (),
            predictors: tuple[str, ...] = (),
            **shared: Any,
        ) -> None: ...
