"""The profiles of latent classes: what is shown are the probabilities of the parameters."""

from __future__ import annotations

import json

import numpy as np
import pytest

import emkit as ek
from emkit.report.labels import Names
from emkit.views import class_profiles


def test_of_two_levels_the_second_is_shown_of_more_all():
    items = ([[0.1, 0.9], [0.8, 0.2]], [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    params = ek.MixtureParams([0.4, 0.6], ek.CategoricalParams(items))
    view = class_profiles(params, Names(("smokes", "mood"), (("no", "yes"), None)))
    assert view.entries == ("smokes = yes", "mood = 0", "mood = 1", "mood = 2")
    assert view.columns == (0, 1, 1, 1)
    np.testing.assert_array_equal(view.probabilities, [[0.9, 0.2, 0.3, 0.5], [0.2, 0.6, 0.3, 0.1]])
    assert json.loads(json.dumps(view.to_dict()))["components"] == ["1", "2"]


def test_columns_of_yes_and_no_are_shown_by_their_chance():
    view = class_profiles(ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.1, 0.2], [0.7, 0.9]])), Names(("a", "b")))
    assert view.entries == ("a", "b")
    np.testing.assert_array_equal(view.probabilities, [[0.1, 0.2], [0.7, 0.9]])


def test_other_columns_and_models_have_none():
    with pytest.raises(ek.ModelError, match="columns of levels"):
        class_profiles(ek.MixtureParams([1.0], ek.PoissonParams([[2.0]])), Names(("a",)))
    with pytest.raises(ek.ModelError, match="of a mixture"):
        class_profiles(ek.PoissonParams([[2.0]]), Names(("a",)))
