"""Short runs from the estimate over data that are a little different: side by side where the model allows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import STUMBLES
from emkit.core.mapreduce import one_thread, serial
from emkit.core.parameters import Parameters
from emkit.core.solvers import Anderson
from emkit.core.stopping import still_to_gain
from emkit.data.chunk import Chunk
from emkit.data.source import RowSource
from emkit.errors import EmkitError
from emkit.fitted import ModelOf
from emkit.fitting import default_rules, fit_each
from emkit.models.components import Components
from emkit.models.extrapolated import squared_steps
from emkit.models.order import component_count
from emkit.models.together import OfEach, can_go_together
from emkit.selection.resampling import as_rows

P = TypeVar("P", bound=Parameters)
ENOUGH = 1e-5  # of log-likelihood left to gain: the estimate is then within 0.005 standard errors of its limit
MOST_PASSES = 1_000  # of one run
GROUPED_ANEW = 0.5  # when this share of the runs side by side has settled, the others go on without them
MOST_BLOCK = 50  # runs side by side: more save nothing
MOST_NUMBERS = 8_000_000  # of the rows and responsibilities of all of them
UNSETTLED = f"had not settled after {MOST_PASSES:,} passes"
COLLAPSED = "a component collapsed"


class Refit(NamedTuple):
    """Where a run ended: its parameters (None if it failed), and why, if it did not settle as it should."""

    params: Any
    log_likelihood: float
    trouble: str = ""


@dataclass(frozen=True)
class Refits(Generic[P]):
    """The same model fitted to other data, from the estimate `params`. `source`: the data that this is the estimate of."""

    model: ModelOf[P]
    source: RowSource
    params: P

    def block(self, rows: int) -> int:
        """How many runs over so many rows go side by side."""
        each = rows * (len(self.source.columns) + (component_count(self.params) or 1))
        return max(1, min(MOST_BLOCK, MOST_NUMBERS // max(each, 1)))

    def to(self, chunks: Sequence[Chunk]) -> list[Refit]:
        """A run over the rows of each chunk; the same for the same chunks.

        Which others run beside it changes it by no more than what is left to gain then.
        """
        with one_thread(), np.errstate(all="ignore"):
            together = can_go_together(self.model, self.params)
            found = self._together(chunks) if together else [self._alone(chunk) for chunk in chunks]
            if self.model.degenerate(self.params, self.source.profile):
                return found
            return [self._judged(*each) for each in zip(found, chunks, strict=True)]

    def _judged(self, refit: Refit, chunk: Chunk) -> Refit:
        """A run that has come to a floor tells nothing of the estimate.

        One with few rows close together is made again alone: side by side, the floor is that of the rows of all runs.
        """
        model, profile = self.model, self.source.profile
        if refit.params is None or not (model.spikes(refit.params, profile) or model.slivers(refit.params, profile)):
            return refit
        again = self._alone(chunk)
        if again.params is None or not model.degenerate(again.params, as_rows(self.source, chunk).profile):
            return again
        return Refit(None, -np.inf, COLLAPSED)

    def _alone(self, chunk: Chunk) -> Refit:
        rules = default_rules(self.model, ENOUGH, MOST_PASSES)
        try:
            rows = as_rows(self.source, chunk)
            model = self.model.settled(rows.profile)
            run = fit_each(model, rows, [self.params], solver=Anderson(), rules=rules, workers=one_thread).record
        except (EmkitError, *STUMBLES) as error:
            return Refit(None, -np.inf, str(error))
        if run.outcome.failed:
            return Refit(None, -np.inf, run.outcome.sentence)
        return Refit(run.params, run.log_likelihood, "" if run.outcome.converged else UNSETTLED)

    def _together(self, chunks: Sequence[Chunk]) -> list[Refit]:
        """Side by side; where one of them stumbles, in halves, until it is alone."""
        if len(chunks) == 1:
            return [self._alone(chunks[0])]
        try:
            return self._side_by_side(chunks)
        except STUMBLES:
            half = len(chunks) // 2
            return [*self._together(chunks[:half]), *self._together(chunks[half:])]

    def _side_by_side(self, chunks: Sequence[Chunk]) -> list[Refit]:
        assert isinstance(self.model, Components)
        found: dict[int, Refit] = {}
        here = [(i, self.params) for i in range(len(chunks))]
        passes = 0
        while here and passes < MOST_PASSES:
            places, starts = zip(*here, strict=True)
            group = OfEach.of_each(self.model, starts, [chunks[i] for i in places])
            heights: list[Array] = []
            for runs, height, _, ends_round in squared_steps(group, self.source, serial):  # noqa: B007
                heights.append(height.objective)
                if not ends_round:
                    continue
                settled = _settled(heights)
                lost = ~np.isfinite(height.objective)
                if (settled | lost).mean() >= GROUPED_ANEW or passes + len(heights) >= MOST_PASSES:
                    break
            passes += len(heights)
            at = {i: Refit(runs.params(s), float(height.log_likelihood[s])) for s, i in enumerate(places)}
            found |= {i: at[i] for s, i in enumerate(places) if settled[s]}
            found |= {i: self._alone(chunks[i]) for s, i in enumerate(places) if lost[s]}
            here = [(i, at[i].params) for i in places if i not in found]
        found |= {i: at[i]._replace(trouble=UNSETTLED) for i, _ in here}
        return [found[i] for i in range(len(chunks))]


def _settled(heights: Sequence[Array]) -> Any:
    """Which runs (S,) have next to nothing left to gain, from the objectives of their passes, of which some are guesses."""
    if len(heights) < 4:
        return np.zeros(len(heights[-1]), dtype=bool)
    fourth, third, second, last = heights[-4:]
    objectives = np.stack([np.where(np.isnan(third), fourth, third), second, last], axis=1)
    return np.array([still_to_gain(each) <= ENOUGH for each in objectives])
