"""Exchanges: a component that is not needed takes over half of one that is too wide."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.data.chunk import Chunk
from emkit.families.linear import linear_form
from emkit.models import compiled
from emkit.models.mixture import MixtureStats
from emkit.models.split_merge import MOST, split_merges
from emkit.search.seeding import spread_start
from tests import cases

CENTRES = np.array([[a, b] for a in (0.0, 10.0, 20.0) for b in (0.0, 10.0)])
LABELS = np.random.default_rng(1).integers(len(CENTRES), size=600)
X = CENTRES[LABELS] + np.random.default_rng(2).normal(size=(600, 2))
SOURCE = ek.ArraySource(X)


def fitted(model, centres, spread):
    start = ek.MixtureParams(np.full(6, 1 / 6), ek.SphericalGaussianParams(centres, spread))
    return ek.fit(model, SOURCE, start, solver=ek.solvers.Squarem())


def test_two_components_in_one_cluster_and_one_across_two_are_set_right():
    model = ek.Mixture(ek.SphericalGaussian())
    right = fitted(model, CENTRES, np.ones(6))
    wrong = CENTRES.copy()
    wrong[0], wrong[1], wrong[2] = [0.0, 5.0], [9.7, 0.3], [10.3, -0.3]  # the third column's clusters are left alone
    wrong[3] = [10.0, 10.0]
    stuck = fitted(model, wrong, np.array([25.0, 1.0, 1.0, 1.0, 1.0, 1.0]))
    assert stuck.converged
    assert stuck.log_likelihood < right.log_likelihood - 100
    first = next(split_merges(model, stuck.params, SOURCE.profile))
    freed = ek.fit(model, SOURCE, first, solver=ek.solvers.Squarem())
    assert freed.log_likelihood == pytest.approx(right.log_likelihood, abs=1e-6)


def test_nothing_is_proposed_where_every_cluster_has_its_component():
    model = ek.Mixture(ek.SphericalGaussian())
    assert list(split_merges(model, fitted(model, CENTRES, np.ones(6)).params, SOURCE.profile)) == []


def test_components_of_different_families_are_not_exchanged():
    case = cases.CASE["normals-and-noise"]
    assert (
        list(
            split_merges(
                ek.Mixture(case.family), case.mixture, ek.ArraySource(case.draw(np.random.default_rng(0), 200)).profile
            )
        )
        == []
    )


@pytest.mark.parametrize("case", [case for case in cases.FAMILIES if case.alike], ids=lambda case: case.name)
def test_every_family_can_go_on_from_an_exchange(case, monkeypatch):
    monkeypatch.setattr("emkit.models.split_merge.ADAPTED", -1.0)  # whatever it costs
    source = ek.ArraySource(case.draw(np.random.default_rng(0), 200))
    model = ek.Mixture(case.family)
    params = ek.fit(model, source, spread_start(model, source, 3, 0), max_evaluations=20).params
    starts = list(split_merges(model, params, source.profile))
    assert 0 < len(starts) <= MOST
    for start in starts:
        model.check(start, source.profile)
        assert not ek.fit(model, source, start, max_evaluations=20).outcome.failed


def test_one_component_has_nothing_to_exchange():
    model = ek.Mixture(ek.FullGaussian())
    assert list(split_merges(model, model.even(SOURCE.profile, 1), SOURCE.profile)) == []


@pytest.mark.parametrize("case", cases.FAMILIES, ids=lambda case: case.name)
def test_sums_over_divided_rows_are_those_of_the_plain_road(case, request):
    if case.name in cases.ENDLESS:
        request.applymarker(pytest.mark.xfail(reason=cases.ENDLESS[case.name], strict=False))
    rng = np.random.default_rng(5)
    source = ek.ArraySource(case.draw(rng, 300), rng.integers(1, 4, 300).astype(float))
    model = ek.Mixture(case.family)
    number = case.several(3)
    even = model.even(source.profile, number)
    form = linear_form(case.family, even.components)
    if form is None:
        assert case.name in cases.NOT_LINEAR
        return
    component = rng.integers(number, size=300)
    shares = np.eye(number)[component] * source.weights[:, None]
    mass = shares.sum(axis=0)
    plain = MixtureStats(mass, case.family.statistics(even.components, source.x, shares))
    fast = MixtureStats(mass, compiled.statistics(form, Chunk(source.x, source.weights), shares))
    pack = model.coordinates(even).entries
    np.testing.assert_allclose(pack(model.m_step(fast, even)), pack(model.m_step(plain, even)), rtol=1e-9, atol=1e-12)


def test_exchanges_do_not_depend_on_the_order_of_the_rows():
    model = ek.Mixture(ek.SphericalGaussian())
    start = ek.MixtureParams(np.full(6, 1 / 6), ek.SphericalGaussianParams(CENTRES + np.array([4.0, 1.0]), np.full(6, 9.0)))
    order = np.random.default_rng(0).permutation(len(X))
    found = [list(split_merges(model, start, ek.ArraySource(rows).profile)) for rows in (X, X[order])]
    assert len(found[0]) == len(found[1]) > 0
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one.components.means, other.components.means, rtol=1e-12)
