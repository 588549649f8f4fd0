"""``emkit report``: from a file, a saved fit with and without its data, a lesson; what it refuses, and how it exits."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from click.testing import CliRunner

from emkit.cli import group

FAITHFUL = str(files("emkit.lessons") / "data" / "faithful.csv")
GEYSER = ["--model", "gaussian", "-k", "2"]


def run(*args, text=None):
    return CliRunner().invoke(group, [*map(str, args)], input=text)


def test_a_file_is_fitted_as_fit_does_and_written_up(tmp_path):
    out = tmp_path / "x.html"
    done = run("report", FAITHFUL, *GEYSER, "--out", out, "--json", "--title", "Old Faithful")
    assert done.exit_code == 0, done.stderr
    told, fitted = json.loads(done.stdout), json.loads(run("fit", FAITHFUL, *GEYSER, "--json").stdout)
    assert told["bytes"] == out.stat().st_size
    facts = dict(told["sections"]["fit"]["parts"][0]["rows"])
    assert facts["log-likelihood"] == round(fitted["log_likelihood"], 4)
    assert dict(told["sections"]["convergence"]["parts"][1]["rows"])["iterations"] == fitted["iterations"]
    text = out.read_text(encoding="utf-8")
    assert "<h1>Old Faithful</h1>" in text
    assert str(tmp_path) not in text
    assert FAITHFUL not in text


def test_a_saved_fit_is_written_up_without_its_data_and_with_them(tmp_path):
    rows = "ward,pain,w\n" + "".join(f"{'ABC'[i % 3]},{'yes' if i % 3 == i % 2 else 'no'},{1 + i % 2}\n" for i in range(40))
    (tmp_path / "x.csv").write_text(rows)
    model = ["--model", "categorical", "-k", "2", "--columns", "ward,pain", "--weights", "w"]
    assert run("fit", tmp_path / "x.csv", *model, "--save", tmp_path / "x.emk").exit_code == 0
    without = json.loads(run("report", tmp_path / "x.emk", "--out", tmp_path / "x.md", "--json").stdout)
    beside = ["--data", tmp_path / "x.csv", "--weights", "w"]
    again = json.loads(run("report", tmp_path / "x.emk", *beside, "--out", tmp_path / "y.md", "--json").stdout)
    at_once = json.loads(run("report", tmp_path / "x.csv", *model, "--out", tmp_path / "z.md", "--json").stdout)
    assert again["sections"] == at_once["sections"]
    assert (tmp_path / "y.md").read_text() == (tmp_path / "z.md").read_text()
    assert "not stored" in (tmp_path / "x.md").read_text()
    assert without["sections"]["provenance"] == again["sections"]["provenance"]
    wrong = run("report", tmp_path / "x.emk", "--data", tmp_path / "x.csv", "--out", tmp_path / "w.md")
    assert wrong.exit_code == 4
    assert "not the data of the fit" in wrong.stderr
    assert not (tmp_path / "w.md").exists()


def test_a_lesson_is_written_up(tmp_path):
    done = run("report", "two-coins", "--out", tmp_path / "x.md")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "Mixture of 2 binomial components" in (tmp_path / "x.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (["nothing"], 2, "nothing is no lesson"),
        ([FAITHFUL, *GEYSER, "--out", "x.pdf"], 2, "ends in .html or .md"),
        ([FAITHFUL, *GEYSER, "--data", FAITHFUL], 2, "--data goes with a saved fit"),
        ([FAITHFUL, "--model", "gaussian"], 2, "say how many components"),
        ([FAITHFUL, *GEYSER, "--out", "nowhere/x.md"], 4, "cannot write"),
        (["nothing.emk"], 4, "there is no file"),
        (["nothing.csv", *GEYSER], 4, "nothing.csv"),
        ([FAITHFUL, *GEYSER, "--max-evaluations", "3", "--out", "x.md"], 3, "wrote x.md"),
    ],
)
def test_it_ends_with_the_exit_code_of_what_is_wrong(args, code, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("report", *args)
    assert done.exit_code == code, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == ([tmp_path / "x.md"] if code == 3 else [])


def test_rows_are_in_it_if_asked(tmp_path):
    text = "x\n" + "\n".join(map(str, [1.5, 2.25, 1.75, 2.0, 8.5, 9.0, 8.75, 777.125]))
    asked = ["report", "-", "--model", "gaussian", "-k", "1", "--out", tmp_path / "x.md"]
    assert run(*asked, text=text).exit_code == 0
    assert "777.125" not in (tmp_path / "x.md").read_text()
    assert run(*asked, "--include-data", text=text).exit_code == 0
    assert "777.125" in (tmp_path / "x.md").read_text()
