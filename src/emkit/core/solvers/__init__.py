"""Solvers: how the next parameters are chosen. They know no data and no model.

Passes over the data that each needs for the same maximum:

>>> import emkit as ek
>>> counts = [0, 1, 0, 2, 1, 3, 7, 5, 8, 6]
>>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
>>> found = [ek.fit(ek.Mixture("poisson"), counts, start, solver=s) for s in (ek.solvers.Plain(), ek.solvers.Squarem())]
>>> found[1].evaluations < found[0].evaluations, round(found[0].log_likelihood - found[1].log_likelihood, 6)
(True, 0.0)
"""

from emkit.core.solvers.anderson import Anderson
from emkit.core.solvers.plain import Plain
from emkit.core.solvers.squarem import Squarem

__all__ = ["Anderson", "Plain", "Squarem"]
