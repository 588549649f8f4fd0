"""Components too tight for an origin that all share: the compiled road is the plain one, for each form, alone and mixed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.data.chunk import Chunk
from emkit.families.gaussian.tight import OwnMeans
from emkit.families.linear import LinearForm, linear_form
from emkit.models import compiled
from emkit.models.together import Together
from emkit.search.seeding import spread_start
from tests.laws import together

ROWS, SMALL = 6_000, 1e-5
K = 5
NOTHING = 1e-290  # what is left of a row where a component is impossible: shares are never less than 1e-308


class Form(NamedTuple):
    """A family and how its parameters are made of means (K, d) and covariances (K, d, d)."""

    family: ek.families.GaussianFamily
    params: Callable[[Any, Any], Any]


def variances(covariances: Any) -> Any:
    return np.einsum("kjj->kj", covariances)


FORMS = {
    "full": Form(ek.FullGaussian(floor=1e-12), ek.FullGaussianParams),
    "diagonal": Form(ek.DiagonalGaussian(floor=1e-12), lambda m, c: ek.DiagonalGaussianParams(m, variances(c))),
    "spherical": Form(ek.SphericalGaussian(floor=1e-12), lambda m, c: ek.SphericalGaussianParams(m, variances(c)[:, 0])),
    "tied": Form(ek.TiedGaussian(floor=1e-12), lambda m, c: ek.TiedGaussianParams(m, c[0])),
}
WHICH = {"first": [0], "middle": [2], "all but one": [0, 1, 2, 4], "all": [0, 1, 2, 3, 4]}
forms = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
which = pytest.mark.parametrize("tight", WHICH.values(), ids=WHICH)


def problem(form: Form, tight: list[int], d: int = 3, rows: int = ROWS, shift: float = 0.0) -> tuple[Any, Chunk]:
    """Parameters of which the components `tight` are narrow, and weighted rows drawn near them."""
    rng = np.random.default_rng(d)
    means = shift + 3 * rng.normal(size=(K, d))
    factors = rng.normal(size=(K, d, d)) + 3 * np.eye(d)
    factors[tight] *= SMALL
    rows_of = rng.integers(K, size=rows)
    x = means[rows_of] + np.einsum("nij,nj->ni", factors[rows_of], rng.normal(size=(rows, d)))
    params = form.params(means, factors @ factors.swapaxes(1, 2))
    weights = rng.integers(1, 4, rows).astype(float)
    return ek.MixtureParams(rng.dirichlet(np.full(K, 9.0)), params), Chunk(x, weights)


def form_of(form: Form, params: Any) -> LinearForm[Any]:
    found = linear_form(form.family, params.components)
    assert found is not None
    return found


def assert_near(found: Any, wanted: Any, of: slice = slice(None)) -> None:
    """Equal to 1e-10 in the measure of each component's own largest sum; `of` all that are found, only some."""
    for one, other in zip(vars(found).values(), vars(wanted).values(), strict=True):
        off, scale = (np.abs(sums).reshape(len(other), -1).max(axis=1) for sums in (one[of] - other, other))
        assert np.all(off <= 1e-10 * scale + NOTHING), f"off by {(off / scale).max():.1e}"


@forms
@which
@pytest.mark.parametrize("d", [1, 2, 3, 8, 13])
@pytest.mark.parametrize("shift", [0.0, 1e8])
def test_the_compiled_e_step_equals_the_plain_one(form: Form, tight: list[int], d: int, shift: float):
    params, chunk = problem(form, tight, d, shift=shift)
    model = ek.Mixture(form.family)
    fast, plain = model.e_step(params, chunk), model.plain_e_step(params, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(fast.statistics.mass, plain.statistics.mass, rtol=1e-9, atol=NOTHING)
    assert_near(fast.statistics.components, plain.statistics.components)


@forms
@which
@pytest.mark.parametrize("d", [2, 9])
def test_the_halves_are_densities_and_sums(form: Form, tight: list[int], d: int):
    params, chunk = problem(form, tight, d)
    model = ek.Mixture(form.family, ek.Hard())
    density = form.family.log_density(params.components, chunk.x)
    np.testing.assert_allclose(compiled.log_density(form_of(form, params), chunk), density, rtol=1e-9, atol=1e-9)
    fast, plain = model.e_step(params, chunk), model.plain_e_step(params, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-10)
    np.testing.assert_array_equal(fast.statistics.mass, plain.statistics.mass)
    assert_near(fast.statistics.components, plain.statistics.components)


@forms
@which
@pytest.mark.parametrize("rows", [1, 15, 319, 320, 321, 700])
def test_rows_that_do_not_fill_a_tile(form: Form, tight: list[int], rows: int):
    params, chunk = problem(form, tight, rows=rows)
    plain = ek.Mixture(form.family).plain_e_step(params, chunk)
    mass, statistics, log_likelihood = compiled.expectations(form_of(form, params), params.proportions, chunk)
    assert log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(mass[0], plain.statistics.mass, rtol=1e-9, atol=NOTHING)
    assert_near(statistics, plain.statistics.components)
    shares = np.random.default_rng(0).dirichlet(np.ones(K), rows) * chunk.weights[:, None]
    halved = compiled.statistics(form_of(form, params), chunk, shares)
    assert_near(halved, form.family.statistics(params.components, chunk.x, shares))


@forms
@pytest.mark.parametrize("layout", ["C", "F"])
def test_layout_and_precision_of_the_data_are_read_as_they_lie(form: Form, layout: str):
    params, chunk = problem(form, [2], 3)
    given = np.array(chunk.x, dtype=np.float32, order=layout)
    fast = ek.Mixture(form.family).e_step(params, Chunk(given, chunk.weights))
    plain = ek.Mixture(form.family).plain_e_step(params, Chunk(given.astype(float), chunk.weights))
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-10)
    assert_near(fast.statistics.components, plain.statistics.components)


