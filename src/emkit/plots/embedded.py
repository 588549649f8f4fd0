"""The pictures of a report, as text that a page can hold."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from emkit.plots.kinds import draw
from emkit.plots.selection import choice as draw_choice
from emkit.plots.style import size_for
from emkit.views import choice_view

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from emkit.fitted import AnyFitted
    from emkit.selection.choice import Choice
    from emkit.writeup import Document

WITH_ROWS = "density", "lines"  # figures in which rows are drawn, if they may be
PLAIN = {"svg.hashsalt": "emkit", "svg.fonttype": "path"}  # the same picture is the same text, whatever fonts a reader has


def pictures(report: Document, result: AnyFitted, choice: Choice[Any] | None = None, rows: bool = False) -> dict[str, str]:
    """SVG of the figures of a report by their kinds; none without matplotlib. `rows`: whether they may be drawn."""
    try:
        import matplotlib.style  # noqa: F401 - whether it is there
    except ImportError:
        return {}
    return {figure.kind: _svg(_drawing(figure.kind, result, choice, rows)) for figure in report.figures}


def _drawing(kind: str, result: AnyFitted, choice: Choice[Any] | None, rows: bool) -> Callable[[Axes], object]:
    if kind == "choice" and choice is not None:
        return partial(draw_choice, choice_view(choice))
    options = {"rows": rows} if kind in WITH_ROWS else {}
    return lambda ax: draw(result, kind, ax, **options)


def _svg(drawn: Callable[[Axes], object]) -> str:
    """What is drawn, whatever style the reader has chosen for other figures."""
    from matplotlib import rc_context, style
    from matplotlib.figure import Figure

    with style.context("default", after_reset=True), rc_context(PLAIN):  # type: ignore[arg-type]
        figure = Figure(figsize=size_for(0), layout="constrained")
        ax = figure.subplots()
        drawn(ax)
        figure.set_size_inches(size_for(len(ax.get_yticks())))
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
