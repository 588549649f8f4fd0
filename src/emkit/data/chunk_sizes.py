"""How many rows a chunk has: as many as are worth a task, and fit in memory."""

from __future__ import annotations

from typing import Any

from emkit.data.sparse import MOST_DENSE, is_sparse
from emkit.kernels.workspace import TILE_ROWS

MOST_ROWS = 65_536  # of a chunk: bounds the memory of one E-step
LEAST_ROWS, LEAST_NUMBERS = 8_192, 65_536  # chunks that hold less than both would cost more than they share out
CHUNKS = 4  # aimed at for mid-sized data: few, since each costs a little, and equal, so that threads share them evenly
SHARED = 64  # aimed at where much is done with each row: 16 threads work on 4 of them each, and wait little for the last
TASK = 60_000_000  # numbers worked on in such a chunk, at least: some milliseconds, of which a chunk costs a twentieth itself
TASK_ROWS = 16 * TILE_ROWS  # of such a chunk, at least: what is found costs as much to add up as some hundred rows to work on


def even_rows(n: int, columns: int, numbers: int = 0) -> int:
    """Rows of a chunk for `n` rows: a few equal chunks, neither too small to be worth a task nor too large for memory.

    `numbers`: how many are worked on for each row; where these are many, there are more chunks: 8, 16, 32 or `SHARED`.
    """
    worth = max(n // LEAST_ROWS, n * columns // LEAST_NUMBERS)
    few = max(min(worth, CHUNKS), -(-n // MOST_ROWS), 1)
    tasks = min(n * numbers // TASK, n // TASK_ROWS, SHARED)
    many = 2 ** (tasks.bit_length() - 1) if tasks else 0
    return -(-n // few) if few >= many else -(-n // (many * TILE_ROWS)) * TILE_ROWS


def rows_of_chunks(x: Any, numbers: int = 0) -> int:
    """As `even_rows`, of rows (n, d) in memory: sparse ones in chunks whose cells would fit there."""
    rows = even_rows(x.shape[0], x.shape[1], numbers)
    return min(rows, max(MOST_DENSE // x.shape[1], 1)) if is_sparse(x) else rows
