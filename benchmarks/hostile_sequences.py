"""Hostile data, lengths, weights, starts and questions for hidden Markov models: kinds of them by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

import emkit as ek

Rng = np.random.Generator
Array = np.ndarray
BREAKS = [40, 80]  # of 120 rows in three sequences
THREE = {"lengths": [40, 40, 40]}


@dataclass(frozen=True)
class Asked:
    """Other rows, and how they are sequences. `refused`: whether something must be, or nothing may be; None: either."""

    rows: Any
    sequences: dict[str, Any] = field(default_factory=dict)
    refused: bool | None = None


@dataclass(frozen=True)
class Given:
    """Rows, what a fit is told of them, and what is asked afterwards. `refused`: as of `Asked`."""

    rows: Any
    family: Any
    states: int = 2
    options: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    asked: Asked | None = None
    refused: bool | None = None

    def model(self, seed: int) -> Any:
        return ek.HiddenMarkov(self.family, self.states, random_state=seed, **self.options)

    @property
    def sequences(self) -> dict[str, Any]:
        return {name: value for name, value in self.told.items() if name != "sample_weight"}


Make = Callable[[Rng], Given]


def path(rng: Rng, rows: int = 120, states: int = 2) -> Array:
    """States that last for some ten rows."""
    return np.cumsum(rng.random(rows) < 0.1) % states


def normals(rng: Rng, rows: int = 120, columns: int = 2) -> Array:
    return rng.normal(size=(rows, columns)) + 4 * path(rng, rows)[:, None]


def counts(rng: Rng, rows: int = 120, columns: int = 1) -> Array:
    return rng.poisson(np.array([2.0, 9.0])[path(rng, rows)][:, None], (rows, columns)).astype(float)


def bits(rng: Rng, rows: int = 120, columns: int = 2) -> Array:
    return (rng.random((rows, columns)) < np.array([0.2, 0.8])[path(rng, rows)][:, None]).astype(float)


def letters(rng: Rng, rows: int = 120, columns: int = 2) -> Array:
    return np.array(["a", "b", "c"])[rng.binomial(2, np.array([0.2, 0.8])[path(rng, rows)][:, None], (rows, columns))]


def frame(rng: Rng, rows: int = 120) -> Any:
    import pandas as pd

    return pd.DataFrame(
        {"height": normals(rng, rows)[:, 0], "visits": counts(rng, rows)[:, 0], "ward": letters(rng, rows)[:, 0]}
    )


MIXED = {"height": "gaussian", "visits": "poisson", "ward": "categorical"}
OF = {"gaussian": normals, "poisson": counts, "bernoulli": bits, "categorical": letters}


def any_family(rng: Rng) -> str:
    return str(rng.choice(list(OF)))


def plain(rng: Rng, **given: Any) -> Given:
    """Sound rows of any family."""
    family = any_family(rng)
    return Given(OF[family](rng), family, **given)


def refused(rng: Rng, family: str, rows: Any) -> Given:
    """Rows that no fit can take."""
    return Given(rows(rng) if callable(rows) else rows, family, refused=True)


def few(rows: int, rng: Rng, **given: Any) -> Given:
    family = any_family(rng)
    return Given(OF[family](rng, rows), family, **given)


def with_cells(value: Any, rng: Rng, family: str = "gaussian", share: float = 0.01, called: str = "", **given: Any) -> Given:
    """Some cells replaced by a value; rows of one family may be called those of another."""
    x = OF[family](rng)
    x[rng.random(x.shape) < share] = value
    x[rng.integers(len(x))] = value
    return Given(x, called or family, **given)


def with_rows(value: Any, rows: slice, rng: Rng, **given: Any) -> Given:
    """Some rows replaced by a value, of numbers or counts."""
    family = str(rng.choice(["gaussian", "poisson", "bernoulli"]))
    x = OF[family](rng)
    x[rows] = value
    return Given(x, family, **given)


def moved(scale: float, shift: float, rng: Rng) -> Given:
    return Given(normals(rng) * scale + shift, "gaussian")


def constant(family: str, value: Any, rng: Rng, **given: Any) -> Given:
    return Given(np.full((60, 2), value), family, **given)


def beside(family: str, value: Any, rng: Rng) -> Given:
    """A constant column beside a sound one."""
    x = OF[family](rng, columns=1)
    return Given(np.column_stack([x, np.full(len(x), value)]), family, told=THREE)


def typed(kind: Any, rng: Rng) -> Given:
    return Given(counts(rng).astype(kind), "poisson", refused=False)


def from_start(components: Any, transitions: Any, rng: Rng, initial: Any = (0.5, 0.5), **given: Any) -> Given:
    start = ek.HiddenMarkovParams(initial, transitions, components)
    return Given(counts(rng), "poisson", options={"start": start}, **given)


def left_right(lengths: list[int], states: int, rng: Rng) -> Given:
    return Given(counts(rng, sum(lengths)), "poisson", states, options={"topology": "left-right"}, told={"lengths": lengths})


def then(asked: Callable[[Rng], Asked], family: str, rng: Rng) -> Given:
    """A sound fit, after which others rows are asked of."""
    return Given(OF[family](rng), family, asked=asked(rng), refused=False)


def sparse(rng: Rng) -> Given:
    from scipy.sparse import csr_array

    return Given(csr_array(counts(rng, columns=3)), "poisson", told=THREE)


def alternating(rng: Rng) -> Given:
    """Every state is left at once: transitions on the edge."""
    return Given(np.arange(120)[:, None] % 2 * 10.0 + rng.poisson(1.0, (120, 1)), "poisson", refused=False)


def far_apart(rng: Rng) -> Given:
    return Given(normals(rng) * np.array([1.0, 1e-6]) + 1e6 * path(rng, 120, 3)[:, None], "gaussian", 3, refused=False)


RATES = ek.PoissonParams([[2.0], [9.0]])
NO_ZEROS = ek.PoissonParams([[0.0], [0.0]])
EVEN = [[0.5, 0.5], [0.5, 0.5]]
ENDLESS = [[1.0, 0.0], [0.0, 1.0]]

KINDS: dict[str, Make] = {
    # sequences
    "no rows": partial(refused, family="gaussian", rows=np.empty((0, 2))),
    "one row": partial(few, 1),
    "two rows": partial(few, 2),
    "three rows, four states": partial(few, 3, states=4, refused=True),
    "more states than different rows": lambda rng: Given(np.repeat([[1.0], [2.0]], 30, axis=0), "poisson", 3, refused=True),
    "lengths that do not add up": partial(plain, told={"lengths": [40, 40]}, refused=True),
    "a length of 0": partial(plain, told={"lengths": [60, 0, 60]}, refused=True),
    "a negative length": partial(plain, told={"lengths": [130, -10]}, refused=True),
    "fractional lengths": partial(plain, told={"lengths": [60.5, 59.5]}, refused=True),
    "infinite lengths": partial(plain, told={"lengths": [np.inf, np.nan]}, refused=True),
    "huge lengths": partial(plain, told={"lengths": [2**63 - 1, 2**63 - 1, 122]}, refused=True),
    "lengths of text": partial(plain, told={"lengths": "120"}, refused=True),
    "ragged lengths": partial(plain, told={"lengths": [[40, 40], [40]]}, refused=True),
    "lengths and groups": partial(plain, told={"lengths": [120], "groups": np.zeros(120)}, refused=True),
    "groups in pieces": partial(plain, told={"groups": np.arange(120) % 3}, refused=True),
    "groups with NaN": partial(plain, told={"groups": np.where(np.arange(120) < 60, 0.0, np.nan)}, refused=True),
    "groups for other rows": partial(plain, told={"groups": np.zeros(119)}, refused=True),
    "sequences of one row": partial(plain, told={"lengths": [1] * 120}, refused=False),
    "one row among long sequences": partial(plain, told={"lengths": [1, 118, 1]}, refused=False),
    "a list of sequences": lambda rng: Given([counts(rng, 40), counts(rng, 50)], "poisson", refused=True),
    # gaps
    "nothing but gaps": partial(with_rows, np.nan, slice(None), refused=True),
    "a sequence of nothing but gaps": partial(with_rows, np.nan, slice(40, 80), told=THREE, refused=False),
    "gaps at both ends": lambda rng: with_rows(np.nan, np.r_[:15, 105:120], rng, refused=False),
    "many gaps": partial(with_cells, np.nan, share=0.5, told=THREE, refused=False),
    "a column of gaps": lambda rng: Given(normals(rng) * [1.0, np.nan], "gaussian", refused=True),
    "gaps for a family without": partial(with_cells, np.nan, called="laplace", refused=True),
    "gaps in text": lambda rng: Given(np.where(rng.random((120, 2)) < 0.2, None, letters(rng)), "categorical", refused=False),
    # values
    "infinity": partial(with_cells, -np.inf, refused=True),
    "one constant of a normal": partial(constant, "gaussian", 7.5),
    "one count": partial(constant, "poisson", 3.0),
    "no count at all": partial(constant, "poisson", 0.0),
    "ones": partial(constant, "bernoulli", 1.0),
    "one letter": partial(constant, "categorical", "a"),
    "a constant beside normals": partial(beside, "gaussian", 1e9),
    "zeros beside counts": partial(beside, "poisson", 0.0),
    "shift 1e8": partial(moved, 1.0, 1e8),
    "shift 1e14": partial(moved, 1.0, 1e14),
    "scale 1e-150": partial(moved, 1e-150, 0.0),
    "scale 1e160": partial(moved, 1e160, 0.0),
    "an outlier of 1e15": lambda rng: with_rows(1e15, slice(3, 4), rng),
    "Cauchy": lambda rng: Given(rng.standard_cauchy((120, 2)), "gaussian"),
    "counts of 1e12": lambda rng: Given(counts(rng) * 1e12, "poisson"),
    "counts of 1e300": lambda rng: Given(counts(rng) * 1e300, "poisson"),
    "negative counts": partial(with_cells, -1.0, family="poisson", refused=True),
    "fractional counts": partial(with_cells, 0.5, family="poisson", refused=True),
    "bits of 2": partial(with_cells, 2.0, family="bernoulli", refused=True),
    "states far apart": far_apart,
    "states in turn": alternating,
    # types
    "float32 + 9999": lambda rng: Given((normals(rng) + 9999).astype(np.float32), "gaussian"),
    "small integers": partial(typed, "int8"),
    "objects": partial(typed, object),
    "text for normals": partial(refused, family="gaussian", rows=letters),
    "complex numbers": partial(refused, family="gaussian", rows=lambda rng: normals(rng) * 1j),
    "a cube": partial(refused, family="gaussian", rows=np.zeros((10, 3, 2))),
    "sparse counts": sparse,
    "mixed columns": lambda rng: Given(frame(rng), MIXED, told=THREE, refused=False),
    "a column that is not there": lambda rng: Given(frame(rng), {**MIXED, "age": "poisson"}, refused=True),
    # weights
    "a weight of 0": partial(plain, told={**THREE, "sample_weight": [1.0, 0.0, 2.0]}, refused=False),
    "a negative weight": partial(plain, told={**THREE, "sample_weight": [1.0, -1.0, 2.0]}, refused=True),
    "a weight of NaN": partial(plain, told={**THREE, "sample_weight": [1.0, np.nan, 2.0]}, refused=True),
    "weights of rows": lambda rng: plain(rng, told={**THREE, "sample_weight": rng.random(120)}, refused=True),
    "two weights for three": partial(plain, told={**THREE, "sample_weight": [1.0, 2.0]}, refused=True),
    "weights of 1e-300": partial(plain, told={**THREE, "sample_weight": [1e-300, 2e-300, 1e-300]}),
    # starts
    "a state that is never reached": partial(from_start, RATES, ENDLESS, initial=(1.0, 0.0)),
    "rates of 0 for counts": partial(from_start, NO_ZEROS, EVEN, refused=True),
    "a start for three states": lambda rng: from_start(RATES, EVEN, rng, states=3, refused=True),
    "left-right, more states than rows": partial(left_right, [2, 3, 2], 5),
    # questions
    "a letter never seen": partial(
        then, lambda rng: Asked(np.array([["a", "d"], ["b", "c"]]), refused=True), "categorical"
    ),
    "other columns": partial(then, lambda rng: Asked(normals(rng, columns=3), refused=True), "gaussian"),
    "lengths that do not add up, later": partial(
        then, lambda rng: Asked(counts(rng), {"lengths": [40, 81]}, refused=True), "poisson"
    ),
    "gaps only, later": partial(then, lambda rng: Asked(np.full((9, 2), np.nan), refused=False), "gaussian"),
    "infinity, later": partial(then, lambda rng: Asked(np.full((9, 2), np.inf), refused=True), "gaussian"),
    "no rows, later": partial(then, lambda rng: Asked(np.empty((0, 2)), refused=True), "gaussian"),
    "far away, later": partial(then, lambda rng: Asked(normals(rng) + 1e200), "gaussian"),
}  # fmt: skip
ONCE: dict[str, Make] = {
    "a million rows of one count": lambda rng: Given(np.full((1_000_000, 1), 4.0), "poisson", 1),
    "a million rows of one value": lambda rng: Given(np.full((1_000_000, 1), 4.0), "gaussian", 2),
    "100,000 sequences of one row": lambda rng: Given(
        counts(rng, 100_000), "poisson", told={"lengths": np.ones(100_000, dtype=int)}, refused=False
    ),
    "impossible under every path, later": partial(
        then, lambda rng: Asked(np.array([[1.0, 0.0], [0.0, 1.0]])), "bernoulli"
    ),
}  # fmt: skip
