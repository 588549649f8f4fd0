"""Marking numbers that were worked out by hand."""

from emkit.teach.check.marking import Mark, Marking, Slip, Verdict
from emkit.teach.check.walk import check_printed, check_work

__all__ = ["Mark", "Marking", "Slip", "Verdict", "check_printed", "check_work"]
