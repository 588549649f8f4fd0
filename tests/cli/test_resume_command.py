"""Fits of the command line that are stopped, and go on."""

import json
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import group
from emkit.core.stopping import Step
from emkit.watching import Progress

FAITHFUL = str(files("emkit.lessons") / "data" / "faithful.csv")
FIT = ["fit", FAITHFUL, "--model", "gaussian", "-k", "3", "--starts", "3", "--columns", "waiting,eruptions"]


def run(*args, text=None):
    return CliRunner().invoke(group, list(args), input=text)


def numbers(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ckpt"


@pytest.fixture
def stopped(path, monkeypatch):
    """A checkpoint of a fit that was interrupted, and what was said of that."""

    def interrupted(self, stream, of=""):
        for item in stream:
            if isinstance(item, Step) and item.number == 2:
                raise KeyboardInterrupt
            yield item

    with monkeypatch.context() as patched:
        patched.setattr(Progress, "following", interrupted)
        result = run(*FIT, "--checkpoint", str(path))
    assert result.exit_code == 130
    return result.stderr


def test_a_fit_that_was_interrupted_goes_on(stopped, path, tmp_path):
    assert stopped.strip() == (f"error: interrupted. The fit is kept in {str(path)!r}. To go on: emkit resume {path}")
    whole = numbers(run(*FIT, "--json"))
    saved = tmp_path / "fit.emk"
    assert numbers(run("resume", str(path), "--json", "--save", str(saved))) == whole
    assert numbers(run(*FIT, "--json", "--checkpoint", str(path))) == whole
    assert ek.load(saved).log_likelihood == whole["log_likelihood"]


def test_other_rows_do_not_go_on(stopped, path, tmp_path):
    other = tmp_path / "other.csv"
    lines = Path(FAITHFUL).read_text().splitlines()
    other.write_text("\n".join([*lines[:-1], lines[1]]))
    result = run("resume", str(path), str(other))
    assert (result.exit_code, result.stdout) == (4, "")
    assert "is the checkpoint of another fit: it began with other data." in result.stderr
    again = run(*FIT, "--tol", "1e-4", "--checkpoint", str(path))
    assert (again.exit_code, "it began with other limits." in again.stderr) == (4, True)


def test_what_is_no_checkpoint_of_the_command_line_does_not_go_on(path):
    result = run("resume", str(path))
    assert (result.exit_code, result.stderr) == (4, f"error: there is no file {str(path)!r}.\n")
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    ek.fit(ek.Mixture(ek.Poisson()), [1, 2, 3, 8, 9], start, checkpoint=path)
    result = run("resume", str(path))
    assert (result.exit_code, result.stderr) == (
        4, f"error: {str(path)!r} is the checkpoint of a fit in Python. To go on: emkit.resume(path, data).\n",
    )  # fmt: skip


@pytest.mark.slow
def test_a_process_that_is_interrupted_goes_on(path, tmp_path):
    rows = tmp_path / "rows.csv"
    lines = Path(FAITHFUL).read_text().splitlines()
    rows.write_text("\n".join(lines[:1] + 40 * lines[1:]))
    options = ["--model", "gaussian", "-k", "6", "--starts", "2", "--checkpoint", str(path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "emkit", "fit", str(rows), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not path.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert (process.returncode, said.strip()) == (
        130, f"error: interrupted. The fit is kept in {str(path)!r}. To go on: emkit resume {path}",
    )  # fmt: skip
    assert run("resume", str(path)).exit_code == 0
