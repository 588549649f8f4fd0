"""The families there are, in the order in which they are listed: one line each. A file says in `__all__` what it offers."""

# ruff: noqa: F403, I001
from emkit.families.bernoulli import *
from emkit.families.binomial import *
from emkit.families.poisson import *
from emkit.families.negative_binomial import *
from emkit.families.categorical import *
from emkit.families.multinomial import *
from emkit.families.exponential import *
from emkit.families.geometric import *
from emkit.families.gamma import *
from emkit.families.weibull import *
from emkit.families.log_normal import *
from emkit.families.inverse_gaussian import *
from emkit.families.beta import *
from emkit.families.von_mises import *
from emkit.families.dirichlet import *
from emkit.families.von_mises_fisher import *
from emkit.families.gaussian.full import *
from emkit.families.gaussian.diagonal import *
from emkit.families.gaussian.tied import *
from emkit.families.gaussian.spherical import *
from emkit.families.gaussian.parsimonious import *
from emkit.families.gaussian.factor_normal import *
from emkit.families.gaussian.common_factors import *
from emkit.families.student_t import *
from emkit.families.skew_normal import *
from emkit.families.laplace import *
