"""Mixtures of which it is known, for some rows, where they belong: labels, shares and groups, against direct maximisation."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logsumexp
from scipy.stats import norm, poisson

import emkit as ek
from emkit.data.membership import membership_of

MODEL = ek.Mixture(ek.Poisson())
START = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[2.0], [5.0]]))


@pytest.fixture(scope="module")
def rows():
    """Values (n,), and for a tenth of them the component that they came from: 0 or 1, else -1."""
    rng = np.random.default_rng(1)
    component = rng.integers(0, 2, 300)
    values = np.where(component == 0, rng.normal(0, 1, 300), rng.normal(1.5, 1.5, 300))
    return values, np.where(rng.random(300) < 0.1, component, -1)


def highest(log_joint):
    """The highest sum of log sum_k exp(log_joint) over several starts of a general optimiser, and where it lies."""
    rng = np.random.default_rng(0)
    starts = [np.concatenate([[0], rng.normal(0.5, 1, 2), [0, 0]]) for _ in range(12)]
    runs = [minimize(lambda v: -logsumexp(log_joint(v), axis=1).sum(), start, method="BFGS") for start in starts]
    best = min(runs, key=lambda run: run.fun)
    return -best.fun, best.x


def normals(v, values):
    odds = np.array([log_expit(v[0]), log_expit(-v[0])])
    return odds + norm.logpdf(values[:, None], v[1:3], np.exp(v[3:]))


@pytest.mark.parametrize("shares", [False, True])
def test_a_tenth_of_labels_or_shares_gives_the_maximum_of_a_direct_maximisation(rows, shares):
    values, labels = rows
    known = membership_of(labels, len(values), 2)
    if shares:
        known = np.where(known == 0, 0.2, known)  # four parts in five for the one, up to a factor
    with np.errstate(divide="ignore"):
        height, there = highest(lambda v: normals(v, values) + np.log(known))
    estimator = ek.GaussianMixture(2, random_state=0).fit(values[:, None], labels=known if shares else labels)
    assert estimator.result_.log_likelihood == pytest.approx(height, abs=1e-6)
    assert estimator.weights_[0] == pytest.approx(expit(there[0]), abs=1e-4)
    np.testing.assert_allclose(estimator.means_[:, 0], there[1:3], atol=1e-4)
    np.testing.assert_allclose(estimator.covariances_.ravel(), np.exp(2 * there[3:]), rtol=1e-4)


def test_components_keep_the_order_of_the_labels(rows):
    values, labels = rows
    one = ek.GaussianMixture(2, random_state=0).fit(values[:, None], labels=labels)
    other = ek.GaussianMixture(2, random_state=0).fit(values[:, None], labels=np.where(labels < 0, -1, 1 - labels))
    np.testing.assert_allclose(other.means_, one.means_[::-1], rtol=1e-6)
    assert one.means_[0, 0] < one.means_[1, 0]


def test_all_labels_give_the_estimates_of_each_class(rows):
    values, _ = rows
    labels = (values > 0.5).astype(int)
    fitted = ek.GaussianMixture(2).fit(values[:, None], labels=labels)
    np.testing.assert_allclose(fitted.weights_, np.bincount(labels) / len(labels), rtol=1e-12)
    np.testing.assert_allclose(fitted.means_[:, 0], [values[labels == k].mean() for k in (0, 1)], rtol=1e-10)
    np.testing.assert_allclose(fitted.covariances_.ravel(), [values[labels == k].var() for k in (0, 1)], rtol=1e-10)


def test_a_component_that_is_ruled_out_gets_nothing_of_a_row():
    x = np.array([[0.0], [1.0], [7.0], [8.0], [2.0]])
    known = np.ones((5, 2))
    known[2] = [1, 0]
    model = ek.MixtureModel("poisson", 2, random_state=0).fit(x, labels=known)
    assert model.predict_proba(x, labels=known)[2].tolist() == [1.0, 0.0]
    assert model.predict_proba(x)[2, 0] < 1.0


@pytest.mark.parametrize("n", [100, 20_000])  # in plain NumPy, and compiled
def test_a_pass_is_that_of_the_written_sums(n):
    rng = np.random.default_rng(2)
    x, labels = rng.poisson(3.0, n).astype(float), np.where(rng.random(n) < 0.3, rng.integers(0, 2, n), -1)
    joint = np.log(START.proportions) + poisson.logpmf(x[:, None], START.components.rates[:, 0])
    joint[(labels >= 0)[:, None] & (labels[:, None] != [0, 1])] = -np.inf
    each = logsumexp(joint, axis=1)
    shares = np.exp(joint - each[:, None])
    for x_of in (x, x + 0.0 * rng.random(n)):
        source = ek.ArraySource(x_of, membership=membership_of(labels, n, 2), chunk_rows=3_000)
        found = ek.EMMap(MODEL, MODEL.prepare(source), START)(START)
        assert found.log_likelihood == pytest.approx(each.sum(), rel=1e-12)
        np.testing.assert_allclose(found.update.proportions, shares.mean(axis=0), rtol=1e-11)
        np.testing.assert_allclose(found.update.components.rates[:, 0], shares.T @ x / shares.sum(axis=0), rtol=1e-11)


def test_rows_of_which_nothing_is_known_stay_on_the_compiled_road():
    rng = np.random.default_rng(3)
    labels = np.where(rng.random(40_000) < 0.1, 0, -1)
    source = ek.ArraySource(rng.normal(size=(40_000, 2)), membership=membership_of(labels, 40_000, 2))
    chunks = list(MODEL.prepare(source).chunks())
    assert sum(len(chunk.x) for chunk in chunks if chunk.membership is not None) == (labels == 0).sum()
    assert all((chunk.membership != 1).any(axis=1).all() for chunk in chunks if chunk.membership is not None)


@pytest.fixture(scope="module")
def people():
    """Counts (n, 1) and whose they are (n,): 80 people, 1 to 5 counts each."""
    rng = np.random.default_rng(0)
    times = rng.integers(1, 6, size=80)
    rates = np.where(rng.random(80) < 0.4, 2.0, 4.0)
    return rng.poisson(np.repeat(rates, times)).astype(float)[:, None], np.repeat(np.arange(80), times)


def direct(people, labels=None):
    """The highest log-likelihood with all rows of a person in one class, and log-odds and log rates where it lies."""
    x, persons = people

    def height(v):
        odds, rows = np.array([log_expit(v[0]), log_expit(-v[0])]), poisson.logpmf(x, np.exp(v[1:]))
        joint = odds + np.stack([rows[persons == person].sum(axis=0) for person in range(80)])
        if labels is not None:
            joint[(labels >= 0)[:, None] & (labels[:, None] != [0, 1])] = -np.inf
        return -logsumexp(joint, axis=1).sum()

    starts = [0.0, np.log(2.0), np.log(4.0)], [0.0, np.log(4.0), np.log(2.0)]
    runs = [minimize(height, start, method="BFGS", options={"gtol": 1e-8}) for start in starts]
    best = min(runs, key=lambda run: run.fun)
    return -best.fun, best.x


@pytest.mark.parametrize("labelled", [False, True])
def test_rows_of_a_person_share_a_class_as_a_direct_maximisation_has_it(people, labelled):
    x, persons = people
    labels = np.where(np.arange(80) % 10 == 0, (np.arange(80) // 10) % 2, -1) if labelled else None
    height, there = direct(people, labels)
    model = ek.MixtureModel("poisson", 2, random_state=0)
    model.fit(x, groups=persons, labels=labels[persons] if labels is not None else None)
    assert model.result_.log_likelihood == pytest.approx(height, abs=1e-6)
    order = [0, 1] if labelled else np.argsort(there[1:])  # which class is which, only labels tell
    np.testing.assert_allclose(model.components_.rates[:, 0], np.exp(there[1:])[order], atol=1e-4)
    np.testing.assert_allclose(model.weights_, np.array([expit(there[0]), expit(-there[0])])[order], atol=1e-4)
    classes = model.predict(x, groups=persons)
    assert all(len(set(classes[persons == person])) == 1 for person in range(80))


def test_weights_of_people_are_people(people):
    x, persons = people
    weights = 1.0 + (np.arange(80) < 20)
    weighted = ek.fit(MODEL, x, START, groups=persons, weights=weights)
    more = np.concatenate([x, x[persons < 20]])
    twice = ek.fit(MODEL, more, START, groups=np.concatenate([persons, 100 + persons[persons < 20]]))
    assert weighted.log_likelihood == pytest.approx(twice.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(weighted.params.components.rates, twice.params.components.rates, rtol=1e-6)


def test_hard_assignment_climbs_with_groups_and_labels(people):
    x, persons = people
    labels = np.where(persons % 10 == 0, 1, -1)
    result = ek.fit(ek.Mixture(ek.Poisson(), ek.Hard()), x, START, groups=persons, labels=labels)
    assert result.converged
    assert min(np.diff([moment.objective for moment in result.history]), default=0) >= -1e-9


def test_scores_and_steps_are_right_with_what_is_known(people):
    x, persons = people
    labels = membership_of(np.where(persons % 10 == 0, 1, -1), len(x), 2)
    ek.check_model(MODEL, ek.ArraySource(x, groups=persons, membership=labels), START)
    ek.check_model(MODEL, ek.ArraySource(x, membership=labels), START)


def test_a_model_that_would_ignore_labels_refuses_them():
    source = ek.ArraySource([[1.0, 2.0, 3.0, 4.0]], membership=np.array([[1.0, 0.0]]))
    lesson = ek.lessons.linkage()
    with pytest.raises(ek.ModelError, match="Cells would ignore what is known of where rows belong"):
        ek.fit(lesson.model, source, lesson.start)


def test_labels_for_another_number_of_components_are_refused():
    source = ek.ArraySource([1.0, 2.0], membership=membership_of([2, -1], 2, 3))
    with pytest.raises(ek.DataError, match="for 3 components, but the parameters have 2"):
        ek.fit(MODEL, source, START)


def test_steps_of_groups_are_not_told_row_by_row(people):
    x, persons = people
    result = ek.fit(MODEL, x, START, groups=persons)
    with pytest.raises(ek.ModelError, match="all rows of a group belong to one component"):
        result.explain()
