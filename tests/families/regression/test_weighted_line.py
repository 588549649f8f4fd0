"""The arithmetic of weighted least squares, against sums and lines that NumPy makes of the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit import lessons
from emkit.explain.steps import work_out


@pytest.mark.parametrize("offset", [0.0, 40.0])
def test_sums_are_those_of_the_rows_and_lines_are_their_least_squares(offset):
    rng = np.random.default_rng(3)
    x, y, w = rng.normal(offset, 2, 50), rng.normal(3 * offset, 5, 50), rng.random((50, 2))
    rows = np.column_stack([y, x])
    family = ek.NormalRegression(0, (1,)).settled(ek.ArraySource(rows).profile)
    before = ek.NormalRegressionParams([[1.0, 2.0], [0.5, -1.0]], [3.0, 4.0])
    stats, found = family.statistics(before, rows, w), before
    for path, update in family.updates().items():
        found = ek.core.parameters.replace_at(found, {path: update(stats, before, found)})
    totals = {total.what: total.values for total in family.described.totals(stats, before)}
    for name, values in {"x": x, "y": y, "xx": x * x, "xy": x * y, "yy": y * y}.items():
        np.testing.assert_allclose(totals[name], values @ w, rtol=1e-10)
    lines = {(line.field, *line.index): line.value for line in family.described.estimates(stats, before, found)}
    for k in range(2):
        slope, intercept = np.polyfit(x, y, 1, w=np.sqrt(w[:, k]))
        away = y - intercept - slope * x
        assert lines["coefficients", k, 1] == pytest.approx(slope, rel=1e-8)
        assert lines["coefficients", k, 0] == pytest.approx(intercept, rel=1e-8)
        assert lines["variances", k] == pytest.approx(w[:, k] @ away**2 / w[:, k].sum(), rel=1e-8)


def test_no_line_is_written_whose_digits_would_be_lost():
    x = 1e9 + np.arange(10.0)
    rows = np.column_stack([x, np.where(np.arange(10) % 2 == 1, 1.0, -1.0) * (x - 1e9) + np.sin(x)])
    family = ek.Mixture(ek.NormalRegression(1, (0,)))
    start = ek.MixtureParams([0.5, 0.5], ek.NormalRegressionParams([[-1e9, 1.0], [1e9, -1.0]], [1.0, 1.0]))
    step = ek.fit(family, rows, start, max_evaluations=5).explain().step
    assert all(update.agrees for update in step.updates)
    assert any(symbol.startswith("variance") or "coefficient" in symbol for symbol in step.others)


def test_several_covariates_names_alone_and_offsets_have_words_only():
    for family in (ek.NormalRegression(0, (1, 2)), ek.NormalRegression("y", ("x",)), ek.NormalRegression(0, (1,), offset=2)):
        assert list(family.described.totals(None, None)) == []
        assert family.described.in_words == "a coefficient for each covariate, and a variance"


def test_the_lesson_works_out_both_lines():
    step = work_out(lessons.two_lines())
    assert not step.others
    assert all(update.agrees for update in step.updates)
    x, y = lessons.two_lines().source.x.T
    up = np.array([row.responsibilities[0] for row in step.rows])
    np.testing.assert_allclose(up, 1 / (1 + np.exp(((y - x) ** 2 - (y - 5 + x) ** 2) / 2)), rtol=1e-9)
    slope, intercept = np.polyfit(x, y, 1, w=np.sqrt(up))
    assert (step.after["a_up"], step.after["b_up"]) == (pytest.approx(intercept), pytest.approx(slope))
