"""What explanations are tested on: every lesson of the package, and a mixture and a chain of every case of tests/cases.py."""

from __future__ import annotations

import numpy as np

import emkit as ek
from emkit.explain import subject_of_fit
from emkit.lessons import LESSONS
from emkit.models.around import bare
from emkit.search.seeding import spread_start
from tests.cases import CASE

ROWS = 60


def random_mixture(name, assignment=None):
    """Two components of a case's family, for rows of the case with weights, from a spread start."""
    case, rng = CASE[name], np.random.default_rng(20)
    source = ek.ArraySource(case.draw(rng, ROWS), weights=rng.integers(1, 4, ROWS))
    model = ek.Mixture(case.family, assignment or ek.Soft())
    return subject_of_fit(model, source, spread_start(model, source, case.several(2), 3))


def random_chain(name, lengths=(7, 1, 12), assignment=None):
    """States of a case's family, for sequences of such lengths with weights, from a spread start."""
    case, rng = CASE[name], np.random.default_rng(21)
    weights = rng.integers(1, 4, len(lengths)).astype(float)
    source = ek.ArraySource(case.draw(rng, sum(lengths)), weights, groups=np.repeat(np.arange(len(lengths)), lengths))
    model = ek.HiddenMarkovChain(case.family, assignment or ek.Soft())
    return subject_of_fit(model, source, spread_start(model, source, case.several(2), 3))


def subjects():
    """Every lesson, and a mixture and a chain of every case, by name."""
    yield from ((name, make()) for name, make in LESSONS.items())
    yield from ((f"mixture of {name}", random_mixture(name)) for name in CASE)
    yield from ((f"chain of {name}", random_chain(name)) for name in CASE)


SUBJECTS = dict(subjects())
IN_SEQUENCE = [name for name, subject in SUBJECTS.items() if isinstance(bare(subject.model), ek.HiddenMarkovChain)]
ALONE = [name for name in SUBJECTS if name not in IN_SEQUENCE]  # whose rows are independent


def path(subject, steps):
    """The parameters before and after each of `steps` steps of plain EM, by the model as the rows settle it."""
    em = ek.EMMap(subject.model.settled(subject.source.profile), subject.source, subject.start)
    found = [subject.start]
    for _ in range(steps):
        found.append(em(found[-1]).update)
    return found
