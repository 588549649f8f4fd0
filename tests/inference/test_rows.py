"""Scores row by row: by differences of what rows add, as by an E-step over each row alone; and the sandwich made of them."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.inference import covariance, information, standard_errors
from emkit.inference.rows import row_scores, scores_one_by_one
from emkit.inference.scores import score
from tests import cases
from tests.laws.maxima import random_point

RNG = np.random.default_rng(5)


def near_a_fit(case, rows=40):
    rng = np.random.default_rng(3)
    source = ek.ArraySource(case.draw(rng, rows), chunk_rows=17)
    params = random_point(case.model, case.params, rng, 0.05)
    em = ek.EMMap(case.model, source, params)
    return em, information(em, params), source


KINKED = "laplace"  # a likelihood with a kink at every row, which differences round off
SMOOTH = [case for case in cases.MIXTURES if case.name != KINKED]


@pytest.mark.parametrize("case", SMOOTH, ids=lambda case: case.name)
def test_both_roads_give_the_same_scores_and_they_add_up(case):
    em, found, source = near_a_fit(case)
    near = found.near
    parts = list(row_scores(case.model, found, source))
    slow = [scores_one_by_one(case.model, near, found.basis, chunk) for chunk in source.chunks()]
    scale = 1 + np.abs(slow[0]).max()
    for (fast, weights), one_by_one in zip(parts, slow, strict=True):
        np.testing.assert_allclose(fast, one_by_one, rtol=1e-5, atol=1e-5 * scale)
        assert len(weights) == len(fast)
    total = sum(weights @ fast for fast, weights in parts)
    np.testing.assert_allclose(total, score(em, near.params)[near.inside] @ found.basis, rtol=1e-5, atol=1e-5 * scale)


def test_scores_of_rows_are_rounded_off_beside_kinks_alone():
    (case,) = (case for case in cases.MIXTURES if case.name == KINKED)
    _, found, source = near_a_fit(case, rows=4_000)
    off = []
    for (fast, _), chunk in zip(row_scores(case.model, found, source), source.chunks(), strict=True):
        off += np.abs(fast - scores_one_by_one(case.model, found.near, found.basis, chunk)).max(axis=1).tolist()
    assert np.quantile(off, 0.9) < 1e-5


class Silent(ek.Mixture):
    """A mixture that does not tell what rows add."""

    def row_objectives(self, params, chunk):
        return None


class Mute(Silent):
    """Nor does it write its expected log-likelihood."""

    def expected(self, stats, before, now):
        raise NotImplementedError


X = np.concatenate([RNG.normal(0, 1, 150), RNG.normal(5, 2, 100)])
START = ek.MixtureParams([0.6, 0.4], ek.DiagonalGaussianParams([[0.0], [5.0]], [[1.0], [4.0]]))


def test_a_model_that_does_not_tell_has_an_e_step_for_each_row():
    fits = [ek.fit(kind(ek.DiagonalGaussian()), X, START, tol=1e-12) for kind in (ek.Mixture, Silent)]
    for kind in ("opg", "robust"):
        fast, slow = (fit.standard_errors(kind) for fit in fits)
        np.testing.assert_allclose(fast.errors, slow.errors, rtol=1e-6)
    with pytest.raises(ek.ModelError, match="Mute does not tell what each row adds to its objective"):
        ek.fit(Mute(ek.DiagonalGaussian()), X, START).standard_errors("robust")


def one_normal(x, weights=None):
    start = ek.MixtureParams([1.0], ek.DiagonalGaussianParams([[np.mean(x)]], [[np.var(x)]]))
    return ek.fit(ek.Mixture(ek.DiagonalGaussian()), x, start, weights=weights)


def test_the_robust_error_of_a_mean_and_of_a_variance_are_those_of_the_moments():
    x = RNG.exponential(2.0, 400)  # no normal: the variance varies as the fourth moment says
    errors = one_normal(x).standard_errors("robust")
    n, away = len(x), x - x.mean()
    assert errors["components.means[0, 0]"] == pytest.approx(x.std() / np.sqrt(n - 1), rel=1e-7)
    wanted = np.sqrt(((away**2 - x.var()) ** 2).mean() / (n - 1))
    assert errors["components.variances[0, 0]"] == pytest.approx(wanted, rel=1e-7)
    assert errors["components.variances[0, 0]"] > 1.5 * one_normal(x).standard_errors()["components.variances[0, 0]"]


def test_the_outer_product_of_scores_of_a_normal():
    x = RNG.exponential(2.0, 400)
    errors = one_normal(x).standard_errors("opg")
    away, v = x - x.mean(), x.var()
    scores = np.stack([away / v, (away**2 - v) / (2 * v**2)], axis=1)
    wanted = np.sqrt(np.diag(np.linalg.inv(scores.T @ scores)))
    np.testing.assert_allclose(errors.errors[1:], wanted, rtol=1e-7)


def test_weights_are_of_samples_in_a_sandwich():
    """Of a mean: sum w^2 (x - m)^2 / (sum w)^2, whatever the unit of the weights."""
    x, w = RNG.normal(0, 1, 60), RNG.uniform(0.5, 3.0, 60)
    mean = w @ x / w.sum()
    wanted = np.sqrt((w**2 * (x - mean) ** 2).sum() / w.sum() ** 2 * 60 / 59)
    for unit in (1.0, 10.0):
        assert one_normal(x, w * unit).standard_errors("robust")["components.means[0, 0]"] == pytest.approx(wanted, rel=1e-6)


def test_rows_that_repeat_are_rows_of_their_own():
    x = RNG.poisson([[1.0, 6.0]], (2_000, 2)).ravel().astype(float)
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [6.0]]))
    result = ek.fit(ek.Mixture(ek.Poisson()), x, start, tol=1e-12)
    assert sum(1 for chunk in result.passes.chunks() for _ in chunk.x) < len(x)
    own = result.standard_errors("robust")
    apart = covariance(result.model, ek.ArraySource(x, chunk_rows=700), result.information, "robust")
    np.testing.assert_allclose(own.errors, standard_errors(apart).errors, rtol=1e-9)


def test_clusters_of_one_row_are_rows_and_copies_in_a_cluster_count_once():
    result = one_normal(X)
    alone = result.standard_errors("cluster", clusters=np.arange(len(X)))
    np.testing.assert_allclose(alone.errors, result.standard_errors("robust").errors, rtol=1e-12)
    twice = one_normal(np.concatenate([X, X])).standard_errors("cluster", clusters=np.tile(np.arange(len(X)), 2))
    np.testing.assert_allclose(twice.errors, alone.errors, rtol=1e-7)


def test_where_the_model_is_true_all_kinds_agree_roughly():
    x = np.concatenate([RNG.normal(0, 1, 6_000), RNG.normal(5, 2, 4_000)])
    result = ek.fit(ek.Mixture(ek.DiagonalGaussian()), x, START)
    usual = result.standard_errors().errors
    for kind in ("opg", "robust"):
        np.testing.assert_allclose(result.standard_errors(kind).errors, usual, rtol=0.1)


def test_wrong_questions_are_answered_in_words():
    result = one_normal(X)
    with pytest.raises(ek.ModelError, match="kind is 'hessian'; it must be one of information, opg, robust, cluster"):
        result.standard_errors("hessian")
    with pytest.raises(ek.ModelError, match='kind="cluster" needs to know which rows belong together: give clusters='):
        result.standard_errors("cluster")
    with pytest.raises(ek.ModelError, match='clusters= are of kind="cluster", and kind is "robust"'):
        result.standard_errors("robust", np.arange(len(X)))
    with pytest.raises(ek.DataError, match="there are 250 observations but the clusters have shape"):
        result.standard_errors("cluster", [1, 2, 3])
    with pytest.raises(ek.DataError, match="needs two observations at least"):
        result.standard_errors("cluster", np.zeros(len(X)))


def test_what_is_known_is_not_worked_out_again():
    result = one_normal(X)
    assert result.information is result.information
    assert result.covariance("robust") is result.covariance("robust")


def test_held_fields_and_groups_keep_their_place():
    held = ek.Frozen(ek.Mixture(ek.DiagonalGaussian()), "components.means")
    result = ek.fit(held, X, START, tol=1e-12)
    assert np.isfinite(result.standard_errors("robust").errors).all()
    assert not any("means" in name for name in result.standard_errors("robust").names)


@pytest.mark.parametrize(("thin", "tolerance"), [(1e-2, 1e-4), (1e-3, 1e-3), (1e-4, 3e-2)])
def test_a_thin_component_keeps_its_standard_errors(thin, tolerance):
    """Those of its covariance are Wishart's, where no other component is near."""
    rng = np.random.default_rng(0)
    wide, flat = rng.normal(0, 1, (300, 2)), rng.normal(0, 1, (300, 2))
    flat[:, 1] = flat[:, 0] + thin * flat[:, 1]
    flat += [30.0, 0.0]
    c = np.cov(flat.T, bias=True)
    start = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([wide.mean(axis=0), flat.mean(axis=0)], [np.eye(2), c]))
    result = ek.fit(ek.Mixture(ek.FullGaussian(floor=1e-14)), np.concatenate([wide, flat]), start)
    assert result.identifiability()
    errors = result.standard_errors()
    for i, j in ((0, 0), (1, 0), (1, 1)):
        wanted = np.sqrt((c[i, i] * c[j, j] + c[i, j] ** 2) / 300)
        assert errors[f"components.covariances[1, {i}, {j}]"] == pytest.approx(wanted, rel=tolerance)
    difference = errors.covariance[[4, 5]][:, [4, 5]]  # of the means of the thin one: they hardly vary against each other
    assert errors.names[4:6] == ("components.means[1, 0]", "components.means[1, 1]")
    assert difference[0, 0] - 2 * difference[0, 1] + difference[1, 1] < (2 * thin) ** 2 / 300


