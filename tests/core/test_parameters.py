"""Parameters declare their spaces once; checking, paths and coordinates follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

import emkit as ek
from emkit.core.coordinates import Coordinates, Scale
from emkit.core.parameters import get_at, leaves, maximise_in_turn, replace_at


@dataclass(frozen=True, eq=False)
class Part(ek.Parameters):
    rate: Annotated[float, ek.Positive()]
    label: str = ""


@dataclass(frozen=True, eq=False)
class Whole(ek.Parameters):
    shares: Annotated[ek.Array, ek.Simplex()]
    parts: tuple[Part, ...]
    mean: Annotated[ek.Array, ek.Real()]


def whole() -> Whole:
    return Whole([0.2, 0.8], (Part(2, "a"), Part(0.5, "b")), np.array([1, -1]))


def test_arrays_become_read_only_float64_and_numbers_floats():
    given = np.array([1.0, 2.0])
    params = Whole([0.2, 0.8], (), given)
    assert params.shares.dtype == np.float64
    assert isinstance(whole().parts[0].rate, float)
    given[0] = 99
    assert params.mean[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        params.mean[0] = 5.0


def test_a_field_outside_its_space_is_named():
    with pytest.raises(ek.ParameterError, match="rate is -1; it must be > 0"):
        Part(-1)
    with pytest.raises(ek.ParameterError, match="rate is 0; it must be > 0"):
        replace_at(whole(), {"parts.1.rate": 0})


def test_leaves_have_dotted_paths_in_the_order_of_declaration():
    assert [leaf.path for leaf in leaves(whole())] == ["shares", "mean", "parts.0.rate", "parts.1.rate"]


def test_the_empty_path_is_that_of_the_whole():
    params, other = whole(), replace_at(whole(), {"parts.1.rate": 7.0})
    assert get_at(params, "") is params
    assert replace_at(params, {"": other}) is other


def test_values_are_found_and_replaced_by_path():
    params = whole()
    assert get_at(params, "parts.1.rate") == 0.5
    changed = replace_at(params, {"parts.1.rate": 7.0, "shares": [0.5, 0.5]})
    assert (changed.parts[1].rate, changed.parts[1].label, changed.parts[0].rate) == (7.0, "b", 2.0)
    assert params.parts[1].rate == 0.5


@pytest.mark.parametrize("path", ["rates", "parts.2.rate", "parts.x", "shares.y"])
def test_an_unknown_path_lists_those_there_are(path):
    with pytest.raises(ek.ModelError, match=r"it has shares, mean, parts.0.rate, parts.1.rate"):
        get_at(whole(), path)


def test_what_is_no_parameters_object_is_refused():
    with pytest.raises(ek.ModelError, match=r"derived from emkit\.Parameters, not dict"):
        list(leaves({"rate": 1.0}))


def test_coordinates_count_free_parameters_and_leave_held_ones_alone():
    params = whole()
    assert Coordinates(params).size == 1 + 2 + 2
    held = Coordinates(params, held=["parts.0", "mean"])
    assert held.size == 2
    moved = held.unpack(np.array([0.0, 0.0]), params)
    assert moved.shares.tolist() == [0.5, 0.5]
    assert moved.parts[1].rate == 1.0
    assert moved.parts[0].rate == 2.0
    assert moved.mean.tolist() == [1.0, -1.0]
    assert held.without(["shares"]).size == 1


def test_a_held_path_must_exist():
    with pytest.raises(ek.ModelError, match="no parameter 'means'"):
        Coordinates(whole(), held=["means"])


def test_scaled_coordinates_are_counted_from_the_origin_in_the_unit():
    scale = Scale(np.array([1.0, 0.0]), np.array([10.0, 0.5]))
    coordinates = Coordinates(whole(), held=["shares", "parts"], scales={"mean": scale})
    assert coordinates.pack(whole()).tolist() == [0.0, -2.0]
    assert coordinates.unpack(np.array([1.0, 1.0]), whole()).mean.tolist() == [11.0, 0.5]
    assert coordinates.entries(whole()).tolist() == [1.0, -1.0]


def test_entries_and_names_are_what_a_reader_sees():
    coordinates = Coordinates(whole())
    names = ["shares[0]", "shares[1]", "mean[0]", "mean[1]", "parts.0.rate", "parts.1.rate"]
    assert coordinates.entry_names(whole()) == names
    assert coordinates.entries(whole()).tolist() == [0.2, 0.8, 1, -1, 2, 0.5]
    assert coordinates.free_entries(whole()).tolist() == [0.2, 1, -1, 2, 0.5]
    assert coordinates.on_boundary(Whole([1.0, 0.0], (), np.ones(1))) == ["shares[0]", "shares[1]"]


@dataclass(frozen=True, eq=False)
class Item(ek.Parameters):
    shares: Annotated[ek.Array, ek.Simplex()]


@dataclass(frozen=True, eq=False)
class Items(ek.Parameters):
    scale: Annotated[float, ek.Positive()]
    items: tuple[Item, ...]


def items(*sizes: int) -> Items:
    rng = np.random.default_rng(len(sizes))
    return Items(2.0, tuple(Item(rng.dirichlet(np.ones(size), 4)) for size in sizes))


@pytest.mark.parametrize("sizes", [(3, 3, 3), (3, 3, 2, 2), (2, 3, 2), (1, 1, 4), ()])
@pytest.mark.parametrize("held", [(), ("items.1",), ("items.0.shares[0]",)])
def test_fields_that_are_alike_are_packed_one_behind_the_other(sizes, held):
    if held and len(sizes) < 2:
        return
    params = items(*sizes)
    coordinates = Coordinates(params, held)
    free = coordinates.free(params)
    one_by_one = {
        "pack": [leaf.space.pack(leaf.value) for leaf in free],
        "entries": [leaf.space.entries(leaf.value) for leaf in free],
        "free_entries": [leaf.space.free_entries(leaf.value) for leaf in free],
    }
    for name, parts in one_by_one.items():
        np.testing.assert_array_equal(getattr(coordinates, name)(params), np.concatenate(parts), err_msg=name)
    vector = coordinates.pack(params) + 0.1
    moved = {leaf.path: leaf.value for leaf in leaves(coordinates.unpack(vector, params))}
    start = 0
    for leaf in free:
        end = start + leaf.space.size(leaf.value.shape)
        np.testing.assert_array_equal(moved[leaf.path], leaf.space.unpack(vector[start:end], leaf.value.shape))
        assert not moved[leaf.path].flags.writeable or leaf.path == "scale"
        start = end
    assert (start, coordinates.at_edge(vector).shape) == (coordinates.size, (coordinates.size,))
    slopes = {leaf.path: np.cos(leaf.value) for leaf in free}
    pulled = [leaf.space.pull(leaf.value, slopes[leaf.path]) for leaf in free]
    np.testing.assert_array_equal(coordinates.pull(params, slopes), np.concatenate(pulled))


def test_what_is_unpacked_is_what_it_would_be_by_hand():
    params = items(3, 3)
    coordinates = Coordinates(params)
    there = coordinates.unpack(coordinates.pack(params), params)
    assert isinstance(there.scale, float)
    assert [type(item) for item in there.items] == [Item, Item]
    broken = coordinates.pack(params)
    broken[-1] = np.nan
    with pytest.raises(ek.ParameterError, match=r"shares\[3, 1\] is nan"):
        coordinates.unpack(broken, params)


def test_a_whole_item_of_a_tuple_is_replaced_by_path():
    changed = replace_at(whole(), {"parts.1": Part(7.0, "c"), "parts.0.rate": 3.0})
    assert [(part.rate, part.label) for part in changed.parts] == [(3.0, "a"), (7.0, "c")]


def test_an_overflowing_extrapolation_is_a_parameter_error_not_a_warning():
    coordinates = Coordinates(Part(1.0))
    with pytest.raises(ek.ParameterError, match="rate is inf"):
        coordinates.unpack(np.array([1e6]), Part(1.0))


def test_maximisers_in_turn_see_the_start_and_what_was_done_so_far():
    seen = []

    def first(stats, before, now):
        seen.append((before.parts[0].rate, now.parts[0].rate))
        return stats

    def second(stats, before, now):
        seen.append((before.parts[0].rate, now.parts[0].rate))
        return now.parts[0].rate + 1

    done = maximise_in_turn({"parts.0.rate": first, "parts.1.rate": second}, 5.0, whole())
    assert seen == [(2.0, 2.0), (2.0, 5.0)]
    assert (done.parts[0].rate, done.parts[1].rate) == (5.0, 6.0)


@pytest.mark.parametrize(
    "hint",
    ["float", "Annotated[float, ek.Real]", "Annotated[ek.Array, ek.Positive]", "ek.Array", "Annotated[ek.Array, ek.Axes()]"],
)
def test_a_field_of_numbers_without_a_space_is_refused(hint):
    annotation = {
        "float": float,
        "Annotated[float, ek.Real]": Annotated[float, ek.Real],
        "Annotated[ek.Array, ek.Positive]": Annotated[ek.Array, ek.Positive],
        "ek.Array": ek.Array,
        "Annotated[ek.Array, ek.Axes()]": Annotated[ek.Array, ek.Axes()],
    }[hint]
    made = dataclass(frozen=True, eq=False)(type("Made", (ek.Parameters,), {"__annotations__": {"share": annotation}}))
    with pytest.raises(ek.ModelError, match="the field 'share' of Made holds numbers and declares no space"):
        made(0.5)
