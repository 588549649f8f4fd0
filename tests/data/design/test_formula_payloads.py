"""No formula gets at Python: not by what it says, not by what data or files call things, not from where it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import emkit as ek
from emkit.data.design import Design, parsed
from tests.data.design.payloads import NAMES, PAYLOADS, WRITE

FRAME = pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": [0.5, 0.0, 3.0], "g": ["a", "b", "a"]})
SIGNS = "yxghtéｘ~|+-:*^()`'\".,=/[]{}012\\\n# "
WORDS = ("**", "1.5", "log(", "I(", "C(g)", "poly(x, 2)", "Treatment('a')", "lambda", "__import__", "raw=True", "`a b`", " ")


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_refused_in_words(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ek.ParameterError) as refusal:
        parsed(PAYLOADS[name])
    assert len(str(refusal.value)) < 500
    assert not list(tmp_path.iterdir())


def test_there_are_payloads_enough():
    assert len(PAYLOADS) >= 60
    assert len(set(PAYLOADS.values())) == len(PAYLOADS)


def test_refusing_and_reading_run_nothing():
    """In a process of its own, which hears of all that Python compiles to run, opens or starts."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.data.design.watched"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (said.returncode, said.stdout.split()) == (0, ["awake", "silence"]), said.stdout + said.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_that_of_a_column_and_of_nothing_else(name):
    secret = FRAME["x"]  # noqa: F841 - which a formula that looks around would find
    with pytest.raises(ek.DataError, match=f"column '{name}'"):
        Design.of(f"y ~ {name}", FRAME)
    with pytest.raises(ek.DataError, match=f"column '{name}'"):
        Design.of(f"y ~ I({name} + 1)", FRAME)


@pytest.mark.parametrize("name", [*NAMES, "exp", "I", "poly", "sqrt", "f0", "Intercept ", "quoted0_", WRITE, "x + g", "{x}"])
def test_a_column_may_be_called_as_it_likes_and_changes_no_function(name):
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "x": [0.5, 0.0, 3.0, 1.0], name: [1.0, 2.0, 5.0, 3.0]})
    rows = Design.of(f"y ~ `{name}` + exp(`{name}`) + exp(x)", frame)
    assert rows.covariates == ("Intercept", name, f"exp(`{name}`)", "exp(x)") or name.isidentifier()
    np.testing.assert_allclose(rows.rows(frame).covariates[:, 2:], np.exp(frame[[name, "x"]].to_numpy()))


def test_two_things_of_one_name_are_refused():
    frame = FRAME.assign(**{"exp(x)": [1.0, 2.0, 3.0]})
    with pytest.raises(ek.ParameterError, match=r"two different things called 'exp\(x\)'"):
        Design.of("y ~ `exp(x)` + exp(x)", frame)


@settings(max_examples=400)
@given(st.lists(st.sampled_from([*SIGNS, *WORDS]), min_size=1, max_size=12).map("".join) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        said = parsed(text)
    except ek.ParameterError:
        return
    again = parsed(text)
    assert said == again
    assert all(isinstance(column, str) for column in said.columns)
