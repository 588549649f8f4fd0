"""The law of two readers: whichever reads a CSV file, the table is the same to the last bit, or the sentence is."""

import io
import random

import numpy as np
import pytest

import emkit as ek
from emkit.data.files import plain_blocks, read_file
from emkit.data.files.csv_text import read_head
from emkit.data.files.header import choose

read_arrow_rows = pytest.importorskip("emkit.data.files.arrow_rows", exc_type=ImportError).read_arrow_rows

NEVER = 1 << 30
DIGITS = (np.random.default_rng(0).standard_normal(300) * 10.0 ** np.arange(-150, 150)).tolist()

PLAIN = {  # read by pyarrow
    "numbers": "a,b\n1,2\n3.5,-4e1\n",
    "no end of line": "a,b\n1,2\n3.5,-4e1",
    "digits": "a\n" + "\n".join(map(repr, DIGITS)),
    "forms of numbers": "a\n+1\n1.\n.5\n-0\n-0.0\n00012\n1E5\n1e-5\n5e-324\n1e-999\n1.7976931348623157e308\n",
    "more digits than count": f"a\n0.{'1' * 400}\n{'7' * 300}\n0.1000000000000000055511151231257827\n",
    "semicolons": "a;b\n1;2\n",
    "tabs": "a\tb\n1\t2\n",
    "CRLF": "a,b\r\n1,2\r\n3,4\r\n",
    "byte order mark": "\ufeffa,b\n1,2\n",
    "blanks": " a , b \n 1 , 2 \n",
    "empty lines": "\n\na,b\n\n1,2\n\n\n3,4\n\n",
    "empty lines in one column": "a\n1\n\n2\n",
    "empty lines among words": "a\nx\n\n2\n\n",
    "empty lines with CRLF": "a,b\r\n\r\n1,2\r\n\r\n\r\n3,4\r\n",
    "quoted": '"a","b,c"\n"1","2"\n3,"4"\n',
    "quoted words": '"a",b\n"x, y",1\n"z",2\n',
    "quoted with CRLF": 'a,b\r\n"1",x\r\n"2","y"\r\n',
    "words": "a,b,c\nx,1,u\ny,2,v\nx,3,u\n",
    "words with blanks": "a\n x\nx \nx\n",
    "late words": "a,b,w\n1.0,1,1\n01,2,2\n7,x,3\n1.0,y,4\nz,2,5\n",
    "words beyond ASCII": "größe,b\nklein,1\ngroß,2\n",
    "other columns may hold anything": "a,note\n1,\n2,NA\n3,inf\n4,x\n",
    "numbers whose sum overflows": "a,b\n1e308,1e308\n",
    "unnamed columns": ",a,\n1,2,3\n",
}
ODD = {  # left to the standard library
    "empty": "",
    "header only": "a,b\n",
    "header and empty lines": "a,b\n\n\n",
    "ragged": "a,b\n1,2\n\n1\n",
    "too many fields": "a,b\n1,2\n1,2,3\n",
    "gaps": "a,b\n1,2\n,3\nNA,4\n",
    "gap among words": "a\nx\nNA\n",
    "empty cell in quotes": 'a\n1\n""\n',
    "NaN": "a\n1\nnan\n",
    "infinite": "a,b\n1,2\n-inf,x\n",
    "too large": "a\n1e999\n",
    "underscores": "a\n1_000\n",
    "other digits": "a\n١٢\n",
    "odd blanks": "a\n\x0b1\n\u00a02\n",
    "lines of blanks": "a,b\n1,2\n   \n3,4\n",
    "lines of blanks in one column": "a\n1\n   \n3\n",
    "thousands": 'a\n"1,234"\n"1,234.5"\n',
    "decimal commas": "a;b\n1;2,5\n",
    "percentages": "a\n12%\n",
    "quotes within quotes": 'a,b\n"x ""y""",1\n',
    "line breaks within quotes": 'a,b\n"x\ny",1\nz,2\n',
    "quotes within a field": 'a\n1"2"\nx"\n',
    "quotes after blanks": 'a,b\n1, "2"\n',
    "text after quotes": 'a,b\n1,"2"x\n',
    "digits after quotes": 'a,b\n1,"2"3\n',
    "quotes never closed": 'a,b\n1,"2\n3,4\n',
    "carriage returns": "a,b\r1,2\r",
    "a carriage return": "a,b\n1,2\n3\r,4\n",
    "NUL": "a\n1\n\0\n",
    "NUL in another column": "a,b\n1,\0\n",
    "not UTF-8": b"a,b\n1,2\n3,\xe9\n",
    "byte order mark further down": "a\n\ufeff1\n",
    "UTF-16": "a,b\n1,2\n".encode("utf-16-le"),
    "a long field": "a,b\n1," + "x" * 200_000 + "\n",
    "one name twice": "a,b,a\n1,2,3\n",
    "no header": "1,2\n3,4\n",
}
OPTIONS = [{}, {"words": True}, {"columns": ["b", "a"], "words": True}, {"columns": ["a"]}, {"weights": "b", "words": True}]


