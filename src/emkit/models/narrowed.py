"""The same problem in fewer columns, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.engine import Record
from emkit.core.parameters import Parameters, replace_at
from emkit.core.protocols import LatentModel
from emkit.data.chunk import as_float64
from emkit.data.source import ArraySource

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class Narrowed(Generic[P]):
    """A `model` of the same kind and its `source`, equivalent to given ones: `components` say in what (a family's `Narrow`)."""

    model: LatentModel[P, Any]
    source: ArraySource
    components: Any

    @classmethod
    def of(cls, model: Any, source: ArraySource) -> Narrowed[P] | None:
        """The problem of a mixture `model` in fewer columns; None if all are needed."""
        if source.groups is not None or model.states_prior or source.profile.has_gaps:
            return None
        found = model.family.lower_bound(source.profile).narrowed(model.family, source.profile)
        if found is None:
            return None
        chunks = list(source.chunks())
        rows = np.concatenate([found.within(as_float64(chunk.x)) for chunk in chunks])
        few = ArraySource(rows, np.concatenate([chunk.weights for chunk in chunks]), membership=source.membership)
        return cls(replace(model, family=found.family), few, found)

    def params(self, params: P) -> P:
        """The parameters of the given problem."""
        wide: P = replace_at(params, {"components": self.components.widened(params.components)})  # type: ignore[attr-defined]
        return wide

    def record(self, run: Record[P]) -> Record[P]:
        """A run as one of the given problem."""
        gain = self.components.gain * self.source.total_weight
        history = tuple(
            entry._replace(objective=entry.objective + gain, log_likelihood=entry.log_likelihood + gain)
            for entry in run.history
        )
        return replace(
            run,
            start=self.params(run.start),
            params=self.params(run.params),
            objective=run.objective + gain,
            log_likelihood=run.log_likelihood + gain,
            history=history,
        )
