"""``emkit select``: several numbers of components, and several families, from a file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import click

from emkit.cli.asked import CHAIN
from emkit.cli.choices import best_fit, chosen_family, names, whole_numbers
from emkit.cli.given import Known, read_source
from emkit.cli.progress import Progress
from emkit.cli.screen import console, json_option, print_json, show
from emkit.core.solvers import Anderson
from emkit.data.source import ArraySource
from emkit.errors import DegenerateFitWarning
from emkit.fitted import AnyFitted
from emkit.models import HiddenMarkovChain, Mixture
from emkit.models.components import AnyComponents
from emkit.report.choices import choice_report
from emkit.result import AnyResult, Result
from emkit.search.plan import MOST_STARTS
from emkit.search.seeding import begin
from emkit.selection.choice import WORDS, Cell
from emkit.selection.grid import checked_numbers, choose


@dataclass(frozen=True)
class Searches:
    """How one model is fitted to the rows of a file, which each family has as it takes them."""

    models: dict[str, tuple[AnyComponents, ArraySource]]
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
@click.option("--family", "of_states", multiple=True, metavar="FAMILY", help="With --model hmm: of a state. Also several.")
@click.option("--sequence", metavar="COLUMN", help="With --model hmm: the sequence of a row.  [default: all are one]")
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
    of_states: tuple[str, ...],
    sequence: str | None,
    components: list[int],
    criterion: str,
    columns: list[str] | None,
    weights: str | None,
    trials: int | None,
    starts: int | None,
    seed: int,
    as_json: bool,
) -> int:
    """Fit mixtures, or hidden Markov models, with several numbers of components to the rows of a FILE, and choose among them.

    One component is always among them. Criteria are lower where a model is better; what did not converge, or collapsed, is
    in the table with its reason, and never chosen.

    \b
    emkit select faithful.csv -k 1:6
    emkit select faithful.csv -k 1:6 --model gaussian --model gaussian-tied --criterion icl
    emkit select counts.csv -k 1:4 --model poisson --columns deaths --weights days --json
    emkit select quakes.csv -k 1:5 --model hmm --family poisson --columns count --sequence region
    """  # noqa: D301
    is_chain = _is_chain(families, of_states, sequence)
    chosen = dict.fromkeys((of_states if is_chain else families) or ("gaussian",))
    if file == "-" and len(chosen) > 1:
        raise click.UsageError("stdin can be read once: give one --model, or name a file.", click.get_current_context())
    with Progress() as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateFitWarning)  # the table has them
        models = {}
        for name in chosen:
            family = chosen_family(name, trials)
            model: AnyComponents = HiddenMarkovChain(family) if is_chain else Mixture(family)
            models[name] = model, read_source(model, file, columns, weights, progress, Known(groups=sequence))
        fitter = Searches(models, starts, seed, progress)
        choice = choose(
            fitter,
            checked_numbers(components),
            [(name,) for name in chosen],
            criterion,
            ("family" if is_chain else "model",),
            seed,
        )
        told = choice.to_dict()  # before anything is printed: if nothing can be chosen, that is an error
    if as_json:
        print_json({"file": file, **told, "fit": choice.best.fit.to_dict() if choice.best.fit is not None else {}})
    else:
        show(choice_report(choice, console().width))
    return 0


def _is_chain(families: tuple[str, ...], of_states: tuple[str, ...], sequence: str | None) -> bool:
    """Whether hidden Markov models are compared. Errors: UsageError for what goes with none, or with none but these."""
    context = click.get_current_context()
    if CHAIN not in families:
        for name in (name for name, value in (("--family", of_states), ("--sequence", sequence)) if value):
            raise click.UsageError(f"{name} goes with --model {CHAIN}.", context)
        return False
    if set(families) != {CHAIN}:
        raise click.UsageError(f"--model {CHAIN} is compared with none but itself: rows in sequence are other data.", context)
    if not of_states:
        raise click.UsageError(f"say what one state looks like: --model {CHAIN} --family FAMILY.", context)
    return True
