"""Known labels: the special case in which nothing is latent, and the M-step alone is the estimate.

With the label of every row written down, q is 1 for it and 0 elsewhere, whatever theta is. The expected complete-data
log-likelihood is then the complete-data log-likelihood itself, and EM is over after one M-step: counting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emkit.core.json_types import Json
from emkit.errors import ModelError
from emkit.explain.arithmetic import Update
from emkit.explain.ledger import account
from emkit.explain.steps import work_out
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.models.around import bare
from emkit.models.assignment import Hard
from emkit.models.mixture import Mixture
from emkit.models.reassigned import with_assignment
from emkit.teach.why.choices import Known


@dataclass(frozen=True)
class Complete:
    """The complete-data estimate, given `labels` (names of components, one a row).

    `estimate` by symbol; `updates` are its arithmetic; `log_likelihood` is that of data and labels together.
    """

    labels: tuple[str, ...]
    estimate: dict[str, float]
    updates: tuple[Update, ...]
    log_likelihood: float

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        updates = [update.to_dict() for update in self.updates]
        given = {"labels": list(self.labels), "estimate": self.estimate}
        return {**given, "updates": updates, "log_likelihood": self.log_likelihood}


def known_labels(subject: Subject, labels: Sequence[str] | None = None) -> Complete:
    """The estimate for a mixture whose `labels` are known; by default those that are likeliest at the start.

    Errors: ModelError if it is no mixture, or for a label that is no component, or if there is not one label a row.
    """
    if not isinstance(bare(subject.model), Mixture):
        raise ModelError(f"known labels are for mixtures: a row of {type(bare(subject.model)).__name__} has no single label.")
    states = _likeliest(subject) if labels is None else [_state(subject.components, label) for label in labels]
    rows = subject.source.rows
    if len(states) != rows:
        raise ModelError(f"there are {len(states)} labels but {rows} rows; give one label a row.")
    model = with_assignment(subject.model, Known(tuple(states)))
    step = work_out(replace(subject, model=model))  # type: ignore[type-var]
    estimate = step.params[1]
    complete = account(model, subject.source, estimate, estimate)
    names = tuple(step.components[k] for k in states)
    return Complete(names, Symbols.of(subject).values(estimate), step.updates, complete.expected)


def _likeliest(subject: Subject) -> list[int]:
    found: list[int] = []
    for chunk in subject.source.chunks():
        complete = bare(subject.model).complete(subject.start, chunk)
        q = Hard().assign(complete.log_joint, complete.weights, chunk.start).responsibilities
        found.extend(int(k) for k in np.argmax(q, axis=1))
    return found


def _state(components: tuple[str, ...], label: str) -> int:
    if label not in components:
        raise ModelError(f"there is no component {label!r}; the components are {', '.join(components)}.")
    return components.index(label)
