"""What explanations are tested on: every lesson of the package, and a random mixture of every case of tests/cases.py."""

from __future__ import annotations

import numpy as np

import emkit as ek
from emkit.explain import subject_of_fit
from emkit.lessons import LESSONS
from emkit.search.seeding import spread_start
from tests.cases import CASE

ROWS = 60


def random_mixture(name, assignment=None):
    """Two components of a case's family, for rows of the case with weights, from a spread start."""
    case, rng = CASE[name], np.random.default_rng(20)
    source = ek.ArraySource(case.draw(rng, ROWS), weights=rng.integers(1, 4, ROWS))
    model = ek.Mixture(case.family, assignment or ek.Soft())
    return subject_of_fit(model, source, spread_start(model, source, case.several(2), 3))


def subjects():
    """Every lesson and a mixture of every case, by name."""
    yield from ((name, make()) for name, make in LESSONS.items())
    yield from ((f"mixture of {name}", random_mixture(name)) for name in CASE)


SUBJECTS = dict(subjects())


def path(subject, steps):
    """The parameters before and after each of `steps` steps of plain EM."""
    em = ek.EMMap(subject.model, subject.source, subject.start)
    found = [subject.start]
    for _ in range(steps):
        found.append(em(found[-1]).update)
    return found
