"""The figures that one fit has, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from emkit.errors import ModelError
from emkit.explain.steps import work_out
from emkit.explain.subject import Subject, subject_of_fit
from emkit.plots.density import density as draw_density
from emkit.plots.landscape import path as draw_path
from emkit.plots.rows import classification as draw_classification
from emkit.plots.rows import responsibilities as draw_responsibilities
from emkit.plots.rows import uncertainty as draw_uncertainty
from emkit.plots.starts import starts as draw_starts
from emkit.plots.theory import bound as draw_bound
from emkit.plots.theory import jensen as draw_jensen
from emkit.plots.trace import trace as draw_trace
from emkit.teach.why import bound_curve, jensen
from emkit.teach.why.jensen import telling_row
from emkit.views import density, landscape, outlines, path_of, rows, starts_map, trace
from emkit.views.classified import column_places

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from emkit.fitted import AnyFitted


def _subject(result: AnyFitted) -> Subject:
    """The fit as a subject, with its own rows (not the collapsed ones)."""
    return subject_of_fit(result.model, result.source, result.record.start)


def _trace(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_trace(trace(result.history), ax)


def _path(result: AnyFitted, ax: Axes | None, parameters: Sequence[str] | None = None, **options: Any) -> Axes:
    view = landscape(_subject(result), parameters, estimate=result.params, **options)
    return draw_path(view, ax)


def _bound(result: AnyFitted, ax: Axes | None, step: int = 1) -> Axes:
    path = path_of(result.model, result.passes, result.record.start, step)
    if step < 1 or len(path) <= step:
        raise ModelError(f"there is no EM step {step} to draw: plain EM from this start stands still after {len(path) - 1}.")
    return draw_bound(bound_curve(result.model, result.passes, path[step - 1], path[step], step), ax)


def _jensen(result: AnyFitted, ax: Axes | None, step: int = 1, choice: int = 0) -> Axes:
    subject = subject_of_fit(result.model, result.passes, result.record.start)
    here, ahead = work_out(subject, step, 1000), work_out(subject, step + 1, 1000)
    return draw_jensen(jensen(here, ahead, telling_row(here))[choice], ax)


def _classification(result: AnyFitted, ax: Axes | None, columns: Sequence[str | int] | None = None) -> Axes:
    view = rows(_subject(result), result.params)
    around = outlines(result.params, column_places(view.columns, columns, 2)) if view.columns else None
    return draw_classification(view, ax, columns=columns, outlines=around)


def _uncertainty(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_uncertainty(rows(_subject(result), result.params), ax)


def _responsibilities(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_responsibilities(rows(_subject(result), result.params), ax)


def _density(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_density(density(_subject(result), result.params), ax)


def _starts(result: AnyFitted, ax: Axes | None) -> Axes:
    return draw_starts(starts_map(result.runs), ax)


KINDS: dict[str, Callable[..., Axes]] = {
    "trace": _trace,
    "path": _path,
    "bound": _bound,
    "jensen": _jensen,
    "classification": _classification,
    "uncertainty": _uncertainty,
    "responsibilities": _responsibilities,
    "density": _density,
    "starts": _starts,
}


def draw(result: AnyFitted, kind: str, ax: Axes | None = None, **options: Any) -> Axes:
    """Draw the figure called `kind` of a fit.

    Errors: ModelError naming the figures there are, or saying why this fit has no such figure.
    """
    if kind not in KINDS:
        raise ModelError(f"there is no figure {kind!r}; the figures are {', '.join(KINDS)}.")
    return KINDS[kind](result, ax, **options)
