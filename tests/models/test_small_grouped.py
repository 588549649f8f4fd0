"""A mixture whose rows belong to groups (people seen several times share one class), in some thirty lines on the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from scipy.stats import poisson

import emkit as ek
from emkit.families import Family
from emkit.families.family import safe_log
from emkit.fitting import default_rules
from emkit.inference.differences import curvature_steps, hessian
from emkit.models.assignment import normalise
from emkit.models.together import Together, several
from emkit.search.search import Long, search
from emkit.search.seeding import begin

Array = np.ndarray


@dataclass(frozen=True)
class Grouped(ek.Components):
    """p(rows of a group) = sum_k proportions_k prod_i p(x_i | component k): all rows of a group come from one component."""

    family: Family

    def assign(self, params: ek.MixtureParams, log_density: Array, chunk: ek.Chunk) -> ek.Posterior:
        joint = safe_log(params.proportions) + np.add.reduceat(log_density, chunk.bounds[:-1], axis=0)
        shares, heights = normalise(joint)
        each = np.repeat(shares, np.diff(chunk.bounds), axis=0)
        return ek.Posterior(each, heights, latent=shares)

    def gathered(self, posterior: ek.Posterior, chunk: ek.Chunk) -> Array:
        """The expected number of groups of each component, shape (K,)."""
        return chunk.group_weights @ posterior.latent

    def belonging_updates(self) -> Mapping[str, Any]:
        return {"proportions": lambda s, before, now: s.belonging / s.belonging.sum()}

    def belonging_expected(self, belonging: Array, before: ek.MixtureParams, now: ek.MixtureParams) -> ek.Expected:
        with np.errstate(divide="ignore", invalid="ignore"):  # at 0, where no coordinate is left
            slope = np.nan_to_num(belonging / now.proportions)
        return ek.Expected(float(belonging @ safe_log(now.proportions)), {"proportions": slope})

    def even(self, profile: Any, n_components: int) -> ek.MixtureParams:
        return ek.MixtureParams(np.full(n_components, 1 / n_components), self.family.pooled(profile, n_components))


MODEL = Grouped(ek.Poisson())
START = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[2.0], [5.0]]))


@pytest.fixture(scope="module")
def people() -> tuple[Array, Array]:
    """Counts (n, 1) and whose they are (n,): 80 people, 1 to 5 counts each."""
    rng = np.random.default_rng(0)
    times = rng.integers(1, 6, size=80)
    rates = np.where(rng.random(80) < 0.4, 2.0, 4.0)
    return rng.poisson(np.repeat(rates, times)).astype(float)[:, None], np.repeat(np.arange(80), times)


def direct_log_likelihood(v: Array, x: Array, labels: Array) -> float:
    """Log-odds of component 0 and log rates in, marginal log-likelihood out, group by group."""
    p, rates = expit(v[0]), np.exp(v[1:])
    rows = poisson.logpmf(x, rates)
    groups = [logsumexp(rows[labels == label].sum(axis=0) + np.log([p, 1 - p])) for label in np.unique(labels)]
    return float(np.sum(groups))


@pytest.fixture(scope="module")
def fitted(people):
    x, labels = people
    return ek.fit(MODEL, ek.ArraySource(x, groups=labels), START, solver="anderson", tol=1e-12)


def test_the_maximum_is_that_of_a_direct_maximisation(people, fitted):
    height = lambda v: -direct_log_likelihood(v, *people)  # noqa: E731
    there = minimize(height, [0.0, np.log(2.0), np.log(5.0)], method="BFGS", options={"gtol": 1e-8})
    assert fitted.log_likelihood == pytest.approx(-there.fun, abs=1e-7)
    turned = np.argsort(there.x[1:])  # which component is which does not matter
    mine = fitted.in_order().params
    np.testing.assert_allclose(mine.components.rates[:, 0], np.exp(there.x[1:])[turned], atol=1e-4)
    np.testing.assert_allclose(mine.proportions, np.array([expit(there.x[0]), expit(-there.x[0])])[turned], atol=1e-4)


def test_a_search_finds_it_with_the_starts_of_the_model(people, fitted):
    """People are divided, and race together with their rows; the model knows of no moves."""
    x, labels = people
    source = ek.ArraySource(x, groups=labels)
    long = Long(ek.solvers.Anderson(), lambda steps, passes: default_rules(MODEL), 10_000)
    found = search(MODEL, source, begin(MODEL, source, 2, 0), long)
    assert found.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-7)
    assert isinstance(next(several(MODEL, [START, START], len(x))), Together)


def test_standard_errors_are_those_of_the_direct_log_likelihood(people, fitted):
    p, rates = fitted.params.proportions[0], fitted.params.components.rates[:, 0]
    there = np.array([np.log(p / (1 - p)), *np.log(rates)])
    height = lambda v: direct_log_likelihood(v, *people)  # noqa: E731
    covariance = np.linalg.inv(-hessian(height, there, curvature_steps(height, there)))
    errors = fitted.standard_errors()
    assert errors["proportions[0]"] == pytest.approx(p * (1 - p) * np.sqrt(covariance[0, 0]), rel=1e-5)
    for k in range(2):
        assert errors[f"components.rates[{k}, 0]"] == pytest.approx(rates[k] * np.sqrt(covariance[k + 1, k + 1]), rel=1e-5)


def test_a_group_of_weight_two_is_there_twice(people):
    x, labels = people
    twice = labels < 20
    weights = np.where(np.arange(80) < 20, 2.0, 1.0)
    one = ek.EMMap(MODEL, ek.ArraySource(x, weights, groups=labels), START)(START)
    copied = ek.ArraySource(np.concatenate([x, x[twice]]), groups=np.concatenate([labels, 100 + labels[twice]]))
    other = ek.EMMap(MODEL, copied, START)(START)
    assert one.objective == pytest.approx(other.objective, rel=1e-12)
    np.testing.assert_allclose(one.update.proportions, other.update.proportions, rtol=1e-12)
    np.testing.assert_allclose(one.update.components.rates, other.update.components.rates, rtol=1e-12)


def test_a_group_of_weight_zero_is_not_there(people):
    x, labels = people
    weights = np.where(np.arange(80) < 20, 0.0, 1.0)
    one = ek.EMMap(MODEL, ek.ArraySource(x, weights, groups=labels), START)(START)
    other = ek.EMMap(MODEL, ek.ArraySource(x[labels >= 20], groups=labels[labels >= 20]), START)(START)
    assert one.objective == other.objective


def test_groups_of_one_row_are_a_mixture(people):
    x, _ = people
    for groups in (None, np.arange(len(x))):
        grouped = ek.fit(MODEL, ek.ArraySource(x, groups=groups), START, max_evaluations=20)
        plain = ek.fit(ek.Mixture(ek.Poisson()), ek.ArraySource(x), START, max_evaluations=20)
        assert grouped.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-14)
        np.testing.assert_allclose(grouped.params.proportions, plain.params.proportions, rtol=1e-13)
        np.testing.assert_allclose(grouped.params.components.rates, plain.params.components.rates, rtol=1e-13)


def test_no_chunk_ends_within_a_group(people):
    x, labels = people
    source = ek.ArraySource(x, groups=labels, chunk_rows=10)
    chunks = list(source.chunks())
    assert len(chunks) > 10
    assert sum(len(chunk.group_weights) for chunk in chunks) == 80
    cut = ek.EMMap(MODEL, source, START).objective(START)
    assert cut == pytest.approx(ek.EMMap(MODEL, ek.ArraySource(x, groups=labels), START).objective(START), rel=1e-12)


@pytest.mark.parametrize("chunk_rows", [1, 7, 100])
def test_hundreds_of_groups_add_up_over_chunks(chunk_rows):
    rng = np.random.default_rng(1)
    times = rng.integers(1, 6, size=400)
    x = rng.poisson(np.repeat(np.where(rng.random(400) < 0.4, 2.0, 4.0), times)).astype(float)
    labels, weights = np.repeat(np.arange(400), times), rng.integers(1, 4, size=400).astype(float)
    source = ek.ArraySource(x, weights, groups=labels, chunk_rows=chunk_rows)
    assert len(list(source.chunks())) > 5
    cut = ek.fit(MODEL, source, START, max_evaluations=10)
    whole = ek.fit(MODEL, ek.ArraySource(x, weights, groups=labels, chunk_rows=10_000), START, max_evaluations=10)
    assert cut.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(cut.params.components.rates, whole.params.components.rates, rtol=1e-11)


def test_a_group_that_no_component_explains_is_refused():
    params = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[1.0], [0.0]]))
    source = ek.ArraySource([1.0, 0.0, 1.0], groups=["a", "a", "b"])  # either row of a is possible, both together are not
    with pytest.raises(ek.ParameterError, match="probability 0 under every latent state"):
        ek.EMMap(Grouped(ek.Bernoulli()), source, params).objective(params)


def test_a_component_without_groups_is_no_division_by_zero(people):
    x, labels = people
    params = ek.MixtureParams([1.0, 0.0], START.components)
    source = ek.ArraySource(x, groups=labels)
    one = ek.EMMap(MODEL, source, params)
    stats = one.expectation(params).statistics
    assert MODEL.expected(stats, params, params).slopes["proportions"].tolist() == pytest.approx([80.0, 0.0])


def test_scattered_groups_and_uneven_weights_are_refused():
    with pytest.raises(ek.DataError, match="group 'a' are scattered: it begins at row 0 and again at row 2"):
        ek.ArraySource([1.0, 2, 3], groups=["a", "b", "a"])
    with pytest.raises(ek.DataError, match="row 1 has weight 3, unlike others of its group"):
        ek.ArraySource([1.0, 2, 3], [2.0, 3.0, 1.0], groups=["a", "a", "b"])
    with pytest.raises(ek.DataError, match=r"3 rows but the groups have shape \(2,\)"):
        ek.ArraySource([1.0, 2, 3], groups=["a", "b"])


def test_proportions_are_held_and_starts_are_brought(people, fitted):
    x, labels = people
    source = ek.ArraySource(x, groups=labels)
    held = ek.fit(ek.Frozen(MODEL, "proportions"), source, START)
    assert held.params.proportions.tolist() == [0.5, 0.5]
    assert held.free_parameters == 2
    found = ek.fit(MODEL, source, MODEL.starts(source.profile, 2, range(3)), solver="squarem").in_order()
    assert found.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-6)


class RowByRow(Grouped):
    """Forgets the groups where rows are shared out, and remembers them in the log-likelihood."""

    def assign(self, params, log_density, chunk):
        right = super().assign(params, log_density, chunk)
        alone = np.exp(log_density + safe_log(params.proportions))
        return right._replace(responsibilities=alone / alone.sum(axis=1, keepdims=True))


def test_check_model_passes_and_finds_forgotten_groups(people):
    x, labels = people
    source = ek.ArraySource(x, groups=labels)
    ek.check_model(MODEL, source, START)
    with pytest.raises(ek.ModelError, match=r"RowByRow\.e_step is wrong"):
        ek.check_model(RowByRow(ek.Poisson()), source, START)


def test_groups_may_be_given_to_fit(people, fitted):
    x, labels = people
    again = ek.fit(MODEL, x, START, groups=labels, solver="anderson", tol=1e-12)
    assert again.log_likelihood == fitted.log_likelihood
    with pytest.raises(ek.DataError, match="weights and groups belong to the source"):
        ek.fit(MODEL, ek.ArraySource(x), START, groups=labels)


class Careless(Grouped):
    """Leaves -1e300 where a group is impossible, and once forgets a group."""

    def assign(self, params, log_density, chunk):
        joint = safe_log(params.proportions) + np.add.reduceat(log_density, chunk.bounds[:-1], axis=0)
        heights = logsumexp(joint, axis=1)
        shares = np.repeat(np.exp(joint - heights[:, None]), np.diff(chunk.bounds), axis=0)
        return ek.Posterior(shares, heights[:-1] if len(heights) == 3 else heights, latent=np.exp(joint - heights[:, None]))


def test_impossible_groups_and_missing_log_likelihoods_are_found():
    careless = Careless(ek.Bernoulli())
    params = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[1.0], [1.0]]))
    with pytest.raises(ek.ParameterError, match="probability 0 under every latent state"):
        ek.fit(careless, [1.0, 0.0, 1.0], params, groups=["a", "a", "b"])
    with pytest.raises(ek.ModelError, match="returned 2 log-likelihoods for 4 rows in 3 groups"):
        ek.fit(careless, [1.0, 1.0, 1.0, 1.0], params, groups=["a", "b", "c", "c"])


class RowsAlone(ek.Mixture):
    """Takes rows for independent, whatever group they are in."""

    def assign(self, params, log_density, chunk):
        return super().assign(params, log_density, replace(chunk, groups=None))


@pytest.mark.parametrize("n", [6, pytest.param(9_000, marks=pytest.mark.slow)])  # in plain NumPy, and compiled
@pytest.mark.parametrize("assignment", [ek.models.Soft(), ek.models.Hard()])
def test_groups_are_not_silently_ignored(n, assignment):
    x, labels = np.random.default_rng(0).poisson(3.0, n), np.repeat(np.arange(n // 3), 3)
    mixture = RowsAlone(ek.Poisson(), assignment)
    for model in (mixture, ek.Frozen(mixture, "proportions")):
        for start in (START, [START, START]):
            with pytest.raises(ek.ModelError, match=r"RowsAlone takes rows for independent.* would ignore the groups"):
                ek.fit(model, x, start, groups=labels)
        with pytest.raises(ek.ModelError, match="would ignore the groups"):
            ek.check_model(model, x, START, groups=labels)
    alone = ek.fit(mixture, x, START, groups=np.arange(n), max_evaluations=3)  # groups of one row are rows
    assert alone.log_likelihood == pytest.approx(ek.fit(mixture, x, START, max_evaluations=3).log_likelihood, rel=1e-12)


@pytest.mark.parametrize("labels", [[1, 1, np.nan], [1, None, 2], np.ma.array([1, 1, 2], mask=[0, 0, 1])])
def test_a_group_without_a_label_is_refused(labels):
    with pytest.raises(ek.DataError, match=r"the group of row \d is missing"):
        ek.ArraySource([1.0, 2, 3], groups=labels)


def test_labels_and_weights_of_groups_that_are_none():
    with pytest.raises(ek.DataError, match="the groups are no labels"):
        ek.ArraySource([1.0, 2, 3], groups=[[1], [2, 3], 4])
    for weights in (["a", "b"], np.array([1 + 1j, 2.0]), np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]")):
        with pytest.raises(ek.DataError, match="the weights are not numbers"):
            ek.ArraySource([1.0, 2, 3], weights, groups=["a", "a", "b"])
    with pytest.raises(ek.DataError, match="weight of row 2 is nan"):
        ek.ArraySource([1.0, 2, 3], np.ma.array([1.0, 99.0], mask=[0, 1]), groups=["a", "a", "b"])


class Changeable(ek.Poisson):
    """A family that cannot be hashed."""

    __hash__ = None


def test_a_family_that_can_change_is_refused_whatever_the_size_of_the_data():
    with pytest.raises(ek.ModelError, match="make it a frozen dataclass"):
        ek.fit(ek.Mixture(Changeable()), [1.0, 2.0, 3.0], START)


def test_a_row_of_weight_zero_has_no_influence_at_all():
    assert ek.ArraySource([1.0, np.inf, 2.0], [1.0, 0.0, 1.0]).rows == 2
