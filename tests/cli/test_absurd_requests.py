"""Whatever number, name, file or stream a command is given: one sentence and the right exit code, never a traceback."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from emkit.cli import group

FAITHFUL = str(Path(__file__).parents[2] / "src" / "emkit" / "lessons" / "data" / "faithful.csv")
FIT = ["fit", FAITHFUL, "--model", "gaussian", "-k", "2"]
DIGITS = "1" * 5_000
FULL = Path("/dev/full")


def refusal(*args):
    """The first line on stderr of a command that refuses what it is given."""
    result = CliRunner().invoke(group, list(args))
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr) < 1000
    return result.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ([*FIT, "--starts", "1000000000"], "Invalid value for '--starts': 1000000000 is not in the range 1<=x<=100000."),
        (["explain", "two-coins", "--step", "1000000000"], "step is 1000000000; it must be a whole number from 1 to 100,000."),
        (["why", "two-coins", "--step", "1000000000"], "step is 1000000000; it must be a whole number from 1 to 100,000."),
        (
            ["check", "two-coins", "--printed", "--step", "1000000000"],
            "step is 1000000000; it must be a whole number from 1 to 100,000.",
        ),
        (
            [*FIT, "--columns", "a\nb"],
            "Invalid value for '--columns': 'a\\nb' is no list of names set apart by commas; quote a name that holds a comma "
            "or a line break.",
        ),
        (
            [*FIT, "--start", '{"parameters": 3}'],
            "--start: there is no parameter 'parameters'; there are proportions, components.means, components.covariances.",
        ),
        ([*FIT, "--start", f'{{"proportions": [{DIGITS}, 1]}}'], "--start: components.means is missing; give proportions,"),
        (
            ["check", "two-coins", "--claim", "theta_A=1e999999999"],
            "the claim for 'theta_A' is '1e999999999'; it must be a fin",
        ),
        (
            ["check", "two-coins", "--claim", f"theta_A={DIGITS}"],
            f"the claim for 'theta_A' is '{DIGITS[:40]}...'; it must be a",
        ),
        (
            ["check", "two-coins", "--claim", f"theta_A={DIGITS[:999]}/3"],
            f"the claim for 'theta_A' is '{DIGITS[:40]}...'; it mu",
        ),
        (
            ["check", "two-coins", "--claim", f"theta_A={DIGITS}/3"],
            f"the claim for 'theta_A' is '{DIGITS[:40]}...'; it must be",
        ),
    ],
)
def test_what_is_absurd_is_refused_with_the_limit(args, sentence):
    assert refusal(*args).startswith(f"error: {sentence}")


NUMBERS = ["0", "-1", "1" * 19, "1" * 400, DIGITS, "-" + DIGITS, "1e3", "nan", "½", "²", "१", "0x10", "1_000", "", " ", "\0"]
OPTIONS = [
    (FIT[:-2], "-k"),
    (FIT, "--starts"),
    (FIT, "--seed"),
    (FIT, "--tol"),
    (FIT, "--max-evaluations"),
    (["fit", FAITHFUL, "--model", "binomial", "-k", "2", "--columns", "waiting"], "--trials"),
    (["explain", "two-coins"], "--step"),
    (["explain", "two-coins"], "--rows"),
    (["why", "two-coins"], "--step"),
    (["check", "two-coins", "--printed"], "--step"),
    (["report", FAITHFUL, "--model", "gaussian", "--out", "/nowhere/at/all.html"], "-k"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("args", "option"), OPTIONS, ids=lambda value: value if isinstance(value, str) else value[0])
def test_no_number_is_too_absurd_for_an_option(args, option):
    for number in NUMBERS:
        result = CliRunner().invoke(group, [*args, option, number])
        assert isinstance(result.exception, SystemExit | None), (option, number[:30], result.exception)
        assert result.exit_code in (0, 1, 2, 3, 4)


GOOD = {
    "proportions": [0.5, 0.5],
    "components": {"means": [[2.0, 55.0], [4.0, 80.0]], "covariances": [[[1.0, 0.0], [0.0, 36.0]]] * 2},
}
PIECES = [None, True, 3, -1, 1e308, float("nan"), "x", "1", [], {}, [[]], [None], {"": 1}, 10**400, [[1, 2], [3]], "__class__"]


def spoiled(rng, value):
    """JSON like `value`, in which something is another thing."""
    if rng.random() < 0.15 or not isinstance(value, dict | list):
        return rng.choice(PIECES)
    if isinstance(value, list):
        at = rng.randrange(len(value))
        return [spoiled(rng, item) if i == at else item for i, item in enumerate(value)]
    at = rng.choice(list(value))
    changed = {key: spoiled(rng, item) if key == at else item for key, item in value.items()}
    if rng.random() < 0.3:
        changed[rng.choice(["parameters", "check", "__class__", "", "means"])] = rng.choice(PIECES)
    return changed


def test_no_start_is_too_absurd(tmp_path):
    rng = random.Random(0)
    file = tmp_path / "start.json"
    refused = 0
    for _ in range(150):
        given = spoiled(rng, rng.choice([GOOD, {"parameters": GOOD}]))
        text = json.dumps(given)
        if rng.random() < 0.2:
            text = text[: rng.randrange(len(text))]
        file.write_text(text, encoding="utf-8")
        result = CliRunner().invoke(group, [*FIT, "--max-evaluations", "1", "--start", str(file)])
        assert isinstance(result.exception, SystemExit), (text, result.exception)
        assert result.exit_code in (0, 1, 2, 3), (text, result.stderr)
        refused += result.exit_code == 2
    assert refused > 100


@pytest.mark.parametrize("name", ["check", "__class__", "components"])
def test_a_start_has_no_parameters_but_those_of_the_model(name):
    wrong = {**GOOD, "components": {**GOOD["components"], name: 1}}
    assert refusal(*FIT, "--start", json.dumps(wrong)).startswith(f"error: --start: there is no parameter 'components.{name}'")


def process(args, redirected):
    """Exit code and stderr of a real process, started by a shell that redirects its streams."""
    command = f'"$0" -m emkit "$@" {redirected}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, *args], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.slow
def test_stdin_may_be_closed():
    code, said = process(["fit", "-", "--model", "gaussian", "-k", "2"], "<&-")
    assert said.splitlines()[0] == "error: - is stdin, and it is closed: pipe rows into it, or name a file."
    assert code == 2


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="there is no device here that is always full")
@pytest.mark.parametrize("args", [FIT, [*FIT, "--json"], ["lessons"], ["--help"], ["explain", "two-coins"]])
def test_a_full_device_is_one_sentence(args):
    assert process(args, "> /dev/full") == (4, "error: the output cannot be written: No space left on device.\n")
    assert process(args, "> /dev/full 2> /dev/full") == (4, "")


@pytest.mark.slow
@pytest.mark.parametrize("args", [FIT, ["doctor"]])
@pytest.mark.parametrize("redirected", [">&-", "2>&-", ">&- 2>&-", "2> /dev/full"])
def test_what_nobody_hears_is_no_failure(args, redirected):
    assert process(args, redirected) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("args", [["-m", "emkit"], [str(Path(sys.executable).parent / "emkit")]])
def test_an_interrupt_while_emkit_is_loaded(args):
    if not args[0].startswith("-") and not os.path.exists(args[0]):
        pytest.skip("the command is not installed")
    program = [sys.executable, "-X", "importtime", *args, *FIT]  # says on stderr what is loaded
    for module in ("emkit.errors", "numpy", "emkit.families"):
        running = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in running.stderr:
            if line.split("|")[-1].strip() == module:
                break
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        said = [line for line in err.splitlines() if not line.startswith("import time:")]
        assert (running.returncode, out, said) == (130, "", ["error: interrupted."])


@pytest.mark.slow
def test_a_program_that_imports_emkit_keeps_its_own_interrupts(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import signal, emkit; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
