"""How passes go over sequences: rows in lanes, side by side, and long sequences in pieces.

Nothing is kept for all rows of a long sequence, and threads share its pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import once
from emkit.core.protocols import Expectation, MapReduce, Source
from emkit.data.chunk import Chunk, unit_weights
from emkit.data.sparse import is_sparse
from emkit.families.linear import LinearForm, frozen
from emkit.models import compiled
from emkit.models.assignment import Assignment
from emkit.models.chains import LEAST_ROWS, Moves, hazards
from emkit.models.components import Components, SeveralStats
from emkit.models.lanes import Lanes, in_lanes
from emkit.models.overrides import writer
from emkit.models.pieces import HardlyForgetsError, InPieces, Piece

C = TypeVar("C", bound=Any)
P = TypeVar("P", bound=Any)
S = TypeVar("S")


class InLanes(NamedTuple):
    """What rows in lanes tell besides shares: how often states follow each other, and the weighted log-likelihood."""

    moves: Moves
    log_likelihood: float


class ChainPasses(Components[P, C, S]):
    """Components whose rows are steps of a chain with `params.initial` and `params.transitions`, if the E-step is exact.

    The class that derives from it writes `assign` and `gathered` so; where one that derives from that writes others, its rows
    are not gone through in lanes.
    """

    assignment: Assignment

    @property
    def goes_in_lanes(self) -> bool:
        """Whether rows are assigned as steps of that chain, by their posterior: then lanes tell all that is asked."""
        own = type(self)
        plain = next(cls for cls in own.__mro__ if ChainPasses in cls.__bases__)
        return self.assignment.is_posterior and writer(own, "assign") is plain and writer(own, "gathered") is plain

    def expectation(self, params: P, source: Source[Any], map_reduce: MapReduce) -> Expectation[Any]:
        """One pass over all rows, long sequences in pieces; whole, if the chain hardly forgets."""
        if self.goes_in_lanes:
            try:
                total: Expectation[Any] = map_reduce(partial(self._piece_step, params), InPieces(source))
                return total
            except HardlyForgetsError:
                total = map_reduce(partial(self._whole_step, params), source)
                return total
        return super().expectation(params, source, map_reduce)

    def e_step(self, params: P, chunk: Chunk) -> Expectation[Any]:
        found = self._in_lanes(params, chunk, None, None) if self.goes_in_lanes else None
        return super().e_step(params, chunk) if found is None else found

    def _e_steps(self, runs: Sequence[P], components: C, chunk: Chunk, form: LinearForm[S] | None) -> SeveralStats:
        return super()._e_steps(runs, components, chunk, form)  # the same numbers, in the order of the rows

    def _piece_step(self, params: P, piece: Chunk | Piece) -> Expectation[Any]:
        """Errors: HardlyForgetsError, if what lies beyond the piece cannot be told from rows nearby."""
        if not isinstance(piece, Piece):
            return self.e_step(params, piece)
        form = self.form(params.components, piece.chunk)

        def scored(x: Array) -> Array:
            return self._log_density(params.components, Chunk(x, unit_weights(len(x))), form)

        before, behind = piece.entered(params.transitions, scored), piece.left(params.transitions, scored)
        found = self._in_lanes(params, piece.chunk, before, behind)
        if found is None:
            raise HardlyForgetsError
        return found

    def _whole_step(self, params: P, chunk: Chunk) -> Expectation[Any]:
        """The E-step where pieces could not be told of each other: neither can lanes of one sequence."""
        return super().e_step(params, chunk) if len(chunk.bounds) == 2 else self.e_step(params, chunk)

    def _in_lanes(self, params: P, chunk: Chunk, before: Array | None, behind: Array | None) -> Expectation[Any] | None:
        """The E-step over rows of a chunk in lanes; None where that is no way to go through them.

        `before` (K,): the shares of the states that the chunk is entered with, if its first sequence began before it; `behind`
        (K,): evidence for the states of the row behind the chunk, to a factor, if its last sequence goes on.
        """
        if len(chunk.x) < LEAST_ROWS or is_sparse(chunk.x) or chunk.membership is not None:
            return None
        from emkit.kernels.lane_steps import SIDE_BY_SIDE

        rows = in_lanes(chunk, SIDE_BY_SIDE, before is not None, behind is not None)
        room = Room.of(rows, len(params.initial), chunk.x.shape[1])
        laid = _laid_out_once(chunk, SIDE_BY_SIDE) if chunk.has_gaps else _laid_out(chunk, rows.heads, room.x)
        form = self.form(params.components, chunk)
        scores = self._scores(params.components, laid, form, room.scores)
        found = smoothed_in_lanes(params.initial, params.transitions, scores, rows, room, before, behind)
        if found is None:
            return None
        components = self._statistics_in_lanes(params.components, chunk, laid, form, scores.T)
        return Expectation(self.statistics_of(found.moves, components), found.log_likelihood, chunk.total_weight)

    def _scores(self, components: C, laid: Chunk, form: LinearForm[S] | None, room: Array) -> Array:
        if form is not None:
            return compiled.log_density(form, laid, room).T
        room[:] = self.family.log_density(components, laid.x).T
        return room

    def _statistics_in_lanes(
        self, components: C, chunk: Chunk, laid: Chunk, form: LinearForm[S] | None, weights: Array
    ) -> S:  # fmt: skip
        if form is None:
            return self.family.statistics(components, laid.x, weights)
        return form.statistics(compiled.sums_of(form, laid, weights), chunk)


class Room(NamedTuple):
    """Where rows in lanes are worked on: `x` (N, d), `scores` (K, N), and what `smooth_side_by_side` asks for besides."""

    x: Array
    scores: Array
    peak: Array
    forward: Array
    inverse: Array

    @classmethod
    def of(cls, rows: Lanes, n_states: int, columns: int = 0) -> Room:
        """The room that this thread has for so many rows, states and columns."""
        from emkit.kernels.workspace import workspace

        steps, lanes = rows.steps, len(rows.joined)
        number = steps * lanes
        shapes = (number, columns), (n_states, number), (1, number), ((1 + steps) * n_states, lanes), (1 + steps, lanes)
        return cls(*workspace(*shapes))


def _laid_out(chunk: Chunk, heads: Integers, room: Array) -> Chunk:
    """The rows of a chunk in lanes, each step's behind those of the one before; where a lane is short, a row again."""
    from emkit.kernels.lanes import lay_out

    lay_out(frozen(chunk.x), heads, room)
    return Chunk(room, unit_weights(len(room)))


