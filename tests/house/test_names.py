"""What `import emkit as ek` offers, to people who look and to programs that check types."""

import inspect
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


def example_of(name):
    """The example in what `help` says of a public name, not counting what it inherits; None for a value, such as a table."""
    value = getattr(ek, name)
    if not (inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value)):
        return None
    own = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    return ">>>" in (own or "")


def test_every_public_name_has_an_example_of_its_own():
    examples = {name: example_of(name) for name in ek.__all__}
    assert [name for name, there in examples.items() if there is False] == []
    assert {name for name, there in examples.items() if there is None} == {"FAMILIES", "Array"}  # a table, and a type


def test_an_example_is_not_inherited():
    class Counts(ek.Poisson):
        pass

    ek.Counts = Counts
    try:
        assert example_of("Poisson")
        assert not example_of("Counts")
    finally:
        del ek.Counts


@pytest.mark.slow
def test_a_type_checker_sees_classes_and_takes_lists_for_arrays(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(program)]
    said = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False).stdout
    assert "-> emkit.estimators.gaussian.GaussianMixture" in said
    assert "numpy.ndarray" in said
    assert "Success" in said, said
