"""Starts from neighbours in a grid: a component divided, two put together, and rows shared out as in another form."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.search.seeding import spread_start
from emkit.selection.neighbours import MOST, Member, grown, lent, shrunk

CENTRES = np.array([[0.0, 0.0], [7.0, 0.0], [0.0, 7.0]])
NESTED = [
    ("EII", "VII"), ("EII", "EEI"), ("EEI", "VEI"), ("EEI", "EVI"), ("VEI", "VVI"), ("EEI", "EEE"), ("EEE", "VEE"),
    ("EEE", "EVE"), ("EEE", "EEV"), ("VEE", "VEV"), ("EVE", "EVV"), ("EEV", "VEV"), ("VVI", "VVV"), ("VVE", "VVV"),
    ("VEV", "VVV"), ("EII", "VVV"), ("VEI", "VEE"), ("VVI", "VVE"), ("EVI", "EVE"),
]  # fmt: skip


@pytest.fixture(scope="module")
def three() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(centre, 1.0, (60, 2)) for centre in CENTRES])


def undivided(form: str, x: np.ndarray, number: int = 3) -> ek.Result:
    """A fit whose components are all alike."""
    model = ek.GaussianMixture(covariance_type=form)._model()
    return ek.fit(model, x, model.even(ek.ArraySource(x).profile, number), max_evaluations=1)


def short(form: str, x: np.ndarray, number: int = 3) -> ek.Result:
    """A fit that has not come far: what is lent need be no maximum."""
    model = ek.GaussianMixture(covariance_type=form)._model()
    return ek.fit(model, x, spread_start(model, ek.ArraySource(x), number, seed=2), max_evaluations=2)


def test_a_component_divided_or_two_put_together_start_where_the_neighbour_would_be(three):
    model, source = ek.Mixture(ek.SphericalGaussian()), ek.ArraySource(three)
    two, four = (ek.GaussianMixture(k, covariance_type="spherical", random_state=0).fit(three).result_ for k in (2, 4))
    best = ek.GaussianMixture(3, covariance_type="spherical", random_state=0).fit(three).result_
    for starts in grown(model, two.params, source.profile), shrunk(model, four.params, source.profile):
        ends = [ek.fit(model, three, start).objective for start in starts]
        assert max(ends) == pytest.approx(best.objective, abs=1e-6)


@pytest.mark.parametrize(("special", "form"), NESTED)
def test_a_form_starts_no_lower_than_one_that_is_a_special_case_of_it(special, form, three):
    x = three[::3] @ np.array([[1.0, 0.4], [0.0, 0.7]])
    given = short(special, x)
    (start,) = lent(Member.of(undivided(form, x)), [Member.of(given).shares])
    here = ek.fit(undivided(form, x).model, x, start, max_evaluations=1)
    assert here.objective >= given.objective - 1e-9 * abs(given.objective)


def test_what_is_lent_is_how_the_rows_are_shared_out(three):
    shares = Member.of(short("VVV", three)).shares
    (start,) = lent(Member.of(undivided("VVV", three)), [shares])
    np.testing.assert_allclose(start.proportions, shares.mean(axis=0))
    np.testing.assert_allclose(start.components.means, shares.T @ three / shares.sum(axis=0)[:, None])


def test_one_division_of_the_rows_is_lent_once_and_ones_own_never(three):
    fit = short("VVV", three)
    mine = Member.of(fit).shares
    renamed, other = mine[:, [2, 0, 1]], Member.of(undivided("VVV", three)).shares
    assert list(lent(Member.of(fit), [mine, renamed])) == []
    assert len(list(lent(Member.of(fit), [other, other, mine]))) == 1


def test_other_families_can_lend_theirs():
    counts = np.random.default_rng(0).poisson(np.repeat([1, 9], [40, 40]))[:, None].astype(float)
    poisson = ek.MixtureModel("poisson", 2, random_state=0).fit(counts).result_
    model = ek.Mixture(ek.Geometric())
    geometric = ek.fit(model, counts, model.even(poisson.source.profile, 2), max_evaluations=1)
    (start,) = lent(Member.of(geometric), [Member.of(poisson).shares])
    assert isinstance(start.components, type(geometric.params.components))


@pytest.mark.parametrize(("starts", "number"), [(grown, 4), (shrunk, 2)])
def test_there_are_few_of_them_with_one_component_more_or_fewer(starts, number, three):
    fit = short("VVV", three)
    found = list(starts(fit.model, fit.params, fit.source.profile))
    assert 0 < len(found) <= MOST
    assert {len(start.proportions) for start in found} == {number}


def test_a_component_of_equal_rows_is_not_divided():
    x = np.repeat([[0.0], [5.0]], 10, axis=0)
    start = ek.MixtureParams([0.5, 0.5], ek.SphericalGaussianParams([[0.0], [5.0]], [1.0, 1.0]))
    fit = ek.fit(ek.Mixture(ek.SphericalGaussian()), x, start, max_evaluations=1)
    assert list(grown(fit.model, fit.params, fit.source.profile)) == []
