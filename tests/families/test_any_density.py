"""Families of nothing but a density: what SciPy's own fits find, and what cannot be one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.stats

import emkit as ek
from emkit.families.any_density import Kept

RNG = np.random.default_rng(12)


def laplace(x, centre, width):
    return -np.abs(x - centre) / width - np.log(2 * width)


def joined(x, slope, width):
    return scipy.stats.norm.logpdf(x[:, 1] - slope * x[:, 0], 0, width) + scipy.stats.norm.logpdf(x[:, 0])


@pytest.mark.parametrize(
    ("distribution", "fixed", "values"),
    [
        (scipy.stats.gamma, {"loc": 0}, {"a": [2.0, 9.0], "scale": [1.0, 3.0]}),
        (scipy.stats.gumbel_r, {}, {"loc": [0.0, 8.0], "scale": [1.0, 0.5]}),
        (scipy.stats.t, {"df": 4}, {"loc": [0.0, 9.0], "scale": [1.0, 2.0]}),
        (scipy.stats.lomax, {"loc": 0, "scale": 2.0}, {"c": [0.9, 6.0]}),
        (scipy.stats.poisson, {}, {"mu": [0.5, 6.0]}),
        (scipy.stats.binom, {"n": 9}, {"p": [0.2, 0.7]}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_density_is_scipys_and_a_fit_is_a_maximum(distribution, fixed, values):
    family = ek.families.from_scipy(distribution, **fixed)
    params = family.params(**values)
    x = family.draw(params, RNG, np.repeat([0, 1], 150))
    method = getattr(distribution, "logpdf", None) or distribution.logpmf
    each = [{name: value[k] for name, value in values.items()} | fixed for k in (0, 1)]
    theirs = np.stack([method(x[:, 0], **one) for one in each], axis=1)
    ours = family.log_density(params, x)
    np.testing.assert_allclose(ours, np.maximum(theirs, -1e300), rtol=1e-12)
    model = ek.Mixture(family)
    fit = ek.fit(model, x, ek.MixtureParams([0.5, 0.5], params))
    assert fit.converged
    em = ek.EMMap(model, ek.ArraySource(x), fit.params)
    coordinates = em.coordinates
    here = coordinates.pack(fit.params)
    for move in np.eye(len(here)) * 1e-3:
        for sign in (1, -1):
            assert em.objective(coordinates.unpack(here + sign * move, fit.params)) <= fit.objective + 1e-9


def test_one_component_is_scipys_fit():
    x = scipy.stats.gumbel_r.rvs(3, 2, size=400, random_state=1)
    params = ek.MixtureModel(ek.families.from_scipy(scipy.stats.gumbel_r), 1).fit(x[:, None]).components_
    np.testing.assert_allclose([params.loc.item(), params.scale.item()], scipy.stats.gumbel_r.fit(x), rtol=1e-6)


def test_one_density_may_be_of_several_columns():
    x = RNG.standard_normal((200, 2)) @ [[1.0, 2.0], [0.0, 0.5]]
    family = ek.families.from_density(joined, {"slope": ek.Real(), "width": ek.Positive()})
    params = ek.MixtureModel(family, 1).fit(x).components_
    np.testing.assert_allclose(params.slope, x[:, 0] @ x[:, 1] / (x[:, 0] @ x[:, 0]), rtol=1e-7)


def test_a_family_is_equal_and_stored_by_name():
    family = ek.families.from_scipy(scipy.stats.gamma, loc=0)
    again = pickle.loads(pickle.dumps(family))
    assert again == family
    assert hash(again) == hash(family)
    params = pickle.loads(pickle.dumps(family.params(a=2.0, scale=1.0)))
    assert type(params) is type(again.params(a=1.0, scale=1.0))


def test_rows_kept_in_any_pieces_and_order_are_the_same():
    x, w = RNG.integers(0, 4, (60, 2)).astype(float), RNG.random((3, 60))
    whole, order = Kept.of(x, w), RNG.permutation(60)
    parts = Kept.of(x[order[:20]], w[:, order[:20]]) + Kept.of(x[order[20:]], w[:, order[20:]])
    np.testing.assert_array_equal(parts.rows, whole.rows)
    np.testing.assert_allclose(parts.weights, whole.weights, rtol=1e-13)
    assert len(whole.rows) == len(np.unique(x, axis=0))
    np.testing.assert_allclose((2 * whole).weights, 2 * whole.weights)


def test_a_density_with_a_kink_never_falls():
    x = np.concatenate([RNG.laplace(0, 1, 80), RNG.laplace(6, 2, 80)])[:, None]
    family = ek.families.from_density(laplace, {"centre": ek.Real(), "width": ek.Positive()})
    model, start = ek.Mixture(family), ek.MixtureParams([0.5, 0.5], family.params(centre=[-1.0, 3.0], width=[1.0, 1.0]))
    fit = ek.fit(model, x, start, max_evaluations=40)
    values = [entry.objective for entry in fit.history]
    assert np.diff(values).min() > -1e-9 * abs(values[0])
    assert abs(fit.params.components.centre[1] - 6) < 1


def test_what_draws_nothing_says_so():
    family = ek.families.from_density(laplace, {"centre": ek.Real(), "width": ek.Positive()})
    with pytest.raises(ek.ModelError, match="nothing can be drawn from it"):
        family.draw(family.params(centre=0, width=1), RNG, np.zeros(3, dtype=int))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: ek.families.from_scipy("gamma"),
            r"'gamma' is no distribution of scipy.stats.* Write from_scipy\(scipy.stats.gamma\)\.",
        ),
        (
            lambda: ek.families.from_scipy(scipy.stats.gamma(2)),
            r"is no distribution of scipy.stats.* Write from_scipy\(scipy.stats.gamma\), and",
        ),
        (lambda: ek.families.from_scipy(scipy.stats.binom), "n of binom is a whole number"),
        (lambda: ek.families.from_scipy(scipy.stats.gamma, shape=2), "gamma has no parameter 'shape'; it has a, loc, scale"),
        (lambda: ek.families.from_density(laplace, {}), "a density needs a parameter"),
        (lambda: ek.families.from_density(laplace, {"centre": ek.Simplex()}), "a parameter here is one number"),
        (lambda: ek.families.from_density(laplace, {"centre": ek.Real}), "a parameter here is one number"),
    ],
)
def test_what_is_no_density_is_refused(make, said):
    with pytest.raises(ek.ModelError, match=said):
        make()


def test_a_log_density_of_another_shape_is_refused():
    family = ek.families.from_density(laplace, {"centre": ek.Real(), "width": ek.Positive()})
    with pytest.raises(ek.ModelError, match=r"laplace returned an array of shape \(5, 2\) for 5 rows of 2 columns"):
        family.log_density(family.params(centre=0, width=1), np.zeros((5, 2)))
