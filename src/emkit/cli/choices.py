"""What a user chooses a model and a start with, or the sentence that says why that cannot be."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import click

from emkit.cli.kept import Kept
from emkit.core.json_types import Json
from emkit.core.protocols import Executor
from emkit.data.source import RowSource
from emkit.errors import ModelError, ParameterError
from emkit.families import FAMILIES, family_named, family_of_columns
from emkit.fitted import SolverOf
from emkit.fitting import MAX_EVALUATIONS, TOL, default_rules
from emkit.models.components import AnyComponents
from emkit.models.mixture import AnyFamily
from emkit.persistence.checkpoint import Place, journal_of
from emkit.persistence.plain import from_plain
from emkit.result import AnyResult, Result
from emkit.search.search import Long, search
from emkit.search.seeding import Begin, check_components
from emkit.watching import Progress

MOST_DIGITS = 300
BUDGET = "--max-evaluations"  # the option of passes over the data
MOST_COMPARED = 100  # numbers of components


def whole_number(ctx: click.Context, param: click.Parameter, text: str | None) -> int | None:
    """A number of components. Errors: BadParameter unless it is a whole number >= 1."""
    if text is None:
        return None
    if re.fullmatch(r"\d*:\d*", text):
        raise click.BadParameter(
            f"{text} is a range; give one number, or compare numbers of components with `emkit select`.", ctx, param
        )
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise click.BadParameter(f"{text!r} is not a whole number.", ctx, param)
    if int(text) < 1:
        raise click.BadParameter(f"{text} components cannot be; give a whole number >= 1.", ctx, param)
    return int(text)


def whole_numbers(ctx: click.Context, param: click.Parameter, text: str) -> list[int]:
    """Numbers of components: one, several set apart by commas, or a range such as 1:6. Errors: BadParameter."""
    found: set[int] = set()
    for part in text.split(","):
        ends = [whole_number(ctx, param, end.strip()) for end in part.split(":")]
        if len(ends) > 2 or None in ends:
            raise click.BadParameter(f"{part!r} is no range; write 1:6 for the numbers from 1 to 6.", ctx, param)
        first, last = int(ends[0] or 1), int(ends[-1] or 1)
        if last < first or last - first >= MOST_COMPARED:
            raise click.BadParameter(f"{part} is no range of at most {MOST_COMPARED} numbers, lowest first.", ctx, param)
        found.update(range(first, last + 1))
    return sorted(found)


def names(ctx: click.Context, param: click.Parameter, text: str | None) -> list[str] | None:
    """Names set apart by commas; a name with a comma in it can be quoted. Errors: BadParameter."""
    if text is None:
        return None
    try:
        return [name.strip() for name in next(csv.reader([text], strict=True), [])]
    except csv.Error:
        raise click.BadParameter(
            f"{text!r} is no list of names set apart by commas; quote a name that holds a comma or a line break.", ctx, param
        ) from None


def families_of_columns(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """The families of columns, from texts such as ``age=gaussian``. Errors: BadParameter."""
    found: dict[str, str] = {}
    for text in texts:
        column, _, family = (part.strip() for part in text.rpartition("="))  # the last = divides: a name may hold one
        if not column or not family:
            raise click.BadParameter(f"{text!r} is not NAME=FAMILY, such as age=gaussian.", ctx, param)
        if column in found:
            raise click.BadParameter(f"the column {column!r} is given twice; give it one family.", ctx, param)
        found[column] = family
    return found


class Chosen(NamedTuple):
    """The `family` of components, the `columns` to read (None: all), and those of them that may be of words, or whether all."""

    family: AnyFamily
    columns: list[str] | None
    words: bool | list[str]


def chosen_families(family: str | None, mapping: dict[str, str], columns: list[str] | None, trials: int | None) -> Chosen:
    """What --model says, or several --column do. Errors: UsageError unless one of them does; see `chosen_family`."""
    context = click.get_current_context()
    if family is not None and mapping:
        said = "--model and --column are both given: give --model for all columns, or --column for each."
        raise click.UsageError(said, context)
    if family is None and not mapping:
        said = "say what one component looks like: --model FAMILY for all columns, or --column NAME=FAMILY for each."
        raise click.UsageError(said, context)
    if family is not None:
        one = chosen_family(family, trials)
        return Chosen(one, columns, one.support.takes_names)
    if columns is not None or trials is not None:
        name = "--columns" if columns is not None else "--trials"
        raise click.UsageError(f"{name} goes with --model; --column says which columns there are.", context)
    each = {column: chosen_family(name, None) for column, name in mapping.items()}
    return Chosen(family_of_columns(mapping), list(mapping), [name for name in each if each[name].support.takes_names])


def chosen_family(name: str, trials: int | None) -> AnyFamily:
    """The family called `name`. Errors: ModelError if there is none, or if it has no use for `trials`."""
    family: Any = family_named(name)
    if trials is None:
        return family
    if not _takes_trials(family):
        those = " and ".join(other for other in FAMILIES if "trials" in _settings(family_named(other)))
        raise ModelError(f"--trials is for {those}, not for {name}.")
    return _with_trials(family, trials)


def _takes_trials(family: Any) -> bool:
    """Whether the family, or the one that it is made of, has a number of trials."""
    return "trials" in _settings(family) or ("family" in _settings(family) and _takes_trials(family.family))


def _with_trials(family: Any, trials: int) -> Any:
    if "trials" in _settings(family):
        return dataclasses.replace(family, trials=trials)
    return dataclasses.replace(family, family=_with_trials(family.family, trials))


def _settings(family: Any) -> set[str]:
    """What the family lets one choose."""
    return {setting.name for setting in dataclasses.fields(family)}


def best_fit(
    model: AnyComponents,
    source: RowSource,
    begin: Begin[Any],
    solver: SolverOf[Any],
    progress: Progress,
    tol: float = TOL,
    max_evaluations: int = MAX_EVALUATIONS,
    kept: Kept | None = None,
    workers: Executor | int = -1,
) -> AnyResult:
    """The best fit that a search from these starts finds, its components in the order of their first parameter.

    Where it is `kept`, it goes on from there. Errors: those of `journal_of`.
    """
    progress.say(f"trying {len(begin.first)} starts")
    default_rules(model, tol, max_evaluations, setting=BUDGET)  # for the errors of limits that cannot be
    parts = {"model": model, "starts": (*begin.first, begin.seed), "solver": solver, "limits": (tol, max_evaluations)}
    place, asked, go_on = (None, None, "") if kept is None else (Place(kept.path), kept.asked, kept.go_on)
    with journal_of(place, asked, parts, source, go_on) as journal:
        long = Long(
            solver,
            lambda steps, passes: default_rules(model, tol, max_evaluations, passes, BUDGET),
            max_evaluations,
            workers=workers,
            journal=journal,
        )
        return Result.of(search(model, source, begin, long)).in_order()


def read_start(model: AnyComponents, source: RowSource, components: int | None, text: str) -> Any:
    """Parameters from JSON, or from a file of it; the output of ``emkit fit --json`` will do, too.

    Errors: ParameterError naming what does not fit.
    """
    given = _parsed(text)
    inner = given.get("parameters")
    given = inner if isinstance(inner, dict) else given
    name = next(iter(model.belonging_updates()))
    shares = given.get(name)
    number = len(shares) if isinstance(shares, list) and shares else components or 1
    if components is not None and number != components:
        each = name if name.endswith("s") else f"{name} probabilities"
        raise ParameterError(f"--start has {number} {each}, but -k says {components} components.")
    like = model.even(source.profile, check_components(source, number))
    try:
        return from_plain(like, given)
    except ParameterError as error:
        raise ParameterError(f"--start: {error}") from None


def _whole(digits: str) -> int | float:
    """A whole number; one with more digits than any float has is infinite (Python refuses to make an int of very many)."""
    return int(digits) if len(digits) < MOST_DIGITS else float(digits)


def _parsed(text: str) -> Json:
    if not text.lstrip().startswith("{"):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or "it is not a text file"
            raise ParameterError(f"--start: {text!r} is neither JSON, which begins with {{, nor a file ({reason}).") from None
    try:
        given = json.loads(text, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise ParameterError(f"--start is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise ParameterError("--start is not a start: it is nested too deeply.") from None
    if not isinstance(given, dict):
        raise ParameterError("--start must be an object with proportions and components.")
    return given
