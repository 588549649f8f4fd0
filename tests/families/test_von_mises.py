"""Von Mises columns: SciPy's density and estimate, the seam of the circle, no direction at all, collapse, messages."""

import numpy as np
import pytest
from scipy.stats import vonmises

import emkit as ek
from tests.cases import estimate


def one(direction, concentration):
    return ek.VonMisesParams([[direction]], [[concentration]])


def two_ways(n=900, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.vonmises(1.0, 3.0, n), rng.vonmises(-2.0, 8.0, n // 2)])


START = ek.MixtureParams([0.5, 0.5], ek.VonMisesParams([[0.5], [-1.5]], [[1.0], [1.0]]))


@pytest.mark.parametrize("concentration", [1e-3, 0.5, 4.0, 500.0, 1e6])
def test_density_is_scipys(concentration):
    x = np.random.default_rng(1).vonmises(1.0, concentration, 50)
    found = ek.VonMises().log_density(one(1.0, concentration), x[:, None])[:, 0]
    np.testing.assert_allclose(found, vonmises.logpdf(x, concentration, loc=1.0), rtol=1e-12, atol=1e-12)


def test_without_concentration_angles_come_from_everywhere():
    found = ek.VonMises().log_density(one(1.0, 0.0), np.array([[0.3], [-3.0]]))
    np.testing.assert_allclose(found, -np.log(2 * np.pi), rtol=1e-15)


def test_the_estimate_is_scipys():
    x = np.random.default_rng(2).vonmises(3.0, 2.5, 300)  # across the seam
    concentration, direction, _ = vonmises.fit(x, fscale=1)
    result = ek.fit(ek.Mixture(ek.VonMises()), x, ek.MixtureParams([1.0], one(2.0, 1.0)))
    found = result.params.components
    assert np.cos(found.directions.item() - direction) == pytest.approx(1, abs=1e-10)
    assert found.concentrations.item() == pytest.approx(concentration, rel=1e-6)
    assert result.log_likelihood >= vonmises.logpdf(x, concentration, loc=direction).sum() - 1e-9


def test_the_seam_of_the_circle_lies_nowhere():
    x = two_ways()
    turned = np.angle(np.exp(1j * (x + 2.5)))
    one_way, other = (
        ek.fit(ek.Mixture(ek.VonMises()), data, ek.MixtureParams([0.5, 0.5], ek.VonMisesParams(at, [[1.0], [1.0]])))
        for data, at in ((x, [[0.5], [-1.5]]), (turned, [[3.0], [1.0]]))
    )
    assert other.log_likelihood == pytest.approx(one_way.log_likelihood, rel=1e-10)
    gap = other.params.components.directions - one_way.params.components.directions - 2.5
    np.testing.assert_allclose(np.exp(1j * gap), 1, atol=1e-6)


def test_parameters_are_recovered_from_its_own_sample():
    true = ek.MixtureParams([0.4, 0.6], ek.VonMisesParams([[-2.0], [1.0]], [[8.0], [3.0]]))
    x, _ = ek.Mixture(ek.VonMises()).draw(true, np.random.default_rng(3), 4_000)
    result = ek.MixtureModel("von-mises", 2, random_state=0).fit(x).result_.in_order()
    assert result.converged
    np.testing.assert_allclose(result.params.components.directions.ravel(), [-2, 1], atol=0.05)
    np.testing.assert_allclose(result.params.components.concentrations.ravel(), [8, 3], rtol=0.12)


@pytest.mark.parametrize("held", ["directions", "concentrations"])
def test_directions_or_concentrations_can_be_held(held):
    result = ek.fit(ek.Frozen(ek.Mixture(ek.VonMises()), f"components.{held}"), two_ways(200), START)
    assert result.converged
    np.testing.assert_array_equal(getattr(result.params.components, held), getattr(START.components, held))


def test_angles_opposite_to_a_held_direction_have_no_concentration_about_it():
    x = np.random.default_rng(0).vonmises(0.0, 2.0, 100)
    held = ek.Frozen(ek.Mixture(ek.VonMises()), "components.directions")
    result = ek.fit(held, x, ek.MixtureParams([1.0], one(np.pi, 1.0)))
    assert result.params.components.concentrations.item() == 0
    assert result.boundary == ("components.concentrations[0, 0]",)


def test_a_component_on_equal_rows_stops_at_the_floor_or_is_named():
    x = np.concatenate([np.full(40, 0.2), np.linspace(1.0, 4.0, 60)])
    spike = ek.MixtureParams([0.4, 0.6], ek.VonMisesParams([[0.2], [2.5]], [[30.0], [2.0]]))
    with pytest.warns(ek.DegenerateFitWarning, match="component 1 collapsed onto 40 rows"):
        result = ek.fit(ek.Mixture(ek.VonMises()), x, spike)
    assert result.degenerate == (0,)
    assert result.boundary == ("components.concentrations[0, 0]",)
    bare = ek.fit(ek.Mixture(ek.VonMises(floor=0)), x, spike, max_evaluations=300)
    assert bare.outcome.name == "DEGENERATE"
    assert "component 1 collapsed: its rows are all equal in column 0" in str(bare.outcome)


def test_a_constant_column_is_named_and_held():
    x = np.column_stack([two_ways(), np.full(len(two_ways()), 0.25)])
    model = ek.Mixture(ek.VonMises())
    with pytest.warns(ek.DegenerateDataWarning, match="some columns are constant: x1. A concentration has no"):
        result = ek.fit(model, x, model.starts(ek.ArraySource(x).profile, 2, [0])[0])
    assert result.boundary == ("components.concentrations[0, 1]", "components.concentrations[1, 1]")
    assert result.degenerate == ()


def test_an_empty_component_keeps_its_parameters():
    x = two_ways(20)[:, None]
    params = ek.VonMisesParams([[0.2], [0.5]], [[3.0], [7.0]])
    family = ek.VonMises()
    found = estimate(family, family.statistics(params, x, np.outer(np.ones(len(x)), [1.0, 0.0])), params)
    assert (found.directions[1, 0], found.concentrations[1, 0]) == (0.5, 7.0)


def test_messages():
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is 90; angles are in radians and must lie from -2 pi to 2 pi."):
        ek.VonMises().support.check(ek.ArraySource([0.5, 90.0]).profile)
    with pytest.raises(ek.ParameterError, match=r"floor is 2; it is a fraction"):
        ek.VonMises(floor=2)
