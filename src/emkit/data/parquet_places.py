"""Where the rows of Parquet files lie, and those of them that are meant."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import lru_cache
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from emkit.data.files.columnar import kind_of, naming_damage
from emkit.data.files.header import check_names
from emkit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "a Parquet file"
FILES = 10_000  # whose ends are remembered: fewer than there are would never be found again in the next pass


class Place(NamedTuple):
    """Rows `first` to `last` of those of a row group that are `meant` (None: all); `before` rows of the file come before it."""

    path: str
    row_group: int
    first: int
    last: int
    before: int
    meant: Any = None

    def read(self, columns: list[str] | None) -> pa.Table:
        """Columns of the rows, in this order (None: all). Errors: DataError naming a file that is damaged."""
        with naming_damage(Path(self.path).name, KIND):
            if self.meant is None:
                found = _file(self.path).read_row_group(self.row_group, columns=columns, use_threads=False)
            else:
                found = _group(self.path, self.row_group).to_table(columns=columns, filter=self.meant, use_threads=False)
        return (found if columns is None else found.select(columns)).slice(self.first, self.last - self.first)

    def row_name(self, row: int) -> str:
        """How messages call a row of these."""
        place = self.first + row
        if self.meant is not None:
            every = self._replace(first=0, last=sys.maxsize, meant=None).read(None)
            no_other = "row of " + "".join(every.column_names)
            place = every.append_column(no_other, [np.arange(every.num_rows)]).filter(self.meant)[no_other][place].as_py()
        return f"row {self.before + place} of {Path(self.path).name}"


def paths_of(path: str | Path | Sequence[str | Path]) -> list[Path]:
    """The files, in the order of their names. Errors: DataError if there are none."""
    if not isinstance(path, str | Path | Sequence):
        raise DataError(f"path is {path!r}; it must be a file, a folder, a pattern, or a list of these.")
    if not isinstance(path, str | Path):
        found = [each for part in path for each in paths_of(part)]
    elif Path(path).is_dir():
        found = sorted(Path(path).glob("**/*.parquet"))
    elif has_magic(str(path)) and not Path(path).exists():
        found = sorted(map(Path, glob(str(path), recursive=True)))
    else:
        found = [Path(path)]
    if not found:
        raise DataError(f"there are no Parquet files at {path!s}; give a file, a folder, or a pattern, 'data/*.parquet'.")
    for missing in (each for each in found if not each.is_file()):
        raise DataError(f"there is no file {missing!s}.")
    return [each.absolute() for each in found]


@lru_cache(FILES)
def _metadata(path: str, changed: int) -> Any:
    from pyarrow.parquet import read_metadata

    name = Path(path).name
    with naming_damage(name, KIND):
        with open(path, "rb") as stream:
            kind = kind_of(stream)
        if kind == KIND:
            return read_metadata(path)
    raise DataError(
        f"{name} is not {KIND}: rows that are read anew in each pass are in such files, as pandas.to_parquet writes."
    )


def known_of(path: str) -> Any:
    """What the end of a file tells of it, read once for as long as the file does not change."""
    return _metadata(path, Path(path).stat().st_mtime_ns)


def places_in(paths: Sequence[Path], where: Any) -> tuple[tuple[str, ...], list[Place]]:
    """The names of the columns, and where the rows of all files lie, or those of them that `where` asks for.

    Errors: DataError for files of other columns, or if there are no rows; those of `condition`.
    """
    meant = None if where is None else condition(where)
    names: tuple[str, ...] = ()
    found: list[Place] = []
    for path in map(str, paths):
        known = known_of(path)
        own = tuple(known.schema.to_arrow_schema().names)
        check_names(own)
        names = names or own
        if set(own) != set(names):
            odd = sorted({*own} ^ {*names})[0]
            raise DataError(f"{Path(path).name} has other columns than {paths[0].name}: {odd!r} is in one of them alone.")
        before = 0
        for i in range(known.num_row_groups):
            rows = known.row_group(i).num_rows
            if there := rows if meant is None else _count(path, i, meant):
                found.append(Place(path, i, 0, there, before, meant))
            before += rows
    if not found:
        few = f"{paths[0].name} has columns but no rows" if len(paths) == 1 else "the files have no rows"
        raise DataError(f"{few}." if meant is None else f"no row is such that {meant}.")
    return names, found


def condition(where: Any) -> Any:
    """A condition of Arrow's, from one or from ``[(column, sign, value), ...]``. Errors: DataError for what is none."""
    from pyarrow.compute import Expression
    from pyarrow.parquet import filters_to_expression

    if isinstance(where, Expression):
        return where
    try:
        return filters_to_expression(where)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"where is {where!r}, and no condition ({error}). Give [(column, sign, value), ...], all of which must hold, as in "
            "[('age', '>=', 18), ('ward', 'in', ['A', 'B'])]; a list of such lists, one of which must; or an expression of "
            "pyarrow's, pc.field('age') >= 18."
        ) from None


def _count(path: str, row_group: int, meant: Any) -> int:
    """How many rows of a row group are meant: where its smallest and largest values tell, nothing is read.

    Errors: DataError for a condition of columns that there are not, or that cannot be told of their kinds.
    """
    from pyarrow import ArrowException, bool_

    try:
        group = _group(path, row_group)
        kind = group.scanner(columns={"meant": meant}).projected_schema.field("meant").type
        if kind != bool_():
            raise DataError(f"where is {meant}, which is of the kind {kind}, and no condition: compare it with something.")
        return int(group.count_rows(filter=meant))
    except ArrowException as error:
        raise DataError(f"where cannot be told of {Path(path).name}: {' '.join(str(error).split())}") from None


def _file(path: str) -> Any:
    from pyarrow.parquet import ParquetFile

    return ParquetFile(path, metadata=known_of(path), memory_map=True)


def _group(path: str, row_group: int) -> Any:
    return _fragment(path, Path(path).stat().st_mtime_ns).subset(row_group_ids=[row_group])


@lru_cache(FILES)
def _fragment(path: str, changed: int) -> Any:
    from pyarrow.dataset import ParquetFileFormat
    from pyarrow.fs import LocalFileSystem

    return ParquetFileFormat().make_fragment(path, LocalFileSystem(use_mmap=True))


def table_of(places: Sequence[Place], columns: list[str]) -> pa.Table:
    """Columns of the rows at these places. Errors: DataError naming a file that is damaged."""
    import pyarrow as pa

    parts = [place.read(columns) for place in places]
    try:
        return pa.concat_tables(parts, promote_options="permissive") if len(parts) > 1 else parts[0]
    except pa.ArrowException as error:
        names = " and ".join(dict.fromkeys(Path(place.path).name for place in places))
        raise DataError(f"columns of {names} are of kinds that do not go together: {' '.join(str(error).split())}") from None


def holds_names(path: str, column: str) -> bool:
    """Whether a column of a file holds text, a dictionary or truths."""
    import pyarrow as pa

    kind = known_of(path).schema.to_arrow_schema().field(column).type
    asked = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_dictionary, pa.types.is_boolean)
    return any(is_one(kind) for is_one in asked)
