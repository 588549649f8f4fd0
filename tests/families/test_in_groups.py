"""What components share, written out for each of them: nothing but the way it is written changes."""

from __future__ import annotations

import numpy as np
import pytest

from emkit.core.parameters import in_a_row, leaves
from emkit.families.in_groups import as_they_are
from emkit.models.order import component_count, each_its_own
from tests import cases

SHARING = [case for case in cases.FAMILIES if case.family.in_groups is not None]
sharing = pytest.mark.parametrize("case", SHARING, ids=lambda case: case.name)


def test_forms_between_and_tied_families_stand_side_by_side():
    names = {case.name for case in SHARING}
    assert {"gaussian-tied", *(f"gaussian-{form}" for form in cases.PARSIMONIOUS)} <= names
    assert any(name.startswith("tied-") for name in names)


@sharing
def test_written_out_and_shared_again_nothing_changes(case):
    groups = case.family.in_groups
    each = groups.apiece(case.params)
    assert each_its_own(each)
    for found, leaf in zip(leaves(groups.shared(each)), leaves(case.params), strict=True):
        np.testing.assert_allclose(found.value, leaf.value, rtol=1e-12, atol=1e-12)


@sharing
def test_each_group_has_the_densities_of_its_own(case):
    groups = case.family.in_groups
    x = case.draw(np.random.default_rng(0), 40)
    each = groups.apiece(case.params)
    number = component_count(each)
    found = groups.family(number).log_density(in_a_row([each, each]), x)
    np.testing.assert_allclose(found, np.tile(case.family.log_density(case.params, x), 2), rtol=1e-10, atol=1e-10)


def test_components_that_share_nothing_are_as_they_are():
    case = cases.CASE["poisson"]
    groups = as_they_are(case.family)
    assert groups.family(3) is case.family
    assert groups.shared(groups.apiece(case.params)) is case.params
