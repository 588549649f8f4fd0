"""Mixtures of regressions from wild starts: the objective must never fall, and nothing may crash."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.falls import counted, wild_fall
from benchmarks.paired import Measured
from emkit.errors import EmkitError
from emkit.fitting import SOLVERS
from emkit.search.seeding import spread_start

FITS, PASSES = 500, 40
TRIALS, LEVELS = 12, 3
WILD = (0.5, 3.0, 10.0)  # steps that move predictors by about 1, from a start of rough lines
BY_LAW = {
    "normal": ek.NormalRegression,
    "Student t": ek.StudentTRegression,
    "Poisson": ek.PoissonRegression,
    "negative binomial": ek.NegativeBinomialRegression,
    "binomial": partial(ek.BinomialRegression, trials=TRIALS),
    "gamma": ek.GammaRegression,
    "multinomial": partial(ek.MultinomialRegression, levels=LEVELS),
    "ordered": partial(ek.OrderedRegression, levels=LEVELS),
    "zero-truncated": ek.PoissonRegression,
    "zero-inflated": ek.PoissonRegression,
    "hurdle": ek.PoissonRegression,
}
LAWS = tuple(BY_LAW)
IN_LEVELS = ("multinomial", "ordered")  # laws that share no slopes


def regression(law: str, offset: str | None, shared: tuple[str, ...]) -> Any:
    """The regression of y on some of a, b and c."""
    given: dict[str, Any] = {}
    if law != "multinomial":
        given["offset"] = offset
    if law not in IN_LEVELS:
        given["shared"] = shared
    own = tuple(name for name in "abc" if name not in given.get("shared", ()))
    one = BY_LAW[law]("y", own, **given)
    return ek.ZeroTruncatedRegression(one) if law in ("zero-truncated", "hurdle") else one


def drawn(law: str, rng: np.random.Generator) -> tuple[ek.ArraySource, Any]:
    """Rows of two lines in units of their own, some with weights; and a family of some components."""
    n = int(rng.integers(20, 80))
    x = rng.normal(size=(n, 3))
    eta = 0.5 + (x * rng.normal(size=(2, 3))[rng.integers(2, size=n)]).sum(axis=1) * 0.7
    mean = np.exp(np.clip(eta, -5, 5))
    counts = rng.poisson(mean).astype(float)
    y = {
        "normal": lambda: eta + 0.3 * rng.normal(size=n),
        "Student t": lambda: eta + 0.3 * rng.standard_t(3, size=n),
        "negative binomial": lambda: rng.poisson(mean * rng.gamma(2.0, 0.5, size=n)),
        "multinomial": lambda: np.digitize(eta + rng.logistic(size=n), [0.0, 1.0]),
        "ordered": lambda: np.digitize(eta + rng.logistic(size=n), [0.0, 1.0]),
        "binomial": lambda: rng.binomial(TRIALS, 1 / (1 + np.exp(-eta))),
        "gamma": lambda: rng.gamma(3.0, mean / 3.0),
        "zero-truncated": lambda: counts + 1,
        "zero-inflated": lambda: np.where(rng.random(n) < 0.3, 0.0, counts),
        "hurdle": lambda: np.where(rng.random(n) < 0.3, 0.0, counts),
    }.get(law, lambda: counts)()
    scaled = x * 10.0 ** rng.integers(-4, 5, 3) + 10.0 ** rng.integers(-1, 4)
    source = ek.ArraySource(
        np.column_stack([y, scaled, rng.normal(size=n) * 0.3]),
        rng.gamma(1.0, size=n) if rng.random() < 0.4 else None,
        ["y", "a", "b", "c", "o"],
    )
    family = regression(law, "o" if rng.random() < 0.3 else None, ("c",) if rng.random() < 0.3 else ())
    return source, family


def fall(seed: int) -> float | None:
    """The largest fall of a fit from a wild start, relative (0: none but rounding); None if it was refused."""
    rng, law, solver = np.random.default_rng(seed), LAWS[seed % len(LAWS)], list(SOLVERS.values())[seed % len(SOLVERS)]()
    source, family = drawn(law, rng)
    number = int(rng.integers(1, 4))
    if law in ("zero-inflated", "hurdle"):
        family, number = ek.PerComponent((family, number), ek.ExactZeros("y")), number + 1
    gated = number > 1 and rng.random() < 0.3
    model: Any = ek.GatedMixture(family, "b") if gated else ek.Mixture(family)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = model.settled(source.profile)
            start = spread_start(model, source, number, seed)
            return wild_fall(model, source, start, WILD[seed % len(WILD)], rng, solver=solver, max_evaluations=PASSES)
    except EmkitError:
        return None


def run(quick: bool) -> list[Measured]:
    """500 fits in whole runs."""
    note = f"{len(LAWS)} laws, with gates, shared slopes, offsets and weights; {{refused}} more were refused"
    return counted(fall, FITS, "fits of mixtures of regressions from wild starts", note, quick)
