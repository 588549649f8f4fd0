"""``emkit select``: several numbers of components, and several families, from a file."""

from __future__ import annotations

from dataclasses import dataclass, field

import click

from emkit.cli.asked import SELECT, with_options
from emkit.cli.choices import Chosen, best_fit, chosen_families
from emkit.cli.failures import NOT_CONVERGED, OK, tell
from emkit.cli.given import Known, read_rows, source_of
from emkit.cli.progress import Progress
from emkit.cli.screen import console, json_option, print_json, show
from emkit.core.memo import Memory, once
from emkit.core.solvers import Anderson
from emkit.data.files import FileTable
from emkit.data.source import ArraySource
from emkit.fitted import AnyFitted
from emkit.models import Mixture
from emkit.models.mixture import AnyMixture
from emkit.report.choices import choice_report
from emkit.result import AnyResult, Result
from emkit.search.seeding import begin
from emkit.selection.choice import Cell
from emkit.selection.grid import checked_numbers, choose, told_once

BY_COLUMN = "by column"  # the form of which each column has a family of its own


@dataclass(frozen=True)
class Rows:
    """The rows of a file as one `model` takes them, and the columns that say what is known of them."""

    model: AnyMixture
    table: FileTable
    labels: str | None
    groups: str | None
    memory: Memory = field(default_factory=dict)

    def source(self, components: int) -> ArraySource:
        """They for so many components, on which only labels depend. Errors: DataError for more labels than that."""
        return self._source(1 if self.labels is None else components)

    @once
    def _source(self, components: int) -> ArraySource:
        return source_of(self.model, self.table, Known(self.labels, self.groups, components))


@dataclass(frozen=True)
class Searches:
    """How each of the `forms`, by its name, is fitted to the rows of a file, which it has as it takes them."""

    forms: dict[str, Rows]
    starts: int | None
    seed: int
    progress: Progress

    def __call__(self, cell: Cell) -> AnyResult:
        self.progress.say(f"{cell.form[0]}, {cell.components}")
        rows = self.forms[cell.form[0]]
        begun = begin(rows.model, rows.source(cell.components), cell.components, self.seed, self.starts)
        return best_fit(rows.model, rows.source(cell.components), begun, Anderson(), self.progress)

    def record(self, fit: AnyResult) -> AnyFitted:
        return fit

    def adopted(self, fit: AnyResult, better: AnyFitted) -> AnyResult:
        return Result.of(better).in_order()


@click.command("select")
@click.argument("file")
@with_options(SELECT)
@json_option
def command(
    file: str,
    families: tuple[str, ...],
    mapping: dict[str, str],
    components: list[int],
    criterion: str,
    columns: list[str] | None,
    weights: str | None,
    labels: str | None,
    groups: str | None,
    trials: int | None,
    starts: int | None,
    seed: int,
    as_json: bool,
) -> int:
    """Fit mixtures with several numbers of components to the rows of a FILE, and choose among them.

    One component is always among them. Criteria are lower where a model is better; what did not converge, or collapsed, is
    in the table with its reason, and never chosen.

    \b
    emkit select faithful.csv -k 1:6
    emkit select faithful.csv -k 1:6 --model gaussian --model gaussian-tied --criterion icl
    emkit select counts.csv -k 1:4 --model poisson --columns deaths --weights days --json
    emkit select visits.csv -k 1:4 --column age=gaussian --column visits=poisson --groups person
    """  # noqa: D301
    if file == "-" and len(set(families)) > 1:
        raise click.UsageError("stdin can be read once: give one --model, or name a file.", click.get_current_context())
    beside = Known(labels, groups).columns
    forms = {}
    with Progress() as progress, told_once():
        for name, chosen in _forms(families, mapping, columns, trials).items():
            model = Mixture(chosen.family)
            table = read_rows(model, file, chosen.columns, weights, progress, beside, chosen.words)
            forms[name] = Rows(model, table, labels, groups)
        fitter = Searches(forms, starts, seed, progress)
        choice = choose(fitter, checked_numbers(components), [(name,) for name in forms], criterion, ("model",), seed)
    best = None if choice.chosen is None else choice.chosen.fit
    if as_json:
        print_json({"file": file, **choice.to_dict(), "fit": best.to_dict() if best is not None else {}})
    else:
        show(choice_report(choice, console().width))
    if best is None:
        tell(choice.sentence)
    return OK if best is not None else NOT_CONVERGED


def _forms(
    families: tuple[str, ...], mapping: dict[str, str], columns: list[str] | None, trials: int | None
) -> dict[str, Chosen]:
    """What each form is of, by its name. Errors: as `chosen_families`."""
    if mapping:
        return {BY_COLUMN: chosen_families(families[0] if families else None, mapping, columns, trials)}
    return {name: chosen_families(name, {}, columns, trials) for name in families or ("gaussian",)}
