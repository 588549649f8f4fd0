"""Every figure of every kind of model: it is drawn, or refused in a sentence that names those that can be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pytest

import emkit as ek
from emkit import lessons, plots
from emkit.core.protocols import Complete
from tests.cases import blood_groups, linkage

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

TRIAL = np.array([[10.0, 1], [7, 1], [32, 0], [23, 1], [22, 1], [6, 0]])
BOTH = np.column_stack([TRIAL[:, 0], TRIAL[::-1, 0], TRIAL[:, 1], TRIAL[::-1, 1]])


@dataclass(frozen=True)
class Lived(ek.Additive):
    time: Any
    lives: float


@dataclass(frozen=True, eq=False)
class One(ek.Parameters):
    mean: Annotated[float, ek.Positive()]


@dataclass(frozen=True, eq=False)
class Two(ek.Parameters):
    first: Annotated[float, ek.Positive()]
    second: Annotated[float, ek.Positive()]


@dataclass(frozen=True, eq=False)
class Means(ek.Parameters):
    means: Annotated[ek.Array, ek.Positive()]


@dataclass(frozen=True, eq=False)
class Nested(ek.Parameters):
    """Fields called as those of a mixture are, which it is not."""

    components: Means


@dataclass(frozen=True, eq=False)
class Nothing(ek.Parameters):
    """A model that has nothing to estimate."""


class CensoredLives(ek.LatentModel):
    """Exponential lifetimes in d columns, and whether their ends were seen in d more; `means` reads, `made` writes."""

    def __init__(self, means, made):
        self.means, self.made = means, made

    def e_step(self, params, chunk):
        time, ended = np.hsplit(chunk.x, 2)
        means, w = self.means(params), chunk.weights
        log_density = (-ended * np.log(means) - time / means).sum(axis=1)
        return ek.Expectation(Lived(w @ (time + (1 - ended) * means), w.sum()), log_likelihood=w @ log_density, rows=w.sum())

    def m_step(self, stats, params):
        return self.made(stats.time / stats.lives)


class Listed(CensoredLives):
    """The same with two latent states, which it lists, and which tell nothing."""

    def complete(self, params, chunk):
        rows = [self.e_step(params, next(ek.ArraySource(row[None]).chunks())).log_likelihood for row in chunk.x]
        return Complete(np.stack([rows, rows], axis=1) - np.log(2), chunk.weights)


@dataclass(frozen=True)
class Lives:
    """A source of the reader's own, whose chunks are single arrays."""

    lives: tuple[tuple[float, ...], ...]

    def chunks(self):
        return (np.array(life) for life in self.lives)


class OfLives(ek.LatentModel):
    def e_step(self, params, life):
        time, ended = life
        log_density = -ended * np.log(params.mean) - time / params.mean
        return ek.Expectation(Lived(time + (1 - ended) * params.mean, 1.0), log_likelihood=log_density, rows=1.0)

    def m_step(self, stats, params):
        return One(stats.time / stats.lives)


ONE = CensoredLives(lambda p: p.mean, lambda m: One(*m))
TWO = CensoredLives(lambda p: np.array([p.first, p.second]), lambda m: Two(*m))
NESTED = CensoredLives(lambda p: p.components.means, lambda m: Nested(Means(m)))
LISTED = Listed(lambda p: p.components.means, lambda m: Nested(Means(m)))
NOTHING = CensoredLives(lambda p: np.array([9.0]), lambda m: Nothing())
COINS = lessons.two_coins()


def _held(*paths):
    return ek.fit(ek.Frozen(ek.Mixture(ek.Binomial(10)), *paths), COINS.source, COINS.start, max_evaluations=5)


def _of_lesson(lesson, *held):
    return ek.fit(ek.Frozen(lesson.model, *held) if held else lesson.model, lesson.source, lesson.start)


RESIDUALS = ("qq", "residuals")
SEQUENCE = ("states", "transitions", "dwell_times")


def _chain(number=2):
    counts = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 1, 0, 1]
    return ek.HiddenMarkov("poisson", number, random_state=0, n_init=1).fit(counts, lengths=[8, 5]).result_


def _level():
    return ek.StateSpaceModel().fit([[5.1], [4.2], [5.9], [6.4], [np.nan], [7.9], [6.3], [8.1], [7.0], [8.8]]).result_


def _factors():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 2)) @ [[1.0, 0.9, 0.8, 0.0, 0.0], [0.0, 0.0, 0.5, 1.0, 0.9]]
    return ek.FactorAnalysis(2).fit(x + 0.5 * rng.standard_normal((60, 5))).result_


def _rails():
    frame = {"rail": [1, 1, 1, 2, 2, 2, 3, 3, 3], "time": [55, 53, 54, 26, 37, 32, 78, 91, 85]}
    return ek.MixedRegression("time ~ (1 | rail)").fit(frame).result_


