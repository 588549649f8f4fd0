"""Rows out: to the screen or to a file, as text or as Parquet."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import click
import numpy as np

from emkit.cli.screen import json_text
from emkit.data.frames import Columns
from emkit.errors import DataError
from emkit.persistence import atomic

READABLE = 0o644  # by everyone


def write_rows(columns: Columns, out: Path | None, form: str | None) -> None:
    """Write columns of equal length: to the file `out`, or to stdout.

    `form`: one of `FORMATS`; None: what the name of `out` ends in, else CSV. Errors: UsageError for what a terminal cannot
    show; DataError naming a file that cannot be written.
    """
    chosen = form or (out.suffix[1:].lower() if out is not None else "csv")
    if chosen not in FORMATS:
        raise click.UsageError(
            f"{str(out)!r} does not say what to write: end it in .{', .'.join(FORMATS)}, or say --to.",
            click.get_current_context(),
        )
    if out is None and chosen == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a screen: name a file with --out.", click.get_current_context())
    content = FORMATS[chosen](columns)
    if out is None:
        click.echo(content, nl=False)
        return
    if out.exists() and not out.is_file():  # a pipe, or a terminal: what is written there is gone
        _write_on(out, content)
        return
    atomic.write(out, content, out.stat().st_mode & 0o777 if out.exists() else READABLE)


def _write_on(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise DataError(f"cannot write {str(out)!r}: {error.strerror}.") from None


def say_written(path: Path) -> int:
    """Tell that a page was written, and return its size in bytes."""
    size = path.stat().st_size
    click.echo(f"wrote {path} ({size / 1000:.0f} KB, opens offline)", err=True)
    return size


def _csv(columns: Columns) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*([_cell(value) for value in _values(column)] for column in columns.values()), strict=True))
    return text.getvalue().encode()


def _values(column: Any) -> list[Any]:
    """The numbers or texts of a column."""
    return cast("list[Any]", np.asarray(column).tolist())


def _cell(value: Any) -> str:
    """A text, or a number in full precision; nothing for what is not known."""
    if isinstance(value, str):
        return value
    return "" if value is None or value != value else repr(value)


def _json(columns: Columns) -> bytes:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*map(_values, columns.values()), strict=True)]
    return (json_text({"schema": "emkit-predict/1", "rows": rows}) + "\n").encode()


def _parquet(columns: Columns) -> bytes:
    if find_spec("pyarrow") is None:
        raise DataError("writing Parquet needs pyarrow, which is not installed: pip install 'emkit[arrow]'.")
    import pyarrow as pa
    from pyarrow.parquet import write_table

    stream = io.BytesIO()
    write_table(pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()}), stream)
    return stream.getvalue()


FORMATS: dict[str, Callable[[Columns], bytes]] = {"csv": _csv, "json": _json, "parquet": _parquet}
