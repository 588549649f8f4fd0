"""The space of uniquenesses: variances of what factors leave of a column, of which there may be none."""

from __future__ import annotations

from typing import ClassVar

from emkit.core.spaces.scalar import NonNegative


class Uniqueness(NonNegative):
    """Numbers >= 0, of which 0 is a Heywood case: factors reproduce a column without error."""

    told_on_edge: ClassVar[tuple[str, str]] = (
        "Heywood case: the uniqueness of",
        "is 0, so factors reproduce it without error. Fewer factors, or more columns, may tell more.",
    )
