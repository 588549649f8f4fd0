"""Fits of the command line to rows in many files, in threads, in processes and on a cluster."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import elsewhere, group
from tests.data.files_of_rows import normal

FIT = ["--model", "gaussian", "-k", "2", "--starts", "1", "--max-evaluations", "9", "--json"]
pytestmark = pytest.mark.filterwarnings("ignore::emkit.ConvergenceWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("rows")
    normal(made)
    return made


@pytest.fixture
def parts(folder):
    return [str(folder / f"part-{i}.parquet") for i in (1, 2)]


def fit(*args):
    result = CliRunner().invoke(group, ["fit", *map(str, args), *FIT])
    assert result.exit_code == 3, result.stderr  # the budget is small
    found = json.loads(result.stdout)
    return {name: value for name, value in found.items() if name not in ("file", "files", "seconds")}


def refused(*args, code):
    result = CliRunner().invoke(group, ["fit", *map(str, args)])
    assert (result.exit_code, result.stdout) == (code, "")
    return result.stderr


def test_files_a_folder_and_a_pattern_are_the_same_rows(folder, parts):
    whole = fit(*parts)
    assert whole["rows"] == 1_200
    assert fit(folder) == fit(folder / "*.parquet") == whole
    one = folder / "one" / "rows.pq"
    one.parent.mkdir()
    pd.concat(map(pd.read_parquet, parts)).to_parquet(one)
    assert fit(one)["log_likelihood"] == pytest.approx(whole["log_likelihood"], rel=1e-12)


@pytest.mark.slow
def test_a_cluster_gives_the_same_numbers(parts):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        assert fit(*parts, "--scheduler", cluster.scheduler_address) == fit(*parts)


@pytest.mark.long
def test_processes_give_the_same_numbers_and_go_on(folder, parts, tmp_path):
    whole = fit(*parts)
    assert fit(folder, "--workers", "2", "--checkpoint", tmp_path / "run.ckpt") == whole
    gone_on = CliRunner().invoke(group, ["resume", str(tmp_path / "run.ckpt"), "--workers", "2", "--json"])
    assert json.loads(gone_on.stdout)["log_likelihood"] == whole["log_likelihood"]


def test_sequences_and_weights_lie_in_files_too(tmp_path):
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(20), 10)
    frame = pd.DataFrame({"x": rng.poisson(1.0 + 3 * (np.arange(200) % 20 < 10)), "w": 2.0, "who": who})
    frame[:100].to_parquet(tmp_path / "a.parquet")
    frame[100:].to_parquet(tmp_path / "b.parquet")
    args = ["fit", str(tmp_path), "-k", "2", "--columns", "x", "--starts", "2", "--json"]
    chain = CliRunner().invoke(group, [*args, "--model", "hmm", "--family", "poisson", "--sequence", "who"])
    assert (chain.exit_code, json.loads(chain.stdout)["rows"]) == (0, 200)
    heavy = CliRunner().invoke(group, [*args, "--model", "poisson", "--weights", "w", "--save", str(tmp_path / "fit.emk")])
    found = json.loads(heavy.stdout)
    assert (heavy.exit_code, found["rows"]) == (0, 400)
    assert ek.load(tmp_path / "fit.emk").log_likelihood == found["log_likelihood"]


def test_what_cannot_be_read_in_passes_is_refused(folder, parts, tmp_path):
    rows = tmp_path / "rows.csv"
    Path(rows).write_text("a,b\n1,2\n3,5\n")
    model = ["--model", "gaussian", "-k", "2"]
    assert "rows.csv is not a Parquet file" in refused(rows, rows, *model, code=4)
    assert "no Parquet files at" in refused(tmp_path / "*.pq", *model, code=4)
    assert "there is no file" in refused(*parts, "nothing.parquet", *model, code=4)
    assert "--labels is for rows in memory" in refused(*parts, *model, "--labels", "a", code=2)
    assert "--formula is for the rows of one FILE, and there are 2." in refused(*parts, "--formula", "a ~ b", "-k", "2", code=2)
    pd.DataFrame({"word": ["a", "b"] * 9}).to_parquet(tmp_path / "words.parquet")
    assert "word" in refused(tmp_path, *model, code=4)


def test_workers_that_cannot_be_had_are_refused(parts, monkeypatch):
    asked = [*parts, "--model", "gaussian", "-k", "2"]
    assert "give one of them" in refused(*asked, "--workers", "2", "--scheduler", "tcp://127.0.0.1:1", code=2)
    assert "0 is not in the range" in refused(*asked, "--workers", "0", code=2)
    assert "no Dask scheduler answers at 'here'" in refused(*asked, "--scheduler", "here", code=2)
    monkeypatch.setattr(elsewhere, "find_spec", lambda name: None if name == "distributed" else importlib.util.find_spec(name))
    assert "pip install 'emkit[dask]'" in refused(*asked, "--scheduler", "here", code=2)
