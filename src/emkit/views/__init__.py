"""What a figure shows, as plain values: every picture (`emkit.plots`) and every page draws from these, and computes nothing."""

from emkit.views.class_profiles import ClassProfiles, class_profiles
from emkit.views.classified import Rows, outlines, rows
from emkit.views.density import Density, Density2, density
from emkit.views.landscape import Landscape, landscape, path_of, two_apart
from emkit.views.residuals import BivariateResiduals, Rootogram, bivariate_residuals, quantile_residuals, rootogram
from emkit.views.selection import ChoiceLines, Point, choice_view
from emkit.views.starts import StartsMap, starts_map
from emkit.views.trace import Trace, trace

__all__ = [
    "BivariateResiduals",
    "ChoiceLines",
    "ClassProfiles",
    "Density",
    "Density2",
    "Landscape",
    "Point",
    "Rootogram",
    "Rows",
    "StartsMap",
    "Trace",
    "bivariate_residuals",
    "choice_view",
    "class_profiles",
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
