"""``emkit explain`` and ``emkit lessons``."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from emkit.cli.explain import command as explain
from emkit.cli.lessons import command as lessons
from emkit.lessons import LESSONS


def output(*arguments, command=explain):
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_prints_the_explanation():
    text = output("two-coins", "--step", "1")
    assert "theta_A = 21.30 / (21.30 + 8.57) = 0.7130" in text
    assert "\x1b" not in text


def test_json_has_all_digits_and_nothing_else_on_stdout():
    record = json.loads(output("two-coins", "--json"))
    assert record["schema"] == "emkit-explain/1"
    assert record["parameters"]["after"]["theta_A"] == pytest.approx(0.7130122354005162, rel=1e-12)
    assert [entry["bound"] for entry in record["ledger"]] == pytest.approx(
        [-33.09386251983316, -31.99722424495421, -31.859257948227356], rel=1e-12
    )


def test_exact_prints_fractions():
    assert "7962624/17728249" in output("two-coins", "--exact")
    assert json.loads(output("three-coins", "--exact", "--json"))["exact"]["after"]["pi"] == "261/589"


def test_steps_notation_map_rows_and_assignment_are_chosen():
    assert "EM step 3" in output("old-faithful", "--step", "3")
    assert "Q_i(z=A)" in output("two-coins", "--notation", "cs229")
    assert "THE SAME IN EVERY NOTATION" in output("two-coins", "--map")
    assert "the first 2 of 5 rows" in output("two-coins", "--rows", "2")
    assert "= 0.8000" in output("two-coins", "--hard")
    assert len(json.loads(output("old-faithful", "--json"))["rows"]) == 272


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["four-coins"], "there is no lesson 'four-coins'; the lessons are two-coins"),
        (["two-coins", "--step", "0"], "0 is not in the range x>=1"),
        (["two-coins", "--notation", "knuth"], "'knuth' is not one of 'coin', 'cs229', 'slides', 'bishop'"),
        (["coins"], "Did you mean 'two-coins'?"),
        (["linkage", "--exact"], "components, not for Cells, whose densities are no fractions"),
    ],
)
def test_wrong_usage_ends_2_with_a_sentence_and_no_traceback(arguments, message):
    done = subprocess.run(
        [sys.executable, "-m", "emkit", "explain", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_real_process_without_utf8_or_colour_prints_it_whole():
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-m", "emkit", "explain", "three-coins", "--map"],
        capture_output=True, text=True, check=False, timeout=60, env=environment,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "= 0.9073" in done.stdout


def test_explaining_two_coins_never_compiles():
    code = (
        "import sys; from emkit.lessons import two_coins; str(two_coins().explain(exact=True)); print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


def test_lessons_are_listed():
    lines = output(command=lessons).splitlines()
    assert [line.split()[0] for line in lines[2:]] == list(LESSONS)
    listed = json.loads(output("--json", command=lessons))
    assert listed["schema"] == "emkit-lessons/1"
    assert [lesson["name"] for lesson in listed["lessons"]] == list(LESSONS)
    assert all(lesson["reference"] for lesson in listed["lessons"])
