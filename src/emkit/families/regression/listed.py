"""The regressions that there are: one line each. A file says in `__all__` what it offers."""

# ruff: noqa: F403
from emkit.families.regression.binomial_regression import *
from emkit.families.regression.censored_times import *
from emkit.families.regression.gamma_regression import *
from emkit.families.regression.multinomial_regression import *
from emkit.families.regression.negative_binomial_regression import *
from emkit.families.regression.normal_regression import *
from emkit.families.regression.ordered_regression import *
from emkit.families.regression.poisson_regression import *
from emkit.families.regression.student_t_regression import *
