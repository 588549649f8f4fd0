"""Which rows are possible for a regression: the response by its law, and covariates that are numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.data.frames import TRUTHS
from emkit.data.profile import AnyProfile, Levels
from emkit.data.some import some_columns
from emkit.errors import DataError
from emkit.families.regression.layout import Layout
from emkit.families.support import Support


class Response(Protocol):
    """What is asked of a regression."""

    @property
    def law(self) -> Support: ...

    @property
    def layout(self) -> Layout | None: ...

    def laid_out(self, profile: AnyProfile) -> Layout: ...


@dataclass(frozen=True)
class ResponseSupport(Support):
    """Rows whose response is possible for the law of a `regression`; all other columns may hold any numbers.

    Where the number of trials stands in a column, that is a whole number, and no smaller than the response.
    """

    takes_names: bool = True
    regression: Any = None

    def check(self, profile: AnyProfile) -> None:
        layout = self.regression.laid_out(profile)
        for j in layout.places:
            names = profile.levels[j]
            if names is not None and names != TRUTHS:
                raise DataError(
                    f"the covariate {profile.columns[j]!r} holds names ({', '.join(names[:3])}), and a regression needs "
                    "numbers: give a column of 0 and 1 for each level but one."
                )
        self.regression.law.check(some_columns(profile, (layout.response,)))
        if layout.trials is not None:
            _check_trials(profile, layout.response, layout.trials)

    def levels(self, profile: AnyProfile) -> Levels:
        """As they came: columns that are left alone may have names."""
        return profile.levels

    def declared_levels(self, profile: AnyProfile) -> Levels:
        return profile.levels

    def impossible(self, x: Array) -> Mask:
        """The same; while columns are known by name only, no row is known to be impossible."""
        layout: Layout | None = self.regression.layout
        if layout is None:
            return super().impossible(x)
        found = self.regression.law.impossible(x[:, [layout.response]])
        if layout.trials is not None:
            found = found | (x[:, layout.response] > x[:, layout.trials])
        return np.asarray(found)


def _check_trials(profile: AnyProfile, response: int, trials: int) -> None:
    whole = some_columns(profile, (trials,))
    whole.refuse(lambda x: (x < 0) | (x != np.floor(x)), "numbers of trials must be whole numbers >= 0.")
    for chunk in profile.source.chunks():
        for row in np.flatnonzero(chunk.x[:, response] > chunk.x[:, trials])[:1]:
            place = profile.source.place(chunk.start + int(row), response)
            raise DataError(
                f"{place} is {chunk.x[row, response]:g}, more than the {chunk.x[row, trials]:g} trials in column "
                f"{profile.columns[trials]!r}; there cannot be more successes than trials."
            )