@once
def _laid_out_once(chunk: Chunk, number: int) -> Chunk:
    """The same, kept for rows with gaps: what is known of their gaps is worked out once."""
    rows = in_lanes(chunk, number)
    return _laid_out(chunk, rows.heads, np.empty((rows.steps * number, chunk.x.shape[1])))


def smoothed_in_lanes(
    initial: Array, transitions: Array, scores: Array, rows: Lanes, room: Room, before: Array | None, behind: Array | None
) -> InLanes | None:  # fmt: skip
    """The posterior of the states of rows in lanes, given log-densities `scores` (K, N), which become weighted shares.

    None where shares are lost or the chain hardly forgets. `before`, `behind`: see `ChainPasses`.
    """
    from emkit.kernels.lanes import smooth_side_by_side

    refills, underflows = hazards(transitions)
    if underflows:
        return None
    number = len(initial)
    even, starts, moves = np.full(number, 1 / number), np.empty(number), np.empty((number, number))
    log_likelihood = smooth_side_by_side(
        np.array(initial, order="C"), np.array(transitions, order="C"), refills, scores, *rows,
        even if before is None else before, even if behind is None else behind, room.peak, room.forward, room.inverse,
        starts, moves,
    )  # fmt: skip
    return None if np.isnan(log_likelihood) else InLanes(Moves(starts, moves), log_likelihood)
