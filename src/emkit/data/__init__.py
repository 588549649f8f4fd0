"""What comes in: sources hand out validated chunks of rows with weights; models never see files or frames."""

from emkit.data.blocks import BlockSource
from emkit.data.chunk import Chunk
from emkit.data.given import as_source
from emkit.data.parquet import ParquetSource
from emkit.data.source import ArraySource

__all__ = ["ArraySource", "BlockSource", "Chunk", "ParquetSource", "as_source"]
