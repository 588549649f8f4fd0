"""Which levels are left out, so that no column of a design is a sum of others by construction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from emkit.data.design.factors import Factor

Piece = tuple[tuple[Factor, bool], ...]  # factors to be multiplied, and of each whether it goes without a level
Terms = Sequence[tuple[Factor, ...]]


def pieces_of(terms: Terms, has_levels: Callable[[Factor], bool]) -> list[list[Piece]]:
    """For each term, the products that it adds to the terms before it.

    All levels of g are an intercept and all levels but one: 1 + g. So a term of factors with levels spans the products of any
    of them without a level; those that terms before it span already are left out, and what is left is put together again as far
    as it goes (as R, patsy and formulaic do; Chambers & Hastie 1992, 2.3).
    """
    spanned: set[frozenset[Factor]] = set()
    made = []
    for term in terms:
        choices = [(factor, None) if has_levels(factor) else (factor,) for factor in term]
        parts = [tuple(each for each in chosen if each is not None) for chosen in product(*choices)]
        new = [part for part in parts if frozenset(part) not in spanned]
        spanned.update(map(frozenset, new))
        made.append(_together([tuple((factor, has_levels(factor)) for factor in part) for part in new]))
    return made


def _together(pieces: list[Piece]) -> list[Piece]:
    """The same span in fewer pieces: (a) and (a : g without a level) are (a : g)."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=len):
        for other in kept:
            more = set(piece) - set(other)
            if len(piece) == len(other) + 1 and len(more) == 1 and (added := next(iter(more)))[1]:
                whole = tuple((factor, reduced and (factor, reduced) != added) for factor, reduced in piece)
                kept = _together([*(each for each in kept if each is not other), whole])
                break
        else:
            kept.append(piece)
    return kept
