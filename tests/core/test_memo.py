"""Results are worked out once for arguments that are the same, by identity or by what a key says."""

from __future__ import annotations

import numpy as np

import emkit as ek
from emkit.core.memo import Memo
from emkit.families.combined import quadrature


def test_a_memo_knows_arguments_by_identity_or_by_its_key():
    asked = []

    def worked_out(x):
        asked.append(x)
        return float(x.sum())

    ones = np.ones(3)
    same = Memo(worked_out)
    assert [same(ones), same(ones), same(ones.copy())] == [3.0] * 3
    assert len(asked) == 2
    asked.clear()
    equal = Memo(worked_out, 2, lambda x: x.tobytes())
    assert [equal(ones), equal(ones.copy()), equal(2 * ones), equal(3 * ones), equal(ones)] == [3.0, 3.0, 6.0, 9.0, 3.0]
    assert len(asked) == 4  # the first was forgotten for the third


def test_integrals_over_the_same_ends_are_found_once(monkeypatch):
    family, params = ek.StudentT(), ek.MixtureModel("student-t", 1, random_state=0).fit(np.arange(30.0)[:, None]).components_
    low, high = np.array([0.0, 1.0]), np.array([1.0, np.inf])
    calls, known = [], quadrature._lately._function
    monkeypatch.setattr(quadrature._lately, "_function", lambda *given: calls.append(1) or known(*given))
    first = quadrature._lately(family, params, low, high)
    assert quadrature._lately(family, params, low.copy(), high.copy()) is first
    assert quadrature._lately(ek.StudentT(), params, low, high) is first  # a family that is equal is the same
    assert quadrature._lately(family, params, low, high + 1) is not first
    assert len(calls) == 2
