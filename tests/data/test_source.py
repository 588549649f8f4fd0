"""Sources and chunks, as they travel to other processes."""

import pickle

import numpy as np
import pytest

import emkit as ek
from emkit.search import spread_start
from tests.cases import CASE


@pytest.mark.parametrize("name", CASE)
def test_what_was_worked_out_once_travels_with_the_rows(name):
    case = CASE[name]
    source = ek.ArraySource(case.draw(np.random.default_rng(4), 80))
    model = ek.Mixture(case.family)
    result = ek.fit(model, source, spread_start(model, source, 2, 0), max_evaluations=20)
    chunk = next(source.chunks())
    assert chunk.total_weight == pickle.loads(pickle.dumps(chunk)).total_weight == 80.0
    there = pickle.loads(pickle.dumps(source))
    assert there.memory.keys() == source.memory.keys() != set()
    again = ek.fit(model, there, result.record.start, max_evaluations=20)
    assert again.log_likelihood == pytest.approx(result.log_likelihood, rel=1e-12)
    assert pickle.loads(pickle.dumps(result)).bic == result.bic
