"""Parameters as plain values, and back from them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.persistence.plain import from_plain, to_plain
from tests.cases import spread_mixture


@pytest.mark.parametrize("name", ek.FAMILIES)
def test_parameters_survive_json(name):
    _, _, params = spread_mixture(name)
    back = from_plain(params, json.loads(json.dumps(to_plain(params))))
    for a, b in zip(leaves(params), leaves(back), strict=True):
        np.testing.assert_array_equal(a.value, b.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"proportions": [1]}, "components.rates is missing; give proportions, components.rates."),
        (
            {"proportions": [1], "components": {"rates": [[1]], "scale": 2}},
            "there is no parameter 'components.scale'; there are proportions, components.rates.",
        ),
        ({"proportions": [1], "components": {"rates": [1]}}, "components.rates has shape (1,); it must have shape (1, 1)."),
        (
            {"proportions": [1], "components": {"rates": [["a"]]}},
            "components.rates is [['a']]; it must be numbers, of shape (1, 1).",
        ),
        (
            {"proportions": [1], "components": {"rates": [[1], [2, 3]]}},
            "components.rates is [[1], [2, 3]]; it must be numbers, of shape (1, 1).",
        ),
        (
            {"proportions": [1], "components": {"rates": [[True]]}},
            "components.rates is [[True]]; it must be numbers, of shape (1, 1).",
        ),
        ({"proportions": [1], "components": {"rates": [[-1]]}}, "rates[0, 0] is -1; it must be >= 0."),
        ({"proportions": [0.5], "components": {"rates": [[1]]}}, "sums to 0.5"),
    ],
)
def test_plain_values_that_are_no_parameters(given, sentence):
    like = ek.MixtureParams([1.0], ek.PoissonParams([[1.0]]))
    with pytest.raises(ek.ParameterError) as caught:
        from_plain(like, given)
    assert sentence in str(caught.value)
