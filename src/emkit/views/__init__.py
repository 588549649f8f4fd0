"""What a figure shows, as plain values: every picture (`emkit.plots`) and every page draws from these, and computes nothing."""

from emkit.views.classified import Rows, outlines, rows
from emkit.views.density import Density, Density2, density
from emkit.views.landscape import Landscape, landscape, path_of, two_apart
from emkit.views.selection import Criteria, Criterion, criteria
from emkit.views.starts import StartsMap, starts_map
from emkit.views.trace import Trace, trace

__all__ = [
    "Criteria",
    "Criterion",
    "Density",
    "Density2",
    "Landscape",
    "Rows",
    "StartsMap",
    "Trace",
    "criteria",
    "density",
    "landscape",
    "outlines",
    "path_of",
    "rows",
    "starts_map",
    "trace",
    "two_apart",
]
