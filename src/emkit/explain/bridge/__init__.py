"""The bridge: from the general formula of the M-step to its numbers, link by link, each with what was done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from emkit.explain.bridge.link import Link, Numbers
from emkit.explain.bridge.of_cells import of_cells
from emkit.explain.bridge.of_chain import of_chain
from emkit.explain.bridge.of_mixture import of_mixture
from emkit.explain.latent import assignment_of, latent_cells_of
from emkit.explain.notation import Notation
from emkit.explain.steps import Step
from emkit.explain.subject import Subject
from emkit.models.around import bare
from emkit.models.cells import Cells
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import Mixture

__all__ = ["Link", "Numbers", "bridge"]


def bridge(subject: Subject, step: Step, notation: Notation) -> tuple[Link, ...]:
    """The links from argmax to the updates of a step; none where nobody has written the way out.

    The lines hold places for numbers, which are the same in every step; `Numbers` puts those of one step in.
    """
    posterior = assignment_of(subject.model).is_posterior and latent_cells_of(subject.model) is None
    if not posterior or subject.model.states_prior or not step.updates:
        return ()
    return tuple(_links(bare(subject.model), subject, step, notation))


@singledispatch
def _links(model: object, subject: Subject, step: Step, notation: Notation) -> Iterator[Link]:
    """The links for a kind of model."""
    return iter(())


_links.register(Mixture, of_mixture)
_links.register(HiddenMarkovChain, of_chain)
_links.register(Cells, of_cells)
