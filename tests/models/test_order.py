"""The order of the components of a mixture: it changes nothing else, and does not depend on the order before."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
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
