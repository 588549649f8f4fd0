"""Components of replicates are put in the order of the estimate's."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves, replace_at
from emkit.models.order import reordered
from emkit.models.told_apart import exchanged
from emkit.selection.alignment import Alignment
from emkit.selection.refits import Refit, Refits
from tests.continuous import MIXTURES

CENTRES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])


@pytest.fixture
def three() -> ek.Result:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(centre, 1.0, (40, 2)) for centre in CENTRES])
    start = ek.MixtureParams([1 / 3] * 3, ek.SphericalGaussianParams(CENTRES, [1.0] * 3))
    return ek.fit(ek.Mixture(ek.SphericalGaussian()), x, start)


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [2, 0, 1]])
def test_a_switch_of_labels_is_undone(three, order):
    alignment = Alignment.to(three.model, three.params, three.source)
    found, doubtful = alignment.of(reordered(three.params, order))
    assert not doubtful
    for leaf, expected in zip(leaves(found), leaves(three.params), strict=True):
        assert (leaf.value == expected.value).all()


def test_it_is_in_doubt_where_two_components_share_the_rows_of_one(three):
    merged = ek.MixtureParams(
        [0.3, 0.3, 0.4], ek.SphericalGaussianParams([[-1.0, 0.0], [1.0, 0.0], [3.0, 3.0]], [1.0, 1.0, 9.0])
    )
    _, doubtful = Alignment.to(three.model, three.params, three.source).of(merged)
    assert doubtful


def test_components_told_apart_by_what_is_held_of_them_stay(three):
    held = ek.Frozen(three.model, "components.means")
    assert Alignment.to(held, three.params, three.source) is None


def test_the_bootstrap_aligns_runs_that_have_switched(three, monkeypatch):
    straight = three.bootstrap(20, random_state=0)
    to = Refits.to

    def switched(self, chunks):
        return [Refit(reordered(each.params, [2, 0, 1]), each.log_likelihood) for each in to(self, chunks)]

    monkeypatch.setattr(Refits, "to", switched)
    assert (three.bootstrap(20, random_state=0).replicates == straight.replicates).all()


def test_many_rows_are_told_by_some_of_them():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.poisson(2, 3_000), rng.poisson(30, 3_000)])[:, None].astype(float) + rng.normal(0, 0.01, (6_000, 1))
    params = ek.MixtureParams([0.5, 0.5], ek.SphericalGaussianParams([[2.0], [30.0]], [2.0, 30.0]))
    model = ek.Mixture(ek.SphericalGaussian())
    alignment = Alignment.to(model, params, ek.ArraySource(x))
    assert len(alignment.chunk.x) <= 1_100
    found, doubtful = alignment.of(reordered(params, [1, 0]))
    assert not doubtful
    assert found.components.means[0, 0] == 2.0


@pytest.mark.parametrize(
    ("held", "aligned"),
    [
        (("proportions",), True),  # alike in all
        (("proportions[0]", "proportions[1]", "proportions[2]"), True),
        (("components.variances[1]",), False),
        (("components.means",), False),
    ],
)
def test_what_is_held_alike_of_all_components_tells_none_apart(three, held, aligned):
    alike = ek.MixtureParams([1 / 3] * 3, three.params.components)

    class Holding(ek.Mixture):
        def held(self, params):
            return held

    model = Holding(ek.SphericalGaussian())
    alignment = Alignment.to(model, alike, three.source)
    assert (alignment is not None) == aligned
    if alignment is not None:
        found, _ = alignment.of(reordered(alike, [2, 0, 1]))
        np.testing.assert_array_equal(found.components.means, alike.components.means)


def switch(monkeypatch):
    """Let every run of a replicate end with its first two components in each other's place."""
    to = Refits.to

    def switched(self, chunks):
        each = to(self, chunks)
        return [Refit(exchanged(self.model, one.params, [1, 0]), one.log_likelihood) for one in each]

    monkeypatch.setattr(Refits, "to", switched)


