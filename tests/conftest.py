"""Examples that Hypothesis draws are never a matter of time: a busy machine proves nothing. Figures are closed after a test."""

import sys

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt = sys.modules.get("matplotlib.pyplot")  # a test that has not loaded it has none
    if plt is not None:
        plt.close("all")
