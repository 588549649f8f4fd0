"""Student's t: its density, what its tails come to, and what far rows do to it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek

MEANS = [[0.0, 1.0], [2.0, 3.0]]
MATRICES = np.array([[[1.0, 0.3], [0.3, 2.0]], [[2.0, 0.0], [0.0, 1.0]]])


def test_the_density_is_scipys():
    x = 5 * np.random.default_rng(0).normal(size=(60, 2))
    for tails in (1.0, 0.25, 0.01):
        own = ek.StudentT().log_density(ek.StudentTParams(MEANS, MATRICES, [tails, tails]), x)
        for k in range(2):
            right = stats.multivariate_t(MEANS[k], MATRICES[k], df=1 / tails).logpdf(x)
            np.testing.assert_allclose(own[:, k], right, rtol=1e-12)


@pytest.mark.parametrize("tails", [0.0, 1e-13])
def test_without_tails_it_is_a_normal_distribution(tails):
    x = 5 * np.random.default_rng(0).normal(size=(60, 2))
    own = ek.StudentT().log_density(ek.StudentTParams(MEANS, MATRICES, [tails, tails]), x)
    np.testing.assert_allclose(own[:, 0], stats.multivariate_normal(MEANS[0], MATRICES[0]).logpdf(x), rtol=1e-10)


def test_one_column_as_scipy_fits_it():
    x = stats.t(3, loc=2, scale=4).rvs(400, random_state=1)
    freedom, location, scale = stats.t.fit(x)
    found = ek.MixtureModel("student-t", 1, random_state=0).fit(x[:, None]).result_
    assert found.log_likelihood >= stats.t(freedom, location, scale).logpdf(x).sum() - 1e-9
    assert found.params.components.freedoms.item() == pytest.approx(freedom, rel=1e-3)
    assert found.params.components.means.item() == pytest.approx(location, abs=1e-3)


def test_parameters_are_recovered_from_what_is_drawn_with_them():
    right = ek.MixtureParams([0.4, 0.6], ek.StudentTParams([[-6.0, 0.0], [6.0, 1.0]], MATRICES, [0.4, 0.1]))
    x, _ = ek.Mixture(ek.StudentT()).draw(right, np.random.default_rng(3), 6_000)
    found = ek.MixtureModel("student-t", 2, random_state=0, n_init=2).fit(x).result_.in_order().params
    np.testing.assert_allclose(found.proportions, right.proportions, atol=0.03)
    np.testing.assert_allclose(found.components.means, right.components.means, atol=0.15)
    np.testing.assert_allclose(found.components.scale_matrices, MATRICES, atol=0.2)
    np.testing.assert_allclose(found.components.tails, [0.4, 0.1], atol=0.06)


def test_tails_lighter_than_a_normals_end_on_the_edge():
    x = np.random.default_rng(1).uniform(size=(200, 1))
    result = ek.MixtureModel("student-t", 1, random_state=0).fit(x).result_
    assert result.params.components.tails.item() == 0.0
    assert result.boundary == ("components.tails[0]",)
    normal = ek.MixtureModel("gaussian", 1, random_state=0).fit(x).result_
    assert result.log_likelihood == pytest.approx(normal.log_likelihood, abs=1e-8)


@pytest.mark.parametrize("tails", [1.1e-12, 2e-12, 3.5e-12, 4.5e-12])
def test_tails_that_become_lighter_and_lighter_vanish(tails):
    family, x = ek.StudentT(), np.random.default_rng(4).uniform(-2, 2, size=(300, 2))
    now = ek.StudentTParams([[0.0, 0.0]], [np.eye(2)], [tails])
    for _ in range(2):
        now = family.updates()[""](family.statistics(now, x, np.ones((300, 1))), now, now)
    assert now.tails.item() == 0
    np.testing.assert_allclose(now.means[0], x.mean(axis=0), rtol=1e-9)


def test_where_tails_are_beyond_what_was_summed_up_nothing_is_expected():
    x = stats.t(3).rvs((50, 2), random_state=1)
    params = ek.StudentTParams([[0.0, 0.0]], [np.eye(2)], [0.1])
    family = ek.StudentT()
    sums = family.statistics(params, x, np.ones((50, 1)))
    beyond = ek.StudentTParams([[0.0, 0.0]], [np.eye(2)], [0.5])
    assert family.expected(sums, params, beyond).value == -np.inf


def test_fixed_degrees_of_freedom_are_not_counted():
    x = stats.t(3).rvs((200, 2), random_state=1)
    fixed = ek.MixtureModel(ek.StudentT(freedom=3), 1, random_state=0).fit(x).result_
    assert fixed.free_parameters == 5
    assert fixed.params.components.freedoms.item() == 3
    assert ek.MixtureModel("student-t", 1, random_state=0).fit(x).result_.free_parameters == 6


def test_a_row_far_out_counts_for_little():
    x = np.random.default_rng(2).normal(size=(100, 2))
    there = np.concatenate([x, [[1e4, -1e4]]])
    found = ek.MixtureModel("student-t", 1, random_state=0).fit(there).result_.params.components
    np.testing.assert_allclose(found.means[0], x.mean(axis=0), atol=0.1)
    assert np.diag(found.scale_matrices[0]).max() < 3


def test_a_collapsed_component_rests_on_the_floor():
    x = np.concatenate([np.random.default_rng(0).normal(size=(100, 2)), np.full((6, 2), 9.0)])
    profile = ek.ArraySource(x).profile
    model = ek.Mixture(ek.StudentT(freedom=4)).settled(profile)
    start = model.estimated(ek.Chunk(x, np.ones(106)), model.even(profile, 2), np.repeat([0, 1], [100, 6]), 0)
    with pytest.warns(ek.DegenerateFitWarning):
        assert ek.fit(model, x, start).degenerate == (1,)


def test_degrees_of_freedom_that_cannot_be_are_refused():
    with pytest.raises(ek.ParameterError, match="freedom is -1; degrees of freedom must be > 0, or None"):
        ek.StudentT(freedom=-1)


def test_scale_matrices_are_told_in_words():
    x = stats.t(3).rvs((200, 2), random_state=1)
    result = ek.MixtureModel("student-t", 1, random_state=0).fit(x).result_
    text = result.summary()
    assert "scale" in text
    assert "sd" not in text.split()
