"""``emkit select``: several numbers of components, and several families, from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import click

from emkit.cli.asked import CHAIN, SELECT, check_without_formula, is_chain, of_all_rows, with_options
from emkit.cli.by_formula import Said, check_beside, regression_problems
from emkit.cli.choices import Chosen, best_fit, chosen_families
from emkit.cli.failures import NOT_CONVERGED, OK, tell
from emkit.cli.given import Known, read_rows, source_of
from emkit.cli.screen import console, examples, json_option, print_json, show
from emkit.core.memo import Memory, once
from emkit.core.solvers import Anderson
from emkit.data.design import Gaps
from emkit.data.files import FileTable
from emkit.data.source import ArraySource
from emkit.fitted import AnyFitted
from emkit.models import HiddenMarkovChain, Mixture
from emkit.models.components import AnyComponents
from emkit.report.choices import choice_report
from emkit.result import AnyResult, Result
from emkit.search.seeding import begin
from emkit.selection.choice import Cell
from emkit.selection.grid import checked_numbers, choose, told_once
from emkit.watching import Progress

BY_COLUMN = "by column"  # the form of which each column has a family of its own


class Form(Protocol):
    """A model, and rows as it takes them."""

    def model_of(self, components: int) -> AnyComponents:
        """The model of so many components. Errors: ParameterError for too few."""

    def source(self, components: int) -> ArraySource:
        """The rows for so many components, on which only labels depend. Errors: DataError for more labels than that."""


@dataclass(frozen=True)
class Rows:
    """The rows of a file as one `model` takes them, and the columns that say what is known of them."""

    model: AnyComponents
    table: FileTable
    known: Known
    memory: Memory = field(default_factory=dict)

    def model_of(self, components: int) -> AnyComponents:
        """The model, which is the same for any number of components."""
        return self.model

    def source(self, components: int) -> ArraySource:
        """The rows, once for each number of components that they depend on."""
        return self._source(1 if self.known.labels is None else components)

    @once
    def _source(self, components: int) -> ArraySource:
        return source_of(self.model, self.table, self.known._replace(n_components=components))


@dataclass(frozen=True)
class Searches:
    """How each of the `forms`, by its name, is fitted to the rows of a file, which it has as it takes them."""

    forms: Mapping[str, Form]
    starts: int | None
    seed: int
    progress: Progress

    def __call__(self, cell: Cell) -> AnyResult:
        rows = self.forms[cell.form[0]]
        model, source = rows.model_of(cell.components), rows.source(cell.components)
        return best_fit(model, source, begin(model, source, cell.components, self.seed, self.starts), Anderson(), self.progress)

    def record(self, fit: AnyResult) -> AnyFitted:
        return fit

    def adopted(self, fit: AnyResult, better: AnyFitted) -> AnyResult:
        return Result.of(better).in_order()


EXAMPLES = (
    "emkit select faithful.csv -k 1:6",
    "emkit select faithful.csv -k 1:6 --model gaussian --model gaussian-tied --criterion icl",
    "emkit select counts.csv -k 1:4 --model poisson --columns deaths --weights days --json",
    "emkit select visits.csv -k 1:4 --column age=gaussian --column visits=poisson --groups person",
    "emkit select clinics.csv -k 1:4 --formula 'visits ~ age + ward' --family poisson --offset 'log(days)'",
    "emkit select quakes.csv -k 1:5 --model hmm --family poisson --columns count --sequence region",
)


@click.command("select", epilog=examples(*EXAMPLES))
@click.argument("file")
@with_options(SELECT)
@json_option
def command(
    file: str,
    families: tuple[str, ...],
    mapping: dict[str, str],
    of_parts: tuple[str, ...],
    formula: str | None,
    offset: str | None,
    levels: list[str] | None,
    gaps: Gaps | None,
    sequence: str | None,
    components: list[int],
    criterion: str,
    columns: list[str] | None,
    weights: str | None,
    labels: str | None,
    groups: str | None,
    trials: str | int | None,
    starts: int | None,
    seed: int,
    as_json: bool,
) -> int:
    """Fit mixtures, regressions or hidden Markov models with several numbers of components, and choose among them.

    They are fitted to the rows of a FILE. One component is always among them. Criteria are lower where a model is better; what
    did not converge, or collapsed, is in the table with its reason, and never chosen.
    """
    forms: Mapping[str, Form]
    with Progress() as progress, told_once():
        if formula is not None:
            check_beside({"family": families, "mapping": mapping, "columns": columns, "labels": labels, "sequence": sequence})
            said = Said(formula, offset, trials, groups, weights, gaps, levels)
            forms, setting = regression_problems(file, progress, said, of_parts), "family"
        else:
            check_without_formula(offset, gaps, levels)
            in_sequence = _is_chain(families, of_parts, sequence, mapping, groups)
            setting = "family" if in_sequence else "model"
            each = _forms(of_parts if in_sequence else families, mapping, columns, of_all_rows(trials))
            if file == "-" and len(each) > 1:
                raise click.UsageError("stdin can be read once: give one --model, or name a file.", click.get_current_context())
            known = Known(labels, sequence if in_sequence else groups)
            forms = {name: _rows(chosen, in_sequence, file, weights, known, progress) for name, chosen in each.items()}
        fitter = Searches(forms, starts, seed, progress)
        choice = choose(fitter, checked_numbers(components), [(name,) for name in forms], criterion, (setting,), seed)
    best = None if choice.chosen is None else choice.chosen.fit
    if as_json:
        print_json({"file": file, **choice.to_dict(), "fit": best.to_dict() if best is not None else {}})
    else:
        show(choice_report(choice, console().width))
    if best is None:
        tell(choice.sentence)
    return OK if best is not None else NOT_CONVERGED


def _rows(chosen: Chosen, in_sequence: bool, file: str, weights: str | None, known: Known, progress: Progress) -> Rows:
    """The rows of a file for one form."""
    model: AnyComponents = HiddenMarkovChain(chosen.family) if in_sequence else Mixture(chosen.family)
    return Rows(model, read_rows(model, file, chosen.columns, weights, progress, known.columns, chosen.words), known)


def _forms(
    families: tuple[str, ...], mapping: dict[str, str], columns: list[str] | None, trials: int | None
) -> dict[str, Chosen]:
    """What each form is of, by its name. Errors: as `chosen_families`."""
    if mapping:
        return {BY_COLUMN: chosen_families(families[0] if families else None, mapping, columns, trials)}
    return {name: chosen_families(name, {}, columns, trials) for name in families or ("gaussian",)}


def _is_chain(
    families: tuple[str, ...], of_states: tuple[str, ...], sequence: str | None, mapping: dict[str, str], groups: str | None
) -> bool:
    """Whether hidden Markov models are compared. Errors: UsageError for what goes with none, or with none but these."""
    if len(set(families)) > 1 and CHAIN in families:
        raise click.UsageError(
            f"--model {CHAIN} is compared with none but itself: rows in sequence are other data.", click.get_current_context()
        )
    return is_chain(families[0] if families else None, of_states[0] if of_states else None, sequence, mapping, groups)
