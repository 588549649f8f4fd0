"""Mixtures of people: integrals by brute force, slopes, one class, what is shared, recoveries, and what cannot be."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

import emkit as ek
from emkit.core.evaluation import EMMap
from emkit.core.parameters import get_at, leaves, replace_at
from emkit.inference.scores import score
from tests.continuous import MIXTURES
from tests.laws import maxima, streams

over_mixtures = pytest.mark.parametrize("name", MIXTURES)
RASCH = ek.PartialCredit()


def rows(name, n, share=0.0, seed=3):
    model, params = MIXTURES[name]
    rng = np.random.default_rng(seed)
    x, _ = model.draw(params, rng, n)
    return np.where(rng.random(x.shape) < share, np.nan, x)


def chances(item, ability):
    """Of each answer, by the textbook's formulas."""
    match item:
        case ek.GradedItem(cuts=cuts, slope=slope):
            return np.diff(np.concatenate([[0.0], expit(cuts - slope * ability), [1.0]]))
        case ek.SlopedItem(intercepts=intercepts, slope=slope):
            odds = np.exp(np.concatenate([[0.0], intercepts]) + slope * ability * np.arange(len(intercepts) + 1))
        case ek.UnitSlopeItem(intercepts=intercepts):
            odds = np.exp(np.concatenate([[0.0], intercepts]) + ability * np.arange(len(intercepts) + 1))
    return odds / odds.sum()


def written_out(name, x):
    """p(row, class) (n, K), by adaptive quadrature."""
    model, params = MIXTURES[name]
    found = np.empty((len(x), model.classes))
    spreads = np.broadcast_to(params.abilities.spreads, params.abilities.means.shape)
    for k, (share, mean, spread) in enumerate(zip(params.proportions, params.abilities.means, spreads, strict=True)):
        own, shared = iter(params.classes[k].items), iter(params.shared)
        items = [next(shared) if j in model.shared else next(own) for j in range(len(model.kinds))]
        for i, row in enumerate(x):
            seen = [(item, int(answer)) for item, answer in zip(items, row, strict=True) if not np.isnan(answer)]

            def density(ability, seen=seen, mean=mean, spread=spread):
                return norm.pdf(ability, mean, spread) * np.prod([chances(item, ability)[answer] for item, answer in seen])

            found[i, k] = share * quad(density, -14, 14, epsabs=1e-14, epsrel=1e-12, limit=300)[0]
    return found


