"""Cells that were not seen, in numbers: regressions, moments of completed rows, and a ledger that counts them as latent."""

from __future__ import annotations

import json

import numpy as np
import pytest

import emkit as ek
from emkit.explain import explain, ledger
from emkit.explain.subject import subject_of
from emkit.lessons import eight_plots
from emkit.teach.why import why
from tests.explained import path

X, Y = np.array([14.0, 17, 12, 19, 15, 22, 24, 21]), np.array([10.0, 13, 9, 14, 12])


def by_hand(mean, cov):
    """A step for the eight plots, with no line of emkit: expected cells, the variance about them, and the new moments."""
    slope = cov[0, 1] / cov[0, 0]
    expected, left = mean[1] + slope * (X[5:] - mean[0]), cov[1, 1] - slope * cov[0, 1]
    y = np.r_[Y, expected]
    new = np.array([X.mean(), y.mean()])
    spread = np.cov(X, y, bias=True) + np.diag([0.0, 3 * left / 8])
    return expected, left, new, spread


def test_the_first_step_is_that_of_a_pencil():
    step = eight_plots().explain().step
    assert [cell.expected[0] for cell in step.table.unseen] == pytest.approx([14, 15, 13.5], rel=1e-14)
    assert [cell.variance[0] for cell in step.table.unseen] == pytest.approx([1, 1, 1], rel=1e-14)
    assert step.table.unseen[0].formulas == ("12 + 0.5000 * (22 - 18)",)
    assert step.after["mu_y"] == pytest.approx(12.5625, rel=1e-14)


def test_five_steps_are_those_without_emkit_and_each_is_written_out():
    lesson = eight_plots()
    mean, cov = np.array([18.0, 12.0]), np.array([[16.0, 8.0], [8.0, 5.0]])
    for number in range(1, 6):
        expected, left, mean, cov = by_hand(mean, cov)
        step = lesson.explain(number).step
        assert [cell.expected[0] for cell in step.table.unseen] == pytest.approx(expected, rel=1e-13)
        assert [cell.variance[0] for cell in step.table.unseen] == pytest.approx([left] * 3, rel=1e-13)
        names = ("mu_x", "mu_y", "var_x", "cov", "var_y")
        assert [step.after[name] for name in names] == pytest.approx([*mean, cov[0, 0], cov[0, 1], cov[1, 1]], rel=1e-13)
        assert {update.symbol for update in step.updates} == set(names)
        assert all(update.agrees for update in step.updates)


def test_it_ends_where_the_regression_line_of_the_pairs_says():
    params = eight_plots().fit(tol=1e-14).params.components
    slope = np.cov(X[:5], Y)[0, 1] / np.var(X[:5], ddof=1)
    residual = np.var(Y - slope * X[:5])
    assert params.means[0, 1] == pytest.approx(Y.mean() + slope * (X.mean() - X[:5].mean()), abs=1e-6)
    assert params.covariances[0, 1, 1] == pytest.approx(residual + slope**2 * X.var(), abs=1e-6)
    on_line = np.r_[Y, Y.mean() + slope * (X[5:] - X[:5].mean())]
    assert (round(float(on_line.var()), 2), round(float(params.covariances[0, 1, 1]), 2)) == (8.75, 8.82)  # what is noticed
    assert round(float(params.means[0, 1]), 4) == 13.5411


def test_the_ledger_counts_missing_cells_as_latent():
    lesson = eight_plots()
    first, raised, last = ledger(lesson.model, lesson.source, path(lesson, 1))
    expected, left, mean, cov = by_hand(np.array([18.0, 12.0]), np.array([[16.0, 8.0], [8.0, 5.0]]))
    later, left_later, *_ = by_hand(mean, cov)
    entropy = 3 * 0.5 * np.log(2 * np.pi * np.e * left)
    apart = 0.5 * (left / left_later + (later - expected) ** 2 / left_later - 1 + np.log(left_later / left)).sum()
    assert first.account.entropy == pytest.approx(entropy, rel=1e-12)
    assert raised.account.gap == pytest.approx(apart, rel=1e-10)
    assert abs(last.account.gap) < 1e-12


@pytest.mark.parametrize("components", [1, 2])
def test_gaps_anywhere_and_several_components(components):
    rng = np.random.default_rng(3)
    x = (
        rng.normal(size=(60, 3)) @ np.array([[1.0, 0.5, 0.2], [0, 1, 0.4], [0, 0, 1]])
        + 4 * (np.arange(60) % components)[:, None]
    )
    x[rng.random(x.shape) < 0.2] = np.nan
    x[0] = [1.0, np.nan, np.nan]
    subject = subject_of(ek.GaussianMixture(components, n_init=1, random_state=0).fit(x).result_)
    found = explain(subject, rows=60)
    cells = found.step.table.unseen
    assert len(cells) == np.isnan(x).sum()
    params = found.step.params[0].components
    for cell in cells[:6]:
        i, j = (
            int(cell.label) - 1,
            subject.source.columns.index(cell.column) if subject.source.columns else int(cell.column[-1]) - 1,
        )
        seen = ~np.isnan(x[i])
        for k in range(components):
            mean, cov = params.means[k], params.covariances[k]
            slopes = np.linalg.lstsq(cov[np.ix_(seen, seen)], cov[seen, j], rcond=None)[0]
            assert cell.expected[k] == pytest.approx(mean[j] + slopes @ (x[i, seen] - mean[seen]), rel=1e-10)
            assert cell.variance[k] == pytest.approx(cov[j, j] - slopes @ cov[seen, j], rel=1e-10)
    assert all(update.agrees for update in found.step.updates)
    first, raised, last = found.step.ledger
    assert first.account.bound == pytest.approx(first.account.log_likelihood, rel=1e-12)
    assert first.account.bound <= raised.account.bound <= last.account.log_likelihood + 1e-9


def test_json_has_the_cells_and_no_number_that_is_none():
    made = eight_plots().explain().to_dict()
    assert [cell["row"] for cell in made["expected_cells"]] == ["6", "7", "8"]
    assert made["rows"][5]["values"] == {"before": 22.0, "after": None}
    json.dumps(made, allow_nan=False)


def test_the_text_says_what_is_expected_and_what_is_added():
    text = str(eight_plots().explain())
    assert "row 6:  after = 12 + 0.5000 * (22 - 18) = 14\n" in text
    assert "6    after        14    1.0000" in text
    assert "var_y = 36.250 / 8.00 - 0.56250^2 = 4.215" in text
    assert "EXPECTED CELLS" not in str(ek.lessons.old_faithful().explain())


def test_why_is_told_of_labels_only():
    with pytest.raises(ek.ModelError, match="cells that were not seen are latent values, too"):
        why(eight_plots())
