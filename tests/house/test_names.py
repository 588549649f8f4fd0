"""What `import emkit as ek` offers, to people who look and to programs that check types."""

import subprocess
import sys

import pytest

import emkit as ek

PROGRAM = """
import emkit as ek
reveal_type(ek.GaussianMixture)
start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.6], [0.5]]))
reveal_type(start.proportions)
"""


def test_dir_lists_what_is_loaded_on_first_use_and_nothing_of_typing():
    names = dir(ek)
    assert {"GaussianMixture", "MixtureModel", "check_work", "explore", "lessons", "search"} <= set(names)
    assert not {"Any", "TYPE_CHECKING", "import_module"} & set(names)
    assert all(hasattr(ek, name) for name in names)


@pytest.mark.slow
def test_a_type_checker_sees_classes_and_takes_lists_for_arrays(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(program)]
    said = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False).stdout
    assert "-> emkit.estimators.gaussian.GaussianMixture" in said
    assert "numpy.ndarray" in said
    assert "Success" in said, said