def _regression(formula):
    frame = {"y": [0, 1, 1, 3, 2, 6, 8, 9, 5, 7], "x": [0.0, 1, 2, 3, 4, 0, 1, 2, 3, 4]}
    return ek.MixtureRegression(formula, 2, family="poisson", random_state=0, n_init=1, max_iter=30).fit(frame).result_


LINES = ("classification", "pairs", "uncertainty", "responsibilities", "rootogram", *RESIDUALS, "lines")
COUNTS = ("classification", "uncertainty", "responsibilities", "density", "rootogram", *RESIDUALS)  # in one column
ROWS = (*COUNTS, "profiles")  # of successes
TEST = [[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 1], [1, 0, 0]]
STATES = ("bound", "jensen", "uncertainty", "responsibilities")
MODELS = {  # what each can draw, in any order
    "one parameter": (lambda: ek.fit(ONE, TRIAL, One(10.0)), ("trace",)),
    "one parameter, two starts": (lambda: ek.fit(ONE, TRIAL, [One(10.0), One(20.0)]), ("trace", "starts")),
    "two parameters": (lambda: ek.fit(TWO, BOTH, Two(10.0, 5.0)), ("trace", "path")),
    "an array of two": (lambda: ek.fit(NESTED, BOTH, Nested(Means([10.0, 5.0]))), ("trace", "path")),
    "states of its own": (lambda: ek.fit(LISTED, BOTH, Nested(Means([10.0, 5.0]))), ("trace", "path", *STATES)),
    "no parameters": (lambda: ek.fit(NOTHING, TRIAL, [Nothing(), Nothing()]), ("trace", "starts")),
    "its own source": (lambda: ek.fit(OfLives(), Lives(tuple(map(tuple, TRIAL))), One(10.0)), ("trace",)),
    "all held": (lambda: _held("proportions", "components"), ("trace", "jensen", *ROWS)),
    "proportions left": (lambda: _held("components"), ("trace", "bound", "jensen", *ROWS)),
    "a mixture": (lambda: _of_lesson(COINS), ("trace", "path", "bound", "jensen", *ROWS)),
    "one component": (
        lambda: ek.fit(ek.Mixture(ek.Poisson()), [1, 2, 4], ek.MixtureParams([1.0], ek.PoissonParams([[1.0]]))),
        ("trace", "bound", "jensen", *COUNTS),
    ),
    "linkage": (lambda: _of_lesson(linkage()), ("trace", *STATES)),
    "blood groups": (lambda: _of_lesson(blood_groups()), ("trace", "path", *STATES)),
    "held cells": (
        lambda: _of_lesson(linkage(), "groups.0.probabilities"),
        ("trace", "jensen", "uncertainty", "responsibilities"),
    ),
    "without data": (lambda: _of_lesson(COINS).without_data(), ("trace", "profiles")),
    "a regression": (lambda: _regression("y ~ x"), ("trace", "path", "bound", "jensen", *LINES)),
    "a gated regression": (lambda: _regression("y ~ x | x"), ("trace", "path", "bound", "jensen", *LINES, "gate")),
    "a regression without data": (lambda: _regression("y ~ x").without_data(), ("trace",)),
    "a test": (lambda: ek.ItemResponse("equal").fit(TEST).result_, ("trace", "path", "items", "information")),
    "a test without data": (
        lambda: ek.ItemResponse("equal").fit(TEST).result_.without_data(),
        ("trace", "items", "information"),
    ),
    "a chain": (lambda: _chain(), ("trace", "path", *RESIDUALS, *SEQUENCE)),
    "a chain of one state": (lambda: _chain(1), ("trace", *RESIDUALS, *SEQUENCE)),
    "a level that moves": (lambda: _level(), ("trace", "path", *RESIDUALS, "smoothed")),
    "a level without data": (lambda: _level().without_data(), ("trace",)),
    "a mixed model": (lambda: _rails(), ("trace", "path", *RESIDUALS, "effects")),
    "two factors": (lambda: _factors(), ("trace", "path", "loadings", "scree", "starts")),
    "factors without data": (lambda: _factors().without_data(), ("trace", "loadings", "starts")),
    "a chain without data": (lambda: _chain().without_data(), ("trace", "transitions")),
}


@pytest.fixture(scope="module")
def fits():
    return {name: make() for name, (make, _) in MODELS.items()}


def plot(result, kind):
    return result.plot(kind, **({"points": 3} if kind == "path" else {}))


@pytest.mark.parametrize("kind", plots.KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_a_figure_is_drawn_or_refused_with_those_that_can_be(name, kind, fits):
    possible = [each for each in plots.KINDS if each in MODELS[name][1]]
    if kind in possible:
        plot(fits[name], kind).figure.canvas.draw()
        return
    with pytest.raises((ek.ModelError, ek.DataError)) as refused:
        plot(fits[name], kind)
    said = str(refused.value)
    assert said.endswith(f"What can be drawn of this fit: {', '.join(possible)}.") or "data are not stored" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no parameters", "here none is free"),
        ("all held", "here none is free"),
        ("one parameter", "here only mean is free"),
        ("one component", "here only rate_1 is free"),
        ("linkage", "here t and u only move together"),
        ("proportions left", "here proportion_1 and proportion_2 only move together"),
    ],
)
def test_a_path_that_there_is_not_says_what_is_free(name, said, fits):
    with pytest.raises(ek.ModelError, match=said):
        fits[name].plot("path")


