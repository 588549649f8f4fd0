"""Which classes files may name, and what their values are made with: as the classes declare it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest

import emkit as ek
from emkit.families import Family
from emkit.families.made import recipe_of
from emkit.persistence.hints import fits
from emkit.persistence.known import arguments, built_in
from tests.cases import MODELS, SAMPLED


@pytest.mark.parametrize("name", ek.FAMILIES)
def test_every_family_is_known_without_a_line_for_it(name):
    kind = type(ek.family_named(name))
    assert built_in()[kind.__name__] is kind


def test_every_class_of_parameters_and_models_is_known():
    for case in [*MODELS, *SAMPLED]:
        for kind in (type(case.model), type(case.params)):
            assert built_in()[kind.__name__] is kind


def test_only_classes_of_families_and_models_are_known():
    rooms = {cls.__module__.split(".")[1] for cls in built_in().values()}
    assert rooms == {"families", "models"}
    assert not {"Family", "Parameters", "LatentModel", "Result", "ArraySource", "Named"} & set(built_in())


def test_no_two_classes_that_files_call_by_name_have_one_name():
    def within(cls):
        return {cls}.union(*(within(each) for each in type.__subclasses__(cls)))

    of_emkit = [each for each in within(Family) | within(ek.Parameters) if each.__module__.startswith("emkit.families")]
    names = [each.__name__ for each in of_emkit if each is not Family and recipe_of(each) is None]
    assert sorted(names) == sorted(set(names))


def test_what_a_class_is_made_with():
    class Two:
        def __init__(self, one: int, *more: str, key: float = 1.0) -> None: ...

    @dataclass(frozen=True)
    class Inner(ek.Poisson):
        scale: float = 2.0

    found = arguments(Two)
    assert [(name, each.is_required, each.is_several) for name, each in found.items()] == [
        ("one", True, False),
        ("more", True, True),
        ("key", False, False),
    ]
    assert list(arguments(Inner)) == ["scale"]
    assert list(arguments(ek.Frozen)) == ["model", "paths"]
    assert list(arguments(ek.Soft)) == []


@pytest.mark.parametrize(
    ("value", "hint", "is_so"),
    [
        (1, int, True),
        (True, int, False),
        (1, float, True),
        ("1", float, False),
        (None, int | None, True),
        (None, float, False),
        (("a", "b"), tuple[str, ...], True),
        (("a", 1), tuple[str, ...], False),
        (("a", 1), tuple[str, int], True),
        (("a",), tuple[str, int], False),
        ((("a",), None), tuple[tuple[str, ...] | None, ...], True),
        ({"a": 1}, Mapping[str, int], True),
        ({"a": "1"}, Mapping[str, int], False),
        ((("a",), ("b",)), Sequence[Sequence[str]], True),
        (np.zeros(2), ek.Array, True),
        ((0.0,), ek.Array, False),
        (np.zeros(2), Annotated[ek.Array, ek.Real()], True),
        (ek.Poisson(), Family[Any, Any], True),
        (ek.Mixture(ek.Poisson()), Family[Any, Any], False),
        (ek.PoissonParams([[1.0]]), ek.Parameters, True),
        (3, Any, True),
    ],
)
def test_a_value_is_of_the_type_that_an_annotation_asks_for(value, hint, is_so):
    assert fits(value, hint) is is_so
