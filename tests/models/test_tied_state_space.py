"""State spaces of which entries are tied: their own laws, and what they are without ties."""

import numpy as np
import pytest

import emkit as ek
from emkit.inference.differences import jacobian
from emkit.inference.scores import objective_and_score
from tests.laws import maxima

NAN = np.nan
TRUE = {"a": 0.6, "b": 0.3, "c": 0.8, "q": 0.5, "r": 0.4, "s": 0.2}


def tied():
    return ek.TiedStateSpace(
        [["a", "b"], [0, "a"]], [[1, 0], [0, 1], ["c", "c"]], state_noise=["q", "q"], noise=["r", "r", "s"],
        start_covariance=[1, 1],
    )  # fmt: skip


def rows(lengths=(30, 20)):
    model, rng = tied(), np.random.default_rng(0)
    x = np.concatenate([model.draw(model.params(**TRUE), rng, n) for n in lengths])
    x[rng.random(x.shape) < 0.1] = NAN
    return ek.ArraySource(x, groups=np.repeat(np.arange(len(lengths)), lengths))


def test_its_steps_belong_together():
    assert "no slope left" in str(ek.check_model(tied(), rows(), tied().params(**TRUE)))


def test_slopes_are_those_of_the_log_likelihood():
    params = tied().params(**TRUE)
    em = ek.EMMap(tied(), rows(), params)
    at = em.coordinates.pack(params)
    height = lambda v: np.array([em.objective(em.coordinates.unpack(v, params))])  # noqa: E731
    numeric = jacobian(height, at, np.full(len(at), 1e-2))[0]
    np.testing.assert_allclose(objective_and_score(em, params)[1], numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_runs_ascend_from_wild_starts(seed):
    (start,) = tied().starts(rows().profile, 1, [seed])
    for solver in (ek.solvers.Plain(), ek.solvers.Anderson()):
        maxima.assert_ascends(tied(), rows(), start, solver, 25)


def test_without_ties_it_is_a_state_space():
    data = rows()
    free = ek.StateSpace([[NAN, NAN], [0, NAN]], [[1, 0], [0, 1], [NAN, NAN]], start_covariance=[1, 1])
    named = ek.TiedStateSpace(
        [["a", "b"], [0, "c"]], [[1, 0], [0, 1], ["d", "e"]], state_noise=["f", "g"], noise=["h", "i", "j"],
        start_covariance=[1, 1],
    )  # fmt: skip
    one, other = (ek.EMMap(model, data, model.start(data.profile)) for model in (free, named))
    here, there = one(free.start(data.profile)), other(named.start(data.profile))
    assert there.objective == pytest.approx(here.objective, rel=1e-12)
    moved = named.whole(there.update)
    for name in ("transition", "state_noise", "observation", "noise"):
        np.testing.assert_allclose(getattr(moved, name), getattr(here.update, name), rtol=1e-9, atol=1e-12)


def test_tied_entries_are_one_parameter_each(tmp_path):
    data = rows()
    found = ek.fit(tied(), data, tied().start(data.profile), solver="anderson")
    assert found.converged
    assert found.free_parameters == 6
    whole = tied().whole(found.params)
    assert whole.transition[0, 0] == whole.transition[1, 1]
    assert whole.noise[0] == whole.noise[1]
    loose = ek.StateSpace([[NAN, NAN], [0, NAN]], [[1, 0], [0, 1], [NAN, NAN]], start_covariance=[1, 1])
    assert found.log_likelihood < ek.fit(loose, data, loose.start(data.profile), solver="anderson").log_likelihood
    found.save(tmp_path / "fit.emk")
    np.testing.assert_array_equal(ek.load(tmp_path / "fit.emk").params.noise, found.params.noise)


def test_the_estimator_takes_it():
    x = rows((40,)).x
    fitted = ek.StateSpaceModel(tied()).fit(x)
    means, spreads = fitted.forecast(x, 2)
    assert means.shape == spreads.shape == (2, 3)
    assert fitted.predict(x).shape == x.shape


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"noise": ["a"]}, "'a' is in transition and in noise"),
        ({"noise": [NAN]}, "noise holds numbers that are not finite"),
        ({"noise": [{}]}, "noise is no array of numbers and names"),
        ({"state_noise": [["q"]]}, "state_noise has 2 axes"),
        ({"state_noise": [0.0]}, "row 0 of transition cannot be estimated"),
        ({"noise": ["r", "r"]}, "noise has shape"),
    ],
)
def test_names_that_cannot_be_are_refused(given, words):
    with pytest.raises(ek.ModelError, match=words):
        ek.TiedStateSpace(**({"transition": [["a"]], "observation": [[1]], "state_noise": ["q"], "noise": ["r"]} | given))


def test_parameters_are_given_by_name():
    with pytest.raises(ek.ParameterError, match="the names are a, b, q, c, r, s, but there are numbers for a"):
        tied().params(a=1.0)
    with pytest.raises(ek.ParameterError, match="noise has shape"):
        ek.fit(tied(), rows(), ek.TiedStateSpaceParams([0.1, 0.1], [1.0], [1.0], [1.0]))
