"""Information criteria of several fits side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from emkit.errors import ModelError


class Fitted(Protocol):
    """What is asked of a fit (`emkit.Result` is one)."""

    @property
    def params(self) -> Any: ...
    @property
    def log_likelihood(self) -> float: ...
    @property
    def free_parameters(self) -> int: ...
    @property
    def aic(self) -> float: ...
    @property
    def bic(self) -> float: ...
    @property
    def converged(self) -> bool: ...


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

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"lines": [vars(line) for line in self.lines], "best": self.best.components}


def criteria(fits: Iterable[Fitted]) -> Criteria:
    """The table of several mixtures fitted to the same data.

    Errors: ModelError if there are none, or one is no mixture.
    """
    lines = []
    for fit in fits:
        proportions = getattr(fit.params, "proportions", None)
        if proportions is None:
            raise ModelError("numbers of components are compared between mixtures; one of the fits is none.")
        lines.append(
            Criterion(len(proportions), fit.free_parameters, fit.log_likelihood, fit.aic, fit.bic, fit.converged)
        )  # fmt: skip
    if not lines:
        raise ModelError("there are no fits to compare: give at least one.")
    return Criteria(tuple(sorted(lines, key=lambda line: line.components)))
