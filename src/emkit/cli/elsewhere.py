"""Rows that are read as they are worked on, from Parquet files, and workers other than the threads of this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import has_magic
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from emkit.cli.given import Known, check_columns
from emkit.core.cluster import Dask
from emkit.core.processes import Processes
from emkit.core.protocols import Executor
from emkit.data.parquet import ParquetSource
from emkit.data.source import RowSource
from emkit.models.components import AnyComponents

LARGE = 2**28  # bytes of a Parquet file that is not read as a whole
PATIENCE = 10.0  # seconds for a scheduler to answer, and to have workers
Workers = Executor | int  # an executor, or so many threads
THREADS: Workers = -1
WORKED: tuple[Any, ...] = (
    click.option("--workers", type=click.IntRange(1), metavar="N", help="Work in so many processes.  [default: in threads]"),
    click.option("--scheduler", metavar="ADDRESS", help="Work on the Dask cluster of this scheduler: tcp://10.0.0.7:8786."),
)


@contextmanager
def workers_asked(workers: int | None, scheduler: str | None) -> Iterator[Workers]:
    """Who works, for as long as the context lasts.

    Errors: UsageError if both are asked, if Dask is not installed, or if no scheduler that has workers answers.
    """
    if scheduler is None:
        yield THREADS if workers is None else Processes(workers)
        return
    context = click.get_current_context()
    if workers is not None:
        raise click.UsageError("--workers are of this machine, and --scheduler has its own: give one of them.", context)
    if find_spec("distributed") is None:
        raise click.UsageError("--scheduler needs Dask, which is not installed: pip install 'emkit[dask]'.", context)
    from distributed import Client

    connect: Any = Client  # which is untyped
    try:
        client = connect(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise click.UsageError(f"no Dask scheduler answers at {scheduler!r} ({error}).", context) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            said = f"the scheduler at {scheduler} has no workers. Start some: dask worker {scheduler}"
            raise click.UsageError(said, context) from None
        yield Dask(client)


def are_read_in_passes(files: Sequence[str]) -> bool:
    """Whether rows are read anew in each pass: those of several files, a folder or a pattern, and of a large Parquet file.

    Who works does not matter: a fit that is kept goes on with other workers.
    """
    if len(files) > 1:
        return True
    path = Path(files[0])
    if path.is_dir() or (has_magic(files[0]) and not path.exists()):
        return True
    return path.suffix == ".parquet" and path.is_file() and path.stat().st_size > LARGE


def the_one(files: Sequence[str], option: str) -> str:
    """The only file. Errors: UsageError if there are several, which do not go with an option."""
    if len(files) > 1:
        raise click.UsageError(
            f"{option} is for the rows of one FILE, and there are {len(files)}.", click.get_current_context()
        )
    return files[0]


def parquet_source(
    model: AnyComponents, files: Sequence[str], columns: list[str] | None, weights: str | None, known: Known
) -> RowSource:
    """The rows of Parquet files for a model. Errors: UsageError for labels; those of `ParquetSource` and `source_of`."""
    if known.labels is not None:
        said = "--labels is for rows in memory: those of one FILE that is not large."
        raise click.UsageError(said, click.get_current_context())
    source = ParquetSource(files, columns, weights, known.groups)
    check_columns(model.family, source)
    return model.admitted(source)
