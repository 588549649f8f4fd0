"""EM over rows that come in blocks: stepwise over a stream of them, incremental over the cuts of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.checks import check_count
from emkit.core.engine import HistoryEntry, Record
from emkit.core.evaluation import EMMap
from emkit.core.incremental import OneCut, Refreshed, refreshed
from emkit.core.mapreduce import as_executor, one_thread
from emkit.core.online import Decay, OnlineState, after_block
from emkit.core.parameters import Parameters
from emkit.core.protocols import Executor, Source
from emkit.core.ready import check_is_model, ready, refuse_gaps
from emkit.core.stopping import Step
from emkit.data.blocks import BlockSource, is_dask
from emkit.data.frames import library_of
from emkit.data.given import as_source
from emkit.data.like import rows_like
from emkit.data.source import RowSource
from emkit.errors import DataError, DegenerateFitError, ModelError, Outcome, ParameterError, Status
from emkit.fitted import ModelOf
from emkit.fitting import MAX_EVALUATIONS, TOL, default_rules, fit_each, row_work, solver_named
from emkit.models.order import component_count
from emkit.persistence.not_stored import NotStoredSource
from emkit.result import Result

P = TypeVar("P", bound=Parameters)
LITTLE = 0.01  # log-likelihood that a sweep gains at least: what gains less has come near a maximum, or a saddle
NO_GAPS_BEFORE = (
    "the rows by which the model was settled have no gaps: let those of the first block have some, or give other rows for "
    "that, fit_online(..., like=rows)."
)
Blocks = Iterable[Any] | Callable[[], Iterable[Any]] | RowSource


@dataclass(frozen=True, eq=False, repr=False)
class Online(Generic[P]):
    """Where stepwise EM stands in a stream: `params` after the `blocks` and `rows` (their total weight) that were read.

    No block is kept: the `state` is the parameters and statistics as large as those of one E-step, and can be pickled.
    `start`: where it began; `known`: the columns and levels of the stream.

    Two blocks of a stream, and what a third is worth under what was learnt of them:

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> online = ek.fit_online(ek.Mixture("poisson"), [[0, 1, 6, 5, 7], [1, 0, 8, 6, 2]], start)
    >>> online.blocks, online.rows, online.params.components.rates.round(2).tolist()
    (2, 10.0, [[0.71], [5.7]])
    """

    model: ModelOf[P]
    start: P
    decay: Decay
    state: OnlineState[P]
    known: RowSource
    has_gaps: bool

    def __repr__(self) -> str:
        return f"Online(blocks={self.blocks:,}, rows={self.rows:,.10g}, params={self.params!r})"

    @classmethod
    def begun(cls, model: ModelOf[P], start: P, source: RowSource, decay: Decay | None = None) -> Online[P]:
        """Before the first block of a stream of rows such as those of the `source`, by which the `model` was settled."""
        steps = Decay() if decay is None else decay
        return cls(model, start, steps, OnlineState(start), NotStoredSource.of(source), bool(source.profile.has_gaps))

    @property
    def params(self) -> P:
        """The parameters after the last block."""
        return self.state.params

    @property
    def blocks(self) -> int:
        """How many blocks were read; a block that was read twice counts twice."""
        return self.state.blocks

    @property
    def rows(self) -> float:
        """Their total weight."""
        return self.state.rows

    @property
    def score(self) -> float:
        """The log-likelihood of a row before it was learned from, averaged as statistics are: recent blocks count most.

        It is no log-likelihood of data: see `full_pass`.
        """
        return np.nan if self.state.average is None else float(self.state.average.log_likelihood)

    def more(self, blocks: Blocks, *, passes: int = 1, executor: Executor | None = None) -> Online[P]:
        """The same after more blocks: see `fit_online`. Errors: as there; this one stays as it is."""
        check_count("passes", passes, ModelError)
        blocks = _checked(blocks, passes)
        state = self.state
        with as_executor(executor)() as map_reduce:
            for _ in range(passes):
                each = self._each(blocks)
                while True:
                    with naming_block(state.blocks + 1):
                        block = next(each, None)
                        if block is None:
                            break
                        state = after_block(EMMap(self.model, block, state.params, map_reduce), state, self.decay)
        if state is self.state:
            raise DataError("there are no blocks: the stream ended before the first one.")
        return replace(self, state=state)

    def full_pass(
        self, data: object, *, weights: object = None, groups: object = None, executor: Executor | None = None
    ) -> Result[P]:
        """One pass over `data` at `params`: their true log-likelihood, and a `Result` to ask the rest of.

        `data`: as `fit` takes them, such as the source of the blocks, which is read again. The outcome is not converged: see
        its sentence.
        """
        workers = None if executor is None else as_executor(executor)
        source = self._admitted(rows_like(self.known, data, groups, None, component_count(self.params) or 1, weights))
        said = (
            f"not converged: these are the parameters after {self.blocks:,} blocks ({self.rows:,.10g} rows) of stepwise EM, "
            "which does not tell how far a maximum is; one pass over the data then found their log-likelihood. To go on to a "
            "maximum, fit(model, data, result.params)."
        )

        def read(step: Step) -> Outcome:
            return Outcome(Status.BUDGET, said)

        made = fit_each(
            self.model, source, [self.params], solver=None, rules=[read], workers=workers, to_the_end=False, off_saddles=False
        )
        return Result.of(made)

    def _each(self, blocks: Blocks) -> Iterator[Source[Any]]:
        if isinstance(blocks, RowSource):
            yield from map(OneCut, self._admitted(blocks.coded(self.known.levels)).cuts())
            return
        for block in _opened(blocks):
            source = self._admitted(rows_like(self.known, block))
            yield source
            source.forget()

    def _admitted(self, source: RowSource) -> RowSource:
        """Rows of the stream as the model takes them. Errors: DataError naming row and column of what it cannot take."""
        given, source = source, self.model.recoded(source)
        if source is not given:
            given.forget()
        refuse_gaps(self.model, source)
        if not self.has_gaps and source.profile.has_gaps:
            source.refuse(np.isnan, NO_GAPS_BEFORE)
        self.model.check(self.params, source.profile)
        return source


def fit_online(
    model: ModelOf[P],
    blocks: Blocks,
    start: P,
    *,
    passes: int = 1,
    alpha: float = 0.6,
    t0: float = 0.0,
    like: object = None,
    executor: Executor | None = None,
) -> Online[P]:
    """Fit a model to rows that come block by block, none of which is kept, by stepwise EM.

    `blocks`: arrays or data frames, one after the other, or sources (``ArraySource(x, weights, groups=groups)``), from any
    iterable; or a source, whose cuts are the blocks. For more than one of the `passes` it must be one that can be read again: a
    source, a list, or a function that opens it anew. An endless one is taken in parts, ``itertools.islice(stream, 100)``, and
    `Online.more` goes on. Blocks should be of about as many rows each, and of so many that each could be fitted by itself.
    After block t the average of all statistics moves by (t + t0)^-alpha of the way to that of the block; 0.5 < alpha <= 1.
    `start`: parameters. `like`: rows by which the model is settled: columns, levels, units, floors, and whether there are gaps.
    By default these are all rows of a source, and those of the first block of anything else; blocks are then to have no other
    levels, and gaps only if these have.
    Errors: DataError or ParameterError naming the block, and what in it cannot be; ModelError for a model whose statistics do
    not add up over E-steps at different parameters, as those of most regressions.
    Source: Cappé & Moulines (2009), J. R. Statist. Soc. B 71, 593-613.

    >>> import numpy as np
    >>> import emkit as ek
    >>> rng = np.random.default_rng(0)
    >>> stream = (rng.poisson(np.where(rng.random((500, 1)) < 0.3, 2.0, 9.0)) for _ in range(60))
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [5.0]]))
    >>> online = ek.fit_online(ek.Mixture(ek.Poisson()), stream, start)
    >>> online.blocks, online.rows
    (60, 30000.0)
    >>> online.params.components.rates.ravel().round(1).tolist()
    [2.0, 9.0]
    """
    check_is_model(model)
    check_count("passes", passes, ModelError)
    blocks = _checked(blocks, passes)
    decay = Decay(alpha, t0)
    if like is None:
        like, blocks = (blocks, blocks) if isinstance(blocks, RowSource) else _first(blocks)
    with naming_block(1):
        source = model.recoded(as_source(like))
        settled = ready(model, source, [start])
    return Online.begun(settled, start, source, decay).more(blocks, passes=passes, executor=executor)


def fit_incremental(
    model: ModelOf[P],
    data: object,
    start: P,
    *,
    weights: object = None,
    groups: object = None,
    labels: object = None,
    tol: float = TOL,
    max_evaluations: int = MAX_EVALUATIONS,
    solver: str = "anderson",
    executor: Executor | None = None,
) -> Result[P]:
    """Fit a model by incremental EM: one cut of the rows is looked at anew at a time, and an M-step follows each.

    `data`, `weights`, `groups`, `labels`, `start`: as in `fit`; the cuts are those of the source, for rows in memory
    ``ArraySource(x, chunk_rows=1000)``. With one cut it is EM. The statistics of all cuts are kept, in memory.
    Sweeps over the cuts go on until one gains less than 0.01; from there `solver` goes on with whole passes until the stopping
    rules of `fit`, for `tol` and `max_evaluations`, are met, so that converged means the same as there. Sweeps look at one cut
    after the other, here; `executor` works in the whole passes. Of these two at least are made, for the true log-likelihood.
    In the `history`, a sweep is one line, with the free energy for both objective and log-likelihood, of which it is a lower
    bound (of log-likelihood plus log-prior, for a model with a prior).
    Errors: as `fit`; ModelError for a model whose statistics do not add up over E-steps at different parameters.
    Source: Neal & Hinton (1998), A view of the EM algorithm that justifies incremental, sparse, and other variants.

    >>> import emkit as ek
    >>> counts = ek.ArraySource([0, 1, 0, 2, 1, 6, 7, 5, 8, 6], chunk_rows=2)
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit_incremental(ek.Mixture(ek.Poisson()), counts, start)
    >>> result.converged, result.params.components.rates.round(2).ravel().tolist()
    (True, [0.73, 6.07])
    """
    check_is_model(model)
    default_rules(model, tol, max_evaluations)  # what cannot be is refused before the sweeps
    workers = None if executor is None else as_executor(executor)
    source = model.recoded(as_source(data, weights, groups, labels, component_count(start) or 1))
    model = ready(model, source, [start])
    passes = model.prepare(source).shared_out(row_work(start))
    with one_thread() as map_reduce:
        sweeps = _swept(refreshed(EMMap(model, passes, start, map_reduce), start), max_evaluations)
    rules = default_rules(model, tol, max_evaluations, before=len(sweeps))
    params = sweeps[-1].params
    made = Result.of(fit_each(model, source, [params], solver=solver_named(solver), rules=rules, workers=workers))
    return replace(made, runs=replace(made.runs, runs=(_joined(start, sweeps, made.record),)))


def _swept(steps: Iterator[Refreshed[P]], most: int) -> list[Refreshed[P]]:
    """The last step of every sweep, up to one that gains next to nothing. Errors: those of the first step."""
    ends = [next(steps)]
    try:
        for step in steps:
            if step.cut != ends[0].cut:
                continue
            ends.append(step)
            if len(ends) >= most or ends[-1].free_energy - ends[-2].free_energy < LITTLE:
                break
    except (DegenerateFitError, ParameterError):  # whole passes go on from the last sweep, and say what is wrong
        pass
    return ends


def _joined(start: P, sweeps: Sequence[Refreshed[P]], record: Record[P]) -> Record[P]:
    """The run of sweeps, and of whole passes after them, as one."""
    number, cuts = len(sweeps), sweeps[0].cut + 1
    before = [HistoryEntry(i, i + 1, end.free_energy, end.free_energy) for i, end in enumerate(sweeps)]
    after = [
        entry._replace(iteration=entry.iteration + number, evaluations=entry.evaluations + number) for entry in record.history
    ]
    said = f"{record.outcome.sentence} Before that, incremental EM passed {number:,} times over {cuts:,} cuts."
    return replace(
        record,
        start=start,
        outcome=replace(record.outcome, sentence=said),
        iterations=record.iterations + number,
        evaluations=record.evaluations + number,
        history=(*before, *after),
    )


def _checked(blocks: Any, passes: int) -> Any:
    """The blocks, those of Dask as a source. Errors: DataError unless they can be read so many times."""
    if is_dask(blocks):
        return BlockSource(blocks)
    if isinstance(blocks, np.ndarray | str | Mapping) or library_of(blocks) is not None:
        raise DataError(
            "blocks are one table. Give several, one after the other; or a source that is cut, ArraySource(x, chunk_rows=1000)."
        )
    if not isinstance(blocks, Iterable | RowSource) and not callable(blocks):
        raise DataError(f"blocks are {type(blocks).__name__}; they must be tables, one after the other, or a source.")
    if passes > 1 and isinstance(blocks, Iterator):
        raise DataError(
            f"{passes} passes are asked for, but {type(blocks).__name__} can be read once. Give a source, a list, or a "
            "function that opens it anew."
        )
    return blocks


def _opened(blocks: Any) -> Iterator[Any]:
    return iter(blocks() if callable(blocks) else blocks)


def _first(blocks: Any) -> tuple[Any, Any]:
    """The first block, and all blocks. Errors: DataError if there are none."""
    opened = _opened(blocks)
    for first in opened:
        return first, chain((first,), opened) if isinstance(blocks, Iterator) else blocks
    raise DataError("there are no blocks: the stream ended before the first one.")


@contextmanager
def naming_block(block: int) -> Iterator[None]:
    """Say which block an error is about."""
    try:
        yield
    except (DataError, ParameterError, DegenerateFitError) as error:
        raise type(error)(f"block {block:,}: {error}") from None
