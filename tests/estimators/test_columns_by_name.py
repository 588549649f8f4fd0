"""Columns that are not those of the fit: what finds them by their names is named, and does."""

import numpy as np
import pandas as pd
import pytest

import emkit as ek

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame(RNG.normal(size=(100, 1)) + RNG.normal(size=(100, 4)), columns=[*"abcd"])
ANSWERS = (ROWS > 0).astype(float)
LATENT, BELONGING = "result_.latent and result_.score_samples", "result_.predict and result_.augment"
CASES = {
    "factors": (ek.FactorAnalysis(1), ROWS, LATENT),
    "confirmatory": (ek.ConfirmatoryFactorAnalysis("f =~ a + b + c + d"), ROWS, LATENT),
    "abilities": (ek.ItemResponse(slopes="equal"), ANSWERS, LATENT),
    "states": (ek.StateSpaceModel("factors", tol=0.1), ROWS, LATENT),
    "classes of people": (ek.ItemResponseMixture(1, items="rasch"), ANSWERS, LATENT),
    "normal": (ek.NormalMissing(), ROWS, BELONGING),
    "mixture": (ek.GaussianMixture(1), ROWS, BELONGING),
    "latent classes": (ek.LatentClass(1), ANSWERS, BELONGING),
}


@pytest.mark.parametrize("case", CASES)
def test_columns_in_another_order_are_refused_with_what_finds_them(case):
    estimator, rows, named = CASES[case]
    estimator.fit(rows)
    turned = rows[[*"dcba"]]
    for name in ("transform", "score", "smooth"):
        if hasattr(estimator, name):
            with pytest.raises(ek.DataError, match=f"{named} find columns by their names, in any order and among others"):
                getattr(estimator, name)(turned)
    for name in named.replace("result_.", "").split(" and "):
        found, wanted = (getattr(estimator.result_, name)(each) for each in (turned.assign(z=0.0), rows))
        if name == "augment":
            found, wanted = (each.iloc[:, -1] for each in (found, wanted))
        pairs = zip(found, wanted, strict=True) if isinstance(found, tuple) else [(found, wanted)]
        for one, other in pairs:
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("case", CASES)
def test_names_of_several_types_are_refused(case):
    estimator, rows, _ = CASES[case]
    mixed = rows.set_axis([0, 1, "c", "d"], axis=1)
    with pytest.raises(ek.DataError, match="names of columns are of several types, int and str: make all of them text"):
        estimator.fit(mixed)
