"""Rows of answers to items, and how likely they are at each place of ability: the E-step of every item response model.

Whatever kind an item is of, all that the E-step asks is the probability of each of its answers at each place. Columns stand in
blocks, so that a row is a few codes, and what may be answered in a block is scored once for all rows. An answer that is missing
has a code of its own, which scores nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import once
from emkit.data.chunk import Chunk, alike
from emkit.errors import DataError
from emkit.families.family import LOG_OF_ZERO
from emkit.models.assignment import normalise
from emkit.models.compiled import worth_compiling

MOST_CODES = 256  # of a block: tables of three blocks stay in the second-level cache
SMALL_TABLES = 8  # rows for each code at least: else tables cost more than they save


@dataclass(frozen=True)
class Blocks:
    """How columns of so many `levels` (J,) of answers stand in blocks of at most `most` codes.

    `gaps`: 1 if an answer may be missing, which has the code behind those of all levels; else 0.
    """

    levels: tuple[int, ...]
    most: int
    gaps: int

    @cached_property
    def columns(self) -> tuple[slice, ...]:
        """The columns of each block."""
        found, begin, size = [], 0, 1
        for j, number in enumerate(self.levels):
            if j > begin and size * (number + self.gaps) > self.most:
                found.append(slice(begin, j))
                begin, size = j, 1
            size *= number + self.gaps
        return (*found, slice(begin, len(self.levels)))

    @cached_property
    def strides(self) -> Integers:
        """How far an answer in each column (J,) moves the code of its block."""
        made = []
        for part in self.columns:
            sizes = np.array(self.levels[part]) + self.gaps
            made.append(np.concatenate([[1], np.cumprod(sizes)[:-1]]))
        return np.concatenate(made).astype(np.int64)

    @cached_property
    def sizes(self) -> Integers:
        """The number of codes of each block (B,)."""
        return np.array([int(np.prod(np.array(self.levels[part]) + self.gaps)) for part in self.columns], dtype=np.int64)

    @cached_property
    def ends(self) -> Integers:
        """Where the codes of each block (B,) end among those of all."""
        return np.cumsum(self.sizes)

    @cached_property
    def markers(self) -> tuple[Array, ...]:
        """For each block (codes, answers): 1 where a code has an answer of one of its columns. A gap has none."""
        made = []
        for part, size in zip(self.columns, self.sizes, strict=True):
            codes = np.arange(size)[:, None]
            numbers = np.array(self.levels[part])
            digits = codes // self.strides[part] % (numbers + self.gaps)
            made.append(np.concatenate([digits[:, [k]] == np.arange(number) for k, number in enumerate(numbers)], axis=1) * 1.0)
        return tuple(made)

    def answers(self) -> Iterator[slice]:
        """Where the answers of each block lie among those of all items."""
        firsts = np.cumsum([0, *self.levels])
        return (slice(int(firsts[part.start]), int(firsts[part.stop])) for part in self.columns)


@once
def _has_gaps(chunk: Chunk) -> bool:
    return bool(np.isnan(chunk.x.sum()))


@cache
def _blocks(levels: tuple[int, ...], most: int, gaps: int) -> Blocks:
    return Blocks(levels, most, gaps)


def _laid_out(levels: tuple[int, ...], chunk: Chunk) -> Blocks:
    """Blocks that pay for the rows of a chunk."""
    pays = max(len(chunk.x) / SMALL_TABLES, 1)
    return _blocks(levels, int(min(MOST_CODES, 2 ** int(np.log2(pays)))), int(_has_gaps(chunk)))


class Expected(NamedTuple):
    """How many are expected at each place with each answer, `answers` (A, Q), and at all, `people` (Q,).

    `heights` (n,): the log-likelihoods of rows.
    """

    answers: Array
    people: Array
    heights: Array


def expected_answers(levels: tuple[int, ...], log_chances: Array, log_mass: Array, chunk: Chunk) -> Expected:
    """How many are expected at each place with each answer, and at all, and the log-likelihoods (n,) of rows.

    `levels` (J,): how many answers there are to each item, A in all, counted from 0; `log_chances` (A, Q): the logarithm of the
    probability of each at each place of ability; `log_mass` (Q,): that of the place. Errors: DataError for what is no answer.
    """
    blocks = _laid_out(levels, chunk)
    tables = _tables(blocks, log_chances, log_mass)
    sums, heights = _passed(_codes(chunk, blocks), tables, chunk)
    parts = zip(blocks.markers, np.split(sums, blocks.ends[:-1]), strict=True)
    answers = np.concatenate([marker.T @ part for marker, part in parts])
    return Expected(answers, sums[: blocks.ends[0]].sum(axis=0), heights)  # every row has a code in the first block


def posterior(levels: tuple[int, ...], log_chances: Array, log_mass: Array, chunk: Chunk) -> tuple[Array, Array]:
    """The probabilities (n, Q) of the places of ability given each row, and the log-likelihoods (n,) of rows."""
    blocks = _laid_out(levels, chunk)
    return normalise(_joint(_codes(chunk, blocks), _tables(blocks, log_chances, log_mass)))


def _tables(blocks: Blocks, log_chances: Array, log_mass: Array) -> Array:
    """The logarithm of the likelihood of each code at each place, (C, Q); that of the place is in the first block's."""
    scored = np.maximum(log_chances, LOG_OF_ZERO / len(blocks.levels) / 4)
    made = [marker @ scored[part] for marker, part in zip(blocks.markers, blocks.answers(), strict=True)]
    made[0] = made[0] + log_mass
    return np.concatenate(made)


