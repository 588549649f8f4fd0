"""State spaces as an estimator: what it finds is what its model says, and what it cannot take it refuses in words."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import emkit as ek

NAN = np.nan
WALK = np.random.default_rng(0).standard_normal((30, 1)).cumsum(axis=0) + np.random.default_rng(1).standard_normal((30, 1))
GAPPY = np.where(np.arange(30)[:, None] % 7 == 3, NAN, WALK)


def test_what_it_tells_is_what_its_model_says():
    level = ek.StateSpaceModel("level").fit(GAPPY)
    chunk = ek.Chunk(GAPPY, np.ones(30), 0, np.array([0, 30]))
    means, spreads = level.smooth(GAPPY)
    np.testing.assert_array_equal(means, level.model_.latent(level.params_, chunk)[0])
    assert spreads.shape == (30, 1, 1)
    np.testing.assert_array_equal(level.predict(GAPPY), means)
    assert np.isfinite(level.predict(GAPPY)).all()
    assert level.score(GAPPY) == pytest.approx(level.result_.log_likelihood, rel=1e-12)
    mean, spread = level.forecast(GAPPY, 3)
    np.testing.assert_allclose(mean.ravel(), means[-1, 0], rtol=1e-12)
    wanted = spreads[-1, 0, 0] + level.params_.noise + level.params_.state_noise * np.array([1, 2, 3])
    np.testing.assert_allclose(spread.ravel() ** 2, wanted, rtol=1e-10)
    assert level.sample(4).shape == (4, 1)


def test_several_series_come_by_lengths_or_labels():
    x = np.concatenate([WALK, WALK[:12]])
    one = ek.StateSpaceModel().fit(x, lengths=[30, 12])
    other = ek.StateSpaceModel().fit(x, groups=["a"] * 30 + ["b"] * 12)
    assert one.result_.log_likelihood == other.result_.log_likelihood
    assert one.score_samples(x, lengths=[30, 12]).sum() == pytest.approx(one.result_.log_likelihood, rel=1e-12)
    assert one.forecast(x, 2, lengths=[30, 12])[0].shape == (2, 2, 1)
    twice = ek.StateSpaceModel().fit(WALK, lengths=[30], sample_weight=[2.0])
    again = ek.StateSpaceModel().fit(np.concatenate([WALK, WALK]), lengths=[30, 30])
    np.testing.assert_allclose(twice.params_.noise, again.params_.noise, rtol=1e-9)


def test_columns_go_with_factors_and_any_model_is_taken():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((50, 1)) @ [[1.0, 0.8, -0.6]] + rng.standard_normal((50, 3)) / 2 + [5, 0, 1]
    factors = ek.StateSpaceModel("factors", n_init=2, random_state=0).fit(x)
    assert factors.predict(x).shape == (50, 3)
    np.testing.assert_allclose(factors.predict(x).mean(axis=0), x.mean(axis=0), atol=0.1)
    own = ek.StateSpace(np.eye(1), np.ones((3, 1)))
    assert ek.StateSpaceModel(own).fit(x).params_.noise.shape == (3,)


def test_it_is_copied_and_stored():
    level = ek.StateSpaceModel("trend").fit(WALK)
    for again in (pickle.loads(pickle.dumps(level)), copy.deepcopy(level)):
        np.testing.assert_array_equal(again.predict(WALK), level.predict(WALK))


def test_a_fit_can_be_written_to_a_file_and_told(tmp_path):
    level = ek.StateSpaceModel().fit(WALK)
    level.result_.save(tmp_path / "fit.emk")
    again = ek.load(tmp_path / "fit.emk")
    np.testing.assert_array_equal(again.params.noise, level.params_.noise)
    assert "state_noise" in level.result_.summary()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"structure": "levels"}, "structure is 'levels'"),
        ({"structure": None}, "structure is None"),
        ({"seasons": -1}, "seasons"),
        ({"structure": "factors", "n_factors": 2}, "n_factors is 2"),
        ({"n_init": 0}, "n_init"),
        ({"tol": -1}, "tol"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, words):
    with pytest.raises(ek.ParameterError, match=words):
        ek.StateSpaceModel(**settings).fit(WALK)


def test_rows_that_cannot_be_are_refused():
    with pytest.raises(ek.ParameterError, match="for one column"):
        ek.StateSpaceModel().fit(np.ones((5, 2)))
    with pytest.raises(ek.DataError, match="sum to 29"):
        ek.StateSpaceModel().fit(WALK, lengths=[29])
    level = ek.StateSpaceModel().fit(WALK)
    with pytest.raises(ValueError, match="features"):
        level.predict(np.ones((5, 2)))
    with pytest.raises(ek.ParameterError, match="steps"):
        level.forecast(WALK, 0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ek.StateSpaceModel(max_iter=3).fit(WALK)
    assert any("3" in str(each.message) for each in caught)


def test_a_summary_names_what_is_estimated_and_its_errors():
    x = {"north": WALK[:, 0], "south": 2 * WALK[:, 0] + np.random.default_rng(5).standard_normal(30)}
    two = ek.StateSpace([[1]], [[1], [NAN]], states=["level"])
    found = ek.StateSpaceModel(two).fit(_framed(x), lengths=[20, 10])
    told = found.summary()
    assert "State space of level, seen in north; south: 30 rows in 2 series" in told
    errors = found.result_.standard_errors()
    lines = {tuple(line.split()[:2]): line.split() for line in told.splitlines() if "level" in line or "noise" in line}
    assert lines["state_noise", "level"][2] == f"{found.params_.state_noise[0]:.5g}"
    assert float(lines["observation", "south,"][4]) == pytest.approx(errors["observation[1, 0]"], rel=1e-3)
    assert "transition" not in told  # it is given
    assert "Converged" in told
    assert max(map(len, told.splitlines())) <= 80
    assert max(map(len, found.summary(60).splitlines())) <= 60
    assert "south, level" in found.result_.summary()
    tidy = found.result_.tidy()
    assert [tidy["column"][i] for i in (0, 1, 3)] == ["level, from level", "level", "south, level"]


def _framed(columns):
    import pandas as pd

    return pd.DataFrame(columns)


def test_a_summary_of_many_states_has_the_estimates_first():
    x = WALK + np.tile([3.0, -1.0, 2.0, -4.0, 1.0, 0.0], 5)[:, None]
    found = ek.StateSpaceModel(ek.local_level(6, autoregression=3), max_iter=5)
    with pytest.warns(ek.ConvergenceWarning):
        found.fit(x)
    lines = found.result_.summary().splitlines()
    first = next(i for i, line in enumerate(lines) if line.split()[:1] == ["parameter"])
    names = [line.split()[0] for line in lines[first + 1 : first + 8]]
    assert names == ["transition"] * 3 + ["state_noise"] * 3 + ["noise"]
    assert "AR, from AR lag 2" in lines[first + 3]


def test_shown_it_says_what_it_is_of():
    assert (
        repr(ek.StateSpaceModel(ek.local_level(4))) == "StateSpaceModel(structure=StateSpace(4 states, 1 column, 3 estimated))"
    )
    tied = ek.TiedStateSpace([[1]], [[1], [1]], state_noise=["q"], noise=["r", "r"])
    assert repr(tied) == "TiedStateSpace(1 state, 2 columns, 2 estimated)"
    with pytest.raises(ek.ModelError, match=r"states are .'a', 'a'.; they are 2 names"):
        ek.StateSpace(np.eye(2), [[1, 1]], states=["a", "a"])
    with pytest.raises(ValueError, match="not fitted"):
        ek.StateSpaceModel().summary()


def test_letters_are_names_of_what_is_tied():
    tied = ek.TiedStateSpace([[1]], [[1], [1]], state_noise=["moves"], noise=["off", "off"], states=["level"])
    found = ek.StateSpaceModel(tied).fit(np.hstack([WALK, WALK[::-1]]))
    told = found.summary()
    assert "moves" in told
    assert "off" in told


def test_long_names_take_no_columns_from_a_table():
    rows = np.hstack([WALK, 2 * WALK + np.random.default_rng(5).standard_normal((30, 1))])
    names = ["industrial production of all branches", "south"]
    two = ek.StateSpace([[1]], [[1], [NAN]], states=["level"])
    found = ek.StateSpaceModel(two).fit(_framed(dict(zip(names, rows.T, strict=True))))
    for width in (80, 60):
        table = found.summary(width).split("\n\n")[1]
        assert "…" not in table
        assert "from" in found.summary(80).split("\n\n")[1].splitlines()[0].split()
        assert max(map(len, table.splitlines())) <= width
