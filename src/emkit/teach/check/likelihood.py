"""Whether a mistake in the E-step can be seen in the likelihood at all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.parameters import get_at, replace_at
from emkit.errors import EmkitError
from emkit.explain.subject import Subject
from emkit.explain.worksheet import Worksheet

SAME = 1e-9


def blind_to(subject: Subject, sheet: Worksheet, slipped: Mapping[str, float]) -> tuple[str, ...]:
    """A remark, if the step gains as much log-likelihood with the wrong numbers as with the right ones."""
    try:
        right, wrong = (_likelihood_after(subject, sheet, fixed) for fixed in ({}, sheet.completed(slipped)))
    except EmkitError:  # the wrong numbers are no parameters at all
        return ()
    if abs(wrong - right) > SAME * (1 + abs(right)):
        return ()
    return (
        f"This slip cannot be seen in the likelihood: the step ends at log-likelihood {right:.4f} with the wrong numbers, "
        "too. Only checking the E-step finds it.",
    )


def _likelihood_after(subject: Subject, sheet: Worksheet, fixed: Mapping[str, float]) -> float:
    """The log-likelihood of the parameters that the step leads to, with the values of some lines fixed."""
    at = sheet.values(fixed)
    changed: dict[str, Array] = {}
    for line in sheet:
        if line.entry is not None:
            path, index = line.entry
            changed.setdefault(path, np.array(get_at(subject.start, path)))[index] = at[line.name]
    em = EMMap(subject.model, subject.source, subject.start)
    return em(replace_at(subject.start, changed)).log_likelihood
