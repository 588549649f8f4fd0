"""The same subject with another start, another number of components or another assignment, as a trace: a live "what if"."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from emkit.core.json_types import Json
from emkit.core.parameters import Parameters, replace_at
from emkit.errors import ModelError
from emkit.explain.subject import Subject, subject_of_fit
from emkit.models.around import bare
from emkit.models.assignment import Hard, Soft
from emkit.models.mixture import Mixture, MixtureParams
from emkit.models.reassigned import with_assignment
from emkit.page.browser_em import holds_proportions
from emkit.page.step_trace import trace
from emkit.search.seeding import spread_start

MOST_COMPONENTS = 6
MOST_SEED = 1_000_000


@dataclass(frozen=True)
class Wish:
    """What a reader wants to see: so many `components`, `hard` assignment or not, and the start with this `seed`.

    Seed 0 is the subject's own start, if the number of components is its own, too.
    Errors: ModelError for a value that cannot be.
    """

    components: int
    hard: bool
    seed: int

    @staticmethod
    def read(given: object) -> Wish:
        """A wish from JSON."""
        if not isinstance(given, dict) or set(given) != {"components", "hard", "seed"}:
            raise ModelError("a refit needs components, hard and seed, and nothing else.")
        _check_whole("components", given["components"], 1, MOST_COMPONENTS)
        _check_whole("seed", given["seed"], 0, MOST_SEED)
        if not isinstance(given["hard"], bool):
            raise ModelError(f"hard is {given['hard']!r}; it must be true or false.")
        return Wish(given["components"], given["hard"], given["seed"])


def _check_whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ModelError(f"{name} is {str(value)[:40]}; it must be a whole number from {least} to {most}.")


def refit(subject: Subject, wish: Wish) -> Json:
    """The trace of the subject as the reader wishes it, with its data.

    Errors: ModelError or DataError for a wish that the model or the data cannot grant.
    """
    model = subject.model
    own = len(subject.start.proportions if isinstance(subject.start, MixtureParams) else subject.components)
    changed = with_assignment(model, Hard() if wish.hard else Soft())
    if wish.components != own and not isinstance(bare(model), Mixture):
        raise ModelError(f"{type(bare(model)).__name__} has {own} latent states, whatever the start.")
    start = subject.start if wish.components == own and wish.seed == 0 else _other_start(subject, wish)
    names = subject.components if wish.components == own else subject_of_fit(model, subject.source, start).components
    kept = subject.symbols if wish.components == own else {}
    other = replace(subject, model=changed, start=start, components=names, symbols=kept)  # type: ignore[type-var]
    return trace(other, include_data=True)


def _other_start(subject: Subject, wish: Wish) -> Parameters:
    model = subject.model
    if not isinstance(bare(model), Mixture):
        coordinates = model.coordinates(subject.start)
        moved = coordinates.pack(subject.start) + np.random.default_rng(wish.seed).normal(0, 1, coordinates.size)
        return coordinates.unpack(moved, subject.start)
    start = spread_start(bare(model), subject.source, wish.components, wish.seed)
    if holds_proportions(model):
        return replace_at(start, {"proportions": np.full(wish.components, 1 / wish.components)})
    return start
