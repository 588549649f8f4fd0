"""The numbers that figures and pages draw: landscapes and profiles, outlines, maps of starts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit import lessons, views
from emkit.data.source import ArraySource
from emkit.search.seeding import spread_starts
from emkit.selection.choice import Cell, Choice, Line
from emkit.views.entries import value_of, with_entries


@pytest.fixture(scope="module")
def coins():
    return lessons.two_coins().fit()


@pytest.fixture(scope="module")
def geyser():
    return lessons.old_faithful().fit()


@pytest.fixture(scope="module")
def geyser3():
    source = lessons.old_faithful().source
    model = ek.Mixture(ek.FullGaussian())
    starts = spread_starts(model, source, 3, range(8))
    return ek.fit(model, source, starts, solver=ek.solvers.Squarem(), max_evaluations=400)


def test_the_landscape_is_the_log_likelihood():
    land = views.landscape(lessons.two_coins(), ("theta_A", "theta_B"), points=9)
    heads = np.array([5, 9, 8, 4, 7])
    for i, j in ((0, 4), (3, 3), (8, 8)):
        a, b = land.x[j], land.y[i]
        joint = 0.5 * a**heads * (1 - a) ** (10 - heads) + 0.5 * b**heads * (1 - b) ** (10 - heads)
        assert land.log_likelihood[i, j] == pytest.approx(np.log(joint).sum(), rel=1e-10)
    assert land.highest == pytest.approx(-31.570200235996904, rel=1e-12)


def test_the_profile_of_the_three_coins_is_known_in_closed_form():
    """pi free: the chance of a 1 can be anything between alpha and beta, so the profile is the best point in between."""
    land = views.landscape(
        lessons.three_coins(), ("alpha", "beta"), profile=True, points=6, limits=((0.05, 0.95), (0.05, 0.95))
    )
    best = np.clip(0.6, np.minimum(*np.meshgrid(land.x, land.y)), np.maximum(*np.meshgrid(land.x, land.y)))
    assert land.log_likelihood == pytest.approx(6 * np.log(best) + 4 * np.log(1 - best), abs=2e-4)
    flat = views.landscape(lessons.three_coins(), ("alpha", "beta"), points=6, limits=((0.05, 0.95), (0.05, 0.95)))
    assert np.all(flat.log_likelihood <= land.log_likelihood + 2e-4)


@pytest.mark.slow
def test_a_profile_lies_above_the_slice_and_meets_it_at_the_estimate(geyser):
    x, y = geyser.params.components.means[0]
    names = ("mean_short_eruptions", "mean_short_waiting")
    options = {"limits": ((x - 0.05, x + 0.05), (y - 1, y + 1)), "points": 3, "estimate": geyser.params}
    cut = views.landscape(lessons.old_faithful(), names, **options).log_likelihood
    profile = views.landscape(lessons.old_faithful(), names, profile=True, **options).log_likelihood
    assert np.all(profile >= cut - 1e-5)
    assert profile[1, 1] == pytest.approx(geyser.log_likelihood, abs=1e-6)
    # means held, the rest free: no worse than EM with these means frozen, and no better than the maximum
    start = with_entries(geyser.params, {"components.means[0, 0]": x - 0.05, "components.means[0, 1]": y - 1})
    held = ek.fit(ek.Frozen(geyser.model, "components.means"), geyser.source, start)
    assert held.log_likelihood - 1e-5 <= profile[0, 0] < geyser.log_likelihood


def test_entries_move_alone_and_take_along_what_must_follow():
    params = lessons.old_faithful().start
    moved = with_entries(params, {"components.covariances[0, 1, 0]": 1.5, "components.covariances[0, 0, 0]": 1.0})
    assert moved.components.covariances[0].tolist() == [[1.0, 1.5], [1.5, 36.0]]
    assert with_entries(params, {"components.covariances[0, 1, 0]": 4.0}) is None
    three = ek.MixtureParams([0.5, 0.3, 0.2], ek.PoissonParams([[1.0], [2.0], [3.0]]))
    assert with_entries(three, {"proportions[0]": 0.0}).proportions == pytest.approx([0, 0.6, 0.4])
    both = with_entries(three, {"proportions[0]": 0.1, "proportions[2]": 0.5})
    assert both.proportions == pytest.approx([0.1, 0.4, 0.5])
    assert with_entries(three, {"proportions[0]": 0.7, "proportions[2]": 0.5}) is None
    assert with_entries(three, {"components.rates[1, 0]": -1.0}) is None
    assert value_of(three, "components.rates[1, 0]") == 2.0


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("pi", "beta", "alpha"), "two parameters, not 3"),
        (("pi", "gamma"), "no free parameter 'gamma'; there are pi, proportion_b, alpha, beta"),
        (("pi", "proportion_b"), "cannot move apart"),
        (("pi", "pi"), "cannot move apart"),
    ],
)
def test_parameters_that_make_no_landscape_are_refused(names, message):
    with pytest.raises(ek.ModelError, match=message):
        views.landscape(lessons.three_coins(), names)


def test_one_parameter_makes_no_landscape():
    with pytest.raises(ek.ModelError, match="needs two parameters"):
        views.landscape(lessons.linkage())


@pytest.mark.parametrize(
    ("family", "components"),
    [
        (ek.DiagonalGaussian(), ek.DiagonalGaussianParams([[0.0, 1.0]], [[4.0, 9.0]])),
        (ek.SphericalGaussian(), ek.SphericalGaussianParams([[0.0, 1.0]], [4.0])),
        (ek.TiedGaussian(), ek.TiedGaussianParams([[0.0, 1.0]], [[4.0, 1.0], [1.0, 9.0]])),
    ],
)
def test_outlines_of_every_form_of_covariance(family, components):
    outline = views.outlines(ek.Mixture(family), ek.MixtureParams([1.0], components), (0, 1))[0]
    radius = np.sqrt(stats.chi2.ppf(0.95, 2))
    sides = [components.variances.ravel()[0]] if hasattr(components, "variances") else [4.0]
    assert np.ptp(outline[:, 0]) / 2 == pytest.approx(radius * np.sqrt(sides[0]), rel=1e-3)


def test_distances_do_not_depend_on_the_names_of_components():
    lesson = lessons.two_coins()
    swapped = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.5], [0.6]]))
    result = ek.fit(lesson.model, lesson.source, [lesson.start, swapped])
    first, second = (run.params.components.probabilities.ravel() for run in result.runs.runs)
    assert first == pytest.approx(second[::-1])
    view = views.starts_map(result.runs)
    assert view.distances == pytest.approx(np.zeros((2, 2)), abs=1e-6)
    assert view.counts.tolist() == [2]
    assert view.starts[0] == pytest.approx(view.starts[1], abs=1e-6)


def test_every_view_has_plain_values(coins, geyser, geyser3):
    subject = lessons.old_faithful()
    made = [
        views.trace(coins.history),
        views.landscape(lessons.two_coins(), points=3),
        views.rows(subject, geyser.params),
        views.density(subject, geyser.params, points=5),
        views.density(lessons.two_coins(), coins.params),
        views.starts_map(geyser3.runs),
        views.choice_view(Choice(tuple(Line(Cell((), k), fit, fit) for k, fit in ((2, geyser), (3, geyser3))), "bic")),
    ]
    for view in made:
        json.dumps(view.to_dict(), allow_nan=False)


def test_densities_of_columns_with_gaps_leave_the_gaps_out():
    x = np.array([[0.0, 1.0], [1.0, np.nan], [2.0, 0.0], [np.nan, 4.0], [3.0, 3.0], [1.5, 2.0]])
    one = ek.MixtureModel("gaussian-diag", 1).fit(x[:, :1]).result_
    full = ek.MixtureModel("gaussian-diag", 1).fit(x[~np.isnan(x[:, 0]), :1]).result_
    mine, theirs = (views.density(fit._subject(), fit.params) for fit in (one, full))
    assert mine.heights.tolist() == theirs.heights.tolist()
    two = ek.MixtureModel("gaussian", 1).fit(x).result_
    plane = views.density(two._subject(), two.params)
    assert np.isfinite(plane.total).all()
    assert len(plane.points) == 4


@pytest.mark.parametrize("value", [0.0, 3.0, -2e9])
def test_the_density_of_a_constant_column_is_drawn_around_its_only_number(value):
    x = np.full((8, 1), value)
    model = ek.Mixture(ek.DiagonalGaussian())
    params = ek.MixtureParams([1.0], ek.DiagonalGaussianParams([[value]], [[1.0]]))
    subject = lessons.Lesson("constant", "", "", model, ArraySource(x), params, ("a",))
    view = views.density(subject, params)
    json.dumps(view.to_dict(), allow_nan=False)
    assert view.x[0] < value < view.x[-1]
    assert float(view.heights @ np.diff(view.edges)) == pytest.approx(1)
