"""What a figure shows, as plain values: every picture (`emkit.plots`) and every page draws from these, and computes nothing."""

from emkit.views.class_profiles import ClassProfiles, class_profiles
from emkit.views.classified import Rows, outlines, rows
from emkit.views.density import Density, Density2, density
from emkit.views.factors import FactorLoadings, Scree, factor_loadings, scree
from emkit.views.group_effects import GroupEffects, group_effects
from emkit.views.item_curves import ItemCurves, information_curves, item_curves
from emkit.views.landscape import Landscape, landscape, path_of, two_apart
from emkit.views.moving import MovingSeries, moving_series
from emkit.views.pairs import Pairs, pairs
from emkit.views.quantiles import PseudoResiduals, pseudo_residuals
from emkit.views.regression_lines import GateEffect, RegressionLines, gate_effect, regression_lines
from emkit.views.residuals import BivariateResiduals, Rootogram, bivariate_residuals, rootogram
from emkit.views.selection import ChoiceLines, Point, choice_view
from emkit.views.sequences import DwellTimes, StateSequence, TransitionGraph, dwell_times, state_sequence, transition_graph
from emkit.views.starts import StartsMap, comparable_runs, starts_map
from emkit.views.survival import SurvivalSteps, survival_steps
from emkit.views.trace import Trace, trace
from emkit.views.trajectories import Trajectories, trajectories

__all__ = [
    "BivariateResiduals",
    "ChoiceLines",
    "ClassProfiles",
    "Density",
    "Density2",
    "DwellTimes",
    "FactorLoadings",
    "GateEffect",
    "GroupEffects",
    "ItemCurves",
    "Landscape",
    "MovingSeries",
    "Pairs",
    "Point",
    "PseudoResiduals",
    "RegressionLines",
    "Rootogram",
    "Rows",
    "Scree",
    "StartsMap",
    "StateSequence",
    "SurvivalSteps",
    "Trace",
    "Trajectories",
    "TransitionGraph",
    "bivariate_residuals",
    "choice_view",
    "class_profiles",
    "comparable_runs",
    "density",
    "dwell_times",
    "factor_loadings",
    "gate_effect",
    "group_effects",
    "information_curves",
    "item_curves",
    "landscape",
    "moving_series",
    "outlines",
    "pairs",
    "path_of",
    "pseudo_residuals",
    "regression_lines",
    "rootogram",
    "rows",
    "scree",
    "starts_map",
    "state_sequence",
    "survival_steps",
    "trace",
    "trajectories",
    "transition_graph",
    "two_apart",
]
