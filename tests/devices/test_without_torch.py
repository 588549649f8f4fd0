"""What passes on a device are made of, as far as no torch is needed: which way rows go, how they are cut, and runs of pairs."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

import emkit as ek
from emkit.data.chunk import Chunk
from emkit.devices import device
from emkit.devices.tiles import runs_of
from emkit.families.gaussian.forms import diagonal_form, products
from emkit.families.linear import linear_form, single
from emkit.models import compiled

ROWS = 600
CASE = ek.MixtureParams([0.4, 0.6], ek.FullGaussianParams([[0.0, 0.0], [1.0, 2.0]], [np.eye(2)] * 2))


def test_without_torch_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(ek.ModelError, match=r"pip install 'emkit\[gpu\]'"):
        ek.Torch("cpu")


class Recorded:
    """Base rows that go over the rows of a chunk, and say so."""

    def __init__(self, rows, calls):
        self.rows, self.calls = rows, calls

    def __getattr__(self, name):
        self.calls.append(name)
        return getattr(self.rows, name)


def test_rows_on_a_device_are_gone_over_there():
    calls = []
    here = Chunk(np.random.default_rng(0).normal(size=(ROWS, 2)), np.ones(ROWS))
    there = replace(here, on_device=lambda rows: Recorded(rows, calls))
    form = linear_form(ek.FullGaussian(), CASE.components)
    shares = np.full((ROWS, 2), 0.5)
    for one, other in (
        (compiled.log_density(form, there), compiled.log_density(form, here)),
        (compiled.sums_of(form, there, shares), compiled.sums_of(form, here, shares)),
        (compiled.expectations(form, CASE.proportions, there)[2], compiled.expectations(form, CASE.proportions, here)[2]),
    ):
        np.testing.assert_array_equal(one, other)
    assert calls == ["score", "sum_up", "add_up"]


def test_a_chunk_that_travels_leaves_its_device_behind():
    chunk = replace(Chunk(np.ones((3, 1)), np.ones(3)), on_device=lambda rows: rows)
    assert pickle.loads(pickle.dumps(chunk)).on_device is None
    assert chunk.of_columns((0,)).on_device is None


@pytest.mark.parametrize(("numbers", "sizes"), [(1_000, [500, 500, 200]), (1, [1] * 1_200), (10**9, [1_200])])
def test_rows_in_memory_are_cut_for_so_many_numbers(numbers, sizes):
    x = np.random.default_rng(0).normal(size=(1_200, 2))
    source = ek.ArraySource(x)
    assert [len(chunk.x) for chunk in source.cut_for(numbers).chunks()] == sizes
    by_hand = ek.ArraySource(x, chunk_rows=300)
    assert by_hand.cut_for(numbers) is by_hand
    sparse = ek.ArraySource(csr_array(x))
    assert sparse.cut_for(numbers) is sparse


@pytest.mark.parametrize("d", [1, 2, 3, 7])
def test_runs_of_pairs_are_the_pairs(d):
    diagonal = diagonal_form(np.zeros((2, d)), np.ones((2, d))).rows.pairs
    odd = np.random.default_rng(d).integers(0, 1 + d, size=(9, 2))
    for pairs in (products(d)[-1], diagonal, single(1 + d), odd):
        found = np.full_like(pairs, -1)
        for run in runs_of(pairs):
            number = run.at.stop - run.at.start
            first = np.arange(run.first.start, run.first.stop)
            assert len(first) in (1, number)
            found[run.at, 0], found[run.at, 1] = first, np.arange(run.second.start, run.second.stop)
        np.testing.assert_array_equal(found, pairs)
    assert len(runs_of(products(d)[-1])) <= 1 + d  # and no call for each pair


def test_columns_that_are_read_are_the_same_for_other_parameters():
    """Else what is read would be sent to a device again in every pass."""
    family = ek.Product({0: ek.LogNormal(), 1: ek.Poisson()})
    rows = ek.ArraySource([[1.0, 2.0], [2.0, 0.0], [3.0, 5.0], [1.5, 7.0]])
    starts = (family.pooled(some.profile, 2) for some in (rows, ek.ArraySource(rows.x[:3])))
    one, other = (family.linear(start).rows for start in starts)
    assert one.read == other.read
    one, other = (ek.Beta().linear(ek.BetaParams([[a]], [[2.0]])).rows.read for a in (0.3, 0.6))
    assert one == other
