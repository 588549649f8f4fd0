"""Where is the highest maximum? Starts that race, moves that lead on from the best, and long runs of the best.

A start whose components lie far apart in the data:

>>> import emkit as ek
>>> source = ek.ArraySource([0.0, 1.0, 0.0, 9.0, 8.0, 9.0])
>>> start = ek.search.spread_start(ek.Mixture("poisson"), source, 2, seed=0)
>>> sorted(start.components.rates.round(2).ravel().tolist())
[0.75, 8.25]
"""

from emkit.search.seeding import spread_start, spread_starts

__all__ = ["spread_start", "spread_starts"]
