"""Tables whose cells are sums of latent cells."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from tests.cases import linkage_cells


def test_linkage_ends_at_the_positive_root_of_its_quadratic():
    result = ek.fit(
        linkage_cells(),
        [[125, 18, 20, 34]],
        linkage_cells().params(t=0.5, u=0.5),
        rules=[ek.stopping.Moved(1e-13), ek.stopping.Budget(99)],
    )
    assert result.params["t"] == pytest.approx((15 + np.sqrt(15**2 + 4 * 197 * 68)) / (2 * 197), abs=1e-13)
    assert result.rows == 197
    assert result.free_parameters == 1


def test_several_rows_are_one_table_and_weights_count_tables():
    start = linkage_cells().params(t=0.5, u=0.5)
    whole = ek.fit(linkage_cells(), [[125, 18, 20, 34]], start)
    split = ek.fit(linkage_cells(), [[100, 10, 20, 4], [25, 8, 0, 30]], start)
    twice = ek.fit(linkage_cells(), [[125, 18, 20, 34]], start, weights=[2.0])
    assert split.params["t"] == whole.params["t"]
    assert twice.log_likelihood == pytest.approx(2 * whole.log_likelihood, rel=1e-14)


def test_the_latent_cells_of_an_observed_one_share_its_count():
    model = linkage_cells()
    (chunk,) = ek.ArraySource([[125.0, 18, 20, 34]]).chunks()
    params = model.params(t=0.5, u=0.5)
    shares = model.e_step(params, chunk).statistics
    np.testing.assert_allclose(shares, [100, 25, 18, 20, 34], rtol=1e-14)
    assert model.m_step(shares, params)["t"] == pytest.approx(59 / 97)


def test_two_groups_of_parameters_are_estimated_apart():
    model = ek.Cells([("a", "b"), ("c", "d")], [ek.Cell(f"{x}{y}", f"{x}{y}", 1, {x: 1, y: 1}) for x in "ab" for y in "cd"])
    result = ek.fit(model, [[10, 20, 30, 40]], model.params(a=0.5, b=0.5, c=0.5, d=0.5))
    assert [result.params[name] for name in "abcd"] == pytest.approx([0.3, 0.7, 0.4, 0.6], rel=1e-12)
    half = ek.Frozen(model, "groups.1")
    held = ek.fit(half, [[10, 20, 30, 40]], model.params(a=0.5, b=0.5, c=0.5, d=0.5))
    assert [held.params[name] for name in "abcd"] == pytest.approx([0.3, 0.7, 0.5, 0.5], rel=1e-12)


def test_a_parameter_without_counts_keeps_its_start():
    model = ek.Cells(
        [("p", "q")], [ek.Cell("known", "k", 0.5), ek.Cell("P", "o", 0.5, {"p": 1}), ek.Cell("Q", "o", 0.5, {"q": 1})]
    )
    result = ek.fit(model, [[7, 0]], model.params(p=0.3, q=0.7))
    assert result.params["p"] == 0.3


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ([], "at least one cell"),
        ([ek.Cell("x", "x", 1, {"z": 1})], "cell 'x' uses 'z'; the parameters are t, u"),
        ([ek.Cell("x", "x", 0)], "cell 'x' has coefficient 0"),
        ([ek.Cell("x", "x", 1, {"t": 1}), ek.Cell("y", "y", 1)], "sum to .* at t=.*they must always sum to 1"),
    ],
)
def test_cells_that_are_no_table_are_refused(cells, complaint):
    with pytest.raises(ek.ModelError, match=complaint):
        ek.Cells([("t", "u")], cells)


def test_parameters_go_by_name():
    model = linkage_cells()
    assert model.params(u=0.25, t=0.75)["t"] == 0.75
    with pytest.raises(ek.ModelError, match="the parameters are t, u; got t"):
        model.params(t=1.0)
    with pytest.raises(ek.ParameterError, match=r"sums to 1\.1"):
        model.params(t=0.5, u=0.6)
    with pytest.raises(KeyError, match="'w' is not a parameter"):
        model.params(t=0.5, u=0.5)["w"]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ([[125, 18, 20]], "the data have 3 columns but there are 4 observed cells"),
        ([125, 18, 20, 34], r"have 1 column but .* These counts are one below the other; a table is a row: \[\[\.\.\.\]\]\."),
        ([[125, 18, -20, 34]], "row 0, column 'x2' is -20; counts must be whole numbers"),
        ([[125, 18, 20, 3.5]], "is 3.5; counts must be whole numbers"),
        ([[0, 0, 0, 0]], "every count is 0"),
    ],
)
def test_tables_that_cannot_be_are_refused(table, complaint):
    with pytest.raises(ek.DataError, match=complaint):
        ek.fit(linkage_cells(), table, linkage_cells().params(t=0.5, u=0.5))


@pytest.mark.parametrize(("counts", "limit"), [((125, 0, 0, 34), 1.0), ((0, 18, 20, 0), 0.0)])
def test_a_maximum_on_the_boundary_is_reached_although_empty_cells_become_impossible(counts, limit):
    table = ek.Cells(
        [("t", "u")],
        [
            ek.Cell("a", "y1", 0.5, {}),
            ek.Cell("b", "y1", 0.25, {"t": 1}),
            ek.Cell("c", "y2", 0.25, {"u": 1}),
            ek.Cell("d", "y3", 0.25, {"u": 1}),
            ek.Cell("e", "y4", 0.25, {"t": 1}),
        ],
    )
    result = ek.fit(table, [counts], table.params(t=0.5, u=0.5))
    assert result.converged
    assert result.params["t"] == pytest.approx(limit, abs=1e-12)
    assert result.boundary
