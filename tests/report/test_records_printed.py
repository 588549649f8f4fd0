"""What users are answered with is short and readable when it is printed, and no dump of arrays."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import emkit as ek
from emkit.inference import StandardErrors
from emkit.markup import Tabled, table_as_text

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(0, 1, (60, 2)), RNG.normal(5, 1, (60, 2))])
WHO, TIME = np.repeat(np.arange(30), 4), np.tile(np.arange(4.0), 30)
PEOPLE = {"y": RNG.standard_normal(30)[WHO] + TIME + RNG.standard_normal(120) / 2, "t": TIME, "who": WHO}
MOST = 26  # lines
GAUSSIAN = ek.GaussianMixture(2, random_state=0).fit(X).result_
ANSWERS = [["yes", "yes", "no"]] * 40 + [["yes", "no", "no"]] * 10 + [["no", "no", "yes"]] * 30 + [["no", "yes", "yes"]] * 9
CLASSES = ek.LatentClass(2, random_state=0).fit(ANSWERS)
MIXED = ek.MixedRegression("y ~ t + (1 | who)").fit(PEOPLE).result_
CHAIN = ek.HiddenMarkov("poisson", 2, random_state=0).fit(np.array([[0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 1, 0, 1]]).T).result_
LINES = ek.MixtureRegression("y ~ t", 2, random_state=0).fit(PEOPLE).result_
LEVELS = ek.MixtureRegression("grade ~ t", 1, family="ordered").fit({"t": TIME, "grade": RNG.integers(0, 3, 120)})
PRINTED = {
    **{name: getattr(GAUSSIAN, name) for name in ("standard_errors", "covariance", "confidence_intervals", "classification")},
    **{name: getattr(GAUSSIAN, name) for name in ("influence", "identifiability", "merging", "report", "starts")},
    "information": lambda: GAUSSIAN.information,
    "pseudo-residuals": lambda: GAUSSIAN.pseudo_residuals(),
    "goodness of fit": lambda: CLASSES.goodness_of_fit_,
    "bivariate residuals": lambda: CLASSES.result_.bivariate_residuals(),
    "effects": lambda: MIXED.effects,
    "effects of groups": lambda: MIXED.effects.levels[0],
    "normal residuals": lambda: MIXED.pseudo_residuals(),
    "means by group": lambda: MIXED.means(PEOPLE),
    "means": lambda: LINES.means(PEOPLE),
    "levels": lambda: ek.by_formula.level_shares_of(LEVELS.result_, {"t": TIME}),
    "dwell times": lambda: CHAIN.dwell_times(),
    "survival": lambda: ek.turnbull(*ek.survival(np.arange(1.0, 60.0), np.arange(59) % 3 > 0).T),
    "pooled": lambda: ek.pool([4.0, 5.0, 4.5], [0.25, 0.25, 0.25]),
}


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_is_short_and_no_dump(name):
    text = str(PRINTED[name]())
    lines = text.splitlines()
    assert 1 <= len(lines) <= MOST
    assert all(len(line) <= 160 and line == line.rstrip() for line in lines)
    for raw in ("array(", "Params(", "np.float64", "<emkit", " object at "):
        assert raw not in text


def test_every_record_that_prints_as_a_table_is_printed_here():
    def below(cls):
        return {cls, *(each for one in cls.__subclasses__() for each in below(one))}

    shown = {type(make()) for make in PRINTED.values()}
    asked = {cls for cls in below(Tabled) if not inspect.isabstract(cls)} - {Tabled}
    assert {cls.__name__ for cls in asked - shown} <= {"PseudoResiduals", "NormalResiduals"}


def test_standard_errors_are_a_line_each_with_their_reasons():
    found = StandardErrors(("a", "b"), np.array([1.5, 0.0]), np.array([0.25, np.nan]), np.eye(2), {"b": "it is 0"})
    assert (
        repr(found)
        == str(found)
        == "Standard errors\n  parameter  estimate  std. error\n  a               1.5        0.25\n"
        + ("  b                 0\nb: it is 0")
    )
    assert "<td>1.5</td>" in found._repr_html_()


def test_a_survival_curve_is_its_steps_below_the_median():
    text = str(ek.turnbull(*ek.survival([6, 6, 6, 7, 10, 13, 16], [1, 1, 0, 1, 1, 1, 1]).T))
    assert text.splitlines()[0].startswith("Survival curve of 7 values, median 10, log-likelihood ")
    assert text.splitlines()[2].split() == ["6", "6", "0.7143", "0.1707"]


def test_a_survival_curve_of_one_value_says_so():
    assert str(ek.turnbull([1.0], [2.0])).startswith("Survival curve of 1 value, median 2, ")


def test_long_tables_say_how_much_is_left_out():
    text = table_as_text({"k": [*range(50)], "name": ["x"] * 50})
    assert len(text.splitlines()) == 22
    assert text.endswith("... and 30 rows more")
