"""What a person who waits is shown: nothing where nobody looks, and else how far a stream has come and what is left."""

from __future__ import annotations

import sys
from itertools import repeat
from operator import length_hint
from types import ModuleType, SimpleNamespace

import pytest

import emkit as ek
from emkit.selection.workers import Counted
from emkit.watching import Progress, line, screen

START = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
COUNTS = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6]


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves by hand."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(line.time, "monotonic", lambda: now.seconds)
    return now


@pytest.fixture
def notebook(monkeypatch):
    """What a notebook shows, one text after the other, through the three functions of IPython that are used."""
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))

    def display(data, raw, display_id):
        assert (raw, display_id) == (True, True)
        shown.append(data["text/plain"])
        return handle

    package, module = ModuleType("IPython"), ModuleType("IPython.display")
    package.get_ipython = lambda: SimpleNamespace(kernel=object())
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def fitted(**options):
    return ek.fit(ek.Mixture("poisson"), COUNTS, START, **options)


def test_replicates_are_told_with_a_bar_and_the_time_that_is_left(clock):
    progress = Progress()
    for number, _ in enumerate(progress.following(Counted(repeat(1.0, 8), 8)), 1):
        clock.seconds += 3.0
        if number == 3:
            assert progress.line() == "━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  3 of 8  (9 s, about 10 s left)"
    assert "8 of 8" in progress.line()


def test_of_a_stream_whose_end_nobody_knows_no_time_is_told(clock):
    progress = Progress()
    assert list(progress.following(each for each in "abc")) == ["a", "b", "c"]
    assert progress.line() == "3  (0 s)"


def test_steps_left_are_those_that_plain_em_then_makes():
    steps = []

    def kept(stream):
        for step in stream:
            steps.append(step)
            yield step

    fitted(watch=kept)
    made = len(steps) - 1
    for step in steps[4:10]:
        assert line.steps_left(step) == pytest.approx(made - step.number, abs=2)
    assert line.steps_left(steps[0]) == float("inf")


def test_whoever_watches_knows_how_many_replicates_are_left():
    hints = []

    def hinted(stream):
        hints.append(length_hint(stream))
        return stream

    some = fitted().bootstrap(3, random_state=0, watch=hinted)
    assert len(some.more(2, watch=hinted)) == 5
    assert hints[0] == 3
    assert hints[1] >= 2  # a block that was begun is made as a whole


def test_a_notebook_shows_a_line_that_goes_when_all_is_done(clock, notebook):
    with Progress() as progress:
        for _ in progress.following(Counted(repeat(1.0, 40), 40)):
            clock.seconds += 0.1
    assert 5 < len(notebook) < 25
    assert "12 of 40" in notebook[0]  # after a second
    assert notebook[-1] == ""


def test_a_notebook_shows_nothing_of_what_is_quick(clock, notebook):
    with Progress() as progress:
        progress.say("quick")
    assert notebook == []


def test_what_is_watched_is_the_same_bits(notebook):
    plain, watched = fitted(), fitted(watch=ek.progress())
    assert watched.history == plain.history
    same = [made.bootstrap(3, random_state=0, watch=watch) for made, watch in ((plain, iter), (watched, ek.progress()))]
    assert (same[0].estimates == same[1].estimates).all()


def test_a_shell_without_a_kernel_is_no_notebook(monkeypatch):
    package = ModuleType("IPython")
    package.get_ipython = lambda: SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", package)
    assert screen._display() is None


@pytest.mark.parametrize(("seconds", "words"), [(12.3, "12 s"), (600, "10 min"), (9000, "2 h")])
def test_spans_are_told_in_whole_units(seconds, words):
    assert line._span(seconds) == words
