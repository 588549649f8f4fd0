"""Within `with ek.progress()` whatever is worked out is told: what goes on within what, how much is done, and what is left."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.model_selection import cross_val_score

import emkit as ek
from emkit.cli import group
from emkit.core.onlooker import amid, is_seen, seen
from emkit.watching import Progress, line, screen

COUNTS = np.array([0, 1, 0, 2, 1, 6, 7, 5, 8, 6])[:, None]
TWO = ek.MixtureModel("poisson", n_components=2, n_init=3, random_state=0)


@pytest.fixture
def told(monkeypatch):
    """Everything that the line has said, one after the other, without the seconds in brackets."""
    lines = []

    class Kept(screen.Screen):
        def begin(self):
            pass

        def changed(self):
            lines.append(self._line())

        def end(self):
            pass

    monkeypatch.setattr(line, "screen_for", Kept)
    return lines


def some(lines, *words):
    """Whether some line has all of these words, in their order."""
    return any(re.search(".*".join(map(re.escape, words)), each) for each in lines)


def test_an_estimator_tells_of_its_starts_and_its_steps(told):
    with ek.progress():
        TWO.fit(COUNTS)
    assert some(told, "starts, pass 2")
    assert some(told, "iteration 1: -")


@pytest.mark.parametrize(
    "estimator", [ek.GaussianMixture(2, random_state=0), ek.FactorAnalysis(1), ek.ItemResponse(slopes="equal")]
)
def test_no_estimator_needs_a_watch_of_its_own(told, estimator):
    ability = np.random.default_rng(1).normal(size=(60, 1))
    rows = ability + np.random.default_rng(2).normal(size=(60, 5))
    with ek.progress():
        estimator.fit(rows > 0 if isinstance(estimator, ek.ItemResponse) else rows)
    assert some(told, "iteration", " left)")


def test_a_choice_tells_how_many_models_are_left_and_what_each_is_about(told):
    estimator = ek.GaussianMixture(n_init=2, random_state=0)
    x = np.r_[np.linspace(-1, 1, 20), np.linspace(4, 6, 20)][:, None]
    with ek.progress():
        ek.select(estimator, x, n_components=[1, 2], grid={"covariance_type": ["EEE", "VVV"]}, criterion="cv")
    assert some(told, "model 0 of 4 · EEE K = 1 · ")
    assert some(told, "model 3 of 4 · VVV K = 2 · iteration ")
    assert some(told, "━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌  model 2 of 4  (", " left)")
    assert some(told, "neighbours 2 of 2")
    assert some(told, "rows left out of model 3 of 4")


def test_a_choice_in_processes_tells_of_the_models_that_come_back(told):
    with ek.progress():
        ek.select(TWO, COUNTS, n_components=[1, 2], n_jobs=1)
    assert some(told, "model 2 of 2")


def test_replicates_and_data_sets_are_counted(told):
    with ek.progress():
        result = TWO.fit(COUNTS).result_
        result.bootstrap(3, random_state=0)
        ek.bootstrap_lrt(TWO, COUNTS, 1, number=2, random_state=0)
    assert some(told, "replicate 2 of 3")
    assert some(told, "data set 1 of 2")


def test_what_scikit_learn_fits_one_after_the_other_is_counted(told):
    with ek.progress():
        cross_val_score(TWO, COUNTS, cv=3)
    assert some(told, "run 3, iteration 1: ")
    assert not some(told, "run 4, ")


def test_a_watch_within_says_nothing_twice(told):
    with ek.progress(), ek.progress():
        TWO.fit(COUNTS).result_.bootstrap(2, random_state=0, watch=ek.progress())
    assert sum("replicate 1 of 2" in each and "·" not in each for each in told) == 1


def test_what_is_seen_is_the_same_bits(told):
    alone = TWO.fit(COUNTS).result_
    with ek.progress():
        watched = TWO.fit(COUNTS).result_
    assert watched.history == alone.history


def test_nobody_is_told_outside_nor_after_an_error(told):
    stream = iter("abc")

    def refused():
        with ek.progress():
            assert is_seen()
            TWO.fit(-COUNTS)

    with pytest.raises(ek.DataError):
        refused()
    assert not is_seen()
    assert seen(stream, "letters") is stream


def test_other_threads_are_not_mixed_in(told):
    with ek.progress():
        other = threading.Thread(target=lambda: list(seen(iter("abc"), "letter of another thread")))
        other.start()
        other.join()
    assert told == []


def test_what_ends_early_leaves_its_place_to_the_next():
    with Progress() as progress:
        for _ in seen(iter("abc"), "first"):
            list(seen(iter("ab"), "inner"))
            break
        assert "first 1 of 3 · inner 2 of 2  (" in progress.line()
        with amid("second"):
            list(seen(iter("ab"), "inner"))
        progress.say("third")
        assert progress.line().startswith("third  (")


def test_the_command_line_tells_of_a_choice(told, tmp_path):
    file = tmp_path / "counts.csv"
    file.write_text("count\n" + "\n".join(map(str, COUNTS.ravel())))
    made = CliRunner().invoke(group, ["select", str(file), "--model", "poisson", "-k", "1:2", "--starts", "2"])
    assert made.exit_code == 0, made.stderr
    assert some(told, "model 1 of 2 · poisson K = 2 · ")
    assert some(told, "model 2 of 2")


def test_the_command_line_tells_of_a_fit(told, tmp_path):
    file = tmp_path / "counts.csv"
    file.write_text("count\n" + "\n".join(map(str, COUNTS.ravel())))
    assert CliRunner().invoke(group, ["fit", str(file), "--model", "poisson", "-k", "2", "--starts", "2"]).exit_code == 0
    assert some(told, "2 starts, pass 1")
    assert some(told, "iteration 1: -")
    assert not some(told, "iteration", " · iteration")
