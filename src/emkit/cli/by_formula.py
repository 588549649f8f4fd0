"""Mixtures of regressions, as a user of the command line asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import click

from emkit.by_formula import is_in_levels, level_shares_of, means_of, regression_design, regression_model
from emkit.cli.files import given_file
from emkit.cli.progress import Progress
from emkit.core.arrays import Array
from emkit.data import ArraySource
from emkit.data.design import Design, Gaps, columns_read
from emkit.data.files import FileTable, read_file
from emkit.data.formula_rows import source_of
from emkit.data.frames import Table
from emkit.errors import DataError, ModelError, some_of
from emkit.fitted import AnyFitted
from emkit.models.components import AnyComponents

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
    """A model that a formula says, and the rows of a file as it takes them."""

    model: AnyComponents
    rows: ArraySource

    def source(self, components: int) -> ArraySource:
        """The rows, which are the same for any number of components."""
        return self.rows


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
    rows, name = _columns(table), table.row_name
    found: dict[str, Problem] = {}
    for family in families or ("gaussian",):
        known = {"offset": offset, "groups": groups, "gaps": gaps, "row_name": name}
        design = regression_design(formula, rows, family, trials, levels, **known)
        made = design.rows(rows, gaps=gaps, row_name=name)
        if made.sentence and not found:
            click.echo(f"warning: {made.sentence}", err=True)
        model = regression_model(design, family, trials)
        source = model.admitted(source_of(design, made, table.weights, row_name=name))
        found[family] = Problem(model.settled(source.profile), source)
    return found


def rows_of_design(design: Design, file: str, progress: Progress, weights: str | None = None) -> ArraySource:
    """The rows of a file with the columns of a design. Errors: those of reading, and of `Design.rows`."""
    try:
        table = _read(file, design.columns_read(), weights, progress)
        made = design.rows(_columns(table), row_name=table.row_name)
    except DataError as error:
        beside = {*design.columns_read()} - {*design.columns_read(response=False)}
        if not any(repr(name) in str(error) for name in beside):
            raise
        raise DataError(f"{error} `emkit predict --mean` needs no {some_of(sorted(beside))}.") from None
    return source_of(design, made, table.weights, row_name=table.row_name)


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


def _read(file: str, columns: tuple[str, ...], weights: str | None, progress: Progress) -> FileTable:
    """Columns of numbers or words of a file, in which cells may be missing."""
    progress.say("reading")
    return read_file(given_file(file), columns, weights, progress.lines, words=True, gaps=True)


def _columns(table: FileTable) -> Table:
    return Table(table.x, table.columns, table.levels)
