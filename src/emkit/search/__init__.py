"""Where is the highest maximum? Starts that race, moves that lead on from the best, and long runs of the best."""

from emkit.search.seeding import spread_start, spread_starts

__all__ = ["spread_start", "spread_starts"]
