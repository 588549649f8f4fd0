"""Squared extrapolation of several runs side by side: never downhill, and sooner at the top than plain EM."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from sklearn.datasets import load_iris

import emkit as ek
from emkit.core.mapreduce import serial
from emkit.models.extrapolated import squared_steps
from emkit.models.together import several
from emkit.search.plan import PLAN
from emkit.search.race import Race, begun

MODEL = ek.Mixture(ek.FullGaussian())
PASSES = 62


def test_runs_climb_and_come_further_than_in_plain_em():
    source = ek.ArraySource(load_iris().data)
    (group,) = several(MODEL, MODEL.starts(source.profile, 3, range(6)), 150)
    evaluated = [each.heights.objective for each in islice(squared_steps(group, source, serial), PASSES)]
    for run in range(6):
        kept = np.array([each[run] for each in evaluated if not np.isnan(each[run])])
        assert (np.diff(kept) >= -1e-9 * np.abs(kept[1:])).all()
    for _ in range(PASSES):
        plain, group = group.step(source, serial)
    assert np.median(evaluated[-1] - plain.objective) >= -1e-9
    assert (evaluated[-1] > plain.objective + 1e-9).any()


def test_where_components_have_fields_of_different_kinds_runs_go_apart_in_plain_em():
    source = ek.ArraySource(load_iris().data)
    model = ek.Mixture(ek.PerComponent(ek.FullGaussian(), ek.DiagonalGaussian()))
    (group,) = several(model, model.starts(source.profile, 2, range(2)), 150)
    extrapolated = [each.heights.objective for each in islice(squared_steps(group, source, serial), 6)]
    for each in extrapolated:
        height, group = group.step(source, serial)
        assert each == pytest.approx(height.objective)


def test_a_run_is_where_its_height_was_seen():
    rng = np.random.default_rng(0)
    source = ek.ArraySource(rng.normal(size=(150, 4)) + 4 * rng.integers(3, size=(150, 1)))
    model = MODEL.settled(source.profile)
    (group,) = several(model, model.starts(source.profile, 5, range(6)), 150)
    rounds = [each.ends_round for each in islice(squared_steps(group, source, serial), PASSES)]
    for at in islice(squared_steps(group, source, serial), PASSES):
        if at.is_step:
            params = [at.runs.params(run) for run in range(6)]
            alone = [ek.EMMap(model, source, each).objective(each) for each in params]
            np.testing.assert_allclose(at.heights.objective, alone, rtol=1e-9)
    assert sum(rounds) > 10


@pytest.mark.parametrize("passes", range(1, 12))
def test_no_race_ends_on_a_guess(passes: int):
    rng = np.random.default_rng(1)
    source = ek.ArraySource(rng.normal(size=(60, 2)))
    race = Race(MODEL, source, 100, 1, PLAN)
    for run in race._steps([begun(start) for start in MODEL.starts(source.profile, 4, range(8))], passes):
        if not run.outcome.failed:
            assert run.objective == pytest.approx(ek.EMMap(MODEL, source, run.params).objective(run.params), rel=1e-9)
            assert run.iterations <= passes - 1
