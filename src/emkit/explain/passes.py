"""The E-step of rows in sequence: forward, backward, and what both together say of the states of one sequence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.data.chunk import Chunk, as_float64
from emkit.errors import ModelError
from emkit.explain.arithmetic import AnyArithmetic
from emkit.explain.latent import assignment_of
from emkit.explain.rows import values_of
from emkit.explain.subject import Subject
from emkit.families.family import safe_log
from emkit.models.around import bare

BEYOND = 650.0  # a density whose logarithm is larger than this, or smaller than minus this, is shown as its logarithm


@dataclass(frozen=True)
class Wanted:
    """Which part of an E-step to show: at most `rows` rows and, of rows in sequence, those around `row` of a `sequence`.

    Both are counted from 1. Errors: ModelError for a number that cannot be.
    """

    rows: int = 20
    sequence: int = 1
    row: int | None = None

    def __post_init__(self) -> None:
        for name, number in vars(self).items():
            if number is not None:
                check_count(name, number, ModelError)


@dataclass(frozen=True)
class Passes:
    """Forward and backward through one sequence of T rows, at the parameters before the step; K states.

    `log_density` (T, K) is log p(x_t | state k) and `log_scale` (T,) is log c_t, of c_t = p(x_t | the rows before it).
    `forward` (T, K) is p(z_t | x_1..x_t), `backward` (T, K) is p(x_t+1..x_T | z_t) / p(x_t+1..x_T | x_1..x_t); their product
    is `shares` (T, K), p(z_t | all rows), and `pairs` (T - 1, K, K) is p(z_t, z_t+1 | all rows).
    The sequence is number `sequence` of `of`, of weight `weight`; `first` is the number of its first row in the data.
    `shown` are places in it, and `chosen` the one whose arithmetic is written out. `names` (T,) and `values` (T,) are of its
    rows; `words` are the density in words, and `formulas` (T, K) the densities of rows shown with the numbers filled in.
    Source: Rabiner (1989), Proceedings of the IEEE 77, 257-286, scaled as in Bishop (2006), Pattern Recognition and Machine
    Learning, section 13.2.4.
    """

    sequence: int
    of: int
    weight: float
    first: int
    names: tuple[str, ...]
    values: tuple[dict[str, float], ...]
    initial: Array
    transitions: Array
    log_density: Array
    log_scale: Array
    forward: Array
    backward: Array
    shares: Array
    pairs: Array
    words: str
    formulas: tuple[tuple[str, ...], ...]
    shown: range
    chosen: int

    @property
    def length(self) -> int:
        """T, the number of rows."""
        return len(self.log_scale)

    def label(self, t: int) -> str:
        """How the row at place t (from 0) is called: by its place from 1, of several sequences behind the number of its own."""
        return f"{self.sequence}.{t + 1}" if self.of > 1 else str(t + 1)

    @property
    def states(self) -> int:
        """K, the number of states."""
        return len(self.initial)

    @property
    def density(self) -> Array:
        """p(x_t | state k), shape (T, K)."""
        return np.exp(self.log_density)

    @property
    def scale(self) -> Array:
        """c_t, shape (T,)."""
        return np.exp(self.log_scale)

    @property
    def writable(self) -> bool:
        """Whether all densities of rows shown are numbers that a person would write down, not their logarithms."""
        return bool(np.abs(self.log_density[self.shown.start : self.shown.stop]).max() < BEYOND)


def passes_of(subject: Subject, before: Any, arithmetic: AnyArithmetic, wanted: Wanted) -> Passes:
    """The passes through the sequence that is `wanted`, at the parameters `before`.

    Errors: ModelError for a sequence or row that there is not, or where paths are not weighed by their posterior.
    """
    if not assignment_of(subject.model).is_posterior:
        raise ModelError(
            "forward-backward tables are of the posterior of the states; with another assignment, such as Hard() (Viterbi "
            "training), there are none. Explain the model with Soft()."
        )
    number, found = 0, None
    for number, sequence in enumerate(_sequences(subject), start=1):
        if number == wanted.sequence:
            found = sequence
    if found is None:
        raise ModelError(f"there is no sequence {wanted.sequence}; there {'is 1' if number == 1 else f'are {number:,}'}.")
    length = len(found.x)
    if wanted.row is not None and wanted.row > length:
        raise ModelError(f"there is no row {wanted.row} in sequence {wanted.sequence}, which has {length:,}.")
    chosen = wanted.row - 1 if wanted.row is not None else min(1, length - 1)
    family = bare(subject.model).family
    if found.has_gaps and family.among_gaps is not None:
        family = family.among_gaps
    x = as_float64(found.x)
    log_density = family.log_density(before.components, x)
    shown = _around(chosen, length, wanted.rows)
    names = tuple(subject.row_names[i] for i in range(found.start, found.start + length) if i < len(subject.row_names))
    return Passes(
        wanted.sequence,
        number,
        float(found.weights[0]),
        found.start + 1,
        names if len(names) == length else ("",) * length,
        tuple(values_of(subject, row) for row in x),
        before.initial,
        before.transitions,
        log_density,
        *_smoothed(before.initial, before.transitions, log_density),
        " * ".join(arithmetic.factors),
        tuple(tuple(arithmetic.joint(k, found, t) for k in range(log_density.shape[1])) for t in shown),
        shown,
        chosen,
    )


def _sequences(subject: Subject) -> Iterator[Chunk]:
    """Every sequence of the data, as a chunk of its own."""
    for chunk in bare(subject.model).in_sequences(subject.source).chunks():
        for start, end in zip(chunk.bounds[:-1].tolist(), chunk.bounds[1:].tolist(), strict=True):
            yield Chunk(chunk.x[start:end], chunk.weights[start:end], chunk.start + start, np.array([0, end - start]))


def _around(chosen: int, length: int, most: int) -> range:
    """At most so many places, from the first if the chosen one is among those, else with it in the middle."""
    first = 0 if chosen < most else min(chosen - most // 2, length - most)
    return range(first, min(first + most, length))


def _smoothed(initial: Array, transitions: Array, log_density: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Scale (as logarithms), forward, backward, shares and pairs, all worked out in logarithms, so that nothing underflows."""
    length, _ = log_density.shape
    move, ahead = safe_log(transitions), safe_log(initial)
    scale, forward, backward = np.empty(length), np.empty_like(log_density), np.zeros_like(log_density)
    for t, density in enumerate(log_density):
        joint = ahead + density
        scale[t] = np.logaddexp.reduce(joint)
        forward[t] = joint - scale[t]
        ahead = np.logaddexp.reduce(forward[t][:, None] + move, axis=0)
    pairs = np.empty((max(length - 1, 0), *transitions.shape))
    for t in range(length - 2, -1, -1):
        later = move + (log_density[t + 1] + backward[t + 1] - scale[t + 1])
        backward[t] = np.logaddexp.reduce(later, axis=1)
        pairs[t] = np.exp(forward[t][:, None] + later)
    return scale, np.exp(forward), np.exp(backward), np.exp(forward + backward), pairs
