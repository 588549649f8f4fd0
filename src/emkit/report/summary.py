"""A fit on one screen: what was fitted, how it ended, how well it fits, and the estimates."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from emkit.core.axes import component_name
from emkit.core.beyond import endless_told
from emkit.core.coordinates import entry_name
from emkit.core.json_types import Json
from emkit.errors import EmkitWarning, RunOffWarning, SeparationWarning
from emkit.inference.standard_errors import StandardErrors
from emkit.models.around import bare, has_links, wrappers
from emkit.models.gated_mixture import GatedMixture
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import Mixture
from emkit.models.order import component_count
from emkit.persistence.plain import to_plain
from emkit.report.collapse import collapsed
from emkit.report.labels import labels, names_of
from emkit.report.mixed_tables import coefficients_grid
from emkit.report.regression_tables import has_coefficients, regression_tables
from emkit.report.sentences import capital, joined, listed
from emkit.report.tables import WIDTH, as_text, cell, chain_table, components_across, estimates_down, new_grid

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from emkit.fitted import AnyFitted
    from emkit.inference import Covariance

PSEUDO = "pseudo: of the last step, given those before"
MOST_NAMED = 6  # estimates in one sentence


def title(result: AnyFitted) -> str:
    """The model in words: ``Mixture of 2 gaussian components``."""
    model = bare(result.model)
    held = "".join(f", {wrapper.said}" for wrapper in wrappers(result.model))
    if not isinstance(model, Mixture | GatedMixture | HiddenMarkovChain):
        return f"{type(model).__name__}{held}"
    number = component_count(result.params) or 1
    whole, part = (capital(model.name), "state") if isinstance(model, HiddenMarkovChain) else ("Mixture", "component")
    told = {what: by for what, by in model.depending.items() if by}
    held = "".join(f", {what} by {listed(map(str, by), MOST_NAMED)}" for what, by in told.items()) + held
    sort = {"Soft": "", "Hard": ", hard assignment", "Sampled": ", sampled assignment"}.get(type(model.assignment).__name__, "")
    return f"{whole} of {number} {model.family.name} {part}{'' if number == 1 else 's'}{held}{sort}"


def facts(result: AnyFitted) -> list[tuple[str, str, str]]:
    """Name, value and remark of what one asks of a fit first."""
    lower, pseudo = ("of that", PSEUDO) if result.model.is_pseudo else ("lower is better", "")
    return [
        ("rows", f"{result.rows:,.10g}", ""),
        *([("groups", f"{result.sample_size:,.10g}", "which BIC counts")] if result.sample_size != result.rows else []),
        ("log-likelihood", f"{result.log_likelihood:.4f}", pseudo),
        *([("objective", f"{result.objective:.4f}", "")] if result.objective != result.log_likelihood else []),
        ("free parameters", f"{result.free_parameters}", ""),
        ("AIC", f"{result.aic:.4f}", lower),
        ("BIC", f"{result.bic:.4f}", lower),
    ]


def said_by_formula(result: AnyFitted) -> list[tuple[str, str]]:
    """Name and text of what a formula says, and what is said beside it; nothing of a fit by no formula."""
    design = result.source.design
    if design is None:
        return []
    told = {"formula": design.formula, "offset": design.offset, "trials": design.trials, "groups": design.groups}
    if design.said is not None:
        told |= {"formula": design.said, "groups": None}  # which it says, too
    return [(name, text) for name, text in told.items() if text is not None]


def remarks(result: AnyFitted) -> list[str]:
    """Sentences: how the fit ended, how many starts agree, which estimates lie on a boundary."""
    said = [capital(str(result.outcome))]
    if result.runs.sentence:
        said.append(result.runs.sentence)
    words = labels(result.params, names_of(result))
    if result.degenerate:
        said.append(capital(collapsed(result.model, result)))
    said += not_told_apart(result)
    said += infinite_told(result)
    said += edges_told(result)
    edge = [str(words[name]) for name in result.boundary]
    if edge:
        why = "On the boundary of its space, or held by a floor, so without a standard error"
        said.append(f"{why}: {listed(edge, MOST_NAMED)}.")
    return said


def ended(result: AnyFitted) -> str:
    """How a fit ended, without what `warn_of_run_off` says of it."""
    return result.outcome.sentence.replace(f" But {endless_told(result.endless)}", "")


def warn_of_separation(result: AnyFitted, stacklevel: int) -> None:
    """Warn of coefficients that have no maximum."""
    for sentence in infinite_told(result):
        warnings.warn(sentence, SeparationWarning, stacklevel=stacklevel + 1)


def warn_of_run_off(result: AnyFitted, stacklevel: int) -> None:
    """Warn of components that run off without end."""
    if result.endless:
        warnings.warn(capital(endless_told(result.endless)), RunOffWarning, stacklevel=stacklevel + 1)


def warn_of_edges(result: AnyFitted, stacklevel: int) -> None:
    """Warn of estimates on an edge of their space that says more than that."""
    for sentence in edges_told(result):
        warnings.warn(sentence, EmkitWarning, stacklevel=stacklevel + 1)


def edges_told(result: AnyFitted) -> list[str]:
    """What spaces say of estimates on their edge, in one sentence each; none if none is there, or says so."""
    words, found = labels(result.params, names_of(result)), dict[tuple[str, str], list[str]]()
    for leaf in result.model.coordinates(result.params).free(result.params) if result.boundary else ():
        if any(leaf.space.told_on_edge):
            edge = [words[entry_name(leaf.path, index)] for index in leaf.space.on_boundary(leaf.value)]
            found.setdefault(leaf.space.told_on_edge, []).extend(label.whose for label in edge)
    return [f"{before} {listed(names, MOST_NAMED)} {after}" for (before, after), names in found.items() if names]


def infinite_told(result: AnyFitted) -> list[str]:
    """Which coefficients have no maximum, and what can be done, in one sentence; none if all have one."""
    words = labels(result.params, names_of(result))
    off = [str(words[name]) for name in result.infinite]
    if not off:
        return []
    return [
        f"Separation: the likelihood has no maximum. It comes to this height while {listed(off, MOST_NAMED)} "
        f"run{'s' if len(off) == 1 else ''} off to infinity, so without a standard error. {_instead_of_separation(result)}"
    ]


def _instead_of_separation(result: AnyFitted) -> str:
    """What can be done about coefficients that have no maximum, in a sentence: what this model takes, and no more."""
    if not has_links(result.model):
        return "Merge levels, or leave a covariate out."
    of_components = any(name.startswith("components") for name in result.infinite)
    ridge = ", or ridge=1 of ek.MixtureRegression" if of_components else ""
    return f"Merge levels, leave a covariate out, or state a prior on coefficients (ek.fit with ek.WithPrior{ridge})."


def untold(result: AnyFitted, found: StandardErrors) -> list[str]:
    """Which estimates have no standard error, and why, in one sentence for each reason; none if all have one."""
    words, by_reason = labels(result.params, names_of(result)), dict[str, list[str]]()
    for name, reason in found.reasons.items():
        by_reason.setdefault(reason, []).append(str(words[name]))
    return [f"Without a standard error: {listed(names, MOST_NAMED)}; {reason}." for reason, names in by_reason.items()]


def not_told_apart(result: AnyFitted) -> list[str]:
    """What the data cannot tell, in one sentence; none if there is no such thing."""
    if result.coinciding:
        called = names_of(result).component
        groups = "; ".join(joined([*map(called, group)]) for group in result.coinciding)
        return [f"Components {groups} coincide: no row tells them apart, and their proportions mean nothing. Use fewer."]
    if result.flat:
        ways = "along one direction" if len(result.flat) == 1 else f"along {len(result.flat)} directions"
        return [f"Not identified: the likelihood is flat {ways}, see identifiability(); other estimates fit as well."]
    return []


def _levels(result: AnyFitted) -> Json:
    """The names of the levels of each column that has names, by its name; nothing if none has."""
    source = result.source
    named = {column: list(names) for column, names in zip(source.columns, source.levels, strict=True) if names is not None}
    return {"levels": named} if named else {}


def _component_names(result: AnyFitted) -> Json:
    """What the components are called, in their order: by their names, or counted from 1; nothing for a model of none."""
    number = component_count(result.params)
    if number is None:
        return {}
    return {"component_names": [component_name(k, result.source.component_names) for k in range(number)]}


def to_dict(result: AnyFitted) -> Json:
    """The fit as plain values for JSON, in full precision. ``parameters`` can be given back as a start."""
    return {
        "model": title(result),
        **dict(said_by_formula(result)),
        "columns": list(result.source.columns),
        **_levels(result),
        **_component_names(result),
        "rows": result.rows,
        "log_likelihood": result.log_likelihood,
        **({"is_pseudo": True} if result.model.is_pseudo else {}),
        "objective": result.objective,
        "free_parameters": result.free_parameters,
        "aic": result.aic,
        "bic": result.bic,
        "converged": result.converged,
        "outcome": {"status": result.outcome.name, "sentence": result.outcome.sentence},
        "iterations": result.iterations,
        "evaluations": result.evaluations,
        "starts": {
            "tried": result.runs.starts,
            "followed": len(result.runs.runs),
            "reached_best": result.runs.reached_best(),
            "left_near_it": result.runs.near,
            "maxima": [{"objective": value, "runs": runs} for value, runs in result.runs.maxima()],
        },
        "boundary": list(result.boundary),
        **({"infinite": list(result.infinite)} if result.infinite else {}),
        "parameters": to_plain(result.params),
    }


def text(result: AnyFitted, found: Covariance | None = None, width: int = WIDTH) -> str:
    """The summary as plain text, no line longer than `width`; given a covariance of the estimates, a line for each number."""
    return as_text(report(result, found, width), width)


def report(result: AnyFitted, found: Covariance | None = None, width: int = WIDTH) -> RenderableType:
    """The summary as something that rich can print."""
    from rich.console import Group
    from rich.text import Text

    sentences = [Text(sentence) for sentence in remarks(result)]
    tables = [*_integrated(result), *_estimates(result, found, width), *chain_table(result)]
    spaced = [part for table in tables for part in (Text(), table)]
    said = [Text(", ".join(f"{name} {text}" for name, text in said_by_formula(result)))] if result.source.design else []
    return Group(Text(title(result), style="bold"), *said, Text(), _fact_table(result), Text(), *sentences, *spaced)


def _estimates(result: AnyFitted, found: Covariance | None, width: int) -> list[RenderableType]:
    """The estimates as tables; of regressions with standard errors, one for each component."""
    if found is None:
        return components_across(result, width)
    if has_coefficients(result.params):
        return regression_tables(result, found, width)
    return [estimates_down(result, found, width)]


def _integrated(result: AnyFitted) -> list[RenderableType]:
    """Fixed effects that are no parameters, as the likelihood is integrated over them; nothing of other fits."""
    told = result.effects
    return [coefficients_grid(told.names, told.fixed, told.covariance)] if told is not None and told.integrated else []


def _fact_table(result: AnyFitted) -> Table:
    grid = new_grid()
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(style="dim")
    for fact in facts(result):
        grid.add_row(*map(cell, fact))
    return grid
