"""Latent class analysis as people use it: names, weights, fit statistics worked out independently, frames."""

from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import chi2

import emkit as ek

ITEMS = ["food", "sleep", "work"]
WORDS = {"food": ("bad", "good"), "sleep": ("little", "much", "some"), "work": ("no", "yes")}


@pytest.fixture(scope="module")
def answers():
    """Answers in text of 400 people, and a weight for each."""
    rng = np.random.default_rng(0)
    classes = rng.integers(2, size=400)
    odds = {"food": [[0.8, 0.2], [0.3, 0.7]], "sleep": [[0.6, 0.1, 0.3], [0.1, 0.6, 0.3]], "work": [[0.7, 0.3], [0.2, 0.8]]}
    table = {item: [WORDS[item][rng.choice(len(WORDS[item]), p=odds[item][k])] for k in classes] for item in ITEMS}
    return pd.DataFrame(table), rng.uniform(0.5, 1.5, 400)


@pytest.fixture(scope="module")
def fitted(answers):
    return ek.LatentClass(2, random_state=0).fit(answers[0])


def probability(model, pattern, k):
    """P(pattern | class k), from the profiles by name."""
    table = model.profiles(standard_errors=False).set_index(["item", "level", "class"])["probability"]
    return np.prod([table[item, level, k + 1] for item, level in zip(ITEMS, pattern, strict=True)])


def test_profiles_are_by_name_and_sum_to_one(fitted):
    profiles = fitted.profiles()
    assert list(profiles.columns) == ["item", "level", "class", "probability", "std_error"]
    assert sorted(set(profiles["item"])) == sorted(ITEMS)
    np.testing.assert_allclose(profiles.groupby(["item", "class"])["probability"].sum(), 1, rtol=1e-12)
    errors = fitted.result_.standard_errors()
    row = profiles[(profiles["item"] == "sleep") & (profiles["level"] == "much") & (profiles["class"] == 2)].iloc[0]
    assert row["std_error"] == errors["components.columns.1.probabilities[1, 1]"]
    assert row["probability"] == fitted.components_.columns[1].probabilities[1, 1]


@pytest.mark.parametrize("weighted", [False, True])
def test_fit_statistics_are_those_of_the_table_of_all_patterns(answers, weighted):
    frame, weights = answers
    weights = weights if weighted else np.ones(400)
    model = ek.LatentClass(2, random_state=0).fit(frame, sample_weight=weights if weighted else None)
    G2 = X2 = height = 0.0
    for pattern in product(*(WORDS[item] for item in ITEMS)):
        observed = weights[(frame == list(pattern)).all(axis=1)].sum()
        share = sum(size * probability(model, pattern, k) for k, size in enumerate(model.class_sizes_))
        expected = weights.sum() * share
        G2 += 2 * observed * np.log(observed / expected) if observed else 0.0
        X2 += (observed - expected) ** 2 / expected
        height += observed * np.log(share)
    assert pytest.approx(G2, rel=1e-8) == model.G2_
    assert pytest.approx(X2, rel=1e-8) == model.X2_
    assert model.result_.log_likelihood == pytest.approx(height, rel=1e-12)
    assert model.degrees_of_freedom_ == 12 - 1 - (1 + 2 * (1 + 2 + 1))
    assert model.goodness_of_fit_.G2_p_value == pytest.approx(chi2.sf(G2, 2), rel=1e-6)
    assert model.goodness_of_fit_.possible == 12


def test_a_model_of_one_class_gives_the_statistics_of_independence(answers):
    """Against SciPy's own for two items."""
    from scipy.stats import chi2_contingency

    frame = answers[0][["food", "sleep"]]
    table = pd.crosstab(frame["food"], frame["sleep"])
    model = ek.LatentClass(1).fit(frame)
    assert pytest.approx(chi2_contingency(table, correction=False).statistic, rel=1e-9) == model.X2_
    assert pytest.approx(chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic, rel=1e-9) == model.G2_
    assert model.degrees_of_freedom_ == 2
    assert model.entropy_ == 1.0


def test_entropy_and_the_classification_table(answers, fitted):
    shares = np.array(
        [
            [size * probability(fitted, pattern, k) for k, size in enumerate(fitted.class_sizes_)]
            for pattern in answers[0].itertuples(index=False)
        ]
    )
    shares /= shares.sum(axis=1, keepdims=True)
    assert fitted.entropy_ == pytest.approx(1 + (shares * np.log(shares)).sum() / (400 * np.log(2)), rel=1e-9)
    assigned = shares.argmax(axis=1)
    for k in (0, 1):
        np.testing.assert_allclose(fitted.classification_table_[k], shares[assigned == k].mean(axis=0), rtol=1e-9)
    np.testing.assert_array_equal(fitted.predict(answers[0]), assigned)


def test_the_class_of_each_respondent_stands_beside_the_answers(answers, fitted):
    frame = answers[0].assign(person=[f"p{i}" for i in range(400)]).set_index(np.arange(1000, 1400))
    found = fitted.result_.augment(frame)
    assert found.index.equals(frame.index)
    assert list(found.columns) == [*ITEMS, "person", "component", "probability_1", "probability_2"]
    np.testing.assert_array_equal(found["component"] - 1, fitted.predict(answers[0]))
    np.testing.assert_allclose(found[["probability_1", "probability_2"]], fitted.predict_proba(answers[0]))
    with pytest.raises(ek.DataError, match="have a column 'component' already"):
        fitted.result_.augment(found)
    with pytest.raises(ek.DataError, match="no column 'work'"):
        fitted.result_.augment(frame.drop(columns="work"))


