"""Hundreds of files that are no fits: each is refused in words, and nothing in any of them is imported, run or unpacked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.persistence.malformed import good, malformed

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
MOST_KILOBYTES = 200_000


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What became of every file, in a process of its own whose folder is empty; and the names of the files."""
    folder, elsewhere = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("elsewhere")
    sound = [result.save(folder / name) for name, result in good().items()]
    names = {}
    for i, (name, content) in enumerate(malformed()):
        (folder / f"{i}.emk").write_bytes(content)
        names[str(folder / f"{i}.emk")] = name
    program = [sys.executable, "-m", "tests.persistence.watched", str(len(sound)), *map(str, sound), *names]
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(program, capture_output=True, text=True, cwd=elsewhere, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.listdir(elsewhere) == []
    return json.loads(done.stdout), names


def test_there_are_three_hundred_of_them(loaded):
    _, names = loaded
    assert len(names) >= 300


def test_each_is_refused_with_one_sentence_that_names_the_file(loaded):
    found, names = loaded
    wrong = {
        names[file]: told for file, told in found["told"].items() if not told.startswith(f"DataError: '{file}' cannot be ")
    }
    assert wrong == {}
    assert all(told.endswith(".") and "\n" not in told and len(told) < 700 for told in found["told"].values())


def test_nothing_is_imported_run_or_written(loaded):
    found, _ = loaded
    assert found["seen"] == []


def test_memory_stays_small(loaded):
    found, _ = loaded
    if found["kilobytes"] is None:
        pytest.skip("this system does not say how much memory a process has held")
    assert found["kilobytes"] < MOST_KILOBYTES


def test_whoever_imports_or_writes_is_seen(tmp_path):
    """The watch itself can fail."""
    program = (
        "import sys; from tests.persistence import watched; import emkit as ek\n"
        "ek.load = lambda file: (__import__('this_is_nowhere') if file else None)\n"
        "watched.main(['0', 'x'])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    found = json.loads(done.stdout)
    assert "import ('this_is_nowhere', None)" in found["seen"]
    assert found["told"] == {"x": "fault ModuleNotFoundError: No module named 'this_is_nowhere'"}
