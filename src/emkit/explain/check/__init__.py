"""Marking numbers that were worked out by hand."""

from emkit.explain.check.marking import Mark, Marking, Slip, Verdict
from emkit.explain.check.walk import check_printed, check_work

__all__ = ["Mark", "Marking", "Slip", "Verdict", "check_printed", "check_work"]
