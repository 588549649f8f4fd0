"""The ledger: its laws over every lesson and family, and the numbers of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest
from scipy.special import logsumexp, rel_entr, softmax, xlogy

import emkit as ek
from emkit.core.protocols import Complete
from emkit.explain import Half, account, ledger
from emkit.models.around import bare
from tests.cases import CASE, INNER_STATES, INSIDE, KINKED, STEPPING
from tests.explained import ALONE, SUBJECTS, path, random_mixture

STEPS = 3


def assert_close(value, expected, scale):
    assert value == pytest.approx(expected, abs=1e-12 * (1 + abs(scale)))


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_bound_touches_rises_and_lacks_the_divergence(name):
    subject = SUBJECTS[name]
    entries = ledger(subject.model, subject.source, path(subject, STEPS))
    assert [entry.half for entry in entries] == [Half.E, *[Half.M, Half.E] * STEPS]
    for entry in entries:
        a = entry.account
        assert_close(a.bound + a.gap, a.log_likelihood, a.log_likelihood)
        assert a.bound <= a.log_likelihood + 1e-12 * (1 + abs(a.log_likelihood))
        assert a.entropy >= 0
        if entry.half is Half.E:
            assert_close(a.bound, a.log_likelihood, a.log_likelihood)
            assert_close(a.gap, 0.0, a.log_likelihood)
    for before, after in zip(entries[::2], entries[1::2], strict=False):
        assert after.account.bound >= before.account.bound - 1e-12 * (1 + abs(before.account.bound))
        assert_close(after.account.entropy, before.account.entropy, before.account.entropy)
    for raised, touched in zip(entries[1::2], entries[2::2], strict=True):
        assert raised.account.log_likelihood == touched.account.log_likelihood


LABELS = [name for name in ALONE if name != "eight-plots"]  # whose latent values are cells: see test_unseen.py


@pytest.mark.parametrize("name", LABELS)
def test_the_sums_are_those_worked_out_without_emkit(name):
    subject = SUBJECTS[name]
    before, after = path(subject, 1)
    found = ledger(subject.model, subject.source, (before, after))[1].account
    chunks = list(subject.source.chunks())
    at = [(subject.model.complete(before, c), subject.model.complete(after, c)) for c in chunks]
    old, new = (np.concatenate([pair[i].log_joint for pair in at]) for i in (0, 1))
    weights = np.concatenate([pair[0].weights for pair in at])
    q = softmax(old, axis=1)
    assert_close(found.log_likelihood, weights @ logsumexp(new, axis=1), found.log_likelihood)
    assert_close(found.gap, weights @ rel_entr(q, softmax(new, axis=1)).sum(axis=1), found.log_likelihood)
    assert_close(found.entropy, -(weights @ xlogy(q, q).sum(axis=1)), found.log_likelihood)
    assert_close(found.expected, weights @ np.where(q > 0, q * np.where(q > 0, new, 0), 0).sum(axis=1), found.expected)


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_log_likelihood_is_that_of_the_engine(name):
    subject = SUBJECTS[name]
    em = ek.EMMap(subject.model, subject.source, subject.start)
    start = ledger(subject.model, subject.source, [subject.start])[0].account
    assert start.log_likelihood == pytest.approx(em(subject.start).log_likelihood, rel=1e-12)


@pytest.mark.parametrize("assignment", [ek.Hard(), ek.Sampled(seed=5)], ids=["hard", "sampled"])
@pytest.mark.parametrize("name", CASE)
def test_without_the_posterior_the_bound_rises_but_does_not_touch(name, assignment):
    subject = random_mixture(name, assignment)
    settled = subject.model.settled(subject.source.profile)  # lots are drawn row by row, as `path` drew them
    first, raised, _ = ledger(settled, subject.source, path(subject, 1))
    assert first.account.gap > 1e-6
    assert raised.account.bound >= first.account.bound - 1e-12 * (1 + abs(first.account.bound))
    for a in (first.account, raised.account):
        assert_close(a.bound + a.gap, a.log_likelihood, a.log_likelihood)


def test_hard_assignment_has_the_gap_that_its_e_step_reports():
    lesson = ek.lessons.two_coins().assigned(ek.Hard())
    expectation = lesson.model.e_step(lesson.start, next(lesson.source.chunks()))
    found = account(lesson.model, lesson.source, lesson.start, lesson.start)
    assert found.gap == pytest.approx(expectation.gap, rel=1e-13)
    assert found.entropy == 0


def test_two_coins_of_the_reference():
    lesson = ek.lessons.two_coins()
    first, raised, touched = ledger(lesson.model, lesson.source, path(lesson, 1))
    assert first.account.expected == pytest.approx(-36.15294642797138, rel=1e-12)
    assert first.account.entropy == pytest.approx(3.059083908138219, rel=1e-12)
    assert first.account.bound == pytest.approx(-33.09386251983316, rel=1e-12)
    assert first.account.log_likelihood == pytest.approx(-33.09386251983316, rel=1e-12)
    assert raised.account.expected == pytest.approx(-35.05630815309243, rel=1e-12)
    assert raised.account.bound == pytest.approx(-31.99722424495421, rel=1e-12)
    assert raised.account.gap == pytest.approx(0.137966296726854, rel=1e-12)
    assert touched.account.log_likelihood == pytest.approx(-31.859257948227356, rel=1e-12)


def test_three_coins_of_the_reference():
    lesson = ek.lessons.three_coins()
    first, raised, touched = ledger(lesson.model, lesson.source, path(lesson, 1))
    assert first.account.expected == pytest.approx(-11.872792992679212, rel=1e-12)
    assert first.account.entropy == pytest.approx(4.15514563133698, rel=1e-12)
    assert first.account.bound == pytest.approx(-7.717647361342232, rel=1e-12)
    assert raised.account.expected == pytest.approx(-10.885262301429545, rel=1e-12)
    assert raised.account.bound == pytest.approx(-6.730116670092565, rel=1e-12)
    assert raised.account.gap == pytest.approx(0, abs=1e-14)
    assert touched.account.log_likelihood == pytest.approx(6 * np.log(0.6) + 4 * np.log(0.4), rel=1e-12)


def test_the_binomial_coefficient_shifts_the_likelihood_and_nothing_else():
    lesson = ek.lessons.two_coins()
    counted = ek.Frozen(ek.Mixture(ek.Binomial(trials=10)), "proportions")
    ordered, plain = (account(model, lesson.source, lesson.start, lesson.start) for model in (lesson.model, counted))
    assert plain.log_likelihood - ordered.log_likelihood == pytest.approx(21.773275943775303, rel=1e-12)
    assert plain.entropy == pytest.approx(ordered.entropy, rel=1e-12)


def test_chunks_add_up():
    lesson = ek.lessons.old_faithful()
    cut = ek.ArraySource(lesson.source.x, columns=lesson.source.columns, chunk_rows=50)
    whole, parts = (account(lesson.model, source, lesson.start, lesson.start) for source in (lesson.source, cut))
    assert parts.expected == pytest.approx(whole.expected, rel=1e-13)
    assert parts.entropy == pytest.approx(whole.entropy, rel=1e-13)


@dataclass(frozen=True, eq=False)
class InflatedParams(ek.Parameters):
    zero: Annotated[float, ek.Probability()]
    rate: Annotated[float, ek.Positive()]


class Inflated(ek.LatentModel):
    """Poisson counts some of whose zeros are of another kind: a model of one's own, neither mixture nor cells."""

    def complete(self, params, chunk):
        x = chunk.x[:, 0]
        other = np.where(x == 0, np.log(params.zero), -np.inf)
        counted = (
            np.log1p(-params.zero)
            + x * np.log(params.rate)
            - params.rate
            - np.array([np.log(np.arange(1, k + 1)).sum() for k in x])
        )
        return Complete(np.column_stack([other, counted]), chunk.weights)

    def e_step(self, params, chunk):
        complete = self.complete(params, chunk)
        shares = softmax(complete.log_joint, axis=1) * complete.weights[:, None]
        sums = np.array([shares[:, 0].sum(), shares[:, 1].sum(), shares[:, 1] @ chunk.x[:, 0]])
        log_likelihood = complete.weights @ logsumexp(complete.log_joint, axis=1)
        return ek.Expectation(sums, float(log_likelihood), float(complete.weights.sum()))

    def m_step(self, stats, params):
        return InflatedParams(stats[0] / (stats[0] + stats[1]), stats[2] / stats[1])


