"""Values that are known up to intervals are drawn as that, and never as one of their ends."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

pytest.importorskip("matplotlib").use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

NAN = np.nan
TIMES = np.array([[1.0, 1], [2, 2], [3, NAN], [NAN, 4], [5, 6], [7, 7], [8, NAN], [9, 9]])


def one(data=TIMES, family="censored:exponential"):
    return ek.MixtureModel(family, 1).fit(data).result_


def marked(ax):
    """How many marks there are under each word of the legend."""
    return {each.get_label(): len(each.get_offsets()) for each in ax.collections if hasattr(each, "get_offsets")}


def test_rows_are_drawn_by_what_is_known_of_them():
    drawn = one().plot("classification")
    found = marked(drawn)
    assert (found["1: 8"], found["known to be larger"], found["known not to be larger"]) == (4, 2, 1)
    (line,) = [each.get_segments() for each in drawn.collections if each.get_label() == "between"]
    assert line[0][:, 0].tolist() == [5, 6]


def test_beside_another_column_only_what_is_known_is_a_point():
    table = {"from": TIMES[:, 0], "to": TIMES[:, 1], "falls": np.arange(8)}
    fit = ek.MixtureModel({("from", "to"): "censored:exponential", "falls": "poisson"}, 1).fit(table).result_
    found = marked(fit.plot("classification"))
    assert (found["1: 8"], found["known to be larger"]) == (4, 2)
    with pytest.raises(ek.ModelError, match="no histogram"):
        fit.plot("density", column="from")
    assert fit.plot("density", column="falls").get_xlabel() == "falls"


def test_times_that_were_not_seen_to_end_are_no_events():
    table = {"time": [1.0, 2, 3, 4, 5, 6], "event": [1, 0, 1, 1, 0, 1], "x": [0.0, 1, 2, 0, 1, 2]}
    fit = ek.MixtureRegression("time + event ~ x", 1, family="weibull").fit(table).result_
    drawn = fit.plot("lines")
    assert marked(drawn)["known to be larger"] == 2
    assert sum(marked(drawn).values()) == 6


def test_intervals_of_responses_are_drawn_from_end_to_end():
    table = {"from": [1.0, 2, NAN, 4, 5], "to": [1.0, 3, 2, NAN, 5], "x": [0.0, 1, 2, 1, 0]}
    fit = ek.MixtureModel(ek.LogNormalRegression("from", "x", upper="to"), 1).fit(table).result_
    drawn = fit.plot("lines")
    assert [name for name in marked(drawn) if "known" in str(name)] == ["known to be larger", "known not to be larger"]
    (line,) = [each.get_segments() for each in drawn.collections if each.get_label() == "between"]
    assert line[0][:, 1].tolist() == [2, 3]


def test_no_density_takes_ends_for_values():
    with pytest.raises(ek.ModelError, match="turnbull"):
        one().plot("density")


def test_uncertainty_is_not_drawn_over_ends():
    assert one().plot("uncertainty").get_ylabel() == "1 - largest responsibility"
