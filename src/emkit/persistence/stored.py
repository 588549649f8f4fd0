"""What of a fit stands in a file: all but its data, as values that a file can hold."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.engine import HistoryEntry, Record
from emkit.core.mapreduce import one_thread
from emkit.core.parameters import Parameters, leaves, replace_at
from emkit.core.protocols import LatentModel
from emkit.core.restarts import Fate, Left, Restarts
from emkit.data.design import STORED as OF_DESIGNS
from emkit.data.design import Design
from emkit.data.frames import InOrder
from emkit.data.profile import Levels
from emkit.errors import Outcome, Status
from emkit.fitted import TOLD, AnyFitted, Fitted
from emkit.models.prediction import check_together
from emkit.models.told_effects import EffectsOfLevel, EffectsTold
from emkit.persistence.digest import digest
from emkit.persistence.not_stored import NotStoredSource, Provenance
from emkit.version import __version__

AnyLatentModel = LatentModel[Any, Any]


@dataclass(frozen=True)
class StoredRun:
    """A `Record` whose parameters are like those of number `kind` of the fit.

    `start` and `params` (p,) are the numbers of all their fields, in order; `history` (steps, 4) has iteration, evaluations,
    objective and log-likelihood.
    """

    kind: int
    start: Array
    params: Array
    objective: float
    log_likelihood: float
    status: str
    sentence: str
    iterations: int
    evaluations: int
    history: Array

    @classmethod
    def of(cls, run: Record[Any], kinds: list[Parameters]) -> StoredRun:
        """A run; parameters of a new kind are added to the `kinds`."""
        kind = next((i for i, like in enumerate(kinds) if _kind(like) == _kind(run.params)), len(kinds))
        if kind == len(kinds):
            kinds.append(run.params)
        numbers = numbers_of(run.start), numbers_of(run.params)
        ended = run.outcome.status.value, run.outcome.sentence
        history = np.array(run.history, dtype=np.float64).reshape(-1, 4)
        return cls(kind, *numbers, run.objective, run.log_likelihood, *ended, run.iterations, run.evaluations, history)

    def record(self, kinds: tuple[Parameters, ...]) -> Record[Any]:
        """The record. Errors: ValueError or LookupError for a way to end, a history or numbers that there cannot be."""
        if self.history.shape[1:] != (4,) or not np.isfinite(self.history[:, :2]).all():
            raise ValueError(f"a history has shape {self.history.shape}, or steps that are no numbers")
        history = tuple(HistoryEntry(int(i), int(n), float(o), float(ll)) for i, n, o, ll in self.history)
        ended = Outcome(Status(self.status), self.sentence)
        start, params = (with_numbers(kinds[self.kind], numbers) for numbers in (self.start, self.params))
        return Record(start, params, self.objective, self.log_likelihood, ended, self.iterations, self.evaluations, history)


def _kind(params: Parameters) -> tuple[Any, ...]:
    return type(params), *((leaf.path, leaf.value.shape) for leaf in leaves(params))


def numbers_of(params: Parameters) -> Array:
    """The numbers of all fields (p,), in order."""
    return np.concatenate([leaf.value.ravel() for leaf in leaves(params)])


def with_numbers(like: Parameters, numbers: Array) -> Parameters:
    """Parameters like others, with other numbers. Errors: ValueError, ParameterError."""
    every = list(leaves(like))
    sizes = [leaf.value.size for leaf in every]
    if numbers.shape != (sum(sizes),):
        raise ValueError(f"the parameters of a run have shape {numbers.shape}, and {sum(sizes)} numbers are needed")
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    return replace_at(like, {leaf.path: part.reshape(leaf.value.shape) for leaf, part in zip(every, parts, strict=True)})


@dataclass(frozen=True)
class StoredLeft:
    """A start that was left: its `run` as far as it went, its fate by name, and of how many rows the run's numbers are."""

    run: StoredRun
    fate: str
    rows: int | None


