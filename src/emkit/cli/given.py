"""The rows that a user hands to a command, with what is known of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import click
import numpy as np

from emkit.cli.by_formula import rows_of_design
from emkit.cli.files import given_file
from emkit.data import ArraySource
from emkit.data.files import FileTable, read_file
from emkit.data.membership import membership_of
from emkit.data.source import RowSource
from emkit.errors import DataError, some_of
from emkit.fitted import AnyFitted
from emkit.models.components import AnyComponents, Components
from emkit.models.frozen import bare
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import AnyFamily
from emkit.watching import Progress


class Known(NamedTuple):
    """The columns of a file that say what is known of rows, if there are any: of which component they are, and whose."""

    labels: str | None = None
    groups: str | None = None
    n_components: int = 1

    @property
    def columns(self) -> list[str]:
        """Those of the file that say it."""
        return [name for name in (self.labels, self.groups) if name is not None]


def read_source(
    model: AnyComponents,
    file: str,
    columns: list[str] | None,
    weights: str | None,
    progress: Progress,
    known: Known = Known(),  # noqa: B008 - cannot be changed
    words: bool | list[str] | None = None,
) -> ArraySource:
    """The rows of a file (- for stdin), coded where the model takes them for levels.

    `words`: the columns that may be of words, or whether all may; None: as the family has it.

    Errors: UsageError if stdin is closed; those of `read_file`; DataError unless the model can take these data.
    """
    return source_of(model, read_rows(model, file, columns, weights, progress, known.columns, words), known)


def read_rows(
    model: AnyComponents,
    file: str,
    columns: list[str] | None,
    weights: str | None,
    progress: Progress,
    beside: list[str],
    words: bool | list[str] | None = None,
) -> FileTable:
    """The same as they stand in the file, with the columns `beside` them, for models of any number of components."""
    progress.say("reading")
    words, gaps = model.family.support.takes_names if words is None else words, model.admits_gaps
    return read_file(given_file(file), columns, weights, progress.lines, words, gaps=gaps, beside=beside)


def source_of(model: AnyComponents, table: FileTable, known: Known) -> ArraySource:
    """Rows that were read, for a model. Errors: DataError unless it can take them, with what is known of them."""
    source = with_known(table, known)
    check_columns(model.family, source)
    return model.admitted(source)


def rows_of_fit(
    fitted: AnyFitted,
    file: str,
    progress: Progress,
    weights: str | None = None,
    known: Known = Known(),  # noqa: B008 - cannot be changed
) -> ArraySource:
    """The rows of a file that the fit has columns for, with its levels. Errors: as `read_source`."""
    fit, inner = fitted.source, bare(fitted.model)
    if fit.design is not None:
        source = rows_of_design(fit, fit.design, file, progress, weights, known.groups)
    else:
        progress.say("reading")
        words = [name for name, levels in zip(fit.columns, fit.levels, strict=True) if levels is not None]
        gaps = fitted.model.admits_gaps
        table = read_file(given_file(file), fit.columns, weights, progress.lines, words=words, gaps=gaps, beside=known.columns)
        source = with_known(table, known).coded(fit.levels)
    return inner.in_sequences(source) if isinstance(inner, Components) else source


def joined_by(fitted: AnyFitted, groups: str | None, sequence: str | None) -> str | None:
    """The column that says which rows of a fit come together. Errors: UsageError for the option that is not for this fit."""
    is_chain = isinstance(bare(fitted.model), HiddenMarkovChain)
    if fitted.source.design is not None and not is_chain and (groups, sequence) != (None, None):
        raise click.UsageError("this fit is by a formula, and knows its groups itself.", click.get_current_context())
    if (groups if is_chain else sequence) is not None:
        right, wrong = ("--sequence", "--groups") if is_chain else ("--groups", "--sequence")
        raise click.UsageError(
            f"{wrong} is not for this fit, whose rows come together by {right}.", click.get_current_context()
        )
    return sequence if is_chain else groups


def with_known(table: FileTable, known: Known) -> ArraySource:
    """The rows, with what is known of them. The labels that occur stand, in sorted order, for the first components."""
    found = list(table.beside)
    labels, names = (None, ()) if known.labels is None else _labels(found.pop(0), known)
    groups = None if known.groups is None else found.pop(0)
    return ArraySource(
        table.x,
        table.weights,
        table.columns,
        row_name=table.row_name,
        levels=table.levels,
        groups=groups,
        membership=None if labels is None else membership_of(labels, len(labels), known.n_components, table.row_name),
        component_names=names,
    )


def _labels(cells: Any, known: Known) -> tuple[Any, tuple[str, ...]]:
    """The component (n,) of each row, -1 where it is not known, and how they are called. Errors: DataError for too many."""
    there = np.array([cell is not None for cell in cells])
    kinds, codes = np.unique(cells[there], return_inverse=True)
    if len(kinds) > known.n_components:
        number, most = len(kinds), known.n_components
        raise DataError(f"column {known.labels!r} holds {number} labels, more than the {most} components of -k.")
    labels = np.full(len(cells), -1)
    labels[there] = codes
    return labels, tuple(map(str, kinds))


def check_columns(family: AnyFamily, source: RowSource) -> None:
    """Raise DataError unless there are as many columns as the family needs."""
    roles = family.support.roles
    if roles and len(source.columns) != len(roles):
        number = {2: "two", 3: "three"}.get(len(roles), str(len(roles)))
        raise DataError(
            f"{family.name} data are {number} columns, {' and '.join(roles)}, and not {some_of([*map(repr, source.columns)])}. "
            f"Choose {number} with --columns, or say with --{roles[-1]} how many there were in every row."
        )
