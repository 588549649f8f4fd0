"""Times and events as two columns."""

import numpy as np
import pytest

import emkit as ek


def test_times_that_were_not_seen_to_end_have_no_upper_end():
    found = ek.survival([6, 9, 13], [True, False, True])
    assert np.array_equal(found, [[6, 6], [9, np.nan], [13, 13]], equal_nan=True)


@pytest.mark.parametrize(
    ("time", "event", "said"),
    [
        ([1, 2], [1], "2 times but 1 events"),
        ([1, np.nan], [1, 0], "time of row 1 is nan"),
        ([1, np.inf], [1, 0], "time of row 1 is inf"),
        ([1, 2], [1, 2], "event of row 1 is 2.*coded 1 and 2"),
        ([1, 2], [1, np.nan], "event of row 1 is nan"),
        (["a", "b"], [1, 0], "time is not numbers"),
        ([[1, 2]], [1, 0], "shape"),
    ],
)
def test_what_cannot_be_is_refused(time, event, said):
    with pytest.raises(ek.DataError, match=said):
        ek.survival(time, event)
