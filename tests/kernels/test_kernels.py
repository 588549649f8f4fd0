"""The compiled road: vector functions to the last bits, and E-steps equal to the plain ones."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import emkit as ek
from emkit.core.mapreduce import one_thread
from emkit.families import FAMILIES
from emkit.families.linear import indicators, linear_form
from emkit.kernels.columns import fill_columns
from emkit.kernels.elementary import exp_array, log_array
from emkit.kernels.mixture_pass import add_columns, add_sums, score, softmax
from emkit.kernels.workspace import aligned
from emkit.models import compiled
from emkit.models.compiled import worth_compiling
from emkit.search.seeding import spread_start
from tests.cases import NOT_LINEAR, OF_FAMILY


def ulps(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.max(np.abs(found - exact) / np.spacing(exact)))


def test_exp_is_right_to_two_units_in_the_last_place_over_its_whole_domain():
    rng = np.random.default_rng(0)
    x = np.concatenate([np.linspace(-745.1, 709.7, 100_001), -rng.exponential(3, 50_000), rng.normal(size=50_000) * 1e-8])
    out = np.empty_like(x)
    exp_array(x, out)
    with np.errstate(under="ignore"):
        assert ulps(out, np.exp(x)) <= 2


def test_exp_against_fifty_digits():
    x = np.random.default_rng(1).uniform(-700, 700, 500)
    out = np.empty_like(x)
    exp_array(x, out)
    with mpmath.workdps(50):
        exact = [mpmath.exp(mpmath.mpf(v)) for v in x]
        worst = max(abs((mpmath.mpf(o) - e) / e) for o, e in zip(out, exact, strict=True))
    assert worst < 2 * np.finfo(float).eps


def test_exp_at_the_edges():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -745.14, -1e308, 709.79, 1e308, -745.13, -744.5, -708.4])
    out = np.empty_like(x)
    exp_array(x, out)
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_array_equal(out, np.exp(x))


def test_log_is_right_to_two_units_in_the_last_place():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(0.5, 2, 100_000), np.exp(rng.uniform(-700, 700, 100_000)), np.arange(1.0, 64.0)])
    out = np.empty_like(x)
    log_array(x, out)
    exact = np.log(x)
    assert np.max(np.abs(out - exact) / np.maximum(np.spacing(np.abs(exact)), 5e-324)) <= 2
    assert out[-63] == 0.0


@pytest.mark.parametrize("n_components", [1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 19])
def test_the_blocks_are_matrix_products(n_components: int):
    rng = np.random.default_rng(n_components)
    base = aligned(6, 64)
    base[:] = rng.normal(size=base.shape)
    base[0] = 1.0
    for n_features in (1, 2, 3, 4, 5, 6, 7, 8, 9):
        pairs = rng.integers(6, size=(n_features, 2))
        features = base[pairs[:, 0]] * base[pairs[:, 1]]
        coefficients = rng.normal(size=(n_features, n_components))
        scores = aligned(n_components, 64)
        score(coefficients, 0, n_components, pairs, base, scores)
        np.testing.assert_allclose(scores, coefficients.T @ features, rtol=1e-12, atol=1e-12)
        sums = rng.normal(size=(n_components, n_features))
        expected = sums + scores @ features.T
        add_sums(scores, 0, n_components, base, pairs, sums)
        np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=1e-11)


def test_softmax_of_scores_far_apart_and_of_impossible_states():
    scores = aligned(3, 16)
    scores[0], scores[1], scores[2] = -1e300, 5.0, -2000.0
    scratch = aligned(2, 16)
    softmax(scores, np.full(16, 2.0), scratch)
    np.testing.assert_array_equal(scores[1], 2.0)
    assert np.all(scores[[0, 2]] < 1e-300)
    np.testing.assert_array_equal(scratch[0], 5.0)


LAYOUTS = {
    "rows": lambda x: x,
    "columns": np.asfortranarray,
    "some rows": lambda x: np.repeat(x, 2, axis=0)[::2],
    "some columns": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "some rows of columns": lambda x: np.asfortranarray(np.repeat(x, 2, axis=0))[::2],
    "backwards": lambda x: np.ascontiguousarray(x[::-1])[::-1],
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("d", [*range(1, 10), 12, 17])
def test_columns_are_read_from_any_layout(layout: str, d: int, dtype: type):
    rng = np.random.default_rng(d)
    origin, factor = rng.normal(size=d), 2.0 ** rng.integers(-3, 4, size=d)
    x = LAYOUTS[layout](rng.normal(size=(43, d)).astype(dtype))
    for start in (0, 32, 40):
        base = aligned(2 + d, 32)
        base[:] = np.nan
        fill_columns(x, start, origin, factor, base)
        rows = x[start : start + 32].astype(float)
        z = (rows - origin) * factor
        m = len(rows)
        np.testing.assert_array_equal(base[0], np.arange(32) < m)
        np.testing.assert_array_equal(base[1 : 1 + d, :m], z.T)
        np.testing.assert_allclose(base[1 + d, :m], (z**2).sum(axis=1), rtol=1e-14)
        np.testing.assert_array_equal(base[:, m:], 0.0)


@pytest.mark.parametrize("n_components", [1, 2, 3, 4, 7, 16])
@pytest.mark.parametrize("counts", [(3, 1, 5), (2,), (1,), (40, 2)])
def test_levels_are_features_that_are_never_stored(counts: tuple[int, ...], n_components: int):
    rng = np.random.default_rng(n_components)
    base = aligned(1 + len(counts), 64)
    base[0, :50] = 1.0  # the rest is padding
    base[1:, :50] = [rng.integers(count, size=50) for count in counts]
    base[1, :3] = -1.0, np.nan, counts[0]  # no level of that column
    features = np.array(
        [base[0] == 1, *(base[1 + j] == c for j, count in enumerate(counts) for c in range(count))], dtype=float
    )
    coefficients = rng.normal(size=(len(features), n_components))
    scores = aligned(n_components, 64)
    score(coefficients, 0, len(scores), indicators(counts), base, scores)
    np.testing.assert_allclose(scores, coefficients.T @ features, rtol=1e-12, atol=1e-12)
    sums = rng.normal(size=(n_components, len(features)))
    expected = sums + scores @ features.T
    add_sums(scores, 0, len(sums), base, indicators(counts), sums)
    np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [1, 15, 256, 257, 600])
def test_padding_counts_for_nothing(n: int):
    x = np.arange(float(n))[:, None]
    sums = np.zeros((1, 2))
    coefficients, pairs = np.array([[0.5], [0.0]]), np.array([[0, 0], [0, 1]])
    weights = np.linspace(1, 2, n)
    total, work = np.zeros(1), (aligned(2, 256), aligned(1 + 3, 256))
    add_columns(x, weights, np.zeros(1), np.ones(1), coefficients, pairs, *work, sums, total)
    np.testing.assert_allclose(sums, [[weights.sum(), weights @ x[:, 0]]])
    assert total[0] == pytest.approx(0.5 * weights.sum())


def large_sample(name: str, rng: np.random.Generator) -> np.ndarray:
    """Enough rows for the compiled road: of normals in three columns, of any other family those of its case."""
    n = 9_000
    if name.startswith("gaussian"):
        return rng.normal(size=(n, 3)) @ rng.normal(size=(3, 3)) + 4 * rng.integers(3, size=(n, 1))
    return OF_FAMILY[name].draw(rng, n)


@pytest.mark.parametrize(
    ("rows", "columns", "n_components", "worth"),
    [(7_999, 2, 2, False), (8_000, 2, 2, True), (1_000, 64, 1, True), (999, 64, 40, False), (999, 1, 900, False)],
)
def test_little_work_never_waits_for_a_compiler(rows: int, columns: int, n_components: int, worth: bool):
    assert worth_compiling(np.zeros((rows, columns)), n_components) == worth


@pytest.mark.parametrize("n_components", [2, 5, 9])
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_the_compiled_e_step_equals_the_plain_one(name: str, n_components: int):
    rng = np.random.default_rng(n_components)
    x = large_sample(name, rng)
    source = ek.ArraySource(x, rng.integers(1, 4, size=len(x)).astype(float), chunk_rows=len(x))
    model = ek.Mixture(FAMILIES[name]())
    params = spread_start(model, source, n_components, 0)
    (chunk,) = source.chunks()
    if linear_form(model.family, params.components) is None:
        assert name in NOT_LINEAR, f"{name} should take the compiled road"
        return
    fast, plain = model.e_step(params, chunk), model.plain_e_step(params, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-11)
    np.testing.assert_allclose(fast.statistics.mass, plain.statistics.mass, rtol=1e-11)
    for found, expected in zip(
        vars(fast.statistics.components).values(), vars(plain.statistics.components).values(), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layout_and_precision_of_the_data_are_read_as_they_lie(layout: str, dtype: type):
    x = np.random.default_rng(0).normal(size=(20_000, 3))
    given = np.array(x, dtype=dtype, order=layout)
    source = ek.ArraySource(given)
    assert np.shares_memory(source.x, given)
    assert source.x.dtype == dtype
    model = ek.Mixture(ek.FullGaussian())
    start = spread_start(model, ek.ArraySource(x), 2, 0)
    found = ek.fit(model, source, start, max_evaluations=3).log_likelihood
    expected = ek.fit(model, x.astype(dtype).astype(float), start, max_evaluations=3).log_likelihood
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n_jobs", [2, 3, 7])
def test_any_number_of_threads_gives_the_same_bits(n_jobs: int):
    x = np.random.default_rng(0).normal(size=(60_000, 2))
    model = ek.Mixture(ek.FullGaussian())
    start = spread_start(model, ek.ArraySource(x), 3, 0)
    alone = ek.fit(model, x, start, max_evaluations=5, n_jobs=1)
    several = ek.fit(model, x, start, max_evaluations=5, n_jobs=n_jobs)
    assert alone.history == several.history
    np.testing.assert_array_equal(alone.params.components.covariances, several.params.components.covariances)


def test_threads_are_woken_only_where_there_is_enough_to_share():
    x = np.random.default_rng(0).normal(size=(20_000, 2))
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(x)
    few, many = (ek.fit(model, source, spread_start(model, source, K, 0), max_evaluations=1) for K in (2, 40))
    assert few.executor is one_thread
    assert many.executor is not one_thread
    assert ek.fit(model, source, few.params, max_evaluations=1, n_jobs=2).executor is not one_thread


@pytest.mark.parametrize(
    ("rows", "columns", "rows_of_chunks"),
    [
        (10_000, 2, [10_000]),
        (20_000, 2, [10_000, 10_000]),
        (10_000, 16, [5_000, 5_000]),
        (10_000, 64, [2_500] * 4),
        (200_000, 2, [50_000] * 4),
        (600_000, 1, [60_000] * 10),
    ],
)
def test_chunks_are_few_and_equal_and_hold_enough(rows: int, columns: int, rows_of_chunks: list[int]):
    assert [len(chunk.x) for chunk in ek.ArraySource(np.zeros((rows, columns))).chunks()] == rows_of_chunks


def test_rows_that_no_component_can_produce_are_an_error():
    x = np.ones((20_000, 1))
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.0], [0.0]]))
    with pytest.raises(ek.ParameterError, match="probability 0 under every latent state"):
        ek.Mixture(ek.Bernoulli()).e_step(start, next(ek.ArraySource(x).chunks()))


def test_an_impossible_row_of_little_weight_is_an_error_too():
    x = np.zeros((20_000, 1))
    x[7] = 1.0
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.0], [0.0]]))
    (chunk, *_) = ek.ArraySource(x, np.full(20_000, 1e-5), chunk_rows=20_000).chunks()
    with pytest.raises(ek.ParameterError, match="probability 0 under every latent state"):
        ek.Mixture(ek.Bernoulli()).e_step(start, chunk)


class Upright(ek.Poisson):
    """A Poisson whose natural parameters lie in memory column by column."""

    def natural(self, params):
        return np.asfortranarray(super().natural(params))


def test_the_order_in_memory_of_what_a_family_returns_does_not_matter():
    rng = np.random.default_rng(0)
    x = rng.poisson([[2.0, 9.0]] * 4_000 + [[8.0, 3.0]] * 4_000).astype(float)
    params = ek.MixtureParams([0.2, 0.5, 0.3], ek.PoissonParams([[2.0, 8.0], [7.0, 3.0], [4.0, 4.0]]))
    (chunk,) = ek.ArraySource(x, chunk_rows=len(x)).chunks()
    found, wanted = (ek.Mixture(family).e_step(params, chunk) for family in (Upright(), ek.Poisson()))
    np.testing.assert_array_equal(found.statistics.mass, wanted.statistics.mass)
    np.testing.assert_allclose(
        found.statistics.mass, ek.Mixture(Upright()).plain_e_step(params, chunk).statistics.mass, rtol=1e-11
    )


@pytest.mark.parametrize("n_components", [2, 5, 9])
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_the_halves_of_the_compiled_pass_are_densities_and_sums(name: str, n_components: int):
    rng = np.random.default_rng(n_components)
    x = large_sample(name, rng)
    source = ek.ArraySource(x, rng.integers(1, 4, size=len(x)).astype(float), chunk_rows=len(x))
    hard = ek.Mixture(FAMILIES[name](), ek.Hard())
    params = spread_start(hard, source, n_components, 0)
    (chunk,) = source.chunks()
    form = linear_form(hard.family, params.components)
    if form is None:
        assert name in NOT_LINEAR, f"{name} should take the compiled road"
        return
    density = hard.family.log_density(params.components, x)
    np.testing.assert_allclose(compiled.log_density(form, chunk), density, rtol=1e-10, atol=1e-9)
    fast, plain = hard.e_step(params, chunk), hard.plain_e_step(params, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-11)
    assert fast.gap == pytest.approx(plain.gap, rel=1e-9)
    np.testing.assert_array_equal(fast.statistics.mass, plain.statistics.mass)
    for found, expected in zip(
        vars(fast.statistics.components).values(), vars(plain.statistics.components).values(), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())
