"""What cannot be of values known up to intervals or seen in windows, or tells next to nothing: refused, warned of, or right."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

NAN = np.nan
REFUSED = {
    "ends reversed": ("censored:gamma", [[3, 2], [1, 1]], "may not lie below the lower one"),
    "infinite ends": (
        "censored:gaussian",
        [[-np.inf, np.inf], [1, 1]],
        "finite number. Correct it, or leave the row out; of intervals, an end that is not known is NaN",
    ),
    "an infinite end": ("censored:weibull", [[2, np.inf], [1, 1]], "of intervals, an end that is not known is NaN"),
    "none has an upper end": ("censored:weibull", [[1, NAN], [2, NAN]], "no value is known to have an upper end"),
    "none has a lower end": ("censored:log-normal", [[NAN, 1], [NAN, 2]], "no value is known to have a lower end"),
    "one row": ("censored:exponential", [[1, 1]], "1 sample"),
    "outside the law": ("censored:weibull", [[-2, -1], [1, 1]], "numbers > 0"),
    "across the edge of the law": ("censored:beta", [[0.5, 1.5], [0.2, 0.2]], "between 0 and 1"),
    "too large": ("censored:gaussian", [[1e200, NAN], [1, 1]], "overflow"),
    "too small": ("censored:exponential", [[1e-300, 1e-300], [1e-300, NAN]], "underflow"),
    "a column too many": ("censored:exponential", [[1, 1, 1], [2, 2, 2]], "censored values have two"),
    "nothing told": ("censored:exponential", [[NAN, NAN], [NAN, NAN]], "no row says anything"),
    "before the window": (ek.Censored(ek.Truncated("exponential", 5, 9)), [[1, 2], [6, 6]], "nothing below 5"),
    "out of the window": (ek.Truncated("exponential", 5, 9), [[1], [6]], "nothing below 5"),
}


@pytest.mark.parametrize(("family", "rows", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(family, rows, said):
    with pytest.raises(ek.DataError, match=said):
        ek.MixtureModel(family, 1).fit(np.array(rows, dtype=float))


@pytest.mark.parametrize(
    ("weights", "said"), [([0, 0, 0], "all zero"), ([0, 1, 1], "no value is known to have an upper end"), ([1, -1, 1], "is -1")]
)
def test_weights_that_leave_nothing_are_refused(weights, said):
    with pytest.raises(ek.DataError, match=said):
        ek.MixtureModel("censored:exponential", 1).fit([[1.0, 1], [2, NAN], [3, NAN]], sample_weight=weights)


def test_rows_of_no_weight_are_none():
    for family, rows in (
        ("censored:exponential", [[1.0, 1], [2, NAN], [NAN, 3]]),
        ("censored-in-windows:exponential", [[3.0, 3, 1, NAN], [4, NAN, 1, NAN], [2, 2, 1, NAN]]),
    ):
        some, all_rows = (
            ek.MixtureModel(family, 1).fit(x, sample_weight=w).result_.log_likelihood
            for x, w in ((rows[:2], None), (rows, [1, 1, 0]))
        )
        assert all_rows == pytest.approx(some, rel=1e-10)
    one, other = ek.turnbull([1, 2], [1, 3]), ek.turnbull([1, 2, 5], [1, 3, 5], [1, 1, 0])
    assert np.array_equal(one.upper, other.upper)
    assert np.array_equal(one.standard_errors, other.standard_errors, equal_nan=True)


@pytest.mark.parametrize("family", ["gaussian", "weibull", "gamma"])
def test_intervals_that_all_hold_one_value_are_warned_of(family):
    rows = [[NAN, 3.0], [NAN, 4], [1, NAN], [2, NAN]]
    with pytest.warns(ek.DegenerateDataWarning, match="hold a value between 2 and 3"):
        ek.Censored(family).settled(ek.ArraySource(rows).profile)


@pytest.mark.parametrize("family", ["gaussian", "log-normal", "weibull", "gamma", "inverse-gaussian", "laplace", "student-t"])
def test_intervals_that_are_all_one_are_sure_under_a_narrow_density(family):
    """One that lies within all of them has probability 1 of each: no log-likelihood is higher than 0."""
    with pytest.warns(ek.DegenerateDataWarning, match="constant"):
        found = ek.MixtureModel(f"censored:{family}", 1).fit(np.full((20, 2), [1.0, 2.0])).result_
    assert found.log_likelihood == pytest.approx(0, abs=1e-8)


def test_angles_are_not_censored():
    with pytest.raises(ek.EmkitError, match="of angles"):
        ek.MixtureModel("censored:von-mises", 1).fit([[0.5, NAN], [0.2, 0.2]])


def test_intervals_as_narrow_as_rounding_are_densities():
    width, places = 1e-9, np.array([2.0, 3, 4])
    rows = np.concatenate([np.column_stack([places, places + width]), [[5, NAN]]])
    known = np.concatenate([np.column_stack([places, places]), [[5, NAN]]])
    narrow, exact = (ek.MixtureModel("censored:gamma", 1).fit(x).result_.log_likelihood for x in (rows, known))
    assert narrow == pytest.approx(exact + 3 * np.log(width), abs=1e-5)


def test_far_entries_leave_what_comes_after_them():
    """Of exponential times, what is left after an entry is the same however late that is."""
    near, far = ([1.0, 2.0, 5.0], [1, 1, 1], [0.0] * 3), ([1e6 + 1, 1e6 + 2, 1e6 + 5], [1, 1, 1], [1e6] * 3)
    found = [ek.MixtureModel("censored-in-windows:exponential", 1).fit(ek.survival(*each)).result_ for each in (near, far)]
    assert found[1].params.components.rates == pytest.approx(found[0].params.components.rates, rel=1e-8)
    assert found[1].log_likelihood == pytest.approx(found[0].log_likelihood, rel=1e-8)
