"""Parquet and Arrow files, whose columns have types of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, BinaryIO

from emkit.data.files.header import Choice, check_names, choose
from emkit.data.files.streams import begins_with
from emkit.data.frames import Table, read_table
from emkit.errors import DataError

KINDS = {  # by the bytes with which they begin
    "a Parquet file": re.compile(rb"PAR1[\x00-\x08\x0e-\x1f]"),  # no text goes on like that
    "an Arrow file": re.compile(rb"ARROW1\x00\x00"),  # Feather is this, too
    "an Arrow stream": re.compile(rb"\xff\xff\xff\xff"),
}
LONGEST = 8  # bytes that tell the kind


def kind_of(stream: BinaryIO) -> str | None:
    """Which kind of columnar file the stream is; None if it is none."""
    begins = begins_with(stream, LONGEST)
    return next((kind for kind, pattern in KINDS.items() if pattern.match(begins)), None)


def read_columnar(
    stream: BinaryIO, kind: str, name: str, columns: Sequence[str] | None, weights: str | None, beside: Sequence[str] = ()
) -> tuple[Table, Choice]:
    """The chosen columns of a file, and the choice. Nulls are gaps; text and dictionaries are levels.

    Errors: DataError without pyarrow, for a damaged file, for columns that there are not, and those of `read_table`.
    """
    if find_spec("pyarrow") is None:
        raise DataError(f"{name} is {kind}; reading it needs pyarrow, which is not installed: pip install 'emkit[arrow]'.")
    with naming_damage(name, kind):
        names, read = _opened(stream, kind)
    check_names(names)
    choice = choose(names, columns, weights, beside=beside)
    with naming_damage(name, kind):
        table = read(list(choice.names))
        table.validate(full=True)
    if table.num_rows == 0:
        raise DataError(f"{name} has columns but no rows.")
    return read_table(table), choice


@contextmanager
def naming_damage(name: str, kind: str) -> Iterator[None]:
    """Within it, what pyarrow raises is a DataError that names the file. Errors: that."""
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{name} is {kind}, and damaged or cut short ({reason}).") from None


def _opened(stream: BinaryIO, kind: str) -> tuple[tuple[str, ...], Callable[[list[str]], Any]]:
    """The names of the columns of a file, and how to read some of them."""
    import pyarrow as pa

    if kind == "a Parquet file":
        from pyarrow.parquet import ParquetFile

        file = ParquetFile(pa.PythonFile(stream, mode="r"))
        return tuple(file.schema_arrow.names), lambda names: file.read(names, use_threads=False).select(names)
    table = (pa.ipc.open_file if kind == "an Arrow file" else pa.ipc.open_stream)(stream).read_all()
    return tuple(table.schema.names), table.select
