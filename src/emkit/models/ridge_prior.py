"""A normal prior of slopes, which keeps them small: ridge regression."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array
from emkit.core.expected import Slopes
from emkit.core.parameters import Leaf, Parameters, leaves
from emkit.data.framed_design import INTERCEPT
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.models.priors import Prior, Slope


@dataclass(frozen=True)
class RidgePrior(Prior):
    """Of the slopes of regressions, not their intercepts: log p = -penalty/2 sum_kj (s_j b_kj)^2, up to a constant.

    It goes to the path of the components: ``WithPrior(model, {"components": RidgePrior(2.0)})``. s_j is the standard deviation
    of the covariate j among all rows, so that the unit of a covariate makes no difference (as glmnet has it by default; its
    lambda is penalty / n, and penalty * variance / n for normal responses); with ``standardised=False`` it is 1, and slopes are
    penalised as they are (the alpha of scikit-learn's Ridge is then penalty * variance). The penalty is 1 / variance of the
    slopes before the data.
    `deviations`: the standard deviations by name, which the data settle.
    Errors: ModelError for a penalty that is no number >= 0, and for components that are no regressions.
    Source: Hoerl & Kennard (1970), Ridge regression, Technometrics 12, 55-67.

    Four counts that one covariate tells apart: without a prior, its slope runs off to infinity.

    >>> import emkit as ek
    >>> frame = {"count": [0, 0, 3, 5], "treated": [0, 0, 1, 1]}
    >>> model = ek.MixtureRegression("count ~ treated", 1, family="poisson", ridge=1.0).fit(frame)
    >>> print(model.components_.coefficients.round(3))
    [[-1.172  2.478]]
    """

    penalty: float
    standardised: bool = True
    deviations: tuple[tuple[str, float], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.penalty) and self.penalty >= 0):
            raise ModelError(f"the penalty of a ridge prior is {self.penalty!r}; it must be a finite number >= 0.")

    def settled(self, profile: AnyProfile) -> Self:
        """With the standard deviations of the columns of the data."""
        deviations = np.sqrt(profile.variance).tolist()
        return replace(self, deviations=tuple(zip(profile.columns, deviations, strict=True)))

    def log_density(self, value: Any) -> float:
        each = ((self._units(leaf) * leaf.value) ** 2 for leaf in _coefficients(value))
        return -0.5 * self.penalty * float(sum(squares.sum() for squares in each))

    def slopes(self, value: Any) -> Slopes:
        nothing = {leaf.path: np.zeros(leaf.value.shape) for leaf in leaves(value)}
        return nothing | {leaf.path: -self.penalty * self._units(leaf) ** 2 * leaf.value for leaf in _coefficients(value)}

    def best(self, value: Any, path: str, slope: Slope) -> Array | None:
        """None: the expected log-likelihood is no parabola, but for normal responses."""
        return None

    def _units(self, leaf: Leaf) -> Array:
        """What each coefficient of a field is multiplied by: 0 for an intercept."""
        known = dict(self.deviations)
        if not self.standardised:
            return np.array([float(name != INTERCEPT) for name in leaf.told])
        for name in leaf.told:
            if name != INTERCEPT and name not in known:
                if known:
                    raise ModelError(
                        f"a ridge prior is of slopes and leaves out intercepts, and {name!r} is neither a column of the data "
                        "nor an intercept: levels in order have cutpoints, for which there is no ridge prior."
                    )
                raise ModelError(f"this ridge prior takes the deviation of {name!r} from the data, and has not seen any: fit.")
        return np.array([0.0 if name == INTERCEPT else known[name] for name in leaf.told])


def _coefficients(value: Any) -> list[Leaf]:
    """The fields of coefficients. Errors: ModelError if there are none, or if they do not say of which covariates they are."""
    found = [leaf for leaf in leaves(value) if leaf.has_coefficients] if isinstance(value, Parameters) else []
    if not found:
        raise ModelError("a ridge prior is for regressions: give it to the path of the components, 'components'.")
    for leaf in found:
        if len(leaf.told) != leaf.value.shape[-1]:
            raise ModelError(
                f"a ridge prior leaves out intercepts, and the {leaf.path} do not tell which they are: give `covariates` to "
                f"the parameters, {leaf.value.shape[-1]} names of which one may be {INTERCEPT!r}, or take family.params(...)."
            )
    return found
