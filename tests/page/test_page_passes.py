"""Forward-backward in the page's own script, run by node and held against Python; and what a page of a chain holds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import emkit as ek
from emkit.explain import subject_of_fit
from emkit.explain.steps import work_out
from emkit.explain.written_row import written
from emkit.lessons import LESSONS
from emkit.page import lesson_page, result_page
from emkit.page.html import asset
from emkit.page.in_sequence import MOST_ROWS
from emkit.page.step_trace import trace
from tests.explained import random_chain

RUNNER = """
const { readFileSync } = require("node:fs");
const trace = JSON.parse(readFileSync(0, "utf8"));
const sequences = range(trace.in_sequence.bounds.length - 1);
console.log(JSON.stringify(trace.steps.map((_, s) => sequences.map((g) => {
  const found = passesOf(trace, s, g);
  const states = range(found.initial.length);
  return { ...found, written: range(found.scale.length).map((t) => states.map((k) => writtenRow(found, t, k))) };
}))));
"""


def in_the_page(made):
    """For each step and sequence, what the page works out from a trace."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine to run the page's script in")
    script = asset("numbers.js") + asset("passes.js") + RUNNER
    done = subprocess.run([node, "-e", script], input=json.dumps(made), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def left_to_right():
    """A chain with moves that are impossible, and a gap."""
    x = np.random.default_rng(4).poisson(np.repeat([2.0, 9.0, 4.0], 6))[:, None].astype(float)
    x[7] = np.nan
    start = ek.HiddenMarkovParams([1, 0, 0], [[0.8, 0.2, 0], [0, 0.8, 0.2], [0, 0, 1]], ek.PoissonParams([[2.0], [9.0], [4.0]]))
    model = ek.HiddenMarkovChain("poisson")
    source = ek.ArraySource(x).as_one_group()
    return subject_of_fit(model.settled(source.profile), source, start)


SUBJECTS = {
    "umbrella": LESSONS["umbrella"],
    "earthquakes": LESSONS["earthquakes"],
    "left to right": left_to_right,
    "chain of gaussian": lambda: random_chain("gaussian"),
    "chain of categorical": lambda: random_chain("categorical"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_the_page_goes_forward_and_backward_as_python_does(name):
    subject = SUBJECTS[name]()
    made = trace(subject)
    for s, of_step in enumerate(in_the_page(made)[:4]):
        for g, mine in enumerate(of_step):
            found = work_out(subject, s + 1, sequence=g + 1).e_step
            for key, table in (("scale", found.scale), ("forward", found.forward), ("backward", found.backward)):
                assert np.array(mine[key]) == pytest.approx(table, rel=1e-8, abs=1e-12), key
            assert np.array(mine["shares"]) == pytest.approx(found.shares, rel=1e-8, abs=1e-12)
            assert np.array(mine["pairs"]).reshape(found.pairs.shape) == pytest.approx(found.pairs, rel=1e-8, abs=1e-12)
            for t in {0, 1, found.length - 1} & set(range(found.length)):
                lines = {(line.letter, line.states): line.arithmetic for line in written(found, t)}
                for row in mine["written"][t]:
                    for line in row:
                        assert line["text"] == lines[line["letter"], tuple(line["states"])]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["umbrella", "earthquakes"])
def test_pages_of_chains_are_small_and_all_in_one(name):
    text = lesson_page(LESSONS[name]())
    assert len(text.encode()) <= 250_000
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)


@pytest.mark.slow
def test_a_page_without_data_holds_no_sequence():
    x = np.random.default_rng(3).normal(size=(60, 1)) + np.repeat([0.0, 4.0, 0.0], 20)[:, None]
    start = ek.HiddenMarkovParams(
        [0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], ek.DiagonalGaussianParams([[0.0], [4.0]], [[1.0], [1.0]])
    )
    result = ek.fit(ek.HiddenMarkovChain("gaussian-diag"), x, start)
    for include in (False, True):
        text = result_page(result, include_data=include)
        made = json.loads(re.search(r'id="trace">(.*?)</script>', text, re.DOTALL)[1])
        assert (made["in_sequence"] is not None) is include
        assert (made["bands"] is None) is include
        assert made["marks"]["kind"] == ("sequence" if include else "none")
    assert sorted(made["in_sequence"]["row"]) == list(range(60))
    without = result_page(result)
    assert not {f"{value:.9g}" for value in x.ravel()} & set(re.findall(r"-?\d+\.\d+", without))


@pytest.mark.slow
def test_long_sequences_are_counted_not_shown():
    x = np.random.default_rng(1).poisson(3, (MOST_ROWS + 1, 1)).astype(float)
    start = ek.HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], ek.PoissonParams([[2.0], [4.0]]))
    made = trace(subject_of_fit(ek.HiddenMarkovChain("poisson"), ek.ArraySource(x).as_one_group(), start))
    assert made["in_sequence"] is None
    assert np.sum(made["bands"]["counts"][0]) == len(x)
    assert len(made["steps"]) <= 4
