"""What explanations are tested on: every lesson, and a random mixture of every family."""

from __future__ import annotations

import numpy as np

import emkit as ek
from emkit.explain import subject_of_fit
from emkit.lessons import LESSONS
from emkit.models.starts import spread_start

RNG = np.random.default_rng(20)
N = 60
GROUP = RNG.integers(0, 3, N)


def _tables():
    """Tables of numbers of every kind; a family is tested on the first that it accepts."""
    trials = RNG.integers(3, 12, N)
    yield RNG.integers(0, 2, (N, 3))
    yield np.column_stack([RNG.binomial(trials, 0.2 + 0.3 * GROUP), trials])
    yield RNG.poisson(2 + 4 * GROUP[:, None], (N, 2))
    yield RNG.gamma(2.0, 1.0 + GROUP[:, None], (N, 2))
    yield RNG.normal(3.0 * GROUP[:, None], 1.0, (N, 2))


TABLES = list(_tables())
WEIGHTS = RNG.integers(1, 4, N)
FIRST = {"poisson": 2, "categorical": 2, "exponential": 3, "gamma": 3, "binomial": 1, "bernoulli": 0}


def table_for(name, family):
    """A table that the family accepts."""
    for x in [TABLES[FIRST[name]]] if name in FIRST else TABLES[::-1]:
        source = ek.ArraySource(x, weights=WEIGHTS)
        try:
            family.check(source)
        except ek.DataError:
            continue
        return source
    raise AssertionError(f"no table for {name}: add one")


def random_mixture(name, assignment=None):
    """Two components of a family, with weights on the rows, from a spread start."""
    family = ek.FAMILIES[name]()
    source = table_for(name, family)
    model = ek.Mixture(family, assignment or ek.Soft())
    return subject_of_fit(model, source, spread_start(model, source, 2, 3))


def subjects():
    """Every lesson and a mixture of every family, by name."""
    yield from ((name, make()) for name, make in LESSONS.items())
    yield from ((f"mixture of {name}", random_mixture(name)) for name in ek.FAMILIES)


SUBJECTS = dict(subjects())


def path(subject, steps):
    """The parameters before and after each of `steps` steps of plain EM."""
    em = ek.EMMap(subject.model, subject.source, subject.start)
    found = [subject.start]
    for _ in range(steps):
        found.append(em(found[-1]).update)
    return found