@pytest.mark.parametrize("known", ["groups", "labels"])
def test_groups_of_rows_are_scored_as_wholes_and_labels_count(known):
    """In groups, and where it is known of some rows where they belong, both roads give the same scores."""
    rng = np.random.default_rng(1)
    x = np.repeat(rng.choice([0.0, 3.0], 40), 3)[:, None] + rng.normal(size=(120, 2))
    start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[0.0, 0.0], [3.0, 3.0]], np.ones((2, 2))))
    given = {"groups": np.repeat(np.arange(40), 3)} if known == "groups" else {"labels": np.where(np.arange(120) < 9, 1, -1)}
    result = ek.fit(ek.Mixture(ek.DiagonalGaussian()), x, start, tol=1e-12, **given)
    found, total = result.information, 0.0
    for chunk, (fast, weights) in zip(result.source.chunks(), row_scores(result.model, found, result.source), strict=True):
        slow = scores_one_by_one(result.model, found.near, found.basis, chunk)
        assert len(fast) == len(weights) == len(chunk.group_weights)
        np.testing.assert_allclose(fast, slow, rtol=1e-6, atol=1e-7)
        total = total + weights @ fast
    np.testing.assert_allclose(total, 0, atol=1e-3)
    assert np.isfinite(result.standard_errors("robust").errors).all()


def test_the_outer_product_of_scores_knows_of_no_prior():
    model = ek.WithPrior(ek.Mixture(ek.Poisson()), {"components.rates": ek.GammaPrior(20, 8)})
    fit = ek.fit(model, [1.0, 2.0, 4.0], ek.MixtureParams([1.0], ek.PoissonParams([[2.0]])))
    with pytest.raises(ek.ModelError, match='kind="opg" adds up what rows tell, and a prior is told by none'):
        fit.standard_errors("opg")
