"""Reading files: what is read, and the sentence for everything that cannot be."""

import io

import numpy as np
import pytest

import emkit as ek
from emkit.data.files import read_file
from emkit.data.files.csv_text import LINES_BETWEEN, MOST_LINE_BYTES
from emkit.data.files.header import MOST_COLUMNS


def read(text, **options):
    return read_file(io.BytesIO(text if isinstance(text, bytes) else text.encode()), **options)


def lines(table):
    return [table.row_name(row) for row in range(len(table.x))]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_fields_may_be_set_apart_by_commas_semicolons_or_tabs(mark):
    table = read("a,b\n1,2\n3.5,-4e1\n".replace(",", mark))
    assert table.columns == ("a", "b")
    np.testing.assert_array_equal(table.x, [[1, 2], [3.5, -40]])


def test_a_delimiter_inside_quotes_does_not_count():
    table = read('"a;b;c;d",e\n"1",2\n')
    assert table.columns == ("a;b;c;d", "e")


def test_byte_order_mark_blanks_and_empty_lines_are_skipped():
    table = read(b"\xef\xbb\xbf\n a , b \r\n\r\n 1 , 2 \r\n   \n3,4")
    assert table.columns == ("a", "b")
    np.testing.assert_array_equal(table.x, [[1, 2], [3, 4]])
    assert lines(table) == ["line 4", "line 6"]


def test_a_row_is_named_by_the_line_it_begins_on_even_after_a_quoted_line_break():
    table = read('note,x\n"two\nlines",1\nplain,2\n', columns=["x"])
    assert lines(table) == ["line 2", "line 4"]


def test_columns_are_chosen_by_name_and_in_order_and_the_others_may_hold_text():
    table = read("a,name,b\n1,x,2\n3,y,4\n", columns=["b", "a"])
    np.testing.assert_array_equal(table.x, [[2, 1], [4, 3]])


def test_weights_are_taken_out_of_the_data():
    source = read("deaths,days\n0,162\n1,267\n", weights="days").source()
    assert source.columns == ("deaths",)
    np.testing.assert_array_equal(source.weights, [162, 267])


def test_the_source_names_lines_and_columns():
    source = read("h,t\n1,1\n\n-2,1\n").source()
    with pytest.raises(ek.DataError, match=r"line 4, column 'h' is -2; binomial counts must be whole numbers >= 0\."):
        ek.Binomial(trials=3).support.check(source.profile)


def test_the_watch_is_told_how_many_lines_were_read():
    seen = []
    read("a\n" + "1\n" * (2 * LINES_BETWEEN), watch=seen.append)
    assert seen == [LINES_BETWEEN, 2 * LINES_BETWEEN]


def test_numbers_are_read_to_the_last_bit():
    x = np.random.default_rng(0).standard_normal(200) * 10.0 ** np.arange(-100, 100)
    table = read("x\n" + "\n".join(repr(float(value)) for value in x))
    np.testing.assert_array_equal(table.x.ravel(), x)


def test_finite_numbers_whose_sum_overflows_are_finite_numbers():
    assert read("a,b\n1e308,1e308\n").x.tolist() == [[1e308, 1e308]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the input is empty: a header line and at least one row are needed."),
        ("\n \n", "the input is empty: a header line and at least one row are needed."),
        ("a,b\n", "the input has a header line but no rows below it."),
        ("a,b\n1\n", "line 2 has 1 field, but the header names 2 columns."),
        ("a,b\n1,2\n\n1,2,3\n", "line 4 has 3 fields, but the header names 2 columns."),
        ("a,b\n1,2\n1,x\n", "line 3, column 'b' is 'x'; it must be a number. Choose the columns to use with --columns."),
        ("a,b\n1,\n", "line 2, column 'b' is ''; missing values are not admitted here. Remove or fill in such rows first."),
        ("a,b\nNA,1\n", "line 2, column 'a' is 'NA'; missing values are not admitted here. Remove or fill in such rows first."),
        (
            "a,b\n1,nan\n",
            "line 2, column 'b' is 'nan'; missing values are not admitted here. Remove or fill in such rows first.",
        ),
        ("a,b\n-inf,1\n", "line 2, column 'a' is '-inf'; every value must be a finite number."),
        ("a\n1e999\n", "line 2, column 'a' is '1e999'; every value must be a finite number."),
        ("a;b\n1;2,5\n", "line 2, column 'b' is '2,5'; write decimals with a point, 2.5."),
        ("a\n1_000\n", "line 2, column 'a' is '1_000'; it must be a number. Choose the columns to use with --columns."),
        ("a,b,a\n1,2,3\n", "columns 1 and 3 are both called 'a'; give each its own name."),
        ("1,2\n3,4\n", "the first line holds only numbers (1, 2); it must name the columns. Add a header line."),
        (
            ",b,c\n1,2,3\n",
            "the first column has no name in the header, as an index has that was written with the table. Leave it out: choose "
            "the others, --columns b,c, or write the table without its index.",
        ),
        ("a,,c\n1,2,3\n", "column 2 has no name in the header; name it, or choose others with --columns."),
        ('a,b\n1,"2\n3,4\n', "line 2 cannot be read as CSV: a quotation mark that opens there is never closed."),
        ('a,b\n1,"2"x\n', "line 2 cannot be read as CSV: ',' expected after '\"'."),
        ("a,b\r1,2\r", "line 1 cannot be read as CSV: it holds carriage returns; save the file with ordinary line ends."),
        (b"a,b\n1,\xe9\n", "line 2 is not UTF-8: byte 0xe9 at position 3 cannot be decoded. Save the file as CSV (UTF-8)."),
        (
            "a,b\n1,2\n".encode("utf-16-le"),
            "line 1 holds a NUL byte, so this is not a CSV file in UTF-8. Save it as CSV (UTF-8).",
        ),
        (b"a\n1\n\0\n", "line 3 holds a NUL byte, so this is not a CSV file in UTF-8. Save it as CSV (UTF-8)."),
    ],
)
def test_every_fault_has_one_sentence(text, sentence):
    with pytest.raises(ek.DataError) as caught:
        read(text)
    assert str(caught.value) == sentence


