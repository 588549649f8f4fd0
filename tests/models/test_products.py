"""Several runs over few rows: matrix products give what the plain road gives, run by run."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.core.mapreduce import serial
from emkit.models.together import several
from tests import cases


@pytest.mark.parametrize("case", cases.FAMILIES, ids=lambda case: case.name)
def test_a_step_of_several_runs_is_that_of_each(case):
    rng = np.random.default_rng(3)
    source = ek.ArraySource(case.draw(rng, 120), rng.integers(1, 4, 120).astype(float))
    model = ek.Mixture(case.family)
    starts = model.starts(source.profile, case.several(3), range(4))
    for group in several(model, starts, 120):
        heights, after = group.step(source, serial)
        spikes = after.spiked(source.profile)
        for run in range(len(group)):
            alone = ek.EMMap(model, source, starts[run])(starts[run])
            assert heights.objective[run] == pytest.approx(alone.objective, rel=1e-9)
            at = alone.update
            if case.name == "truncated-normal":  # a part at one end of the window: its likelihood rises for ever, ever less
                found = after.params(run)
                assert ek.EMMap(model, source, at)(found).objective == pytest.approx(
                    ek.EMMap(model, source, at)(at).objective, abs=1e-3
                )
                continue
            pack = model.coordinates(at).entries
            np.testing.assert_allclose(pack(after.params(run)), pack(at), rtol=1e-7, atol=1e-9)
            assert spikes[run] == bool(model.degenerate(at, source.profile) or model.slivers(at, source.profile))
