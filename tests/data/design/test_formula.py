"""Formulas say what R's formulas say, and how much they may say is bounded."""

from __future__ import annotations

import subprocess
import sys

import pytest

import emkit as ek
from emkit.data.design import algebra, parsed


def terms(formula):
    return [":".join(factor.name for factor in term) or "1" for term in parsed(formula).terms]


@pytest.mark.parametrize(
    ("formula", "said"),
    {
        "y ~ x": ["1", "x"],
        "x": ["1", "x"],
        "~ x": ["1", "x"],
        "y~x+x": ["1", "x"],
        "y ~ 1": ["1"],
        "y ~ 0 + x": ["x"],
        "y ~ x - 1": ["x"],
        "y ~ -1 + x": ["x"],
        "y ~ x + 0 + 1": ["1", "x"],
        "y ~ a * b": ["1", "a", "b", "a:b"],
        "y ~ a:b + c": ["1", "c", "a:b"],
        "y ~ a * b - a": ["1", "b", "a:b"],
        "y ~ (a + b + c)^2": ["1", "a", "b", "c", "a:b", "a:c", "b:c"],
        "y ~ (a + b) ** 2 - a:b": ["1", "a", "b"],
        "y ~ a:a": ["1", "a"],
        "y ~ (a + b):(c + d)": ["1", "a:c", "a:d", "b:c", "b:d"],
        "y ~ poly ( t,2 ) + log(  x )": ["1", "poly(t, 2)", "log(x)"],
        "y ~ I(a+b) + I(a + b) + I((a + b))": ["1", "I(a + b)"],
        "y ~ I(x**2 / 3)": ["1", "I(x ** 2 / 3)"],
        "y ~ `a b` + log(`a b`+`c-d`)": ["1", "a b", "log(`a b` + `c-d`)"],
        "y ~ C(g) + C(`g h`, Treatment('b'))": ["1", "C(g)", "C(`g h`, Treatment('b'))"],
        "größe ~ 年龄 + _x1": ["1", "年龄", "_x1"],
        "y ~\n  x +\n  t": ["1", "x", "t"],
    }.items(),
)
def test_a_right_side_is_its_terms(formula, said):
    assert terms(formula) == said


def test_sides_and_gate_are_told_apart():
    said = parsed("log(y) + w ~ x + poly(t, 2) | 0 + z * x")
    assert [factor.name for factor in said.response] == ["log(y)", "w"]
    assert [term[0].name for term in said.gate[:2]] == ["z", "x"]
    assert () not in said.gate
    assert said.columns == ("y", "w", "x", "t", "z")
    assert parsed("~ z").response == ()
    assert parsed("y ~ x").gate is None
    assert parsed("y ~ x | 1").gate == ((),)
    assert [factor.name for factor in parsed("`a|b~c` ~ x").response] == ["a|b~c"]


def test_a_name_in_a_call_and_in_backticks_is_one_column():
    assert parsed("y ~ `x` + x + log(`x`)").columns == ("y", "x")


@pytest.mark.parametrize("formula", [3, None, b"y ~ x", ["y ~ x"]])
def test_a_formula_is_text(formula):
    with pytest.raises(ek.ParameterError, match="a formula is text"):
        parsed(formula)


@pytest.mark.parametrize("depth", [49, 50])
def test_what_is_just_deep_enough_is_read(depth):
    assert terms("y ~ " + "(" * depth + "x" + ")" * depth) == ["1", "x"]
    assert parsed("y ~ I(" + "-" * (depth - 2) + "x)").columns == ("y", "x")


def test_what_is_just_long_enough_is_read_and_not_slowly():
    names = [f"{letter}{i}" for letter in "vw" for i in range(100, 800)]
    formula = "y ~ " + " + ".join(names)
    assert len(formula) < 10_000
    assert terms(formula) == ["1", *names]
    with pytest.raises(ek.ParameterError, match="10,008 bytes"):
        parsed(formula + " " * (10_008 - len(formula)))


def test_bytes_are_counted_and_not_letters():
    with pytest.raises(ek.ParameterError, match="12,004 bytes"):
        parsed("y ~ " + "é" * 6_000)


@pytest.mark.parametrize(
    ("formula", "words"),
    {
        "y ~ a.b": "a column called a.b is `a.b`",
        "y ~ class": "if a column is called so, write `class`",
        "y ~ 1.5": "other numbers stand inside of I()",
        "y ~ a / b": "write a / b as a \\+ a:b",
        "y ~ I(x ^ 2)": "write \\*\\*",
        "y ~ x + 3": "numbers? stand",
        "y ~ center(x)": "a call of center, which formulas do not know",
        "y ~ ": "write ~ 1 for an intercept alone",
        "y ~ 0": "the right side .* has no terms",
        "y ~ x | 0": "the gate .* has no terms",
        "y ~ x |": "leave it out, or write | 1",
        "y ~ C(g, 'a')": "write C\\(column\\) or C\\(column, Treatment\\('level'\\)\\)",
        "y ~ C(g, Treatment('a'), 3)": "too many arguments",
        "y ~ poly(x, degrees=2)": "an argument degrees that it does not take",
        "y ~ poly(x, 0)": "from 1 to 20",
        "y ~ poly()": "a polynomial of nothing",
        "y ~ poly(2, 2)": "the same number in every row",
        "y ~ (a + b)^c": "the right side has a power of terms that is no whole number from 1 to 10",
    }.items(),
)
def test_a_refusal_says_what_to_do(formula, words):
    with pytest.raises(ek.ParameterError, match=words):
        parsed(formula)


def test_without_formulaic_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(algebra, "find_spec", lambda name: None)
    with pytest.raises(ek.ModelError, match=r"pip install 'emkit\[formula\]'"):
        parsed("y ~ x")


@pytest.mark.slow
def test_formulaic_and_pandas_are_imported_only_when_a_formula_is_read():
    program = "import emkit.data.design, emkit, sys; print({'formulaic', 'pandas'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert said.stdout == "set()\n", said.stderr


@pytest.mark.parametrize("formula", ["y ~ x | y", "y ~ x + I(y * 2)", "log(y) ~ y", "y ~ x | log(y)"])
def test_nothing_is_told_by_itself(formula):
    with pytest.raises(ek.ParameterError, match="of the response, which stands left of the ~"):
        parsed(formula)
