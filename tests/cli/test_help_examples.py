"""The help of every command ends with examples, and they are right; a shell completes what it lists."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest
from click.testing import CliRunner

from emkit.cli import COMMANDS, group

FAITHFUL = files("emkit.lessons") / "data" / "faithful.csv"
RUN = ("lessons", "explain", "check", "families", "predict", "report")  # in little time
NOT_RUN = ("tcp://", "--exact", "explore two-coins", "--open")  # a cluster; SymPy; a server; a browser


def examples_of(name):
    """The examples at the end of a command's help, as words; lines that are set in go on with the line before."""
    said = CliRunner().invoke(group, [name, "--help"], terminal_width=200).stdout
    _, _, tail = said.partition("\n  Examples:\n")
    joined = tail.rstrip().replace("\n       ", " ")
    return [shlex.split(line) for line in joined.splitlines()]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with files as the examples name them."""
    folder, rng = tmp_path_factory.mktemp("examples"), np.random.default_rng(0)
    shutil.copy(str(FAITHFUL), folder / "faithful.csv")
    n = 60
    ages, wards, low = rng.integers(20, 80, n), rng.integers(0, 2, n), rng.random(n) < 0.5
    visits, days = rng.poisson(np.where(low, 1, 9)), rng.integers(1, 9, n)
    columns = {"visits": visits, "age": ages, "ward": wards, "days": days}

    def write(name, **columns):
        rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        (folder / name).write_text("\n".join(rows) + "\n")

    write("clinics.csv", **{**columns, "ward": rng.normal(size=n), "visits": visits})
    write("visits.csv", **{**columns, "ward": np.array(["A", "B"])[wards], "person": np.repeat(range(n // 2), 2)})
    write("counts.csv", deaths=visits, days=days)
    write("quakes.csv", count=visits, region=np.repeat(["N", "S"], n // 2))
    write("coins.csv", heads=[5, 9, 8, 4, 7])
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_examples_whose_words_are_known(name, place, monkeypatch):
    monkeypatch.chdir(place)
    lines = examples_of(name)
    assert any(words[1] == name for words in lines)
    for program, command, *words in lines:
        assert program == "emkit"
        found = group.get_command(None, command)
        found.make_context(command, words, resilient_parsing=False).close()  # or a usage error


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_examples_run(name, place, monkeypatch):
    monkeypatch.chdir(place)
    for words in examples_of(name):
        if any(each in " ".join(words) for each in NOT_RUN):
            continue
        said = CliRunner().invoke(group, words[1:])
        assert said.exit_code in (0, 3), (words, said.stderr)


BASH = shutil.which("bash")
ASK = """
eval "$(_EMKIT_COMPLETE=bash_source emkit)"
for line in "emkit ex" "emkit families --j" "emkit lessons two-c" "emkit why lin"; do
    read -ra COMP_WORDS <<< "$line"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    _emkit_completion emkit
    printf '%s ' "${COMPREPLY[@]}"
done
"""


@pytest.mark.slow
@pytest.mark.skipif(BASH is None, reason="there is no bash here")
def test_bash_completes_commands_options_and_lessons(tmp_path):
    program = tmp_path / "emkit"  # as installed, whatever the environment
    program.write_text(f"#!{sys.executable}\nfrom emkit.cli import main\nmain()\n")
    program.chmod(0o755)
    found = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    said = subprocess.run([BASH, "-c", ASK], capture_output=True, text=True, env=found, timeout=120, check=False)
    assert sorted(said.stdout.split()) == ["--json", "explain", "explore", "linkage", "two-coins", "two-coins-free"], (
        said.stderr
    )
