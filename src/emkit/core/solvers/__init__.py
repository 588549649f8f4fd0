"""Solvers: how the next parameters are chosen. They know no data and no model."""

from emkit.core.solvers.anderson import Anderson
from emkit.core.solvers.plain import Plain
from emkit.core.solvers.squarem import Squarem

__all__ = ["Anderson", "Plain", "Squarem"]
