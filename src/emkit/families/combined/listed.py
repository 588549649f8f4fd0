"""The families made of others that there are: one line each. A file says in `__all__` what it offers."""

# ruff: noqa: F403
from emkit.families.combined.censored import *
from emkit.families.combined.censored_in_windows import *
from emkit.families.combined.covariates import *
from emkit.families.combined.exact_zeros import *
from emkit.families.combined.fixed import *
from emkit.families.combined.mixture_of import *
from emkit.families.combined.per_component import *
from emkit.families.combined.product import *
from emkit.families.combined.repeated import *
from emkit.families.combined.tied import *
from emkit.families.combined.truncated import *
from emkit.families.combined.zero_inflated import *
from emkit.families.combined.zero_truncated import *
