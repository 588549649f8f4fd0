"""Latent classes with predictors and outcomes, as people use them: formulas, gaps, prediction, files, wrong input."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import emkit as ek
from emkit.writeup.how_well import fit_section

ITEMS = [f"item {j}" for j in range(4)]
STEPS = [{"steps": 1}, {"steps": 2}, {"steps": 3}, {"steps": 3, "correction": "ML", "assignment": "proportional"}]


def people(rows=150, seed=0):
    rng = np.random.default_rng(seed)
    age, ward = rng.normal(50, 10, rows).round(1), rng.choice(["a", "b", "c"], rows)
    k = (rng.random(rows) < 1 / (1 + np.exp(5 - 0.1 * age))).astype(int)
    answers = np.where(rng.random((rows, 4)) < np.array([[0.9] * 4, [0.15] * 4])[k], "yes", "no")
    frame = pd.DataFrame(answers, columns=ITEMS).assign(age=age, ward=ward, income=rng.normal(size=rows) + 2 * k)
    return frame.assign(vote=np.where(rng.random(rows) < 0.2 + 0.6 * k, "left", "right"))


def model(**settings):
    return ek.LatentClass(2, **{"predictors": "~ age + ward", "outcomes": ["income", "vote"], "random_state": 0, **settings})


@pytest.fixture(scope="module", params=STEPS, ids=str)
def fitted(request):
    return model(**request.param).fit(people())


def test_the_table_of_a_fit_names_predictors_and_outcomes(fitted):
    assert fitted.converged_
    assert fitted.gate_names_ == ("intercept", "age", "ward[T.b]", "ward[T.c]")
    assert fitted.gates_.shape == (2, 4)
    assert list(fitted.outcomes_) == ["income", "vote"]
    assert fitted.outcomes_["vote"].levels == (2,)
    text = fitted.result_.summary(standard_errors=True)
    for word in ("gate: age", "mean: income", "vote = left", "<.001"):
        assert word in text
    tidy = fitted.result_.tidy()
    assert np.isfinite(tidy["std_error"][tidy["path"].str.startswith("gates[1")]).all()
    profiles = fitted.profiles()
    assert sorted(set(profiles["item"])) == ITEMS
    assert len(profiles) == 16
    assert (fitted.classification_errors_ is not None) == (fitted.steps == 3)
    np.testing.assert_array_equal(fitted.weights_, fitted.class_sizes_)


def test_the_log_likelihood_of_later_steps_is_called_pseudo_wherever_it_is_told(fitted, tmp_path):
    is_pseudo, result = fitted.steps > 1, fitted.result_
    told = ek.load(result.save(tmp_path / "last.emk"))
    for text in (result.summary(), told.summary()):
        assert ("pseudo: of the last step, given those before" in text) == is_pseudo
        assert ("after a first step" in text.replace("\n", " ")) == is_pseudo
    assert result.to_dict().get("is_pseudo", False) == is_pseudo
    assert ("is_pseudo" in result.glance()) == is_pseudo
    assert ("pseudo log-likelihood" in str(fit_section(result))) == is_pseudo
    assert "pseudo" not in fitted.of_items.summary() or fitted.steps == 1


def test_classes_are_told_from_answers_and_predictors(fitted):
    frame = people(40, 7)
    shares = fitted.predict_proba(frame.drop(columns=["income", "vote"]))
    yes = np.column_stack([column.probabilities[:, 1] for column in fitted.components_.columns])
    said = (frame[ITEMS] == "yes").to_numpy()[:, None, :]
    joint = fitted.proportions(frame[["age", "ward"]]) * np.where(said, yes, 1 - yes).prod(axis=2)
    np.testing.assert_allclose(shares, joint / joint.sum(axis=1, keepdims=True), rtol=1e-8)
    np.testing.assert_array_equal(fitted.predict(frame), shares.argmax(axis=1))
    np.testing.assert_allclose(fitted.score_samples(frame), np.log(joint.sum(axis=1)), rtol=1e-8)
    sizes = fitted.proportions(people()[["age", "ward"]]).mean(axis=0)
    np.testing.assert_allclose(fitted.class_sizes_, sizes, rtol=1e-8)


def test_fits_go_into_pickles_and_files_without_their_data(fitted, tmp_path):
    frame = people(30, 3)
    other = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(other.predict_proba(frame), fitted.predict_proba(frame))
    with pytest.raises(ek.DataError):
        other.result_.standard_errors()
    read = ek.load(fitted.result_.save(tmp_path / "last.emk"))
    assert read.model.is_pseudo == (fitted.steps > 1)
    for last in (read, other.result_) if fitted.steps > 1 else ():
        with pytest.raises(ek.ModelError, match=r"last of several steps.*fit the estimator again"):
            last.with_data(people())
    np.testing.assert_array_equal(read.params.gates, fitted.gates_)
    assert "gate" in read.summary() or "age" in read.summary()


def test_what_would_take_the_steps_before_for_known_is_refused():
    result = model(steps=2, outcomes=None).fit(people()[[*ITEMS, "age", "ward"]]).result_
    with pytest.raises(ek.ModelError, match="of one kind"):
        result.standard_errors("robust")
    with pytest.raises(ek.ModelError, match="profile would take the steps before"):
        result.confidence_intervals(method="profile")
    with pytest.raises(ek.ModelError, match="fit all steps"):
        result.bootstrap(10)
    with pytest.raises(ek.ModelError, match="through those before"):
        result.influence()


def test_what_is_asked_of_classes_is_told_by_the_items_where_assigned_classes_stand_in_their_place():
    found = model(steps=3).fit(people())
    told, alone = found.result_.classification(), found.measurement_.classification()
    assert told.relative_entropy == alone.relative_entropy <= 1
    with pytest.raises(ek.ModelError, match=r"measurement_\.augment"):
        found.result_.augment()
    beside = model(steps=2).fit(people()).result_.augment()
    assert {"income", "component"} <= set(beside)


def test_outcomes_alone_leave_an_intercept():
    found = model(steps=3, predictors=None, correction="ML").fit(people().drop(columns=["age", "ward"]))
    assert found.gate_names_ == ("intercept",)
    np.testing.assert_allclose(found.class_sizes_, np.exp(found.gates_[:, 0]) / np.exp(found.gates_[:, 0]).sum())
    assert "proportions by" not in found.result_.summary()


def test_rows_with_gaps_in_predictors_are_refused_or_dropped():
    frame = people(100)
    frame.loc[[3, 50], "age"] = np.nan
    frame.loc[[4, 60], "item 1"] = None
    frame.loc[70, "income"] = np.nan
    with pytest.raises(ek.DataError, match="row 3, column 'age' is missing"):
        model(steps=3).fit(frame)
    dropped = model(steps=3, gaps="drop").fit(frame)
    without = model(steps=3).fit(frame.drop(index=[3, 50]))
    np.testing.assert_allclose(dropped.gates_, without.gates_)
    shares = dropped.predict_proba(frame)
    assert np.isnan(shares[[3, 50]]).all()
    assert np.isfinite(shares).all(axis=1).sum() == 98
    assert dropped.predict(frame)[3] == -1


def test_the_number_of_classes_is_chosen_by_the_items_alone():
    frame = people()
    chosen = ek.select(model(steps=3, correction="ML"), frame, range(1, 4))
    alone = ek.select(ek.LatentClass(random_state=0), frame[ITEMS], range(1, 4))
    assert chosen.best.n_components == alone.best.n_components == 2
    assert [line.record.bic for line in chosen.lines] == pytest.approx([line.record.bic for line in alone.lines])
    assert chosen.best.gates_.shape == (2, 4)


def test_a_fit_without_predictors_after_one_with_them_is_like_any_other():
    frame = people()
    both = model(steps=3).fit(frame)
    both.set_params(predictors=None, outcomes=None).fit(frame[ITEMS])
    assert not hasattr(both, "measurement_")
    np.testing.assert_array_equal(both.predict(frame[ITEMS]), ek.LatentClass(2, random_state=0).fit_predict(frame[ITEMS]))


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"predictors": "age ~ ward"}, ek.ParameterError, "write what classes depend on"),
        ({"predictors": "~ size"}, ek.DataError, "'size'"),
        ({"outcomes": "incom"}, ek.DataError, "Did you mean 'income'"),
        ({"outcomes": ["vote", "vote"]}, ek.ParameterError, "given twice"),
        ({"outcomes": "age"}, ek.ParameterError, "an outcome and a predictor"),
        ({"outcomes": 3}, ek.ParameterError, "name of a column"),
        ({"outcomes": [*ITEMS, "income", "vote"]}, ek.DataError, "none is left for an item"),
        ({"steps": 4}, ek.ParameterError, "steps is 4"),
        ({"steps": 3, "correction": "bch"}, ek.ParameterError, "correction is 'bch'; it must be 'BCH', 'ML' or None"),
        ({"assignment": "soft"}, ek.ParameterError, "assignment is 'soft'"),
        ({"gaps": "keep"}, ek.ParameterError, "gaps is 'keep'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(settings, error, words):
    with pytest.raises(error, match=words):
        model(**settings).fit(people())


def test_what_else_cannot_be_is_refused_in_words():
    frame = people()
    with pytest.raises(ek.DataError, match="'income' has a gap in every row"):
        model().fit(frame.assign(income=np.nan))
    with pytest.raises(ek.DataError, match="columns by name"):
        model().fit(frame.to_numpy())
    with pytest.raises(ek.ParameterError, match="labels cannot be said"):
        model().fit(frame, labels=[0] * 150)
    with pytest.raises(ek.ParameterError, match="depend on no predictors"):
        ek.LatentClass(2, random_state=0).fit(frame[ITEMS]).proportions(frame)
    found = model(steps=3).fit(frame)
    with pytest.raises(ek.DataError, match="ward"):
        found.predict(frame.assign(ward="z"))
    with pytest.raises(ek.DataError, match="item 2"):
        found.predict(frame.drop(columns="item 2"))


def test_a_correction_that_takes_away_more_than_there_is_is_refused():
    frame = people(60, 1)
    frame["rare"] = np.where(np.arange(60) == int((frame[ITEMS] == "yes").sum(axis=1).argmin()), "yes", "no")
    with pytest.raises(ek.DegenerateFitError, match=r"what cannot be: class \d is left with -.*'rare' is 'yes'.*ML"):
        model(outcomes="rare", predictors=None, steps=3).fit(frame.drop(columns=["age", "ward", "income", "vote"]))


def test_log_odds_that_weights_below_zero_lead_to_infinity_are_refused():
    rng = np.random.default_rng(5)
    rng.normal(size=60)
    age = rng.standard_t(1.2, size=60)
    second = rng.random(60) < expit(3 * age)
    answers = np.where(rng.random((60, 4)) < np.where(second, 0.3, 0.75)[:, None], "yes", "no")
    frame = pd.DataFrame(answers, columns=ITEMS).assign(age=age)
    with pytest.raises(ek.DegenerateFitError, match=r"log-odds of class 2 by 'age' run off to infinity.*below 0.*ML"):
        model(outcomes=None, predictors="~ age", steps=3).fit(frame)
    assert model(outcomes=None, predictors="~ age", steps=3, correction="ML").fit(frame).converged_


def test_without_correction_what_cannot_be_is_put_down_to_the_assignment():
    frame = people(60, 1)
    classes = ek.LatentClass(2, random_state=0).fit(frame[ITEMS]).predict(frame[ITEMS])
    frame["income"] = frame["income"].where(classes == 1)
    with pytest.raises(ek.DegenerateFitError, match=r"class 1 is left with 0 rows where 'income' was seen. Use assign") as told:
        model(predictors=None, outcomes="income", steps=3, correction=None).fit(frame[[*ITEMS, "income"]])
    assert "corrected" not in str(told.value)
    assert "ML" not in str(told.value)


@pytest.mark.parametrize("settings", [{"steps": 1}, {"steps": 3, "correction": "ML"}], ids=str)
def test_rows_of_weight_zero_tell_nothing_of_predictors(settings):
    frame = people(80).drop(columns=["income", "vote"])
    other = pd.concat([frame, frame.iloc[[0, 1, 2]].assign(ward=["rare", "a", "b"], age=[1e6, np.nan, 3.0])], ignore_index=True)
    weights = np.arange(83) < 80
    found = model(outcomes=None, predictors="~ poly(age, 2) + ward", **settings).fit(other, sample_weight=weights)
    alone = model(outcomes=None, predictors="~ poly(age, 2) + ward", **settings).fit(frame)
    assert found.gate_names_ == alone.gate_names_
    np.testing.assert_array_equal(found.gates_, alone.gates_)


def test_weights_that_come_to_one_row_leave_no_standard_errors():
    frame = people(60)
    with pytest.warns(ek.WeightsWarning):
        result = model(outcomes=None, steps=2).fit(frame.drop(columns=["income", "vote"]), sample_weight=[1 / 60] * 60).result_
    found = result.standard_errors()
    assert np.isnan(found.errors).all()
    assert all("add up to 1" in reason for reason in found.reasons.values())


@pytest.mark.parametrize("settings", [{"steps": 2}, {"steps": 3, "correction": "ML"}], ids=str)
def test_a_predictor_that_tells_classes_apart_leaves_the_others_their_errors(settings):
    frame = people(120, 2)
    classes = ek.LatentClass(2, random_state=0).fit(frame[ITEMS]).predict(frame[ITEMS])
    frame["ward"] = np.where((classes == 0) & (np.arange(120) % 2 == 0), "only one", "other")
    with pytest.warns(ek.SeparationWarning, match=r"the likelihood has no maximum.*gate of ward\[T\.other\].*run off"):
        result = model(outcomes=None, **settings).fit(frame.drop(columns=["income", "vote"])).result_
    tidy = result.tidy()
    gates = tidy[tidy["path"].str.startswith("gates[1")].set_index("path")["std_error"]
    runs_off = list(result.infinite)
    assert runs_off
    assert np.isnan(gates[runs_off]).all()
    assert np.isfinite(gates.drop(runs_off)).any()


def test_a_level_of_a_predictor_or_gaps_of_an_outcome_that_leave_a_class_less_than_no_rows_are_refused():
    frame = people(120, 2)
    classes = ek.LatentClass(2, random_state=0).fit(frame[ITEMS]).predict(frame[ITEMS])
    frame["ward"] = np.where((classes == 0) & (np.arange(120) % 2 == 0), "a", "b")
    with pytest.raises(ek.DegenerateFitError, match=r"class \d is left with -.* rows where 'ward\[T.b\]' is 0.*ML"):
        model(outcomes=None, predictors="~ ward", steps=3).fit(frame.drop(columns=["age", "income", "vote"]))
    sure = (frame[ITEMS] == "yes").all(axis=1)
    with pytest.raises(ek.DegenerateFitError, match=r"class \d is left with -.* rows where 'income' was seen.*ML"):
        model(outcomes="income", predictors=None, steps=3).fit(
            frame.assign(income=frame["income"].where(sure)).drop(columns=["age", "ward", "vote"])
        )


def test_what_one_step_would_not_hold_is_refused():
    with pytest.raises(ek.ParameterError, match="frozen holds parameters of the items"):
        model(steps=1, frozen="components").fit(people(40))


def test_a_last_step_that_is_refused_leaves_the_fit_before():
    frame = people(120, 2)
    found = model(outcomes=None, steps=3).fit(frame.drop(columns=["income", "vote"]))
    before = dict(vars(found))
    with pytest.raises(ek.DataError):
        found.fit(frame.assign(age=np.inf))
    assert vars(found) == before
    again = found.set_params(predictors=None).fit(frame[ITEMS])
    assert not hasattr(again, "gates_")
    assert not hasattr(again, "measurement_")


def test_three_steps_tell_entropy_of_the_items():
    found = model(outcomes=None, steps=3).fit(people(120, 2).drop(columns=["income", "vote"]))
    assert found.result_.entropy == found.measurement_.entropy >= 0
    assert found.result_.icl == found.measurement_.icl


@pytest.mark.slow
def test_one_step_ends_no_lower_than_where_the_classes_that_rows_were_drawn_from_lead():
    """Answers alone lead 10 lower, in these rows of a design of Bakk & Kuha (2018)."""
    rng = np.random.default_rng(3)
    z = rng.integers(1, 6, 400).astype(float)
    odds = np.exp(np.column_stack([0 * z, 2.3439 - z, z - 3.6554])).cumsum(axis=1)
    k = (rng.random((400, 1)) > odds / odds[:, -1:]).sum(axis=1)
    yes = np.array([[0.7] * 6, [0.7] * 3 + [0.3] * 3, [0.3] * 6])[k]
    items = np.column_stack([rng.random(400) < each for each in yes.T]).astype(int)
    frame = pd.DataFrame(items, columns=[f"item {j}" for j in range(6)]).assign(z=z)
    whole = ek.GatedMixture(ek.Product({tuple(range(6)): ek.Categorical(), 6: ek.Covariates(3)}), (6,))
    source = ek.ArraySource(np.column_stack([items, z]))
    start = whole.estimated_from(source.whole, whole.even(source.profile, 3), np.eye(3)[k])
    led = ek.fit(whole, source, start, max_evaluations=5_000)
    found = ek.LatentClass(3, predictors="~ z", random_state=0).fit(frame)
    assert found.result_.log_likelihood > led.log_likelihood - 1e-3
    first = [found.components_.columns[0].probabilities[c, 0] for c in range(3)]
    assert first == sorted(first)
    assert found.gates_[0] == pytest.approx(0)
    assert found.result_.log_likelihood > found.result_.step.fit(1e-8, 1_000).log_likelihood + 5
