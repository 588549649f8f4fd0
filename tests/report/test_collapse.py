"""What is said of collapsed components follows from the fit: which have no rows, what a floor holds, what could be shared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import replace_at
from emkit.report.collapse import collapsed

pytestmark = pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")

SHARE, FLOOR = "components that share a covariance", "floor"
EYES = [np.eye(2), np.eye(2)]
NORMALS = {
    "full": (ek.FullGaussian(), ek.FullGaussianParams([[0, 0], [9, 9]], EYES)),
    "diag": (ek.DiagonalGaussian(), ek.DiagonalGaussianParams([[0, 0], [9, 9]], [[1, 1], [1, 1]])),
    "spherical": (ek.SphericalGaussian(), ek.SphericalGaussianParams([[0, 0], [9, 9]], [1, 1])),
}
TIED = ek.TiedGaussian(), ek.TiedGaussianParams([[0, 0], [9, 9]], np.eye(2))
POISSON = ek.Poisson(), ek.PoissonParams([[1.0, 1.0], [9.0, 9.0]])
GAMMA = ek.Gamma(), ek.GammaParams([[2.0], [900.0]], [[15.0], [2.0]])
EVERY = {**NORMALS, "tied": TIED, "poisson": POISSON, "gamma": GAMMA}


def cloud_and_point(points: int = 6) -> np.ndarray:
    return np.concatenate([np.random.default_rng(0).normal(size=(100, 2)), np.full((points, 2), 9.0)])


def said_of(family, components, x, proportions=(0.5, 0.5), kind=ek.Mixture) -> str:
    model = kind(family)
    result = ek.fit(model, x, ek.MixtureParams(proportions, components))
    assert result.degenerate
    return collapsed(model, result)


@pytest.mark.parametrize("form", NORMALS)
def test_a_spread_of_its_own_rests_on_the_floor_and_could_be_shared(form):
    assert said_of(*NORMALS[form], cloud_and_point()) == (
        "component 2 collapsed onto 6 rows (row 100, row 101, row 102, row 103, row 104, ...); only the floor under its spread "
        "holds it there, and the log-likelihood says little. Use fewer components, a higher floor or components that share a "
        "covariance."
    )


def test_two_components_are_spoken_of_as_two():
    x = [[0, 0]] * 4 + [[9, 9]] * 4 + [[4, -9], [3, 12], [5, 2], [-2, 7], [12, 1], [6, -4]]
    three = ek.FullGaussianParams([[0, 0], [9, 9], [4, 2]], [*[np.eye(2) * 1e-2] * 2, np.eye(2) * 90])
    said = said_of(ek.FullGaussian(), three, np.array(x, float), (0.3, 0.3, 0.4))
    assert said.startswith("components 1 and 2 collapsed onto 8 rows (")
    assert "only the floor under their spread holds them there" in said


def test_a_covariance_that_is_shared_is_not_advised_to_be_shared():
    x = np.concatenate([np.full((40, 2), 0.0), np.full((60, 2), 9.0)]) + np.linspace(0, 1, 100)[:, None] * [[1.0, 0.0]]
    said = said_of(*TIED, x)
    assert said == (
        "the covariance that all components share collapsed; only the floor under it holds it there, and the log-likelihood "
        "says little. Use fewer components or a higher floor."
    )


def test_of_a_family_that_is_no_normal_nothing_is_said_of_covariances():
    x = np.concatenate([np.full(40, 2.0), np.linspace(5, 30, 60)])[:, None]
    said = said_of(*GAMMA, x)
    assert said.startswith("component 2 collapsed onto 40 rows (row 0, row 1")
    assert said.endswith("only the floor under its spread holds it there, and the log-likelihood says little. Use fewer "
                         "components or a higher floor.")  # fmt: skip


@pytest.mark.parametrize("family", EVERY)
def test_a_component_without_rows_is_said_to_have_none(family):
    kind, components = EVERY[family]
    x = np.random.default_rng(1).poisson(3, size=(50, 2)) + 1.0
    said = said_of(kind, components, x[:, :1] if family == "gamma" else x, (1.0, 0.0))
    assert said == (
        "component 2 received no rows: its proportion is 0, and the data say nothing about it. Use fewer components."
    )


def test_both_are_said_each_of_its_own():
    family, components = NORMALS["full"]
    three = ek.FullGaussianParams([*components.means, [5, 5]], [*components.covariances, np.eye(2)])
    said = said_of(family, three, cloud_and_point(), (0.5, 0.5, 0.0))
    assert said.startswith("component 3 received no rows")
    assert "component 2 collapsed onto 6 rows" in said
    assert said_of(*POISSON, [[1, 1], [2, 1]], (0.0, 1.0)).startswith("component 1 received no rows")


@dataclass(frozen=True)
class Unfloored(ek.Mixture):
    """A mixture of one's own that calls components degenerate, of a family without a floor."""

    def degenerate(self, params, profile):
        return (0, 1)


def test_a_family_without_a_floor_is_not_said_to_have_one():
    said = said_of(ek.Poisson(), ek.PoissonParams([[1.0], [5.0]]), [[1], [2], [7]], kind=Unfloored)
    assert said == (
        "components 1 and 2 collapsed onto 3 rows (row 0, row 1, row 2); the log-likelihood says little. Use fewer components."
    )


def test_a_component_that_no_row_is_likeliest_of():
    model = Unfloored(ek.Poisson())
    result = ek.fit(model, [[1], [2]], ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [5.0]])), max_evaluations=1)
    object.__setattr__(result.record, "params", replace_at(result.params, {"proportions": [1 - 1e-9, 1e-9]}))
    object.__setattr__(result, "degenerate", (1,))
    assert "component 2 collapsed onto rows that all are likelier of other components" in collapsed(model, result)
