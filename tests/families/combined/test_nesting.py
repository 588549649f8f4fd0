"""Families made of families nest in each other: the same model written in two ways is fitted alike."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(0)
CLUSTERS = np.repeat([[0.0, 0.0], [5.0, 4.0]], 60, axis=0)
NUMBERS = RNG.normal(CLUSTERS, size=(120, 2))
WIDE = np.hstack([NUMBERS, RNG.normal(CLUSTERS, size=(120, 2))])
COUNTS = RNG.poisson(1 + CLUSTERS).astype(float)

NORMAL, POISSON = ek.DiagonalGaussian(), ek.Poisson()
EACH_COLUMN = ek.Product({0: NORMAL, 1: NORMAL})
POSITIVE = ek.Truncated(POISSON, low=1)

# name, one way to write it, another, data
SAME = {
    "repeats in each component": (ek.PerComponent(*2 * [ek.Repeated(NORMAL, 2)]), ek.Repeated(NORMAL, 2), NUMBERS),
    "a product of columns, repeated": (ek.Repeated(EACH_COLUMN, 2), ek.Repeated(NORMAL, 2), WIDE),
    "a repeated family in a product": (ek.Product({(0, 1): ek.Repeated(NORMAL, 2)}), ek.Repeated(NORMAL, 2), NUMBERS),
    "a product in each component": (ek.PerComponent(EACH_COLUMN, EACH_COLUMN), NORMAL, NUMBERS),
    "a mixture of one product": (ek.MixtureOf(EACH_COLUMN, 1), NORMAL, NUMBERS),
    "a mixture of one repeated": (ek.Repeated(ek.MixtureOf(NORMAL, 1), 2), ek.Repeated(NORMAL, 2), NUMBERS),
    "a tied product": (ek.Tied(EACH_COLUMN, ["parts.0.variances", "parts.1.variances"]), ek.Tied(NORMAL, "variances"), NUMBERS),
    "a tied family, repeated": (
        ek.Repeated(ek.Tied(NORMAL, "variances"), 2),
        ek.Tied(ek.Repeated(NORMAL, 2), "variances"),
        NUMBERS,
    ),
    "zeros in a product": (
        ek.Product({0: ek.ZeroInflated(POISSON), 1: ek.ZeroInflated(POISSON)}),
        ek.ZeroInflated(POISSON),
        COUNTS,
    ),
    "truncated counts, repeated": (ek.Repeated(ek.Product({0: POSITIVE}), 2), ek.Repeated(POSITIVE, 2), COUNTS + 1),
    "truncated counts of each component": (ek.PerComponent(POSITIVE, POSITIVE), POSITIVE, COUNTS + 1),
}


@pytest.mark.parametrize("name", SAME)
def test_two_ways_to_write_a_model_are_fitted_alike(name):
    one, other, x = SAME[name]
    fits = [ek.MixtureModel(family, 2, random_state=0).fit(x).result_ for family in (one, other)]
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, rel=1e-9)
    assert fits[0].free_parameters == fits[1].free_parameters
    assert np.sort(fits[0].params.proportions) == pytest.approx(np.sort(fits[1].params.proportions), abs=1e-5)


@pytest.mark.parametrize(
    "family",
    [
        ek.PerComponent(ek.Repeated(NORMAL, 2), ek.Uniform()),
        ek.Repeated(ek.PerComponent(NORMAL, ek.Uniform()), 2),
        ek.PerComponent(ek.MixtureOf(NORMAL, 2), NORMAL),
        ek.MixtureOf(ek.MixtureOf(NORMAL, 2), 2),
        ek.Product({0: ek.PerComponent(NORMAL, ek.Uniform()), 1: ek.MixtureOf(NORMAL, 2)}),
    ],
    ids=lambda family: repr(family)[:40],
)
def test_nested_families_are_told_saved_and_drawn(family, tmp_path):
    fit = ek.MixtureModel(family, 2, random_state=0).fit(NUMBERS).result_
    assert ek.load(fit.save(tmp_path / "nested.emk")).params.proportions.tolist() == fit.params.proportions.tolist()
    assert f"{fit.log_likelihood:.4f}" in fit.summary()
    ek.check_model(fit.model, NUMBERS, fit.params)


def test_parameters_of_a_part_for_other_columns_are_refused():
    family = ek.PerComponent(ek.Repeated(NORMAL, 2), ek.Uniform())
    fit = ek.MixtureModel(family, 2, random_state=0).fit(NUMBERS).result_
    with pytest.raises(ek.DataError, match="the parameters are for 1 columns but the data have 2"):
        ek.fit(fit.model, WIDE, fit.params)