WRAPPED = {
    "bare": lambda model: model,
    "with a prior": lambda model: ek.WithPrior(model, {"proportions": ek.DirichletPrior(2.0)}),
    "held": lambda model: ek.Frozen(model, "proportions"),
    "both": lambda model: ek.Frozen(ek.WithPrior(model, {"proportions": ek.DirichletPrior(2.0)}), "proportions"),
}


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("name", MIXTURES)
def test_classes_of_people_are_aligned(name, wrapped):
    model, params = MIXTURES[name]
    params = replace_at(params, {"proportions": np.array([0.5, 0.5])})
    source = ek.ArraySource(model.draw(params, np.random.default_rng(0), 300)[0])
    alignment = Alignment.to(WRAPPED[wrapped](model), params, source)
    found, doubtful = alignment.of(exchanged(model, params, [1, 0]))
    assert not doubtful
    for leaf, wanted in zip(leaves(found), leaves(params), strict=True):
        np.testing.assert_allclose(leaf.value, wanted.value, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["rasch", "shared"])
def test_bootstraps_of_classes_of_people_align_them(name, monkeypatch):
    model, params = MIXTURES[name]
    source = ek.ArraySource(model.draw(params, np.random.default_rng(0), 100)[0])
    fit = ek.fit(model, source, params, max_evaluations=5)
    straight = fit.bootstrap(1, kind="case", random_state=0)
    switch(monkeypatch)
    switched = fit.bootstrap(1, kind="case", random_state=0).replicates
    np.testing.assert_allclose(switched, straight.replicates, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_components_are_aligned_whatever_their_model_is_wrapped_in(three, wrapped):
    alike = ek.MixtureParams([1 / 3] * 3, three.params.components)
    alignment = Alignment.to(WRAPPED[wrapped](three.model), alike, three.source)
    found, doubtful = alignment.of(reordered(alike, [2, 0, 1]))
    assert not doubtful
    np.testing.assert_array_equal(found.components.means, alike.components.means)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: ek.WithPrior(model, {"shared.0": lambda values: -float((values**2).sum())}),
        lambda model: ek.Frozen(model, "shared.0"),
        lambda model: ek.Frozen(model, "abilities"),
    ],
)
def test_classes_stay_where_what_is_known_is_beside_the_first(wrap):
    """In units of another class, the shared item would be another one."""
    model, params = MIXTURES["shared"]
    x = model.draw(params, np.random.default_rng(0), 200)[0]
    assert Alignment.to(wrap(model), params, ek.ArraySource(x)) is None
    fit = ek.fit(wrap(model), x, params, max_evaluations=3)
    assert fit.in_order().params is fit.params


def test_priors_that_differ_tell_components_apart(three):
    prior = ek.WithPrior(three.model, {"components.means": lambda means: -float(((means - CENTRES) ** 2).sum())})
    assert Alignment.to(prior, three.params, three.source) is None
    assert ek.fit(prior, three.source, three.params, max_evaluations=2).in_order().params.components.means[0, 0] < 1


@pytest.mark.parametrize("spread", ["own", "shared"])
def test_classes_of_groups_are_aligned(spread, monkeypatch):
    rng, time, who = np.random.default_rng(0), np.tile(np.arange(4.0), 40), np.repeat(np.arange(40), 4)
    y = rng.standard_normal(40)[who] + who % 2 * 2.0 * time + rng.standard_normal(160) / 2
    source = ek.ArraySource(np.column_stack([y, time]), groups=who)
    model = ek.GrowthMixture(ek.MixedModel(0, (1,)), spread)
    fit = ek.fit(model, source, model.starts(source.profile, 2, range(2)), solver="anderson")
    straight = fit.bootstrap(3, random_state=0)
    switch(monkeypatch)
    assert (fit.bootstrap(3, random_state=0).replicates == straight.replicates).all()
