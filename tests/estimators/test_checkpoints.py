"""Estimators whose fit was stopped, and goes on when they are fitted again."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.persistence import checkpoint
from tests.persistence.stopped import bits, patches

X = patches()


class Stopped(Exception):  # noqa: N818 - no error
    pass


def stop_at(monkeypatch, number):
    """Let a process end where it has written its file so many times."""
    write, times = checkpoint.Checkpoint.write, []

    def writing(self):
        write(self)
        times.append(self)
        if len(times) == number:
            raise Stopped

    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    monkeypatch.setattr(checkpoint.Checkpoint, "write", writing)


@pytest.mark.parametrize("number", [1, 3])
def test_a_search_that_was_stopped_goes_on(number, tmp_path, monkeypatch):
    made = ek.GaussianMixture(3, n_init=3, random_state=0)
    whole = made.fit(X).result_
    made.set_params(checkpoint=tmp_path / "run.ckpt")
    with monkeypatch.context() as patched:
        stop_at(patched, number)
        with pytest.raises(Stopped):
            made.fit(X)
    result = made.fit(X).result_
    assert bits(result) == bits(whole)
    assert repr(result.starts()) == repr(whole.starts())


def test_another_fit_does_not_go_on(tmp_path):
    made = ek.GaussianMixture(2, n_init=2, random_state=0, checkpoint=tmp_path / "run.ckpt").fit(X)
    for name, value, other in (
        ("covariance_type", "diag", "model and starts"),
        ("random_state", 1, "starts"),
        ("n_init", 3, "starts"),
        ("solver", "plain", "solver"),
        ("tol", 1e-3, "tol and max_iter"),
    ):
        with pytest.raises(ek.DataError, match=f"it began with other {other}\\."):
            ek.GaussianMixture(**(made.get_params() | {name: value})).fit(X)
    with pytest.raises(ek.DataError, match=r"it began with other data\."):
        made.fit(X + 1)
    with pytest.raises(ek.DataError, match=r"of an estimator, or of the command line: go on with"):
        ek.resume(made.checkpoint, X)


def test_starts_that_are_others_each_time_cannot_go_on(tmp_path):
    with pytest.raises(ek.ParameterError, match="checkpoint needs random_state"):
        ek.GaussianMixture(2, checkpoint=tmp_path / "run.ckpt").fit(X)
    assert list(tmp_path.iterdir()) == []


def test_every_estimator_of_components_keeps_its_fit(tmp_path):
    answers = np.random.default_rng(0).integers(0, 2, (40, 3))
    made = {
        "mixture": ek.MixtureModel("poisson", 2, n_init=2, random_state=0),
        "classes": ek.LatentClass(2, n_init=2, random_state=0),
        "chain": ek.HiddenMarkov("poisson", 2, n_init=2, random_state=0),
    }
    for name, each in made.items():
        path = tmp_path / name
        each.set_params(checkpoint=path).fit(answers)
        assert path.exists()
