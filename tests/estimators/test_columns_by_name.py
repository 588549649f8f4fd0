"""Columns that are not those of the fit: what puts them in its order is named, and does."""

import numpy as np
import pandas as pd
import pytest

import emkit as ek

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame(RNG.normal(size=(100, 1)) + RNG.normal(size=(100, 4)), columns=[*"abcd"])
ANSWERS = (ROWS > 0).astype(float)
CASES = {
    "factors": (ek.FactorAnalysis(1), ROWS),
    "confirmatory": (ek.ConfirmatoryFactorAnalysis("f =~ a + b + c + d"), ROWS),
    "abilities": (ek.ItemResponse(slopes="equal"), ANSWERS),
    "states": (ek.StateSpaceModel("factors", tol=0.1), ROWS),
    "classes of people": (ek.ItemResponseMixture(1, items="rasch"), ANSWERS),
    "normal": (ek.NormalMissing(), ROWS),
    "mixture": (ek.GaussianMixture(1), ROWS),
    "latent classes": (ek.LatentClass(1), ANSWERS),
}


@pytest.mark.parametrize("case", CASES)
def test_columns_in_another_order_are_refused_with_what_puts_them_right(case):
    estimator, rows = CASES[case]
    estimator.fit(rows)
    turned = rows[[*"dcba"]].assign(z=0.0)
    for name in ("transform", "score", "smooth"):
        if hasattr(estimator, name):
            said = r"X\[estimator.feature_names_in_\] has the columns of the fit, in its order"
            with pytest.raises(ek.DataError, match=said):
                getattr(estimator, name)(turned)
            found, wanted = (getattr(estimator, name)(each) for each in (turned[estimator.feature_names_in_], rows))
            np.testing.assert_array_equal(
                np.asarray(found[0] if isinstance(found, tuple) else found),
                np.asarray(wanted[0] if isinstance(wanted, tuple) else wanted),
            )


@pytest.mark.parametrize("case", CASES)
def test_names_of_several_types_are_refused(case):
    estimator, rows = CASES[case]
    mixed = rows.set_axis([0, 1, "c", "d"], axis=1)
    with pytest.raises(ek.DataError, match="names of columns are of several types, int and str: make all of them text"):
        estimator.fit(mixed)
