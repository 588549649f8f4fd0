"""Verdicts over models of known rank: unidentified, identified, and with estimates on a boundary.

The data are the cells that are possible, weighted by what the true parameters expect: the truth is the maximum, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest

import emkit as ek
from emkit.families.categorical import CategoricalParams, LevelShares

Array = np.ndarray
ROWS = 10_000


@dataclass(frozen=True)
class Known:
    """A model at its truth, the rank of its information, and how many of its entries lie on a boundary."""

    name: str
    model: Any
    truth: Any
    data: Any
    rank: int
    edges: int = 0

    @property
    def free(self) -> int:
        return self.model.coordinates(self.truth).size


def expected_counts(model: Any, truth: Any, cells: Array) -> ek.ArraySource:
    """Each cell as often as the truth expects it."""
    with np.errstate(all="ignore"):
        log_joint = model.log_joint(truth, cells)
    shares = np.exp(np.logaddexp.reduce(log_joint, axis=1))
    seen = shares > 1e-14
    return ek.ArraySource(cells[seen], ROWS * shares[seen])


def binomials(k: int, trials: int) -> Known:
    """Of m tosses m numbers can be learned, and there are 2 k - 1 parameters."""
    rng = np.random.default_rng(k * 100 + trials)
    chances = np.sort((np.arange(k) + rng.uniform(0.3, 0.7, k)) / k)[:, None]
    truth = ek.MixtureParams(rng.dirichlet(np.full(k, 8.0)), ek.SuccessParams(chances))
    model = ek.Mixture(ek.Binomial(trials=trials))
    cells = np.arange(trials + 1.0)[:, None]
    data = expected_counts(model, truth, cells)
    return Known(f"{k} binomials of {trials}", model, truth, data, min(2 * k - 1, trials))


def classes(levels: tuple[int, ...], k: int, rank: int | None = None, edges: tuple[tuple[int, int, int], ...] = ()) -> Known:
    """Latent classes; `edges` are (class, item, level) of probabilities that are 0. Identified, unless a rank is given."""
    rng = np.random.default_rng([k, *levels])
    tables = [rng.dirichlet(np.full(c, 2.0), size=k) * 0.8 + 0.2 / c for c in levels]
    for which, item, level in edges:
        tables[item][which, level] = 0.0
        tables[item][which] /= tables[item][which].sum()
    truth = ek.MixtureParams(rng.dirichlet(np.full(k, 8.0)), CategoricalParams(tuple(LevelShares(t) for t in tables)))
    model = ek.Mixture(ek.Categorical(levels))
    data = expected_counts(model, truth, np.array(list(product(*map(range, levels))), dtype=float))
    free = model.coordinates(truth).size
    on_edge = len(model.coordinates(truth).on_boundary(truth))
    name = f"{k} classes, items of {'x'.join(map(str, levels))}" + f", {len(edges)} zeros" * bool(edges)
    return Known(name, model, truth, data, free if rank is None else rank, on_edge)


def one_toss(levels: int) -> Known:
    """One draw of several levels says no more than their shares."""
    rng = np.random.default_rng(levels)
    tables = rng.dirichlet(np.full(levels, 3.0), size=2)
    truth = ek.MixtureParams([0.4, 0.6], CategoricalParams((LevelShares(tables),)))
    model = ek.Mixture(ek.Categorical((levels,)))
    data = expected_counts(model, truth, np.arange(float(levels))[:, None])
    return Known(f"one draw of {levels} levels", model, truth, data, levels - 1)


def counts(name: str, family: Any, components: Any, shares: list[float], edges: int = 0) -> Known:
    model, truth = ek.Mixture(family), ek.MixtureParams(shares, components)
    free = model.coordinates(truth).size
    return Known(name, model, truth, expected_counts(model, truth, np.arange(120.0)[:, None]), free, edges)


def drawn(name: str, family: Any, components: Any) -> Known:
    """Continuous rows from the truth: the maximum is near it."""
    k = len(next(iter(vars(components).values())))
    model, truth = ek.Mixture(family), ek.MixtureParams(np.full(k, 1 / k), components)
    x, _ = model.draw(truth, np.random.default_rng(0), 3_000)
    return Known(name, model, truth, ek.ArraySource(x), model.coordinates(truth).size)


UNIDENTIFIED = [
    *(binomials(k, m) for k, m in [(2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (3, 4), (4, 2), (4, 3), (4, 4), (4, 5)]),
    classes((2, 2), 2, rank=3),
    classes((3, 3), 2, rank=7),  # matrices of rank 2: 2 (3 + 3 - 2) numbers, which sum to 1
    classes((4, 4), 2, rank=11),
    classes((3, 4), 2, rank=9),
    classes((4, 4), 3, rank=14),
    classes((2, 2, 2), 3, rank=7),  # as many as there are cells but one
    classes((2, 2, 2, 2), 3, rank=13),  # Goodman (1974): one less than there are parameters, although there are cells enough
    one_toss(2),
    one_toss(3),
    one_toss(5),
]
IDENTIFIED = [
    *(binomials(k, m) for k, m in [(2, 3), (2, 5), (2, 12), (3, 5), (3, 9)]),
    *(classes((2,) * items, k) for items, k in [(3, 2), (4, 2), (5, 3), (6, 4)]),
    classes((3, 3, 3), 2),
    classes((3, 3, 3), 3),
    classes((4, 3, 2), 2),
    counts("2 Poisson", ek.Poisson(), ek.PoissonParams([[2.0], [9.0]]), [0.4, 0.6]),
    counts("3 Poisson", ek.Poisson(), ek.PoissonParams([[1.0], [6.0], [16.0]]), [0.3, 0.4, 0.3]),
    counts("2 Poisson, close", ek.Poisson(), ek.PoissonParams([[3.0], [4.5]]), [0.5, 0.5]),
    drawn("2 normals", ek.DiagonalGaussian(), ek.DiagonalGaussianParams([[0.0], [2.0]], [[1.0], [1.0]])),
    drawn("3 round normals", ek.SphericalGaussian(), ek.SphericalGaussianParams([[0.0, 0], [4, 0], [0, 5]], [1.0, 2.0, 0.5])),
    drawn("2 full normals", ek.FullGaussian(), ek.FullGaussianParams([[0.0, 0], [3, 3]], [np.eye(2), [[2, 0.9], [0.9, 1]]])),
    drawn("2 exponentials", ek.Exponential(), ek.ExponentialParams([[0.2], [4.0]])),
    drawn("2 von Mises", ek.VonMises(), ek.VonMisesParams([[0.0], [2.5]], [[3.0], [4.0]])),
]
BOUNDARY = [
    *(classes((2, 2, 2, 2), 2, edges=tuple((0, j, 0) for j in range(n))) for n in (1, 2, 3, 4)),
    *(classes((2, 2, 2, 2), 2, edges=tuple((j % 2, j, j % 2) for j in range(n))) for n in (2, 3, 4)),
    *(classes((3, 3, 3), 2, edges=tuple((0, j, 0) for j in range(n))) for n in (1, 2, 3)),
    *(classes((3, 3, 3), 3, edges=tuple((j, j, j) for j in range(n))) for n in (1, 2, 3)),
    *(classes((2,) * 6, 3, edges=tuple((j % 3, j, 1) for j in range(n))) for n in (1, 3, 6)),
    counts("2 Poisson, one of rate 0", ek.Poisson(), ek.PoissonParams([[0.0], [4.0]]), [0.4, 0.6], 1),
    counts("3 Poisson, one of rate 0", ek.Poisson(), ek.PoissonParams([[0.0], [3.0], [12.0]]), [0.3, 0.3, 0.4], 1),
    classes((2, 2), 2, rank=4, edges=((0, 0, 0), (1, 1, 1))),  # three cells are left, so two numbers, of three parameters
    classes((2, 2, 2, 2), 3, edges=((0, 0, 0),)),  # one zero is all that the three classes lack
]


def test_there_are_twenty_of_each():
    assert [len(UNIDENTIFIED), len(IDENTIFIED), len(BOUNDARY)] == [20, 20, 20]


@pytest.mark.parametrize("known", [*UNIDENTIFIED, *IDENTIFIED, *BOUNDARY], ids=lambda known: known.name)
def test_the_rank_is_the_known_one(known):
    result = ek.fit(known.model, known.data, known.truth, escape=False, max_evaluations=3_000)
    verdict = result.identifiability()
    assert (verdict.rank, verdict.free) == (known.rank, known.free)
    assert verdict.identifiable is (known.rank == known.free)
    assert not verdict.negative
    assert len(result.boundary) == known.edges
    assert len(verdict.directions) == known.free - known.rank == len(verdict.vectors)
    errors = result.standard_errors()
    told = [np.isfinite(error) for name, error in zip(errors.names, errors.errors, strict=True) if name not in errors.reasons]
    assert all(told)
    assert bool(told) is verdict.identifiable


@pytest.mark.parametrize("known", UNIDENTIFIED, ids=lambda known: known.name)
def test_along_a_flat_direction_no_cell_changes_its_probability(known):
    result = ek.fit(known.model, known.data, known.truth, escape=False)
    verdict = result.identifiability()
    near = result.information.near
    cells = next(iter(result.source.chunks())).x
    height = lambda params: np.logaddexp.reduce(known.model.log_joint(params, cells), axis=1)  # noqa: E731
    values, vectors = np.linalg.eigh(result.information.matrix)
    for vector, told in zip(vectors[:, values < 1e-7].T, verdict.vectors, strict=True):
        step = 1e-2 / np.abs(result.information.basis @ vector).max()
        up, down = (near.at(sign * step * result.information.basis @ vector) for sign in (1, -1))
        assert np.abs(height(up) - height(down)).max() < 1e-4
        moved = near.coordinates.entries(up) - near.coordinates.entries(down)
        moved /= np.abs(moved).max()
        assert min(np.abs(moved - told).max(), np.abs(moved + told).max()) < 2e-2
