"""``emkit derive``."""

import json

import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli.derive import command
from emkit.lessons import LESSONS, lesson_named


def run(*arguments):
    return CliRunner().invoke(command, list(arguments))


def test_text_is_the_default():
    result = run("poisson")
    assert result.exit_code == 0
    assert result.output == ek.derivation("poisson").to_text()


@pytest.mark.parametrize(("shape", "sign"), [("markdown", "## Three coins, ten reports"), ("latex", r"\section*{Three coins,")])
def test_other_formats_of_a_lesson(shape, sign):
    result = run("three-coins", "--format", shape)
    assert result.exit_code == 0
    assert result.output.startswith(sign)


def test_json():
    found = json.loads(run("two-coins", "--json").output)
    assert found["name"] == "two-coins"
    assert [solution["parameter"] for solution in found["solutions"]] == ["theta_A", "theta_B"]


def test_a_name_that_is_neither_family_nor_lesson():
    result = run("four-coins")
    assert result.exit_code == 2
    assert "there is no lesson 'four-coins'; the lessons are two-coins, " in result.output
    assert "Or name a family: proportions, transitions, bernoulli, " in result.output


@pytest.mark.parametrize("name", LESSONS)
def test_lessons_by_name(name):
    assert lesson_named(name).name == name
    assert run(name).exit_code == 0
