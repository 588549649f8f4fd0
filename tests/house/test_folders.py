"""The tests stand in folders named after the rooms of the package, and every family is on the one list of cases."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import emkit as ek
from tests import cases

TESTS = Path(__file__).resolve().parents[1]
SOURCE = TESTS.parent / "src" / "emkit"
KINDS = {"laws", "oracles", "browser", "docs", "house"}  # tests of no one room


def folders(place: Path) -> set[str]:
    """The folders of a place that hold Python files of their own or further down."""
    return {path.relative_to(place).parts[0] for path in place.rglob("*.py") if path.parent != place}


def test_every_folder_of_tests_is_a_room_or_a_kind():
    assert folders(TESTS) - folders(SOURCE) == KINDS


def test_every_room_has_a_folder_of_tests():
    assert folders(SOURCE) <= folders(TESTS)


def test_every_test_stands_in_a_folder():
    assert list(TESTS.glob("test_*.py")) == []


def test_no_two_files_of_tests_have_one_name():
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("name", ek.FAMILIES)
def test_every_family_is_on_the_list_of_cases_with_its_default_settings(name):
    assert name in cases.OF_FAMILY, f"no case has the family {name} as emkit.FAMILIES makes it: add one to tests/cases.py"


def test_every_case_has_a_name_of_its_own():
    names = [case.name for case in [*cases.MODELS, *cases.SAMPLED]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", cases.FAMILIES, ids=lambda case: case.name)
def test_the_lessons_of_a_case_are_of_its_family(case):
    for lesson in case.lessons:
        model = getattr(lesson.model, "model", lesson.model)
        assert type(model.family) is type(case.family), lesson.name
