"""Repeated rows of discrete data collapse to distinct rows with counts, and nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.data.patterns import collapsed


def test_distinct_rows_in_ascending_order_with_their_weights():
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, size=(4_000, 3)).astype(float)
    weights = rng.integers(1, 5, size=4_000).astype(float)
    found = collapsed(ek.ArraySource(x, weights, ["a", "b", "c"]))
    rows, inverse = np.unique(x, axis=0, return_inverse=True)
    np.testing.assert_array_equal(found.x, rows)
    np.testing.assert_array_equal(found.weights, np.bincount(inverse.ravel(), weights))
    assert found.columns == ("a", "b", "c")


@pytest.mark.parametrize("spread", [1, 10**6])
def test_wide_ranges_are_sorted_instead_of_counted(spread: int):
    x = np.random.default_rng(0).integers(0, 9, size=(3_000, 2)) * float(spread)
    found = collapsed(ek.ArraySource(x))
    assert found.rows == 81
    assert found.total_weight == 3_000


@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(0).normal(size=(2_000, 1)),  # not whole numbers
        np.arange(2_000.0),  # nothing repeats
        np.tile([0.0, 1.0], 50),  # too few rows to matter
        np.random.default_rng(0).integers(0, 2**40, size=(2_000, 1)),  # too wide
    ],
)
def test_what_does_not_pay_stays_as_it_is(x: np.ndarray):
    source = ek.ArraySource(x)
    assert collapsed(source) is source


@pytest.mark.parametrize("family", [ek.Poisson(), ek.Bernoulli(), ek.Binomial(trials=1)])
def test_results_do_not_show_it(family: object):
    x = np.random.default_rng(0).integers(0, 2, size=(5_000, 3)).astype(float)
    model = ek.Mixture(family)  # type: ignore[arg-type]
    start = ek.search.spread_start(model, ek.ArraySource(x), 2, 0)

    class AsTheyAre(ek.Mixture):  # type: ignore[type-arg]
        def prepare(self, source: object) -> object:
            return source

    seen = ek.fit(model, x, start, max_evaluations=20)
    plain = ek.fit(AsTheyAre(family), x, start, max_evaluations=20)  # type: ignore[arg-type]
    assert seen.passes.rows == 8
    assert plain.passes.rows == 5_000
    assert seen.rows == plain.rows
    assert seen.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    assert seen.bic == pytest.approx(plain.bic, rel=1e-12)


@pytest.mark.parametrize(("columns", "levels"), [(8, 11), (12, 7), (17, 11), (22, 7), (38, 3)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_wide_tables_are_decoded_to_the_rows_that_were_there(columns: int, levels: int, dtype: type):
    rng = np.random.default_rng(0)
    distinct = rng.integers(levels, size=(60, columns))
    distinct[0], distinct[1] = 0, levels - 1
    x = distinct[rng.integers(60, size=3_000)].astype(dtype)
    found = collapsed(ek.ArraySource(x))
    np.testing.assert_array_equal(found.x, np.unique(x, axis=0))


def gridded(rows: int = 8_000) -> np.ndarray:
    return np.clip(np.round(np.random.default_rng(0).normal(0, 1.2, rows) / 0.25) * 0.25, -3, 3)


def test_rows_of_any_numbers_collapse():
    values, counts = np.unique(gridded(), return_counts=True)
    found = collapsed(ek.ArraySource(gridded() * 0.1))
    np.testing.assert_allclose(found.x[:, 0], values * 0.1)
    np.testing.assert_array_equal(found.weights, counts)


def test_gaps_are_equal_to_each_other():
    x = np.random.default_rng(0).choice([0.5, 1.0, np.nan], size=(1_000, 3))
    found = collapsed(ek.ArraySource(x))
    np.testing.assert_array_equal(np.nan_to_num(found.x, nan=2.0), np.unique(np.nan_to_num(x, nan=2.0), axis=0))
    assert found.total_weight == 1_000


def test_rows_that_repeat_in_some_columns_only_stay():
    x = np.column_stack([gridded(2_000), np.random.default_rng(1).normal(size=2_000)])
    source = ek.ArraySource(x)
    assert collapsed(source) is source


def test_numbers_too_large_to_be_subtracted_are_no_matter():
    source = ek.ArraySource(np.where(gridded(1_000) > 0, 1.7e308, -1.7e308))
    with np.errstate(over="ignore"):
        assert collapsed(source).rows == 2


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
@pytest.mark.parametrize("form", ["full", "diag", "spherical", "tied"])
def test_a_fit_of_rows_is_that_of_weighted_values(form: str):
    x = gridded(1_000)
    values, counts = np.unique(x, return_counts=True)
    rows = ek.GaussianMixture(3, covariance_type=form, random_state=0).fit(x[:, None])
    weighted = ek.GaussianMixture(3, covariance_type=form, random_state=0).fit(values[:, None], sample_weight=counts)
    assert rows.result_.source.rows == len(rows.predict(x[:, None])) == 1_000
    assert rows.result_.log_likelihood == pytest.approx(weighted.result_.log_likelihood, rel=1e-9)
    np.testing.assert_allclose(rows.means_, weighted.means_, rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
def test_as_many_components_as_values_are_a_spike_on_each():
    x = gridded()
    counts = np.unique(x, return_counts=True)[1]
    found = ek.GaussianMixture(len(counts), random_state=0).fit(x[:, None]).result_
    floor = 1e-6 * x.var()
    best = (counts * np.log(counts / len(x))).sum() - len(x) / 2 * np.log(2 * np.pi * floor)
    assert found.log_likelihood == pytest.approx(best, abs=1e-4)
    assert len(found.degenerate) == len(counts)
