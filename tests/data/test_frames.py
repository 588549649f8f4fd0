"""What users hand over becomes the numbers that they gave, gaps and codes, or an error: never a number of our making."""

import datetime as dt
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest

import emkit as ek
from emkit.data.frames import read_table
from emkit.data.validate import as_table, as_weights

NAN = np.nan
MASKED = np.ma.masked
DAY, LATER = dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 3)
NAT = np.datetime64("NaT")


def ma(values, mask, dtype=None):
    return np.ma.array(np.array(values, dtype=dtype), mask=mask)


GAPS = {  # what is handed over, and the numbers that it is
    "ma-float": (ma([1.0, 1e20, 3.0], [0, 1, 0]), [1, NAN, 3]),
    "ma-int": (ma([1, 999999, 3], [0, 1, 0]), [1, NAN, 3]),
    "ma-bool": (ma([True, True, False], [0, 1, 0]), [1, NAN, 0]),
    "ma-object": (ma([1, 2, 3], [0, 1, 0], object), [1, NAN, 3]),
    "ma-2d": (ma([[1, 2], [3, 4]], [[0, 1], [0, 0]]), [[1, NAN], [3, 4]]),
    "list-of-ma": ([ma([1, 2], [0, 1]), ma([3, 4], [0, 0])], [[1, NAN], [3, 4]]),
    "list-of-masked": ([1.0, MASKED, 3.0], [1, NAN, 3]),
    "lists-of-masked": ([[1, MASKED], (3, 4)], [[1, NAN], [3, 4]]),
    "lists-of-0d": ([[ma(5, True)], [ma(6, False)]], [[NAN], [6]]),
    "list-none": ([1, None, 3], [1, NAN, 3]),
    "list-na": ([1, pd.NA, 3], [1, NAN, 3]),
    "list-nat": ([1, pd.NaT, 3], [1, NAN, 3]),
    "list-numpy-nat": ([1.5, NAT, 3], [1.5, NAN, 3]),
    "lists-none": ([[1, None], [3, 4.5]], [[1, NAN], [3, 4.5]]),
    "object-nan": (np.array([1, NAN, Decimal("2.5"), Fraction(1, 2), Decimal("sNaN")], object), [1, NAN, 2.5, 0.5, NAN]),
    "pandas-Int64": (pd.Series([1, None, 3], dtype="Int64"), [1, NAN, 3]),
    "pandas-Float64": (pd.Series([1.5, None, 3], dtype="Float64"), [1.5, NAN, 3]),
    "pandas-object": (pd.Series([1, None, Decimal("3.5")], dtype=object), [1, NAN, 3.5]),
    "pandas-object-na": (pd.Series([1, pd.NA, 3], dtype=object), [1, NAN, 3]),
    "pandas-object-nat": (pd.Series([1, pd.NaT, 3], dtype=object), [1, NAN, 3]),
    "pandas-float": (pd.Series([1.5, None, 3]), [1.5, NAN, 3]),
    "pandas-sparse": (pd.Series(pd.arrays.SparseArray([1.5, NAN, 3])), [1.5, NAN, 3]),
    "pandas-array": (pd.array([1, None, 3], dtype="Int64"), [1, NAN, 3]),
    "pandas-frame": (pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [None, 2.5]}), [[1, NAN], [NAN, 2.5]]),
    "polars-int": (pl.Series([1, None, 3]), [1, NAN, 3]),
    "polars-float": (pl.Series([1.5, None, NAN]), [1.5, NAN, NAN]),
    "polars-decimal": (pl.Series([Decimal("1.5"), None]), [1.5, NAN]),
    "polars-null": (pl.Series([None, None]), [NAN, NAN]),
    "polars-int128": (pl.Series([1, None], dtype=pl.Int128), [1, NAN]),
    "polars-frame": (pl.DataFrame({"a": [1, None], "b": [2.5, 3.5]}), [[1, 2.5], [NAN, 3.5]]),
    "list-of-polars": ([pl.Series([1, None]), pl.Series([3, 4])], [[1, NAN], [3, 4]]),
}


@pytest.mark.parametrize("name", GAPS)
@pytest.mark.parametrize("read", [lambda data: read_table(data).x, lambda data: as_table(data, "row {}".format)])
def test_a_gap_is_nan_where_it_is_and_all_else_is_as_given(name, read):
    data, numbers = GAPS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = read(data)
    expected = np.array(numbers, dtype=float)
    np.testing.assert_array_equal(x, expected.reshape(len(expected), -1))
    assert x.dtype in (np.float64, np.float32)


