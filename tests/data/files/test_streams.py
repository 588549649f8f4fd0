"""Streams that cannot go back are read again all the same, and packed ones are unpacked."""

import gzip
import io

import pytest

import emkit as ek
from emkit.data.files import read_file, streams

LATE = "a\n" + "1\n" * 50_000 + "x\n"


class Pipe(io.RawIOBase):
    """What can only be read forwards, a few bytes at a time."""

    def __init__(self, data):
        self.inner = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.inner.readinto(memoryview(buffer)[:1000])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("kept", [100, streams.KEPT_IN_MEMORY])
@pytest.mark.parametrize("large", [0, 1 << 30])
def test_a_pipe_is_read_as_often_as_it_takes(pack, kept, large, monkeypatch):
    monkeypatch.setattr(streams, "KEPT_IN_MEMORY", kept)
    table = read_file(io.BufferedReader(Pipe(pack(LATE.encode()))), words=True, large=large)
    assert table.levels == (("1", "x"),)
    assert table.row_name(50_000) == "line 50002"


@pytest.mark.parametrize("write", ["write_parquet", "write_ipc"])
def test_a_table_of_columns_comes_through_a_pipe(write):
    polars, file = pytest.importorskip("polars"), io.BytesIO()
    numbers = list(range(50_000))
    getattr(polars.DataFrame({"a": numbers}), write)(file)
    assert read_file(io.BufferedReader(Pipe(file.getvalue()))).x[:, 0].tolist() == numbers


def test_a_packed_file(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read_file(path).x.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "change", [lambda data: data[:-9], lambda data: data[:30] + b"zzzz" + data[34:], lambda data: data[:5]]
)
def test_a_damaged_packed_file(tmp_path, change):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(change(gzip.compress(LATE.encode())))
    with pytest.raises(ek.DataError, match=r"a\.csv\.gz' is packed with gzip, and damaged or cut short\. Pack it again\.$"):
        read_file(path)


def test_a_faulty_line_of_a_pipe_that_never_ends_is_refused_soon():
    class Endless(Pipe):
        given = 0

        def readinto(self, buffer):
            self.given += len(buffer)
            buffer[:] = (b"y\n" * len(buffer))[: len(buffer)]
            return len(buffer)

    pipe = Endless(b"")
    with pytest.raises(ek.DataError, match=r"^line 2, column 'y' is 'y'; it must be a number"):
        read_file(io.BufferedReader(pipe))
    assert pipe.given < 20 << 20
