"""Figures: each function takes the values of a view, and axes or None; it draws, and returns the axes.

Nothing is computed here: the numbers come from `emkit.views` and `emkit.teach.why`, and can be had without
matplotlib. `Result.plot(kind)` does both.
"""

from emkit.plots.class_profiles import class_profiles
from emkit.plots.density import density
from emkit.plots.embedded import pictures
from emkit.plots.factors import loadings, scree
from emkit.plots.group_effects import effects
from emkit.plots.kinds import KINDS, draw
from emkit.plots.landscape import path
from emkit.plots.moving import smoothed
from emkit.plots.pairs import pairs
from emkit.plots.regression_lines import gate, lines
from emkit.plots.residuals import qq, residuals
from emkit.plots.rootogram import rootogram
from emkit.plots.rows import classification, responsibilities, uncertainty
from emkit.plots.selection import choice
from emkit.plots.sequences import dwell_times, states, transitions
from emkit.plots.starts import starts
from emkit.plots.survival import survival
from emkit.plots.theory import bound, jensen
from emkit.plots.trace import trace

__all__ = [
    "KINDS",
    "bound",
    "choice",
    "class_profiles",
    "classification",
    "density",
    "draw",
    "dwell_times",
    "effects",
    "gate",
    "jensen",
    "lines",
    "loadings",
    "pairs",
    "path",
    "pictures",
    "qq",
    "residuals",
    "responsibilities",
    "rootogram",
    "scree",
    "smoothed",
    "starts",
    "states",
    "survival",
    "trace",
    "transitions",
    "uncertainty",
]
