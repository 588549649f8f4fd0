"""Rows told apart by their components; what is impossible under all of these belongs to none."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.inference import classification
from emkit.inference.classification import likeliest
from emkit.models import Hard
from emkit.report.frames import assigned
from emkit.views.classified import Rows

SHARES = np.array([[0.2, 0.8], [np.nan, np.nan], [0.6, 0.4]])
MIXTURE = ek.Mixture(ek.Bernoulli())
PARAMS = ek.MixtureParams([0.4, 0.6], ek.SuccessParams([[0.2, 0.0], [0.9, 0.0]]))  # nobody says yes to the second


def test_a_row_without_probabilities_is_of_no_component():
    assert likeliest(SHARES).tolist() == [1, -1, 0]
    assert assigned(ek.Posterior(SHARES, np.zeros(3)))["component"].tolist() == [2, 0, 1]
    assert assigned(ek.Posterior(SHARES, np.zeros(3)), ("a", "b"))["component"] == ["b", None, "a"]
    view = Rows(np.arange(3), np.zeros((3, 1)), ("x",), np.ones(3), 3, ("1", "2"), SHARES)
    assert view.labels.tolist() == [1, -1, 0]


@pytest.mark.parametrize("model", [MIXTURE, ek.Mixture(ek.Bernoulli(), Hard())], ids=["soft", "hard"])
def test_impossible_rows_are_left_out(model):
    possible, impossible = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    some = classification(model, PARAMS, ek.ArraySource(possible))
    every = classification(model, PARAMS, ek.ArraySource(np.vstack([impossible, possible])))
    assert every.entropy == some.entropy
    assert every.sizes.tolist() == some.sizes.tolist()
    assert every.table.tolist() == some.table.tolist()
