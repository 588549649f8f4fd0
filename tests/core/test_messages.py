"""Sentences that name columns name some of them."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.errors import some_of


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, ""), (1, "a"), (5, "a, a, a, a, a"), (6, "a, a, a, a, a and 1 more"), (3_005, "a, a, a, a, a and 3,000 more")],
)
def test_five_names_and_how_many_more(number: int, said: str):
    assert some_of(["a"] * number) == said


WIDE = np.random.default_rng(0).integers(0, 2, size=(20, 2_000)).astype(float)


@pytest.mark.parametrize("family", [ek.Binomial(), ek.Categorical(levels=(2, 2))], ids=lambda family: family.name)
def test_a_message_on_wide_data_is_short(family: object):
    with pytest.raises(ek.DataError, match="x0, x1, x2, x3, x4 and 1,995 more"):
        ek.Mixture(family).admitted(ek.ArraySource(WIDE))  # type: ignore[arg-type]


def test_so_is_one_on_parameters_for_other_columns():
    with pytest.raises(ek.DataError, match="x0, x1, x2, x3, x4 and 1,995 more"):
        ek.fit(ek.Mixture(ek.Poisson()), WIDE, ek.MixtureParams([1.0], ek.PoissonParams([[0.5, 0.5]])))


@pytest.mark.filterwarnings("error")
def test_constant_columns_of_wide_data_are_said_in_short():
    model = ek.Mixture(ek.DiagonalGaussian())
    x = np.column_stack([np.random.default_rng(0).normal(size=(9, 1)), np.ones((9, 2_000))])
    start = ek.MixtureParams([1.0], ek.DiagonalGaussianParams(np.ones((1, 2_001)), np.ones((1, 2_001))))
    with pytest.warns(ek.DegenerateDataWarning, match=r"constant: x1, x2, x3, x4, x5 and 1,995 more\."):
        ek.fit(model, x, start)