@dataclass(frozen=True)
class Told:
    """What was worked out from the data, and the summary says: see `Fitted`. No `sample_size` is that of the rows."""

    rows: float
    degenerate: tuple[int, ...]
    planar: tuple[int, ...]
    floors: Mapping[str, Mask]
    coinciding: tuple[tuple[int, ...], ...]
    flat: tuple[str, ...]
    infinite: tuple[str, ...] = ()
    effects: EffectsTold | None = None
    sample_size: float | None = None


@dataclass(frozen=True)
class StoredFit:
    """A fit. `kinds` are parameters of each kind and shape that its runs have, those of the best run first."""

    provenance: Provenance
    model: AnyLatentModel
    kinds: tuple[Parameters, ...]
    columns: tuple[str, ...]
    levels: tuple[tuple[str, ...] | None, ...]
    rows: float
    total_weight: float
    told: Told
    runs: tuple[StoredRun, ...]
    degenerate: tuple[int, ...]
    left: tuple[StoredLeft, ...]
    moved: int
    component_names: tuple[str, ...] = ()
    design: Design | None = None

    @classmethod
    def of(cls, fitted: AnyFitted) -> StoredFit:
        """All of a fit but its data."""
        source, runs = fitted.source, fitted.runs
        kinds: list[Parameters] = [fitted.params]
        return cls(
            runs=tuple(StoredRun.of(run, kinds) for run in runs.runs),
            degenerate=tuple(sorted(runs.degenerate)),
            left=tuple(StoredLeft(StoredRun.of(each.run, kinds), each.fate.name, each.rows) for each in runs.left),
            moved=runs.moved,
            kinds=tuple(kinds),
            provenance=_made_here(fitted),
            model=fitted.model,
            columns=tuple(source.columns),
            levels=source.levels,
            component_names=source.component_names,
            design=source.design,
            rows=source.rows,
            total_weight=source.total_weight,
            told=Told(**{name: getattr(fitted, name) for name in TOLD}),
        )

    def fitted(self) -> AnyFitted:
        """The fit. Errors: those of parts that do not fit together, whatever stumbles over them."""
        levels: Levels = tuple(None if names is None else InOrder(names) for names in self.levels)  # in which the fit has them
        if len(levels) != len(self.columns) or not self.runs:
            raise ValueError(f"there are {len(self.columns)} columns, levels of {len(levels)}, and {len(self.runs)} runs")
        source = NotStoredSource(self.columns, self.rows, self.total_weight, levels, self.component_names, self.provenance)
        source.design = self.design
        records = tuple(run.record(self.kinds) for run in self.runs)
        left = tuple(Left(each.run.record(self.kinds), Fate[each.fate], each.rows) for each in self.left)
        if not set(self.degenerate) <= set(range(len(records))):
            raise ValueError(f"the runs {self.degenerate} are spikes, and there are {len(records)} runs")
        runs = Restarts(records, frozenset(self.degenerate), left, self.moved, self.provenance.seed)
        check_together(self.model, runs.best.params, len(self.columns))
        made = Fitted(self.model, source, source, runs, one_thread)
        made.__dict__.update(vars(self.told))
        made.__dict__["sample_size"] = self.told.rows if self.told.sample_size is None else self.told.sample_size
        made.boundary  # noqa: B018 - the floors must be of these parameters
        return made


def provenance(fitted: AnyFitted) -> Provenance:
    """Where a fit comes from: what its file says, or this process."""
    source = fitted.source
    said = source.provenance if isinstance(source, NotStoredSource) else None
    return _made_here(fitted) if said is None else said


def _made_here(fitted: AnyFitted) -> Provenance:
    return Provenance(__version__, platform.python_version(), np.__version__, digest(fitted.source), fitted.runs.seed)


STORED: tuple[type, ...] = (StoredFit, StoredRun, StoredLeft, Told, EffectsTold, EffectsOfLevel, Provenance, *OF_DESIGNS)
