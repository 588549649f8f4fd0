"""Factors that are one, or sums of others: estimates on the edge of correlations, which a fit comes to and says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

import emkit as ek
from emkit.report.factor_edges import factors_told

TWO = "f =~ a + b + c\nh =~ d + e + f"
THREE = "f =~ a + b + c\nh =~ d + e + f\nk =~ g + h + i"


def one_factor(seed, signs=1.0, d=6):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=300)[:, None] * np.full(d, 0.7) + rng.normal(size=(300, d)) * 0.6
    return dict(zip("abcdefghi", (x * signs).T, strict=False))


def in_a_plane(seed, n=300):
    """Three columns for each of three factors, of which the third is a sum of the first two."""
    rng = np.random.default_rng(seed)
    g = rng.normal(size=(n, 2))
    factors = g @ [[1.0, 0.6, 1.6 / np.sqrt(3.2)], [0.0, 0.8, 0.8 / np.sqrt(3.2)]]
    x = np.repeat(factors, 3, axis=1) * 0.8 + rng.normal(size=(n, 9)) * 0.5
    return dict(zip("abcdefghi", x.T, strict=True))


@pytest.mark.parametrize("unit", ["variance", "first"])
@pytest.mark.parametrize(("signs", "correlation"), [(1.0, 1), (np.repeat([1.0, -1.0], 3), -1)])
def test_factors_that_are_one_are_one(unit, signs, correlation):
    """The likelihood is that of one factor, and so are standard errors: the correlation is given."""
    table = one_factor(7, signs)
    with pytest.warns(ek.EmkitWarning, match=f"Factors f and h correlate {correlation}: they are one"):
        two = ek.ConfirmatoryFactorAnalysis(TWO, unit=unit).fit(table)
    one = ek.ConfirmatoryFactorAnalysis("g =~ a + b + c + d + e + f", unit=unit).fit(table)
    assert abs(two.result_.log_likelihood - one.result_.log_likelihood) < 1e-8
    assert two.result_.converged
    assert two.result_.evaluations < 200
    assert two.factor_correlation_[0, 1] == pytest.approx(correlation, abs=1e-12)
    assert len(two.result_.boundary) == 1
    assert f"correlate {correlation}: they are one" in " ".join(two.summary().split())
    mine, other = two.tidy(), one.tidy()
    errors, wanted = ([e for e, what in zip(t["std_error"], t["parameter"], strict=True) if what == "uniqueness"]
                      for t in (mine, other))  # fmt: skip
    np.testing.assert_allclose(errors, wanted, rtol=1e-3)
    if unit == "variance":
        np.testing.assert_allclose(mine["std_error"][:6], other["std_error"][:6], rtol=1e-3)
        assert np.isnan(mine["std_error"][mine["parameter"].index("covariance")])


def test_what_comes_to_rest_inside_stays_there():
    table = one_factor(8)
    two = ek.ConfirmatoryFactorAnalysis(TWO).fit(table)
    one = ek.ConfirmatoryFactorAnalysis("g =~ a + b + c + d + e + f").fit(table)
    assert two.result_.boundary == ()
    assert two.factor_correlation_[0, 1] < 0.9999
    assert two.result_.log_likelihood > one.result_.log_likelihood + 1e-3


def height(x, entries, plane):
    """The log-likelihood of nine columns on three factors that angles turn in a plane, or on two, of which two are one."""
    loadings, noise, angles = entries[:9], np.exp(entries[9:18]), entries[18:]
    ways = [[1.0, 0.0], *([np.cos(angle), np.sin(angle)] for angle in angles)]
    root = np.array(ways if plane else [ways[0], ways[0], ways[1]])
    lines = np.repeat(root, 3, axis=0) * loadings[:, None]
    covariance, n = lines @ lines.T + np.diag(noise), len(x)
    centred = x - x.mean(axis=0)
    told = np.trace(np.linalg.solve(covariance, centred.T @ centred / n))
    return -n / 2 * (9 * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + told)


@pytest.mark.parametrize("unit", ["variance", "first"])
def test_a_factor_that_is_a_sum_of_others(unit):
    """What a numerical maximisation over all planes of factors finds."""
    table = in_a_plane(0)
    with pytest.warns(ek.EmkitWarning, match="Factor k is a sum of f and h"):
        found = ek.ConfirmatoryFactorAnalysis(THREE, unit=unit).fit(table)
    assert found.result_.converged
    assert np.linalg.eigvalsh(found.factor_correlation_)[0] == pytest.approx(0.0, abs=1e-12)
    x = np.column_stack(list(table.values()))
    start = np.concatenate([np.full(9, 0.8), np.full(9, np.log(0.25)), [0.9, 0.4]])
    best = minimize(lambda entries: -height(x, entries, True), start, method="BFGS", options={"gtol": 1e-5})
    assert found.result_.log_likelihood == pytest.approx(-best.fun, abs=1e-6)
    np.testing.assert_allclose(np.abs(found.factor_correlation_[0, 1:]), np.abs(np.cos(best.x[18:])), atol=1e-4)
    assert found.result_.identifiability()
    named = found.tidy()
    errors = np.array(named["std_error"])[[i for i, what in enumerate(named["parameter"]) if what == "covariance"]]
    assert (errors > 0).all()


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (1, 0, 2)])
def test_two_that_are_nearly_one_are_named_rather_than_a_sum(order):
    """Whichever of the three factors is the one that does not vary, given the others."""
    ways = np.array([[0.5, np.sqrt(0.75)], [1.0, 0.0], [0.996, np.sqrt(1 - 0.996**2)]])[list(order)]
    names = np.array(["f", "h", "k"])[list(order)].tolist()
    (told,) = factors_told(ek.UnitFactorParams(np.zeros(3), np.full(3, 0.7), np.full(3, 0.5), ways @ ways.T), names)
    first, later = sorted("hk", key=names.index)
    assert told.startswith(f"Factors {first} and {later} correlate 0.9960")
    assert "they are hardly two" in told


def test_scores_and_gaps_on_the_edge():
    """Factors that are one have one score; rows with gaps come to the edge as well."""
    rng, table = np.random.default_rng(0), one_factor(7)
    with pytest.warns(ek.EmkitWarning, match="they are one"):
        found = ek.ConfirmatoryFactorAnalysis(TWO).fit(table)
    scores, spreads = found.factor_scores(table)
    np.testing.assert_allclose(scores[:, 0], scores[:, 1], atol=1e-10)
    np.testing.assert_allclose(spreads[:, 0, 0], spreads[:, 1, 1], atol=1e-10)
    gaps = {name: np.where(rng.random(300) < 0.1, np.nan, column) for name, column in table.items()}
    with pytest.warns(ek.EmkitWarning, match="they are one"):
        two = ek.ConfirmatoryFactorAnalysis(TWO).fit(gaps)
    one = ek.ConfirmatoryFactorAnalysis("g =~ a + b + c + d + e + f").fit(gaps)
    assert abs(two.result_.log_likelihood - one.result_.log_likelihood) < 1e-8
    drawn = found.result_.bootstrap(20, random_state=0)
    assert np.isfinite(drawn.standard_errors().errors[6:12]).all()
