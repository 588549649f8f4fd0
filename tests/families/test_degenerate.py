"""Components that collapse: never a silent spike."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.errors import DegenerateDataWarning, DegenerateFitWarning
from emkit.search import spread_start
from tests import cases

pytestmark = pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")

FORMS = [ek.FullGaussian, ek.DiagonalGaussian, ek.SphericalGaussian]
OF_OWN_VOLUME = [cases.FORMS[form] for form in cases.FORMS if form[0] == "V"]  # of one volume for all, none collapses alone
every_form = pytest.mark.parametrize("form", cases.FORMS.values(), ids=cases.FORMS)
own_volume = pytest.mark.parametrize("form", OF_OWN_VOLUME, ids=[form for form in cases.FORMS if form[0] == "V"])


def a_cloud_and_a_point() -> np.ndarray:
    return np.concatenate([np.random.default_rng(0).normal(size=(100, 2)), np.full((6, 2), 9.0)])


@own_volume
def test_a_collapsed_component_rests_on_the_floor_and_is_named(form):
    x = a_cloud_and_a_point()
    model = ek.Mixture(form())
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 2, 0))
    point = int(np.argmax(result.params.components.means[:, 0]))
    assert result.degenerate == (point,)
    assert f"Component {point + 1} collapsed" in result.summary()
    assert np.isfinite(result.log_likelihood)


@every_form
def test_sound_components_are_not_called_degenerate(form):
    x = np.random.default_rng(0).normal(size=(300, 2)) + 5 * np.random.default_rng(1).integers(2, size=(300, 1))
    model = ek.Mixture(form())
    assert ek.fit(model, x, spread_start(model, ek.ArraySource(x), 2, 0)).degenerate == ()


@own_volume
def test_without_a_floor_the_run_ends_and_says_which_component(form):
    x = a_cloud_and_a_point()
    model = ek.Mixture(form(floor=0))
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 2, 0))
    assert result.outcome.status is ek.Status.DEGENERATE
    assert "collapsed: its rows do not vary in every direction" in result.outcome.sentence


def test_a_sound_run_is_preferred_to_a_higher_spike():
    x = np.concatenate([np.random.default_rng(0).normal(size=60), np.random.default_rng(1).normal(6, 1, 60), [3.0, 3.0, 3.0]])
    model = ek.Mixture(ek.FullGaussian())
    spike = ek.MixtureParams([0.95, 0.05], ek.FullGaussianParams([[3.0], [3.0]], [[[9.0]], [[1e-5]]]))
    sound = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0.0], [6.0]], [[[1.0]], [[1.0]]]))
    alone = ek.fit(model, x, spike)
    both = ek.fit(model, x, [spike, sound])
    assert alone.degenerate == (1,)
    assert both.degenerate == ()
    assert both.runs.degenerate == {0}


def test_dependent_and_constant_columns_are_named():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100))
    source = ek.ArraySource(np.column_stack([a, b, a + b, np.full(100, 3.0)]), columns=["a", "b", "sum", "same"])
    model = ek.Mixture(ek.FullGaussian())
    start = spread_start(model, source, 1, 0)
    with pytest.warns(DegenerateDataWarning, match="constant: same; some are linearly dependent: a, b, sum"):
        result = ek.fit(model, source, start)
    assert result.converged
    assert result.degenerate == ()


LOST = {
    "constant": lambda x: np.column_stack([x, np.full(len(x), 7.3)]),
    "constant zero": lambda x: np.column_stack([np.zeros(len(x)), x]),
    "dependent": lambda x: np.column_stack([x, x.sum(axis=1)]),
}


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning")
@pytest.mark.parametrize("lost", LOST)
@every_form
def test_a_direction_that_the_data_lack_makes_no_component_degenerate(form, lost: str):
    x = np.random.default_rng(0).normal(size=(300, 2)) + 5 * np.random.default_rng(1).integers(2, size=(300, 1))
    y = LOST[lost](x)
    model = ek.Mixture(form())
    assert ek.fit(model, y, spread_start(model, ek.ArraySource(y), 2, 0), max_evaluations=50).degenerate == ()
    estimator = ek.MixtureModel(form(), n_components=2, random_state=0, tol=1e-2).fit(y)
    assert estimator.degenerate_ == ()
    assert len(estimator.result_.starts().degenerate) < len(estimator.result_.starts().runs)


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning")
@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("form", [ek.FullGaussian, ek.DiagonalGaussian])
def test_a_collapsed_component_is_found_beside_a_direction_that_the_data_lack(form, lost: str):
    x = LOST[lost](a_cloud_and_a_point())
    model = ek.Mixture(form())
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 2, 0), max_evaluations=50)
    assert result.degenerate == (int(np.argmin(result.params.proportions)),)
    with pytest.warns(DegenerateFitWarning, match=r"collapsed onto 6 rows \(row 100, row 101"):
        ek.MixtureModel(form(), n_components=2, n_init=1, random_state=0, tol=1e-2).fit(x)


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("lost", ["constant", "constant zero"])
@every_form
def test_a_constant_column_makes_no_saddle(form, lost: str, seed: int):
    rng = np.random.default_rng(seed)
    x = LOST[lost](rng.normal(size=(150, 2)) + 3 * rng.integers(2, size=(150, 1)))
    model = ek.Mixture(form())
    start = spread_start(model, ek.ArraySource(x), 2, seed)
    assert ek.fit(model, x, start, solver=ek.solvers.Squarem()).outcome.status is ek.Status.CONVERGED


def test_a_round_component_that_starts_far_off_does_not_fall():
    x = np.random.default_rng(0).normal(1e6, 1, size=(300, 2))
    start = ek.MixtureParams([1.0], ek.SphericalGaussianParams([[1e6 + 100, 1e6]], [1e4]))
    assert ek.fit(ek.Mixture(ek.SphericalGaussian()), x, start).converged


def test_one_start_that_collapses_at_once_does_not_spoil_the_others():
    x = np.concatenate([np.random.default_rng(0).normal(size=50), np.full(3, 40.0)])
    good = ek.MixtureParams([1.0, 0.0], ek.FullGaussianParams([[0.0], [1.0]], [[[400.0]], [[400.0]]]))
    bad = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0.0], [40.0]], [[[1.0]], [[1e-3]]]))
    result = ek.fit(ek.Mixture(ek.FullGaussian(floor=0)), x, [bad, good])
    assert result.converged


def test_rows_to_predict_are_not_warned_of_as_if_they_were_fitted():
    x = np.random.default_rng(0).normal(size=(100, 2)) + 5 * np.random.default_rng(1).integers(2, size=(100, 1))
    estimator = ek.GaussianMixture(2, random_state=0).fit(x)
    assert estimator.predict([[1.0, 1.0]]).shape == (1,)
    assert estimator.score_samples(np.column_stack([x[:, 0], np.ones(100)])).shape == (100,)
