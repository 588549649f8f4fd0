"""Parquet and Arrow files: numbers, gaps, levels, and what cannot be read."""

import io
import random
import subprocess
import sys

import numpy as np
import pytest

import emkit as ek
from emkit.data.files import read_file

pa = pytest.importorskip("pyarrow")
feather, parquet = pytest.importorskip("pyarrow.feather"), pytest.importorskip("pyarrow.parquet")

TABLE = pa.table(
    {
        "height": [1.5, None, 3.5],
        "ward": pa.array(["x", None, "y"]).dictionary_encode(),
        "answer": ["no", "yes", "no"],
        "smokes": [True, False, True],
        "n": pa.array([2**63, 1, 2], pa.uint64()),
        "w": [1, 2, 3],
        "day": pa.array([1, 2, 3], pa.date32()),
        "list": [[1], [2], [3]],
    }
)


def as_parquet(table):
    parquet.write_table(table, made := io.BytesIO())
    return made.getvalue()


def as_arrow(table):
    feather.write_feather(table, made := io.BytesIO())
    return made.getvalue()


def as_stream(table):
    made = io.BytesIO()
    with pa.ipc.new_stream(made, table.schema) as writer:
        writer.write_table(table)
    return made.getvalue()


WRITERS = [as_parquet, as_arrow, as_stream]


@pytest.fixture(params=WRITERS)
def write(request):
    return request.param


def test_numbers_gaps_and_levels(write):
    table = read_file(io.BytesIO(write(TABLE)), columns=["n", "answer", "height", "ward", "smokes"], weights="w")
    assert table.columns == ("n", "answer", "height", "ward", "smokes")
    assert table.levels == (None, ("no", "yes"), None, ("x", "y"), ("False", "True"))
    np.testing.assert_array_equal(table.x, [[2**63, 0, 1.5, 0, 1], [1, 1, np.nan, np.nan, 0], [2, 0, 3.5, 1, 1]])
    np.testing.assert_array_equal(table.weights, [1, 2, 3])


def test_a_file_holds_what_a_csv_file_would(tmp_path, write):
    x = np.random.default_rng(0).standard_normal((50, 2))
    names = np.random.default_rng(1).choice(["b", "a", "c"], 50)
    text = "u,v,t\n" + "".join(f"{u!r},{v!r},{name}\n" for (u, v), name in zip(x.tolist(), names, strict=True))
    one = read_file(io.BytesIO(text.encode()), words=True)
    (tmp_path / "file").write_bytes(write(pa.table({"u": x[:, 0], "v": x[:, 1], "t": names})))
    other = read_file(tmp_path / "file")
    assert (one.columns, one.levels) == (other.columns, other.levels)
    np.testing.assert_array_equal(one.x, other.x)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"columns": ["z"]}, "there is no column 'z'; the columns are 'height', 'ward',"),
        ({"columns": ["day"]}, "column 'day' holds dates (row 0 is 1970-01-02), which are no numbers"),
        ({"columns": ["list"]}, "row 0, column 'list' is array([1]); it must be a number."),
        ({"columns": ["w"], "weights": "answer"}, "column 'answer' holds words ('no'), and weights are numbers >= 0."),
        ({"columns": ["w"], "weights": "height"}, "the weight of row 1 is nan; weights must be finite numbers >= 0."),
    ],
)
def test_columns_that_cannot_be(write, options, sentence):
    with pytest.raises(ek.DataError) as caught:
        read_file(io.BytesIO(write(TABLE)), **options).source()
    assert str(caught.value).startswith(sentence)


def test_a_file_without_rows(write):
    with pytest.raises(ek.DataError, match=r"^the input has columns but no rows\.$"):
        read_file(io.BytesIO(write(TABLE.slice(0, 0))))


def test_damaged_files_are_refused_or_read_and_never_fall(write):
    whole = write(TABLE.select(["height", "answer", "w"]))
    rng, refused = random.Random(0), 0
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            broken[rng.randrange(8, len(broken))] = rng.randrange(256)
        try:
            read_file(io.BytesIO(bytes(broken[: rng.choice([len(whole), rng.randrange(len(whole))])])))
        except ek.DataError:
            refused += 1
    assert refused > 50


def test_a_csv_file_may_begin_like_a_parquet_file():
    assert read_file(io.BytesIO(b"PAR1,b\n1,2\n")).columns == ("PAR1", "b")


WITHOUT = "import sys; sys.modules['pyarrow'] = None; from emkit.data.files import read_file; "


@pytest.mark.slow
def test_without_pyarrow_csv_is_read_and_other_files_say_what_to_install(tmp_path):
    (tmp_path / "a.parquet").write_bytes(as_parquet(TABLE))
    (tmp_path / "a.csv").write_text("a\n1\n")
    program = WITHOUT + "print(read_file('a.csv', large=0).x); read_file('a.parquet')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout == "[[1.]]\n"
    assert done.stderr.splitlines()[-1].endswith(
        "'a.parquet' is a Parquet file; reading it needs pyarrow, which is not installed: pip install 'emkit[arrow]'."
    )


@pytest.mark.slow
def test_small_csv_files_do_not_load_pyarrow(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    program = "import sys; from emkit.data.files import read_file; read_file('a.csv'); print('pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout == "False\n", done.stderr
