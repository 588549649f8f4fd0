"""A report of a fit by restricted likelihood has its fixed effects, as those of statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek


def test_fixed_effects_stand_before_the_estimates(tmp_path):
    from statsmodels.regression.mixed_linear_model import MixedLM

    rng, who = np.random.default_rng(0), np.repeat(np.arange(15), 6)
    x = rng.standard_normal(90)
    y = 2 + 0.5 * x + rng.standard_normal(15)[who] + rng.standard_normal(90)
    fit = ek.MixedRegression("y ~ x + (1 | id)").fit({"y": y, "x": x, "id": [f"p{k}" for k in who]}).result_
    found = fit.report()["estimates"].to_dict()
    (table,) = [part for part in found["parts"] if part.get("caption") == "Fixed effects"]
    peer = MixedLM(y, np.column_stack([np.ones(90), x]), who).fit(reml=True)
    for row, name, value, error in zip(table["rows"], ("intercept", "x"), peer.fe_params, peer.bse_fe, strict=True):
        assert row[0] == name
        assert float(row[1]) == pytest.approx(value, abs=2e-3)
        assert float(row[2]) == pytest.approx(error, rel=1e-2)
    path = fit.report(tmp_path / "fit.html")
    assert "generalized least squares" in (tmp_path / "fit.html").read_text(encoding="utf-8"), path
