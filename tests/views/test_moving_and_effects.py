"""What figures of state spaces and mixed models show is what the estimators tell."""

import json

import numpy as np
import pytest

import emkit as ek
from emkit import views

X = np.random.default_rng(0).standard_normal((40, 1)).cumsum(axis=0) @ [[1.0, 0.5]]
X = X + np.random.default_rng(1).standard_normal(X.shape)
X[3, 1] = np.nan
LENGTHS = [25, 15]
TIMES = {"rail": [1, 1, 1, 2, 2, 2, 3, 3, 3], "time": [55, 53, 54, 26, 37, 32, 78, 91, 85], "turn": [1, 2, 3] * 3}


@pytest.fixture(scope="module", params=["free", "tied"])
def pair(request):
    model = ek.StateSpace([[1]], [[1], [0.5]])
    if request.param == "tied":
        model = ek.TiedStateSpace([[1]], [[1], [0.5]], state_noise=["q"], noise=["r", "r"])
    return ek.StateSpaceModel(model).fit(X, lengths=LENGTHS)


def test_a_series_is_what_the_estimator_smooths_and_forecasts(pair):
    view = views.moving_series(pair.result_, 1, steps=3, series=1)
    means, spreads = pair.forecast(X, 3, lengths=LENGTHS)
    np.testing.assert_allclose(view.means, pair.predict(X, lengths=LENGTHS)[25:, 1])
    np.testing.assert_allclose(view.spreads, np.sqrt(pair.smooth(X, lengths=LENGTHS)[1][25:, 0, 0]) / 2)
    np.testing.assert_allclose([view.ahead, view.ahead_spreads], [means[1, :, 1], spreads[1, :, 1]])
    np.testing.assert_array_equal(view.values, X[25:, 1])
    assert len(views.moving_series(pair.result_).ahead) == 0
    told = json.loads(json.dumps(views.moving_series(pair.result_, "x1").to_dict()))
    assert told["values"][3] is None
    ax = pair.result_.plot("smoothed", steps=3)
    assert [line.get_label() for line in ax.lines] == ["rows", "without errors", "rows to come"]


@pytest.mark.filterwarnings("ignore::emkit.EmkitWarning")
def test_effects_are_those_of_the_estimator_the_least_first():
    mixed = ek.MixedRegression("time ~ turn + (1 + turn | rail)", covariance="diagonal").fit(TIMES)
    for k, effect in enumerate(["intercept", "turn"]):
        view = views.group_effects(mixed.result_, effect)
        order = np.argsort(mixed.effects_[:, k])
        np.testing.assert_allclose(view.means, mixed.effects_[order, k])
        np.testing.assert_allclose(view.spreads, np.sqrt(mixed.effect_spreads_[order, k, k]))
        assert view.groups.tolist() == order.tolist()
    assert views.group_effects(mixed.result_, 0).to_dict()["effect"] == "intercept"
    ax = mixed.result_.plot("effects")
    assert [label.get_text() for label in ax.get_yticklabels()] == [str(g) for g in np.argsort(mixed.effects_[:, 0])]


def test_effects_of_groups_with_names_are_called_by_them():
    frame = {"rail": np.repeat(["low", "mid", "high"], 3), "time": [26, 37, 32, 55, 53, 54, 78, 91, 85]}
    rails = ek.MixedRegression("time ~ (1 | rail)").fit(frame).result_
    view = views.group_effects(rails)
    assert view.names == ("low", "mid", "high")
    assert view.to_dict()["names"] == ["low", "mid", "high"]
    assert [label.get_text() for label in rails.plot("effects").get_yticklabels()] == ["low", "mid", "high"]
    source = ek.ArraySource([[t] for t in frame["time"]], [1, 1, 1, 0, 0, 0, 1, 1, 1], groups=frame["rail"])
    assert source.group_names == ("low", "high")  # those that are there


@pytest.mark.parametrize("named", [True, False])
def test_effects_of_inner_groups_have_a_level_of_their_own(named):
    rng = np.random.default_rng(0)
    schools, classes = np.repeat(np.arange(6), 12), np.tile(np.repeat([3, 1, 2], 4), 6)
    y = rng.standard_normal(6)[schools] * 2 + rng.standard_normal((6, 4))[schools, classes] + 0.3 * rng.standard_normal(72)
    frame = {"y": y, "school": schools, "class": classes}
    if named:
        frame |= {"school": [f"S{i}" for i in schools], "class": [f"K{i}" for i in classes]}
    model = ek.MixedRegression("y ~ (1 | school/class)").fit(frame)
    view = views.group_effects(model.result_, level=1)
    order = np.argsort(model.inner_effects_[:, 0])
    np.testing.assert_allclose(view.means, model.inner_effects_[order, 0])
    np.testing.assert_allclose(view.spreads, np.sqrt(model.inner_effect_spreads_[order, 0, 0]))
    if named:
        assert view.labels == tuple(" / ".join(model.inner_groups_[g]) for g in order)
    ax = model.result_.plot("effects", level=1)
    assert len(ax.get_yticklabels()) == 18
    assert ax.get_title(loc="left").startswith("Effects of school:class")
    by_name = views.group_effects(model.result_, level="school:class")
    np.testing.assert_array_equal(by_name.means, view.means)
    with pytest.raises(ek.ParameterError, match=r"levels 0 to 1 \(school, school:class\), the outer one first"):
        views.group_effects(model.result_, level="class")
    with pytest.raises(ek.ParameterError, match="level is 2; groups have levels 0 to 1"):
        views.group_effects(model.result_, level=2)


def test_what_cannot_be_shown_is_refused(pair):
    rails = ek.MixedRegression("time ~ (1 | rail)").fit(TIMES).result_
    with pytest.raises(ek.ParameterError, match="effect is 'turn'; the random effects are intercept"):
        views.group_effects(rails, "turn")
    with pytest.raises(ek.ParameterError, match="effect is 1"):
        views.group_effects(rails, 1)
    with pytest.raises(ek.ModelError, match="has no states that move by numbers"):
        views.moving_series(rails)
    with pytest.raises(ek.ModelError, match="has no random effects of groups"):
        views.group_effects(pair.result_)
    with pytest.raises(ek.ParameterError, match="series is 2; there are series 0 to 1"):
        views.moving_series(pair.result_, series=2)
    with pytest.raises(ek.ParameterError, match="steps is -1"):
        views.moving_series(pair.result_, steps=-1)
