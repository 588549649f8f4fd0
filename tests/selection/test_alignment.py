"""Components of replicates are put in the order of the estimate's."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.models.order import reordered
from emkit.selection.alignment import Alignment
from emkit.selection.refits import Refit, Refits

CENTRES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])


@pytest.fixture
def three() -> ek.Result:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(centre, 1.0, (40, 2)) for centre in CENTRES])
    start = ek.MixtureParams([1 / 3] * 3, ek.SphericalGaussianParams(CENTRES, [1.0] * 3))
    return ek.fit(ek.Mixture(ek.SphericalGaussian()), x, start)


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [2, 0, 1]])
def test_a_switch_of_labels_is_undone(three, order):
    alignment = Alignment.to(three.model, three.params, three.source)
    found, doubtful = alignment.of(reordered(three.params, order))
    assert not doubtful
    for leaf, expected in zip(leaves(found), leaves(three.params), strict=True):
        assert (leaf.value == expected.value).all()


def test_it_is_in_doubt_where_two_components_share_the_rows_of_one(three):
    merged = ek.MixtureParams(
        [0.3, 0.3, 0.4], ek.SphericalGaussianParams([[-1.0, 0.0], [1.0, 0.0], [3.0, 3.0]], [1.0, 1.0, 9.0])
    )
    _, doubtful = Alignment.to(three.model, three.params, three.source).of(merged)
    assert doubtful


def test_components_told_apart_by_what_is_held_of_them_stay(three):
    held = ek.Frozen(three.model, "components.means")
    assert Alignment.to(held, three.params, three.source) is None


def test_the_bootstrap_aligns_runs_that_have_switched(three, monkeypatch):
    straight = three.bootstrap(20, random_state=0)
    to = Refits.to

    def switched(self, chunks):
        return [Refit(reordered(each.params, [2, 0, 1]), each.log_likelihood) for each in to(self, chunks)]

    monkeypatch.setattr(Refits, "to", switched)
    assert (three.bootstrap(20, random_state=0).replicates == straight.replicates).all()


def test_many_rows_are_told_by_some_of_them():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.poisson(2, 3_000), rng.poisson(30, 3_000)])[:, None].astype(float) + rng.normal(0, 0.01, (6_000, 1))
    params = ek.MixtureParams([0.5, 0.5], ek.SphericalGaussianParams([[2.0], [30.0]], [2.0, 30.0]))
    model = ek.Mixture(ek.SphericalGaussian())
    alignment = Alignment.to(model, params, ek.ArraySource(x))
    assert len(alignment.chunk.x) <= 1_100
    found, doubtful = alignment.of(reordered(params, [1, 0]))
    assert not doubtful
    assert found.components.means[0, 0] == 2.0
