"""Figures show the numbers of the result, of its views and of the ledger, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit import lessons, plots, views
from emkit.models.around import bare
from emkit.search.seeding import spread_starts
from emkit.selection.choice import Cell, Choice, Line
from emkit.teach.why import why

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")


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


def lines(ax):
    """The data of every line with a name, (m, 2)."""
    return {line.get_label(): np.asarray(line.get_xydata()) for line in ax.lines}


def starting(ax, label):
    """The data of the line whose name begins so."""
    (found,) = (xy for name, xy in lines(ax).items() if name.startswith(label))
    return found


# --- trace ---------------------------------------------------------------------------------------------------------------


def test_the_trace_shows_the_history(coins):
    shown = starting(coins.plot("trace"), "objective")
    assert shown[:, 0].tolist() == [moment.iteration for moment in coins.history]
    assert shown[:, 1].tolist() == [moment.objective for moment in coins.history]


def test_aitkens_estimates_are_shown_and_come_close_long_before_the_end(coins):
    ax = coins.plot("trace")
    shown = starting(ax, "Aitken")
    run = views.trace(coins.history)
    known = np.isfinite(run.limit)
    assert shown[:, 1].tolist() == run.limit[known].tolist()
    assert starting(ax, "last estimate")[0, 1] == run.final_limit
    # objectives 4, 5, 6 by hand: gains g and g a, limit = l6 + g a * a / (1 - a)
    l4, l5, l6 = (coins.history[i].objective for i in (4, 5, 6))
    a = (l6 - l5) / (l5 - l4)
    assert run.limit[6] == pytest.approx(l6 + (l6 - l5) * a / (1 - a), rel=1e-14)
    best = -31.57020023599690413206945
    assert abs(run.limit[8] - best) < 0.05 * abs(coins.history[8].objective - best)


def test_accelerated_steps_have_no_aitken_estimate():
    result = lessons.two_coins().fit(solver=ek.solvers.Squarem())
    assert views.trace(result.history).final_limit is None
    assert "Aitken estimate of its limit" not in lines(result.plot("trace"))


# --- the bound and Jensen ------------------------------------------------------------------------------------------------


def test_the_bound_figure_carries_the_ledgers_numbers(coins):
    ax = coins.plot("bound")
    ledger = why(lessons.two_coins()).ledger
    assert starting(ax, "E-step").tolist() == [[0, pytest.approx(ledger[0].account.bound, rel=1e-13)]]
    assert starting(ax, "M-step").tolist() == [[1, pytest.approx(ledger[1].account.bound, rel=1e-13)]]
    assert starting(ax, "KL")[:, 1] == pytest.approx([-31.99722424495421, -31.859257948227356], rel=1e-13)
    curve = why(lessons.two_coins()).bound
    assert starting(ax, "log-likelihood") == pytest.approx(np.stack([curve.s, curve.log_likelihood], axis=1), rel=1e-13)
    assert starting(ax, "bound, with q of theta_0") == pytest.approx(np.stack([curve.s, curve.bound], axis=1), rel=1e-13)


def test_a_path_is_drawn_in_the_letters_of_the_lesson(coins):
    ax = coins.plot("path", points=3)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("theta_A", "theta_B")
    ax = lessons.three_coins().fit().plot("path", parameters=["pi", "alpha"], points=3)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("pi", "alpha")
    plain = lessons.two_coins()
    ax = ek.fit(plain.model, plain.source, plain.start).plot("path", points=3)
    assert ax.get_xlabel() == "probability_1"


def test_a_later_step_can_be_drawn_and_one_that_is_not_there_cannot(coins):
    assert starting(coins.plot("bound", step=3), "E-step")[0, 1] == pytest.approx(-31.723116079360555, rel=1e-12)
    with pytest.raises(ek.ModelError, match="no EM step 2 to draw: plain EM from this start stands still after 1"):
        lessons.three_coins().fit().plot("bound", step=2)


@pytest.mark.parametrize("choice", [0, 1, 2])
def test_jensens_figure_shows_points_weights_and_both_sides(coins, choice):
    ax = coins.plot("jensen", choice=choice)
    right = why(lessons.two_coins()).jensen[choice]
    for k, state in enumerate(("A", "B")):
        expected = [[right.points[k], np.log(right.points[k])]]
        assert starting(ax, f"{state}: weight {right.weights[k]:.3g}") == pytest.approx(np.array(expected), rel=1e-12)
    assert starting(ax, "log of the mean")[0] == pytest.approx([right.mean, right.log_of_mean], rel=1e-12)
    assert starting(ax, "mean of the logs")[0] == pytest.approx([right.mean, right.mean_of_logs], rel=1e-12)


# --- landscape -----------------------------------------------------------------------------------------------------------


def test_the_path_figure_shows_the_iterates(coins):
    shown = starting(coins.plot("path"), "EM")
    assert shown[:4] == pytest.approx(
        np.array([[0.6, 0.5], [0.7130122354005162, 0.5813393083136627], [0.7452920360819947, 0.5692557501718727],
                  [0.7680988343673213, 0.5495359141383478]]), abs=1e-14)  # fmt: skip
    assert starting(coins.plot("path"), "start")[0].tolist() == [0.6, 0.5]


def test_the_contours_are_drawn_at_drops_from_the_highest_point(coins):
    ax = coins.plot("path", points=15)
    land = views.landscape(lessons.two_coins(), estimate=coins.params, points=15)
    filled, drawn = ax.collections[:2]
    assert filled.get_array()[0] == 0 or filled.levels[0] == 0
    top = max(land.log_likelihood.max(), land.highest)
    reached = top - land.log_likelihood.min()
    assert [level for level in (0.1, 0.5, 1, 2, 3, 5, 10, 20, 50, 100) if level < reached] == drawn.levels.tolist()


# --- rows ----------------------------------------------------------------------------------------------------------------


def posterior(result, k=0):
    joint = bare(result.model).log_joint(result.params, result.source.x)
    joint = np.exp(joint - joint.max(axis=1, keepdims=True))
    return joint[:, k] / joint.sum(axis=1)


def test_classification_shows_every_row_with_its_component(geyser):
    ax = geyser.plot("classification")
    labels = np.where(posterior(geyser) > 0.5, 0, 1)
    for k, collection in enumerate(ax.collections):
        assert np.asarray(collection.get_offsets()).tolist() == geyser.source.x[labels == k].tolist()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["short: 97", "long: 175"]


def test_outlines_enclose_95_percent_of_a_component(geyser):
    for k, outline in enumerate(views.outlines(geyser.model, geyser.params, (0, 1))):
        away = outline - geyser.params.components.means[k]
        distance = np.einsum("ij,jk,ik->i", away, np.linalg.inv(geyser.params.components.covariances[k]), away)
        assert distance == pytest.approx(np.full(len(outline), stats.chi2.ppf(0.95, 2)))
    drawn = [line.get_xydata() for line in geyser.plot("classification").lines]
    assert np.asarray(drawn) == pytest.approx(views.outlines(geyser.model, geyser.params, (0, 1)))


def test_a_single_column_is_drawn_by_component_and_columns_can_be_chosen(coins, geyser):
    ax = coins.plot("classification")
    assert [np.asarray(c.get_offsets()).tolist() for c in ax.collections] == [[[9, 0], [8, 0], [7, 0]], [[5, 1], [4, 1]]]
    ax = geyser.plot("classification", columns=["waiting", "eruptions"])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("waiting", "eruptions")
    with pytest.raises(ek.ModelError, match="no column 'height'; the columns are eruptions, waiting"):
        geyser.plot("classification", columns=["height"])


def test_uncertainty_is_one_minus_the_largest_responsibility(coins, geyser):
    ax = coins.plot("uncertainty")
    shown = np.concatenate([xy for name, xy in lines(ax).items() if name in ("A", "B")])
    r = posterior(coins)
    assert sorted(shown[:, 1], reverse=True) == pytest.approx(sorted(np.minimum(r, 1 - r), reverse=True), rel=1e-12)
    view = views.rows(lessons.two_coins(), coins.params)
    assert view.expected_errors == pytest.approx(np.minimum(r, 1 - r).mean(), rel=1e-12)


def test_uncertainty_is_drawn_on_all_rows_over_the_columns_in_which_they_lie_apart(coins, geyser):
    view = views.rows(lessons.old_faithful(), geyser.params)
    assert view.spread_out == (0, 1)
    assert views.rows(lessons.two_coins(), coins.params).spread_out == ()
    marks = [found for found in geyser.plot("uncertainty").collections if len(found.get_offsets()) > 3]
    assert sum(len(found.get_offsets()) for found in marks) == 272
    for k, found in enumerate(marks):
        mine = view.labels == k
        assert np.asarray(found.get_offsets()).tolist() == view.x[mine].tolist()
        sizes, chances = found.get_sizes(), view.uncertainty[mine]
        assert (sizes - sizes.min()) / np.ptp(sizes) == pytest.approx((chances - chances.min()) / np.ptp(chances), abs=1e-9)
    one = lines(geyser.plot("uncertainty", columns=["waiting"]))
    for k, name in enumerate(("short", "long")):
        assert one[name].tolist() == np.column_stack([view.x[:, 1], view.uncertainty])[view.labels == k].tolist()


def test_pairs_show_rows_outlines_and_what_a_normal_component_is_in_each_column(geyser):
    view = views.pairs(lessons.old_faithful(), geyser.params)
    p, c = geyser.params.proportions, geyser.params.components
    for j, found in enumerate(view.densities):
        for k in (0, 1):
            expected = p[k] * stats.norm.pdf(found.x, c.means[k, j], np.sqrt(c.covariances[k, j, j]))
            assert found.parts[k] == pytest.approx(expected, rel=1e-9, abs=1e-300)
    ax = geyser.plot("pairs")
    alone, across, last = ax.child_axes
    assert [len(found.get_offsets()) for found in across.collections] == [97, 175]
    assert np.asarray([line.get_xydata() for line in across.lines]) == pytest.approx(view.outlines[0, 1])
    for panel, found in ((alone, view.densities[0]), (last, view.densities[1])):
        assert [line.get_ydata().tolist() for line in panel.lines] == found.parts.tolist()
    assert (across.get_xlabel(), across.get_ylabel()) == ("eruptions", "waiting")
    json.dumps(view.to_dict(), allow_nan=False)
    with pytest.raises(ek.ModelError, match="pairs are of two columns and more; here is one, waiting"):
        geyser.plot("pairs", columns=["waiting"])


def test_a_path_begins_inside_its_frame(geyser):
    land = views.landscape(lessons.old_faithful(), estimate=geyser.params, points=3)
    start = land.path[0]
    for at, axis in ((start[0], land.x), (start[1], land.y)):
        assert axis[0] + 0.03 * np.ptp(axis) < at < axis[-1] - 0.03 * np.ptp(axis)


def test_the_heat_map_holds_the_responsibilities_and_writes_them(coins, geyser):
    ax = coins.plot("responsibilities")
    r = posterior(coins)
    assert np.asarray(ax.images[0].get_array())[:, 0] == pytest.approx(r, rel=1e-12)
    assert [t.get_text() for t in ax.texts] == [f"{v:.3f}" for pair in zip(r, 1 - r, strict=True) for v in pair]
    sorted_map = np.asarray(geyser.plot("responsibilities").images[0].get_array())
    assert sorted(sorted_map[:, 0]) == pytest.approx(sorted(posterior(geyser)), abs=1e-15)
    assert np.all(np.diff(sorted_map.argmax(axis=1)) >= 0)


def test_tables_of_cells_have_responsibilities_too():
    result = lessons.linkage().fit()
    shown = np.asarray(result.plot("responsibilities").images[0].get_array())
    theta = result.params["theta"]
    assert shown[0, :2] == pytest.approx([2 / (2 + theta), theta / (2 + theta)], rel=1e-9)


def test_many_rows_are_sampled_and_the_figure_says_so():
    x = np.random.default_rng(0).normal(np.repeat([0.0, 9.0], 1500), 1.0)
    start = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0.0], [9.0]], [[[1.0]], [[1.0]]]))
    result = ek.fit(ek.Mixture(ek.FullGaussian()), x, start)
    assert result.plot("classification").get_title(loc="left") == "Likeliest component (2,000 of 3,000 rows)"


# --- density -------------------------------------------------------------------------------------------------------------


def test_the_density_of_one_column_is_that_of_the_fit_and_has_area_1(geyser):
    x = geyser.source.x[:, 1]
    start = ek.MixtureParams([0.4, 0.6], ek.FullGaussianParams([[54.0], [80.0]], [[[36.0]], [[36.0]]]))
    result = ek.fit(ek.Mixture(ek.FullGaussian()), ek.ArraySource(x, columns=["waiting"]), start)
    ax = result.plot("density")
    p, c = result.params.proportions, result.params.components
    for k, name in enumerate("12"):
        shown = starting(ax, name)
        expected = p[k] * stats.norm.pdf(shown[:, 0], c.means[k, 0], np.sqrt(c.covariances[k, 0, 0]))
        assert shown[:, 1] == pytest.approx(expected, rel=1e-9, abs=1e-300)
    mixture = starting(ax, "mixture")
    assert np.trapezoid(*mixture.T[::-1]) == pytest.approx(1, abs=2e-3)
    bars = ax.containers[0]
    assert sum(bar.get_height() * bar.get_width() for bar in bars) == pytest.approx(1)


def test_counts_are_compared_with_probabilities_value_by_value(coins):
    ax = coins.plot("density")
    heads = np.array([5, 9, 8, 4, 7])
    assert [bar.get_height() for bar in ax.containers[0]] == pytest.approx([np.mean(heads == h) for h in range(11)])
    a, b = coins.params.components.probabilities.ravel()
    shown = starting(ax, "mixture")
    expected = 0.5 * stats.binom.pmf(range(11), 10, a) + 0.5 * stats.binom.pmf(range(11), 10, b)
    assert shown[:, 1] == pytest.approx(expected, rel=1e-9)


def test_contours_of_two_columns_hold_the_share_they_are_labelled_with(geyser):
    view = views.density(lessons.old_faithful(), geyser.params)
    sizes = np.diff(view.x).mean() * np.diff(view.y).mean()
    assert view.total.sum() * sizes == pytest.approx(1, abs=2e-3)
    levels = geyser.plot("density").collections[0].levels
    held = [view.total[view.total >= level].sum() * sizes for level in levels]
    assert held == pytest.approx([0.99, 0.9, 0.75, 0.5, 0.25], abs=0.02)


def test_what_has_no_density_is_refused():
    with pytest.raises(ek.ModelError, match="for mixtures, not for Cells"):
        lessons.linkage().fit().plot("density")
    start = ek.MixtureParams([1.0], ek.PoissonParams([[1.0, 1.0]]))
    counts = ek.fit(ek.Mixture(ek.Poisson()), [[1, 2], [3, 4]], start)
    with pytest.raises(ek.ModelError, match="here are 2"):
        counts.plot("density")
    assert starting(counts.plot("density", column=1), "1")[:, 1] == pytest.approx(stats.poisson.pmf(range(5), 3.0))


# --- several fits, several starts ----------------------------------------------------------------------------------------


def test_the_figure_of_a_choice_has_a_line_for_each_form(geyser, geyser3):
    cells = {("full", 2): geyser, ("full", 3): geyser3, ("other", 2): geyser3}
    rows = [Line(Cell((form,), k), fit, fit, "" if form == "full" else "no maximum.") for (form, k), fit in cells.items()]
    view = views.choice_view(Choice((*rows, Line(Cell(("other",), 4), None, None, "failed.")), "bic", ("form",)))
    assert view.best == ("full", 2)
    assert view.lines["other"] == ((2, geyser3.bic, False),)
    ax = plots.choice(view)
    assert starting(ax, "full").tolist() == [[2, geyser.bic], [3, geyser3.bic]]
    assert starting(ax, "lowest: full 2").tolist() == [[2, geyser.bic]]
    ticks = dict(zip([label.get_text() for label in ax.get_yticklabels()], ax.get_yticks(), strict=True))
    assert ticks["0"] == geyser.bic
    assert ticks["1"] == pytest.approx(geyser.bic + 1)
    json.dumps(view.to_dict(), allow_nan=False)


def test_the_starts_map_counts_the_runs_of_each_optimum(geyser3):
    view = views.starts_map(geyser3.runs)
    sound = [run for run in geyser3.runs.runs if not run.outcome.failed]
    assert view.counts.sum() == len(sound) == len(view.ends)
    assert view.objectives[0] == geyser3.objective
    assert sorted(view.objectives[view.optimum]) == pytest.approx(sorted(run.objective for run in sound), rel=2e-6)
    ax = geyser3.plot("starts")
    assert starting(ax, f"{view.objectives[0]:.6g}").tolist() == view.ends[view.optimum == 0].tolist()
    assert view.distances == pytest.approx(view.distances.T)


def test_a_ridge_is_many_places_of_one_height():
    lesson = lessons.three_coins()
    starts = [ek.MixtureParams([p, 1 - p], ek.SuccessParams([[a], [b]])) for p, a, b in ((0.6, 0.1, 0.8), (0.3, 0.2, 0.9))]
    result = ek.fit(lesson.model, lesson.source, starts)
    view = views.starts_map(result.runs)
    assert view.objectives == pytest.approx([6 * np.log(0.6) + 4 * np.log(0.4)] * 2)
    assert "cannot tell them apart" in result.plot("starts").get_title(loc="left")


def test_one_run_is_no_map(coins):
    with pytest.raises(ek.ModelError, match="two runs that did not fail; there are 1"):
        coins.plot("starts")


def test_bars_of_a_rootogram_hang_from_what_is_expected(coins):
    ax = coins.plot("rootogram")
    expected = lines(ax)["expected"]
    for bar, (x, root) in zip(ax.patches, expected, strict=True):
        assert bar.get_x() + bar.get_width() / 2 == pytest.approx(x)
        assert bar.get_y() + bar.get_height() == pytest.approx(root)
    assert sum(bar.get_height() ** 2 for bar in ax.patches) == pytest.approx(5)


# --- all of them ---------------------------------------------------------------------------------------------------------


def tick_labels(axis):
    """The labels that are drawn: those of ticks within the limits."""
    low, high = sorted(axis.get_view_interval())
    shown = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    return [label for place, label in shown if low <= place <= high and label.get_text()]


@pytest.fixture(scope="module")
def chain():
    counts = [0.0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 1, 0, 1]
    return ek.HiddenMarkov("poisson", 2, random_state=0, n_init=2).fit(counts, lengths=[8, 5]).result_


@pytest.fixture
def having(coins, geyser3, chain):
    """A fit that has a figure of a kind: of counts of successes, in sequence, of two columns of numbers, or a regression."""
    frame = {"y": [0, 1, 1, 3, 2, 6, 8, 9, 5, 7], "x": [0.0, 1, 2, 3, 4, 0, 1, 2, 3, 4]}
    gated = ek.MixtureRegression("y ~ x | x", 2, family="poisson", random_state=0, n_init=1).fit(frame).result_
    own = {"rootogram": coins, "profiles": coins, "states": chain, "transitions": chain, "dwell_times": chain}
    test = (
        ek.ItemResponse("equal")
        .fit([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 1], [1, 0, 0]])
        .result_
    )
    own |= {"items": test, "information": test}
    level = ek.StateSpaceModel().fit([[5.1], [4.2], [5.9], [6.4], [np.nan], [7.9], [6.3], [8.1], [7.0], [8.8]]).result_
    rails = {"rail": [1, 1, 1, 2, 2, 2, 3, 3, 3], "time": [55, 53, 54, 26, 37, 32, 78, 91, 85]}
    mixed = ek.MixedRegression("time ~ (1 | rail)").fit(rails).result_
    scores = np.random.default_rng(0).standard_normal((60, 2)) @ [[1.0, 0.9, 0.8, 0, 0], [0, 0, 0.5, 1, 0.9]]
    factors = ek.FactorAnalysis(2).fit(scores + 0.5 * np.random.default_rng(1).standard_normal((60, 5))).result_
    own |= {"loadings": factors, "scree": factors}
    own |= {"lines": gated, "gate": gated, "smoothed": level, "effects": mixed}
    drawn, person = np.random.default_rng(2).standard_normal((8, 5)), np.repeat(np.arange(8), 4)
    size = drawn[:, :1] + np.outer(np.arange(8) % 2 * 3, np.arange(4)) + 0.4 * drawn[:, 1:]
    people = {"size": size.ravel(), "age": np.tile(np.arange(4.0), 8), "person": person}
    own["trajectories"] = ek.GrowthMixtureModel("size ~ age + (1 | person)", random_state=0, n_init=2).fit(people).result_
    return lambda kind: own.get(kind, geyser3)


def test_states_are_drawn_over_time_and_their_graph_and_stays(chain):
    ax = chain.plot("states")
    path = views.state_sequence(chain).states
    for k, name in enumerate("12"):
        assert lines(ax)[name][:, 0].tolist() == np.flatnonzero(path == k).tolist()
    written = [text.get_text() for text in chain.plot("transitions").texts]
    transitions = chain.params.transitions
    assert [f"{p:.2f}" for p in transitions.ravel() if p >= 0.005] == written[:-2]
    assert sum(bar.get_height() for bars in chain.plot("dwell_times").containers for bar in bars) == 4


@pytest.mark.parametrize(("longest", "said"), [(20, "rows of a stay"), (21, "rows of a stay, 2 to a bin")])
def test_bars_of_stays_say_how_many_rows_a_bin_has(longest, said):
    none = np.array([], int)
    view = views.DwellTimes(("1",), np.array([0.9]), np.array([10.0]), (np.array([3, longest]),), (none,))
    assert plots.dwell_times(view).get_xlabel() == said


def test_residuals_are_drawn_in_order_and_row_by_row(chain):
    found = chain.pseudo_residuals()
    assert chain.plot("qq", seed=3).lines[0].get_ydata().tolist() == sorted(found.randomised(3)[:, 0])
    drawn = chain.plot("residuals", which="ordinary").lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, chain.pseudo_residuals("ordinary").middle[:, 0])


@pytest.mark.parametrize("kind", plots.KINDS)
def test_a_figure_goes_on_the_axes_it_is_given_and_its_words_stay_inside(kind, having):
    figure, ax = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    assert having(kind).plot(kind, ax, **({"points": 5} if kind == "path" else {})) is ax
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    own = [ax.child_axes[-2]] if kind == "pairs" else [ax]  # the panel in the last row but one of its ends
    words = [word for panel in own for axis in (panel.xaxis, panel.yaxis) for word in (axis.label, *tick_labels(axis))]
    for word in (ax._left_title, *words):
        box = word.get_window_extent()
        assert word.get_text()
        assert -1 <= box.x0 <= box.x1 <= width + 1, word.get_text()
        assert -1 <= box.y0 <= box.y1 <= height + 1, word.get_text()


@pytest.mark.parametrize("kind", plots.KINDS)
def test_tick_labels_do_not_overlap(kind, having):
    ax = having(kind).plot(kind, **({"points": 5} if kind == "path" else {}))
    ax.figure.canvas.draw()
    for axis, side in ((ax.xaxis, 0), (ax.yaxis, 1)):
        boxes = [label.get_window_extent() for label in tick_labels(axis)]
        edges = sorted((box.min[side], box.max[side]) for box in boxes)
        assert all(before[1] <= after[0] + 0.5 for before, after in pairwise(edges))


def test_colours_stay_apart_without_red_or_green():
    """Viénot, Brettel & Mollon (1999): what people without red or green receptors see of the first six colours."""
    from matplotlib.colors import to_rgb

    from emkit.plots.style import COLOURS, colour, dash, marker

    linear = np.array([[c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(k)] for k in COLOURS])
    to_lms = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
    blind = {"red": [[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]], "green": [[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]}
    for seen in blind.values():
        rgb = linear @ to_lms.T @ np.array(seen).T @ np.linalg.inv(to_lms).T
        shades = np.clip(rgb, 0, 1) ** (1 / 2.2)
        gaps = np.linalg.norm(shades[:, None] - shades[None], axis=2) + np.eye(len(shades))
        assert gaps.min() > 0.1
    pairs = [(colour(k), marker(k)) for k in range(28)]
    assert len(set(pairs)) == 28
    assert len({(colour(k), str(dash(k))) for k in range(28)}) == 28


def test_an_unknown_figure_is_refused_with_the_names_of_the_others(coins):
    with pytest.raises(ek.ModelError, match="no figure 'pie'; the figures are trace, path, bound"):
        coins.plot("pie")


@pytest.mark.slow
def test_importing_emkit_and_its_views_does_not_import_matplotlib():
    code = "import emkit, sys, emkit.views, emkit.teach.why, emkit.plots; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_without_matplotlib_a_plot_says_what_to_install(coins):
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import emkit as ek\n"
        "try: ek.lessons.two_coins().fit().plot('trace')\n"
        "except ek.ModelError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "plots need matplotlib, which is not installed: install emkit[plot]."
