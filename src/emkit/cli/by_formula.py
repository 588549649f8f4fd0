"""Mixtures of regressions, as a user of the command line asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import click

from emkit.by_formula import is_in_levels, level_shares_of, means_of, regression_design, regression_model, with_class_names
from emkit.cli.files import given_file
from emkit.core.arrays import Array
from emkit.data import ArraySource
from emkit.data.design import Design, Gaps, columns_read
from emkit.data.files import FileTable, read_file
from emkit.data.formula_rows import rows_of_formula, source_of
from emkit.data.frames import Table
from emkit.data.source import RowSource
from emkit.errors import DataError, ModelError, some_of
from emkit.fitted import AnyFitted
from emkit.models.components import AnyComponents
from emkit.watching import Progress

NOT_BESIDE = {  # options by the names of their values
    "family": "--model",
    "mapping": "--column",
    "columns": "--columns",
    "labels": "--labels",
    "sequence": "--sequence",
}


def check_beside(given: Mapping[str, object]) -> None:
    """Raise UsageError for what is given beside --formula and says the same, or cannot be."""
    for name in (name for name in NOT_BESIDE if given[name]):
        raise click.UsageError(
            f"{NOT_BESIDE[name]} does not go with --formula, which says the model.", click.get_current_context()
        )


def trials_or_column(ctx: click.Context, param: click.Parameter, text: str | None) -> str | int | None:
    """A number of trials, or the column that has them. Errors: BadParameter for a number below 1."""
    if text is None or not re.fullmatch(r"[+-]?\d{1,18}", text):
        return text
    return int(click.IntRange(min=1).convert(int(text), param, ctx))


class Problem(NamedTuple):
    """What a formula says of responses of a `family`: the `design`, and the `rows` of a file as models of them take these."""

    design: Design
    family: str
    trials: str | int | None
    rows: ArraySource

    def model_of(self, components: int) -> AnyComponents:
        """The model of so many components, which has found its columns. Errors: ParameterError for too few of them."""
        return regression_model(self.design, self.family, self.trials, components).settled(self.rows.profile)

    def source(self, components: int) -> ArraySource:
        """The rows, in which only names of components depend on how many there are."""
        return with_class_names(self.rows, self.family, components)


class Said(NamedTuple):
    """A formula, with what else is said of the columns of a file, and what is to become of rows with gaps."""

    formula: str
    offset: str | None
    trials: str | int | None
    groups: str | None
    weights: str | None
    gaps: Gaps | None
    levels: list[str] | None


def regression_problems(file: str, progress: Progress, said: Said, families: Sequence[str]) -> dict[str, Problem]:
    """What a formula says of the rows of a file, for each family of the response; normal ones, if none is said.

    Errors: those of reading; of formulas and their columns.
    """
    formula, offset, trials, groups, weights, asked, levels = said
    gaps: Gaps = asked or "refuse"
    named = columns_read(formula, offset, trials if isinstance(trials, str) else None, groups)
    table = _read(file, named, weights, progress)
    rows = _columns(table)
    told: dict[str, Any] = {"gaps": gaps, "weights": table.weights, "row_name": table.row_name}
    found: dict[str, Problem] = {}
    for family in families or ("gaussian",):
        design = regression_design(formula, rows, family, trials, levels, offset=offset, groups=groups, **told)
        made = design.rows(rows, **told)
        if made.sentence and not found:
            click.echo(f"warning: {made.sentence}", err=True)
        source = source_of(design, made, table.weights, row_name=table.row_name)
        found[family] = Problem(design, family, trials, regression_model(design, family, trials, 2).admitted(source))
    return found


def rows_of_design(
    fit: RowSource, design: Design, file: str, progress: Progress, weights: str | None = None, sequence: str | None = None
) -> ArraySource:
    """The rows of a file with the columns of a fit that a design makes of them; a column of them may say their `sequence`.

    Errors: those of reading, and of `rows_of_formula`.
    """
    made = {*design.response, *design.covariates, *design.gate, *(name for name in (design.offset, design.trials) if name)}
    named = (*design.columns_read(), *(name for name in fit.columns if name not in made))
    try:
        table = _read(file, named, weights, progress, () if sequence is None else (sequence,))
        groups = None if sequence is None else table.beside[0]
        return rows_of_formula(fit, design, _columns(table), table.weights, groups, table.row_name)
    except DataError as error:
        beside = {*design.columns_read()} - {*design.columns_read(response=False)}
        if not any(repr(name) in str(error) for name in beside):
            raise
        raise DataError(f"{error} `emkit predict --mean` needs no {some_of(sorted(beside))}.") from None


def means_of_file(fitted: AnyFitted, file: str, progress: Progress) -> dict[str, Array]:
    """The mean of the response of each row (n,), of all components and of each; of levels, the probability of each of them.

    Errors: ModelError for a fit by no formula.
    """
    design = fitted.source.design
    if design is None:
        raise ModelError("--mean is for fits of regressions by --formula, and this fit has none.")
    table = _read(file, design.columns_read(response=False), None, progress)
    if is_in_levels(fitted):
        shares = level_shares_of(fitted, _columns(table), row_name=table.row_name)
        found = dict(zip(shares.levels, shares.of_all.T, strict=True))
        for k, own in enumerate(shares.each.swapaxes(0, 1)):
            found |= {f"{name}_{k + 1}": share for name, share in zip(shares.levels, own.T, strict=True)}
        return found
    means = means_of(fitted, _columns(table), row_name=table.row_name)
    return {"mean": means.of_all, **{f"mean_{k + 1}": mean for k, mean in enumerate(means.each.T)}}


def _read(
    file: str, columns: tuple[str, ...], weights: str | None, progress: Progress, beside: Sequence[str] = ()
) -> FileTable:
    """Columns of numbers or words of a file, in which cells may be missing, and the cells of those `beside` them."""
    progress.say("reading")
    return read_file(given_file(file), columns, weights, progress.lines, words=True, gaps=True, beside=beside)


def _columns(table: FileTable) -> Table:
    return Table(table.x, table.columns, table.levels)
