"""Colours and shapes that stay apart for every kind of colour vision, and the axes to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emkit.errors import ModelError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito (2008), Color Universal Design; yellow is left out, being invisible on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
Dash = str | tuple[int, tuple[int, ...]]
DASHES: tuple[Dash, ...] = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
WIDTH, HEIGHT = 6.4, 4.4  # inches of a figure
LINE, MARGIN = 0.2, 1.1  # of a line of text, and of what stands above and below all of them
INK, FAINT = "#222222", "#777777"


def colour(k: int) -> str:
    """The colour of component k; after seven they begin again, with other shapes beside them."""
    return COLOURS[k % len(COLOURS)]


def ink_of(k: int) -> tuple[float, float, float]:
    """The colour of component k as its parts of red, green and blue."""
    from matplotlib.colors import to_rgb

    return to_rgb(colour(k))


def shade(share: float) -> tuple[float, float, float]:
    """The first colour, the paler the larger a share from 0 to 1 it is of."""
    red, green, blue = (1 - (1 - part) * (1 - 0.75 * share) for part in ink_of(0))
    return red, green, blue


def marker(k: int) -> str:
    """The shape of component k: it differs from that of a component with the same colour."""
    return MARKERS[(k + k // len(COLOURS)) % len(MARKERS)]


def dash(k: int) -> Dash:
    """The line of component k."""
    return DASHES[(k + k // len(COLOURS)) % len(DASHES)]


def axes(ax: Axes | None, lines: int = 0) -> Axes:
    """`ax` itself, or new axes in a figure of their own, high enough for so many lines of text.

    Errors: ModelError saying how to install matplotlib.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ModelError("plots need matplotlib, which is not installed: install emkit[plot].") from None
    return pyplot.subplots(figsize=size_for(lines), layout="constrained")[1]


def size_for(lines: int) -> tuple[float, float]:
    """Width and height in inches of a figure that is high enough for so many lines of text."""
    return WIDTH, max(HEIGHT, MARGIN + LINE * lines)


def finish(ax: Axes, title: str, x: str, y: str) -> Axes:
    """Title and labels, two spines, and all that is written so far as text: dollars in names of the data make no formula."""
    from matplotlib.text import Text

    ax.set_title(title, loc="left", fontsize="medium", color=INK)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.spines[["top", "right"]].set_visible(False)
    for text in ax.findobj(Text):
        text.set_parse_math(False)
    return ax


def in_legend(name: str) -> str:
    """A name of the data as a label: what begins with an underscore, matplotlib leaves out of legends."""
    return f" {name}" if name.startswith("_") else name


def plain_numbers(ax: Axes, which: str = "y") -> None:
    """Ticks such as -1130.2 and not 0.1 + 1.13e3."""
    ax.ticklabel_format(axis=which, style="plain", useOffset=False)  # type: ignore[arg-type]


def whole_ticks(ax: Axes, which: str = "x") -> None:
    """Ticks of an axis at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(integer=True))
