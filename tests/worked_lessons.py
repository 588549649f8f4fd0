"""Lessons that worksheets and checks are tested on: those of the package, and one of every other kind of model."""

from __future__ import annotations

import numpy as np

import emkit as ek
from emkit.lessons import Lesson, three_coins, two_coins


def _lesson(name, model, source, start, components, **symbols):
    return Lesson(name, name, "", model, source, start, components, symbols)


def death_notices():
    counts = ek.ArraySource(range(10), [162, 267, 271, 185, 111, 61, 27, 8, 3, 1], ["deaths"])
    start = ek.MixtureParams([0.3, 0.7], ek.PoissonParams([[1.0], [2.5]]))
    return _lesson("death-notices", ek.Mixture(ek.Poisson()), counts, start, ("low", "high"), pi="proportions[0]")


def linkage():
    model = ek.Cells(
        [("t", "u")],
        [
            ek.Cell("half", "y1", 1 / 2),
            ek.Cell("rest", "y1", 1 / 4, {"t": 1}),
            ek.Cell("second", "y2", 1 / 4, {"u": 1}),
            ek.Cell("third", "y3", 1 / 4, {"u": 1}),
            ek.Cell("fourth", "y4", 1 / 4, {"t": 1}),
        ],
    )
    cells = tuple(cell.name for cell in model.cells)
    return _lesson("linkage", model, ek.ArraySource([[125, 18, 20, 34]]), model.params(t=0.5, u=0.5), cells)


def blood_groups():
    model = ek.Cells(
        [("p", "q", "r")],
        [
            ek.Cell("AA", "A", 1, {"p": 2}),
            ek.Cell("AO", "A", 2, {"p": 1, "r": 1}),
            ek.Cell("BB", "B", 1, {"q": 2}),
            ek.Cell("BO", "B", 2, {"q": 1, "r": 1}),
            ek.Cell("AB", "AB", 2, {"p": 1, "q": 1}),
            ek.Cell("OO", "O", 1, {"r": 2}),
        ],
    )
    cells = tuple(cell.name for cell in model.cells)
    return _lesson("blood-groups", model, ek.ArraySource([[186, 38, 13, 284]]), model.params(p=0.3, q=0.2, r=0.5), cells)


def heights(family=None, held=()):
    x = np.random.default_rng(1).normal(np.repeat([160.0, 178.0], 8), 6.0)
    mixture = ek.Mixture(family or ek.FullGaussian())
    start = ek.MixtureParams([0.4, 0.6], ek.FullGaussianParams([[158.0], [180.0]], [[[40.0]], [[55.0]]]))
    model = ek.Frozen(mixture, *held) if held else mixture
    return _lesson("heights" + "-held" * bool(held), model, ek.ArraySource(x, columns=["cm"]), start, ("short", "tall"))


def two_columns():
    x = np.random.default_rng(2).normal(np.repeat([[0.0, 10.0], [3.0, 14.0]], 6, axis=0), 1.0)
    start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[0.5, 11.0], [2.0, 13.0]], [[1.0, 2.0], [1.5, 1.0]]))
    source = ek.ArraySource(x, columns=["a", "b"])
    return _lesson("two-columns", ek.Mixture(ek.DiagonalGaussian()), source, start, ("I", "II"))


def three_classes():
    answers = np.random.default_rng(3).integers(0, 2, (30, 2))
    start = ek.MixtureParams([0.5, 0.3, 0.2], ek.SuccessParams([[0.2, 0.7], [0.6, 0.4], [0.9, 0.1]]))
    source = ek.ArraySource(answers, columns=["q1", "q2"])
    return _lesson("three-classes", ek.Mixture(ek.Bernoulli()), source, start, ("X", "Y", "Z"))


def uneven_tosses():
    x = [[3, 7], [8, 9], [2, 10], [5, 6], [1, 4]]
    start = ek.MixtureParams([0.7, 0.3], ek.SuccessParams([[0.7], [0.3]]))
    source = ek.ArraySource(x, columns=["heads", "tosses"])
    return _lesson("uneven-tosses", ek.Mixture(ek.Binomial()), source, start, ("A", "B"), pi="proportions[0]")


LESSONS = [
    two_coins(),
    two_coins(free_proportions=True),
    three_coins(),
    death_notices(),
    linkage(),
    blood_groups(),
    heights(),
    heights(held=("components.means",)),
    two_columns(),
    three_classes(),
    uneven_tosses(),
]