@pytest.mark.parametrize("name", GAPS)
def test_columns_of_numbers_have_no_levels(name):
    table = read_table(GAPS[name][0])
    assert table.levels == (None,) * table.x.shape[1]


ABC = ("a", "b", "c")
LEVELS = {  # what is handed over, its codes, the names behind them
    "text": (np.array(["b", "a", "b"]), [1, 0, 1], ("a", "b")),
    "digits": (np.array(["3", "10"]), [1, 0], ("10", "3")),
    "list": (["b", None, "a"], [1, NAN, 0], ("a", "b")),
    "list-nan": (["b", NAN, "a"], [1, NAN, 0], ("a", "b")),
    "list-masked": (["b", MASKED, "a"], [1, NAN, 0], ("a", "b")),
    "object": (np.array(["b", NAN, "a", pd.NaT], dtype=object), [1, NAN, 0, NAN], ("a", "b")),
    "ma": (ma(["b", "z", "a"], [0, 1, 0]), [1, NAN, 0], ("a", "b")),
    "string-dtype": (np.array(["b", "a"], dtype=np.dtypes.StringDType()), [1, 0], ("a", "b")),
    "pandas-object": (pd.Series(["b", None, "a"], dtype=object), [1, NAN, 0], ("a", "b")),
    "pandas-string": (pd.Series(["b", None, "a"], dtype="string"), [1, NAN, 0], ("a", "b")),
    "pandas-str": (pd.Series(["b", None, "a"]), [1, NAN, 0], ("a", "b")),
    "pandas-category": (pd.Series(pd.Categorical(["a", None, "c"], categories=["c", "b", "a"])), [2, NAN, 0], ("c", "b", "a")),
    "pandas-categorical": (pd.Categorical(["a", None], categories=["c", "a"]), [1, NAN], ("c", "a")),
    "pandas-numbers": (pd.Series(pd.Categorical([1, None, 3], categories=[3, 2, 1])), [2, NAN, 0], ("3", "2", "1")),
    "pandas-days": (pd.Series(pd.Categorical([LATER, None, DAY])), [1, NAN, 0], (f"{DAY}", f"{LATER}")),
    "pandas-cut": (pd.Series(pd.cut([0.5, NAN, 1.5], [0, 1, 2])), [0, NAN, 1], ("(0, 1]", "(1, 2]")),
    "pandas-bool": (pd.Series([True, False]), [1, 0], ("False", "True")),
    "pandas-boolean": (pd.Series([True, None], dtype="boolean"), [1, NAN], ("False", "True")),
    "pandas-bool-object": (pd.Series([True, None], dtype=object), [1, NAN], ("False", "True")),
    "polars-string": (pl.Series(["b", None, "a"]), [1, NAN, 0], ("a", "b")),
    "polars-categorical": (pl.Series(["b", None, "a"], dtype=pl.Categorical), [1, NAN, 0], ("a", "b")),
    "polars-enum": (pl.Series(["a", None, "c"], dtype=pl.Enum(["c", "b", "a"])), [2, NAN, 0], ("c", "b", "a")),
    "pandas-blank": (pd.Series(["b", " ", "a", ""], dtype=object), [1, NAN, 0, NAN], ("a", "b")),
    "pandas-blank-categories": (pd.Series(["b", "", "a"], dtype="category"), [1, NAN, 0], ("a", "b")),
    "list-blank": (["b", "", "a"], [1, NAN, 0], ("a", "b")),
    "polars-blank": (pl.Series(["b", "", "a"]), [1, NAN, 0], ("a", "b")),
    "polars-bool": (pl.Series([True, None]), [1, NAN], ("False", "True")),
}


@pytest.mark.parametrize("name", LEVELS)
def test_text_categories_and_truths_are_codes_with_names(name):
    data, codes, levels = LEVELS[name]
    table = read_table(data)
    np.testing.assert_array_equal(table.x, np.array(codes, dtype=float).reshape(-1, 1))
    assert table.levels == (levels,)
    assert table.x.dtype == np.float64