def outcome(text, large, options):
    """All that a reader says of a file."""
    try:
        table = read_file(io.BytesIO(text if isinstance(text, bytes) else text.encode()), large=large, **options)
    except ek.DataError as error:
        return str(error)
    weights = None if table.weights is None else table.weights.tobytes()
    rows = [table.row_name(row) for row in range(len(table.x))]
    return table.x.shape, table.x.tobytes(), table.columns, table.levels, rows, weights


def both(text, options):
    return outcome(text, NEVER, options), outcome(text, 0, options)


@pytest.mark.parametrize("block", [1, 7, plain_blocks.BLOCK])
@pytest.mark.parametrize("name", PLAIN | ODD)
def test_both_readers_give_the_same_table_or_the_same_sentence(name, block, monkeypatch):
    monkeypatch.setattr(plain_blocks, "BLOCK", block)
    for options in OPTIONS:
        one, other = both((PLAIN | ODD)[name], options)
        assert one == other, options


def read_by_arrow(text, may_be_words):
    stream = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    head = read_head(stream, "the input")
    return read_arrow_rows(stream, head, choose(head.names, None, None, may_be_words), lambda line: None)


@pytest.mark.parametrize("name", [name for name in PLAIN if not name.startswith(("other", "unnamed"))])
def test_plain_files_are_read_by_pyarrow(name):
    assert read_by_arrow(PLAIN[name], may_be_words=True) is not None


OF_THE_HEADER = ("empty", "one name twice", "no header", "header only", "header and empty lines", "carriage returns", "UTF-16")


@pytest.mark.parametrize("name", [name for name in ODD if name not in OF_THE_HEADER])
def test_odd_files_are_left_to_the_standard_library(name):
    assert read_by_arrow(ODD[name], may_be_words=False) is None


CELLS = ["1", "2.5", "-3e2", " 4 ", "x", "y z"]
CELLS += ['"q"', '"1"', '"a,b"', "", "NA", "nan", "inf", "+1", "1_0", "1e400", "é", '"', "\t"]
WEIGHTS = [40, 40, 30, 10, 6, 4, 6, 6, 3, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1]
ENDS = ["\n"] * 30 + ["\r\n"] * 8 + ["\n\n", "\r\n\r\n", "\r", "\n \n", ",\n"]


def random_file(rng):
    """Rows of two or three columns, of cells that are mostly plain, and some that are not."""
    columns = rng.randint(1, 3)
    ends = rng.choice([["\n"], ["\r\n"], ["\n", "\n\n"], ENDS])
    cells = rng.choice([CELLS[:4], CELLS[:6], CELLS])
    rows = [",".join(rng.choices(cells, WEIGHTS[: len(cells)], k=columns)) + rng.choice(ends) for _ in range(rng.randint(0, 6))]
    return ",".join("abc"[:columns]) + "\n" + "".join(rows)


def test_both_readers_agree_on_files_at_random(monkeypatch):
    rng = random.Random(0)
    tables = 0
    for _ in range(1500):
        monkeypatch.setattr(plain_blocks, "BLOCK", rng.choice([1, 5, 20, 1 << 20]))
        text, words = random_file(rng), rng.random() < 0.6
        one, other = both(text, {"words": words})
        assert one == other, (text, words)
        tables += not isinstance(one, str)
    assert tables > 300


def test_large_files_are_read_by_blocks_and_lines_are_named():
    rows = [f"{i},{i % 7},w{i % 5}" for i in range(200_000)]
    rows[150_000] = ""
    text = "a,b,c\n" + "\n".join(rows) + "\n"
    assert len(text) > plain_blocks.BLOCK
    seen = []
    table = read_file(io.BytesIO(text.encode()), words=True, watch=seen.append)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert table.levels == (None, None, ("w0", "w1", "w2", "w3", "w4"))
    assert table.x[149_999].tolist() == [149_999, 149_999 % 7, 149_999 % 5]
    assert (table.row_name(149_999), table.row_name(150_000)) == ("line 150001", "line 150003")
    broken = text.replace("\n199998,", "\n199998x,")
    with pytest.raises(ek.DataError, match=r"^line 200000, column 'a' is '199998x'; it must be a number\."):
        read_file(io.BytesIO(broken.encode()), columns=["a", "b"])


def test_fields_and_lines_that_are_too_long_are_refused_alike():
    for text in ("a,b\n1," + "1" * 140_000 + "\n", "a,b\n" + "1,2\n" * 70_000 + "1," + "1 " * (9 << 20) + "\n"):
        one, other = both(text, {})
        assert one == other
        assert isinstance(one, str)
