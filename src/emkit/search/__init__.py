"""Where is the highest maximum? Starts from divided rows, short runs of all, split-merge moves, long runs of the best."""

from emkit.search.search import short_then_long
from emkit.search.seeding import spread_start, spread_starts

__all__ = ["short_then_long", "spread_start", "spread_starts"]
