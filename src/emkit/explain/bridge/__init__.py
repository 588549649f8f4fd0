"""The bridge: from the general formula of the M-step to its numbers, link by link, each with what was done."""

from __future__ import annotations

from emkit.explain.bridge.letters import Letters
from emkit.explain.bridge.link import Link, Numbers
from emkit.explain.bridge.opening import opening
from emkit.explain.bridge.proportions import proportions
from emkit.explain.bridge.reasons import reasons
from emkit.explain.latent import assignment_of
from emkit.explain.notation import Notation
from emkit.explain.steps import Step
from emkit.explain.subject import Subject
from emkit.models.around import bare
from emkit.models.mixture import Mixture

__all__ = ["Link", "Numbers", "bridge"]


def bridge(subject: Subject, step: Step, notation: Notation) -> tuple[Link, ...]:
    """The links from argmax to the updates of a step; none where rows are not independent or updates are not written out.

    The lines hold places for numbers, which are the same in every step; `Numbers` puts those of one step in.
    """
    model = bare(subject.model)
    posterior = assignment_of(subject.model).is_posterior
    if not isinstance(model, Mixture) or not posterior or subject.model.states_prior or not step.updates:
        return ()
    letters = Letters(subject, step, notation, model.family.described)
    return (*opening(letters), *proportions(letters), *reasons(letters))
