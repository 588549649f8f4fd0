"""Examples of docstrings and tests run in one call of pytest, by the same classes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAME = """
import pickle
import emkit as ek

def test_one_class():
    made = ek.GrowthMixtureModel("y ~ t + (1 | id)")
    assert type(pickle.loads(pickle.dumps(made))) is type(made)
    assert ek.estimators.growth_mixture_model.GrowthMixtureModel is ek.GrowthMixtureModel
"""


@pytest.mark.slow
def test_modules_are_imported_once(tmp_path):
    (tmp_path / "test_same.py").write_text(SAME, encoding="utf-8")
    module = ROOT / "src" / "emkit" / "estimators" / "growth_mixture_model.py"
    asked = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    told = subprocess.run(
        [*asked, f"--rootdir={ROOT}", str(module), str(tmp_path / "test_same.py")],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[-2000:]
