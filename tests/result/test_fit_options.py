"""What `fit` takes beside model, data and start: solvers by name, executors, threads; and what it warns of."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from tests.laws.contract import elsewhere

COUNTS = np.random.default_rng(0).poisson([[2.0], [9.0]], (2, 60)).ravel()
START = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [5.0]]))
MODEL = ek.Mixture(ek.Poisson())


@pytest.mark.parametrize(
    ("name", "solver"), [("plain", None), ("squarem", ek.solvers.Squarem()), ("anderson", ek.solvers.Anderson())]
)
def test_a_solver_by_name_is_that_solver(name, solver):
    by_name, itself = (ek.fit(MODEL, COUNTS, START, solver=chosen) for chosen in (name, solver))
    assert by_name.history == itself.history


def test_a_solver_that_there_is_not_is_named():
    with pytest.raises(ek.ModelError, match="there is no solver 'newton'; the solvers are anderson, squarem, plain"):
        ek.fit(MODEL, COUNTS, START, solver="newton")
    with pytest.raises(ek.ModelError, match="solver is 3; it must be one of anderson, squarem, plain, or a solver"):
        ek.fit(MODEL, COUNTS, START, solver=3)


def test_an_executor_of_ones_own_goes_over_the_chunks():
    source = ek.ArraySource(COUNTS, chunk_rows=40)
    here, there = (ek.fit(MODEL, source, START, executor=executor) for executor in (None, elsewhere))
    assert here.history == there.history
    assert there.standard_errors().errors.tolist() == here.standard_errors().errors.tolist()


def test_an_executor_brings_its_own_workers():
    with pytest.raises(ek.ModelError, match="an executor brings its own workers"):
        ek.fit(MODEL, COUNTS, START, executor=elsewhere, n_jobs=2)
    with pytest.raises(ek.ModelError, match="executor is 'dask'; it must be a function without arguments"):
        ek.fit(MODEL, COUNTS, START, executor="dask")


def test_a_component_without_rows_is_warned_of():
    empty = ek.MixtureParams([1.0, 0.0], START.components)
    with pytest.warns(ek.DegenerateFitWarning, match="component 2 received no rows: its proportion is 0"):
        result = ek.fit(MODEL, COUNTS, empty)
    assert result.degenerate == (1,)
    assert "Component 2 received no rows" in result.summary()
