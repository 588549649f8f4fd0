"""Formulas such as ``y ~ x + poly(t, 2) | z``: read behind an allow-list, and made columns of any rows."""

from emkit.data.design.codings import CODINGS
from emkit.data.design.dependence import INTERCEPT
from emkit.data.design.design import Design, DesignRows, Gaps, columns_read
from emkit.data.design.formula import Formula, parsed

STORED: tuple[type, ...] = (Design, *CODINGS)  # what stands in the file of a fit

__all__ = ["INTERCEPT", "STORED", "Design", "DesignRows", "Formula", "Gaps", "columns_read", "parsed"]
