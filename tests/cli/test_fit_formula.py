"""`emkit fit --formula` and `emkit predict` of what it keeps: regressions."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group

DATA = Path(__file__).parents[1] / "oracles" / "data"
NPREG, LOOMS = DATA / "npreg.csv", DATA / "warpbreaks.csv"
POISSON = ("--formula", "yp ~ x", "--family", "poisson", "-k", "2")


def run(*args, text=None):
    return CliRunner().invoke(group, list(map(str, args)), input=text)


def read(text):
    return pd.read_csv(io.StringIO(text))


@pytest.fixture(scope="module")
def fitted():
    return ek.MixtureRegression("yp ~ x", 2, family="poisson", random_state=0).fit(pd.read_csv(NPREG))


@pytest.fixture
def saved(tmp_path):
    assert run("fit", NPREG, *POISSON, "--save", tmp_path / "fit.emk").exit_code == 0
    return tmp_path / "fit.emk"


def test_a_fit_by_formula_is_that_of_the_estimator(fitted):
    found = json.loads(run("fit", NPREG, *POISSON, "--json").stdout)
    assert found["log_likelihood"] == pytest.approx(fitted.result_.log_likelihood, abs=1e-6)
    assert found["columns"] == ["yp", "x"]
    assert found["model"] == "Mixture of 2 poisson regression components"


def test_the_table_has_a_part_for_each_class():
    found = run("fit", LOOMS, "--formula", "breaks ~ tension | wool", "--family", "poisson", "-k", "2", "--standard-errors")
    assert found.exit_code == 0
    assert "proportions by wool[T.B]" in found.stdout
    assert "component 1" in found.stdout
    assert "gate: wool[T.B]" in found.stdout


def test_counts_that_spread_wider_have_a_family():
    formula = "breaks ~ wool + C(tension, Treatment('L'))"
    found = run("fit", LOOMS, "--formula", formula, "--family", "negative-binomial", "-k", "1", "--json")
    assert 2 * json.loads(found.stdout)["log_likelihood"] == pytest.approx(-398.764, abs=6e-4)  # as R's glm.nb prints it


def test_what_json_prints_is_a_start():
    printed = run("fit", NPREG, *POISSON, "--json").stdout
    again = json.loads(run("fit", NPREG, *POISSON, "--json", "--start", printed).stdout)
    assert again["log_likelihood"] == pytest.approx(json.loads(printed)["log_likelihood"], abs=1e-8)


def test_weights_groups_offsets_and_trials_are_columns():
    rng = np.random.default_rng(1)
    lines = ["y,won,m,x,days,often,who"]
    for i in range(60):
        x, days, m = rng.normal(), rng.uniform(1, 5), rng.integers(2, 6)
        lines.append(f"{rng.poisson(days)},{rng.binomial(m, 0.5)},{m},{x:.6f},{days:.6f},{1 + i % 3},p{i // 4}")
    text = "\n".join(lines) + "\n"
    frame = read(text)
    frame["joined"] = 1 + np.arange(60) // 4 % 3
    text = frame.to_csv(index=False)
    settings = ("--groups", "who", "--weights", "joined", "--offset", "log(days)", "--family", "poisson")
    found = json.loads(run("fit", "-", "--formula", "y ~ x", "-k", "1", *settings, "--json", text=text).stdout)
    one = ek.MixtureRegression("y ~ x", 1, family="poisson", offset="log(days)", groups="who")
    assert found["log_likelihood"] == pytest.approx(one.fit(frame, sample_weight=frame.joined).result_.log_likelihood, abs=1e-8)
    shots = ("--formula", "won ~ x", "-k", "1", "--family", "binomial", "--trials", "m")
    found = json.loads(run("fit", "-", *shots, "--json", text=text).stdout)
    two = ek.MixtureRegression("won ~ x", 1, family="binomial", trials="m").fit(frame)
    assert found["log_likelihood"] == pytest.approx(two.result_.log_likelihood, abs=1e-8)
    amounts = ("--formula", "days ~ x", "-k", "1", "--family", "gamma")
    found = json.loads(run("fit", "-", *amounts, "--json", text=text).stdout)
    three = ek.MixtureRegression("days ~ x", 1, family="gamma").fit(frame)
    assert found["log_likelihood"] == pytest.approx(three.result_.log_likelihood, abs=1e-8)


def test_predict_says_where_rows_belong(fitted, saved):
    found = read(run("predict", saved, NPREG).stdout)
    wanted = fitted.predict_proba(pd.read_csv(NPREG))
    np.testing.assert_allclose(found[["probability_1", "probability_2"]], wanted, atol=1e-6)


def test_predict_tells_means_of_rows_without_a_response(fitted, saved):
    x = pd.read_csv(NPREG)[["x"]]
    found = read(run("predict", saved, "-", "--mean", text=x.to_csv(index=False)).stdout)
    assert [*found.columns] == ["mean", "mean_1", "mean_2"]
    np.testing.assert_allclose(found["mean"], fitted.predict(x), rtol=1e-5)
    np.testing.assert_allclose(found["mean_2"], fitted.predict(x, component=1), rtol=1e-5)
    missing = run("predict", saved, "-", text=x.to_csv(index=False))
    assert (missing.exit_code, missing.stdout) == (4, "")
    assert "no column 'yp'" in missing.stderr
    assert "`emkit predict --mean` needs no yp." in missing.stderr


def test_rows_with_gaps_are_refused_or_dropped_as_is_said():
    lines = NPREG.read_text().splitlines()
    lines[4] = lines[4][lines[4].index(",") :]
    text = "\n".join(lines)
    refused = run("fit", "-", *POISSON, text=text)
    assert refused.exit_code == 4
    assert "line 5, column 'x' is missing" in refused.stderr
    dropped = run("fit", "-", *POISSON, "--gaps", "drop", text=text)
    assert dropped.exit_code == 0
    assert "1 of 200 rows have gaps and are left out." in dropped.stderr


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((*POISSON, "--model", "poisson"), 2, "--model does not go with --formula"),
        ((*POISSON, "--columns", "x"), 2, "--columns does not go with --formula"),
        ((*POISSON, "--column", "x=poisson"), 2, "--column does not go with --formula"),
        ((*POISSON, "--labels", "class"), 2, "--labels does not go with --formula"),
        ((*POISSON, "--sequence", "class"), 2, "--sequence does not go with --formula"),
        (("--model", "poisson", "-k", "2", "--offset", "x"), 2, "--offset goes with --formula"),
        (("--model", "poisson", "-k", "2", "--gaps", "drop"), 2, "--gaps goes with --formula"),
        (("--model", "binomial", "-k", "2", "--trials", "x"), 2, "a column of trials goes with --formula"),
        (("--formula", "yp ~ x", "--family", "poison", "-k", "2"), 2, "family is 'poison'"),
        (("--formula", "yp ~ os.system('ls')", "-k", "2"), 2, "an attribute"),
        (("--formula", "yp ~ x + nothing", "-k", "2"), 4, "there is no column 'nothing'"),
        (("--formula", "yn ~ x", "--family", "poisson", "-k", "2"), 4, "line 2, column 'yn' is 22.3804"),
        (("--formula", "yp ~ x"), 2, "say how many components to fit"),
    ],
)
def test_what_cannot_be_is_said(options, code, said):
    found = run("fit", NPREG, *options)
    assert said in found.stderr
    assert found.exit_code == code


def test_means_are_of_fits_by_formula(tmp_path, saved):
    other = tmp_path / "other.emk"
    run("fit", NPREG, "--model", "poisson", "-k", "2", "--columns", "yp", "--save", other)
    found = run("predict", other, NPREG, "--mean")
    assert "--mean is for fits of regressions by --formula" in found.stderr
    assert "knows its groups itself" in run("predict", saved, NPREG, "--groups", "class").stderr


def test_a_report_is_written_of_a_saved_fit(tmp_path, saved):
    found = run("report", saved, "--data", NPREG, "--out", tmp_path / "report.md")
    assert found.exit_code == 0, found.stderr
    assert "intercept" in (tmp_path / "report.md").read_text()


def test_numbers_of_classes_and_families_are_compared(fitted):
    asked = ("--formula", "yp ~ x", "--family", "poisson", "--family", "gaussian", "-k", "1:2", "--starts", "2", "--json")
    told = json.loads(run("select", "-", *asked, text=NPREG.read_text()).stdout)
    assert (told["settings"], told["best"]) == (["family"], {"form": ["poisson"], "components": 2})
    assert told["fit"]["log_likelihood"] == pytest.approx(fitted.result_.log_likelihood, abs=1e-5)
    chosen = ek.select(ek.MixtureRegression("yp ~ x", random_state=0, n_init=2), pd.read_csv(NPREG), [1, 2],
                       grid={"family": ["poisson", "gaussian"]})  # fmt: skip
    assert [line.value("bic") for line in chosen.lines] == pytest.approx([line["bic"] for line in told["lines"]], abs=1e-4)
    assert chosen.best.family == "poisson"


def test_rows_left_out_are_said_once():
    lines = NPREG.read_text().splitlines()
    lines[4] = lines[4][lines[4].index(",") :]
    asked = ("--formula", "yp ~ x", "--family", "poisson", "--family", "gaussian", "-k", "1", "--gaps", "drop")
    found = run("select", "-", *asked, text="\n".join(lines))
    assert found.exit_code == 0
    assert found.stderr.count("1 of 200 rows have gaps and are left out") == 1
