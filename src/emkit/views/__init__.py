"""What a figure shows, as plain values: every picture (`emkit.plots`) and every page draws from these, and computes nothing."""

from emkit.views.classified import Rows, outlines, rows
from emkit.views.density import Density, Density2, density
from emkit.views.landscape import Landscape, landscape, path_of, two_apart
from emkit.views.residuals import BivariateResiduals, Rootogram, bivariate_residuals, quantile_residuals, rootogram
from emkit.views.selection import Criteria, Criterion, criteria
from emkit.views.starts import StartsMap, starts_map
from emkit.views.trace import Trace, trace

__all__ = [
    "BivariateResiduals",
    "Criteria",
    "Criterion",
    "Density",
    "Density2",
    "Landscape",
    "Rootogram",
    "Rows",
    "StartsMap",
    "Trace",
    "bivariate_residuals",
    "criteria",
    "density",
    "landscape",
    "outlines",
    "path_of",
    "quantile_residuals",
    "rootogram",
    "rows",
    "starts_map",
    "trace",
    "two_apart",
]
