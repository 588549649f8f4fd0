"""The order of the components of a mixture: it changes nothing else, and does not depend on the order before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.families import Family
from emkit.lessons import blood_groups, old_faithful
from emkit.models.order import component_order, reordered
from tests.cases import spread_mixture


def log_likelihood(model, source, params):
    return model.e_step(params, next(iter(source.chunks()))).log_likelihood


@pytest.mark.parametrize("name", ek.FAMILIES)
def test_reordering_components_changes_nothing_but_their_order(name):
    model, source, params = spread_mixture(name)
    order = [2, 0, 1]
    turned = reordered(params, order)
    assert log_likelihood(model, source, turned) == pytest.approx(log_likelihood(model, source, params), rel=1e-13)
    np.testing.assert_array_equal(turned.proportions, params.proportions[order])
    shares = [model.posterior(p, next(iter(source.chunks()))).responsibilities for p in (params, turned)]
    np.testing.assert_allclose(shares[1], shares[0][:, order], rtol=1e-12)


@pytest.mark.parametrize("name", ek.FAMILIES)
def test_the_order_does_not_depend_on_the_order_before(name):
    _, _, params = spread_mixture(name)
    one = reordered(params, component_order(params))
    turned = reordered(params, [1, 2, 0])
    other = reordered(turned, component_order(turned))
    for a, b in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(a.value, b.value)


def test_components_are_ordered_by_their_first_parameter_then_by_the_next():
    rates = [[2.0, 5.0], [1.0, 9.0], [2.0, 4.0]]
    assert component_order(ek.MixtureParams([0.2, 0.3, 0.5], ek.PoissonParams(rates))) == [1, 2, 0]


def test_a_tied_covariance_as_large_as_the_number_of_components_stays_as_it_is():
    covariance = [[2.0, 0.5], [0.5, 1.0]]
    params = ek.MixtureParams([0.4, 0.6], ek.TiedGaussianParams([[3.0, 0.0], [1.0, 0.0]], covariance))
    turned = reordered(params, component_order(params))
    np.testing.assert_array_equal(turned.components.means, [[1.0, 0.0], [3.0, 0.0]])
    np.testing.assert_array_equal(turned.components.covariance, covariance)


def test_what_is_not_a_mixture_has_no_order():
    result = blood_groups().fit()
    assert component_order(result.params) is None
    assert result.in_order().params is result.params


def test_a_result_in_order_is_the_same_fit():
    lesson = old_faithful()
    start = reordered(lesson.start, [1, 0])
    result = ek.fit(lesson.model, lesson.source, start)
    ordered = result.in_order()
    assert result.params.components.means[0, 0] > 4 > ordered.params.components.means[0, 0]
    assert ordered.log_likelihood == result.log_likelihood
    np.testing.assert_array_equal(ordered.record.start.components.means, lesson.start.components.means)
    errors = dict(zip(ordered.standard_errors().names, ordered.standard_errors().errors, strict=True))
    assert errors["components.means[0, 0]"] == pytest.approx(0.0271, abs=1e-4)


@dataclass(frozen=True, eq=False)
class SharedSigmas(ek.Parameters):
    """`means` (K, d) and, for all components, `sigmas` (d,)."""

    means: Annotated[ek.Array, ek.Real(), ek.Axes("component", "column")]
    sigmas: Annotated[ek.Array, ek.Positive(), ek.Axes("column")]


@dataclass(frozen=True, eq=False)
class Undeclared(ek.Parameters):
    """The same, without a word about axes."""

    means: Annotated[ek.Array, ek.Real()]
    sigmas: Annotated[ek.Array, ek.Positive()]


@dataclass(frozen=True)
class Sums(ek.Additive):
    """`mass` (K,), `total` (K, d), `squares` (d,)."""

    mass: np.ndarray
    total: np.ndarray
    squares: np.ndarray


@dataclass(frozen=True)
class OneSigma(Family):
    """Normal columns whose standard deviations all components share."""

    kind: type = SharedSigmas
    name = "one sigma"

    def log_density(self, params, x):
        z = (x[:, None, :] - params.means) / params.sigmas
        return -0.5 * (z**2).sum(axis=2) - np.log(params.sigmas).sum() - x.shape[1] / 2 * np.log(2 * np.pi)

    def statistics(self, params, x, weights):
        return Sums(weights.sum(axis=0), weights.T @ x, weights.sum(axis=1) @ x**2)

    def updates(self):
        return {
            "means": lambda s, before, now: s.total / s.mass[:, None],
            "sigmas": lambda s, before, now: np.sqrt((s.squares - s.mass @ now.means**2) / s.mass.sum()),
        }

    def pooled(self, profile, n_components):
        return self.kind([profile.mean] * n_components, np.sqrt(np.diag(profile.covariance)))


@pytest.mark.parametrize("kind", [SharedSigmas, Undeclared])
@pytest.mark.parametrize("seed", range(4))
def test_the_reported_log_likelihood_is_that_of_the_returned_parameters(kind, seed):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal([5, 0], [0.5, 3], (60, 2)), rng.normal([0, 4], [0.5, 3], (40, 2))])
    estimator = ek.MixtureModel(OneSigma(kind), n_components=2, random_state=seed).fit(x)
    result = estimator.result_
    assert estimator.score(x) * len(x) == pytest.approx(result.log_likelihood, rel=1e-12)
    for ordered in (result, result.in_order()):
        again = ek.EMMap(ordered.model, ordered.source, ordered.params).objective(ordered.params)
        assert again == pytest.approx(ordered.log_likelihood, rel=1e-12)
    if kind is SharedSigmas:
        assert (np.diff(result.params.components.means[:, 0]) > 0).all()


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
@pytest.mark.parametrize("name", ek.FAMILIES)
def test_reported_and_returned_agree_for_every_family(name):
    model, source, start = spread_mixture(name)
    result = ek.fit(model, source, start, max_evaluations=20).in_order()
    again = ek.EMMap(result.model, result.passes, result.params).objective(result.params)
    assert again == pytest.approx(result.log_likelihood, rel=1e-12)


def test_parameters_for_different_numbers_of_components_are_refused():
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [2.0], [3.0]]))
    with pytest.raises(ek.ParameterError, match=r"proportions are for 2 components but components\.rates for 3"):
        ek.fit(ek.Mixture(ek.Poisson()), [1, 2, 3], start)


def test_a_field_with_other_axes_than_it_declares_is_refused():
    with pytest.raises(ek.ParameterError, match=r"rates has shape \(2,\); it must have 2 axes \(component, column\)"):
        ek.PoissonParams([1.0, 2.0])


@dataclass(frozen=True, eq=False)
class OtherWords(ek.Parameters):
    """Axes by names of their own: no word says which is the component."""

    means: Annotated[ek.Array, ek.Real(), ek.Axes("class", "item")]
    sigmas: Annotated[ek.Array, ek.Positive(), ek.Axes("item")]


@pytest.mark.parametrize("seed", range(4))
def test_proportions_alone_are_never_reordered(seed):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal([5, 0], [0.5, 3], (70, 2)), rng.normal([0, 4], [0.5, 3], (30, 2))])
    estimator = ek.MixtureModel(OneSigma(OtherWords), n_components=2, random_state=seed).fit(x)
    assert estimator.score(x) * len(x) == pytest.approx(estimator.result_.log_likelihood, rel=1e-12)
    assert estimator.result_.in_order().params is estimator.params_


def test_a_log_density_of_another_shape_is_refused():
    class OneForAll(ek.Poisson):
        def log_density(self, params, x):
            return super().log_density(params, x)[:, :1]

    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [5.0]]))
    with pytest.raises(ek.ModelError, match=r"OneForAll\.log_density returned an array of shape \(1, 1\)"):
        ek.fit(ek.Mixture(OneForAll()), [0, 1, 5, 6], start)