def test_one_enormous_line_is_refused_without_being_read_to_its_end():
    class Endless(io.RawIOBase):
        given = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            self.given += len(buffer)
            buffer[:] = b"1" * len(buffer)
            return len(buffer)

    endless = Endless()
    with pytest.raises(ek.DataError, match=r"line 1 is longer than 16 MiB, the most that is read; is this a CSV file"):
        read_file(io.BufferedReader(endless))
    assert endless.given < 2 * MOST_LINE_BYTES


def test_a_million_columns_are_refused():
    header = ",".join(f"c{j}" for j in range(1_000_000))
    with pytest.raises(ek.DataError, match=r"^the header has 1,000,000 columns; at most 100,000 are read\.$"):
        read(header + "\n")


def test_as_many_columns_as_allowed_are_read():
    header = ",".join(f"c{j}" for j in range(MOST_COLUMNS))
    assert read(f"{header}\n{'1,' * (MOST_COLUMNS - 1)}1\n").x.shape == (1, MOST_COLUMNS)


def test_a_long_cell_is_cut_short_in_the_message():
    with pytest.raises(ek.DataError, match=f"is '{'z' * 40}...'; it must be a number"):
        read(f"a\n{'z' * 1000}\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"columns": ["a", "z"]}, "there is no column 'z'; the columns are 'a', 'b'."),
        ({"weights": "w"}, "there is no column 'w'; the columns are 'a', 'b'."),
        ({"columns": ["a", "a"]}, "column 'a' is chosen twice."),
        ({"columns": ["a"], "weights": "a"}, "column 'a' cannot be both data and weights."),
        ({"columns": []}, "there is no column of data: name at least one."),
    ],
)
def test_columns_that_cannot_be_chosen(options, sentence):
    with pytest.raises(ek.DataError) as caught:
        read("a,b\n1,2\n", **options)
    assert str(caught.value) == sentence


def test_many_columns_are_not_all_listed():
    header = ",".join(f"c{j}" for j in range(100))
    with pytest.raises(ek.DataError, match=r"'c19' and 80 more\.$"):
        read(header + "\n", columns=["z"])


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ek.DataError, match=r"^there is no file '.*none\.csv'\.$"):
        read_file(tmp_path / "none.csv")
    with pytest.raises(ek.DataError, match=r"is a directory; give a file in it\.$"):
        read_file(tmp_path)
    with pytest.raises(ek.DataError, match=r"^'a\\x00b' cannot be read: embedded null byte\.$"):
        read_file("a\0b")


