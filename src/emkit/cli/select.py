"""``emkit select``: several numbers of components, and several families, from a file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import click

from emkit.cli.choices import best_fit, chosen_family, names, whole_numbers
from emkit.cli.given import read_source
from emkit.cli.progress import Progress
from emkit.cli.screen import console, json_option, print_json, show
from emkit.core.solvers import Anderson
from emkit.data.source import ArraySource
from emkit.errors import DegenerateFitWarning
from emkit.fitted import AnyFitted
from emkit.models import Mixture
from emkit.models.mixture import AnyMixture
from emkit.report.choices import choice_report
from emkit.result import AnyResult, Result
from emkit.search.plan import MOST_STARTS
from emkit.search.seeding import begin
from emkit.selection.choice import WORDS, Cell
from emkit.selection.grid import checked_numbers, choose


@dataclass(frozen=True)
class Searches:
    """How one model is fitted to the rows of a file, which each family has as it takes them."""

    models: dict[str, tuple[AnyMixture, ArraySource]]
    starts: int | None
    seed: int
    progress: Progress

    def __call__(self, cell: Cell) -> AnyResult:
        self.progress.say(f"{cell.form[0]}, {cell.components}")
        model, source = self.models[cell.form[0]]
        return best_fit(model, source, begin(model, source, cell.components, self.seed, self.starts), Anderson(), self.progress)

    def record(self, fit: AnyResult) -> AnyFitted:
        return fit

    def adopted(self, fit: AnyResult, better: AnyFitted) -> AnyResult:
        return Result.of(better).in_order()


@click.command("select")
@click.argument("file")
@click.option("--model", "families", multiple=True, metavar="FAMILY", help="May be given more than once.  [default: gaussian]")
@click.option("-k", "components", default="1:6", callback=whole_numbers, metavar="K", help="1:6, or 2,3,5.  [default: 1:6]")
@click.option("--criterion", type=click.Choice(list(WORDS)), default="bic", help="[default: bic]")
@click.option("--columns", callback=names, metavar="A,B", help="The columns to use; all by default.")
@click.option("--weights", metavar="COLUMN", help="A column that says how often each row occurs.")
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Of every binomial count, if no column says.")
@click.option("--starts", type=click.IntRange(1, MOST_STARTS), metavar="N", help="For each model.  [default: 8 to 60]")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, metavar="N", help="Another one tries other starts.  [default: 0]"
)
@json_option
def command(
    file: str,
    families: tuple[str, ...],
    components: list[int],
    criterion: str,
    columns: list[str] | None,
    weights: str | None,
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
    """  # noqa: D301
    if file == "-" and len(set(families)) > 1:
        raise click.UsageError("stdin can be read once: give one --model, or name a file.", click.get_current_context())
    chosen = dict.fromkeys(families or ("gaussian",))
    with Progress() as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateFitWarning)  # the table has them
        models = {}
        for name in chosen:
            model = Mixture(chosen_family(name, trials))
            models[name] = model, read_source(model, file, columns, weights, progress)
        fitter = Searches(models, starts, seed, progress)
        choice = choose(fitter, checked_numbers(components), [(name,) for name in chosen], criterion, ("model",), seed)
        told = choice.to_dict()  # before anything is printed: if nothing can be chosen, that is an error
    if as_json:
        print_json({"file": file, **told, "fit": choice.best.fit.to_dict() if choice.best.fit is not None else {}})
    else:
        show(choice_report(choice, console().width))
    return 0
