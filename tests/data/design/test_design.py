"""Columns of designs: what they are called, what they are, and what is said where there can be none."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import emkit as ek
from emkit.data.design import Design
from emkit.data.frames import read_table

N = 40
RNG = np.random.default_rng(17)
DATA = {
    "y": RNG.gamma(2.0, size=N),
    "x": RNG.normal(size=N),
    "t": np.tile(np.arange(8.0), 5),
    "g": np.tile(["b", "a", "c", "a", "b"], 8).tolist(),
    "h": np.tile([True, False], 20).tolist(),
    "year": np.repeat([2001, 2003], 20),
    "n": RNG.integers(1, 9, N),
    "id": np.repeat(["q", "p"], 20).tolist(),
    "odd name": RNG.normal(size=N),
}
FRAME = pd.DataFrame(DATA)
FORMULA = "log(y) ~ x * g + poly(t, 2) + h + C(year) + `odd name` | 0 + x + C(g, Treatment('c'))"
MAKERS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table, "dictionary": dict, "table": None}


def changed(**columns):
    return FRAME.assign(**columns)


def with_cell(column, row, value):
    frame = FRAME.astype({column: object})
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize("maker", MAKERS)
def test_every_kind_of_data_makes_the_same_columns(maker):
    data = read_table(FRAME) if maker == "table" else MAKERS[maker](DATA)
    design = Design.of(FORMULA, data, offset="log(n)", trials="n")
    expected = Design.of(FORMULA, FRAME, offset="log(n)", trials="n")
    assert design == expected
    rows = design.rows(data)
    np.testing.assert_array_equal(rows.x, expected.rows(FRAME).x)
    assert rows.x.dtype == np.float64


def test_columns_are_called_as_readers_know_them_and_have_their_places():
    rows = Design.of(FORMULA, FRAME, offset="log(n)", trials="n", groups="id").rows(FRAME)
    names = np.array(rows.columns)
    assert names[list(rows.at.response)].tolist() == ["log(y)"]
    assert names[list(rows.at.covariates)].tolist() == [
        *("Intercept", "x", "g[T.b]", "g[T.c]", "poly(t, 2)[1]", "poly(t, 2)[2]", "h[T.True]", "C(year)[T.2003]", "odd name"),
        *("x:g[T.b]", "x:g[T.c]"),
    ]
    gate = ["x", "C(g, Treatment('c'))[a]", "C(g, Treatment('c'))[b]", "C(g, Treatment('c'))[c]"]
    assert names[list(rows.at.gate)].tolist() == gate
    assert (names[rows.at.offset], names[rows.at.trials]) == ("log(n)", "n")
    assert len(set(rows.columns)) == len(rows.columns)
    np.testing.assert_array_equal(rows.x[:, rows.at.offset], np.log(DATA["n"]))
    np.testing.assert_array_equal(rows.response[:, 0], np.log(DATA["y"]))
    np.testing.assert_array_equal(rows.covariates[:, 0], np.ones(N))
    np.testing.assert_array_equal(rows.gate[:, 0], DATA["x"])
    assert rows.groups.tolist() == DATA["id"]


def test_a_response_of_names_is_codes_with_levels():
    rows = Design.of("g ~ x", FRAME).rows(FRAME)
    assert rows.levels == (("a", "b", "c"), None, None)
    assert [("a", "b", "c")[int(code)] for code in rows.response[:, 0]] == DATA["g"]


def test_the_intercept_is_known_as_such():
    assert Design.of("y ~ x", FRAME).covariates[0] == "Intercept"
    with pytest.raises(ek.ParameterError, match="'Intercept', which is what the column of ones is called"):
        Design.of("y ~ 0 + Intercept", changed(Intercept=1.0))


def test_several_responses_stand_side_by_side():
    rows = Design.of("y + n ~ 0 + x", FRAME).rows(FRAME)
    np.testing.assert_array_equal(rows.response, FRAME[["y", "n"]])
    assert rows.columns == ("y", "n", "x")


def test_one_sided_formulas_have_no_response():
    for formula in ("~ x + g", "x + g"):
        assert Design.of(formula, FRAME).rows(FRAME).columns == ("Intercept", "x", "g[T.b]", "g[T.c]")
        assert Design.of(formula, FRAME).response == ()


def test_the_reference_is_the_first_level_or_the_one_named():
    categories = pd.Categorical(DATA["g"], ["c", "z", "b", "a"])
    assert Design.of("g", changed(g=categories)).covariates == ("Intercept", "g[T.b]", "g[T.a]")  # z is in no row
    assert Design.of("C(year, Treatment(2003))", FRAME).covariates == ("Intercept", "C(year, Treatment(2003))[T.2001]")
    with pytest.raises(ek.DataError, match=r"compares with 'z', which no row has in column 'g'; its levels are a, b, c"):
        Design.of("C(g, Treatment('z'))", FRAME)


def test_rows_to_come_are_coded_as_those_of_the_fit():
    design = Design.of(FORMULA, FRAME, offset="n")
    whole = design.rows(FRAME)
    some = [3, 17, 30]
    np.testing.assert_allclose(design.rows(FRAME.iloc[some]).x, whole.x[some], rtol=1e-13)
    alone = design.rows(FRAME.iloc[[4]].drop(columns="y"), response=False)
    np.testing.assert_allclose(alone.x[0], whole.x[4][[j for j in range(whole.x.shape[1]) if j not in whole.at.response]])
    assert alone.at.response == ()
    assert not np.allclose(Design.of("poly(t, 2)", FRAME.iloc[:9]).rows(FRAME).x, Design.of("poly(t, 2)", FRAME).rows(FRAME).x)


def test_a_level_is_known_however_it_is_given():
    design = Design.of("h + C(year)", FRAME)
    given = {"h": [1, 0], "year": [2003.0, 2001.0]}
    np.testing.assert_array_equal(design.rows(given).x, [[1, 1, 1], [1, 0, 0]])
    given = {"h": ["True", "False"], "year": ["2003", "2001"]}
    np.testing.assert_array_equal(design.rows(given).x, [[1, 1, 1], [1, 0, 0]])


NUMBERS_OR_NAMES = r"column 'g' holds names \(a, b, c\), where log\(g\) asks for numbers"
BAD = {
    "no column": ("y ~ xx", FRAME, r"a column 'xx', and there is none; the data have y, .* and 4 more. Did you mean 'x'\?"),
    "gap": ("y ~ x + g", with_cell("g", 7, None), r"row 7, column 'g' is missing.*gaps='drop' leaves out the 1 of 40 rows"),
    "gap in y": ("y ~ x", with_cell("y", 2, np.nan), "row 2, column 'y' is missing"),
    "blank": ("y ~ g", with_cell("g", 3, " "), "row 3, column 'g' is missing"),
    "infinite": ("y ~ x", with_cell("x", 5, np.inf), "row 5: x is inf; every value must be a finite number"),
    "logarithm": ("log(x) ~ t", changed(x=np.arange(N) - 3.0), r"row 0: log\(x\) is nan where x is -3; "),
    "overflow": ("y ~ exp(t)", changed(t=np.arange(N) * 1e3), r"row 1: exp\(t\) is inf where t is 1000; "),
    "powers": (
        "y ~ poly(t, 20, raw=True)",
        changed(t=np.arange(N) * 1e20),
        r"row 1: poly\(t, 20, raw=True\) is inf where t is",
    ),
    "product": ("y ~ x:w", changed(x=1e200 * FRAME.t, w=1e200), "row 1: x:w is inf; every value must be a finite number"),
    "names in arithmetic": ("y ~ log(g)", FRAME, NUMBERS_OR_NAMES),
    "names in poly": ("y ~ poly(g, 2)", FRAME, "column 'g' holds names"),
    "text in numbers": ("y ~ x", with_cell("x", 9, "high"), "row 9, column 'x' is 'high', text, but row 0 is"),
    "dates": ("y ~ x", changed(x=pd.Timestamp("2020-01-01")), "column 'x' holds dates"),
    "degree": ("y ~ poly(n, 9)", changed(n=[1, 2] * 20), r"poly\(n, 9\) needs at least 10 different values and .* are 2"),
    "one level": ("y ~ x * C(n)", changed(n=1), r"C\(n\) has one level in these data"),
    "constant": ("y ~ x", changed(x=3.0), "the right side of the formula has a column 'x' that is 3 in every row: beside"),
    "large constant": ("y ~ x", changed(x=1e9 + 0.1), r"'x' that is 1e\+09 in every row"),
    "nothing": ("y ~ 0 + x", changed(x=0.0), "'x' that is 0 in every row"),
    "constant in the gate": ("y ~ t | x", changed(x=3.0), "the gate of the formula has a column 'x' that is 3"),
    "multiple": ("y ~ x + t", changed(t=3 * FRAME.x - 7), r"'t' that is a multiple of 'x' \(up to a constant\) over the 40"),
    "sum": ("y ~ x + n + t + w", changed(w=FRAME.x - 2 * FRAME.t), "'w' that is a sum of multiples of 'x', 't' "),
    "sum far off": (
        "y ~ t + n + w",
        changed(t=FRAME.t + 1e9, w=FRAME.t + FRAME.n),
        "'w' that is a sum of multiples of 't', 'n'",
    ),
    "full levels": ("y ~ 0 + g + k", changed(k=np.where(FRAME.g == "c", 2.0, 5.0)), r"'k' that is a sum of multiples of "),
    "multiple without": ("y ~ 0 + x + k", changed(k=2 * FRAME.x), "'k' that is a multiple of 'x' over the 40 rows"),
    "no cell": ("y ~ g * k", changed(k=np.where(FRAME.g == "c", "u", FRAME.id)), r"'g\[T.c\]:k\[T.q\]' that is 0 in every row"),
    "level of another": ("y ~ g + k", changed(k=np.where(FRAME.g == "c", "u", FRAME.id)), r"a multiple of 'g\[T.c\]'"),
    "few rows": ("y ~ x + t + n", FRAME.iloc[:3], r"sum of multiples of .* over the 3 rows"),
    "levels for rows": ("~ C(x) * C(y)", {"x": range(200), "y": range(200)}, r"40,000 columns .* 10,000 are"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_data_are_refused_in_words(name):
    formula, frame, words = BAD[name]
    with pytest.raises(ek.DataError, match=words):
        Design.of(formula, frame)


def test_a_dictionary_takes_columns_of_any_kind_by_their_places():
    mixed = {
        "x": pd.Series(DATA["x"], index=range(N, 0, -1)),
        "t": pl.Series(DATA["t"]),
        "g": DATA["g"],
        "h": pa.array(DATA["h"]),
    }
    mixed["y"] = np.ma.array(DATA["y"], mask=np.arange(N) == 4)
    with pytest.raises(ek.DataError, match="row 4, column 'y' is missing"):
        Design.of("y ~ x + t + g + h", mixed)
    mixed["y"] = tuple(DATA["y"])
    design = Design.of("y ~ x + t + g + h", mixed)
    np.testing.assert_array_equal(design.rows(mixed).x, Design.of("y ~ x + t + g + h", FRAME).rows(FRAME).x)
    with pytest.raises(ek.DataError, match="column 'y' has 40 rows, and column 'x' has 3"):
        Design.of("y ~ x", mixed | {"x": [1, 2, 3]})
    with pytest.raises(ek.DataError, match="'x' of the dictionary is no column of cells"):
        Design.of("y ~ x", mixed | {"x": np.eye(N)})


@pytest.mark.parametrize(
    "data", [FRAME.iloc[:0], pl.DataFrame(DATA).head(0), {}, {"x": []}], ids=["pandas", "polars", "dictionary", "column"]
)
@pytest.mark.parametrize("formula", ["x", "1"])
def test_no_rows_are_refused(data, formula):
    with pytest.raises(ek.DataError, match=r"no rows|there is none"):
        Design.of(formula, data)


def test_an_intercept_alone_needs_rows_and_no_columns():
    for data in (FRAME, DATA, read_table(FRAME)):
        np.testing.assert_array_equal(Design.of("~ 1", data).rows(data).x, np.ones((N, 1)))


NAMELESS = [np.eye(3), [[1, 2]], None, 3, "y ~ x", pl.LazyFrame(DATA), {"x": [1, 2], "y": [1]}, pd.Series([1])]


@pytest.mark.parametrize("data", NAMELESS, ids=lambda data: type(data).__name__)
def test_data_without_names_are_refused(data):
    with pytest.raises(ek.DataError):
        Design.of("y ~ x", data)


def test_an_unknown_level_is_refused_with_those_that_are_known():
    design = Design.of("y ~ g * h + C(year)", FRAME)
    with pytest.raises(ek.DataError, match=r"^row 1, column 'g' is 'd', a level that was in no row of the fit; .* a, b, c\.$"):
        design.rows(FRAME.head(3).assign(g=["a", "d", "e"]))
    with pytest.raises(ek.DataError, match=r"^line 7, column 'year' is '2005', .* 2001, 2003\.$"):
        design.rows(FRAME.head(6).assign(year=[2001] * 5 + [2005]), row_name=lambda row: f"line {row + 2}")
    with pytest.raises(ek.DataError, match=r"^row 0, column 'h' is '2', .* False, True\.$"):
        design.rows(FRAME.head(1).assign(h=2))


def test_a_column_of_numbers_stays_one():
    with pytest.raises(ek.DataError, match="column 'x' holds names"):
        Design.of("y ~ x", FRAME).rows(FRAME.assign(x="high"))


@pytest.mark.parametrize("maker", [pd.DataFrame, pl.DataFrame])
def test_gaps_are_dropped_when_asked_and_counted(maker):
    columns = {name: list(cells) for name, cells in DATA.items()}
    columns["x"][3] = columns["g"][5] = columns["y"][5] = columns["odd name"][9] = None
    data, rest = maker(columns), FRAME.drop(index=[3, 5]).reset_index(drop=True)
    design = Design.of("log(y) ~ x + g + poly(t, 2)", data, groups="id", gaps="drop")
    assert design == Design.of("log(y) ~ x + g + poly(t, 2)", rest, groups="id")
    rows = design.rows(data, gaps="drop")
    np.testing.assert_array_equal(rows.x, design.rows(rest).x)
    assert rows.kept.tolist() == [i for i in range(N) if i not in (3, 5)]
    assert rows.groups.tolist() == rest["id"].tolist()
    assert (rows.dropped, rows.sentence) == (2, "2 of 40 rows have gaps and are left out.")
    assert (design.rows(rest).dropped, design.rows(rest).sentence) == (0, "")
    with pytest.raises(ek.DataError, match=r"row 3, column 'x' is missing.*the 2 of 40 rows"):
        design.rows(data)
    assert design.rows(data, gaps="drop", response=False).dropped == 2


def test_rows_of_weight_zero_are_left_out():
    frame, weights = with_cell("g", 3, "another").assign(x=FRAME["x"].where(FRAME.index != 5)), np.arange(N) % 20 != 3
    rest = FRAME[weights].reset_index(drop=True).assign(x=frame["x"][weights].to_numpy())
    told = {"gaps": "drop", "weights": weights}
    design = Design.of("y ~ x + g + poly(t, 2)", frame, **told)
    assert design == Design.of("y ~ x + g + poly(t, 2)", rest, gaps="drop")
    rows = design.rows(frame, **told)
    np.testing.assert_array_equal(rows.x, design.rows(rest, gaps="drop").x)
    assert rows.kept.tolist() == [i for i in range(N) if i not in (3, 5, 23)]
    assert rows.sentence == "1 of 38 rows have gaps and are left out."
    assert np.flatnonzero(np.isnan(rows.of_all(rows.response[:, 0]))).tolist() == [3, 5, 23]
    np.testing.assert_array_equal(rows.of_kept(np.arange(N)), rows.kept)
    with pytest.raises(ek.DataError, match="the weight of row 2 is -1"):
        design.rows(frame, weights=np.where(np.arange(N) == 2, -1.0, 1.0))


def test_messages_name_rows_as_they_were_given_after_gaps_are_dropped():
    frame = with_cell("x", 0, None).assign(y=np.where(np.arange(N) == 6, -1.0, FRAME["y"]))
    with pytest.raises(ek.DataError, match=r"row 6: log\(y\) is nan"):
        Design.of("log(y) ~ x", frame, gaps="drop")


def test_gaps_alone_and_other_words_for_them_are_refused():
    with pytest.raises(ek.DataError, match="all 40 rows have gaps"):
        Design.of("y ~ x", changed(x=np.nan), gaps="drop")
    with pytest.raises(ek.ParameterError, match="gaps is 'refuse' or 'drop', and not 'ignore'"):
        Design.of("y ~ x", FRAME, gaps="ignore")


@pytest.mark.parametrize("offset", ["", "x + n", "x ~ n", "poly(x, 2)", "1", "__import__('os')", "x:n", "g", "C(n)", "wrong"])
def test_an_offset_is_one_column_of_numbers(offset):
    with pytest.raises((ek.ParameterError, ek.DataError)):
        Design.of("y ~ x", FRAME, offset=offset)


def test_levels_are_no_offset_in_any_row():
    with pytest.raises(ek.ParameterError, match="the number of trials is numbers, and g is of levels"):
        Design.of("y ~ x", FRAME, trials="g")


def test_an_offset_is_one_column_however_it_is_written():
    assert Design.of("y ~ x + log(n)", FRAME, offset="log( n )").rows(FRAME).columns == ("y", "Intercept", "x", "log(n)")


def test_groups_are_a_column_of_labels():
    with pytest.raises(ek.DataError, match="a column 'who', and there is none"):
        Design.of("y ~ x", FRAME, groups="who")


def test_badly_conditioned_designs_that_say_something_are_taken():
    """Raw powers of large degree, offsets of 1e9, units of 1e-12 and 1e12: R refuses the first, at 1e-7."""
    filippelli = {"x": np.linspace(-8.8, -3.1, 82), "y": np.arange(82.0)}
    assert len(Design.of("y ~ poly(x, 10, raw=True)", filippelli).covariates) == 11
    far = changed(x=FRAME["x"] + 1e10)
    assert Design.of("y ~ 0 + g + x", far).covariates == ("g[a]", "g[b]", "g[c]", "x")
    shifted = changed(x=FRAME["x"] + 1e9, t=FRAME["t"] * 1e-12, n=FRAME["n"] * 1e12)
    assert Design.of("y ~ x + t + n", shifted).covariates == ("Intercept", "x", "t", "n")


def test_polynomials_are_orthonormal_and_keep_their_digits_far_off():
    frame = {"t": 1e9 + np.arange(21.0)}
    basis = Design.of("poly(t, 6)", frame).rows(frame).covariates[:, 1:]
    np.testing.assert_allclose(basis.T @ basis, np.eye(6), atol=1e-12)
    near = {"t": np.arange(21.0)}
    np.testing.assert_allclose(basis, Design.of("poly(t, 6)", near).rows(near).covariates[:, 1:], atol=1e-12)


def test_the_sentence_of_a_refusal_is_one_line():
    with pytest.raises(ek.DataError) as refusal:
        Design.of("y ~ x + z", FRAME)
    assert not re.search(r"\n|  ", str(refusal.value))
