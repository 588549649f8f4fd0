"""Numbers of factors, chosen by `ek.select` as those of components are."""

import numpy as np
import pytest
from scipy import stats

import emkit as ek

LOADINGS = np.array([[0.9, 0.8, 0.7, 0, 0, 0], [0, 0, 0, 0.8, 0.7, 0.9]])


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return rng.standard_normal((300, 2)) @ LOADINGS + 0.5 * rng.standard_normal((300, 6))


def test_the_number_of_factors_has_the_lowest_criterion(rows):
    chosen = ek.select(ek.FactorAnalysis(rotation="varimax"), rows, [1, 2])
    assert chosen.best.n_components == 2
    for m in (1, 2):
        assert chosen[m].result_.bic == pytest.approx(ek.FactorAnalysis(m).fit(rows).result_.bic, rel=1e-10)
    assert chosen.best.loadings_.shape == (6, 2)
    table = chosen.table()
    assert "BIC" in table
    assert "ICL" not in table
    assert "entropy" not in table
    assert {"icl", "entropy"}.isdisjoint(chosen.lines[0].to_dict())


def test_uniquenesses_are_chosen_too(rows):
    chosen = ek.select(ek.FactorAnalysis(), rows, [1, 2], grid={"uniquenesses": ["free", "equal"]}, criterion="aic")
    assert chosen["equal", 2].result_.aic == min(chosen[form, m].result_.aic for form in ("free", "equal") for m in (1, 2))
    assert chosen.best is chosen["equal", 2]


def test_a_better_fit_is_taken_over(rows):
    factors = ek.FactorAnalysis(2).fit(rows)
    other = ek.FactorAnalysis(2).fit(rows[:150])
    factors.adopt(other.chosen_by)
    np.testing.assert_array_equal(factors.loadings_, other.loadings_)


def test_what_is_of_components_is_refused(rows):
    with pytest.raises(ek.ModelError, match="icl is of components that rows belong to"):
        ek.select(ek.FactorAnalysis(), rows, [1], criterion="icl")


def test_rows_that_are_left_out_choose_too(rows):
    chosen = ek.select(ek.FactorAnalysis(), rows, [1, 2], criterion="cv", random_state=3)
    part = np.random.default_rng(3).permutation(len(rows)) % 10
    for line in chosen.lines:
        wanted = 0.0
        for i in range(10):
            other = ek.FactorAnalysis(line.cell.components).fit(rows[part != i])
            heights = stats.multivariate_normal.logpdf(rows[part == i], other.mean_, other.get_covariance())
            wanted -= 2 * heights.sum()
        assert line.deviance == pytest.approx(wanted, abs=0.01)
    assert chosen.best.n_components == 2
