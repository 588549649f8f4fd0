"""Laws of runs: side by side they go the way that each goes alone, over the same rows or over rows of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

import emkit as ek
from emkit.core.mapreduce import serial
from emkit.core.parameters import leaves
from emkit.data.chunk import Chunk
from emkit.models.together import OfEach, can_go_together, several
from tests.laws.floors import settled
from tests.laws.maxima import random_point

Array = np.ndarray


def assert_runs_go_together(model: Any, params: Any, x: Array, rng: np.random.Generator, steps: int = 3) -> None:
    """Objectives, log-likelihoods and parameters of three runs after some steps, against the EM map of each."""
    source = ek.ArraySource(x, rng.integers(1, 4, len(x)).astype(float))
    model = settled(model, source)
    starts = [params, *(random_point(model, params, rng, 0.1) for _ in range(2))]
    together = list(several(model, starts, len(x)))
    alone = list(starts)
    for step in range(steps):
        heights = []
        for place, group in enumerate(together):
            reached, together[place] = group.step(source, serial)
            heights += list(zip(reached.objective, reached.log_likelihood, strict=True))
        for run, here in enumerate(alone):
            evaluation = ek.EMMap(model, source, here)(here)
            expected = evaluation.objective, evaluation.log_likelihood
            np.testing.assert_allclose(heights[run], expected, rtol=1e-10, err_msg=f"run {run} in step {step}: another height")
            alone[run] = evaluation.update
    ends = [group.params(run) for group in together for run in range(len(group))]
    for run, (end, expected) in enumerate(zip(ends, alone, strict=True)):
        for found, leaf in zip(leaves(end), leaves(expected), strict=True):
            message = f"run {run} ends elsewhere: {leaf.path}"
            np.testing.assert_allclose(found.value, leaf.value, rtol=1e-7, atol=1e-9, err_msg=message)


def assert_runs_go_over_rows_of_their_own(model: Any, params: Any, x: Array, rng: np.random.Generator) -> None:
    """A step of three runs, over rows of their own or over one table with weights of their own, of which some are 0."""
    if not can_go_together(model, params):
        return
    model, third = settled(model, ek.ArraySource(x)), len(x) // 3
    own = [Chunk(x[i * third : (i + 1) * third], np.ones(third)) for i in range(3)]
    one_table = [Chunk(x, rng.integers(0, 3, len(x)).astype(float)) for _ in range(3)]
    starts = [params, *(random_point(model, params, rng, 0.1) for _ in range(2))]
    for chunks in own, one_table:
        group = OfEach.of_each(model, starts, chunks)
        reached, moved = group.step(ek.ArraySource(x), serial)
        for run, (start, chunk) in enumerate(zip(starts, chunks, strict=True)):
            alone = ek.EMMap(model, ek.ArraySource(chunk.x, chunk.weights), start)(start)
            expected = alone.objective, alone.log_likelihood
            found = reached.objective[run], reached.log_likelihood[run]
            np.testing.assert_allclose(found, expected, rtol=1e-10, err_msg=f"run {run}: another height")
            for end, leaf in zip(leaves(moved.params(run)), leaves(alone.update), strict=True):
                message = f"run {run} ends elsewhere: {leaf.path}"
                np.testing.assert_allclose(end.value, leaf.value, rtol=1e-7, atol=1e-9, err_msg=message)