@once
def _codes(chunk: Chunk, blocks: Blocks) -> Integers:
    """The code (n, B) of each row in each block, among those of all blocks."""
    firsts = blocks.ends - blocks.sizes
    if worth_compiling(chunk.x, 1):
        from emkit.kernels.answers import coded

        codes: Integers = np.empty((len(chunk.x), len(firsts)), dtype=np.int64)
        ends = np.array([part.stop for part in blocks.columns])
        place = coded(chunk.x, firsts, ends, blocks.strides, np.array(blocks.levels), codes)
        if place >= 0:
            refuse_no_answers(blocks.levels, chunk.x, chunk.start)
        return codes
    refuse_no_answers(blocks.levels, chunk.x, chunk.start)
    steps = np.where(np.isnan(chunk.x), np.array(blocks.levels), chunk.x).astype(np.int64) * blocks.strides
    return np.add.reduceat(steps, [part.start for part in blocks.columns], axis=1) + firsts if len(steps) else steps


def refuse_no_answers(levels: tuple[int, ...], x: Array, start: int = 0) -> None:
    """Errors: DataError for the first cell of rows x (n, J), before which come `start` others, that is no answer."""
    wrong = (x < 0) | (x >= np.array(levels)) | (x != np.floor(x)) & ~np.isnan(x)
    if wrong.any():
        i, j = (int(place) for place in np.argwhere(wrong)[0])
        answers = ", ".join(map(str, range(levels[j])))
        raise DataError(f"row {start + i}, column {j} is {x[i, j]:g}; the answers there are {answers}, or missing.")


def _joint(codes: Integers, tables: Array) -> Array:
    """The logarithm (n, Q) of the joint density of each row and each place."""
    joint = tables[codes[:, 0]]
    for b in range(1, codes.shape[1]):
        joint += tables[codes[:, b]]
    return joint


def _passed(codes: Integers, tables: Array, chunk: Chunk) -> tuple[Array, Array]:
    """Expected numbers (C, Q) of each code at each place, and log-likelihoods (n,)."""
    sums = np.zeros(tables.shape)
    if worth_compiling(chunk.x, tables.shape[1]):
        from emkit.kernels.answers import TINY, add_up

        highest = np.broadcast_to(tables.max(axis=1, keepdims=True), tables.shape)
        likelihoods = np.exp(tables - highest)
        likelihoods[likelihoods < TINY] = 0.0
        weights = chunk.weights[:1].copy() if alike(chunk.weights) else chunk.weights
        heights = np.empty(len(codes))
        add_up(codes, weights, np.stack([tables, likelihoods, highest]), sums, heights, np.empty(tables.shape[1]))
        return sums, heights
    shares, heights = normalise(_joint(codes, tables))
    shares *= chunk.weights[:, None]
    for column in codes.T:
        np.add.at(sums, column, shares)
    return sums, heights


def log_mass_at(places: Array) -> Array:
    """The logarithm (Q,) of the probability of even `places` of a standard normal ability, which sums to 1."""
    mass = np.exp(-0.5 * places**2)
    return np.asarray(np.log(mass / mass.sum()))
