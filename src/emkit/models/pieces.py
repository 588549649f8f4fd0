"""Long sequences in pieces: what a piece needs to know of the rest of its sequence, told from the rows nearby.

A chain forgets: whatever state it was in some rows ago, the shares of the states come to be the same. The shares that any
state leads to are known as soon as all K agree, since those that a mixture of states leads to lie between them.
Source: for the contraction of products of positive matrices, Birkhoff (1957), Trans. Amer. Math. Soc. 85, 219-227.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.memo import once
from emkit.core.protocols import Source
from emkit.data.chunk import Chunk
from emkit.data.chunk_sizes import even_rows
from emkit.data.sparse import is_sparse
from emkit.errors import EmkitError
from emkit.models.chains import hazards

WARM = 64  # rows that are looked at first
MOST_WARM = 4_096  # and at most: a chain that remembers longer goes through all rows in order
Scored = Callable[[Array], Array]


class HardlyForgetsError(EmkitError):
    """What lies beyond a piece cannot be told from rows nearby."""


@dataclass(frozen=True)
class Piece:
    """Rows of one sequence, as a chunk; `before` and `behind` are rows of it next to these, none where it begins or ends."""

    chunk: Chunk
    before: Array
    behind: Array

    def entered(self, transitions: Array, scored: Scored) -> Array | None:
        """The shares (K,) of the states in the row before the piece, given all rows there; None if its sequence begins."""
        return _told(transitions, scored, self.before[::-1], onward=True) if len(self.before) else None

    def left(self, transitions: Array, scored: Scored) -> Array | None:
        """The evidence (K,) of all rows behind the piece for the states of the first, to a factor; None if there are none."""
        return _told(transitions, scored, self.behind, onward=False) if len(self.behind) else None


def _told(transitions: Array, scored: Scored, rows: Array, onward: bool) -> Array:
    """What `rows` (m, d), the nearest first, tell of the states in the nearest.

    Errors: HardlyForgetsError if that is too little.
    """
    from emkit.kernels.forgetting import agreed

    refills, underflows = hazards(transitions)
    move, number = np.array(transitions if onward else transitions.T, order="C"), min(WARM, len(rows))
    while not underflows:
        log_density, found = np.ascontiguousarray(scored(rows[:number][::-1])), np.empty(len(move))
        if agreed(move, log_density, refills, found):
            return found
        if number == len(rows):
            break
        number = min(4 * number, len(rows))
    raise HardlyForgetsError


class InPieces(Source[Any]):
    """The chunks of a source, of which those that are one long sequence come in pieces."""

    def __init__(self, source: Source[Any]) -> None:
        self._source = source

    def chunks(self) -> Iterator[Any]:
        for chunk in self._source.chunks():
            yield from pieces(chunk) if isinstance(chunk, Chunk) else (chunk,)


@once
def pieces(chunk: Chunk) -> tuple[Chunk | Piece, ...]:
    """A chunk of one sequence in as many equal pieces as there were chunks of rows by themselves; any other as it is.

    So are sparse rows, and rows of which it is known where they belong.
    """
    rows = len(chunk.x)
    number = -(-rows // even_rows(rows, chunk.x.shape[1])) if len(chunk.bounds) == 2 else 1
    if number == 1 or is_sparse(chunk.x) or chunk.membership is not None:
        return (chunk,)
    cuts = np.rint(np.linspace(0, rows, number + 1)).astype(np.int64).tolist()
    made = []
    for start, end in pairwise(cuts):
        own = Chunk(chunk.x[start:end], chunk.weights[start:end], chunk.start + start, np.array([0, end - start]))
        made.append(Piece(own, chunk.x[max(start - MOST_WARM, 0) : start], chunk.x[end : end + MOST_WARM]))
    return tuple(made)