@pytest.mark.parametrize("form", [FORMS[name] for name in ("full", "diagonal", "spherical")], ids=["full", "diag", "spherical"])
def test_several_mixtures_side_by_side_are_as_each_alone(form: Form):
    """Those with tight components, and one without, whose components stay where they are."""
    runs = [problem(form, tight)[0] for tight in ([], [1], [0, 1, 2, 3, 4], [2, 4])]
    _, chunk = problem(form, [1])
    model = ek.Mixture(form.family)
    side_by_side = Together.of(model, runs).components
    assert set(form_of(form, ek.MixtureParams(np.ones(20) / 20, side_by_side)).rows.roads.tight) == {
        6,
        10,
        11,
        12,
        13,
        14,
        17,
        19,
    }
    found = model.e_steps(runs, side_by_side, chunk)
    for run, params in enumerate(runs):
        plain = model.plain_e_step(params, chunk)
        own = slice(run * K, (run + 1) * K)
        assert found.log_likelihood[run] == pytest.approx(plain.log_likelihood, rel=1e-10)
        np.testing.assert_allclose(found.belonging[run], plain.statistics.mass, rtol=1e-9, atol=NOTHING)
        assert_near(found.components, plain.statistics.components, own)


@forms
def test_runs_go_together_as_each_goes_alone(form: Form):
    params, chunk = problem(form, [1, 3], 2)
    together.assert_runs_go_together(ek.Mixture(form.family), params, chunk.x, np.random.default_rng(0))


@forms
@pytest.mark.parametrize("n_jobs", [2, 5])
def test_any_number_of_threads_gives_the_same_bits(form: Form, n_jobs: int):
    params, chunk = problem(form, [2], rows=12_000)
    source = ek.ArraySource(chunk.x, chunk.weights, chunk_rows=2_000)
    alone, several = (
        ek.fit(ek.Mixture(form.family), source, params, max_evaluations=4, n_jobs=number) for number in (1, n_jobs)
    )
    assert alone.history == several.history
    for one, other in zip(leaves(alone.params), leaves(several.params), strict=True):
        np.testing.assert_array_equal(one.value, other.value)


@pytest.mark.parametrize("name", ["full", "diagonal", "spherical"])
@which
def test_a_tight_component_takes_no_other_off_the_shared_origin(name: str, tight: list[int]):
    params, _ = problem(FORMS[name], tight)
    rows = form_of(FORMS[name], params).rows
    assert isinstance(rows, OwnMeans)
    np.testing.assert_array_equal(rows.roads.tight, tight)


@forms
@pytest.mark.parametrize("d", [2, 3, 20])
def test_thin_directions_keep_their_digits(form: Form, d: int):
    """Variances down to 1e-12 of the widest, in no column's direction: against sums in extended precision."""
    rng = np.random.default_rng(d)
    turned = np.linalg.qr(rng.normal(size=(K, d, d)))[0]
    if form.family.name != "gaussian":
        turned = np.broadcast_to(turned[0], turned.shape)
    scales = np.geomspace(1e-6, 1, d)
    covariances = turned * scales**2 @ turned.swapaxes(1, 2)
    means = np.einsum("kij,kj->ki", turned, rng.normal(size=(K, d)) * scales)
    x = np.concatenate([m + (rng.normal(size=(1_500, d)) * scales) @ t.T for m, t in zip(means, turned, strict=True)])
    params = ek.MixtureParams(np.full(K, 1 / K), form.params(means, (covariances + covariances.swapaxes(1, 2)) / 2))
    model, chunk = ek.Mixture(form.family), Chunk(x, np.ones(len(x)))
    fast, plain = model.e_step(params, chunk), model.plain_e_step(params, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)
    shares = model.posterior(params, chunk).responsibilities.astype(np.longdouble)
    exact = []
    for k, mean in enumerate(params.components.means):
        deviation = x.astype(np.longdouble) - mean
        exact.append((deviation * shares[:, [k]]).T @ deviation)
    whole = {"full": np.array(exact), "tied": np.sum(exact, axis=0)}
    if form is FORMS["full"] or form is FORMS["tied"]:
        wanted = whole["full" if form is FORMS["full"] else "tied"]
        measure = np.linalg.inv(np.linalg.cholesky(covariances if form is FORMS["full"] else covariances[0]))
        off = measure @ np.asarray(fast.statistics.components.scatter - wanted, dtype=float) @ measure.swapaxes(-1, -2)
        rows = fast.statistics.mass[:, None, None] if form is FORMS["full"] else len(x)
        assert np.abs(off / rows).max() < 1e-3  # what a matrix of doubles holds of a variance that is 1e-12 of others


@forms
def test_clusters_far_narrower_than_their_distance_are_found(form: Form):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1e-5, (9_000, 2)) + 50, rng.normal(0, 1e-5, (9_000, 2)) - 50])
    model = ek.Mixture(type(form.family)(floor=0))
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 2, 0))
    assert isinstance(form_of(form, result.params).rows, OwnMeans)
    np.testing.assert_allclose(np.sort(result.params.components.means[:, 0]), [x[9_000:, 0].mean(), x[:9_000, 0].mean()])
