"""Entropy and average posterior probabilities, against sums by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

import emkit as ek
from emkit import lessons


def test_the_table_is_that_of_the_responsibilities():
    result = lessons.old_faithful().fit()
    x = np.concatenate([chunk.x for chunk in result.source.chunks()])
    joint = np.exp(result.model.log_joint(result.params, x))
    r = joint / joint.sum(axis=1, keepdims=True)
    found = result.classification_quality()
    label = r.argmax(axis=1)
    for k in (0, 1):
        np.testing.assert_allclose(found.average[k], r[label == k].mean(axis=0), rtol=1e-9, atol=1e-12)
    assert found.sizes.tolist() == [97, 175]
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(r * np.log(r))
    assert found.entropy == pytest.approx(entropy, rel=1e-9)
    assert found.relative_entropy == pytest.approx(1 - entropy / (272 * np.log(2)), rel=1e-9)
    assert found.expected_errors == pytest.approx(1 - r.max(axis=1).mean(), rel=1e-9)
    assert json.loads(json.dumps(found.to_dict()))["sizes"] == [97, 175]
    assert "relative entropy 0.9" in str(found)


def test_weights_count_rows():
    x, w = np.array([0.0, 1, 2, 5, 6, 9]), np.array([3.0, 1, 2, 1, 4, 1])
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [6.0]]))
    one = ek.fit(ek.Mixture(ek.Poisson()), x, start, weights=w).classification_quality()
    other = ek.fit(ek.Mixture(ek.Poisson()), np.repeat(x, w.astype(int)), start).classification_quality()
    np.testing.assert_allclose(one.average, other.average, rtol=1e-6)
    assert one.entropy == pytest.approx(other.entropy, rel=1e-6)


def test_one_component_is_certain():
    found = ek.MixtureModel("poisson", 1, random_state=0).fit([[1.0], [2.0], [3.0]]).result_.classification_quality()
    assert (found.relative_entropy, found.expected_errors) == (1.0, 0.0)


def test_a_component_that_is_no_rows_likeliest_has_an_empty_line():
    start = ek.MixtureParams([0.9, 0.1], ek.PoissonParams([[3.0], [3.0]]))
    found = ek.fit(ek.Mixture(ek.Poisson()), [1.0, 2, 3, 4, 5], start, escape=False).classification_quality()
    assert found.sizes.tolist() == [5.0, 0.0]
    assert np.isnan(found.average[1]).all()
    assert found.expected_errors == pytest.approx(0.1)
