"""Files of rows: CSV by the standard library, large ones through pyarrow with the same result; Parquet and Arrow files."""

from emkit.data.files.reading import FileTable, read_file

__all__ = ["FileTable", "read_file"]
