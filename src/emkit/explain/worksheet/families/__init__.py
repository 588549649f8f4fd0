"""What the families contribute to a worksheet: one file each."""

from __future__ import annotations

from collections.abc import Callable

from emkit.explain.worksheet.families.count_lines import Counts
from emkit.explain.worksheet.families.normal_lines import Normals
from emkit.explain.worksheet.families.setting import Setting, Sheet
from emkit.explain.worksheet.families.success_lines import Successes
from emkit.families.gaussian.normal import GaussianFamily
from emkit.families.poisson import Poisson
from emkit.families.successes import SuccessFamily

__all__ = ["Setting", "Sheet", "sheet_of"]


def sheet_of(setting: Setting) -> Sheet | None:
    """The sheet of a family; None for one that nobody has written out (its worksheet ends with the responsibilities)."""
    kinds: dict[object, Callable[..., Sheet]] = {SuccessFamily: Successes, Poisson: Counts, GaussianFamily: Normals}
    return next((kinds[base](**vars(setting)) for base in type(setting.family).__mro__ if base in kinds), None)