def test_a_file_is_named_where_it_is_at_fault(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("")
    with pytest.raises(ek.DataError, match=r"empty\.csv' is empty"):
        read_file(path)


def test_columns_of_words_are_codes_in_sorted_order():
    table = read("eye,h,n\nblue, red ,1\nbrown,7,2.5\nblue,black,3\n", words=True)
    assert table.levels == (("blue", "brown"), ("7", "black", "red"), None)
    np.testing.assert_array_equal(table.x, [[0, 2, 1], [1, 0, 2.5], [0, 1, 3]])
    assert table.source().levels == table.levels


def test_without_words_all_levels_are_none():
    assert read("a,b\n1,2\n").levels == (None, None) == read("a,b\n1,2\n", words=True).levels
    np.testing.assert_array_equal(read("a,b\n1,2\n", words=True).x, [[1, 2]])


LATE = "a,b,w\n1.0,1,1\n01,2,2\ninf,x,3\n1.0,y,4\nz,2,5\n"  # numbers first, words later, in two columns
LATE_LEVELS = (("01", "1.0", "inf", "z"), ("1", "2", "x", "y"))


class Pipe(io.RawIOBase):
    def __init__(self, text):
        self.inner = io.BytesIO(text.encode())

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.inner.readinto(buffer)


@pytest.mark.parametrize("stream", [lambda: io.BytesIO(LATE.encode()), lambda: io.BufferedReader(Pipe(LATE))])
def test_numbers_before_the_first_word_of_their_column_are_words_as_they_were_written(stream):
    table = read_file(stream(), weights="w", words=True)
    assert table.columns == ("a", "b")
    assert table.levels == LATE_LEVELS
    np.testing.assert_array_equal(table.x, [[1, 0], [0, 1], [2, 2], [1, 3], [3, 1]])
    np.testing.assert_array_equal(table.weights, [1, 2, 3, 4, 5])
    assert lines(table) == [f"line {number}" for number in range(2, 7)]


def test_a_stream_is_read_from_where_it_stands():
    stream = io.BytesIO(b"# a remark\na\n1\nx\n")
    stream.readline()
    assert read_file(stream, words=True).levels == (("1", "x"),)


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("a,b\nx,1\n,2\n", {}, "line 3, column 'a' is ''; missing values are not admitted here. Remove or fill in such"),
        ("a\n1\nNA\nx\n", {}, "line 3, column 'a' is 'NA'; missing values are not admitted here. Remove or fill in such"),
        ("a,b\nx,1\ny,inf\n", {}, "line 3, column 'b' is 'inf'; every value must be a finite number."),
        ("a,w\nx,1\ny,two\n", {"weights": "w"}, "line 3, column 'w' is 'two'; it must be a number."),
        ("w,a\ntwo,1\n", {"weights": "w"}, "line 2, column 'w' is 'two'; it must be a number."),
        ("a;b\nx;1\ny;2,5\n", {}, "line 3, column 'b' is '2,5'; write decimals with a point, 2.5."),
        ("a\n", {}, "the input has a header line but no rows below it."),
        ("a,b\nx\n", {}, "line 2 has 1 field, but the header names 2 columns."),
    ],
)
def test_words_do_not_hide_faults(text, options, sentence):
    with pytest.raises(ek.DataError) as caught:
        read(text, words=True, **options)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_fields_are_set_apart_by_any_of_four(delimiter):
    table = read(f"a{delimiter}b c\n1{delimiter}2\n")
    assert table.columns == ("a", "b c")
    np.testing.assert_array_equal(table.x, [[1, 2]])


WITH_GAPS = "age,ward,w\n,b,1\n31,NA,2\n?,a,1\n40,b,1\n"


@pytest.mark.parametrize("large", [1, 1 << 30])
def test_cells_without_a_value_are_gaps_where_they_may_be(large):
    table = read(WITH_GAPS, weights="w", words=True, gaps=True, large=large)
    np.testing.assert_array_equal(table.x, [[np.nan, 1], [31, np.nan], [np.nan, 0], [40, 1]])
    assert table.levels == (None, ("a", "b"))
    with pytest.raises(ek.DataError, match="line 2, column 'age' is ''; missing values are not admitted here"):
        read(WITH_GAPS, weights="w", words=True, large=large)


def test_a_weight_is_never_missing():
    with pytest.raises(ek.DataError, match="line 3, column 'w' is ''; missing values"):
        read("a,w\n1,1\n2,\n", weights="w", gaps=True)


def test_only_the_columns_named_may_be_of_words():
    assert read("a,b\nx,1\n", words=["a"]).levels == (("x",), None)
    with pytest.raises(ek.DataError, match="line 2, column 'b' is 'y'; it must be a number"):
        read("a,b\nx,y\n", words=["a"])


@pytest.mark.parametrize("large", [10, 1_000_000])
def test_gaps_that_may_be_answers_are_told(large):
    with pytest.warns(ek.GapsWarning) as warned:
        table = read("pet,age\ncat,1\nnone,.\nNA,3\ndog,4\nnone,5\n", words=True, gaps=True, large=large)
    told = [str(warning.message) for warning in warned]
    assert told == [
        "column 'pet': 2 cells say 'none', which is read as a missing value. "
        "If it is an answer, give it another name in the file."
    ]
    assert np.isnan(table.x[:, 0]).tolist() == [False, True, True, False, True]