def test_parameters_of_a_model_of_ones_own_are_called_what_they_are(fits):
    ax = plot(fits["an array of two"], "path")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("components.means[0]", "components.means[1]")


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("jensen", {"choice": 3}, "choice is 3; the distributions q to choose from are 0: equal shares"),
        ("jensen", {"choice": "even"}, "choice is 'even'"),
        ("jensen", {"step": 0}, "step is 0"),
        ("bound", {"step": 0}, "step is 0"),
        ("bound", {"step": "first"}, "step is 'first'"),
        ("path", {"points": 1}, "points is 1"),
        ("path", {"steps": -1}, "steps is -1"),
        ("path", {"limits": (0, 1)}, "limits are \\(0, 1\\); give the lowest"),
        ("path", {"limits": "wide"}, "limits are 'wide'"),
        ("path", {"parameters": [0, 1]}, "no free parameter 0; there are probability_1, probability_2"),
        ("classification", {"columns": [2]}, "no column 2; the columns are heads"),
        ("classification", {"columns": []}, "choose at most 2 columns"),
    ],
)
def test_an_option_that_cannot_be_is_refused_and_not_the_figure(kind, options, said, fits):
    with pytest.raises(ek.ModelError, match=said) as refused:
        fits["a mixture"].plot(kind, **options)
    assert "What can be drawn" not in str(refused.value)


def test_where_nothing_is_free_no_name_is_offered(fits):
    with pytest.raises(ek.ModelError, match="no free parameter 'probability_1'; none is free"):
        fits["all held"].plot("path", parameters=["probability_1", "probability_2"])


def test_a_step_that_em_cannot_make_is_refused():
    x = np.concatenate([np.linspace(-1, 1, 20), np.full(3, 40.0)])
    start = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0.0], [30.0]], [[[20.0]], [[40.0]]]))
    result = ek.fit(ek.Mixture(ek.FullGaussian(floor=0)), x, start)
    assert result.outcome.status is ek.Status.DEGENERATE
    with pytest.raises(ek.ModelError, match="looks ahead to: component 2 collapsed"):
        result.plot("jensen", step=50)
    with pytest.raises(ek.ModelError, match="no EM step 50 to draw"):
        result.plot("bound", step=50)


def test_names_of_the_data_are_text_whatever_they_hold(tmp_path):
    rng = np.random.default_rng(0)
    high = np.arange(60) % 2 == 0
    x = {"cost $ of US$": rng.normal(6.0 * high), "_of $\\foo{$": rng.normal(5.0 * high)}
    labels = ["high $\\x$" if own else "_low $\\foo$" for own in high[:10]] + [None] * 50
    told = ek.MixtureModel("gaussian", 2, random_state=0).fit(pd.DataFrame(x), labels=labels).result_
    answers = pd.DataFrame({name: np.where(column > 2, "yes $\\x$", "_no $") for name, column in x.items()})
    classes = ek.LatentClass(2, random_state=0).fit(answers, labels=labels).result_
    for fit in (told, classes):
        for kind in ("trace", "path", "bound", "classification", "uncertainty", "responsibilities", "starts"):
            ax = fit.plot(kind)
            ax.figure.canvas.draw()  # which reads what is written
            if kind in ("classification", "uncertainty"):
                named = [text.get_text().strip().split(":")[0] for text in ax.get_legend().get_texts()]
                assert named[:2] == ["_low $\\foo$", "high $\\x$"]
        fit.report(tmp_path / "fit.html")


def test_jensen_shows_the_states_that_labels_leave():
    """Every row is certain, so that the first, which is labelled, is shown: it has one state and no chord."""
    x = np.concatenate([np.random.default_rng(0).normal(at, 1.0, (40, 1)) for at in (0, 20)])
    labels = np.where(np.arange(80) < 10, 0, -1)
    result = ek.GaussianMixture(2, n_init=1, random_state=0).fit(x, labels=labels).result_
    for choice in range(3):
        drawn = [np.asarray(line.get_ydata(), dtype=float) for line in result.plot("jensen", choice=choice).lines]
        assert drawn
        assert all(np.isfinite(heights).all() for heights in drawn)


def test_jensen_of_densities_that_no_float_holds_is_refused():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(at, 1.0, (30, 600)) for at in (0, 0.2)])
    result = ek.GaussianMixture(2, covariance_type="diag", n_init=1, random_state=0).fit(x).result_
    with pytest.raises(ek.ModelError, match=r"that of row \d+ is exp\(-\d+\), which no float holds"):
        result.plot("jensen")
