"""What comes in: sources hand out validated chunks of rows with weights; models never see files or frames."""

from emkit.data.chunk import Chunk
from emkit.data.parquet import ParquetSource
from emkit.data.source import ArraySource, as_source

__all__ = ["ArraySource", "Chunk", "ParquetSource", "as_source"]
