"""Latent classes in one, two and three steps beside StepMix, on the survey of docs/latent_class_covariates.md.

    python -m benchmarks.beside_stepmix

prints the table of docs/from_flexmix_polca_stepmix.md. Where StepMix estimates something else, it stands beside what
docs/latent_class_covariates.md says that it is, worked out here: sizes of classes held, and the logarithm of a product.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import norm

import emkit as ek

ITEMS = [f"item {j}" for j in range(4)]
METHODS: dict[str, dict[str, Any]] = {
    "one step": {"steps": 1},
    "two steps": {"steps": 2},
    **{
        f"three steps, {assignment}, {correction or 'uncorrected'}": {
            "steps": 3,
            "assignment": assignment,
            "correction": correction,
        }
        for assignment in ("modal", "proportional")
        for correction in ("BCH", "ML", None)
    },
}


class Found(NamedTuple):
    """Slope of age and difference of incomes by one method, of emkit and of StepMix; the latter with sizes held."""

    name: str
    ours: tuple[float, float]
    theirs: tuple[float, float]
    said: float | None


def survey() -> pd.DataFrame:
    """The answers, ages and incomes of the page."""
    rng = np.random.default_rng(2)
    age = rng.normal(size=1500)
    second = rng.random(1500) < 1 / (1 + np.exp(-age))
    columns: dict[str, Any] = {name: np.where(rng.random(1500) < np.where(second, 0.25, 0.75), "yes", "no") for name in ITEMS}
    return pd.DataFrame(columns | {"age": age, "income": rng.normal(size=1500) + second})


def found(frame: pd.DataFrame) -> Iterator[Found]:
    """All methods, with the predictor alone and with the outcome alone."""
    for name, settings in METHODS.items():
        fits = [
            ek.LatentClass(2, tol=1e-12, random_state=0, **part, **settings).fit(frame[[*ITEMS, column]])
            for part, column in (({"predictors": "~ age"}, "age"), ({"outcomes": "income"}, "income"))
        ]
        slope, difference = float(fits[0].gates_[1, 1]), float(np.diff(fits[1].outcomes_["income"].means.ravel())[0])
        theirs = stepmix(frame, settings, "age"), stepmix(frame, settings, "income")
        yield Found(name, (slope, difference), theirs, said_of(frame, settings, fits[1]))


def stepmix(frame: pd.DataFrame, settings: dict[str, Any], column: str) -> float:
    """The slope of age, or the difference of incomes, by StepMix."""
    from stepmix.stepmix import StepMix

    newton = {"method": "newton-raphson", "max_iter": 100, "intercept": True, "tol": 1e-12}
    part = {"model": "covariate", "n_columns": 1, **newton} if column == "age" else {"model": "gaussian_diag", "n_columns": 1}
    assignment = {"assignment": "soft" if settings.get("assignment") == "proportional" else "modal"}
    model = StepMix(
        n_components=2,
        measurement="binary",
        structural={"part": part},
        n_steps=settings["steps"],
        correction=settings.get("correction"),
        n_init=5,
        random_state=0,
        abs_tol=1e-13,
        rel_tol=0,
        max_iter=20_000,
        progress_bar=0,
        **(assignment if settings["steps"] == 3 else {}),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        params = model.fit((frame[ITEMS] == "yes").astype(int), frame[[column]]).get_parameters()
    yes, of = np.asarray(params["measurement"]["pis"]), params["structural"]
    of = of.get("part", of)
    values = np.asarray(of["beta"])[:, -1] if column == "age" else np.asarray(of["means"]).ravel()
    first = yes.reshape(2, -1)[:, 0] if yes.shape[0] == 2 else yes[0]
    low, high = np.argsort(-first)  # as emkit has them: the first level, "no", is rarer in the first class
    return float(values[high] - values[low])


def said_of(frame: pd.DataFrame, settings: dict[str, Any], fit: Any) -> float | None:
    """The difference of incomes with sizes of classes as the first step left them; None where StepMix does not hold them."""
    if settings["steps"] == 1 or settings.get("correction", "ML") != "ML":
        return None
    first = fit.measurement_.params
    yes = np.column_stack([column.probabilities[:, 1] for column in first.components.columns])
    said = (frame[ITEMS] == "yes").to_numpy()[:, None, :]
    evidence = np.log(np.where(said, yes, 1 - yes)).sum(axis=2)
    if settings["steps"] == 3:
        joint = evidence + np.log(first.proportions)
        posterior = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
        shares = np.eye(2)[posterior.argmax(axis=1)] if settings["assignment"] == "modal" else posterior
        evidence = shares @ np.log(posterior.T @ shares / posterior.sum(axis=0)[:, None]).T
    income, means, variances = frame["income"].to_numpy()[:, None], np.array([0.0, 1.0]), np.ones(2)
    for _ in range(3_000):
        joint = evidence + np.log(first.proportions) + norm.logpdf(income, means, np.sqrt(variances))
        each = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
        means = (each * income).sum(axis=0) / each.sum(axis=0)
        variances = (each * (income - means) ** 2).sum(axis=0) / each.sum(axis=0)
    return float(means[1] - means[0])


def main() -> int:
    """Print the table."""
    print("| | age: emkit | StepMix | income: emkit | StepMix | with sizes held |\n|---|---:|---:|---:|---:|---:|")
    for name, ours, theirs, said in found(survey()):
        held = "" if said is None else f"{said:.4f}"
        print(f"| {name} | {ours[0]:.4f} | {theirs[0]:.4f} | {ours[1]:.4f} | {theirs[1]:.4f} | {held} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
