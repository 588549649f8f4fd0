"""Series that inputs reproduce: said to be that, and no fault of the M-step."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

X = np.random.default_rng(0).standard_normal((60, 2))
Y = X @ [1.5, -0.7]
OTHER = X[:, 0] + np.random.default_rng(1).standard_normal(60)
GAPPY = np.where(np.arange(60) % 7 == 3, np.nan, Y)
LINE = np.arange(60.0)
TWO = ek.StateSpace(np.eye(1), [[1.0], [0.5]], state_noise=[np.nan], noise=[np.nan, np.nan])

REPRODUCED = {
    "a level": ("level", Y, X),
    "a level that inputs leave": ("level", 3 * X[:, :1] + 2, X[:, :1]),
    "in other units": ("level", 1e6 * Y + 1e4, X),
    "a trend": ("trend", Y + 0.3 * LINE, X),
    "an autoregression": (ek.autoregression(1), Y, X),
    "with gaps": ("level", GAPPY, X),
    "one of two columns": (TWO, np.column_stack([OTHER, Y]), X),
}


@pytest.mark.parametrize("name", REPRODUCED)
def test_a_series_that_inputs_reproduce_is_said_to_be_one(name):
    structure, y, inputs = REPRODUCED[name]
    with pytest.raises(
        ek.DegenerateFitError, match=r"(reproduced by its states and inputs|inputs reproduce a).*leave inputs out"
    ):
        ek.StateSpaceModel(structure).fit(np.reshape(y, (60, -1)), inputs=inputs)


def test_a_thousandth_of_an_error_is_one():
    """Least squares of a series whose level stands still: the variance of errors over n - 1, as its mean is not known."""
    still = ek.StateSpace(np.eye(1), [[1.0]], state_noise=[0.0], noise=[np.nan], start_mean=[np.nan], start_covariance=[[0.0]])
    y = Y + 1e-3 * np.random.default_rng(2).standard_normal(60)
    design = np.column_stack([np.ones(60), X])
    beta, left = np.linalg.lstsq(design, y, rcond=None)[:2]
    fit = ek.StateSpaceModel(still).fit(y[:, None], inputs=X)
    np.testing.assert_allclose(fit.params_.effects[0], beta[1:], rtol=1e-7)
    np.testing.assert_allclose(fit.params_.noise, left / 60, rtol=1e-6)
