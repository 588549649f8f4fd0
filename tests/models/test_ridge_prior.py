"""Ridge priors: regressions whose slopes are pulled towards 0, and whose intercepts are not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

import emkit as ek
from emkit.families.regression_named import REGRESSIONS, takes
from tests.laws import maxima


def rows(seed=0, n=50):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2)) * [1.0, 20.0] + [0.0, 100.0]
    return {"y": rng.poisson(np.exp(0.5 + 0.6 * x[:, 0])).astype(float), "a": x[:, 0], "b": x[:, 1]}


def test_one_poisson_class_is_that_of_scikit_learn():
    """Whose slopes are penalised by n alpha / 2: here in standard deviations."""
    frame = rows()
    x = np.column_stack([frame["a"], frame["b"]])
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    wanted = PoissonRegressor(alpha=0.3, tol=1e-10, max_iter=1000, solver="newton-cholesky").fit(standard, frame["y"])
    model = ek.MixtureRegression("y ~ a + b", 1, family="poisson", ridge=0.3 * 50, tol=1e-12).fit(frame)
    found = model.components_.coefficients[0]
    np.testing.assert_allclose(found[1:] * x.std(axis=0), wanted.coef_, rtol=1e-6)
    assert found[0] + found[1:] @ x.mean(axis=0) == pytest.approx(wanted.intercept_, rel=1e-6)


def test_slopes_as_they_are_and_a_normal_response_have_a_formula():
    frame = rows()
    source = ek.ArraySource(np.column_stack([frame["y"], frame["a"], frame["b"]]), columns=["y", "a", "b"])
    model = ek.WithPrior(ek.Mixture(ek.NormalRegression("y", ("a", "b"))), {"components": ek.RidgePrior(5.0, False)})
    own = ek.fit(model, source, model.starts(source.profile, 1, [0]), tol=1e-13).params.components
    design = np.column_stack([np.ones(50), source.x[:, 1:]])
    penalty = 5.0 * own.variances[0] * np.diag([0.0, 1.0, 1.0])
    wanted = np.linalg.solve(design.T @ design + penalty, design.T @ source.x[:, 0])
    np.testing.assert_allclose(own.coefficients[0], wanted, rtol=1e-6)


@pytest.mark.parametrize("family", [name for name, kind in REGRESSIONS.items() if takes(kind, "intercept")])
def test_the_objective_of_every_family_climbs(family):
    frame = rows(1, 40)
    kind = REGRESSIONS[family]
    amounts = kind(0).law.impossible(np.zeros((1, 1))).all()
    frame["y"] = np.minimum(frame["y"], 1) if family == "binomial" else frame["y"] + amounts
    source = ek.ArraySource(np.column_stack([*frame.values()]), columns=["y", "a", "b"])
    plain = ek.Mixture(kind("y", "a", shared="b") if takes(kind, "shared") else kind("y", ("a", "b")))
    model = ek.WithPrior(plain, {"components": ek.RidgePrior(20.0)}).settled(source.profile)
    start = plain.starts(source.profile, 2, [1])[0]
    assert maxima.assert_ascends(model, source, start, ek.solvers.Plain(), 2) > 0
    assert model.log_prior(start) < 0


def test_no_unit_of_a_covariate_makes_a_difference_nor_does_a_file(tmp_path):
    frame, other = rows(), rows()
    other["b"] = 1e3 * other["b"]
    one, two = (ek.MixtureRegression("y ~ a + b", 1, family="poisson", ridge=4.0).fit(each) for each in (frame, other))
    np.testing.assert_allclose(two.components_.coefficients * [1, 1, 1e3], one.components_.coefficients, rtol=1e-5)
    again = ek.load(two.result_.save(tmp_path / "ridge.emk"))
    assert again.objective == two.result_.objective
    assert two.result_.objective == pytest.approx(one.result_.objective, rel=1e-9)


def test_what_cannot_be_is_refused():
    with pytest.raises(ek.ModelError, match="penalty of a ridge prior is -1"):
        ek.RidgePrior(-1)
    with pytest.raises(ek.ParameterError, match="ridge"):
        ek.MixtureRegression("y ~ a", 1, ridge=-1).fit(rows())
    with pytest.raises(ek.ModelError, match="levels in order have cutpoints"):
        ek.MixtureRegression("y ~ a", 1, family="ordered", ridge=1.0).fit(rows())
    source = ek.ArraySource(np.column_stack([*rows().values()]))
    regression = ek.WithPrior(ek.Mixture(ek.PoissonRegression(0, 1)), {"components": ek.RidgePrior(1.0)})
    start = ek.MixtureParams([1.0], ek.RegressionParams([[0.0, 0.0]]))
    with pytest.raises(ek.ModelError, match="do not tell which they are"):
        ek.fit(regression, source, start)
    counts = ek.WithPrior(ek.Mixture(ek.Poisson()), {"components": ek.RidgePrior(1.0)})
    with pytest.raises(ek.ModelError, match="is for regressions"):
        ek.fit(counts, source.x[:, :1], ek.MixtureParams([1.0], ek.PoissonParams([[1.0]])))
