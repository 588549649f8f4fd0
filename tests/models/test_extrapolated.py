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

MODEL = ek.Mixture(ek.FullGaussian())
PASSES = 62


def test_runs_climb_and_come_further_than_in_plain_em():
    source = ek.ArraySource(load_iris().data)
    (group,) = several(MODEL, MODEL.starts(source.profile, 3, range(6)), 150)
    evaluated = [height.objective for _, height in islice(squared_steps(group, source, serial), PASSES)]
    for run in range(6):
        kept = np.array([each[run] for each in evaluated if not np.isnan(each[run])])
        assert (np.diff(kept) >= -1e-9 * np.abs(kept[1:])).all()
    for _ in range(PASSES):
        plain, group = group.step(source, serial)
    assert np.median(evaluated[-1] - plain.objective) >= -1e-9
    assert (evaluated[-1] > plain.objective + 1e-9).any()


def test_where_components_share_a_field_runs_go_apart_in_plain_em():
    source = ek.ArraySource(load_iris().data)
    model = ek.Mixture(ek.TiedGaussian())
    (group,) = several(model, model.starts(source.profile, 2, range(2)), 150)
    extrapolated = [height.objective for _, height in islice(squared_steps(group, source, serial), 6)]
    for each in extrapolated:
        height, group = group.step(source, serial)
        assert each == pytest.approx(height.objective)
