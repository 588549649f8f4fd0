"""What is known of which component rows belong to: read, refused, and carried along with the rows."""

import numpy as np
import pandas as pd
import pytest

import emkit as ek
from emkit.data.membership import is_known, membership_of
from emkit.data.patterns import collapsed


@pytest.mark.parametrize(
    "labels", [[0, -1, 1], [0, None, 1], [0.0, np.nan, 1.0], np.ma.array([0, 9, 1], mask=[0, 1, 0]), [[0], [-1], [1]]]
)
def test_labels_say_which_component_is_possible(labels):
    assert membership_of(labels, 3, 2).tolist() == [[1, 0], [1, 1], [0, 1]]


@pytest.mark.parametrize("labels", [["b", None, "a"], pd.Series(["b", "", "a"]), np.array(["b", None, "a"], dtype=object)])
def test_names_stand_for_components_in_sorted_order(labels):
    assert membership_of(labels, 3, 2).tolist() == [[0, 1], [1, 1], [1, 0]]


def test_categories_stand_in_their_own_order():
    labels = pd.Series(["b", None, "a"], dtype=pd.CategoricalDtype(["b", "a"]))
    assert membership_of(labels, 3, 2).tolist() == [[1, 0], [1, 1], [0, 1]]


def test_shares_count_up_to_a_factor():
    given = [[0.2, 0.1], [np.nan, np.nan], [0, 7], [5, 5]]
    found = membership_of(given, 4, 2)
    assert found.tolist() == [[1, 0.5], [1, 1], [0, 1], [1, 1]]
    assert is_known(found).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0, 2, 1], r"label of row 1 is 2; it must be a component, 0 to 1"),
        ([0, 0.5, 1], r"label of row 1 is 0\.5"),
        ([0, -2, 1], r"label of row 1 is -2"),
        (["a", 1, "a"], "labels are not numbers, nor all of them names"),
        (["a", "b", "c"], r"labels are 3 names \(a, b, c\), but there are 2 components"),
        ([["a", "b"]] * 3, "labels are not numbers, nor all of them names"),
        ([0, 1], r"labels have shape \(2,\); give one for each of the 3 rows"),
        (np.ones((3, 3)), r"an array of shape \(3, 2\)"),
        ([[1, 0], [0, 0], [0, 1]], "labels of row 1 are 0, 0; they must be numbers >= 0, at least one"),
        ([[1, 0], [-1, 2], [0, 1]], "labels of row 1 are -1, 2"),
        ([[1, 0], [np.nan, 2], [0, 1]], "labels of row 1 are nan, 2"),
        ([[1, 0], [np.inf, 2], [0, 1]], "labels of row 1 are inf, 2"),
    ],
)
def test_labels_that_cannot_be_are_refused(labels, said):
    with pytest.raises(ek.DataError, match=said):
        membership_of(labels, 3, 2)


def test_what_is_known_of_a_group_is_known_once():
    known = membership_of([0, 0, -1, -1, 1, -1], 6, 2)
    source = ek.ArraySource(np.arange(6.0), groups=[0, 0, 0, 1, 1, 2], membership=known)
    assert source.membership.tolist() == [[1, 0], [1, 1], [1, 1], [0, 1], [1, 1], [1, 1]]
    with pytest.raises(ek.DataError, match="row 1 is labelled otherwise than row 0, which is of the same group"):
        ek.ArraySource(np.arange(2.0), groups=["a", "a"], membership=membership_of([0, 1], 2, 2))


def test_it_goes_with_the_rows():
    x, weights = np.arange(6.0), [1, 0, 1, 1, 0, 1]
    source = ek.ArraySource(x, weights, membership=membership_of([0, 1, -1, 1, 0, -1], 6, 2), chunk_rows=3)
    assert source.membership.tolist() == [[1, 0], [1, 1], [0, 1], [1, 1]]
    first, second = source.chunks()  # those known come first, on their own
    assert first.membership.tolist() == [[1, 0]]
    assert second.membership.tolist() == [[1, 1], [0, 1], [1, 1]]


def test_rows_are_repeated_only_if_what_is_known_of_them_is():
    x = np.repeat([0.0, 1.0], 200)
    labels = np.tile([-1, -1, -1, 0], 100)
    small = collapsed(ek.ArraySource(x, membership=membership_of(labels, 400, 2)))
    assert small.x.ravel().tolist() == [0, 1, 0, 1]
    assert small.weights.tolist() == [50, 50, 150, 150]
    assert small.membership.tolist() == [[1, 0], [1, 0], [1, 1], [1, 1]]
    known, unknown = small.chunks()
    assert known.membership is not None
    assert unknown.membership is None


def test_nothing_known_is_no_knowledge():
    assert ek.ArraySource([1.0, 2.0], membership=membership_of([-1, -1], 2, 2)).membership is None
    with pytest.raises(ek.DataError, match="there are 3 rows but what is known of them has shape"):
        ek.ArraySource([1.0, 2.0, 3.0], membership=np.ones((2, 2)))
