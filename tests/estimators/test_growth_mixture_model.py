"""Growth mixtures by formula: a closed form, a search, classes of groups that are new, files, names, and what cannot be."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import emkit as ek
from emkit.views import starts_map, trajectories

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

G, N = 60, 5
RNG = np.random.default_rng(0)
TIME, PERSON = np.tile(np.arange(N) * 1.0, G), np.repeat(np.arange(G), N)
FAST = np.arange(G) % 3 == 0
LINES = RNG.standard_normal((G, 2)) * [1.0, 0.4] + np.column_stack([np.full(G, 3.0), 0.5 + 2 * FAST])
Y = LINES[PERSON, 0] + LINES[PERSON, 1] * TIME + RNG.standard_normal(G * N) / 2
FRAME = {"y": Y, "t": TIME, "id": [f"p{i}" for i in PERSON]}
SLOPES = "y ~ t + (1 + t | id)"


def fitted(formula=SLOPES, frame=None, number=2, **options):
    return ek.GrowthMixtureModel(formula, number, **({"random_state": 0} | options)).fit(FRAME if frame is None else frame)


@pytest.fixture(scope="module")
def shared():
    return fitted()


@pytest.fixture(scope="module")
def own():
    return fitted(spread="own")


def densities(model, frame):
    """log p(rows of each person, class), (G, K), written out."""
    design = np.column_stack([np.ones(N), np.arange(N)])
    y = np.asarray(frame["y"]).reshape(-1, N)
    each = zip(model.weights_, model.coefficients_, model.effect_covariances_, model.error_variances_, strict=True)
    return np.column_stack([
        np.log(share) + multivariate_normal(design @ fixed, design @ between @ design.T + within * np.eye(N)).logpdf(y)
        for share, fixed, between, within in each
    ])  # fmt: skip


@pytest.mark.parametrize("spread", ["shared", "own"])
def test_classes_of_persons_are_told_as_the_density_written_out_tells_them(spread, shared, own):
    model = shared if spread == "shared" else own
    joint = densities(model, FRAME)
    assert model.result_.log_likelihood == pytest.approx(logsumexp(joint, axis=1).sum(), rel=1e-10)
    wanted = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    np.testing.assert_allclose(model.predict_proba(FRAME), wanted, atol=1e-8)
    np.testing.assert_allclose(model.responsibilities_, wanted, atol=1e-8)
    assert (model.predict(FRAME) == FAST).mean() > 0.95
    assert model.score(FRAME) == pytest.approx(model.result_.log_likelihood / (G * N), rel=1e-10)


def test_a_budget_is_one_of_passes_as_of_all_fits_of_one_model():
    with pytest.warns(ek.ConvergenceWarning, match="pass"):
        found = fitted(number=1, n_init=1, max_iter=3)
    assert not found.converged_
    assert found.n_iter_ == found.result_.evaluations
    assert fitted(number=1).n_iter_ == fitted(number=1).result_.evaluations


def test_variances_of_its_own_make_no_class_fit_worse(shared, own):
    assert own.result_.log_likelihood >= shared.result_.log_likelihood
    assert (shared.result_.free_parameters, own.result_.free_parameters) == (9, 13)
    assert np.ptp(shared.error_variances_) == 0
    assert np.ptp(own.error_variances_) > 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_seed_comes_to_the_same_maximum(shared, seed):
    assert fitted(random_state=seed).result_.log_likelihood == pytest.approx(shared.result_.log_likelihood, abs=1e-5)


def test_one_class_is_the_mixed_model():
    one, mixed = fitted(number=1), ek.MixedRegression(SLOPES, method="ml").fit(FRAME)
    assert one.result_.log_likelihood == pytest.approx(mixed.result_.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(one.coefficients_[0], mixed.coefficients_, rtol=1e-4)


def test_criteria_count_persons(shared):
    result = shared.result_
    assert result.sample_size == G
    assert result.bic == pytest.approx(-2 * result.log_likelihood + 9 * np.log(G), rel=1e-12)
    likeliest = shared.responsibilities_.max(axis=1)
    assert result.icl == pytest.approx(result.bic - 2 * np.log(likeliest).sum(), rel=1e-9)
    assert "which BIC counts" in result.summary()
    weighted = ek.GrowthMixtureModel(SLOPES, 1).fit(FRAME, sample_weight=1.0 + (PERSON < 10))
    assert weighted.result_.sample_size == G + 10
    gaps = np.where(PERSON < 10, np.nan, Y)
    with pytest.warns(ek.EmkitWarning, match="50 of 300 rows have gaps"):
        assert fitted(frame={**FRAME, "y": gaps}, number=1).result_.sample_size == G - 10


def test_a_number_of_classes_is_chosen():
    chosen = ek.select(ek.GrowthMixtureModel("y ~ t + (1 | id)", random_state=0), FRAME, [1, 2])
    assert chosen.best.n_components == 2
    assert "ICL" in chosen.table()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_classes_are_told_in_the_same_columns(shared, width):
    lines = [line.split()[-5:] for line in shared.summary(width).splitlines() if line.startswith("  class ")]
    headings = [[word for word in line if word in ("estimate", "error", "from", "to", "z", "p")] for line in lines]
    assert len(headings) == 2
    assert headings[0] == headings[1]


def test_names_are_those_of_the_formula(shared, own):
    for model in (shared, own):
        told = model.result_.tidy()
        lines = [*zip(told["parameter"], told["column"], told["component"], strict=True)]
        assert len(set(lines)) == len(lines)
        assert ("fixed effect", "t", 2) in lines
        text = model.summary() + model.result_.summary() + model.result_.summary(standard_errors=True)
        assert "effect 1" not in text
        assert "covariate 1" not in text
        assert SLOPES in text
    assert ("covariance", "intercept, t", None) in [
        *zip(*(shared.result_.tidy()[key] for key in ("parameter", "column", "component")), strict=True)
    ]


def test_classes_stand_in_one_order_and_starts_that_differ_by_it_are_one(own):
    result = own.result_
    turned = ek.GrowthMixtureParams(result.params.proportions[::-1], result.params.classes[::-1])
    both = ek.fit(result.model, result.source, [result.params, turned], max_evaluations=30)
    assert starts_map(both.runs).counts.tolist() == [2]
    ordered = ek.fit(result.model, result.source, turned, max_evaluations=30).in_order()
    assert ordered.params.classes[0].fixed[0] < ordered.params.classes[1].fixed[0]
    np.testing.assert_allclose(ordered.params.proportions, result.params.proportions, rtol=1e-4)
    np.testing.assert_allclose(ordered.params.classes[1].fixed, result.params.classes[1].fixed, rtol=1e-4)
    height = ek.EMMap(result.model, result.source, ordered.params).objective(ordered.params)
    assert ordered.log_likelihood == pytest.approx(height, rel=1e-10)


@pytest.mark.parametrize("spread", ["shared", "own"])
def test_fits_travel_and_tell_of_persons_that_are_new(spread, shared, own, tmp_path):
    model = shared if spread == "shared" else own
    back, loaded = pickle.loads(pickle.dumps(model)), ek.load(model.result_.save(tmp_path / "fit.emk"))
    new = {"y": [3.0, 8.0, 3.0, 4.0], "t": [0.0, 2.0, 0.0, 2.0], "id": ["z", "z", "y", "y"]}
    np.testing.assert_array_equal(back.predict_proba(new), model.predict_proba(new))
    assert back.predict(new).tolist() == [1, 0]
    assert back.summary().splitlines()[0] == model.summary().splitlines()[0]
    np.testing.assert_allclose(loaded.predict_proba(new)[::2], model.predict_proba(new), rtol=1e-12)
    means = model.trajectories({"t": [0.0, 2.0]})
    np.testing.assert_allclose(means, np.array([[1.0, 0.0], [1.0, 2.0]]) @ model.coefficients_.T, rtol=1e-12)
    np.testing.assert_allclose(loaded.means({"t": [0.0, 2.0]}).each, means, rtol=1e-12)
    assert loaded.bic == model.result_.bic


def test_rows_come_in_any_order(shared):
    order = np.random.default_rng(3).permutation(G * N)
    mixed = {name: np.asarray(column)[order] for name, column in FRAME.items()}
    shares = dict(zip(dict.fromkeys(mixed["id"].tolist()), shared.predict_proba(mixed), strict=True))
    np.testing.assert_allclose([shares[name] for name in shared.groups_], shared.responsibilities_, atol=1e-9)


def test_samples_vary_as_the_fit_says(shared):
    many = {"t": np.tile([0.0, 4.0], 4000), "id": np.repeat(np.arange(4000), 2)}
    drawn, of = shared.sample(many)
    assert (of[::2] == of[1::2]).all()
    assert of.mean() == pytest.approx(shared.weights_[1], abs=0.04)
    design = np.array([[1.0, 0.0], [1.0, 4.0]])
    for k in (0, 1):
        pairs = drawn.reshape(-1, 2)[of[::2] == k]
        np.testing.assert_allclose(pairs.mean(axis=0), design @ shared.coefficients_[k], atol=0.3)
        across = design @ shared.effect_covariances_[k] @ design.T + shared.error_variances_[k] * np.eye(2)
        np.testing.assert_allclose(np.cov(pairs.T), across, rtol=0.15, atol=0.2)


def test_trajectories_are_means_over_the_lines_of_persons(shared):
    view = trajectories(shared.result_)
    assert (view.covariate, view.response, view.of, len(view.bounds)) == ("t", "y", G, G + 1)
    np.testing.assert_allclose(view.means, shared.trajectories({"t": view.at}).T, rtol=1e-10)
    np.testing.assert_array_equal(view.x[:N], np.arange(N))
    np.testing.assert_array_equal(view.y[:N], Y[:N])
    assert view.likeliest.tolist() == shared.predict(FRAME).tolist()
    assert set(view.to_dict()) >= {"means", "classes", "bounds"}
    ax = shared.result_.plot("trajectories")
    assert len(ax.get_lines()) == G + 2
    with pytest.raises(ek.ModelError, match="no classes of groups that develop"):
        ek.MixedRegression(SLOPES).fit(FRAME).result_.plot("trajectories")


def test_groups_within_groups_and_curves():
    inner = {**FRAME, "half": TIME > 2}
    model = fitted("y ~ poly(t, 2) + (1 | id/half)", inner)
    assert model.effect_names_ == ("intercept of id", "intercept of id:half")
    assert model.effect_covariances_.shape == (2, 2, 2)
    assert model.trajectories(inner).shape == (G * N, 2)
    assert model.sample(inner)[0].shape == (G * N,)


REFUSED = {
    "no classes": (lambda: fitted(number=0), "n_components is 0"),
    "more classes than persons": (lambda: fitted(number=61), "61 classes were asked for, and there are 60 groups"),
    "another spread": (lambda: fitted(spread="some"), "spread is 'some'"),
    "no random effects": (lambda: fitted("y ~ t"), "no random effects"),
    "a response of names": (lambda: fitted(frame={**FRAME, "y": FRAME["id"]}), "one column of numbers"),
    "no such column": (lambda: fitted("y ~ age + (1 | id)"), "a column 'age', and there is none"),
    "before a fit": (lambda: ek.GrowthMixtureModel(SLOPES).predict(FRAME), "not fitted"),
    "one seed for several": (
        lambda: ek.GrowthMixture(ek.MixedModel(0)).starts(ek.ArraySource(Y, groups=PERSON).profile, 2, 4),
        "seeds is 4; there must be one for each start",
    ),
    "parameters of another spread": (
        lambda: ek.fit(
            ek.GrowthMixture(ek.MixedModel(0), "shared"), ek.ArraySource(Y, groups=PERSON),
            ek.GrowthMixtureParams([1.0], (ek.MixedModelParams([1.0], ek.models.AnyCovariance([[1.0]]), 1.0),)),
        ),
        "spread is 'shared', and the parameters are GrowthMixtureParams",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises((ValueError, ek.EmkitError), match=words):
        call()


def test_an_explanation_that_there_is_not_is_refused_in_words(tmp_path):
    rng, group = np.random.default_rng(0), np.repeat(np.arange(20), 4)
    frame = {"y": rng.normal(size=80) + rng.normal(size=20)[group], "x": np.tile(np.arange(4.0), 20), "g": group}
    result = ek.GrowthMixtureModel("y ~ x + (1 | g)", 1).fit(frame).result_
    for ask in (result.explain, lambda: result.to_html(tmp_path / "page.html")):
        with pytest.raises(
            ek.ModelError, match=r"GrowthMixture cannot be explained row by row.*summary\(\), report\(\) and plot"
        ):
            ask()
