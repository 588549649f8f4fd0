"""Latent values that are numbers: what an explanation says of them, worked out by hand and by integrals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

import emkit as ek

TESTS = {
    "reading": [14.0, 17, 12, 16, 11, 19, 13, 18],
    "writing": [9.0, 12, 6, 12, 7, 13, 10, 11],
    "sums": [10.0, 14, 10, 12, 11, 15, 11, 13],
}
X = np.column_stack(list(TESTS.values()))
MEANS = np.array([15.0, 10.0, 12.0])


@pytest.fixture(scope="module")
def one_factor():
    """Loadings of 2 and uniquenesses of 4: each of three columns has the slope (2 / 4) / (1 + 3) = 1/8."""
    model = ek.FactorModel(1)
    return ek.fit(model, TESTS, model.params(MEANS, [[2.0], [2.0], [2.0]], [4.0, 4.0, 4.0]), solver="anderson")


def test_a_factor_is_expected_by_a_regression_on_its_row(one_factor):
    found = one_factor.explain().step.e_step
    assert (found.names, found.unit, found.units) == (("factor",), "row", 8)
    np.testing.assert_allclose(found.expected[:, 0], (X - MEANS).sum(axis=1) / 8, atol=1e-12)
    np.testing.assert_allclose(found.variances[:, 0], 0.25)
    assert found.formula == "0.1250 * (14 - 15) + 0.1250 * (9 - 10) + 0.1250 * (10 - 12)"
    np.testing.assert_allclose(found.second[0, 0], 8 / 4 + (((X - MEANS).sum(axis=1) / 8) ** 2).sum())


def test_the_step_and_the_ledger_are_those_of_the_factor(one_factor):
    step = one_factor.explain().step
    expected = (X - MEANS).sum(axis=1) / 8
    loadings = (X - MEANS).T @ expected / (2 + expected @ expected)
    np.testing.assert_allclose([step.after[f"loadings[{j},0]"] for j in range(3)], loadings, rtol=1e-12)
    first, raised, last = (entry.account for entry in step.ledger)
    assert first.bound == pytest.approx(first.log_likelihood)
    assert first.bound < raised.bound < last.bound
    assert raised.gap > 0
    with pytest.raises(ek.ModelError, match="what is latent here are numbers"):
        step.table.rows  # noqa: B018


def test_gaps_and_many_rows(one_factor):
    model, x = ek.FactorModel(1), np.tile(X, (9, 1))
    x[0, 1] = np.nan
    fit = ek.fit(model, x, one_factor.record.start)
    found = fit.explain(rows=5).step.e_step
    assert (found.units, len(found.expected)) == (72, 5)
    assert found.variances[0, 0] == pytest.approx(1 / 3)  # of two columns
    assert "... and 67 rows more" in str(fit.explain(rows=5))
    assert "  1    14   -  10    -0.5000       0.3333" in str(fit.explain(rows=5))


def test_an_ability_is_expected_as_its_integral_says():
    x = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    model = ek.ItemResponseModel()
    fit = ek.fit(model, x, model.params([0.5, -0.3, 0.1], [1.0, 1.4, 0.8]))
    found = fit.explain().step.e_step

    def chance(ability):
        one = expit(np.array([0.5, -0.3, 0.1]) + ability * np.array([1.0, 1.4, 0.8]))
        return np.prod(np.where(x[0] == 1, one, 1 - one)) * norm.pdf(ability)

    total, first = quad(chance, -9, 9)[0], quad(lambda a: a * chance(a), -9, 9)[0]
    row = [row["values"] == dict(zip(fit.source.columns, x[0], strict=True)) for row in found.to_dict()["rows"]].index(True)
    assert found.expected[row, 0] == pytest.approx(first / total, rel=1e-7)


def test_groups_and_series():
    rng, who = np.random.default_rng(0), np.repeat(np.arange(4), 3)
    people = ek.ArraySource(rng.standard_normal((12, 1)) + rng.standard_normal(4)[who, None], groups=who)
    mixed, level = ek.MixedModel(0), ek.local_level()
    fit = ek.fit(mixed, people, mixed.start(people.profile))
    found = fit.explain().step.e_step
    assert (found.unit, found.units, found.values) == ("group", 4, ())
    few = fit.explain(rows=3).step.e_step
    assert (few.unit, few.units, few.values, len(few.expected)) == ("group", 4, (), 3)
    series = ek.ArraySource(np.cumsum(rng.standard_normal((9, 1)), axis=0))
    moving = ek.fit(level, series, level.start(series.profile)).explain()
    assert (moving.step.e_step.unit, moving.step.e_step.units) == ("row", 9)
    assert len(json.loads(json.dumps(moving.to_dict()))["rows"]) == 9


def test_what_has_no_numbers_to_tell_says_so(one_factor, tmp_path):
    with pytest.raises(ek.ModelError, match="cannot be explained row by row"):
        one_factor.to_html(tmp_path / "page.html")
    model = ek.RestrictedMixedModel(0)
    people = ek.ArraySource([[1.0], [2.0], [4.0], [3.0]], groups=[0, 0, 1, 1])
    fit = ek.fit(model, people, model.start(people.profile))
    for ask in (fit.explain, lambda: fit.latent([[1.0], [2.0]], groups=[0, 0])):
        with pytest.raises(ek.ModelError, match=r"MixedModel|method='ml'"):
            ask()
