"""One EM step of a subject in numbers: what the E-step finds, expected counts, updates, ledger.

Everything is the result of the model's own functions: `complete`, `assign`, `e_step`, `m_step` and the family's statistics.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from emkit.core.axes import component_name
from emkit.core.checks import check_step
from emkit.core.mapreduce import serial
from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.errors import ModelError
from emkit.explain.arithmetic import AnyArithmetic, Tally, Update, arithmetic_of
from emkit.explain.latent import check_divides_counts, check_enumerable
from emkit.explain.ledger import Entry, ledger
from emkit.explain.moments import LatentMoments, TellsLatent, moments_of
from emkit.explain.passes import Passes, Wanted, passes_of
from emkit.explain.rows import Row, RowTable, row_table
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.models.around import AnyModel, AnySource, bare
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import P, S

Found = RowTable | Passes | LatentMoments  # what an E-step finds


@dataclass(frozen=True)
class Step:
    """EM step `number`, from the parameters `before` to those `after`.

    `e_step` is what the E-step finds: a table of rows, the passes through a sequence, or moments of latent numbers. `tallies`
    and `updates` are of all rows; `held` are the symbols of the parameters that the M-step does not touch.
    """

    number: int
    components: tuple[str, ...]
    before: dict[str, float]
    after: dict[str, float]
    held: tuple[str, ...]
    e_step: Found
    tallies: tuple[Tally, ...]
    updates: tuple[Update, ...]
    ledger: tuple[Entry, ...]
    params: tuple[Any, Any]

    @property
    def others(self) -> tuple[str, ...]:
        """The symbols of parameters that moved without a line of their own: their arithmetic is not written out."""
        written = {*self.held, *(update.symbol for update in self.updates)}
        return tuple(symbol for symbol in self.after if symbol not in written)

    @property
    def table(self) -> RowTable:
        """The table of independent rows. Errors: ModelError where rows come in sequence, or have latent values."""
        if isinstance(self.e_step, Passes):
            raise ModelError("rows in sequence are explained by forward-backward tables, not one by one.")
        if isinstance(self.e_step, LatentMoments):
            raise ModelError("what is latent here are numbers, of which moments are told: there are no states to list.")
        return self.e_step

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the table."""
        return self.table.rows

    @property
    def distinct(self) -> int:
        """How many different rows there are."""
        return self.table.distinct

    @property
    def factors(self) -> tuple[str, ...]:
        """The joint probability of a row and its state in words."""
        return self.table.factors


def work_out(subject: Subject, number: int = 1, limit: int = 20, sequence: int = 1, row: int | None = None) -> Step:
    """Step `number` (from 1) of plain EM from the subject's start, with its first `limit` different rows.

    Of rows in sequence, `sequence` is shown, and of its `row` the arithmetic; both are counted from 1.
    Errors: ModelError for a number or limit that cannot be, or for a model whose latent states cannot be listed.
    """
    check_step(number)
    wanted = Wanted(limit, sequence, row)
    subject = _checked(subject)
    model, source = subject.model, subject.source
    before = subject.start
    for _ in range(number - 1):
        before = _after(model, source, before)[1]
    statistics, after = _after(model, source, before)
    symbols = Symbols.of(subject)
    arithmetic = arithmetic_of(model, before, symbols)
    found = _e_step(subject, before, arithmetic, wanted)
    return Step(
        number,
        subject.components or tuple(map(component_name, range(found.states))),
        symbols.values(before),
        symbols.values(after),
        _held(model, before, symbols),
        found,
        tuple(arithmetic.tallies(statistics)),
        tuple(arithmetic.updates(statistics, after)),
        ledger(model, source, (before, after)),
        (before, after),
    )


def _checked(subject: Subject) -> Subject:
    """A subject that can be explained, its rows as the model sees them, which settle it. Errors: ModelError for any other."""
    inner = bare(subject.model)
    if isinstance(inner, HiddenMarkovChain):
        check_divides_counts(inner)
    elif isinstance(inner, TellsLatent):
        return replace(subject, source=subject.model.occurring(subject.source))  # type: ignore[type-var]
    else:
        check_enumerable(subject.model)
    return replace(subject, model=subject.model.settled(subject.source.profile))  # type: ignore[type-var]


def _e_step(subject: Subject, before: Parameters, arithmetic: AnyArithmetic, wanted: Wanted) -> Found:
    """What the E-step at `before` finds, as the kind of model asks for it."""
    inner = bare(subject.model)
    if isinstance(inner, HiddenMarkovChain):
        return passes_of(subject, before, arithmetic, wanted)
    if isinstance(inner, TellsLatent):
        return moments_of(subject, before, inner, wanted.rows)
    return row_table(subject, before, arithmetic, wanted.rows)


def _after(model: LatentModel[P, S], source: AnySource, params: P) -> tuple[S, P]:
    """The summed expected statistics at `params`, and the parameters that the M-step makes of them."""
    statistics = serial(lambda chunk: model.e_step(params, chunk), source).statistics
    return statistics, model.m_step(statistics, params)


def _held(model: AnyModel, params: Parameters, symbols: Symbols) -> tuple[str, ...]:
    free = set(model.coordinates(params).entry_names(params))
    return tuple(symbol for entry, symbol in symbols.entries(params).items() if entry not in free)
