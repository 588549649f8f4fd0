"""``emkit check`` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from emkit.cli import group


def emkit(*arguments):
    return CliRunner().invoke(group, ["check", *arguments])


def test_the_printed_numbers_of_the_two_coins_end_0():
    run = emkit("two-coins", "--printed")
    assert run.exit_code == 0, run.output
    assert run.stdout.startswith("two-coins, step 1: 11 of 11 numbers right.\n")


def test_the_printed_numbers_of_the_three_coins_end_1_and_name_the_slip():
    run = emkit("three-coins", "--printed")
    assert run.exit_code == 1
    for said in (
        "mu[x=0]: printed 0.82 (Concrete Example, P(z=1 | x=0)), right 0.8710 (27/31)",
        "0.6 (pi) taken for 0.4 (1 - pi) in the denominator",
        "pi: printed 0.424 (Concrete Example /2, pi), right 0.4431",
        "right 0.2138",
        "right 0.9073",
        "Carried from mu[x=0]",
        "cannot be seen in the likelihood",
    ):
        assert said in run.stdout
    assert run.stderr == ""


def test_ones_own_right_numbers_end_0_and_wrong_ones_1():
    right = ["--claim", "mu[x=0]=0.871", "--claim", "pi = 0.4431", "--claim", "alpha=31/145"]
    assert emkit("three-coins", *right).exit_code == 0
    assert emkit("three-coins", *right, "--claim", "beta=0.875").exit_code == 1
    assert emkit("two-coins", "--claim", "theta_A=0.7453", "--step", "2").exit_code == 0


def test_json_holds_the_same_marks():
    run = emkit("three-coins", "--printed", "--json")
    assert run.exit_code == 1
    found = json.loads(run.stdout)
    assert found["first_mistake"] == "mu[x=0]"
    assert [line["verdict"] for line in found["lines"]] == ["right", "wrong", "carried", "carried", "carried"]
    assert found["lines"][2]["right"] == pytest.approx(0.4431239388794567, abs=1e-15)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["three-coins"], "say what to check: --printed, or --claim NAME=VALUE"),
        (["three-coins", "--printed", "--claim", "pi=0.4"], "give one or the other"),
        (["four-coins", "--printed"], "'four-coins'"),
        (["three-coins", "--claim", "gamma=0.4"], "there is no line 'gamma' on this worksheet; the lines are"),
        (["three-coins", "--claim", "pi"], "--claim 'pi' is not NAME=VALUE"),
        (["three-coins", "--claim", "mu[x=0]"], "--claim 'mu[x=0]' is not NAME=VALUE"),
        (["three-coins", "--claim", "pi=much"], "the claim for 'pi' is 'much'; it must be a number"),
        (["three-coins", "--claim", "pi=0.4", "--claim", "pi=0.5"], "pi is claimed twice"),
        (["three-coins", "--claim", "pi=0.4", "--step", "0"], "--step"),
    ],
)
def test_wrong_usage_ends_2_with_one_sentence(arguments, sentence):
    run = emkit(*arguments)
    assert run.exit_code == 2
    assert sentence in run.stderr
    assert run.stdout == ""
    assert "Traceback" not in run.stderr


@pytest.mark.slow
def test_a_real_process_ends_with_the_same_codes():
    def code(*arguments):
        return subprocess.run([sys.executable, "-m", "emkit", "check", *arguments], capture_output=True, check=False).returncode

    assert code("two-coins", "--printed") == 0
    assert code("three-coins", "--printed") == 1
    assert code("three-coins", "--claim", "gamma=1") == 2
