"""What the axes of a field of parameters are."""

from __future__ import annotations

COMPONENT, COLUMN, LEVEL = "component", "column", "level"
SINGULAR = {
    "proportions": "proportion",
    "variances": "variance",
    "covariances": "covariance",
    "probabilities": "probability",
    "scale_matrices": "scale matrix",
}


class Axes:
    """The names of the axes of a field, in order, declared beside its space: ``Axes("component", "column")``.

    "component", "column" and "level" mean the same everywhere; other names ("covariate") are for readers. `coupled` are axes
    along which the expected log-likelihood is no sum over elements, so that single places on them cannot be held.
    """

    def __init__(self, *names: str, coupled: tuple[str, ...] = ()) -> None:
        self.names = names
        self.coupled = coupled

    def __repr__(self) -> str:
        return f"Axes({', '.join(map(repr, self.names))})"

    def __str__(self) -> str:
        if not self.names:
            return "no axes"
        return f"one axis ({self.names[0]})" if len(self.names) == 1 else f"{len(self.names)} axes ({', '.join(self.names)})"


NO_AXES = Axes()


def singular(name: str) -> str:
    """A field's name for one of its numbers: ``rates``, a rate."""
    if name in SINGULAR or name.endswith("ss") or not name.endswith("s"):
        return SINGULAR.get(name, name)
    return name[:-2] if name.endswith("sses") else name[:-1]
