"""MixtureModel: mixtures of any family."""

import numpy as np
import pandas as pd
import pytest

import emkit as ek


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(2)
    return np.concatenate([rng.poisson(rate, size=(n, 2)) for rate, n in (((1, 6), 200), ((7, 2), 100))])


def test_a_family_by_name(counts):
    mx = ek.MixtureModel("poisson", n_components=2, random_state=0).fit(counts)
    assert mx.converged_
    np.testing.assert_allclose(mx.components_.rates, [[1, 6], [7, 2]], rtol=0.15)
    np.testing.assert_allclose(mx.weights_, [2 / 3, 1 / 3], atol=0.05)
    assert mx.score(counts) == pytest.approx(mx.lower_bound_, rel=1e-12)
    assert mx.bic(counts) == pytest.approx(mx.result_.bic, rel=1e-12)
    assert mx.predict([[0, 8], [9, 1]]).tolist() == [0, 1]


def test_a_family_with_settings(counts):
    rng = np.random.default_rng(0)
    heads = np.concatenate([rng.binomial(10, p, size=(150, 1)) for p in (0.2, 0.8)])
    mx = ek.MixtureModel(ek.Binomial(10), n_components=2, random_state=0).fit(heads)
    np.testing.assert_allclose(np.sort(mx.components_.probabilities.ravel()), [0.2, 0.8], atol=0.05)


def test_the_normal_families_agree_with_gaussian_mixture():
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(size=(100, 2)), rng.normal(size=(80, 2)) + 4])
    for name, form in (
        ("gaussian", "full"),
        ("gaussian-tied", "tied"),
        ("gaussian-diag", "diag"),
        ("gaussian-spherical", "spherical"),
    ):
        mx = ek.MixtureModel(name, n_components=2, random_state=3).fit(X)
        gm = ek.GaussianMixture(2, covariance_type=form, random_state=3).fit(X)
        np.testing.assert_array_equal(mx.components_.means, gm.means_)


def test_weights_of_counts_are_repetitions(counts):
    weights = np.random.default_rng(4).integers(0, 4, size=len(counts))
    weighted = ek.MixtureModel("poisson", 2, random_state=0).fit(counts, sample_weight=weights)
    repeated = ek.MixtureModel("poisson", 2, random_state=0).fit(np.repeat(counts, weights, axis=0))
    np.testing.assert_allclose(weighted.components_.rates, repeated.components_.rates, rtol=1e-9)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ("student", "there is no family 'student'; the families are bernoulli"),
        (None, "family: None is no family; give a family"),
        (ek.Poisson, r"as Poisson\(\)"),
    ],
)
def test_wrong_families_are_named(family, message, counts):
    with pytest.raises(ValueError, match=message):
        ek.MixtureModel(family).fit(counts)


def test_wrong_data_are_named(counts):
    with pytest.raises(ek.DataError, match="row 0, column 'x0' is -1; Poisson counts must be whole numbers >= 0"):
        ek.MixtureModel("poisson").fit(counts - 1 - counts[0])
    mx = ek.MixtureModel("poisson", random_state=0).fit(counts)
    with pytest.raises(ek.DataError, match=r"is 0.5; Poisson counts must be whole numbers"):
        mx.predict([[0.5, 1]])


def visitors(rows=300):
    rng = np.random.default_rng(5)
    kind = rng.integers(0, 2, rows)
    ward = np.where(rng.random(rows) < 0.8, np.array(["north", "east"])[kind], "west")
    return {"id": np.arange(rows), "visits": rng.poisson(1 + 5 * kind), "ward": ward, "age": rng.normal(30 + 20 * kind, 4)}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_different_families_are_found_by_their_names(library):
    frame = pytest.importorskip(library).DataFrame(visitors())
    families = {"age": "gaussian", "visits": "poisson", "ward": "categorical"}
    mx = ek.MixtureModel(families, 2, random_state=0).fit(frame)
    assert mx.feature_names_in_.tolist() == ["age", "visits", "ward"]  # what is not named is left out
    age, visits, ward = mx.components_.parts
    np.testing.assert_allclose(age.means.ravel(), [30, 50], atol=1)
    np.testing.assert_allclose(visits.rates.ravel(), [1, 6], atol=0.5)
    assert ward.columns[0].probabilities.shape == (2, 3)
    summary = mx.result_.summary()
    assert all(words in summary for words in ("mean         age", "rate         visits", "ward = north"))
    turned = frame[["ward", "age", "visits"]]
    np.testing.assert_array_equal(mx.predict_proba(turned), mx.predict_proba(frame))
    with pytest.raises(ek.DataError, match="the data frame has no column 'visits'; it has ward, age"):
        mx.predict(frame[["ward", "age"]])


def test_a_mapping_that_does_not_fit_the_data_is_refused():
    frame = pytest.importorskip("pandas").DataFrame(visitors())
    with pytest.raises(ek.DataError, match="the data frame has no column 'agee'; it has id, visits, ward, age"):
        ek.MixtureModel({"agee": "gaussian"}, 2).fit(frame)
    with pytest.raises(ek.ModelError, match=r"column .age.: there is no family .normal..* Did you mean .gaussian.\?"):
        ek.MixtureModel({"age": "normal"}, 2).fit(frame)
    with pytest.raises(ek.DataError, match="the column 'x1' is in no block of the product"):
        ek.MixtureModel({0: "gaussian"}, 2).fit(np.random.default_rng(0).normal(size=(20, 2)))


def test_a_mapping_by_places_fits_arrays():
    x = np.column_stack([visitors()["age"], visitors()["visits"]])
    by_place = ek.MixtureModel({0: "gaussian", 1: "poisson"}, 2, random_state=0).fit(x)
    by_name = ek.MixtureModel({"x0": "gaussian", "x1": "poisson"}, 2, random_state=0).fit(x)
    assert by_place.score(x) == by_name.score(x)


def test_rows_are_drawn_from_the_fit(counts):
    model = ek.MixtureModel("poisson", 2, random_state=0, n_init=1).fit(counts)
    rows, components = model.sample(20_000)
    np.testing.assert_array_equal(rows, model.sample(20_000)[0])
    np.testing.assert_allclose(np.bincount(components) / 20_000, model.weights_, atol=0.02)
    for k, rates in enumerate(model.components_.rates):
        np.testing.assert_allclose(rows[components == k].mean(axis=0), rates, rtol=0.05)
    with pytest.raises(ek.ModelError, match="n is 0"):
        model.result_.sample(0)


def test_rows_that_are_drawn_can_be_given_back():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"plan": rng.choice(["a", "b"], 60), "on": rng.random(60) < 0.5, "n": rng.poisson(3, 60)})
    model = ek.MixtureModel({"plan": "categorical", "on": "bernoulli", "n": "poisson"}, 2, random_state=0).fit(frame)
    rows, components = model.sample(40)
    assert set(rows[:, 0]) == {"a", "b"}
    back = model.predict_proba(pd.DataFrame(rows, columns=frame.columns))
    assert (back[np.arange(40), components] > 0).all()
    assert set(model.result_.sample(40, 0)[0][:, 0]) == {"a", "b"}
