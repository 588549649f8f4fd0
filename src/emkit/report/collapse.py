"""Saying which components collapsed, onto which rows, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from emkit.core.parameters import Leaf, leaves
from emkit.fitted import AnyFitted
from emkit.inference.classification import likeliest
from emkit.models.around import AnyModel, bare
from emkit.models.belonging import Belonging
from emkit.models.order import is_shared, owners
from emkit.report.labels import names_of
from emkit.report.sentences import joined

MOST_NAMED = 5
CAN_BE_SHARED = ("covariances", "variances")  # fields that a tied form has one of for all components


def collapsed(model: AnyModel, result: AnyFitted) -> str:
    """The sentences that name the components without rows, those that collapsed with their rows, and the way out."""
    proportions = getattr(result.params, "proportions", None)
    empty = [k for k in result.degenerate if proportions is not None and proportions[k] == 0]
    planar = result.planar
    others = [k for k in result.degenerate if k not in empty and k not in planar]
    said = [_without_rows(result, empty)] if empty else []
    said += [_flat(model, result, planar)] if planar else []
    return " ".join([*said, _on_rows(model, result, others)] if others else said)


def _flat(model: AnyModel, result: AnyFitted, components: Sequence[int]) -> str:
    """Of clusters that lie in a plane each."""
    one = len(components) == 1
    each, its = ("", "its") if one else (" each", "their")
    return (
        f"{_named(result, components)} collapsed {_onto(model, result, components)}, which lie in one plane{each} (or on a "
        f"line) as no other rows do. Across it the floor takes the place of {its} spread, so the log-likelihood is to be "
        "compared only with fits that have the same floor; leave out a column that is constant there to be rid of that."
    )


def _without_rows(result: AnyFitted, components: Sequence[int]) -> str:
    its = "its proportion is 0" if len(components) == 1 else "their proportions are 0"
    it = "it" if len(components) == 1 else "them"
    return f"{_named(result, components)} received no rows: {its}, and the data say nothing about {it}. Use fewer components."


def _on_rows(model: AnyModel, result: AnyFitted, components: Sequence[int]) -> str:
    """Of components that have rows: what collapsed, what holds it, and what can be done, as far as the fit tells."""
    resting = [leaf for leaf, places in _on_floor(model, result) if _rests(leaf, places, components)]
    shared = [_name(leaf) for leaf in resting if is_shared(leaf)]
    can_be_shared = any(_name(leaf) in CAN_BE_SHARED and not is_shared(leaf) for leaf in resting)
    who = f"{_named(result, components)} collapsed {_onto(model, result, components)}"
    its = "its" if len(components) == 1 else "their"
    if shared:
        who = f"the {' and '.join(shared)} that all components share collapsed"
    ways = ["fewer components", *["a higher floor"] * bool(resting), *["components that share a covariance"] * can_be_shared]
    under = "it" if shared else f"{its} spread"
    held = f"only the floor under {under} holds {'it' if shared or its == 'its' else 'them'} there, and " if resting else ""
    return f"{who}; {held}the log-likelihood says little. Use {joined(ways, 'or')}."


def _on_floor(model: AnyModel, result: AnyFitted) -> list[tuple[Leaf, Any]]:
    """The fields that a floor may hold, each with the mask of the elements that it holds."""
    masks = result.floors
    return [(leaf, masks[leaf.path]) for leaf in leaves(result.params) if leaf.path in masks]


def _rests(leaf: Leaf, places: Any, components: Sequence[int]) -> bool:
    """Whether the floor holds something of these components, or of all."""
    own = owners(leaf)
    some = list(components) if own is None else np.isin(own, components)
    return leaf.axes is not None and bool(np.any(places if is_shared(leaf) else places[some]))


def _name(leaf: Leaf) -> str:
    return leaf.path.rpartition(".")[2]


def _onto(model: AnyModel, result: AnyFitted, components: Sequence[int]) -> str:
    """The rows that are likeliest of these components: how many, and the first of them by name."""
    inner = bare(model)
    if not isinstance(inner, Belonging):
        return "onto few rows"
    if not result.source.is_here:
        return "onto few rows"
    each = ((chunk.start, inner.plain_posterior(result.params, chunk)) for chunk in result.source.chunks())
    rows = [start + np.flatnonzero(np.isin(likeliest(own.responsibilities), components)) for start, own in each]
    places = np.concatenate(rows)
    if not len(places):
        return "onto rows that all are likelier of other components"
    named = ", ".join(result.source.place_of_row(int(row)) for row in places[:MOST_NAMED])
    count = "1 row" if len(places) == 1 else f"{len(places):,} rows"
    return f"onto {count} ({named}{', ...' if len(places) > MOST_NAMED else ''})"


def _named(result: AnyFitted, components: Sequence[int]) -> str:
    names = joined([*map(names_of(result).component, components)])
    return f"component{'' if len(components) == 1 else 's'} {names}"
