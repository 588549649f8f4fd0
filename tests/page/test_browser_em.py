"""The page's own EM, in JavaScript, against this library, to ten digits."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from emkit import Binomial, Geometric, GeometricParams, MixtureParams, SuccessParams
from emkit.data.source import ArraySource
from emkit.families import FullGaussian
from emkit.lessons import LESSONS, old_faithful, three_coins, two_coins
from emkit.lessons.lesson import Lesson
from emkit.models import Hard, Mixture
from emkit.page.html import asset
from emkit.page.step_trace import trace
from emkit.search.seeding import spread_start

FILES = ("numbers", "browser_em", "columns", "normal", "imagine")
RUNNER = """
const { readFileSync } = require("node:fs");
const given = JSON.parse(readFileSync(0, "utf8"));
const made = imagine(given.trace, given.settings);
console.log(JSON.stringify(made));
"""


def imagined(given: dict, **settings) -> dict:
    """What the page works out for a trace of Python's and a reader's settings."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine to run the page's script in")
    script = "\n".join(asset(f"{name}.js") for name in FILES) + RUNNER
    wished = {"K": len(given["components"]), "hard": False, "labels": None, "values": given["path"][0], **settings}
    done = subprocess.run(
        [node, "-e", script],
        input=json.dumps({"trace": given, "settings": wished}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def one_column(K: int = 2, hard: bool = False) -> Lesson:
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(-1, 0.7, 30), rng.normal(2, 1.1, 45)])
    source = ArraySource(x, columns=["height"])
    model = Mixture(FullGaussian(), Hard()) if hard else Mixture(FullGaussian())
    start = spread_start(Mixture(FullGaussian()), source, K, 2)
    return Lesson("one-column", "One column", "", model, source, start, tuple("ABCD"[:K]))


def three_binomials() -> Lesson:
    source = ArraySource(
        [[3, 12], [9, 10], [8, 11], [4, 10], [7, 12], [1, 9]], weights=[1, 2, 1, 3, 1, 2], columns=["heads", "tosses"]
    )
    start = MixtureParams([0.2, 0.3, 0.5], SuccessParams([[0.2], [0.5], [0.8]]))
    return Lesson("three", "Three", "", Mixture(Binomial()), source, start, ("A", "B", "C"))


def failures() -> Lesson:
    source = ArraySource([0, 1, 0, 2, 7, 12, 1, 3, 9, 0, 0, 5], columns=["failures"])
    start = MixtureParams([0.4, 0.6], GeometricParams([[0.15], [0.6]]))
    return Lesson("failures", "Failures", "", Mixture(Geometric()), source, start, ("A", "B"))


SUBJECTS = {
    "two coins": two_coins(),
    "two coins, free": two_coins(free_proportions=True),
    "three coins": three_coins(),
    "two coins, hard": two_coins().assigned(Hard()),
    "three binomials, weighted": three_binomials(),
    "one column": one_column(),
    "one column, three components": one_column(3),
    "one column, hard": one_column(hard=True),
    "Old Faithful": old_faithful(),
    "geometric": failures(),
    "geometric, hard": failures().assigned(Hard()),
}


def by_name(*names):
    """Each subject of that name; all but the two coins take about a second."""
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=[] if name == "two coins" else pytest.mark.slow) for name in names]
    )


@by_name(*SUBJECTS)
def test_the_browser_em_agrees_with_the_library(name):
    python = trace(SUBJECTS[name])
    made = imagined(python, hard="hard" in name)
    assert made["symbols"] == python["symbols"]
    assert made["components"] == python["components"]
    assert made["formulas"] == python["formulas"]
    np.testing.assert_allclose(made["path"], python["path"], rtol=1e-10, atol=1e-10)
    for column, values in python["accounts"].items():
        np.testing.assert_allclose(made["accounts"][column], values, rtol=1e-10, atol=1e-10)
    for mine, theirs in zip(made["steps"], python["steps"], strict=True):
        np.testing.assert_allclose(mine["responsibilities"], theirs["responsibilities"], rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(mine["log_joint"], theirs["log_joint"], rtol=1e-9)
        for one, other in zip(mine["tallies"], theirs["tallies"], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
        for one, other in zip(mine["updates"], theirs["updates"], strict=True):
            assert one["symbol"] == other["symbol"]
            assert other.get("computed", one["computed"]) == pytest.approx(one["computed"], rel=1e-10, abs=1e-12)


@by_name("two coins", "three coins", "three binomials, weighted", "one column", "Old Faithful", "geometric")
def test_the_browser_em_writes_arithmetic_as_the_library_does(name):
    python = trace(SUBJECTS[name])
    made = imagined(python)
    for mine, theirs in zip(made["steps"][:2], python["steps"][:2], strict=True):
        assert mine["formulas"] == theirs["formulas"]
        assert [u["substituted"] for u in mine["updates"]] == [u["substituted"] for u in theirs["updates"]]
    assert made["counts"] == python["counts"]


@by_name("two coins", "one column", "Old Faithful")
def test_pictures_agree_too(name):
    python = trace(SUBJECTS[name])
    made = imagined(python)
    assert [(land["x"], land["y"]) for land in made["landscapes"]] == [(land["x"], land["y"]) for land in python["landscapes"]][
        : len(made["landscapes"])
    ]
    for mine, theirs in zip(made["bounds"], python["bounds"], strict=True):
        for name in ("s", "l", "b"):
            np.testing.assert_allclose(mine[name], theirs[name], rtol=2e-3, atol=1e-9)
    if python["marks"]["kind"] == "histogram":
        np.testing.assert_allclose(made["marks"]["mass"], python["marks"]["mass"], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(made["marks"]["curves"], python["marks"]["curves"], rtol=1e-4, atol=1e-5)


def test_labels_make_the_complete_data_estimate():
    made = imagined(trace(two_coins()), labels=[1, 0, 0, 1, 0])
    np.testing.assert_allclose(made["path"][1], [0.5, 0.5, 0.8, 0.45], atol=1e-14)
    assert made["posterior"] is False


@pytest.mark.slow
def test_another_number_of_components_has_names_of_its_own():
    given = trace(two_coins())
    names = given["browser_em"]["names"]["3"]
    assert names["components"] == ["A", "B", "C"]
    assert names["symbols"][-3:] == ["theta_A", "theta_B", "theta_C"]
    values = [1 / 3] * 3 + [0.2, 0.5, 0.8]
    made = imagined(given, K=3, values=values)
    model = replace(
        two_coins(),
        start=MixtureParams(values[:3], SuccessParams([[v] for v in values[3:]])),
        components=("A", "B", "C"),
        symbols={},
    )
    np.testing.assert_allclose(made["path"], trace(model)["path"], rtol=1e-10)


@pytest.mark.slow
def test_pages_of_other_models_have_no_browser_em():
    assert trace(LESSONS["linkage"]())["browser_em"] is None
    assert trace(LESSONS["death-notices"]())["browser_em"] is None


def test_a_start_that_makes_a_row_impossible_is_refused_by_its_numbers():
    given = trace(two_coins(), include_data=True)
    refused = imagined(given, values=[0.5, 0.5, 0, 0])["refused"]
    assert refused == "Where theta_A = 0 and theta_B = 0, row 1 has probability 0."
    labelled = imagined(given, values=[0.5, 0.5, 0, 0.5], labels=[None, None, 0, None, None])["refused"]
    assert labelled == "Where theta_A = 0, row 3 has probability 0."
