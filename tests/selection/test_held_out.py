"""Rows that are left out: those that weights count are the rows one by one."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.selection.held_out import held_out_deviance

DAYS = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])  # with so many death notices, 0 to 9: Hasselblad (1969)


def test_rows_that_weights_count_are_dealt_one_by_one():
    start = ek.MixtureParams([1.0], ek.PoissonParams([[2.0]]))
    deaths = np.arange(10.0)
    counted = ek.fit(ek.Mixture(ek.Poisson()), deaths, start, weights=DAYS)
    repeated = ek.fit(ek.Mixture(ek.Poisson()), np.repeat(deaths, DAYS), start)
    found = held_out_deviance(counted)
    assert found == pytest.approx(held_out_deviance(repeated), abs=1.0)  # other folds of the same rows
    assert found == pytest.approx(-2 * counted.log_likelihood, abs=10.0)


def test_equal_rows_once_each_or_counted_have_the_same_number_of_parts():
    start = ek.MixtureParams([1.0], ek.PoissonParams([[2.0]]))
    fit = ek.fit(ek.Mixture(ek.Poisson()), [2.0, 3.0], start, weights=[30, 30])
    assert held_out_deviance(fit) == pytest.approx(-2 * fit.log_likelihood, rel=0.01)
