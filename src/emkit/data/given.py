"""What users hand over, as a source."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.data.blocks import as_blocks
from emkit.data.chunk_source import ChunkSource
from emkit.data.frames import library_of, read_table
from emkit.data.membership import membership_of, names_in
from emkit.data.source import ArraySource, RowSource
from emkit.errors import DataError


def as_source(data: Any, weights: Any = None, groups: Any = None, labels: Any = None, n_components: int = 1) -> Any:
    """A source for `data`: itself if it is one, a `BlockSource` for blocks, else an `ArraySource` (arrays, lists, frames).

    `labels`: what is known of which of `n_components` rows belong to, as `membership_of` takes it.
    """
    data = as_blocks(data)
    if hasattr(data, "chunks") and not isinstance(data, np.ndarray):
        if weights is not None or groups is not None or labels is not None:
            raise DataError(
                "weights and groups belong to the source, and labels likewise: give them when you make it, "
                "ArraySource(x, weights)."
            )
        return data if isinstance(data, RowSource) else ChunkSource(data)
    table = read_table(data)
    known = None if labels is None else membership_of(labels, len(table.x), n_components)
    return ArraySource(
        table.x,
        weights,
        table.columns,
        levels=table.levels,
        groups=groups,
        membership=known,
        library=library_of(data),
        component_names=names_in(labels),
    )
