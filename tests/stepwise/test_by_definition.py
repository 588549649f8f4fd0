"""One, two and three steps against their definitions, worked out beside the library."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from scipy.stats import norm

import emkit as ek
from emkit.families.categorical import CategoricalParams, LevelShares
from emkit.stepwise.uncertain import influence

ITEMS = [f"item {j}" for j in range(5)]
SETTINGS = {
    "one": {"steps": 1},
    "two": {"steps": 2},
    **{
        f"three, {assignment}, {correction}": {"steps": 3, "assignment": assignment, "correction": correction}
        for assignment in ("modal", "proportional")
        for correction in ("BCH", "ML", None)
    },
}
YES = np.array([[0.85] * 5, [0.2] * 5])


def drawn(rows, seed, slope=1.0):
    """Answers, age and income of people of two classes, of which the second is that of the old and of the rich."""
    rng = np.random.default_rng(seed)
    age = rng.normal(size=rows)
    k = (rng.random(rows) < 1 / (1 + np.exp(0.2 - slope * age))).astype(int)
    answers = np.where(rng.random((rows, 5)) < YES[k], "yes", "no")
    frame = pd.DataFrame(answers, columns=ITEMS).assign(age=age, income=rng.normal(size=rows) + k)
    return frame.assign(vote=np.where(rng.random(rows) < 0.3 + 0.4 * k, "left", "right"))


def fitted(frame, weights=None, **settings):
    shares = tuple(LevelShares(np.column_stack([1 - yes, yes])) for yes in YES.T)
    start = ek.MixtureParams([0.5, 0.5], CategoricalParams(shares))
    settings = {"predictors": "~ age", "outcomes": "income", "tol": 1e-12, "start": start, **settings}
    return ek.LatentClass(2, **settings).fit(frame, sample_weight=weights)


@pytest.fixture(scope="module")
def frame():
    return drawn(200, 1).drop(columns="vote")


def posterior(model, frame):
    """P(class | answers) by the items alone, and log p(answers | class)."""
    yes = np.column_stack([column.probabilities[:, 1] for column in model.measurement_.params.components.columns])
    said = (frame[ITEMS] == "yes").to_numpy()
    density = np.where(said[:, None, :], np.log(yes), np.log1p(-yes)).sum(axis=2)
    joint = density + np.log(model.measurement_.params.proportions)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True)), density


def directly(model, frame):
    """Gate, means and variances that maximise what the last of several steps maximises, by a general maximiser."""
    shares, density = posterior(model, frame)
    assigned = np.eye(2)[shares.argmax(axis=1)] if model.assignment == "modal" else shares
    table = shares.T @ assigned / shares.sum(axis=0)[:, None]

    def height(free):
        gate = log_softmax(np.column_stack([np.zeros(len(frame)), free[0] + free[1] * frame["age"]]), axis=1)
        joint = gate + norm.logpdf(frame["income"].to_numpy()[:, None], free[2:4], np.exp(free[4:6]))
        if model.steps == 2:
            return -logsumexp(joint + density, axis=1).sum()
        if model.correction == "ML":
            return -sum(assigned[:, s] @ logsumexp(joint + np.log(table[:, s]), axis=1) for s in range(2))
        return -(assigned @ (np.linalg.inv(table) if model.correction else np.eye(2)) * joint).sum()

    found = minimize(height, np.array([0.0, 0.5, 0.0, 1.0, 0.0, 0.0]), method="BFGS", options={"gtol": 1e-6}).x
    return np.concatenate([found[:4], np.exp(2 * found[4:])])


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "one"])
def test_the_last_step_is_the_maximum_of_its_definition(name, frame):
    model = fitted(frame, **SETTINGS[name])
    outcome = model.outcomes_["income"]
    found = np.concatenate([model.gates_[1], outcome.means[:, 0], outcome.variances[:, 0]])
    np.testing.assert_allclose(found, directly(model, frame), atol=2e-5)


def test_one_step_is_the_gated_mixture_of_all_columns(frame):
    model = fitted(frame)
    x = np.column_stack([frame[ITEMS] == "yes", frame["income"], frame["age"]])
    blocks = {tuple(range(5)): ek.Categorical((2,) * 5), 5: ek.DiagonalGaussian(), 6: ek.Covariates()}
    gated = ek.GatedMixture(ek.Product(blocks), 6)
    parts = (CategoricalParams(model.components_.columns), model.outcomes_["income"], ek.CovariatesParams())
    start = ek.GatedMixtureParams([[0.0, 0.0], [0.0, 0.0]], gated.family.params(*parts))
    other = ek.fit(gated, x, start, tol=1e-12, solver="anderson")
    assert model.result_.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(model.gates_, other.params.gates, atol=1e-5)
    np.testing.assert_allclose(model.outcomes_["income"].means, other.params.components.parts[1].means, atol=1e-5)


STEPMIX = {  # StepMix 3.0.0: log-odds of the second class by intercept and age, means and variances of income
    "three, modal, BCH": ([0.023977, 0.834140], [-0.123872, 0.987089], [1.164393, 1.142916]),
    "three, proportional, BCH": ([0.022567, 0.808538], [-0.131660, 0.995119], [1.157420, 1.132137]),
    "three, modal, ML": ([0.024030, 0.836049], None, None),  # which holds sizes of classes where it estimates outcomes
    "three, modal, None": ([-0.034582, 0.767774], [-0.076513, 0.964362], [1.213848, 1.168087]),
    "three, proportional, None": ([0.016788, 0.707139], [-0.075569, 0.937284], [1.216217, 1.195256]),
}


@pytest.mark.parametrize("name", STEPMIX)
def test_three_steps_are_those_of_stepmix(name, frame):
    gates, means, variances = STEPMIX[name]
    if means is None:
        model = fitted(frame.drop(columns="income"), outcomes=None, **SETTINGS[name])
    else:
        model = fitted(frame, **SETTINGS[name])
        np.testing.assert_allclose(model.outcomes_["income"].means[:, 0], means, atol=1e-4)
        np.testing.assert_allclose(model.outcomes_["income"].variances[:, 0], variances, atol=1e-4)
    np.testing.assert_allclose(model.gates_[1], gates, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "one" and not name.endswith("None")])
def test_standard_errors_know_how_each_row_moves_the_estimates_through_all_steps(name):
    """Against fits in which a row weighs a little more and a little less."""
    frame = drawn(120, 2).drop(columns="vote")
    model = fitted(frame, **SETTINGS[name])
    found, near = model.result_.covariance(), model.result_.information.near
    moved = influence(model.result_.step, ek.Result.of(model.result_)) @ found.basis.T
    for row in (3, 77):
        ways = []
        for weight in (1.001, 0.999):
            other = fitted(frame, np.where(np.arange(120) == row, weight, 1.0), **SETTINGS[name])
            ways.append(near.coordinates.pack(other.result_.params)[near.inside])
        np.testing.assert_allclose(moved[row], (ways[0] - ways[1]) / 0.002, rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(found.basis @ found.matrix @ found.basis.T, moved.T @ moved * 120 / 119, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", ["one", "two", "three, modal, BCH", "three, proportional, ML"])
def test_classes_are_put_in_order_in_all_steps(name):
    frame = drawn(80, 2).drop(columns="vote")
    shares = tuple(LevelShares(np.column_stack([1 - yes, yes])) for yes in YES[::-1].T)
    other = ek.MixtureParams([0.5, 0.5], CategoricalParams(shares))
    ordered = fitted(frame, **SETTINGS[name]).result_
    turned = fitted(frame, start=other, **SETTINGS[name]).result_
    back = turned.in_order()
    assert abs(turned.params.gates[1, 1] - ordered.params.gates[1, 1]) > 1
    found, known = back.standard_errors(), ordered.standard_errors()
    assert found.names == known.names
    np.testing.assert_allclose(found.estimates, known.estimates, atol=1e-6)
    np.testing.assert_allclose(found.errors, known.errors, rtol=1e-5)
    np.testing.assert_allclose(back.step.measured.params.proportions, ordered.step.measured.params.proportions)


def test_errors_of_one_step_are_those_of_the_information():
    frame = drawn(120, 2).drop(columns="vote")
    result = fitted(frame).result_
    usual = ek.Result.of(result).standard_errors()
    np.testing.assert_array_equal(result.standard_errors().errors, usual.errors)
    assert result.standard_errors("robust").kind == "robust"


@pytest.mark.parametrize("name", ["two", "three, modal, BCH", "three, proportional, ML"])
def test_weight_two_is_the_row_twice_and_weight_zero_none(name):
    frame = drawn(100, 4)
    settings = {"outcomes": ["income", "vote"], **SETTINGS[name]}
    weights = np.random.default_rng(0).integers(3, size=100)
    weighted = fitted(frame, weights, **settings)
    copied = fitted(frame.loc[frame.index.repeat(weights)], **settings)
    np.testing.assert_allclose(weighted.gates_, copied.gates_, atol=1e-6)
    errors = (fit.result_.standard_errors().errors for fit in (weighted, copied))
    np.testing.assert_allclose(*errors, rtol=1e-3)


@pytest.mark.slow
def test_assigned_classes_taken_for_true_ones_are_biased_and_the_corrections_are_not():
    """Slope 1 and a difference of 1 in the outcome, in 4,000 rows of a seed, of which many are assigned wrongly."""
    frame = drawn(4000, 5)[[*ITEMS[:3], "age", "income"]]
    start = ek.MixtureParams([0.5, 0.5], CategoricalParams(tuple(LevelShares([[0.15, 0.85], [0.8, 0.2]]) for _ in range(3))))
    found = {}
    for name, settings in SETTINGS.items():
        model = fitted(frame, start=start, **settings)
        errors = model.result_.standard_errors()
        part = int(model.steps < 3)
        slope, low, high = (
            errors.names.index(entry)
            for entry in ("gates[1, 1]", *(f"components.parts.{part}.means[{k}, 0]" for k in range(2)))
        )
        difference = np.sqrt(np.array([-1, 1]) @ errors.covariance[np.ix_([low, high], [low, high])] @ [-1, 1])
        found[name] = (
            (errors.estimates[slope] - 1) / errors.errors[slope],
            (errors.estimates[high] - errors.estimates[low] - 1) / difference,
        )
    for name, off in found.items():
        if name.endswith("None"):
            assert max(off) < -4, (name, off)
        else:
            assert np.abs(off).max() < 2.5, (name, off)