INFLATED = ek.ArraySource([0, 0, 0, 0, 0, 1, 3, 2, 4, 2, 0, 5])


def test_a_model_of_ones_own_has_a_ledger_and_a_step_table():
    model, start = Inflated(), InflatedParams(0.3, 2.0)
    result = ek.fit(model, INFLATED, start)
    assert result.converged
    first, raised, _ = ledger(model, INFLATED, (start, ek.EMMap(model, INFLATED, start)(start).update))
    assert first.account.gap == pytest.approx(0, abs=1e-12)
    assert raised.account.bound > first.account.bound
    text = str(result.explain())
    assert "zero" in text
    assert "rate" in text


def test_a_model_whose_states_cannot_be_listed_is_refused():
    class Silent(ek.LatentModel):
        def e_step(self, params, chunk):
            raise AssertionError("not reached")

    with pytest.raises(ek.ModelError, match=r"Silent cannot be explained row by row.*in complete\(params, chunk\)"):
        account(Silent(), INFLATED, InflatedParams(0.3, 2.0), InflatedParams(0.3, 2.0))


def test_an_empty_path_is_refused():
    lesson = ek.lessons.two_coins()
    with pytest.raises(ek.ModelError, match="the path is empty"):
        ledger(lesson.model, lesson.source, [])


