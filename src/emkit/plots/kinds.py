"""The figures that one fit has, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.core.checks import check_step
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters
from emkit.data.chunk import as_float64
from emkit.errors import DegenerateFitError, EmkitError, ModelError, ParameterError
from emkit.explain.latent import check_enumerable
from emkit.explain.steps import work_out
from emkit.explain.subject import Subject, subject_of_fit
from emkit.models.cells import CellsParams
from emkit.models.components import Components
from emkit.models.frozen import bare
from emkit.models.mixture import MixtureParams
from emkit.plots.class_profiles import class_profiles as draw_profiles
from emkit.plots.density import density as draw_density
from emkit.plots.factors import loadings as draw_loadings
from emkit.plots.factors import scree as draw_scree
from emkit.plots.group_effects import effects as draw_effects
from emkit.plots.item_curves import information as draw_information
from emkit.plots.item_curves import items as draw_items
from emkit.plots.landscape import path as draw_path
from emkit.plots.moving import smoothed as draw_smoothed
from emkit.plots.pairs import pairs as draw_pairs
from emkit.plots.regression_lines import gate as draw_gate
from emkit.plots.regression_lines import lines as draw_lines
from emkit.plots.residuals import qq as draw_qq
from emkit.plots.residuals import residuals as draw_residuals
from emkit.plots.rootogram import rootogram as draw_rootogram
from emkit.plots.rows import classification as draw_classification
from emkit.plots.rows import responsibilities as draw_responsibilities
from emkit.plots.rows import uncertainty as draw_uncertainty
from emkit.plots.sequences import dwell_times as draw_dwell_times
from emkit.plots.sequences import states as draw_states
from emkit.plots.sequences import transitions as draw_transitions
from emkit.plots.starts import starts as draw_starts
from emkit.plots.theory import bound as draw_bound
from emkit.plots.theory import jensen as draw_jensen
from emkit.plots.trace import trace as draw_trace
from emkit.plots.trajectories import trajectories as draw_trajectories
from emkit.report.labels import names_of
from emkit.teach.why import bound_curve, jensen
from emkit.teach.why.jensen import telling_row
from emkit.views import (
    ClassProfiles,
    Density2,
    Rows,
    class_profiles,
    comparable_runs,
    density,
    dwell_times,
    factor_loadings,
    gate_effect,
    group_effects,
    information_curves,
    item_curves,
    landscape,
    moving_series,
    outlines,
    pairs,
    path_of,
    pseudo_residuals,
    regression_lines,
    rootogram,
    rows,
    scree,
    starts_map,
    state_sequence,
    trace,
    trajectories,
    transition_graph,
    two_apart,
)
from emkit.views.classified import column_places
from emkit.views.factors import factor_model_of
from emkit.views.group_effects import mixed_model_of
from emkit.views.moving import state_space_of
from emkit.views.sequences import chain_of, model_of_states
from emkit.views.trajectories import growth_mixture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from emkit.fitted import AnyFitted


def _subject(result: AnyFitted, source: Any = None) -> Subject:
    """The fit as a subject, with its own rows (not the collapsed ones), unless another `source` of them is given.

    Parameters go by the names that the author of the data gave, as lessons do. Only mixtures and tables have systematic
    symbols beside these; the parameters of any other model are called what they are.
    """
    start = result.record.start
    subject = subject_of_fit(result.model, result.source if source is None else source, start)
    if isinstance(start, MixtureParams | CellsParams):
        return replace(subject, symbols=dict(result.source.parameter_names))
    return replace(subject, symbols={name: name for name in Coordinates(start).entry_names(start)})


def _rows(result: AnyFitted) -> Rows:
    return rows(_subject(result), result.params)


def _trace(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_trace(trace(result.history), ax)


def _path(result: AnyFitted, ax: Axes | None, parameters: Sequence[str] | None = None, **options: Any) -> Axes:
    view = landscape(_subject(result, result.passes), parameters, estimate=result.params, **options)
    return draw_path(view, ax)


def _bound(result: AnyFitted, ax: Axes | None, step: int = 1) -> Axes:
    before, after = _em_step(result, step)
    return draw_bound(bound_curve(result.model, result.passes, before, after, step), ax)


def _em_step(result: AnyFitted, step: int = 1) -> tuple[Parameters, Parameters]:
    """The parameters before and after an EM step whose states can be listed. Errors: ModelError if there is none."""
    check_step(step)
    check_enumerable(result.model)
    path = path_of(result.model, result.passes, result.record.start, step)
    if len(path) <= step:
        raise ModelError(f"there is no EM step {step} to draw: plain EM from this start stands still after {len(path) - 1}.")
    return path[step - 1], path[step]


def _jensen(result: AnyFitted, ax: Axes | None, step: int = 1, choice: int = 0) -> Axes:
    check_step(step)
    subject = _subject(result, result.passes)
    try:
        here, ahead = work_out(subject, step, 1000), work_out(subject, step + 1, 1000)
    except (ParameterError, DegenerateFitError) as error:
        raise ModelError(f"there is no EM step {step + 1}, which the figure of step {step} looks ahead to: {error}") from None
    choices = jensen(here, ahead, telling_row(here))
    if choice not in range(len(choices)):
        said = "; ".join(f"{i}: {each.choice}" for i, each in enumerate(choices))
        raise ModelError(f"choice is {choice!r}; the distributions q to choose from are {said}.")
    return draw_jensen(choices[choice], ax)


def _classification(result: AnyFitted, ax: Axes | None, columns: Sequence[str | int] | None = None) -> Axes:
    view = _rows(result)
    around = outlines(result.model, result.params, column_places(view.columns, columns, 2)) if view.columns else None
    return draw_classification(view, ax, columns=columns, outlines=around)


def _pairs(result: AnyFitted, ax: Axes | None, columns: Sequence[str | int] | None = None) -> Axes:
    return draw_pairs(pairs(_subject(result), result.params, columns), ax)


def _uncertainty(result: AnyFitted, ax: Axes | None, columns: Sequence[str | int] | None = None) -> Axes:
    return draw_uncertainty(_rows(result), ax, columns=columns)


def _responsibilities(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_responsibilities(_rows(result), ax)


def _density(result: AnyFitted, ax: Axes | None, rows: bool = True, column: str | int | None = None) -> Axes:
    """`rows`: whether they are drawn, too, where there are two columns; `column`: one of several, alone."""
    view = density(_subject(result), result.params, column=column)
    if isinstance(view, Density2) and not rows:
        view = replace(view, points=view.points[:0])
    return draw_density(view, ax)


def _class_profiles(result: AnyFitted) -> ClassProfiles:
    return class_profiles(result.params, names_of(result))


def _profiles(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_profiles(_class_profiles(result), ax)


def _rootogram(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_rootogram(rootogram(_subject(result), result.params), ax)


def _qq(result: AnyFitted, ax: Axes | None, which: str = "forecast", seed: int = 0) -> Axes:
    return draw_qq(pseudo_residuals(_subject(result), result.params, which), ax, seed=seed)


def _residuals(result: AnyFitted, ax: Axes | None, which: str = "forecast") -> Axes:
    return draw_residuals(pseudo_residuals(_subject(result), result.params, which), ax)


def _lines(result: AnyFitted, ax: Axes | None, over: str | None = None, rows: bool = True) -> Axes:
    """`rows`: whether they are drawn, too."""
    view = regression_lines(_subject(result), result.params, over)
    return draw_lines(view if rows else view.without_rows(), ax)


def _gate(result: AnyFitted, ax: Axes | None, over: str | None = None) -> Axes:
    return draw_gate(gate_effect(_subject(result), result.params, over), ax)


def _states(result: AnyFitted, ax: Axes | None, column: str | int = 0, first: int = 0) -> Axes:
    return draw_states(state_sequence(result, column, first), ax)


def _transitions(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_transitions(transition_graph(result), ax)


def _dwell_times(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_dwell_times(dwell_times(result), ax)


def _items(result: AnyFitted, ax: Axes | None, item: str | int | None = None) -> Axes:
    """`item`: one of several, answer by answer."""
    return draw_items(item_curves(result, item), ax)


def _information(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_information(information_curves(result), ax)


def _smoothed(
    result: AnyFitted, ax: Axes | None, column: str | int = 0, steps: int = 0, series: int = 0, inputs_ahead: object = None
) -> Axes:
    """`inputs_ahead`: those of the rows to come, of a model that has some, as `StateSpaceModel.forecast` takes them."""
    return draw_smoothed(moving_series(result, column, steps, series, inputs_ahead), ax)


def _effects(result: AnyFitted, ax: Axes | None, effect: str | int = 0, level: int | str = 0) -> Axes:
    """`level`: 1 for inner groups, or what they are called, such as "school:class"."""
    return draw_effects(group_effects(result, effect, level), ax)


def _trajectories(result: AnyFitted, ax: Axes | None, over: str | None = None) -> Axes:
    return draw_trajectories(trajectories(result, over), ax)


def _loadings(result: AnyFitted, ax: Axes | None, rotation: str | None = None) -> Axes:
    return draw_loadings(factor_loadings(result, rotation), ax)


def _scree(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_scree(scree(result), ax)


def _starts(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_starts(starts_map(comparable_runs(result)), ax)


KINDS: dict[str, Callable[..., Axes]] = {
    "trace": _trace,
    "path": _path,
    "bound": _bound,
    "jensen": _jensen,
    "classification": _classification,
    "pairs": _pairs,
    "uncertainty": _uncertainty,
    "responsibilities": _responsibilities,
    "density": _density,
    "profiles": _profiles,
    "rootogram": _rootogram,
    "qq": _qq,
    "residuals": _residuals,
    "lines": _lines,
    "gate": _gate,
    "states": _states,
    "transitions": _transitions,
    "dwell_times": _dwell_times,
    "items": _items,
    "information": _information,
    "smoothed": _smoothed,
    "effects": _effects,
    "trajectories": _trajectories,
    "loadings": _loadings,
    "scree": _scree,
    "starts": _starts,
}


def _two_to_move(result: AnyFitted) -> tuple[str, str]:
    """Two parameters that a path can be drawn over, of data that are there."""
    next(iter(result.source.chunks()), None)
    return two_apart(result.model.coordinates(result.params), result.params, {})


def _has_residuals(result: AnyFitted) -> object:
    """One row drawn in the first component, or the residuals themselves, of data that are there."""
    chunk, model = next(iter(result.source.chunks())), bare(result.model)
    if not isinstance(model, Components):
        return model.has_normal_residuals or model.normal_residuals(result.params, result.source)
    model.outlook(result.params, chunk)
    rng, first, given = np.random.default_rng(0), np.zeros(1, dtype=np.int64), model.family.conditional
    if given is None:
        return model.family.draw(result.params.components, rng, first)
    return given.drawn(result.params.components, rng, first, as_float64(chunk.x[:1]))


def _has_states(result: AnyFitted) -> object:
    """A chain of states, of rows that are there."""
    model = model_of_states(result)
    return model.chain_over(result.params, next(iter(model.in_sequences(result.source).chunks())))


# What a figure cannot do without, found out at little cost: each raises an EmkitError if the fit lacks it.
NEEDS: dict[str, Callable[[AnyFitted], object]] = {
    "trace": lambda result: result.history,
    "path": _two_to_move,
    "bound": _em_step,
    "jensen": _rows,
    "classification": lambda result: column_places(_rows(result).columns, None, 2),
    "pairs": lambda result: pairs(_subject(result), result.params),
    "uncertainty": _rows,
    "responsibilities": _rows,
    "density": lambda result: density(_subject(result), result.params, 2),
    "profiles": _class_profiles,
    "rootogram": lambda result: rootogram(_subject(result), result.params),
    "qq": _has_residuals,
    "residuals": _has_residuals,
    "lines": lambda result: regression_lines(_subject(result), result.params),
    "gate": lambda result: gate_effect(_subject(result), result.params),
    "states": _has_states,
    "transitions": chain_of,
    "dwell_times": lambda result: (chain_of(result), _has_states(result)),
    "items": item_curves,
    "information": information_curves,
    "smoothed": lambda result: (state_space_of(result), next(iter(result.source.chunks()))),
    "effects": lambda result: (mixed_model_of(result), result.effects),
    "trajectories": lambda result: (growth_mixture_of(result), trajectories(result)),
    "loadings": factor_loadings,
    "scree": lambda result: (factor_model_of(result), next(iter(result.source.chunks()))),
    "starts": lambda result: starts_map(comparable_runs(result)),
}


def drawable(result: AnyFitted) -> tuple[str, ...]:
    """The figures that a fit has."""
    return tuple(kind for kind in KINDS if _has(result, kind))


def _has(result: AnyFitted, kind: str) -> bool:
    try:
        NEEDS[kind](result)
    except EmkitError:
        return False
    return True


def draw(result: AnyFitted, kind: str, ax: Axes | None = None, **options: Any) -> Axes:
    """Draw the figure called `kind` of a fit.

    Errors: ModelError naming the figures there are, or saying why this fit has no such figure, and which it has; DataError if
    the data are not stored with the fit.
    """
    if kind not in KINDS:
        raise ModelError(f"there is no figure {kind!r}; the figures are {', '.join(KINDS)}.")
    try:
        return KINDS[kind](result, ax, **options)
    except ModelError as error:
        there = drawable(result)
        if kind in there:
            raise
        raise ModelError(f"{error} What can be drawn of this fit: {', '.join(there)}.") from None
