"""`emkit fit --save` and `emkit predict`: a fit is kept, and tells of other rows, which are found by their names."""

import csv
import io
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group

FAITHFUL = str(files("emkit.lessons") / "data" / "faithful.csv")
ANSWERS = "ward;w;pain;sleep\n" + "".join(
    f"{row}\n" for row in ["a;3;yes;bad", "b;2;no;good", "a;1;no;good", "b;4;yes;bad", "c;2;no;good", "c;5;yes;bad"] * 3
)


def run(*args, text=None):
    return CliRunner().invoke(group, list(map(str, args)), input=text)


def refusal(*args, text=None, code=4):
    result = run(*args, text=text)
    assert (result.exit_code, result.stdout) == (code, "")
    return result.stderr.splitlines()[0].removeprefix("error: ")


@pytest.fixture(scope="module")
def geyser(tmp_path_factory):
    path = tmp_path_factory.mktemp("fits") / "geyser.emk"
    assert run("fit", FAITHFUL, "--model", "gaussian", "-k", "2", "--save", path).exit_code == 0
    return path


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    path = tmp_path_factory.mktemp("fits") / "survey.emk"
    args = ["fit", "-", "--model", "categorical", "-k", "2", "--columns", "ward,pain,sleep", "--weights", "w", "--save", path]
    assert run(*args, text=ANSWERS).exit_code == 0
    return path


def test_every_row_gets_its_component_in_all_digits(geyser):
    result = run("predict", geyser, FAITHFUL)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    fit, x = ek.load(geyser), np.loadtxt(FAITHFUL, delimiter=",", skiprows=1)
    np.testing.assert_array_equal([int(row["component"]) for row in rows], fit.predict(x) + 1)
    shares = [[float(row[f"probability_{k}"]) for k in (1, 2)] for row in rows]
    np.testing.assert_array_equal(shares, fit.predict_proba(x))
    np.testing.assert_array_equal([float(row["log_likelihood"]) for row in rows], fit.score_samples(x))


def test_json_and_parquet_say_the_same(geyser, tmp_path):
    plain = list(csv.DictReader(io.StringIO(run("predict", geyser, FAITHFUL).stdout)))
    found = json.loads(run("predict", geyser, FAITHFUL, "--json").stdout)
    assert found["schema"] == "emkit-predict/1"
    assert [{name: float(cell) for name, cell in row.items()} for row in plain] == found["rows"]
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run("predict", geyser, FAITHFUL, "--out", tmp_path / "x.parquet").stdout == ""
    assert parquet.read_table(tmp_path / "x.parquet").to_pylist() == found["rows"]
    assert run("predict", geyser, FAITHFUL, "--out", tmp_path / "x.txt", "--to", "json").exit_code == 0
    assert json.loads((tmp_path / "x.txt").read_text()) == found


def test_columns_are_found_by_name_and_others_are_left_alone(geyser):
    text = "note|waiting|eruptions\nx|80|4.5\n"
    assert run("predict", geyser, "-", text=text).stdout.splitlines()[1].startswith("2,")
    other = "eruptions,wait\n4.5,80\n"
    said = "there is no column 'waiting'; the columns are 'eruptions', 'wait'. Did you mean 'wait'?"
    assert refusal("predict", geyser, "-", text=other) == said
    wrong = "eruptions,waiting\n4.5,long\n"
    assert refusal("predict", geyser, "-", text=wrong).startswith("line 2, column 'waiting' is 'long'; it must be a number.")


def test_levels_are_found_by_name(survey):
    result = run("predict", survey, "-", text="sleep,pain,ward\nbad,yes,b\ngood,no,c\n")
    one, other = (line.split(",")[0] for line in result.stdout.splitlines()[1:])
    assert {one, other} == {"1", "2"}
    said = "line 3, column 'ward' is 'd'; its levels are a, b, c, and a fit knows no other."
    assert refusal("predict", survey, "-", text="ward,pain,sleep\na,yes,bad\nd,no,good\n") == said


def test_a_survey_with_text_answers_and_weights_becomes_a_table_with_their_names(survey, tmp_path):
    (tmp_path / "answers.csv").write_text(ANSWERS)
    shown = run("fit", tmp_path / "answers.csv", "--model", "categorical", "-k", "3", "--weights", "w")
    assert shown.exit_code == 0
    assert "  rows                   51\n" in shown.stdout
    for name in ("ward = a", "ward = c", "pain = yes", "pain = no", "sleep = good"):
        assert name in shown.stdout
    found = json.loads(run("predict", survey, "-", "--json", text="ward,pain,sleep\na,yes,bad\n").stdout)
    assert found["rows"][0]["component"] in (1, 2)


