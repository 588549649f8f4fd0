"""Where is the highest maximum? Starts from divided rows, short runs of all, split-merge moves, long runs of the best."""

from emkit.search.search import short_then_long
from emkit.search.seeding import spread_start, spread_starts
from emkit.search.split_merge import split_merges

__all__ = ["short_then_long", "split_merges", "spread_start", "spread_starts"]