def test_wrappers_are_looked_through():
    lesson = ek.lessons.two_coins()
    inner = account(bare(lesson.model), lesson.source, lesson.start, lesson.start)
    assert account(lesson.model, lesson.source, lesson.start, lesson.start) == inner


def test_a_ledger_works_out_the_joint_probabilities_of_an_iterate_once():
    """On large data they are nearly all of the work."""
    subject, seen = SUBJECTS["two-coins"], []

    class Counting(type(bare(subject.model))):
        def complete(self, params, chunk):
            seen.append(params)
            return super().complete(params, chunk)

    points = path(subject, 3)
    model = Counting(bare(subject.model).family)
    found = ledger(model, subject.source, points)
    assert seen == list(points)
    for entry in found:
        assert entry.account == account(model, subject.source, points[entry.q_at], points[entry.theta_at])


class Unlisted(ek.LatentModel):
    """A model seen through its expected log-likelihood alone: its latent states are not listed."""

    def __init__(self, inner):
        self.inner = inner

    def e_step(self, params, chunk):
        return self.inner.e_step(params, chunk)

    def updates(self):
        return self.inner.updates()

    def expected(self, stats, before, now):
        return self.inner.expected(stats, before, now)


STATES = (*INNER_STATES, *(name for name in INSIDE if name not in KINKED))  # of Laplace, there are none
WITH_BOUNDS = [name for name in SUBJECTS if name.partition(" of ")[2].startswith((*STATES, *STEPPING))]


@pytest.mark.parametrize("name", WITH_BOUNDS)
def test_states_within_components_and_steps_along_a_bound_leave_a_lower_bound(name):
    """The expected log-likelihood holds the states within components, too, or is a bound; a list of components alone is not."""
    subject = SUBJECTS[name]
    points = path(subject, STEPS)
    listed = ledger(subject.model, subject.source, points)
    found = ledger(Unlisted(subject.model), subject.source, points)
    for mine, other in zip(found, listed, strict=True):
        assert mine.account.log_likelihood == pytest.approx(other.account.log_likelihood, rel=1e-12)
        assert mine.account.bound <= other.account.bound + 1e-10 * (1 + abs(other.account.bound))
        if mine.half is Half.E:
            assert_close(mine.account.bound / 10, other.account.bound / 10, other.account.bound)


@pytest.mark.parametrize("name", [name for name in SUBJECTS if name not in WITH_BOUNDS])
def test_without_a_list_of_states_the_accounts_are_the_same_up_to_a_constant(name):
    subject = SUBJECTS[name]
    points = path(subject, STEPS)
    wanted = ledger(subject.model, subject.source, points)
    found = ledger(Unlisted(subject.model), subject.source, points)
    assert [entry.half for entry in found] == [entry.half for entry in wanted]
    for mine, listed in zip(found, wanted, strict=True):
        scale = listed.account.log_likelihood
        assert mine.account.log_likelihood == pytest.approx(scale, rel=1e-12)
        assert_close(mine.account.bound / 10, listed.account.bound / 10, scale)
        assert_close(mine.account.gap / 10, listed.account.gap / 10, scale)
    shift = [mine.account.expected - listed.account.expected for mine, listed in zip(found, wanted, strict=True)]
    assert np.ptp(shift[:2]) <= 1e-10 * (1 + abs(shift[0]))  # within a step, Q differs by one constant


def test_a_model_that_says_neither_has_no_ledger():
    class Mute(Unlisted):
        def expected(self, stats, before, now):
            return ek.LatentModel.expected(self, stats, before, now)

    subject = SUBJECTS[next(iter(SUBJECTS))]
    with pytest.raises(ek.ModelError, match=r"Mute has neither complete\(params, chunk\), .* nor expected"):
        ledger(Mute(subject.model), subject.source, path(subject, 1))
