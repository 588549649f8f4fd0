"""Statistics add up field by field, along one tree whatever the executor does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import emkit as ek
from emkit.core.mapreduce import serial, threads
from emkit.core.protocols import Source
from emkit.core.statistics import add_up


@dataclass(frozen=True)
class Inner(ek.Additive):
    total: np.ndarray


@dataclass(frozen=True)
class Outer(ek.Additive):
    count: float
    inner: Inner
    parts: tuple[np.ndarray, ...]


def outer(value: float) -> Outer:
    return Outer(value, Inner(np.array([value, 2 * value])), (np.array([value]), np.array([[3 * value]])))


@dataclass(frozen=True)
class Word(ek.Additive):
    """Shows in which order sums are made."""

    text: str

    def __add__(self, other):
        return Word(f"({self.text}{other.text})")


@dataclass(frozen=True)
class Values(ek.Additive):
    value: float


class Numbers(Source[float]):
    """A source of bare numbers."""

    def __init__(self, values):
        self.values = values

    def chunks(self):
        return iter(self.values)


def test_fields_add_up_however_nested():
    total = outer(1.0) + outer(2.5)
    assert total.count == 3.5
    assert total.inner.total.tolist() == [3.5, 7.0]
    assert [part.tolist() for part in total.parts] == [[3.5], [[10.5]]]


def test_multiplication_scales_every_field_from_either_side():
    twice = 2 * outer(1.5)
    assert twice.count == 3.0
    assert twice.parts[1].tolist() == [[9.0]]
    assert (outer(1.5) * 2).inner.total.tolist() == [3.0, 6.0]


@pytest.mark.parametrize(
    ("letters", "tree"),
    [("a", "a"), ("ab", "(ab)"), ("abc", "((ab)c)"), ("abcd", "((ab)(cd))"), ("abcdefg", "(((ab)(cd))((ef)g))")],
)
def test_the_tree_depends_on_the_number_of_items_alone(letters, tree):
    assert add_up(Word(letter) for letter in letters).text == tree


def test_a_long_sum_keeps_its_digits():
    assert abs(add_up(Values(0.1) for _ in range(2**16)).value - 0.1 * 2**16) < 1e-9


def test_nothing_to_add_up_is_an_error():
    with pytest.raises(ValueError, match="the source has no chunks"):
        add_up([])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_threads_add_along_the_tree_of_the_loop(count):
    source = Numbers("abcdefghijk")
    with threads(count) as executor:
        assert executor(Word, source).text == serial(Word, source).text


@pytest.mark.parametrize("count", [0, -2, 1.5])
def test_a_senseless_number_of_threads_is_named(count):
    with pytest.raises(ek.ModelError, match=f"n_jobs is {count}"), threads(count):
        pass
