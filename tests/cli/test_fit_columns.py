"""`emkit fit --column NAME=FAMILY`: columns of different families, as the estimator takes them in a mapping."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group

VISITS = "id,age,visits,ward\n" + "".join(
    f"{i},{age},{visits},{ward}\n"
    for i, (age, visits, ward) in enumerate(
        zip([21, 25, 30, 27, 61, 72, 66, 70], [0, 1, 0, 2, 4, 6, 3, 7], "aabababb", strict=True)
    )
)
COLUMNS = ["--column", "age=gaussian", "--column", "visits=poisson", "--column", "ward=categorical"]


def run(*args, text=VISITS):
    return CliRunner().invoke(group, ["fit", "-", "-k", "2", *args], input=text)


def test_a_mapping_is_fitted_as_by_the_estimator():
    pd = pytest.importorskip("pandas")
    lines = [line.split(",") for line in VISITS.splitlines()]
    frame = pd.DataFrame(lines[1:], columns=lines[0]).astype({"age": float, "visits": float})
    mapping = {"age": "gaussian", "visits": "poisson", "ward": "categorical"}
    fit = ek.MixtureModel(mapping, 2, random_state=0).fit(frame).result_
    result = run(*COLUMNS, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert found["log_likelihood"] == pytest.approx(fit.log_likelihood, abs=1e-7)
    assert found["columns"] == ["age", "visits", "ward"]
    assert found["levels"] == {"ward": ["a", "b"]}


def test_a_mapping_is_kept_and_predicts(tmp_path):
    path = str(tmp_path / "visits.emk")
    shown = run(*COLUMNS, "--save", path)
    assert "ward = b" in shown.stdout
    result = CliRunner().invoke(group, ["predict", path, "-"], input=VISITS)
    belongs = [line.split(",")[0] for line in result.stdout.splitlines()[1:]]
    assert belongs == ["1"] * 4 + ["2"] * 4
    pd = pytest.importorskip("pandas")
    other = pd.DataFrame({"ward": ["a", "b"], "visits": [0, 7], "age": [21, 70]})
    np.testing.assert_array_equal(ek.load(path).predict(other), [0, 1])


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        ([], 2, "say what one component looks like: --model FAMILY for all columns, or --column NAME=FAMILY for each."),
        (["--model", "poisson", *COLUMNS], 2, "--model and --column are both given: give --model for all columns, or"),
        (["--column", "age"], 2, "Invalid value for '--column': 'age' is not NAME=FAMILY, such as age=gaussian."),
        (["--column", "a=beta", "--column", "a=gamma"], 2, "Invalid value for '--column': the column 'a' is given twice;"),
        ([*COLUMNS, "--columns", "age"], 2, "--columns goes with --model; --column says which columns there are."),
        ([*COLUMNS, "--trials", "3"], 2, "--trials goes with --model; --column says which columns there are."),
        (["--column", "age=gausian"], 2, "there is no family 'gausian'; the families are "),
        (["--column", "agee=gaussian"], 4, "there is no column 'agee'; the columns are 'id', 'age', 'visits', 'ward'. Did you"),
        (["--column", "age=gaussian", "--column", "ward=poisson"], 4, "line 2, column 'ward' is 'a'; it must be a number."),
    ],
)
def test_what_cannot_be_is_one_sentence(args, code, sentence):
    result = run(*args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"error: {sentence}")


def test_families_made_of_others_are_fitted_by_name():
    rows = "visits\n" + "\n".join(["0"] * 40 + ["3", "4", "2", "5", "3", "1", "4"] * 4) + "\n"
    result = CliRunner().invoke(group, ["fit", "-", "-k", "1", "--model", "zero-inflated:poisson", "--json"], input=rows)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["model"] == "Mixture of 1 zero-inflated poisson component"
    args = ["fit", "-", "-k", "1", "--model", "repeated-2:binomial", "--trials", "6", "--json"]
    found = json.loads(CliRunner().invoke(group, args, input="before,after\n1,2\n3,2\n0,4\n").stdout)["parameters"]
    assert found["components"]["probabilities"] == [[pytest.approx(12 / 36)]]
    named = ["fit", "-", "-k", "1", "--column", "visits=zero-inflated:poisson", "--json"]
    by_column = json.loads(CliRunner().invoke(group, named, input=rows).stdout)
    assert by_column["log_likelihood"] == pytest.approx(json.loads(result.stdout)["log_likelihood"], abs=1e-8)
    listed = CliRunner().invoke(group, ["families"]).stdout
    assert "gaussian-factors-N" in listed
    assert "zero-inflated:FAMILY" in listed
    assert "repeated-N:FAMILY" in listed
