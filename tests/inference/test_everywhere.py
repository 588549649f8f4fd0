"""What no data of a kind can tell: the rank of cell probabilities anywhere, against ranks that are known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import emkit as ek
from emkit.inference import generic_rank
from tests.inference.test_identifiability import UNIDENTIFIED, binomials, classes


def cells_of(known):
    family = known.model.family
    levels = getattr(family, "levels", None)
    counts = levels if levels is not None else (family.trials + 1,)
    return np.array(list(product(*map(range, counts))), dtype=float)


@pytest.mark.parametrize(
    "known",
    [*UNIDENTIFIED, binomials(2, 3), binomials(3, 5), classes((2, 2, 2), 2), classes((3, 3, 3), 3)],
    ids=lambda known: known.name,
)
def test_the_rank_anywhere_is_the_known_one(known):
    found = generic_rank(known.model, known.truth, cells_of(known))
    assert (found.rank, found.free) == (known.rank, known.free)
    assert bool(found) is (known.rank == known.free)
    assert str(found).startswith("the probabilities of" if found else "never identifiable: ")


def test_what_is_not_identified_here_may_be_elsewhere():
    """Two coins that are alike: nothing is known of their shares here, but of other coins it would be."""
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.5], [0.5]]))
    result = ek.fit(ek.Mixture(ek.Binomial(trials=3)), np.repeat([0.0, 1, 2, 3], [10, 20, 20, 10]), start, escape=False)
    assert not result.identifiability()
    assert result.generic_rank()


def test_a_result_lists_its_cells():
    rng = np.random.default_rng(0)
    answers = rng.integers(0, 3, (200, 2)).astype(float)
    result = ek.MixtureModel("categorical", 2, random_state=0).fit(answers).result_
    found = result.generic_rank()
    assert (found.rank, found.free, found.cells) == (7, 9, 9)
    assert "9 cells have no more than 8 free" in found.sentence
    with pytest.raises(ek.ModelError, match="cells are those of columns of whole numbers or levels; gaussian"):
        ek.GaussianMixture(2, random_state=0).fit(rng.normal(size=(50, 2))).result_.generic_rank()
    with pytest.raises(ek.ModelError, match="cells together; at most 200,000 can be listed"):
        ek.MixtureModel("bernoulli", 2, random_state=0).fit((rng.random((60, 20)) < 0.5).astype(float)).result_.generic_rank()


@pytest.mark.parametrize(
    ("known", "rank"),
    [
        (classes((2, 2, 2, 2), 3, edges=((0, 0, 0),)), 13),  # Goodman (1974), wherever the estimates are
        (classes((2, 2), 2, edges=((0, 0, 0), (1, 1, 1))), 3),
        (classes((2, 2, 2, 2), 2, edges=((0, 0, 0),)), 9),
    ],
    ids=["13 of 14", "3 cells", "all"],
)
def test_estimates_on_the_boundary_are_no_special_points(known, rank):
    found = generic_rank(known.model, known.truth, cells_of(known))
    assert found.rank == rank < found.cells
    assert found.free == known.free


def test_an_empty_class_is_none_everywhere():
    start = ek.MixtureParams([1.0, 0.0], ek.SuccessParams([[0.5], [0.2]]))
    found = generic_rank(ek.Mixture(ek.Binomial(trials=3)), start, np.arange(4.0)[:, None])
    assert (found.rank, found.free) == (3, 3)
