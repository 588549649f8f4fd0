"""Covariances that are singular, or nearly so, without a floor worth the name: an error in words, never one of algebra."""

import warnings

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(0)
ONE, TWO = RNG.normal(size=(60, 1)), RNG.normal(size=(60, 2))
DATA = {
    "a multiple": np.hstack([ONE, 2 * ONE]),
    "a shift": np.hstack([TWO, TWO[:, :1] + 1]),
    "a sum": np.hstack([TWO, TWO.sum(axis=1, keepdims=True)]),
    "columns twice": np.hstack([TWO, TWO]),
    "a constant": np.hstack([ONE, np.full((60, 1), 3.0)]),
    "whole numbers and a constant": np.hstack([RNG.integers(0, 3, (60, 1)), np.ones((60, 1))]),
    "fewer rows than columns": RNG.normal(size=(4, 10)),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("name", DATA)
def test_no_error_of_algebra_escapes(name, form):
    for components in (2, 3):
        for floor in (0, 1e-300, 1e-17):
            model = ek.GaussianMixture(components, covariance_type=form, floor=floor, random_state=0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    model.fit(DATA[name])
                    model.result_.standard_errors()
                    model.result_.identifiability()
                    model.result_.summary()
                except ek.EmkitError as error:
                    assert "LinAlgError" not in str(error)  # noqa: PT017


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning")
@pytest.mark.parametrize("name", ["a multiple", "a shift", "a sum", "columns twice"])
def test_collinear_columns_without_a_floor_are_a_degenerate_fit(name):
    with pytest.raises(ek.DegenerateFitError, match="collapsed"):
        ek.GaussianMixture(2, floor=0, random_state=0).fit(DATA[name])
