"""Growth mixtures on one screen: what each class is like, and how far groups and rows vary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from emkit.core.arrays import Array
from emkit.core.axes import singular
from emkit.core.coordinates import Coordinates
from emkit.report.labels import labels, names_of
from emkit.report.mixed_tables import effects_table
from emkit.report.tables import as_text, grid_of, with_errors

if TYPE_CHECKING:
    from emkit.fitted import AnyFitted
    from emkit.inference import Covariance


def classes_table(result: AnyFitted, found: Covariance | None, shares: Array, width: int) -> str:
    """For each class its share of the groups, and its coefficients; with standard errors, given their covariance."""
    headings = [f"class {k + 1} ({share:.3f} of groups)" for k, share in enumerate(shares)]
    return _tables(result, found, "fixed", dict(enumerate(headings)), width)


def shared_table(result: AnyFitted, found: Covariance | None, width: int) -> str:
    """The coefficients that all classes have in common."""
    return _tables(result, found, "shared", {None: "all classes"}, width)


def gates_table(result: AnyFitted, found: Covariance | None, width: int) -> str:
    """What sizes of classes depend on: the log-odds of each class against the first; nothing of one class."""
    number = len(result.params.sizes)
    return _tables(result, found, "gates", {k: f"log-odds of class {k + 1}" for k in range(1, number)}, width)


def _tables(result: AnyFitted, found: Covariance | None, field: str, headings: Mapping[int | None, str], width: int) -> str:
    """The estimates of a field, a table for each class with its heading, or one for all; with standard errors if known."""
    words = labels(result.params, names_of(result))
    estimates = dict(zip(words, Coordinates(result.params).entries(result.params), strict=True))
    called, told = names_of(result), list[dict[str, list[str]]]()
    for k, heading in headings.items():
        whose = None if k is None else called.component(k)
        own = {
            path: estimates[path] for path, label in words.items() if label.what == singular(field) and label.component == whose
        }
        columns = {heading: [words[path].of for path in own]}
        if found is None:
            columns["estimate"] = [f"{value:.6g}" for value in own.values()]
        else:
            columns = with_errors(columns, own, found, width)
        told.append(columns)
    return "\n\n".join(as_text(grid_of(columns), width).rstrip("\n") for columns in _alike(told))


def _alike(tables: Sequence[dict[str, list[str]]]) -> Iterator[dict[str, list[str]]]:
    """The tables with those columns behind the first one that all of them have room for."""
    kept = {heading for columns in tables for heading in columns if all(heading in each for each in tables)}
    for columns in tables:
        yield {heading: cells for i, (heading, cells) in enumerate(columns.items()) if not i or heading in kept}


def spreads_table(names: Sequence[str], covariances: Array, within: Array, width: int) -> str:
    """How far effects and errors vary: (S, r, r) and (S,) of each class, or of all if there is one."""
    each = [effects_table(names, [own], float(error), width) for own, error in zip(covariances, within, strict=True)]
    if len(each) == 1:
        return each[0]
    return "\n\n".join(f"  class {k + 1}\n{table}" for k, table in enumerate(each))
