"""What was fitted: the model in words and in a formula."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.data.stand_ins import StandIns
from emkit.models.around import bare
from emkit.models.assignment import Soft
from emkit.models.gated_mixture import AnyGatedMixture, GatedMixture
from emkit.models.mixture import AnyMixture, Mixture
from emkit.models.order import component_count
from emkit.report.sentences import listed
from emkit.report.summary import said_by_formula, title
from emkit.writeup.document import Paragraph, Section, Table
from emkit.writeup.words import AnyInferred, is_restricted, many, words_for

MOST_NAMED = 12  # numbers in one cell
WITHIN = ("", ".", "[", ",", "]")  # what the path of a number goes on with, behind that of a field or of its place
FORMULA = "columns, by a formula"
NOT_WRITTEN = "p(x)"  # the formula of a family that has none


def model_section(result: AnyInferred) -> Section:
    """The model, its formula, what was held or known before, and the settings of its family."""
    source = result.source
    weight = f" of total weight {source.total_weight:,.10g}" if source.total_weight != source.rows else ""
    rows = f"{many(source.rows, 'row')}{weight}" if np.isfinite(source.rows) else many(result.rows, "row")
    if isinstance(source, StandIns):
        rows = f"the covariance of {many(result.rows, 'row')}"
    size = f"{rows}, {many(result.free_parameters, 'free parameter')}"
    lead = f"{title(result)}, fitted by expectation-maximization: {size}."
    return Section("model", "What was fitted", (Paragraph(lead), Table("", (), tuple(_facts(result)))))


def _facts(result: AnyInferred) -> Iterator[tuple[str, str]]:
    model = bare(result.model)
    yield from ((FORMULA if name == "formula" else name, text) for name, text in said_by_formula(result))
    if isinstance(model, Mixture | GatedMixture):
        described = model.family.described
        yield "formula", _formula(model, component_count(result.params) or 1)
        yield "each component", f"{model.family.name}: {described.in_words}"
        yield "data it is for", described.data_of(result.source.columns)
        settings = _settings(model.family)
        if settings:
            yield "settings", settings
    held = [label for path in result.model.held(result.params) for label in _in_words(result, path)]
    if held:
        yield "held at the start", listed(held, MOST_NAMED)
    prior = ", times the prior" if result.model.states_prior else ""
    exact = not isinstance(model, Mixture | GatedMixture) or isinstance(model.assignment, Soft)
    kind = "pseudo-likelihood" if result.model.is_pseudo else "restricted likelihood" if is_restricted(result) else "likelihood"
    yield "estimates", f"maximise the {kind}{prior}" if exact else f"maximise the objective of that assignment{prior}"


def _in_words(result: AnyInferred, path: str) -> list[str]:
    """The numbers at a path of the parameters, a field or places of one; the path itself, if it has none of its own."""
    start = path.removesuffix("]")
    every = words_for(result).items()
    return [str(label) for entry, label in every if entry.startswith(start) and entry[len(start) :][:1] in WITHIN] or [path]


def _formula(model: AnyMixture | AnyGatedMixture, number: int) -> str:
    """Of rows x, or of what is described of them, y, given what else is known, x; a gate's proportions depend on some of it."""
    density, is_given = model.family.described.formula, model.family.conditional is not None
    row, whole = ("y | x", "p(y | x)") if is_given else ("x", "p(x)")
    each = f"f({row}, k)" if is_given else f"f({row} | k)"
    of_one = f"{each} = {density}" if density != NOT_WRITTEN else f"{each} the density of its family"
    if number == 1:
        return f"{whole} = {each.replace('k)', '1)')}, {of_one}"
    share = "proportion_k(x)" if isinstance(model, GatedMixture) else "proportion_k"
    return f"{whole} = sum over k = 1 ... {number} of {share} {each}, {of_one}"


def _settings(family: Any) -> str:
    """The plain settings of a family: ``floor 1e-06, trials 10``."""
    every = ((field.name, getattr(family, field.name)) for field in dataclasses.fields(family) if field.repr)
    return ", ".join(f"{name} {value}" for name, value in every if isinstance(value, int | float | str))
