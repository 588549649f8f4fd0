"""Processes that are killed at random moments: what they kept is always there, and goes on to the same bits."""

from __future__ import annotations

import multiprocessing
import signal
import time

import numpy as np
import pytest

from tests.persistence import stopped
from tests.persistence.stopped import HOW, bits


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with emkit loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([stopped.__name__])
    return context


def begun(processes, path, how):
    """A process whose checkpoint is there."""
    process = processes.Process(target=stopped.work, args=(str(path), how))
    process.start()
    while process.is_alive() and not path.exists():
        time.sleep(0.001)
    return process


def assert_killed_ones_go_on(processes, folder, how, times):
    """So many processes are killed before they are done, and go on to the bits of one that never was."""
    whole = bits(HOW[how](None))
    process, since = begun(processes, folder / "whole.ckpt", how), time.monotonic()
    process.join()
    seconds = time.monotonic() - since
    rng, killed = np.random.default_rng(0), 0
    for i in range(10 * times):
        path, moment = folder / f"{i}.ckpt", rng.uniform(0, seconds)
        process = begun(processes, path, how)
        time.sleep(moment)
        process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            continue  # it was done before
        assert bits(HOW[how](str(path))) == whole, f"killed after {moment:.3f} s"
        killed += 1
        if killed == times:
            return
    raise AssertionError(f"only {killed} processes were still at work when they were to be killed")


@pytest.mark.slow
def test_a_fit_that_is_killed_goes_on(processes, tmp_path):
    assert_killed_ones_go_on(processes, tmp_path, "fit", 3)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(("how", "times"), [("fit", 40), ("search", 10)])
def test_fifty_fits_that_are_killed_go_on(how, times, processes, tmp_path):
    assert_killed_ones_go_on(processes, tmp_path, how, times)
