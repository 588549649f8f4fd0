"""The law of designs: whatever the formula, the columns are those of formulaic, by name and by number."""

from __future__ import annotations

import formulaic
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import emkit as ek
from emkit.data.design import Design

FACTORS = ["x", "w", "g", "h", "C(k)", "C(g, Treatment('b'))", "poly(t, 2)", "log(t)", "I(x**2 - w / 3)", "`a b`"]


def frame(seed, rows=300):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": rng.normal(3.0, 2.0, rows),
            "w": rng.normal(-1e3, 5.0, rows),
            "t": rng.uniform(1.0, 9.0, rows),
            "g": rng.choice(list("abc"), rows),
            "h": rng.choice(["u", "v"], rows),
            "k": rng.integers(2001, 2004, rows),
            "a b": rng.gamma(2.0, size=rows),
        }
    )


def combined(inner):
    pair = st.tuples(inner, st.sampled_from([" + ", ":", " * ", " - "]), inner).map(lambda parts: f"({''.join(parts)})")
    return pair | inner.map(lambda text: f"({text})^2")


TERMS = st.recursive(st.sampled_from(FACTORS), combined, max_leaves=4)
BEGINNINGS, ENDS = ["", "0 + ", "1 + ", "~ ", "-1 + "], ["", " - 1", " + x", " + g"]
FORMULAS = st.tuples(st.sampled_from(BEGINNINGS), TERMS, st.sampled_from(ENDS)).map("".join)


def design_or_none(formula, data):
    try:
        return Design.of(formula, data)
    except ek.DataError:
        return None


def is_dependent(x):
    largest = np.abs(x).max(axis=0)
    return np.linalg.matrix_rank(x / np.where(largest > 0, largest, 1.0), tol=1e-8) < x.shape[1]


@pytest.mark.slow
@settings(max_examples=200)
@given(FORMULAS, st.integers(0, 5))
def test_a_design_is_formulaics_or_is_refused_as_dependent(formula, seed):
    data = frame(seed)
    theirs = formulaic.Formula(formula).get_model_matrix(data, context={})
    assume(0 < theirs.shape[1] < 40)
    x = theirs.to_numpy(dtype=np.float64)
    ours = design_or_none(formula, data)
    assert (ours is None) == is_dependent(x), formula
    if ours is not None:
        assert ours.covariates == tuple(theirs.columns), formula
        np.testing.assert_allclose(ours.rows(data).covariates, x, rtol=1e-10, atol=1e-10 * np.abs(x).max())
        np.testing.assert_array_equal(ours.rows(pl.from_pandas(data)).covariates, ours.rows(data).covariates)


@pytest.mark.slow
@settings(max_examples=40)
@given(TERMS, st.integers(0, 5))
def test_rows_to_come_are_coded_as_formulaics_model_specification_codes_them(formula, seed):
    data, others = frame(seed), frame(seed + 100, rows=40)
    ours = design_or_none(formula, data)
    assume(ours is not None)
    theirs = formulaic.Formula(formula).get_model_matrix(data, context={}).model_spec.get_model_matrix(others)
    x = theirs.to_numpy(dtype=np.float64)
    np.testing.assert_allclose(ours.rows(others).covariates, x, rtol=1e-9, atol=1e-9 * np.abs(x).max())


@pytest.mark.parametrize("formula", ["x + g * h", "0 + g:x + poly(t, 3)", "C(k):h - 1", "(x + g + h)^2 - x:g"])
def test_well_known_formulas_make_formulaics_columns(formula):
    data = frame(0)
    theirs = formulaic.Formula(formula).get_model_matrix(data, context={})
    ours = Design.of(formula, data)
    assert ours.covariates == tuple(theirs.columns)
    np.testing.assert_allclose(ours.rows(data).covariates, theirs.to_numpy(dtype=np.float64), atol=1e-12)
