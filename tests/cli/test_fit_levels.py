"""`emkit fit --formula` of a response in levels, and the probabilities of these by `emkit predict --mean`."""

import io

import numpy as np
import pandas as pd
from click.testing import CliRunner

from emkit.cli import group

RNG = np.random.default_rng(0)
AGE = RNG.normal(50, 10, 80).round()
OPINION = np.array(["low", "middling", "high"])[np.digitize(0.1 * (AGE - 50) + RNG.logistic(size=80), [-1.0, 1.0])]


def run(*args):
    return CliRunner().invoke(group, list(map(str, args)))


def test_a_fit_of_levels_in_their_order_and_what_it_predicts(tmp_path):
    rows, kept = tmp_path / "rows.csv", tmp_path / "fit.emk"
    pd.DataFrame({"opinion": OPINION, "age": AGE}).to_csv(rows, index=False)
    options = ("--formula", "opinion ~ age", "-k", "1", "--family", "ordered", "--levels", "low,middling,high")
    found = run("fit", rows, *options, "--save", kept)
    assert found.exit_code == 0
    assert "low|middling" in found.stdout
    predicted = pd.read_csv(io.StringIO(run("predict", kept, rows, "--mean").stdout))
    assert list(predicted) == ["low", "middling", "high", "low_1", "middling_1", "high_1"]
    np.testing.assert_allclose(predicted[["low", "middling", "high"]].sum(axis=1), 1.0)
    refused = run("fit", rows, "--model", "poisson", "--columns", "age", "-k", "1", "--levels", "low,high")
    assert refused.exit_code == 2
    assert "--levels goes with --formula" in refused.stderr