def test_blanks_in_a_survey_are_gaps_when_it_is_fitted_and_when_rows_are_told(tmp_path):
    text = ANSWERS.replace("a;1;no;good", ";1;no;good").replace("b;4;yes;bad", "b;4;NA;bad")
    shown = run("fit", "-", "--model", "categorical", "-k", "2", "--weights", "w", "--save", tmp_path / "x.emk", text=text)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "pain = yes" in shown.stdout
    assert "NA" not in shown.stdout
    rows = json.loads(run("predict", tmp_path / "x.emk", "-", "--json", text="ward,pain,sleep\na,,bad\n,,\n").stdout)["rows"]
    fit = ek.load(tmp_path / "x.emk")
    assert rows[1]["log_likelihood"] == pytest.approx(0, abs=1e-12)  # of nothing, nothing is known
    np.testing.assert_allclose([rows[1][f"probability_{k}"] for k in (1, 2)], fit.params.proportions)


def test_a_row_that_is_impossible_has_component_0(tmp_path):
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[1.0, 0.0], [1.0, 0.0]]))
    x = ek.ArraySource([[1, 0], [1, 0]], columns=["a", "b"])
    path = ek.fit(ek.Mixture(ek.Bernoulli()), x, start).save(tmp_path / "fit.emk")
    result = run("predict", path, "-", text="a,b\n1,0\n0,1\n1,1\n")
    assert result.stdout.splitlines()[2:] == ["0,,,-inf", "0,,,-inf"]
    assert result.stderr == "warning: line 3 is impossible under every component, and so is 1 more.\n"
    rows = json.loads(run("predict", path, "-", "--json", text="a,b\n0,1\n").stdout)["rows"]
    assert rows == [{"component": 0, "probability_1": None, "probability_2": None, "log_likelihood": None}]


def test_files_that_cannot_be_read_or_written_are_named(geyser, tmp_path):
    assert refusal("predict", tmp_path / "no.emk", FAITHFUL) == f"there is no file '{tmp_path / 'no.emk'}'."
    assert refusal("predict", FAITHFUL, FAITHFUL).startswith(f"'{FAITHFUL}' cannot be loaded: it is no zip")
    nowhere = tmp_path / "no" / "x.csv"
    assert refusal("predict", geyser, FAITHFUL, "--out", nowhere) == f"cannot write '{nowhere}': No such file or directory."
    said = refusal("predict", geyser, FAITHFUL, "--out", tmp_path / "x.xlsx", code=2)
    assert said == f"'{tmp_path / 'x.xlsx'}' does not say what to write: end it in .csv, .json, .parquet, or say --to."
    assert refusal("predict", geyser, FAITHFUL, "--json", "--to", "csv", code=2).startswith("--json and --to csv ask for")
    fit = "fit", FAITHFUL, "--model", "gaussian", "-k", "1", "--save"
    assert refusal(*fit, nowhere) == f"cannot write '{nowhere}': No such file or directory."  # before there is a fit


def test_a_file_of_predictions_is_replaced_as_a_whole(geyser, tmp_path):
    out = tmp_path / "x.csv"
    out.write_text("old")
    out.chmod(0o640)
    assert run("predict", geyser, FAITHFUL, "--out", out).exit_code == 0
    assert out.read_text().startswith("component,")
    assert (out.stat().st_mode & 0o777, list(tmp_path.iterdir())) == (0o640, [out])


def test_a_fit_of_a_class_of_ones_own_is_refused_with_its_name(tmp_path):
    Own = type("Own", (ek.Poisson,), {})
    start = ek.MixtureParams([1.0], ek.PoissonParams([[2.0]]))
    path = ek.fit(ek.Mixture(Own()), [0, 1, 3], start).save(tmp_path / "fit.emk")
    assert "is of class 'Own', which is none of emkit's" in refusal("predict", path, "-", text="x0\n1\n")


@pytest.mark.slow
def test_predictions_go_through_a_pipe(geyser):
    command = '"$0" -m emkit predict "$1" "$2" | "$0" -m emkit fit - --model poisson -k 1 --columns component'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, geyser, FAITHFUL], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "  rows                   272\n" in done.stdout


def test_rows_of_a_group_belong_together(geyser):
    lines = Path(FAITHFUL).read_text(encoding="utf-8").splitlines()[:9]
    text = "\n".join([lines[0] + ",who"] + [f"{line},{'ab'[i // 4]}" for i, line in enumerate(lines[1:])])
    result = run("predict", geyser, "-", "--groups", "who", text=text)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 8
    for own in (rows[:4], rows[4:]):
        assert all(row == own[0] for row in own)
