"""The three coins' ridge of equal likelihood, and where EM goes from many starts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emkit.core.json_types import Json
from emkit.core.parameters import replace_at
from emkit.explain.steps import work_out
from emkit.explain.subject import Subject
from emkit.models.mixture import Mixture
from emkit.page.walk import Walk

STARTS = 14


def ridge(walk: Walk) -> Json | None:
    """For two coins tossed once a row: where a step leads from `starts`, on the axes pi alpha and (1 - pi) beta.

    The likelihood depends on the sum of the two alone, so its highest points are the line on which the sum is the proportion
    of ones in the data. Each start has its point before, after one step and after two, and its log-likelihoods. None if the
    rows are not single tosses of two coins whose proportions are free.
    """
    subject = walk.subject
    model = subject.model
    start = subject.start
    if not isinstance(model, Mixture) or model.family.support.most != 1 or start.components.probabilities.shape != (2, 1):
        return None
    rng = np.random.default_rng(5)
    others = [
        replace_at(start, {"proportions": [pi, 1 - pi], "components.probabilities": [[alpha], [beta]]})
        for pi, alpha, beta in rng.uniform(0.06, 0.94, (STARTS, 3))
    ]
    x, weights = subject.source.x[:, 0], subject.source.weights
    return {
        "total": float(weights @ x / weights.sum()),
        "starts": [_run(replace(subject, start=first)) for first in (start, *others)],  # type: ignore[type-var]
    }


def _run(subject: Subject) -> Json:
    first = work_out(subject)
    second = work_out(subject, 2)
    thetas = (first.params[0], first.params[1], second.params[1])
    accounts = (first.ledger[0], second.ledger[0], second.ledger[2])
    return {
        "theta": [[float(t.proportions[0]), *map(float, t.components.probabilities[:, 0])] for t in thetas],
        "at": [[float(v) for v in t.proportions * t.components.probabilities[:, 0]] for t in thetas],
        "log_likelihood": [entry.account.log_likelihood for entry in accounts],
    }
