"""One EM step of a subject in numbers: what the E-step finds, expected counts, updates, ledger.

Everything is the result of the model's own functions: `complete`, `assign`, `e_step`, `m_step` and the family's statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emkit.core.axes import component_name
from emkit.core.checks import check_step
from emkit.core.mapreduce import serial
from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel
from emkit.errors import ModelError
from emkit.explain.arithmetic import Tally, Update, arithmetic_of
from emkit.explain.latent import check_divides_counts, check_enumerable
from emkit.explain.ledger import Entry, ledger
from emkit.explain.passes import Passes, Wanted, passes_of
from emkit.explain.rows import Row, RowTable, row_table
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.models.around import AnyModel, AnySource, bare
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import P, S


@dataclass(frozen=True)
class Step:
    """EM step `number`, from the parameters `before` to those `after`.

    `e_step` is what the E-step finds: a table of rows, or the passes through a sequence. `tallies` and `updates` are of all
    rows; `held` are the symbols of the parameters that the M-step does not touch.
    """

    number: int
    components: tuple[str, ...]
    before: dict[str, float]
    after: dict[str, float]
    held: tuple[str, ...]
    e_step: RowTable | Passes
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
        """The table of independent rows. Errors: ModelError where rows come in sequence."""
        if isinstance(self.e_step, Passes):
            raise ModelError("rows in sequence are explained by forward-backward tables, not one by one.")
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
    model, source = subject.model, subject.source
    inner = bare(model)
    in_sequence = isinstance(inner, HiddenMarkovChain)
    if isinstance(inner, HiddenMarkovChain):
        check_divides_counts(inner)
    else:
        check_enumerable(model)
    before = subject.start
    for _ in range(number - 1):
        before = _after(model, source, before)[1]
    statistics, after = _after(model, source, before)
    symbols = Symbols.of(subject)
    arithmetic = arithmetic_of(model, before, symbols)
    found: RowTable | Passes = (
        passes_of(subject, before, arithmetic, wanted) if in_sequence else row_table(subject, before, arithmetic, limit)
    )
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


def _after(model: LatentModel[P, S], source: AnySource, params: P) -> tuple[S, P]:
    """The summed expected statistics at `params`, and the parameters that the M-step makes of them."""
    statistics = serial(lambda chunk: model.e_step(params, chunk), source).statistics
    return statistics, model.m_step(statistics, params)


def _held(model: AnyModel, params: Parameters, symbols: Symbols) -> tuple[str, ...]:
    free = set(model.coordinates(params).entry_names(params))
    return tuple(symbol for entry, symbol in symbols.entries(params).items() if entry not in free)