@pytest.mark.parametrize(
    ("made", "kind"), [(pl.from_pandas, pl.DataFrame), (pa.Table.from_pandas, pa.Table), (lambda frame: frame, pd.DataFrame)]
)
def test_frames_come_back_in_the_library_they_came_in(answers, made, kind):
    frame = made(answers[0])
    model = ek.LatentClass(2, random_state=0, n_init=2).fit(frame)
    tables = [model.profiles(), model.result_.tidy(), model.result_.glance(), model.result_.augment(frame)]
    tables.append(model.result_.augment())
    assert all(type(table) is kind for table in tables)
    assert len(model.result_.tidy()) == 2 + 2 * (2 + 3 + 2)


def test_arrays_give_columns(answers):
    model = ek.LatentClass(2, random_state=0, n_init=2).fit(answers[0].to_numpy())
    told = model.result_.tidy(standard_errors=False)
    assert list(told) == ["parameter", "column", "level", "component", "estimate", "path"]
    assert told["parameter"][:3] == ["proportion", "proportion", "probability"]
    assert len(model.result_.augment(answers[0].to_numpy())["component"]) == 400


def test_glance_is_the_fit_in_one_row(fitted):
    row = fitted.result_.glance().iloc[0]
    assert row["bic"] == fitted.result_.bic
    assert row["icl"] == fitted.result_.icl
    assert row["components"] == 2
    assert row["rows"] == 400


def test_summary_shows_names(fitted):
    text = fitted.result_.summary()
    assert "sleep = little" in text
    assert "food = good" in text


def test_rows_of_one_person_have_no_table_of_patterns(answers):
    model = ek.LatentClass(2, random_state=0, n_init=2).fit(answers[0], groups=np.repeat(np.arange(200), 2))
    assert model.G2_ is None
    assert model.goodness_of_fit_ is None


def test_labels_of_a_text_survey(answers, fitted):
    classes = fitted.predict(answers[0])
    known = np.where(np.arange(400) % 10 == 0, 1 - classes, -1)
    turned = ek.LatentClass(2, random_state=0).fit(answers[0], labels=known)
    assert abs(turned.class_sizes_[1] - fitted.class_sizes_[0]) < 0.1


@pytest.mark.parametrize("gap", [None, np.nan])
def test_missing_answers_count_by_what_was_answered(answers, gap):
    """Fit statistics are of the rows without gaps; everything else is of all rows."""
    frame = answers[0].astype(object)
    missing = np.random.default_rng(1).random(frame.shape) < 0.1
    frame = frame.mask(missing, gap)
    model = ek.LatentClass(2, random_state=0).fit(frame)
    complete = ~missing.any(axis=1)
    G2 = 0.0
    for pattern in product(*(WORDS[item] for item in ITEMS)):
        observed = ((frame == list(pattern)).all(axis=1) & complete).sum()
        share = sum(size * probability(model, pattern, k) for k, size in enumerate(model.class_sizes_))
        G2 += 2 * observed * np.log(observed / (complete.sum() * share)) if observed else 0.0
    assert pytest.approx(G2, rel=1e-8) == model.G2_
    assert model.goodness_of_fit_.rows == complete.sum()
    table, height = model.profiles(standard_errors=False).set_index(["item", "level", "class"])["probability"], 0.0
    for row, gaps in zip(frame.itertuples(index=False), missing, strict=True):
        seen = [(item, level) for item, level, is_gap in zip(ITEMS, row, gaps, strict=True) if not is_gap]
        odds = [
            size * np.prod([table[item, level, k + 1] for item, level in seen]) for k, size in enumerate(model.class_sizes_)
        ]
        height += np.log(sum(odds))
    assert model.result_.log_likelihood == pytest.approx(height, rel=1e-10)
    found = model.result_.augment(frame)
    assert found[ITEMS].isna().to_numpy().tolist() == missing.tolist()


def test_no_row_without_a_gap_has_no_table(answers):
    frame = answers[0].astype(object).head(60)
    for i in range(60):
        frame.iloc[i, i % 3] = None
    assert ek.LatentClass(2, random_state=0, n_init=2).fit(frame).goodness_of_fit_ is None


def test_columns_in_another_order_are_refused_with_what_takes_them(answers, fitted):
    turned = answers[0][ITEMS[::-1]]
    with pytest.raises(ek.DataError, match=r"X\[estimator.feature_names_in_\] has the columns of the fit"):
        fitted.predict(turned)
    np.testing.assert_array_equal(fitted.result_.predict(turned), fitted.predict(answers[0]))


def test_a_column_that_names_rows_is_told():
    frame = {"id": [f"person {i}" for i in range(60)], "a": ["yes", "no"] * 30, "b": ["no", "no", "yes"] * 20}
    with pytest.warns(ek.DegenerateDataWarning, match="column 'id' has 60 levels in 60 rows. If it names rows, leave it out"):
        ek.LatentClass(2, n_init=1, random_state=0).fit(frame)
