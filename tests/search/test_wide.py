"""Fewer rows than columns: the search goes on in the space of the rows, and nobody can tell."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

import emkit as ek
from emkit.core.evaluation import EMMap
from emkit.search.search import search
from emkit.search.seeding import begin
from tests.laws.floors import settled
from tests.search.test_search import until

pytestmark = pytest.mark.filterwarnings(
    "ignore::emkit.errors.DegenerateDataWarning", "ignore::emkit.errors.DegenerateFitWarning"
)

FORMS = [ek.FullGaussian, ek.TiedGaussian]


def wide(rows: int = 9, columns: int = 30, apart: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, columns)) * np.exp(rng.normal(size=columns)) + 5
    return x + apart * (np.arange(rows) % 2)[:, None] * rng.normal(size=columns)


def narrowed(form: type, x: np.ndarray, weights: object = None):
    model, source = ek.Mixture(form()), ek.ArraySource(x, weights)
    beginning = begin(model, source, 2, 0, 6)
    assert beginning.narrowed is not None
    return model, source, beginning


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_step_is_that_of_all_columns(form: type, weighted: bool):
    x = np.column_stack([wide(), np.full(9, 7.0), np.zeros(9)])  # constant columns, too
    weights = np.random.default_rng(1).integers(1, 5, 9).astype(float) if weighted else None
    model, source, beginning = narrowed(form, x, weights)
    small = beginning.narrowed
    assert len(small.source.columns) == 8
    shift = small.components.gain * source.total_weight
    model = settled(model, source)
    for start in beginning.first:
        few, many = start, small.params(start)
        for _ in range(4):
            here = EMMap(small.model, small.source, few)(few)
            there = EMMap(model, source, many)(many)
            assert here.objective + shift == pytest.approx(there.objective, rel=1e-9)
            few, many = here.update, there.update
            found = small.params(few)
            np.testing.assert_allclose(found.proportions, many.proportions, atol=1e-9)
            np.testing.assert_allclose(found.components.means, many.components.means, rtol=1e-9, atol=1e-9)
            for path in ("covariances", "covariance"):
                if hasattr(found.components, path):
                    mine, other = getattr(found.components, path), getattr(many.components, path)
                    np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-9 * np.abs(other).max())


@pytest.mark.parametrize("form", FORMS)
def test_all_axes_have_the_same_variance_so_that_one_floor_is_the_same_in_all(form: type):
    _, _, beginning = narrowed(form, wide())
    variances = beginning.narrowed.source.profile.variance
    np.testing.assert_allclose(variances, variances.mean(), rtol=1e-12)


@pytest.mark.parametrize("form", ["full", "tied"])
def test_what_a_fit_says_is_of_all_columns(form: str):
    x = wide(24, 40)
    mixture = ek.GaussianMixture(2, covariance_type=form, random_state=0).fit(x)
    result = mixture.result_
    assert mixture.means_.shape == (2, 40)
    assert result.passes.columns == result.source.columns
    assert result.log_likelihood == pytest.approx(mixture.score_samples(x).sum(), rel=1e-9)
    assert result.history[-1].log_likelihood == pytest.approx(result.log_likelihood, rel=1e-12)
    assert result.runs.left[0].run.params.components.means.shape == (2, 40)
    assert result.free_parameters == ek.Mixture(result.model.family).coordinates(result.params).size
    assert "log-likelihood" in result.summary()
    assert pickle.loads(pickle.dumps(result.runs)).best.objective == result.runs.best.objective


@pytest.mark.parametrize("form", ["full", "tied"])
def test_an_evaluation_in_all_columns_would_not_move_on(form: str):
    x = wide(24, 40)
    result = ek.GaussianMixture(2, covariance_type=form, random_state=0).fit(x).result_
    with result.em() as em:
        here = em(result.params)
    assert here.objective == pytest.approx(result.objective, rel=1e-9)
    assert EMMap(result.model, result.passes, here.update)(here.update).objective <= here.objective + 1e-6 * abs(here.objective)


def test_units_and_the_order_of_columns_and_rows_do_not_matter():
    x, rng = wide(24, 40), np.random.default_rng(3)
    units = 10.0 ** rng.integers(-6, 7, 40)
    plain = ek.GaussianMixture(2, random_state=0).fit(x)
    for other, shift in (
        (x * units, -24 * np.log(units).sum()),
        (x[:, rng.permutation(40)], 0.0),
        (x[rng.permutation(24)], 0.0),
    ):
        found = ek.GaussianMixture(2, random_state=0).fit(other).result_.log_likelihood
        assert found == pytest.approx(plain.result_.log_likelihood + shift, rel=1e-8)


def test_a_row_twice_is_a_row_of_weight_two():
    x = wide(12, 40)
    weighted = ek.GaussianMixture(2, random_state=0).fit(x, sample_weight=np.full(12, 2.0)).result_
    copied = ek.GaussianMixture(2, random_state=0).fit(np.concatenate([x, x])).result_
    assert weighted.log_likelihood == pytest.approx(copied.log_likelihood, rel=1e-9)


@pytest.mark.parametrize(
    "family", [ek.DiagonalGaussian(), ek.SphericalGaussian(), ek.Exponential(), ek.FullGaussian(floor=0)], ids=lambda f: f.name
)
def test_others_need_all_columns(family: object):
    x = np.abs(wide())
    assert ek.Mixture(family).narrowed(ek.ArraySource(x)) is None  # type: ignore[arg-type]


def test_there_is_nothing_to_narrow_where_rows_are_many_or_all_are_equal():
    model = ek.Mixture(ek.FullGaussian())
    assert model.narrowed(ek.ArraySource(wide(31, 30))) is None
    assert model.narrowed(ek.ArraySource(np.ones((3, 5)))) is None


def test_covariances_that_are_given_are_looked_at_in_all_columns():
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(wide())
    assert begin(model, source, 2, 0, 2, {"components.covariances": np.stack([np.eye(30)] * 2)}).narrowed is None
    assert begin(model, source, 2, 0, 2, {"proportions": np.array([0.5, 0.5])}).narrowed is not None


def test_lost_columns_are_named_once_and_not_all():
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(wide())
    with pytest.warns(ek.DegenerateDataWarning, match="linearly dependent: x0, x1, x2, x3, x4 and 25 more") as said:
        search(model, source, begin(model, source, 2, 0, 4), until())
    assert len(said) == 1


def test_a_fit_of_low_rank_can_be_evaluated_by_its_own_model():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 3)) @ rng.normal(size=(3, 120))
    x += 9 * (np.arange(100) < 50)[:, None] * rng.normal(size=120)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = ek.GaussianMixture(2, random_state=0).fit(x).result_
        here = EMMap(result.model, result.passes, result.params)(result.params)
    assert here.objective == pytest.approx(result.objective, rel=1e-9)
