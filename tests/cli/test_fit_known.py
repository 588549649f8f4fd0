"""`emkit fit --labels` and `--groups`: columns that say what is known of rows, beside the data."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group

ROWS = "width,who,kind\n" + "".join(
    f"{width},{who},{kind}\n"
    for width, who, kind in [
        (1.0, "ann", "small"),
        (1.4, "ann", ""),
        (0.9, "bob", ""),
        (5.2, "bob", ""),
        (5.0, "eve", "large"),
        (4.7, "eve", ""),
        (5.3, "joe", "large"),
        (1.2, "kay", "NA"),
    ]
)


def run(*args, text=ROWS):
    return CliRunner().invoke(group, ["fit", "-", "--model", "gaussian", "-k", "2", "--columns", "width", *args], input=text)


def table():
    lines = [line.split(",") for line in ROWS.splitlines()[1:]]
    x = np.array([float(width) for width, _, _ in lines])
    labels = [{"large": 0, "small": 1}.get(kind, -1) for _, _, kind in lines]
    return x[:, None], labels, [who for _, who, _ in lines]


@pytest.mark.parametrize("known", [("labels",), ("groups",), ("labels", "groups")])
def test_columns_of_labels_and_groups_are_those_of_the_estimator(known):
    x, labels, groups = table()
    given = {name: {"labels": labels, "groups": groups}[name] for name in known}
    columns = {"labels": "kind", "groups": "who"}
    fit = ek.GaussianMixture(2, random_state=0).fit(x, **given).result_
    result = run(*(word for name in known for word in (f"--{name}", columns[name])), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert found["log_likelihood"] == pytest.approx(fit.log_likelihood, abs=1e-7)
    means = np.array(found["parameters"]["components"]["means"]).ravel()
    np.testing.assert_allclose(sorted(means), sorted(fit.params.components.means.ravel()), atol=1e-5)
    if "labels" in known:  # the first in sorted order is component 0
        assert means[0] > means[1]


def test_all_columns_but_those_named_are_data():
    args = ["fit", "-", "--model", "gaussian", "-k", "2", "--labels", "kind", "--groups", "who"]
    result = CliRunner().invoke(group, args, input=ROWS)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "width" in result.stdout
    assert "who" not in result.stdout


@pytest.mark.parametrize(
    ("args", "text", "sentence"),
    [
        (["--labels", "who"], ROWS, "column 'who' holds 5 labels, more than the 2 components of -k."),
        (["--labels", "sort"], ROWS, "there is no column 'sort'; the columns are 'width', 'who', 'kind'."),
        (["--labels", "width"], ROWS, "column 'width' is chosen twice: as what is known of rows, and as something else."),
        (["--labels", "kind", "--groups", "kind"], ROWS, "column 'kind' is chosen twice: as what is known of rows, and as "),
        (["--groups", "kind", "--weights", "kind"], ROWS, "column 'kind' cannot be both known of rows and weights."),
        (["--groups", "who"], "width,who\n1,a\n2,b\n3,a\n", "the rows of group 'a' are scattered: it begins at line 2 and "),
        (["--groups", "who"], "width,who\n1,a\n2,\n3,b\n", "the group of line 3 is missing; give every row a label."),
    ],
)
def test_what_cannot_be_is_named(args, text, sentence):
    result = run(*args, text=text)
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.startswith(f"error: {sentence}")


def test_labels_and_groups_may_be_numbers():
    numbers = ROWS.replace("small", "7").replace("large", "3")
    for number, who in enumerate(["ann", "bob", "eve", "joe", "kay"]):
        numbers = numbers.replace(who, str(number))
    args = ("--labels", "kind", "--groups", "who", "--json")
    found, words = json.loads(run(*args, text=numbers).stdout), json.loads(run(*args).stdout)
    assert (found.pop("component_names"), words.pop("component_names")) == (["3", "7"], ["large", "small"])
    assert found == words


def test_labels_need_a_number_of_components():
    start = json.dumps({"proportions": [1], "components": {"means": [[1]], "covariances": [[[1]]]}})
    args = ["fit", "-", "--model", "gaussian", "--columns", "width", "--labels", "kind", "--start", start]
    result = CliRunner().invoke(group, args, input=ROWS)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: say how many components to fit: -k 2.")


def test_a_fit_to_labelled_rows_tells_of_others(tmp_path):
    assert run("--labels", "kind", "--groups", "who", "--save", str(tmp_path / "x.emk")).exit_code == 0
    result = CliRunner().invoke(group, ["predict", str(tmp_path / "x.emk"), "-"], input="width\n5\n1\n")
    lines = [line.split(",") for line in result.stdout.splitlines()]
    assert lines[0] == ["component", "probability_large", "probability_small", "log_likelihood"]
    assert [line[0] for line in lines[1:]] == ["large", "small"]


def test_rows_of_named_components_are_told_alike_in_every_form(tmp_path):
    reader = pytest.importorskip("pyarrow.parquet")
    text, file = "clicks,kind\n1,often\n1,often\n0,\n0,never\n0,never\n", str(tmp_path / "x.emk")
    fit = ["fit", "-", "--model", "bernoulli", "-k", "2", "--labels", "kind", "--save", file]
    assert CliRunner().invoke(group, fit, input=text).exit_code == 0
    told = {}
    for form in ("csv", "json", "parquet"):
        out = tmp_path / f"rows.{form}"
        assert CliRunner().invoke(group, ["predict", file, "-", "--out", str(out)], input="clicks\n1\n0\n").exit_code == 0
        told[form] = out
    csv = [line.split(",")[0] for line in told["csv"].read_text().splitlines()]
    parquet = reader.read_table(told["parquet"])
    assert csv == ["component", "often", "never"]
    assert [row["component"] for row in json.loads(told["json"].read_text())["rows"]] == csv[1:]
    assert parquet["component"].to_pylist() == csv[1:]
    assert parquet.column_names[:3] == ["component", "probability_never", "probability_often"]


def test_a_number_is_a_name_as_it_stands_in_the_file():
    text = "clicks,kind,who\n1,1,1\n1,1,2\n2,,3\n8,3,4\n9,3,5\n20,,6\n21,,6\n"
    args = ["fit", "-", "--model", "poisson", "-k", "3", "--labels", "kind", "--columns", "clicks"]
    heading = next(line for line in CliRunner().invoke(group, args, input=text).stdout.splitlines() if "component " in line)
    assert heading.split() == ["component", "1", "3", "3", "(unnamed)"]
    scattered = CliRunner().invoke(group, [*args, "--groups", "who"], input=text.replace("21,,6", "21,,1"))
    assert scattered.stderr.startswith("error: the rows of group 1 are scattered")


def test_numbers_are_names_in_a_file_and_as_text_and_places_as_numbers():
    """One rule: text is names, in sorted order; numbers are components, counted from 0."""
    text = "".join(line.replace("small", "7").replace("large", "3") for line in ROWS.splitlines(keepends=True))
    found = json.loads(run("--labels", "kind", "--json", text=text).stdout)
    x, labels, _ = table()
    as_text = [{0: "3", 1: "7"}.get(k) for k in labels]
    fit = ek.GaussianMixture(2, random_state=0).fit(x, labels=as_text)
    assert found["component_names"] == fit.result_.to_dict()["component_names"] == ["3", "7"]
    assert found["log_likelihood"] == pytest.approx(fit.result_.log_likelihood, abs=1e-9)
    numbers = [{0: 3, 1: 7}.get(k, -1) for k in labels]
    with pytest.raises(ek.DataError, match=r"the label of row 0 is 7; .* Numbers that are names .* are given as text"):
        ek.GaussianMixture(2).fit(x, labels=numbers)
