"""Information criteria of several fits side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emkit.core.json_types import Json
from emkit.errors import ModelError
from emkit.fitted import AnyFitted
from emkit.models.mixture import MixtureParams


@dataclass(frozen=True)
class Criterion:
    """One fit: the number of `components`, its size and its criteria (lower is better)."""

    components: int
    free_parameters: int
    log_likelihood: float
    aic: float
    bic: float
    converged: bool


@dataclass(frozen=True)
class Criteria:
    """Fits of the same data, by number of components."""

    lines: tuple[Criterion, ...]

    @property
    def best(self) -> Criterion:
        """The fit with the lowest BIC."""
        return min(self.lines, key=lambda line: line.bic)

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"lines": [vars(line) for line in self.lines], "best": self.best.components}


def criteria(fits: Iterable[AnyFitted]) -> Criteria:
    """The table of several mixtures fitted to the same data.

    Errors: ModelError if there are none, or one is no mixture.
    """
    lines = []
    for fit in fits:
        if not isinstance(fit.params, MixtureParams):
            raise ModelError("numbers of components are compared between mixtures; one of the fits is none.")
        number = len(fit.params.proportions)
        lines.append(Criterion(number, fit.free_parameters, fit.log_likelihood, fit.aic, fit.bic, fit.converged))
    if not lines:
        raise ModelError("there are no fits to compare: give at least one.")
    return Criteria(tuple(sorted(lines, key=lambda line: line.components)))