@pytest.mark.parametrize("name", [name for name in LEVELS if "bool" not in name and name not in ("pandas-numbers",)])
def test_text_is_no_number_where_numbers_are_asked_for(name):
    with pytest.raises(ek.DataError, match=r"^row 0, column 0 is .*; it must be a number\.$|holds dates"):
        as_table(LEVELS[name][0], "row {}".format)


@pytest.mark.parametrize("library", [pd, pl])
def test_each_column_of_a_frame_is_looked_at_by_itself(library):
    frame = library.DataFrame({"n": [1, 2], "eye": ["blue", "brown"], "ok": [True, False], "x": [0.5, None]})
    table = read_table(frame)
    assert table.columns == ("n", "eye", "ok", "x")
    assert table.levels == (None, ("blue", "brown"), ("False", "True"), None)
    np.testing.assert_array_equal(table.x, [[1, 0, 1, 0.5], [2, 1, 0, NAN]])
    assert table.x.flags.c_contiguous


def test_lists_and_arrays_may_hold_columns_of_text_and_of_numbers():
    for data in (
        [["b", 1.5], ["a", 2]],
        np.array([["b", 1.5], ["a", 2]], dtype=object),
        ma([["b", 1.5], ["a", 2]], False, object),
    ):
        table = read_table(data)
        np.testing.assert_array_equal(table.x, [[1, 1.5], [0, 2]])
        assert (table.columns, table.levels) == (None, (("a", "b"), None))


def test_a_series_keeps_its_name():
    assert read_table(pd.Series([1, 2], name="h")).columns == ("h",)
    assert read_table(pl.Series("h", [1, 2])).columns == ("h",)
    assert read_table(pd.Index([1, 2], name="h")).columns == ("h",)
    for nameless in (pd.Series([1, 2]), pl.Series([1, 2]), np.array([1, 2]), [1, 2]):
        assert read_table(nameless).columns is None
    assert read_table(pd.DataFrame([[1, 2]])).columns == ("0", "1")


def test_arrays_of_floats_are_not_copied_and_float32_stays():
    for dtype in (np.float32, np.float64):
        x = np.ones((3, 2), dtype)
        assert np.shares_memory(read_table(x).x, x)
        assert np.shares_memory(read_table(np.ma.array(x)).x, x)
        assert read_table(np.ma.array(x, mask=x == 1)).x.dtype == dtype
        assert read_table(pd.DataFrame(x)).x.dtype == read_table(pl.DataFrame(x)).x.dtype == dtype
    assert read_table(pl.DataFrame({"a": [1]}, schema={"a": pl.Float32}).with_columns(b=1)).x.dtype == np.float64
    assert read_table(np.array([[True, False]])).x.tolist() == [[1, 0]]


WHEN = {
    "datetime64": np.array([DAY, NAT], dtype="datetime64[D]"),
    "datetime64-2d": np.array([[DAY], [LATER]], dtype="datetime64[s]"),
    "ma": ma([DAY, LATER], [0, 1], "datetime64[s]"),
    "objects": np.array([DAY, LATER], dtype=object),
    "days": [DAY.date(), None],
    "dates-and-numbers": [1.0, DAY],
    "dates-and-text": ["x", DAY],
    "pandas": pd.Series([DAY, pd.NaT]),
    "pandas-tz": pd.Series(pd.to_datetime([DAY, LATER]).tz_localize("Europe/Paris")),
    "pandas-object": pd.Series([DAY.date(), None], dtype=object),
    "pandas-index": pd.DatetimeIndex([DAY, LATER]),
    "pandas-period": pd.Series(pd.period_range("2020-01-01", periods=2, freq="D")),
    "polars-date": pl.Series([None, DAY.date()]),
    "polars-datetime": pl.Series([DAY, LATER]),
    "list-of-polars": [pl.Series([DAY]), pl.Series([LATER])],
}
SPAN = {
    "timedelta64": np.array([1, 2], dtype="timedelta64[D]"),
    "with-numbers": [np.timedelta64(1, "D"), 5],
    "objects": [LATER - DAY, None],
    "pandas": pd.Series([LATER - DAY, pd.NaT]),
    "polars": pl.Series([LATER - DAY, None]),
}


