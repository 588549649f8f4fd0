"""`emkit fit --model hmm` and `emkit predict` of what it keeps: rows in sequence."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group
from tests.models.test_hidden_markov import DATA

HMM = ("--model", "hmm", "--family", "poisson", "-k", "2", "--columns", "count")


def run(*args, text=None):
    return CliRunner().invoke(group, list(map(str, args)), input=text)


@pytest.fixture(scope="module")
def counts():
    return np.loadtxt(DATA, delimiter=",", skiprows=1)[:, 1:]


@pytest.fixture(scope="module")
def halves(counts):
    """The years in two sequences, as a file."""
    rows = [f"{int(count)},{'early' if i < 50 else 'late'}" for i, count in enumerate(counts[:, 0])]
    return "count,part\n" + "\n".join(rows) + "\n"


def test_all_rows_are_one_sequence(counts):
    found = json.loads(run("fit", DATA, *HMM, "--json").stdout)
    wanted = ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts).result_
    assert found["log_likelihood"] == pytest.approx(wanted.log_likelihood, abs=1e-7)
    assert found["model"] == "Hidden Markov chain of 2 poisson states"
    np.testing.assert_allclose(found["parameters"]["transitions"], wanted.params.transitions, atol=1e-5)


def test_a_column_says_which_sequence_a_row_is_of_and_predict_follows(counts, halves, tmp_path):
    kept = tmp_path / "quakes.emk"
    fitted = run("fit", "-", *HMM, "--sequence", "part", "--save", kept, text=halves)
    assert fitted.exit_code == 0, fitted.stderr
    result = ek.load(kept)
    rows = list(csv.DictReader(io.StringIO(run("predict", kept, "-", "--sequence", "part", text=halves).stdout)))
    lengths = [50, 57]
    model = ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts, lengths=lengths)
    assert result.log_likelihood == pytest.approx(model.result_.log_likelihood, abs=1e-7)
    assert [int(row["path"]) - 1 for row in rows] == model.predict(counts, lengths).tolist()
    np.testing.assert_allclose(
        [float(row["probability_2"]) for row in rows], model.predict_proba(counts, lengths)[:, 1], atol=1e-5
    )
    heights = [float(row["log_likelihood"]) for row in rows]
    assert heights[0] == heights[49] != heights[50] == heights[106]
    assert heights[0] + heights[106] == pytest.approx(result.log_likelihood, rel=1e-9)
    joined = run("predict", kept, "-", text=halves)
    assert len({row["log_likelihood"] for row in csv.DictReader(io.StringIO(joined.stdout))}) == 1
    assert "all 107 rows were taken as one sequence; --sequence COLUMN says which is whose." in joined.stderr
    groups = np.repeat([0, 1], lengths)
    np.testing.assert_array_equal(result.predict_proba(counts, groups)[:, 1], [float(row["probability_2"]) for row in rows])
    np.testing.assert_array_equal(result.score_samples(counts, groups), [heights[0], heights[106]])
    np.testing.assert_array_equal(result.predict(counts, groups) + 1, [int(row["component"]) for row in rows])
    assert result.score_samples(counts).shape == (1,)


def test_what_a_fit_prints_can_be_given_back_as_a_start(halves):
    printed = run("fit", "-", *HMM, "--sequence", "part", "--json", text=halves).stdout
    again = run("fit", "-", *HMM, "--sequence", "part", "--start", printed, "--json", text=halves)
    assert again.exit_code == 0, again.stderr
    one, two = (json.loads(each) for each in (printed, again.stdout))
    assert two["log_likelihood"] == pytest.approx(one["log_likelihood"], abs=1e-6)
    few = run("fit", "-", *HMM[:4], "-k", "3", "--columns", "count", "--start", printed, text=halves)
    assert "--start has 2 initial probabilities, but -k says 3 components" in few.stderr


def test_a_report_of_a_kept_fit_takes_its_sequences(halves, tmp_path):
    kept, rows, out = tmp_path / "quakes.emk", tmp_path / "quakes.csv", tmp_path / "quakes.md"
    rows.write_text(halves)
    run("fit", rows, *HMM, "--sequence", "part", "--save", kept)
    told = run("report", kept, "--data", rows, "--sequence", "part", "--out", out)
    assert told.exit_code == 0, told.stderr
    assert f"{ek.load(kept).log_likelihood:.4f}" in out.read_text()
    refused = run("report", kept, "--data", rows, "--groups", "part", "--out", out)
    assert refused.exit_code == 2
    assert "--groups is not for this fit, whose rows come together by --sequence" in refused.stderr


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--model", "hmm", "-k", "2"), 2, "say what one state looks like: --model hmm --family FAMILY"),
        (("--model", "poisson", "--family", "poisson", "-k", "2"), 2, "--family goes with --model hmm"),
        (("--model", "poisson", "--sequence", "part", "-k", "2"), 2, "--sequence goes with --model hmm"),
        ((*HMM, "--groups", "part"), 2, "give --sequence for --groups"),
        ((*HMM, "--labels", "part"), 2, "labels are for mixtures"),
        ((*HMM, "--sequence", "nowhere"), 4, "nowhere"),
    ],
)
def test_what_does_not_go_together_is_said(args, code, said, halves):
    found = run("fit", "-", *args, text=halves)
    assert found.exit_code == code, found.stderr
    assert said in found.stderr
    assert "Traceback" not in found.stderr


def test_rows_of_a_mixture_are_in_no_sequence(halves, tmp_path):
    kept = tmp_path / "mixture.emk"
    assert run("fit", "-", "--model", "poisson", "-k", "2", "--columns", "count", "--save", kept, text=halves).exit_code == 0
    found = run("predict", kept, "-", "--sequence", "part", text=halves)
    assert found.exit_code == 2
    assert "--sequence is not for this fit" in found.stderr
