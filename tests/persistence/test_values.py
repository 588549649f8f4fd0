"""Values as JSON and arrays, and back."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import array_shapes, arrays

import emkit as ek
from emkit.persistence.archive import Content, packed, unpacked
from emkit.persistence.values import Reader, Writer

NUMBERS = (
    some.floats(allow_nan=False) | some.integers(-(2**63), 2**63) | some.booleans() | some.none() | some.text() | some.binary()
)
ARRAYS = arrays(some.sampled_from(["f8", "i8", "?"]), array_shapes(min_dims=0, min_side=0, max_side=4))
VALUES = some.recursive(NUMBERS, lambda inner: some.lists(inner, max_size=4).map(tuple), max_leaves=12)


@dataclass(frozen=True)
class Pair:
    """Two values."""

    one: object
    other: object = 7


class Call:
    """Made with arguments of every kind."""

    def __init__(self, first: int, *more: str, last: float = 1.0) -> None:
        self.first, self.more, self.last = first, more, last


KNOWN = {"Pair": Pair, "Call": Call}


def returned(value, hint=object):
    writer = Writer(KNOWN)
    plain = json.loads(json.dumps(writer.plain(value, "x"), allow_nan=False))
    return Reader(KNOWN, tuple(writer.arrays)).value(plain, hint, "x")


@given(VALUES)
def test_plain_values_come_back(value):
    assert returned(value) == value
    assert returned(Pair(value, value)) == Pair(value, value)
    assert returned({"a": value, 3: value}) == {"a": value, 3: value}


@given(ARRAYS)
def test_arrays_come_back_to_the_last_bit_in_a_file(array):
    content = unpacked(io.BytesIO(packed(Content("{}", (array, array)))))
    for found in content.arrays:
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tobytes() == array.tobytes()
        assert not found.flags.writeable


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.float64(0.1), np.int64(3), np.True_])
def test_numbers_that_json_has_not_come_back(value):
    assert returned(value) == value
    assert returned((value, np.nan))[1] != returned(np.nan)


def test_an_object_made_with_arguments_of_every_kind_comes_back():
    assert vars(returned(Call(1, "a", "b", last=3.0))) == {"first": 1, "more": ("a", "b"), "last": 3.0}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"is": "Pair", "with": {}}, "x has no 'one', which Pair is made with"),
        ({"is": "Pair", "with": {"one": 1, "two": 2}}, "x has 'two', and Pair is made with one, other"),
        ({"is": "Pear", "with": {}}, "x is of class 'Pear', which is none of emkit's"),
        ({"is": "Call", "with": {"first": "1", "more": []}}, "x.first is str '1'; it must be of type int"),
        ({"is": "Call", "with": {"first": 1, "more": [2]}}, "x.more is tuple '(2,)'; it must be of type tuple[str, ...]"),
        ({"array": 1}, "x is {'array': 1}, which stands for no value"),
        ({"bytes": "0g"}, "x is {'bytes': '0g'}, which stands for no value"),
        ({"number": "1"}, "x is {'number': '1'}, which stands for no value"),
        ({"mapping": [["a"]]}, "x is {'mapping': [['a']]}, which stands for no value"),
        ({"array": 0, "more": 1}, "which stands for no value"),
    ],
)
def test_what_stands_for_no_value_is_refused_with_its_place(given, sentence):
    with pytest.raises(ek.DataError) as caught:
        Reader(KNOWN, (np.zeros(1),)).value(given, object, "x")
    assert sentence in str(caught.value)