@pytest.mark.parametrize("read", [read_table, lambda data: as_table(data, "row {}".format)])
@pytest.mark.parametrize("name", [f"when {name}" for name in WHEN] + [f"span {name}" for name in SPAN])
def test_dates_and_spans_are_refused_with_advice(name, read):
    kind, name = name.split()
    data = {"when": WHEN, "span": SPAN}[kind][name]
    if name == "dates-and-text" and read is not read_table:
        data = data[1:]
    with pytest.raises(ek.DataError) as caught:
        read(data)
    said = str(caught.value)
    assert said.startswith("column 0 holds ")
    assert ("2020-01-01" in said) if kind == "when" else ("holds spans of time" in said)
    unit = ".dt.total_seconds() / 86400" if isinstance(data, pl.Series) else 'np.timedelta64(1, "D")'
    assert "Give them as numbers, such as days" in said
    assert unit in said


@pytest.mark.parametrize("library", [pd, pl])
@pytest.mark.parametrize("read", [read_table, lambda data: as_table(data, "row {}".format)])
@pytest.mark.parametrize("value", [DAY, DAY.date(), LATER - DAY, dt.time(8)])
def test_in_a_frame_the_column_of_dates_is_named(library, read, value):
    with pytest.raises(ek.DataError, match=r"^column 'when' holds .* Give them as numbers, such as "):
        read(library.DataFrame({"x": [1.5], "when": [value]}))


def test_the_advice_gives_numbers():
    for when in (WHEN["datetime64-2d"], WHEN["objects"], WHEN["pandas-tz"]):
        np.testing.assert_array_equal(read_table((when - when.min()) / np.timedelta64(1, "D")).x.ravel(), [0, 2])
    when = WHEN["polars-datetime"]
    np.testing.assert_array_equal(read_table((when - when.min()).dt.total_seconds() / 86400).x.ravel(), [0, 2])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([1j], "the data are complex numbers; emkit fits real numbers. Give real and imaginary part as columns."),
        (pd.DataFrame({"z": [1j]}), "column 'z' holds complex numbers; emkit fits real numbers. Give real and imaginary part"),
        (np.zeros((1, 1, 1)), "the data have 3 axes; they must be rows (n,) or rows and columns (n, d)."),
        (3.0, "the data have 0 axes; they must be rows (n,) or rows and columns (n, d)."),
        ("text", "the data have 0 axes;"),
        ([], "the data are empty (shape (0,)): at least one row and one column are needed."),
        (pd.DataFrame({"a": []}), "the data are empty (shape (0, 1)): at least one row and one column are needed."),
        (pl.Series([]), "the data are empty (shape (0,)): at least one row and one column are needed."),
        ([[1], [2, 3]], "the data are not a table of numbers:"),
        ([1, "x", 3], "row 1, column 0 is 'x', text, but row 0 is 1, a number; a column is all numbers or all text."),
        (pd.DataFrame({"a": ["x", 2.5, "y"]}), "row 1, column 'a' is 2.5, a number, but row 0 is 'x', text; a column is all"),
        ([b"x"], "row 0, column 0 is b'x'; it must be a number."),
        (["x", b"x"], "row 1, column 0 is b'x'; it must be a number or text."),
        ([1, {}], "row 1, column 0 is {}; it must be a number."),
        (np.array([1, 2j], dtype=object), "row 1, column 0 is 2j; it must be a number."),
        (np.array([np.complex64(2)], dtype=object), "row 0, column 0 is (2+0j); it must be a number."),
        (pl.Series("a", [[1.0]]), "row 0, column 'a' is "),
        (
            [10**400],
            "row 0, column 0 is 1000000000000000000000000000000000000000...; that is beyond the largest number, 1.8e308.",
        ),
        ([1, "z" * 40], f"row 1, column 0 is '{'z' * 40}', text"),
        ([1, "z" * 41], f"row 1, column 0 is '{'z' * 40}...', text"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "columns of the data frame have the same name; give each its own ("),
        (pl.LazyFrame({"a": [1]}), "the data are a lazy frame, whose rows are not there yet; give what collect() or compute()"),
        (pd.Series(pd.Categorical([1, "1"])), "column 0 has two categories that read '1'; give each its own name."),
    ],
)
def test_what_cannot_be_read_has_one_sentence(data, sentence):
    with pytest.raises(ek.DataError) as caught:
        read_table(data)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    "weights",
    [
        SPAN["timedelta64"],
        WHEN["datetime64"],
        SPAN["polars"],
        WHEN["polars-datetime"],
        WHEN["pandas"],
        np.array([1j, 2]),
        ["1", "2"],
        [1, "x"],
    ],
)
def test_weights_are_only_what_was_given_as_numbers(weights):
    with pytest.raises(ek.DataError, match=r"^the weights are not numbers; give one number >= 0 for each row\.$"):
        as_weights(weights, 2, "row {}".format)


