"""Data go down through the house with little back and forth."""

import sys

import pytest

from tests.house.calls import floors, rooms_on_the_way, upward


@pytest.mark.slow
def test_a_fit_enters_few_rooms_and_hardly_goes_back_up():
    calls = rooms_on_the_way()
    assert calls[-1][1] == "kernels"  # it was followed to the compiled loops
    assert len({room for pair in calls for room in pair}) <= 10
    assert len(upward(calls)) <= 4, upward(calls)
    assert sys.getprofile() is None


def test_a_call_to_a_higher_floor_is_counted():
    assert floors()["cli"] > floors()["core"] > floors()["kernels"]
    assert upward([("search", "core"), ("core", "search"), ("models", "inference")]) == [("core", "search")]
