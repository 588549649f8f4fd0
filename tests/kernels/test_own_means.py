"""The blocks for components that are seen from their own means, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from emkit.kernels.columns import fill_columns
from emkit.kernels.own_means import move_columns, read_tile, square_rows, whiten_rows
from emkit.kernels.workspace import TRIANGLE_ROWS, aligned
from tests.families.test_tight import FORMS, form_of, problem

T = 64
# blocks are words of compiled code, and called from there alone
whiten = njit(lambda highest, triangle, about, k, scores: whiten_rows(highest, triangle, about, k, scores))
square = njit(lambda shares, k, base, squares: square_rows(shares, k, base, squares))
move = njit(lambda columns, origin, factor, base: move_columns(columns, origin, factor, base))


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def padded(rows: int) -> int:
    return -(-rows // TRIANGLE_ROWS) * TRIANGLE_ROWS


@pytest.mark.parametrize("d", [*range(1, 10), 16, 17])
def test_whitened_lengths(d: int, rng):
    about, scores = aligned(1 + d, T), aligned(3, T)
    about[:] = rng.normal(size=about.shape)
    scores[:] = 5.0
    triangle = np.zeros((padded(d), d))
    triangle[:d] = np.tril(rng.normal(size=(d, d)))
    whiten(0.25, triangle, about, 1, scores)
    np.testing.assert_allclose(scores[1], 0.25 - ((triangle @ about[1:]) ** 2).sum(axis=0) / 2, rtol=1e-13, atol=1e-13)
    assert np.all(scores[[0, 2]] == 5.0)


@pytest.mark.parametrize("height", [*range(1, 10), 17, 18])
def test_weighted_products_of_base_rows(height: int, rng):
    base, shares = aligned(height, T), aligned(2, T)
    base[:], shares[:] = rng.normal(size=base.shape), rng.random(shares.shape)
    squares = np.full((padded(height), padded(height)), np.nan)
    square(shares, 1, base, squares)
    np.testing.assert_allclose(np.tril(squares[:height, :height]), np.tril((base * shares[1]) @ base.T), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("d", [1, 2, 5, 8])
@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("rows", [T, 43])
def test_columns_are_moved_to_the_bits_that_reading_them_gives(d: int, more: int, rows: int, rng):
    x, origin, factor = rng.normal(size=(rows, d)) + 1e8, rng.normal(size=d) + 1e8, 2.0 ** rng.integers(-3, 4, size=d)
    columns, base, wanted = aligned(1 + d, T), aligned(1 + d + more, T), aligned(1 + d + more, T)
    read_tile(x, 0, columns)
    move(columns, origin, factor, base)
    fill_columns(x, 0, origin, factor, wanted)
    np.testing.assert_array_equal(base[: 1 + d], wanted[: 1 + d])
    np.testing.assert_allclose(base[1 + d :], wanted[1 + d :], rtol=1e-14)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_lies_in_the_work_space_leaves_no_trace(form):
    """Two calls in a row, of which the second finds what the first has left."""
    params, chunk = problem(form, [1], rows=500)
    rows, found = form_of(form, params).rows, []
    coefficients = np.ascontiguousarray(form_of(form, params).coefficients.T)
    for _ in range(2):
        sums, total = np.zeros(coefficients.shape[::-1]), np.zeros(1)
        rows.add_up(chunk.x, chunk.weights, coefficients, sums, total)
        found.append((sums, total))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