@pytest.mark.parametrize(
    "weights", [ma([1, 2], [0, 1]), [1, MASKED], [1, None], pl.Series([1, None]), pd.Series([1, None], dtype="Int64")]
)
def test_a_weight_that_is_a_gap_is_refused(weights):
    with pytest.raises(ek.DataError, match=r"^the weight of row 1 is nan; weights must be finite numbers >= 0\.$"):
        as_weights(weights, 2, "row {}".format)


def test_arrow_tables():
    pa = pytest.importorskip("pyarrow")
    table = read_table(
        pa.table(
            {
                "n": pa.array([1, None]),
                "t": pa.array(["b", "a"]),
                "c": pa.array(["z", None]).dictionary_encode(),
                "ok": pa.array([True, None]),
            }
        )
    )
    np.testing.assert_array_equal(table.x, [[1, 1, 0, 1], [NAN, 0, NAN, NAN]])
    assert table.levels == (None, ("a", "b"), ("z",), ("False", "True"))
    for values in ([DAY, None], [DAY.date()], [LATER - DAY]):
        with pytest.raises(ek.DataError, match=r"column 'when' holds .* Give them as numbers"):
            read_table(pa.table({"when": values}))


TWICE = pd.DataFrame([[1, 2], [3, 9]], columns=["a", "a"])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TWICE, "columns of the data frame have the same name.*'a'"),
        (pl.DataFrame({"a": [1, 9]}).lazy(), "lazy frame"),
        ({"a": [1, 9], "b": [1, 2, 3]}, r"the columns of the dictionary have different lengths, 'a' \(2\), 'b' \(3\);"),
        ({"a": 9}, "'a' of the dictionary is 9, and no column"),
        ({"a": "nine"}, "'a' of the dictionary is 'nine', and no column"),
    ],
)
@pytest.mark.parametrize("family", ["poisson", {"a": "poisson"}], ids=["one", "mapping"])
def test_what_is_no_frame_of_rows_is_refused_as_a_whole(data, said, family):
    with pytest.raises(ek.DataError, match=said):
        ek.MixtureModel(family).fit(data)


def test_a_dictionary_of_columns_is_read_as_the_frame_that_it_becomes():
    rng = np.random.default_rng(0)
    columns = {"age": rng.normal(40, 9, 60), "ward": rng.choice(["A", "B"], 60).tolist()}
    columns["ward"][3] = None
    for family in ({"age": "gaussian", "ward": "categorical"}, {("age",): "gaussian", ("ward",): "categorical"}):
        mixture = ek.MixtureModel(family, 1)
        of_frame = mixture.fit(pd.DataFrame(columns)).result_
        of_columns = mixture.fit(columns).result_
        assert of_columns.source.columns == ("age", "ward")
        assert of_columns.source.levels == of_frame.source.levels == (None, ("A", "B"))
        assert of_columns.log_likelihood == of_frame.log_likelihood
        assert (mixture.predict_proba(columns) == mixture.predict_proba(pd.DataFrame(columns))).all()
        assert (of_columns.predict(columns) == 0).all()
    start = ek.MixtureParams([1.0], ek.DiagonalGaussianParams([[40.0]], [[80.0]]))
    assert ek.fit(ek.Mixture(ek.DiagonalGaussian()), {"age": columns["age"]}, start).source.columns == ("age",)
    assert sorted(of_columns.augment(columns)) == ["age", "component", "probability_1", "ward"]


def test_without_a_library_of_frames_dictionaries_are_refused(monkeypatch):
    monkeypatch.setattr("emkit.data.dictionaries.find_spec", lambda name: None)
    with pytest.raises(ek.DataError, match="none of pandas, polars and pyarrow is installed"):
        ek.MixtureModel("poisson", 1).fit({"a": [1, 2, 3]})


def test_labels_of_different_lengths_are_named():
    x = np.arange(8.0)[:, None]
    with pytest.raises(ek.DataError, match=r"different lengths, 'sick' \(8\), 'well' \(7\)"):
        ek.MixtureModel("poisson", 2).fit(x, labels={"sick": [0.5] * 8, "well": [0.5] * 7})