@over_mixtures
def test_likelihood_and_responsibilities_are_integrals_over_ability(name):
    model, params = MIXTURES[name]
    x = rows(name, 8, 0.2)
    wanted, chunk = written_out(name, x), ek.Chunk(x, np.ones(8))
    found = model.posterior(params, chunk)
    np.testing.assert_allclose(found.log_likelihood, np.log(wanted.sum(axis=1)), rtol=1e-9)
    np.testing.assert_allclose(found.responsibilities, wanted / wanted.sum(axis=1, keepdims=True), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(model.row_objectives(params, chunk), np.log(wanted.sum(axis=1)), rtol=1e-9)


@over_mixtures
def test_probabilities_of_all_patterns_sum_to_one(name):
    model, params = MIXTURES[name]
    patterns = np.array(list(itertools.product(*(range(kind.levels) for kind in model.kinds))), dtype=float)
    heights = model.row_objectives(params, ek.Chunk(patterns, np.ones(len(patterns))))
    assert np.exp(heights).sum() == pytest.approx(1.0, abs=1e-9)


@over_mixtures
def test_slopes_of_the_log_likelihood_follow_from_what_is_expected(name):
    """Fisher's identity, beside differences of the objective."""
    model, params = MIXTURES[name]
    em = EMMap(model, ek.ArraySource(rows(name, 60, 0.1)), params)
    coordinates = model.coordinates(params)
    here, step = coordinates.pack(params), 1e-5
    ends = [
        [em.objective(coordinates.unpack(here + sign * move, params)) for sign in (1, -1)] for move in step * np.eye(len(here))
    ]
    np.testing.assert_allclose(score(em, params), [(up - down) / (2 * step) for up, down in ends], atol=3e-5)
    assert len(here) == model.layout.size


@over_mixtures
def test_items_can_be_held_and_what_is_carried_tells_the_same(name):
    x, (model, params) = rows(name, 40, 0.2), MIXTURES[name]
    streams.assert_carried_statistics_tell_the_same(model, params, x)
    held = model.layout.paths[0]
    maxima.assert_held_stay(ek.Frozen(model, held), params, (held,), x, ek.solvers.Plain())


@over_mixtures
def test_compiled_and_plain_passes_agree(name):
    model, params = MIXTURES[name]
    x = rows(name, 3000, 0.1)
    whole = model.e_step(params, ek.Chunk(x, np.ones(3000)))
    parts = [model.e_step(params, ek.Chunk(x[i : i + 500], np.ones(500), i)) for i in range(0, 3000, 500)]
    assert whole.log_likelihood == pytest.approx(sum(part.log_likelihood for part in parts), rel=1e-12)
    np.testing.assert_allclose(whole.statistics.answers, sum(p.statistics.answers for p in parts), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(whole.statistics.people, sum(p.statistics.people for p in parts), rtol=1e-12)
    assert whole.statistics.people.sum() == pytest.approx(3000, rel=1e-12)


def test_one_class_is_the_model_of_its_items():
    kinds = [ek.GeneralisedPartialCredit(3), *[ek.GradedResponse(3)] * 2, ek.GeneralisedPartialCredit()]
    items = [ek.SlopedItem([0.5, 0.0], 1.0), *[ek.GradedItem([-1.0, 1.0], 1.5)] * 2, ek.SlopedItem([0.3], 1.2)]
    one, mixture = ek.ItemsModel(kinds), ek.ItemMixture(kinds, 1)
    source = ek.ArraySource(one.draw(one.params(items), np.random.default_rng(0), 400))
    wanted = ek.fit(one, source, one.start(source.profile), solver="anderson")
    found = ek.fit(mixture, source, mixture.starts(source.profile, 1, [0]), solver="anderson")
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, abs=1e-6)
    assert found.free_parameters == wanted.free_parameters
    chunk = ek.Chunk(source.x, np.ones(400))
    for mine, of in zip(mixture.latent(found.params, chunk), one.latent(found.model.layout.of_class(found.params, 0), chunk),
                        strict=True):  # fmt: skip
        np.testing.assert_allclose(mine, of, rtol=1e-9, atol=1e-12)


def test_classes_that_are_known_are_groups():
    """The step of a mixture whose classes no row leaves in doubt is that of groups with these labels."""
    kinds, rng = [RASCH] * 4, np.random.default_rng(0)
    items = [ek.UnitSlopeItem([at]) for at in (-1.0, 0.0, 0.5, 1.0)]
    groups = ek.ItemsModel(kinds, groups=2)
    at = groups.params(items, [0.0, 0.5], [1.0, 1.3])
    x = groups.draw(at, rng, 200)
    mixture = ek.ItemMixture(kinds, 2, shared=range(4))
    here = mixture.params([0.5, 0.5], [[], []], items, [0.0, 0.5], [1.0, 1.3])
    counts = groups.e_step(at, ek.Chunk(x, np.ones(200))).statistics.answers
    stats = type(mixture.e_step(here, ek.Chunk(x[:, :4], np.ones(200))).statistics)(counts, np.bincount(x[:, 4].astype(int)))
    found, wanted = mixture.m_step(stats, here), groups.m_step(groups.e_step(at, ek.Chunk(x, np.ones(200))).statistics, at)
    np.testing.assert_allclose(found.abilities.means, wanted.abilities.means, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.abilities.spreads, wanted.abilities.spreads, rtol=1e-6)
    np.testing.assert_allclose(found.proportions, np.bincount(x[:, 4].astype(int)) / 200)


@over_mixtures
def test_classes_change_places_with_all_that_they_have(name):
    """Told beside the other class, people and answers are the same."""
    model, params = MIXTURES[name]
    turned = model.in_order(params, [1, 0])
    model.layout.refuse(turned)
    x = ek.Chunk(rows(name, 20), np.ones(20))
    np.testing.assert_allclose(model.row_objectives(turned, x), model.row_objectives(params, x), rtol=1e-12)
    np.testing.assert_allclose(
        model.posterior(turned, x).responsibilities, model.posterior(params, x).responsibilities[:, ::-1], rtol=1e-9
    )
    for leaf, wanted in zip(leaves(model.in_order(turned, [1, 0])), leaves(params), strict=True):
        np.testing.assert_allclose(leaf.value, wanted.value, rtol=1e-12, atol=1e-12)


@over_mixtures
@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_classes_come_in_one_order(name, order):
    """By mean ability where they share items, else by their first item; whichever a fit has found first."""
    model, params = MIXTURES[name]
    x = rows(name, 200)
    fit = ek.fit(model, x, model.in_order(params, order), max_evaluations=3).in_order()
    other = ek.fit(model, x, params, max_evaluations=3).in_order()
    np.testing.assert_allclose(*(model.coordinates(params).entries(each.params) for each in (fit, other)), rtol=1e-6, atol=1e-8)
    first, second = fit.params.abilities.means if model.shared else (
        next(leaves(each)).value[0] for each in fit.params.classes
    )  # fmt: skip
    assert first < second


def test_runs_that_found_classes_in_another_order_are_told_alike():
    """For a map of starts: what classes share is told beside the same class."""
    from emkit.views import comparable_runs

    model, params = MIXTURES["shared"]
    fit = ek.fit(model, rows("shared", 200), [params, model.in_order(params, [1, 0])], max_evaluations=4)
    entries = model.coordinates(params).entries
    raw, told = ([entries(run.params) for run in runs.runs] for runs in (fit.runs, comparable_runs(fit)))
    np.testing.assert_allclose(*told, rtol=1e-5, atol=1e-7)
    assert np.abs(raw[0] - raw[1]).max() > 0.1


def test_a_class_whose_people_are_all_alike_is_no_unit():
    model, params = MIXTURES["shared"]
    alike = replace_at(params, {"abilities.spreads": np.array([1.0, 0.0]), "abilities.means": np.array([0.0, -1.0])})
    assert model.in_order(alike, [1, 0]) is None
    assert model.order(alike) == [0, 1]
    fit = ek.fit(ek.Frozen(model, "abilities"), rows("shared", 100), alike, max_evaluations=2)
    assert fit.in_order().params.abilities.spreads.tolist() == [1.0, 0.0]


@over_mixtures
def test_labels_name_the_columns_that_items_are_of(name):
    """An item that is moved alone moves the chances of its column alone."""
    from emkit.report.labels import Names, labels

    model, params = MIXTURES[name]
    columns = [f"q{j}" for j in range(len(model.kinds))]
    words = labels(params, Names(columns))
    levels = np.concatenate([np.full(kind.levels, j) for j, kind in enumerate(model.kinds)])
    for path in model.layout.paths:
        (of,) = {label.of.partition(",")[0] for entry, label in words.items() if entry.startswith(f"{path}.")}
        moved = replace_at(params, {path: replace_at(get_at(params, path), {
            leaf.path: leaf.value + 0.1 for leaf in leaves(get_at(params, path))})})  # fmt: skip
        before, after = (
            np.array([model.test.log_chances(model.layout.of_class(each, k), np.zeros(1))[:, 0] for k in range(2)])
            for each in (params, moved)
        )
        assert {columns[j] for j in levels[(before != after).any(axis=0)]} == {of}


def test_items_said_to_be_elsewhere_are_refused():
    model, params = MIXTURES["shared"]
    unsaid = ek.ItemMixtureParams(params.proportions, params.shared, params.classes, params.abilities)
    model.layout.refuse(unsaid)  # counted from 0, as it is
    wrong = [replace(each, places=()) for each in params.classes]
    with pytest.raises(ek.ParameterError, match=r"said to be at places \(\), and are at \(1, 2\) of the columns"):
        model.layout.refuse(replace(params, classes=tuple(wrong)))


def test_classes_stay_where_an_item_of_one_is_held():
    model, params = MIXTURES["rasch"]
    path = model.layout.paths[0]
    fit = ek.fit(ek.Frozen(model, path), rows("rasch", 200), params, max_evaluations=3)
    assert fit.in_order().params is fit.params


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_runs_ascend_from_wild_starts(seed):
    name = list(MIXTURES)[seed % len(MIXTURES)]
    model, _ = MIXTURES[name]
    source = ek.ArraySource(rows(name, 80, 0.1 * (seed % 2), seed))
    for start in model.starts(source.profile, 2, [seed, seed + 12]):
        maxima.assert_ascends(model, source, start, ek.solvers.Plain(), 8)
        maxima.assert_ascends(model, source, start, ek.solvers.Anderson(), 8)


@pytest.mark.slow
def test_two_ways_to_solve_tasks_are_found():
    """Rost's example: items in one order of difficulty for one class, and in the other for the other."""
    model = ek.ItemMixture([RASCH] * 10)
    at = np.linspace(-2.5, 2.5, 10)
    true = model.params([0.4, 0.6], [[ek.UnitSlopeItem([b]) for b in order] for order in (at, at[::-1])], spreads=[1.0, 0.7])
    rng = np.random.default_rng(0)
    source = ek.ArraySource(model.draw(true, rng, 2000)[0])
    fit = ek.fit(model, source, model.starts(source.profile, 2, range(4)), solver="anderson").in_order()
    assert "reached by 4 runs" in str(fit.starts())
    errors = dict(zip(*(getattr(fit.standard_errors(), each) for each in ("names", "errors")), strict=True))
    coordinates = model.coordinates(true)
    names = coordinates.entry_names(true)
    from emkit.core.parameters import get_at

    for name in names:
        path, _, place = name.partition("[")
        index = int(place.rstrip("]")) if place else ()
        off = np.asarray(get_at(fit.params, path))[index] - np.asarray(get_at(true, path))[index]
        assert abs(off) < 4 * errors[name], name
    one = ek.ItemMixture([RASCH] * 10, 1)
    assert fit.bic < ek.fit(one, source, one.starts(source.profile, 1, [0]), solver="anderson").bic - 500


@pytest.mark.slow
def test_spreads_of_classes_are_one_where_they_are_equal():
    model, params = MIXTURES["equal"]
    source = ek.ArraySource(model.draw(params, np.random.default_rng(1), 3000)[0])
    equal = ek.fit(model, source, params, solver="anderson")
    free = ek.ItemMixture(model.kinds, 2, model.shared)
    start = free.params(params.proportions, [each.items for each in params.classes], params.shared,
                        params.abilities.means, np.full(2, params.abilities.spreads))  # fmt: skip
    other = ek.fit(free, source, start, solver="anderson")
    assert 0 <= 2 * (other.log_likelihood - equal.log_likelihood) < 15
    assert other.free_parameters == equal.free_parameters + 1
    assert np.shape(equal.params.abilities.spreads) == ()


ITEMS = [ek.UnitSlopeItem([at]) for at in (-1.0, 0.0, 0.5, 1.0)]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ek.ItemMixture([RASCH] * 4, 0), "classes"),
        (lambda: ek.ItemMixture([RASCH] * 4, shared=[4]), "shared has 4; items are counted from 0 to 3"),
        (lambda: ek.ItemMixture([RASCH] * 4).params([0.5, 0.5], [ITEMS]), "there are 1 classes; of 2 classes"),
        (lambda: ek.ItemMixture([RASCH] * 4).params([0.5, 0.5], [ITEMS, ITEMS[:3]]), r"of 3 classes\[1\].items, but the model"),
        (lambda: ek.ItemMixture([RASCH] * 4).params([0.5, 0.5], [ITEMS, ITEMS], means=[0, 1]), "say where 0 and 1 of ability"),
        (lambda: ek.ItemMixture([RASCH] * 4, shared=[0]).params([0.5, 0.5], [ITEMS[1:]] * 2), "of 0 shared"),
    ],
)
def test_what_cannot_be_is_refused(make, sentence):
    with pytest.raises(ek.EmkitError, match=sentence):
        make()


def test_more_parameters_than_patterns_are_refused():
    x = ek.ArraySource(np.random.default_rng(0).integers(0, 2, (100, 3)).astype(float))
    with pytest.raises(ek.DataError, match="3 items have 8 patterns of answers, too few to tell 9 parameters"):
        ek.ItemMixture([RASCH] * 3).starts(x.profile, 2, [0])
    with pytest.raises(ek.ModelError, match="is of 2 classes, and 3 were asked for"):
        ek.ItemMixture([RASCH] * 3).starts(x.profile, 3, [0])
